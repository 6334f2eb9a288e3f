//! Where the latent weights and the parameters of the function start.
//!
//! `inverse` keeps the network: v = Ψ⁻¹(w₀), for which the bound must lie beyond every initial weight; `direct` keeps the latent weights:
//! v = w₀, so that the function changes the network before its first step.

use super::form::{Form, Pair};

weightscope_frame::choices! {
    /// Where the latent weights start.
    pub enum Start {
        /// v = Ψ⁻¹(w₀): the network starts as its twin.
        Inverse = "inverse", "Inverse (the network starts as its twin)";
        /// v = w₀: the network starts as Ψ of its twin.
        Direct = "direct", "Direct (the function changes the start)";
    }
}

weightscope_frame::choices! {
    /// What is done where the bound is too tight for an inverse start.
    pub enum Floor {
        /// The amplitude is raised to 1.05 times what the layer's largest weight needs.
        Raise = "raise", "Raise the amplitude";
        /// Weights are clipped at 0.95 of the bound, and counted.
        Clip = "clip", "Clip the weights";
    }
}

/// How far beyond the largest initial weight a raised bound lies.
pub const ROOM: f64 = 1.05;
/// Share of the bound at which initial weights are clipped.
pub const CLIP_AT: f64 = 0.95;
/// Share of a raised bound that no initial weight reaches: 1/1.05 is 0.952.
pub const KEEP_BELOW: f64 = 0.96;

/// Least amplitude for an inverse start of these weights without clipping: `1.05·max|w|/sup f`.
pub fn least_amplitude(form: &dyn Form, weights: &[f32]) -> f64 {
    let largest = weights.iter().fold(0.0_f64, |most, weight| most.max(f64::from(weight.abs())));
    ROOM * largest / form.limit()
}

/// Latent weights with Ψ(v) = w, and how many weights were clipped at the share `clip_at` of the bound to have one. A raised amplitude
/// leaves the largest weight at 1/1.05 of the bound, so that nothing is clipped at [`KEEP_BELOW`].
pub fn inverse(form: &dyn Form, pair: Pair, weights: &[f32], clip_at: f64) -> (Vec<f32>, usize) {
    let most = clip_at * pair.bound(form);
    let mut clipped = 0;
    let latent = weights.iter().map(|weight| {
        let weight = f64::from(*weight);
        clipped += usize::from(weight.abs() > most);
        pair.inverse(form, weight.clamp(-most, most)) as f32
    });
    (latent.collect(), clipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::form::Compander;
    use weightscope_math::stream;

    fn weights() -> Vec<f32> {
        let mut weights = vec![0.0; 3000];
        stream(4, "weights").fill_normal(&mut weights);
        weights.iter_mut().for_each(|weight| *weight *= 0.18);
        weights
    }

    #[test]
    fn with_a_raised_amplitude_nothing_is_clipped_and_the_network_is_kept() {
        let weights = weights();
        for form in Compander::FORMS.iter().filter_map(|word| word.form()) {
            let pair = Pair { amplitude: least_amplitude(form, &weights), width: 0.25 };
            let (latent, clipped) = inverse(form, pair, &weights, KEEP_BELOW);
            assert_eq!(clipped, 0);
            let mut back = vec![0.0; weights.len()];
            form.values(pair, &latent, &mut back);
            let worst =
                back.iter().zip(&weights).map(|(a, b)| (a - b).abs() / b.abs().max(0.01)).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{worst}");
        }
    }

    #[test]
    fn a_tight_bound_clips_and_counts() {
        let weights = weights();
        let form = Compander::Arctan.form().unwrap();
        let pair = Pair { amplitude: 0.18, width: 0.18 };
        let (latent, clipped) = inverse(form, pair, &weights, CLIP_AT);
        let most = 0.95 * pair.bound(form);
        let expected = weights.iter().filter(|weight| f64::from(weight.abs()) > most).count();
        assert!(clipped == expected && clipped > 300, "{clipped}");
        let largest = latent.iter().map(|v| pair.value(form, f64::from(*v)).abs()).fold(0.0, f64::max);
        assert!((largest - most).abs() < 1e-5 * most, "{largest}");
    }
}
