//! The header of NumPy's NPY format, versions 1 to 3: element type, order of the axes, shape.
//!
//! Source: NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format`. The header is the text of a Python dictionary
//! of three known keys; no Python is run, and nothing but those three is understood.

use crate::element::{ByteOrder, Element};

/// What every file of the format begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy refuses longer headers too, unless told otherwise; plain arrays have a hundred bytes.
pub(crate) const LONGEST: usize = 10_000;
/// NumPy's own limit is 64 axes.
const MOST_AXES: usize = 64;

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    /// The type as the header spells it: `<f4`, `|O`.
    pub(crate) spelled: String,
    pub(crate) order: ByteOrder,
    /// True if the first axis runs fastest.
    pub(crate) is_column_major: bool,
    pub(crate) shape: Vec<usize>,
    /// Where the values begin.
    pub(crate) length: u64,
}

/// Reads the header at the beginning of `bytes`, which hold at least 12 bytes more than [`LONGEST`] or the whole file.
///
/// # Errors
/// With what is wrong, as a clause.
pub(crate) fn parse(bytes: &[u8]) -> Result<Header, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as an NPY array does")?;
    let (version, rest) = rest.split_at_checked(2).ok_or("it ends within its header")?;
    let (before, text_length, rest) = match version {
        [1, _] => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or("it ends within its header")?;
            (10, usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, _] => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or("it ends within its header")?;
            (12, u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return Err("its version of the NPY format is none of 1, 2 and 3".to_owned()),
    };
    if text_length > LONGEST {
        return Err(format!("its header claims {text_length} bytes, and up to {LONGEST} are read"));
    }
    let text = rest.get(..text_length).ok_or("it ends within its header")?;
    let text = std::str::from_utf8(text).map_err(|_| "its header is no text")?;
    let (mut descr, mut column_major, mut shape) = (None, None, None);
    let mut reader = Reader { rest: text };
    reader.expect("{")?;
    while !reader.take("}") {
        let key = reader.text()?;
        reader.expect(":")?;
        match key {
            "descr" => descr = Some(reader.type_text()?),
            "fortran_order" => column_major = Some(reader.truth()?),
            "shape" => shape = Some(reader.shape()?),
            _ => return Err("its header has a key that is none of the three".to_owned()),
        }
        if !reader.take(",") {
            reader.expect("}")?;
            break;
        }
    }
    let (Some(spelled), Some(is_column_major), Some(shape)) = (descr, column_major, shape) else {
        return Err("its header lacks one of descr, fortran_order and shape".to_owned());
    };
    let (element, order) = element(&spelled);
    Ok(Header { element, spelled, order, is_column_major, shape, length: (before + text_length) as u64 })
}

/// Element and byte order of a type as NumPy spells it; [`Element::Other`] for what no table names.
fn element(spelled: &str) -> (Element, ByteOrder) {
    let (order, kind) = match spelled.split_at_checked(1) {
        Some(("<" | "|", kind)) => (ByteOrder::Little, kind),
        Some((">", kind)) => (ByteOrder::Big, kind),
        // `=` is the order of a machine that is not told; files have it only from hands.
        _ => return (Element::Other, ByteOrder::Little),
    };
    let element = match kind {
        "f8" => Element::F64,
        "f4" => Element::F32,
        "f2" => Element::F16,
        "i8" => Element::I64,
        "i4" => Element::I32,
        "i2" => Element::I16,
        "i1" => Element::I8,
        "u8" => Element::U64,
        "u4" => Element::U32,
        "u2" => Element::U16,
        "u1" => Element::U8,
        "b1" => Element::Bool,
        "c8" => Element::C64,
        "c16" => Element::C128,
        _ => Element::Other,
    };
    (element, order)
}

/// Goes through the text of the dictionary.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, token: &str) -> bool {
        let trimmed = self.rest.trim_start();
        let after = trimmed.strip_prefix(token);
        self.rest = after.unwrap_or(trimmed);
        after.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(format!("its header has no {token} where one belongs")) }
    }

    /// A text between single or double quotation marks, without escapes.
    fn text(&mut self) -> Result<&'a str, String> {
        let trimmed = self.rest.trim_start();
        let quote = trimmed
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"'))
            .ok_or("its header has no text where one belongs")?;
        let inner = trimmed.get(1..).unwrap_or_default();
        let (text, rest) = inner.split_once(quote).ok_or("its header has a text without end")?;
        self.rest = rest;
        Ok(text)
    }

    /// The type: a text, or the list of a structured type, which is taken as it is written.
    fn type_text(&mut self) -> Result<String, String> {
        if !self.rest.trim_start().starts_with(['[', '(']) {
            return self.text().map(str::to_owned);
        }
        let trimmed = self.rest.trim_start();
        let mut depth = 0_usize;
        for (at, character) in trimmed.char_indices() {
            match character {
                '[' | '(' => depth += 1,
                ']' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let (list, rest) = trimmed.split_at(at + 1);
                self.rest = rest;
                return Ok(list.to_owned());
            }
        }
        Err("its header has a list without end".to_owned())
    }

    fn truth(&mut self) -> Result<bool, String> {
        if self.take("True") {
            return Ok(true);
        }
        if self.take("False") {
            return Ok(false);
        }
        Err("its header's fortran_order is neither True nor False".to_owned())
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        self.expect("(")?;
        let mut shape = Vec::new();
        while !self.take(")") {
            let trimmed = self.rest.trim_start();
            let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = trimmed.split_at(digits);
            let length = number.parse().map_err(|_| "its header's shape has a length that is none")?;
            shape.push(length);
            if shape.len() > MOST_AXES {
                return Err(format!("its shape has more than {MOST_AXES} axes"));
            }
            // Python 2 wrote long whole numbers as `3L`.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        if version == 1 {
            bytes.extend((text.len() as u16).to_le_bytes());
        } else {
            bytes.extend((text.len() as u32).to_le_bytes());
        }
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn all_three_versions_are_read() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n";
        for version in [1, 2, 3] {
            let header = parse(&file(version, text)).unwrap();
            assert_eq!(header.element, Element::F32);
            assert_eq!(header.shape, [3, 4]);
            assert!(!header.is_column_major);
            assert_eq!(header.length as usize, text.len() + if version == 1 { 10 } else { 12 });
        }
    }

    #[test]
    fn orders_and_old_spellings_are_read() {
        let header = parse(&file(1, "{\"shape\":(3L,), 'fortran_order':True,'descr':'>f2'}")).unwrap();
        assert_eq!((header.element, header.order), (Element::F16, ByteOrder::Big));
        assert_eq!(header.shape, [3]);
        assert!(header.is_column_major);
        assert!(
            parse(&file(1, "{'descr': '|b1', 'fortran_order': False, 'shape': ()}"))
                .unwrap()
                .shape
                .is_empty()
        );
    }

    #[test]
    fn structured_and_object_types_are_named_not_read() {
        let header = parse(&file(
            1,
            "{'descr': [('x', '<f4'), ('y', '<i4', (2,))], 'fortran_order': False, 'shape': (2,)}",
        ))
        .unwrap();
        assert_eq!(header.element, Element::Other);
        assert_eq!(header.spelled, "[('x', '<f4'), ('y', '<i4', (2,))]");
    }

    #[test]
    fn broken_headers_are_refused() {
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': 1, 'shape': (3,)}",
            "{'descr': '<f4', 'shape': (3,)}",
            "{'descr': '<f4",
            "",
            "import os",
        ] {
            assert!(parse(&file(1, text)).is_err(), "{text}");
        }
        assert!(parse(&file(4, "{}")).is_err());
        assert!(parse(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").is_err());
        assert!(parse(b"\x93NUM").is_err());
    }
}
