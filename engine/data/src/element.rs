//! The types of values in NumPy's arrays, and their order in the file.

use super::error::Problem;

/// A type of values: numbers of one to eight bytes in either byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    bytes: usize,
    is_big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
}

impl Element {
    /// From NumPy's name of a type: `<f4`, `>i8`, `|u1`, `?`.
    pub(super) fn from_descr(descr: &str) -> Result<Self, Problem> {
        let unknown = || Problem::NpyType { descr: descr.to_owned() };
        let (order, rest) = match descr.chars().next() {
            Some(order @ ('<' | '>' | '|' | '=')) => (order, descr.get(1..).unwrap_or_default()),
            _ => ('=', descr),
        };
        let (kind, bytes) = match rest {
            "b1" | "?" => (Kind::Bool, 1),
            "u1" | "u2" | "u4" | "u8" => (Kind::Unsigned, size(rest)),
            "i1" | "i2" | "i4" | "i8" => (Kind::Signed, size(rest)),
            "f2" | "f4" | "f8" => (Kind::Float, size(rest)),
            _ => return Err(unknown()),
        };
        Ok(Self { kind, bytes, is_big_endian: order == '>' })
    }

    pub(super) fn size_bytes(self) -> usize {
        self.bytes
    }

    /// NumPy's word for the type.
    pub(super) fn name(self) -> String {
        let kind = match self.kind {
            Kind::Bool => return "bool".to_owned(),
            Kind::Unsigned => "uint",
            Kind::Signed => "int",
            Kind::Float => "float",
        };
        format!("{kind}{}", self.bytes * 8)
    }

    /// The values of bytes that lie one after the other. Whole numbers beyond 2⁵³ are rounded.
    pub(super) fn values(self, bytes: &[u8]) -> impl Iterator<Item = f64> {
        bytes.chunks_exact(self.bytes).map(move |bytes| self.value(bytes))
    }

    fn value(self, bytes: &[u8]) -> f64 {
        // The lowest byte first, whatever the file's order.
        let byte = |place: usize| {
            let place = if self.is_big_endian { self.bytes - 1 - place } else { place };
            u64::from(bytes.get(place).copied().unwrap_or_default())
        };
        let word = (0..self.bytes).fold(0_u64, |word, place| word | byte(place) << (8 * place));
        match (self.kind, self.bytes) {
            (Kind::Bool, _) => f64::from(u8::from(word != 0)),
            (Kind::Unsigned, _) => word as f64,
            (Kind::Signed, bytes) => {
                let shift = 64 - 8 * bytes as u32;
                (((word << shift) as i64) >> shift) as f64
            }
            (Kind::Float, 2) => half(word as u16),
            (Kind::Float, 4) => f64::from(f32::from_bits(word as u32)),
            (Kind::Float, _) => f64::from_bits(word),
        }
    }
}

fn size(name: &str) -> usize {
    name.bytes().last().map_or(0, |digit| usize::from(digit.saturating_sub(b'0')))
}

/// A number of half precision (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * (-24.0_f64).exp2(),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * f64::from(exponent - 15).exp2(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(descr: &str, bytes: &[u8]) -> f64 {
        Element::from_descr(descr).unwrap().values(bytes).next().unwrap()
    }

    #[test]
    fn every_type_is_read_in_both_orders() {
        assert_eq!(one("|u1", &[200]), 200.0);
        assert_eq!(one("|i1", &[0xff]), -1.0);
        assert_eq!(one("?", &[2]), 1.0);
        assert_eq!(one("<u2", &[0x01, 0x02]), 513.0);
        assert_eq!(one(">u2", &[0x01, 0x02]), 258.0);
        assert_eq!(one("<i4", &(-7_i32).to_le_bytes()), -7.0);
        assert_eq!(one(">i8", &(-7_i64).to_be_bytes()), -7.0);
        assert_eq!(one(">f4", &1.5_f32.to_be_bytes()), 1.5);
        assert_eq!(one("<f8", &(-0.1_f64).to_le_bytes()), -0.1);
        for descr in ["<c8", "<U5", "|O", "<f16", "V"] {
            assert!(Element::from_descr(descr).is_err(), "{descr}");
        }
        assert_eq!(Element::from_descr("<f2").unwrap().name(), "float16");
    }

    #[test]
    fn half_precision_is_exact() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }
}
