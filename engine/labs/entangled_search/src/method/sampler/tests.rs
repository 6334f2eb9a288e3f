//! Samples lie on the simplex, and gradients agree with differences or expectations.

use super::*;
use proptest::prelude::*;
use weightscope_math::stream;

/// Draws of the tests of expectations.
const DRAWS: usize = 40_000;

const ALL: [Sampler; 5] =
    [Sampler::Dirichlet, Sampler::Softmax, Sampler::Sparsemax, Sampler::Gumbel, Sampler::Uniform];

proptest! {
    #[test]
    fn weights_lie_on_the_simplex(alpha in prop::collection::vec(-12.0_f64..6.0, 1..6), seed in 0_u64..1000) {
        for sampler in ALL {
            let sample = sampler.sample(&alpha, 0.5, &mut stream(seed, "sampler"));
            for weights in [&sample.weights, &sampler.mean(&alpha)] {
                prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{sampler:?}: {weights:?}");
                prop_assert!(weights.iter().all(|weight| (0.0..=1.0 + 1e-12).contains(weight)));
            }
            prop_assert_eq!(sample.picked.is_some(), sampler.picks());
            let slopes = sampler.gradient(&alpha, &sample, 0.5, &vec![1.0; alpha.len()]);
            // A constant on all weights changes nothing: they sum to 1.
            prop_assert!(slopes.iter().all(|slope| slope.abs() < 1e-7), "{sampler:?}: {slopes:?}");
        }
    }

    #[test]
    fn gradients_of_softmax_and_sparsemax_agree_with_differences(
        alpha in prop::collection::vec(-2.0_f64..2.0, 2..5),
        upstream in prop::collection::vec(-1.0_f64..1.0, 5),
    ) {
        for sampler in [Sampler::Softmax, Sampler::Sparsemax] {
            let sample = sampler.sample(&alpha, 1.0, &mut stream(1, "unused"));
            let slopes = sampler.gradient(&alpha, &sample, 1.0, upstream.get(..alpha.len()).unwrap());
            for place in 0..alpha.len() {
                let at = |shift: f64| {
                    let mut moved = alpha.clone();
                    moved[place] += shift;
                    let weights = sampler.mean(&moved);
                    (weights.iter().zip(&upstream).map(|(a, b)| a * b).sum::<f64>(), weights)
                };
                let ((high, above), (low, below)) = (at(1e-6), at(-1e-6));
                // The support of sparsemax may change between the two points; there it has a kink.
                if above.iter().zip(&below).any(|(a, b)| (*a > 0.0) != (*b > 0.0)) {
                    continue;
                }
                prop_assert!(((high - low) / 2e-6 - slopes[place]).abs() < 1e-6, "{sampler:?}");
            }
        }
    }
}

#[test]
fn the_gradient_of_a_gamma_draw_is_that_of_its_quantile() {
    use weightscope_math::special::gamma::incomplete_gamma;
    for (shape, draw) in [(0.05, 1e-9), (0.3, 0.01), (1.0, 0.7), (2.5, 6.0), (9.0, 2.0), (3.0, 14.0)] {
        let level = incomplete_gamma(shape, draw);
        let quantile = |shape: f64| {
            let (mut low, mut high) = (draw * 0.5, draw * 2.0);
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                if incomplete_gamma(shape, middle) < level { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        };
        let step = 1e-4 * shape;
        let difference = (quantile(shape + step) - quantile(shape - step)) / (2.0 * step);
        let found = dirichlet::gamma_slope(shape, draw);
        assert!((found / difference - 1.0).abs() < 1e-4, "{shape} {draw}: {found} instead of {difference}");
    }
    // An exponential draw is -ln U: no closed form for its slope in the shape, but it grows with it.
    assert!(dirichlet::gamma_slope(1.0, 1e-5) > 0.0 && dirichlet::gamma_slope(1e-3, 0.0) == 0.0);
}

#[test]
fn dirichlet_samples_have_their_mean_and_variance() {
    let alpha = [0.8, -1.2, 0.0];
    let concentration = dirichlet::concentrations(&alpha);
    let mean = dirichlet::mean(&concentration);
    let total: f64 = concentration.iter().sum();
    let mut random = stream(3, "dirichlet");
    let (mut sums, mut squares) = ([0.0; 3], [0.0; 3]);
    for _ in 0..DRAWS {
        let sample = Sampler::Dirichlet.sample(&alpha, 1.0, &mut random);
        for place in 0..3 {
            sums[place] += sample.weights[place] / DRAWS as f64;
            squares[place] += sample.weights[place].powi(2) / DRAWS as f64;
        }
    }
    for place in 0..3 {
        let variance = mean[place] * (1.0 - mean[place]) / (total + 1.0);
        assert!((sums[place] - mean[place]).abs() < 4.0 * (variance / DRAWS as f64).sqrt());
        assert!((squares[place] - sums[place].powi(2) - variance).abs() < 0.02 * variance);
    }
}

/// E f(a) for f = a₀² is known: its gradient in the concentration is the mean of the pathwise gradients, by either form.
#[test]
fn both_pathwise_gradients_are_unbiased() {
    let alpha = [0.5, -0.7, 0.2];
    let concentration = dirichlet::concentrations(&alpha);
    let expected = |c: &[f64]| {
        let total: f64 = c.iter().sum();
        c[0] * (c[0] + 1.0) / (total * (total + 1.0))
    };
    let mut random = stream(4, "gradients");
    let mut means = [[0.0; 3]; 2];
    for _ in 0..DRAWS {
        let draws = dirichlet::gamma_draws(&concentration, &mut random);
        let weights = dirichlet::normalised(&draws);
        let upstream = [2.0 * weights[0], 0.0, 0.0];
        let forms = [
            dirichlet::implicit_gradient(&concentration, &draws, &upstream),
            dirichlet::beta_gradient(&concentration, &weights, &upstream),
        ];
        for (mean, slopes) in means.iter_mut().zip(forms) {
            mean.iter_mut().zip(slopes).for_each(|(mean, slope)| *mean += slope / DRAWS as f64);
        }
    }
    for place in 0..3 {
        let at = |shift: f64| {
            let mut moved = concentration.clone();
            moved[place] += shift;
            expected(&moved)
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        for mean in means {
            assert!((mean[place] - slope).abs() < 0.004, "{place}: {} instead of {slope}", mean[place]);
        }
    }
}

#[test]
fn a_gumbel_sample_picks_by_the_softmax_of_alpha() {
    let alpha = [1.0, 0.0, -0.5];
    let mut random = stream(6, "gumbel");
    let mut counts = [0.0; 3];
    for _ in 0..30_000 {
        counts[Sampler::Gumbel.sample(&alpha, 3.0, &mut random).picked.unwrap()] += 1.0 / 30_000.0;
    }
    for (count, share) in counts.iter().zip(simplex::softmax(&alpha)) {
        assert!((count - share).abs() < 0.012, "{counts:?}");
    }
    assert_eq!(gumbel::temperature(10.0, 0.1, 0, 1), 10.0);
    assert_eq!(gumbel::temperature(10.0, 0.1, 49, 50), 0.1);
}
