//! Noised copies of networks, the baseline that a generator must differ from (p-diff, arXiv 2402.13144; established: `evaluate.py`).

use weightscope_math::real::Real;
use weightscope_math::stats::moments::Moments;

use super::error::{Result, check_length};
use super::vectors::Layout;

/// Every tensor brought to mean 0 and unbiased deviation 1 by its own values, `intensity·noise` added, and brought back; a tensor of one
/// value or without deviation stays as it is.
pub fn noised<R: Real>(layout: &Layout, network: &[R], noise: &[R], intensity: f64) -> Result<Vec<R>> {
    check_length("the noise", network.len(), noise.len())?;
    let mut all = Vec::with_capacity(network.len());
    for (part, noise) in layout.split(network)?.iter().zip(layout.split(noise)?) {
        let mut moments = Moments::default();
        part.iter().for_each(|value| moments.push(value.to_f64()));
        // (x − m)/s + i·n, times s, plus m: the mean cancels.
        let factor = R::from_f64(intensity * moments.variance().map_or(0.0, f64::sqrt));
        all.extend(part.iter().zip(noise).map(|(value, noise)| *value + factor * *noise));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_tensors_stay() {
        let layout = Layout::of_sizes(&[2, 1]);
        let found = noised(&layout, &[1.0, 3.0, 5.0], &[1.0, 1.0, 1.0], 0.5).unwrap();
        let deviation = 2.0_f64.sqrt();
        assert_eq!(found, [1.0 + 0.5 * deviation, 3.0 + 0.5 * deviation, 5.0]);
        assert!(noised(&layout, &[1.0, 3.0, 5.0], &[1.0], 0.5).is_err());
    }
}
