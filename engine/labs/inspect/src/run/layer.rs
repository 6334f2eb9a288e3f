//! The figures of one tensor: what tables, grids and views are made of.

use serde::{Deserialize, Serialize};

use super::counts::Counts;

/// What is known of one tensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Layer {
    /// Statistics and quantization, once they are measured.
    pub(crate) measured: Option<Measured>,
    /// Singular values, once they are computed.
    pub(crate) spectrum: Option<Box<Spectral>>,
}

/// Statistics and quantization of one tensor, in little room: a file may hold 100,000 tensors. Not-a-number where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) parameters: u64,
    pub(crate) mean: f64,
    /// Over n.
    pub(crate) std: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// 3 for a normal.
    pub(crate) kurtosis: f64,
    pub(crate) zeros: u64,
    pub(crate) near_zero: u64,
    pub(crate) non_finite: u64,
    pub(crate) outliers: u64,
    pub(crate) frobenius_norm: f64,
    pub(crate) rms: f64,
    /// Counts over w/σ in the map's columns: below, the bins, above.
    pub(crate) histogram: Counts,
    /// Relative errors of the chosen scale by grouping and bits.
    pub(crate) errors: Box<[f32]>,
    /// Shares at level zero, likewise; empty, as what follows but the errors, with too many tensors for such pictures.
    pub(crate) zero_level: Box<[f32]>,
    /// Shares at a boundary, likewise.
    pub(crate) boundary: Box<[f32]>,
    /// Relative errors at 2, 3, 4 and 8 bits with one step for the tensor and the scale of the largest magnitude: the columns of tables,
    /// whatever the chosen scale.
    pub(crate) table_errors: [f64; 4],
    /// Largest magnitudes of parts of the rows over the median of the rows.
    pub(crate) row_peaks: Box<[f32]>,
    /// The same of the columns.
    pub(crate) column_peaks: Box<[f32]>,
    /// Root of the mean square at each position of a convolution's kernel; empty for other tensors.
    #[serde(default)]
    pub(crate) kernel: Box<[f32]>,
}

/// What is measured of a tensor of whole numbers or truth values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Whole {
    pub(crate) mean: f64,
    pub(crate) std: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) zeros: Option<u64>,
}

/// Singular values of one matrix and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spectral {
    /// Largest first; all of them or the leading ones, as they are drawn. Checkpoints of older programs hold them with more digits.
    pub(crate) singular_values: Box<[f32]>,
    pub(crate) whole: bool,
    /// The largest singular value.
    pub(crate) norm: f64,
    pub(crate) stable_rank: Option<f64>,
    pub(crate) effective_rank: Option<f64>,
    /// Singular values above the noise of the file's type; none if only the leading ones are known.
    pub(crate) rank: Option<usize>,
    /// Singular values below it are rounding of the file's type.
    pub(crate) noise: f64,
    /// Singular values above the edge of a random matrix of the same shape and deviation.
    pub(crate) above_random: usize,
    /// Fit of the power law; none with too few values.
    pub(crate) alpha: Option<f64>,
    pub(crate) alpha_distance: Option<f64>,
    pub(crate) alpha_xmin: Option<f64>,
    /// Fewer than 20 eigenvalues.
    pub(crate) few_values: bool,
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use weightscope_frame::store::{Codec, CodecError, Saved, restore, save};

    use super::*;

    /// A value in a checkpoint.
    struct Kept<T>(T);

    impl<T: Serialize + DeserializeOwned> Saved for Kept<T> {
        fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
            codec.value("values", &mut self.0)
        }
    }

    #[test]
    fn singular_values_of_an_older_program_are_read() {
        let old = vec![3.1_f64, 0.1, 0.0];
        let drawn: Vec<f32> = old.iter().map(|value| *value as f32).collect();
        let saved = save(&mut Kept(old)).unwrap();
        let mut new = Kept(Spectral::default().singular_values);
        restore(&mut new, &saved).unwrap();
        assert_eq!(*new.0, *drawn);
    }
}
