//! Types of elements as weight files name them, and their values as `f32`.

/// The order of the bytes of one number in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// The least significant byte first.
    #[default]
    Little,
    /// The most significant byte first.
    Big,
}

/// How one number of a tensor is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// IEEE double precision.
    F64,
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of a single-precision number.
    Bf16,
    /// Eight bits, four of exponent, three of fraction, no infinities.
    F8E4M3,
    /// Eight bits, five of exponent, two of fraction, as in IEEE.
    F8E5M2,
    /// A signed whole number of 64 bits.
    I64,
    /// A signed whole number of 32 bits.
    I32,
    /// A signed whole number of 16 bits.
    I16,
    /// A signed whole number of 8 bits.
    I8,
    /// An unsigned whole number of 64 bits.
    U64,
    /// An unsigned whole number of 32 bits.
    U32,
    /// An unsigned whole number of 16 bits.
    U16,
    /// An unsigned whole number of 8 bits.
    U8,
    /// A truth value of 8 bits.
    Bool,
    /// Four bits, two of exponent, one of fraction; two numbers in a byte. Its values are not read.
    F4,
    /// Six bits, two of exponent, three of fraction, packed. Its values are not read.
    F6E2M3,
    /// Six bits, three of exponent, two of fraction, packed. Its values are not read.
    F6E3M2,
    /// Eight bits of exponent alone: a scale of blocks. Its values are not read.
    F8E8M0,
    /// A complex number of two single-precision ones. Its values are not read.
    C64,
    /// A complex number of two double-precision ones. Its values are not read.
    C128,
    /// Something that no table names, or that is not known: the tensor says what. Its values are not read.
    Other,
}

impl Element {
    /// The name that tables show: `f32`, `bf16`, `f8_e4m3`, `i64`, `bool`; `other` for what no table names.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F8E4M3 => "f8_e4m3",
            Self::F8E5M2 => "f8_e5m2",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U64 => "u64",
            Self::U32 => "u32",
            Self::U16 => "u16",
            Self::U8 => "u8",
            Self::Bool => "bool",
            Self::F4 => "f4",
            Self::F6E2M3 => "f6_e2m3",
            Self::F6E3M2 => "f6_e3m2",
            Self::F8E8M0 => "f8_e8m0",
            Self::C64 => "c64",
            Self::C128 => "c128",
            Self::Other => "other",
        }
    }

    /// Bytes of one element; for types that are packed to less than a byte, and for unknown ones, 1.
    pub fn size_bytes(self) -> usize {
        self.size_bits().div_ceil(8).max(1)
    }

    /// Bits of one element: 4 and 6 for the packed types, 0 for [`Element::Other`].
    pub fn size_bits(self) -> usize {
        match self {
            Self::C128 => 128,
            Self::F64 | Self::I64 | Self::U64 | Self::C64 => 64,
            Self::F32 | Self::I32 | Self::U32 => 32,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 16,
            Self::F8E4M3 | Self::F8E5M2 | Self::F8E8M0 | Self::I8 | Self::U8 | Self::Bool => 8,
            Self::F6E2M3 | Self::F6E3M2 => 6,
            Self::F4 => 4,
            Self::Other => 0,
        }
    }

    /// True if values of the type are read: all but the packed, the complex and the unknown ones.
    pub fn has_values(self) -> bool {
        !matches!(
            self,
            Self::F4 | Self::F6E2M3 | Self::F6E3M2 | Self::F8E8M0 | Self::C64 | Self::C128 | Self::Other
        )
    }

    /// Bytes that `elements` numbers of the type take, packed ones without gaps; `None` if that is no number of 64 bits.
    pub fn bytes_of(self, elements: u64) -> Option<u64> {
        elements.checked_mul(self.size_bits() as u64).map(|bits| bits.div_ceil(8))
    }

    /// True for floating-point types whose values are read: only their tensors have statistics and spectra as weights.
    pub fn is_floating(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16 | Self::F8E4M3 | Self::F8E5M2)
    }

    /// True if different numbers of the type can be the same `f32`: types of more than 24 significant bits.
    pub(crate) fn is_wider_than_f32(self) -> bool {
        matches!(self, Self::F64 | Self::I64 | Self::U64 | Self::I32 | Self::U32)
    }

    /// Unit roundoff `u` of the type, for the noise that storing leaves: `2^-24`, `2^-11`, `2^-8`, `2^-4`, `2^-3`; 0 for whole
    /// numbers. Values of type `f64` are read as `f32`, so that theirs is that of `f32`.
    pub fn unit_roundoff(self) -> f64 {
        let exponent = match self {
            Self::F64 | Self::F32 => -24,
            Self::F16 => -11,
            Self::Bf16 => -8,
            Self::F8E4M3 => -4,
            Self::F8E5M2 => -3,
            _ => return 0.0,
        };
        2.0_f64.powi(exponent)
    }
}

/// Appends the numbers in `bytes`, of type `element` in byte order `order`, to `values`; a rest shorter than one number is left.
///
/// `f64` is rounded to `f32` (beyond its range to an infinity), whole numbers to the nearest `f32`, truth values become 0 and 1.
/// Nothing is appended for a type without values ([`Element::has_values`]).
pub(crate) fn decode(element: Element, order: ByteOrder, bytes: &[u8], values: &mut Vec<f32>) {
    match element {
        Element::F64 => each(bytes, order, values, |b| f64::from_le_bytes(b) as f32),
        Element::F32 => each(bytes, order, values, f32::from_le_bytes),
        Element::F16 => each(bytes, order, values, |b| f32_of_f16(u16::from_le_bytes(b))),
        Element::Bf16 => {
            each(bytes, order, values, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16));
        }
        Element::F8E4M3 => each(bytes, order, values, |[b]| f32_of_e4m3(b)),
        Element::F8E5M2 => each(bytes, order, values, |[b]| f32_of_f16(u16::from(b) << 8)),
        Element::I64 => each(bytes, order, values, |b| i64::from_le_bytes(b) as f32),
        Element::I32 => each(bytes, order, values, |b| i32::from_le_bytes(b) as f32),
        Element::I16 => each(bytes, order, values, |b| f32::from(i16::from_le_bytes(b))),
        Element::I8 => each(bytes, order, values, |[b]| f32::from(b as i8)),
        Element::U64 => each(bytes, order, values, |b| u64::from_le_bytes(b) as f32),
        Element::U32 => each(bytes, order, values, |b| u32::from_le_bytes(b) as f32),
        Element::U16 => each(bytes, order, values, |b| f32::from(u16::from_le_bytes(b))),
        Element::U8 => each(bytes, order, values, |[b]| f32::from(b)),
        Element::Bool => each(bytes, order, values, |[b]| f32::from(u8::from(b != 0))),
        Element::F4
        | Element::F6E2M3
        | Element::F6E3M2
        | Element::F8E8M0
        | Element::C64
        | Element::C128
        | Element::Other => {}
    }
}

/// Appends `value` of each `N` bytes, turned to little-endian order first.
fn each<const N: usize>(
    bytes: &[u8],
    order: ByteOrder,
    values: &mut Vec<f32>,
    value: impl Fn([u8; N]) -> f32,
) {
    let (chunks, _) = bytes.as_chunks::<N>();
    match order {
        ByteOrder::Little => values.extend(chunks.iter().map(|chunk| value(*chunk))),
        ByteOrder::Big => values.extend(chunks.iter().map(|chunk| {
            let mut turned = *chunk;
            turned.reverse();
            value(turned)
        })),
    }
}

/// The value of a half-precision number: exact, subnormal numbers, infinities and not-a-number included.
fn f32_of_f16(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // 2^-24 times the fraction is exact in single precision.
        0 => f32::from_bits(sign | (fraction as f32 * 2.0_f32.powi(-24)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// The value of an eight-bit number with four bits of exponent (bias 7) and three of fraction: no infinities, all ones is
/// not-a-number.
fn f32_of_e4m3(bits: u8) -> f32 {
    let sign = u32::from(bits >> 7) << 31;
    let exponent = u32::from(bits >> 3) & 0xf;
    let fraction = u32::from(bits) & 0x7;
    match (exponent, fraction) {
        (0xf, 7) => f32::from_bits(sign | 0x7fc0_0000),
        (0, _) => f32::from_bits(sign | (fraction as f32 * 2.0_f32.powi(-9)).to_bits()),
        _ => f32::from_bits(sign | ((exponent + 120) << 23) | (fraction << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(element: Element, order: ByteOrder, bytes: &[u8]) -> Vec<f32> {
        let mut values = Vec::new();
        decode(element, order, bytes, &mut values);
        values
    }

    #[test]
    fn halves_have_their_values() {
        let bits: [u16; 7] = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x7c00, 0x8000];
        let bytes: Vec<u8> = bits.iter().flat_map(|b| b.to_le_bytes()).collect();
        let expected =
            [1.0, -2.0, 65504.0, 2.0_f32.powi(-24), -1023.0 * 2.0_f32.powi(-24), f32::INFINITY, -0.0];
        assert_eq!(decoded(Element::F16, ByteOrder::Little, &bytes), expected);
        assert!(decoded(Element::F16, ByteOrder::Little, &[0x01, 0x7e])[0].is_nan());
    }

    #[test]
    fn eights_have_their_values() {
        let four = decoded(Element::F8E4M3, ByteOrder::Little, &[0x38, 0x7e, 0x01, 0xb8, 0x08]);
        assert_eq!(four, [1.0, 448.0, 2.0_f32.powi(-9), -1.0, 2.0_f32.powi(-6)]);
        assert!(decoded(Element::F8E4M3, ByteOrder::Little, &[0x7f])[0].is_nan());
        let five = decoded(Element::F8E5M2, ByteOrder::Little, &[0x3c, 0x7b, 0x01, 0x7c]);
        assert_eq!(five, [1.0, 57344.0, 2.0_f32.powi(-16), f32::INFINITY]);
    }

    #[test]
    fn both_byte_orders_give_the_same_numbers() {
        for (element, little) in [
            (Element::F64, 1.5_f64.to_le_bytes().to_vec()),
            (Element::F32, 1.5_f32.to_le_bytes().to_vec()),
            (Element::Bf16, vec![0xc0, 0x3f]),
            (Element::F16, vec![0x00, 0x3e]),
        ] {
            let mut big = little.clone();
            big.reverse();
            assert_eq!(decoded(element, ByteOrder::Little, &little), [1.5]);
            assert_eq!(decoded(element, ByteOrder::Big, &big), [1.5]);
        }
        assert_eq!(decoded(Element::I32, ByteOrder::Big, &[0xff, 0xff, 0xff, 0xfe]), [-2.0]);
        assert_eq!(decoded(Element::U16, ByteOrder::Little, &[0x01, 0x01]), [257.0]);
        assert_eq!(decoded(Element::Bool, ByteOrder::Little, &[0, 1, 7]), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn types_without_values_give_none() {
        assert!(decoded(Element::C64, ByteOrder::Little, &[0; 16]).is_empty());
        assert_eq!(Element::F4.bytes_of(3), Some(2));
        assert_eq!(Element::C128.bytes_of(u64::MAX), None);
    }
}
