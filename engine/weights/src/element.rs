//! Types of elements as weight files name them, and their values as `f32`.

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
}

impl Element {
    /// The name that tables show: `f32`, `bf16`, `f8_e4m3`, `i64`, `bool`.
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
        }
    }

    /// Bytes of one element.
    pub fn size_bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F8E4M3 | Self::F8E5M2 | Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// True for floating-point types: only their tensors have statistics and spectra as weights.
    pub fn is_floating(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16 | Self::F8E4M3 | Self::F8E5M2)
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
