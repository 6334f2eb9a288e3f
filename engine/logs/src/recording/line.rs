//! One line of metrics.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The metrics of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The step.
    pub step: u64,
    /// Seconds since 1970 by the clock of the training's machine.
    pub time: f64,
    /// The session that wrote it, counted from 0.
    pub session: usize,
    /// Names and numbers in the order of the line; numbers may be NaN or infinite.
    pub values: Vec<(String, f64)>,
}

/// A line, and how many of its values are no numbers.
pub(super) struct Read {
    pub(super) line: Line,
    pub(super) left_out: u64,
}

/// A line as it is written.
#[derive(serde::Deserialize)]
struct Written {
    step: u64,
    time: Number,
    session: usize,
    metrics: Values,
}

/// A number, or the word for one that is not finite; `None` for anything else.
struct Number(Option<f64>);

/// The metrics in their order.
struct Values {
    values: Vec<(String, f64)>,
    left_out: u64,
}

/// Reads one line; `None` if it is broken.
pub(super) fn parse(text: &[u8]) -> Option<Read> {
    let written: Written = serde_json::from_slice(text).ok()?;
    let Values { values, left_out } = written.metrics;
    let line = Line { step: written.step, time: written.time.0?, session: written.session, values };
    Some(Read { line, left_out })
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Number(number) => number.as_f64(),
            serde_json::Value::String(word) => match word.as_str() {
                "nan" | "NaN" => Some(f64::NAN),
                "inf" | "Infinity" => Some(f64::INFINITY),
                "-inf" | "-Infinity" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Keeps the order of the line, which a map would sort.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Values;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut read = Values { values: Vec::new(), left_out: 0 };
        while let Some((name, Number(number))) = map.next_entry::<String, Number>()? {
            match number {
                Some(number) => read.values.push((name, number)),
                None => read.left_out += 1,
            }
        }
        Ok(read)
    }
}
