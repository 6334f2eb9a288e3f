//! The wire format of protocol buffers, as far as event files need it: fields of a message read from bytes, and written.
//!
//! Contract: reading borrows from the bytes, allocates nothing by a length that the bytes do not have, and ends at the first error.
//! Groups, which no event file holds, are errors. Source: <https://protobuf.dev/programming-guides/encoding/>.

/// Why bytes are no message, as a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What a field holds, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// An integer, an enumeration or a truth value.
    Varint(u64),
    /// Eight bytes, little-endian: an `f64`.
    Fixed64(u64),
    /// Text, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes, little-endian: an `f32`.
    Fixed32(u32),
}

/// The fields of one message in their order: number and value.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let key = varint(&mut self.rest)?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed("a field has the number 0"));
        }
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(chunk(&mut self.rest)?)),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).unwrap_or(usize::MAX);
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CUT_OFF)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(chunk(&mut self.rest)?)),
            _ => return Err(Malformed("a field has a type that is not known")),
        };
        Ok((number, value))
    }
}

const CUT_OFF: Malformed = Malformed("a field ends beyond its message");

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn chunk<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (bytes, left) = rest.split_first_chunk::<N>().ok_or(CUT_OFF)?;
    *rest = left;
    Ok(*bytes)
}

/// Takes a variable-length integer from the front of `rest`; bits above the 64th are dropped, as every reader does.
fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, left) = rest.split_first().ok_or(CUT_OFF)?;
        *rest = left;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Malformed("an integer has more than ten bytes"))
}

/// Appends the numbers of one occurrence of a repeated `double` field, packed or single; `most` are held at most.
pub(crate) fn doubles(value: Value<'_>, most: usize, into: &mut Vec<f64>) -> Result<(), Malformed> {
    match value {
        Value::Fixed64(bits) => {
            room(most, into.len(), 1)?;
            into.push(f64::from_bits(bits));
        }
        Value::Bytes(bytes) => {
            let (chunks, rest) = bytes.as_chunks::<8>();
            whole(rest)?;
            room(most, into.len(), chunks.len())?;
            into.extend(chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)));
        }
        _ => {}
    }
    Ok(())
}

/// Appends the numbers of one occurrence of a repeated `float` field, packed or single; `most` are held at most.
pub(crate) fn floats(value: Value<'_>, most: usize, into: &mut Vec<f64>) -> Result<(), Malformed> {
    match value {
        Value::Fixed32(bits) => {
            room(most, into.len(), 1)?;
            into.push(f32::from_bits(bits).into());
        }
        Value::Bytes(bytes) => {
            let (chunks, rest) = bytes.as_chunks::<4>();
            whole(rest)?;
            room(most, into.len(), chunks.len())?;
            into.extend(chunks.iter().map(|chunk| f64::from(f32::from_le_bytes(*chunk))));
        }
        _ => {}
    }
    Ok(())
}

/// Appends the numbers of one occurrence of a repeated integer field, packed or single, each turned into a float by `convert`; `most`
/// are held at most.
pub(crate) fn integers(
    value: Value<'_>,
    most: usize,
    convert: impl Fn(u64) -> f64,
    into: &mut Vec<f64>,
) -> Result<(), Malformed> {
    match value {
        Value::Varint(number) => {
            room(most, into.len(), 1)?;
            into.push(convert(number));
        }
        Value::Bytes(mut bytes) => {
            while !bytes.is_empty() {
                room(most, into.len(), 1)?;
                into.push(convert(varint(&mut bytes)?));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Numbers are held as eight bytes each, whatever they take in the file, so that their count is limited before they are held.
fn room(most: usize, held: usize, more: usize) -> Result<(), Malformed> {
    if held.saturating_add(more) <= most {
        Ok(())
    } else {
        Err(Malformed("a list holds more numbers than are read"))
    }
}

fn whole(rest: &[u8]) -> Result<(), Malformed> {
    if rest.is_empty() { Ok(()) } else { Err(Malformed("packed numbers end within a number")) }
}

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn key(&mut self, number: u64, wire_type: u64) {
        self.number(number << 3 | wire_type);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// An integer; negative ones as their two's complement.
    pub(crate) fn varint(mut self, field: u64, number: u64) -> Self {
        self.key(field, 0);
        self.number(number);
        self
    }

    pub(crate) fn double(mut self, field: u64, number: f64) -> Self {
        self.key(field, 1);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(crate) fn float(mut self, field: u64, number: f32) -> Self {
        self.key(field, 5);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// Text, bytes, or a message within this one.
    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.key(field, 2);
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Numbers of a repeated `double` field, packed.
    pub(crate) fn doubles(mut self, field: u64, numbers: &[f64]) -> Self {
        self.key(field, 2);
        self.number(numbers.len() as u64 * 8);
        numbers.iter().for_each(|number| self.bytes.extend_from_slice(&number.to_le_bytes()));
        self
    }
}
