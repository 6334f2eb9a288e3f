//! The header of a safetensors file: names, types, shapes and places of its tensors, read entry by entry.
//!
//! Source: the format's description in the repository huggingface/safetensors. What an entry says wrongly makes that entry unreadable,
//! not the file; what is no JSON makes the file unreadable. Nothing is kept that is not needed: an entry takes the memory of its name
//! and of at most 64 lengths.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::element::Element;

/// More tensors than this are not read: their names alone would fill the memory.
const MOST_TENSORS: usize = 400_000;
/// More axes than this are not read.
const MOST_AXES: usize = 64;

/// One entry of the header.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) element: Element,
    pub(crate) shape: Vec<usize>,
    /// First byte and end, counted from where the header ends.
    pub(crate) begin: u64,
    pub(crate) end: u64,
    /// What is wrong with the entry itself, as a clause.
    pub(crate) problem: Option<String>,
}

/// Reads the entries in the header's order.
///
/// # Errors
/// If the text is no JSON object, or has too many entries: the reason as a clause.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Entry>, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let Entries(entries) =
        Entries::deserialize(&mut deserializer).map_err(|error| format!("its header is broken: {error}"))?;
    deserializer.end().map_err(|error| format!("its header is broken: {error}"))?;
    Ok(entries)
}

struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    if entries.len() == MOST_TENSORS {
                        let text = format!("more than {MOST_TENSORS} tensors, which are not read");
                        return Err(serde::de::Error::custom(text));
                    }
                    entries.push(map.next_value::<Fields>()?.entry(name));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// The three fields of an entry, or what stands there instead.
#[derive(Default)]
struct Fields {
    dtype: Option<Loose>,
    shape: Option<Loose>,
    offsets: Option<Loose>,
    repeats: bool,
}

impl Fields {
    fn entry(self, name: String) -> Entry {
        let mut problem = None;
        let mut wrong = |reason: &str| {
            problem.get_or_insert_with(|| reason.to_owned());
        };
        let element = if let Some(Loose::Text(text)) = &self.dtype {
            element(text)
        } else {
            wrong("its entry in the header names no type");
            Element::Other
        };
        if let (Element::Other, Some(Loose::Text(text))) = (element, &self.dtype) {
            wrong(&format!("its numbers are of type {}, which is not read", crate::text::shown(text)));
        }
        let shape = match self.shape {
            Some(Loose::List(list)) => list.into_iter().map(|length| usize::try_from(length).ok()).collect(),
            _ => None,
        };
        let shape = shape.unwrap_or_else(|| {
            wrong("its entry in the header has no shape of up to 64 lengths");
            vec![0]
        });
        let place = match self.offsets {
            Some(Loose::List(list)) => <[u64; 2]>::try_from(list).ok().filter(|[begin, end]| begin <= end),
            _ => None,
        };
        let [begin, end] = place.unwrap_or_else(|| {
            wrong("its entry in the header has no beginning and end");
            [0, 0]
        });
        if self.repeats {
            wrong("its entry in the header says one thing twice");
        }
        Entry { name, element, shape, begin, end, problem }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an entry of type, shape and place")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<String>()? {
                    let place = match key.as_str() {
                        "dtype" => &mut fields.dtype,
                        "shape" => &mut fields.shape,
                        "data_offsets" => &mut fields.offsets,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    let told = place.replace(map.next_value()?);
                    fields.repeats |= told.is_some();
                }
                Ok(fields)
            }

            // What is no object at all is an entry without fields.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fields, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Fields::default())
            }
            fn visit_str<E>(self, _: &str) -> Result<Fields, E> {
                Ok(Fields::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Fields, E> {
                Ok(Fields::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Fields, E> {
                Ok(Fields::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Fields, E> {
                Ok(Fields::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Fields, E> {
                Ok(Fields::default())
            }
            fn visit_unit<E>(self) -> Result<Fields, E> {
                Ok(Fields::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A value of which only what belongs in an entry is kept.
enum Loose {
    Text(String),
    Number(u64),
    List(Vec<u64>),
    Wrong,
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, a whole number or a list of whole numbers")
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                // Names of types are short; a longer text is shortened so that nothing keeps it.
                Ok(Loose::Text(text.chars().take(64).collect()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(Loose::Number(number))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
                let mut numbers = Vec::new();
                let mut is_right = true;
                while let Some(value) = list.next_element::<Loose>()? {
                    match value {
                        Loose::Number(number) if numbers.len() < MOST_AXES => numbers.push(number),
                        _ => is_right = false,
                    }
                }
                Ok(if is_right { Loose::List(numbers) } else { Loose::Wrong })
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Wrong)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
                Ok(Loose::Wrong)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
                Ok(Loose::Wrong)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
                Ok(Loose::Wrong)
            }
            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Wrong)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The type of a name in a header.
fn element(name: &str) -> Element {
    match name {
        "F64" => Element::F64,
        "F32" => Element::F32,
        "F16" => Element::F16,
        "BF16" => Element::Bf16,
        "F8_E4M3" => Element::F8E4M3,
        "F8_E5M2" => Element::F8E5M2,
        "I64" => Element::I64,
        "I32" => Element::I32,
        "I16" => Element::I16,
        "I8" => Element::I8,
        "U64" => Element::U64,
        "U32" => Element::U32,
        "U16" => Element::U16,
        "U8" => Element::U8,
        "BOOL" => Element::Bool,
        "F4" => Element::F4,
        "F6_E2M3" => Element::F6E2M3,
        "F6_E3M2" => Element::F6E3M2,
        "F8_E8M0" => Element::F8E8M0,
        "C64" => Element::C64,
        _ => Element::Other,
    }
}
