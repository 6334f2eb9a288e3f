//! The spectrum of a tensor with all that is read from it.

use weightscope_math::linalg::spectrum::{MarchenkoPastur, Spectrum, rank_limit, rounding_noise};
use weightscope_math::stats::power_law::spectral::PowerLawTail;

use super::Statistics;

/// Singular values of one tensor and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpectrum {
    /// Singular values, norms, ranks without noise.
    pub spectrum: Spectrum,
    /// Largest singular value of the rounding of the file's type, `ν`.
    pub noise: f64,
    /// Singular values above [`TensorSpectrum::limit`]; a lower bound if only the leading ones are known.
    pub rank: usize,
    /// `max(2ν, 10⁻⁶·σ₁)`.
    pub limit: f64,
    /// The exponent; `None` if only the leading singular values are known, since the least value of its tail may be beyond them.
    pub tail: Option<PowerLawTail>,
    /// The law of a random matrix of the same shape and deviation; `None` without deviation.
    pub random: Option<MarchenkoPastur>,
    /// Singular values above the edge of that law.
    pub above_random: usize,
}

impl TensorSpectrum {
    /// Reads a spectrum of a tensor with these statistics, stored in a type of this unit roundoff
    /// ([`Element::unit_roundoff`](crate::Element::unit_roundoff)).
    pub fn of(spectrum: Spectrum, statistics: &Statistics, unit_roundoff: f64) -> Self {
        let (rows, columns) = (spectrum.rows, spectrum.columns);
        let noise = rounding_noise(unit_roundoff, statistics.rms(), rows, columns);
        let limit = rank_limit(noise, spectrum.spectral_norm());
        let random = MarchenkoPastur::new(rows, columns, statistics.std);
        Self {
            noise,
            rank: spectrum.count_above(limit),
            limit,
            tail: spectrum.whole.then(|| PowerLawTail::of(&spectrum.eigenvalues())),
            random,
            above_random: random.map_or(0, |law| law.count_above(&spectrum.singular_values)),
            spectrum,
        }
    }
}
