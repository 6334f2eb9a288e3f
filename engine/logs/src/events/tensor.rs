//! Tensors as event files hold them (`TensorProto`): their numbers as `f64`, and their shape.

use super::wire::{Fields, Malformed, Value, doubles, floats, integers};

/// More numbers than this are not read from one list: eight megabytes in memory.
pub(crate) const MOST_NUMBERS: usize = 1 << 20;
/// A tensor whose file holds fewer numbers than its shape has may have this many; more would be a claim that costs the file nothing.
const MOST_REPEATED: u64 = 1 << 12;

/// Why a value is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The whole record is no event.
    Malformed(Malformed),
    /// Only this value cannot be taken; why, as a clause.
    Value(String),
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// A tensor of numbers in C order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<u64>,
    pub(crate) numbers: Vec<f64>,
}

/// Types of elements by their number in `types.proto` of TensorFlow.
mod types {
    pub(super) const FLOAT: u64 = 1;
    pub(super) const DOUBLE: u64 = 2;
    pub(super) const INT32: u64 = 3;
    pub(super) const UINT8: u64 = 4;
    pub(super) const INT16: u64 = 5;
    pub(super) const INT8: u64 = 6;
    pub(super) const INT64: u64 = 9;
    pub(super) const BOOL: u64 = 10;
    pub(super) const BFLOAT16: u64 = 14;
    pub(super) const UINT16: u64 = 17;
    pub(super) const HALF: u64 = 19;
    pub(super) const UINT32: u64 = 22;
    pub(super) const UINT64: u64 = 23;
}

impl Tensor {
    /// Reads a `TensorProto`: its numbers lie packed as bytes, or in the list of its type, where the last is repeated if there are
    /// fewer than the shape says (none at all are zeros), as TensorFlow itself reads them. Integers beyond 2^53 are rounded.
    pub(crate) fn read(message: &[u8]) -> Result<Self, Fault> {
        let (mut kind, mut shape, mut content) = (0, Vec::new(), &[] as &[u8]);
        for field in Fields::new(message) {
            match field? {
                (1, Value::Varint(number)) => kind = number,
                (2, Value::Bytes(bytes)) => read_shape(bytes, &mut shape)?,
                (4, Value::Bytes(bytes)) => content = bytes,
                _ => {}
            }
        }
        let shape = sizes(&shape)?;
        let count = shape.iter().try_fold(1_u64, |count, size| count.checked_mul(*size));
        let count = count.ok_or_else(|| Fault::Value("its shape is larger than any file".to_owned()))?;
        let mut numbers = if content.is_empty() { listed(message, kind)? } else { packed(content, kind)? };
        let held = numbers.len() as u64;
        if held > count || (held < count && (!content.is_empty() || count > MOST_REPEATED)) {
            return Err(Fault::Value(format!("it holds {held} numbers, its shape {count}")));
        }
        numbers.resize(count as usize, numbers.last().copied().unwrap_or(0.0));
        Ok(Self { shape, numbers })
    }
}

/// Appends the sizes of a `TensorShapeProto`.
fn read_shape(message: &[u8], shape: &mut Vec<u64>) -> Result<(), Malformed> {
    for field in Fields::new(message) {
        let (2, Value::Bytes(dimension)) = field? else { continue };
        let mut size = 0;
        for field in Fields::new(dimension) {
            if let (1, Value::Varint(number)) = field? {
                size = number;
            }
        }
        if shape.len() == 8 {
            return Err(Malformed("a tensor has more than eight dimensions"));
        }
        shape.push(size);
    }
    Ok(())
}

/// The sizes, none of which may be negative (unknown).
fn sizes(shape: &[u64]) -> Result<Vec<u64>, Fault> {
    if shape.iter().any(|size| i64::try_from(*size).is_err()) {
        return Err(Fault::Value("a size of its shape is unknown".to_owned()));
    }
    Ok(shape.to_vec())
}

fn refused(kind: u64) -> Fault {
    Fault::Value(format!(
        "its elements are of the type {kind} of TensorFlow, which is no number that is read"
    ))
}

/// The numbers of packed bytes, little-endian.
fn packed(content: &[u8], kind: u64) -> Result<Vec<f64>, Fault> {
    match kind {
        types::FLOAT => chunks(content, |bytes| f32::from_le_bytes(bytes).into()),
        types::DOUBLE => chunks(content, f64::from_le_bytes),
        types::INT32 => chunks(content, |bytes| i32::from_le_bytes(bytes).into()),
        types::UINT8 => chunks(content, |bytes| u8::from_le_bytes(bytes).into()),
        types::INT16 => chunks(content, |bytes| i16::from_le_bytes(bytes).into()),
        types::INT8 => chunks(content, |bytes| i8::from_le_bytes(bytes).into()),
        types::INT64 => chunks(content, |bytes| i64::from_le_bytes(bytes) as f64),
        types::BOOL => chunks(content, |[byte]| f64::from(u8::from(byte != 0))),
        types::BFLOAT16 => chunks(content, |bytes| bfloat(u16::from_le_bytes(bytes))),
        types::UINT16 => chunks(content, |bytes| u16::from_le_bytes(bytes).into()),
        types::HALF => chunks(content, |bytes| half(u16::from_le_bytes(bytes))),
        types::UINT32 => chunks(content, |bytes| u32::from_le_bytes(bytes).into()),
        types::UINT64 => chunks(content, |bytes| u64::from_le_bytes(bytes) as f64),
        _ => Err(refused(kind)),
    }
}

fn chunks<const N: usize>(content: &[u8], convert: impl Fn([u8; N]) -> f64) -> Result<Vec<f64>, Fault> {
    let (chunks, rest) = content.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(Fault::Value("its bytes end within a number".to_owned()));
    }
    if chunks.len() > MOST_NUMBERS {
        return Err(Fault::Value(format!("it holds more than the {MOST_NUMBERS} numbers that are read")));
    }
    Ok(chunks.iter().map(|chunk| convert(*chunk)).collect())
}

/// The list in which a tensor's numbers stand: of `float`, of `double`, or of integers in the field of this number.
enum List {
    Floats,
    Doubles,
    Integers(u64, fn(u64) -> f64),
}

/// The numbers of the list that belongs to the type of the elements.
fn listed(message: &[u8], kind: u64) -> Result<Vec<f64>, Fault> {
    // Negative integers are sign-extended to 64 bits, so that narrower types are the low bits.
    let list = match kind {
        types::FLOAT => List::Floats,
        types::DOUBLE => List::Doubles,
        types::INT32 | types::INT16 | types::INT8 => {
            List::Integers(7, |number| f64::from(number as u32 as i32))
        }
        types::UINT8 | types::UINT16 => List::Integers(7, |number| f64::from(number as u32)),
        types::INT64 => List::Integers(10, |number| number as i64 as f64),
        types::BOOL => List::Integers(11, |number| f64::from(u8::from(number != 0))),
        types::BFLOAT16 => List::Integers(13, |number| bfloat(number as u16)),
        types::HALF => List::Integers(13, |number| half(number as u16)),
        types::UINT32 => List::Integers(16, |number| f64::from(number as u32)),
        types::UINT64 => List::Integers(17, |number| number as f64),
        _ => return Err(refused(kind)),
    };
    let mut numbers = Vec::new();
    for field in Fields::new(message) {
        let (number, value) = field?;
        match (number, &list) {
            (5, List::Floats) => floats(value, MOST_NUMBERS, &mut numbers)?,
            (6, List::Doubles) => doubles(value, MOST_NUMBERS, &mut numbers)?,
            (_, List::Integers(field, convert)) if number == *field => {
                integers(value, MOST_NUMBERS, convert, &mut numbers)?;
            }
            _ => {}
        }
    }
    Ok(numbers)
}

/// A number of 16 bits with the exponent of `f32`.
fn bfloat(bits: u16) -> f64 {
    f32::from_bits(u32::from(bits) << 16).into()
}

/// A number of 16 bits with five bits of exponent (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn half_precision_is_that_of_ieee_754() {
        let known = [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 5.960464477539063e-8)];
        for (bits, value) in known {
            assert_eq!(half(bits), value);
        }
        assert_eq!(half(0xfc00), f64::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0_f64).to_bits());
    }
}
