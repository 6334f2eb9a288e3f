//! What pulls architecture parameters to their start (`DrNAS`, arXiv 2006.10355): decay of α, or the divergence of the Dirichlet distribution
//! from the uniform one.

use super::sampler::dirichlet;

/// The anchor.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Anchor {
    /// Decay of α in the gradient, 0.001 in the released code: pulls concentrations to 1 (established).
    Decay(f64),
    /// This factor times KL(Dir(c) ‖ Dir(1)).
    Divergence(f64),
}

impl Anchor {
    /// The weight decay of the optimizer of α.
    pub fn decay(self) -> f64 {
        match self {
            Self::Decay(decay) => decay,
            Self::Divergence(_) => 0.0,
        }
    }

    /// Adds the gradient of the divergence, row by row; decay is left to the optimizer.
    pub fn add_gradient(self, alphas: &[Vec<f64>], slopes: &mut [Vec<f64>]) {
        let Self::Divergence(factor) = self else { return };
        for (alpha, slopes) in alphas.iter().zip(slopes) {
            let concentration = dirichlet::concentrations(alpha);
            let own = dirichlet::to_alpha(alpha, &divergence_gradient(&concentration));
            super::kernel::add_scaled(slopes, factor, &own);
        }
    }
}

/// `∂KL/∂c_i = (c_i − 1) ψ'(c_i) − (Σc − K) ψ'(Σc)`.
pub fn divergence_gradient(concentration: &[f64]) -> Vec<f64> {
    let total: f64 = concentration.iter().sum();
    let common = (total - concentration.len() as f64) * trigamma(total);
    concentration.iter().map(|c| (c - 1.0) * trigamma(*c) - common).collect()
}

/// ψ'(x) of a positive number: raised to 10 and above by the recurrence, then its asymptotic series (DLMF 5.15.8); to about 1e-13.
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * 5.0 / 66.0)));
    sum + 1.0 / x + 0.5 * square + square / x * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::special::gamma::ln_gamma;

    #[test]
    fn known_values_of_the_trigamma_function() {
        let quarter = std::f64::consts::PI.powi(2) / 2.0;
        assert!((trigamma(1.0) - quarter / 3.0).abs() < 1e-12 && (trigamma(0.5) - quarter).abs() < 1e-12);
    }

    /// KL(Dir(c) ‖ Dir(1)) = ln Γ(C) − Σ ln Γ(c) − ln Γ(K) + Σ (c − 1)(ψ(c) − ψ(C)), with ψ by differences of ln Γ.
    #[test]
    fn the_gradient_is_that_of_the_divergence() {
        let digamma = |x: f64| (ln_gamma(x + 1e-4) - ln_gamma(x - 1e-4)) / 2e-4;
        let divergence = |c: &[f64]| {
            let total: f64 = c.iter().sum();
            let own: f64 = c.iter().map(|c| (c - 1.0) * (digamma(*c) - digamma(total)) - ln_gamma(*c)).sum();
            ln_gamma(total) - ln_gamma(c.len() as f64) + own
        };
        let concentration = [1.8, 0.9, 2.6];
        let slopes = divergence_gradient(&concentration);
        for place in 0..3 {
            let at = |shift: f64| {
                let mut moved = concentration;
                moved[place] += shift;
                divergence(&moved)
            };
            assert!(((at(1e-3) - at(-1e-3)) / 2e-3 - slopes[place]).abs() < 1e-5, "{slopes:?}");
        }
        assert!(
            divergence_gradient(&[1.0; 4]).iter().all(|slope| slope.abs() < 1e-15),
            "the uniform one is its anchor"
        );
    }
}
