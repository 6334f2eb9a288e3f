//! Steps of diffusion on a sample: adding noise, the ancestral reverse step (arXiv 2006.11239, algorithm 2), the implicit one (DDIM,
//! arXiv 2010.02502, equation 12), guidance, the embedding of the step, and the moving average of the weights.
//!
//! `predicted` is the network's estimate of the noise in x. Slices have one length; a longer one's rest is left out.

use weightscope_math::real::Real;

use super::error::{GenerationError, Result};
use super::schedule::{Schedule, Step};

/// `√ᾱ·x₀ + √(1 − ᾱ)·noise`: the sample after step t of adding noise.
pub fn noised<R: Real>(step: Step, clean: &[R], noise: &[R]) -> Vec<R> {
    combined(R::from_f64(step.signal()), clean, R::from_f64(step.noise()), noise)
}

/// `x̂₀ = (x − √(1 − ᾱ)·predicted)/√ᾱ`: the clean sample that the prediction implies. Nothing is clipped (established).
pub fn estimate<R: Real>(step: Step, x: &[R], predicted: &[R]) -> Vec<R> {
    let (inverse, share) = (1.0 / step.signal(), step.noise() / step.signal());
    combined(R::from_f64(inverse), x, R::from_f64(-share), predicted)
}

/// Mean of the reverse step, from the sample and the estimate of the clean one.
pub fn reverse_mean<R: Real>(step: Step, x: &[R], estimate: &[R]) -> Vec<R> {
    combined(R::from_f64(step.estimate_factor()), estimate, R::from_f64(step.present_factor()), x)
}

/// One ancestral step back: the mean plus noise of the posterior variance. The first step has variance 0, so it adds none.
pub fn ancestral<R: Real>(step: Step, x: &[R], predicted: &[R], noise: &[R]) -> Vec<R> {
    let mean = reverse_mean(step, x, &estimate(step, x, predicted));
    combined(R::ONE, &mean, R::from_f64(step.posterior_variance().sqrt()), noise)
}

/// One place of the implicit reverse process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implicit {
    /// Step of the schedule at which the network is asked.
    pub t: usize,
    /// ᾱ of that step.
    pub kept: f64,
    /// ᾱ of the place that comes next on the way back.
    pub kept_before: f64,
}

impl Implicit {
    /// Deviation of the fresh noise: `η·√((1 − ᾱ_before)/(1 − ᾱ))·√(1 − ᾱ/ᾱ_before)`; η 0 makes the process deterministic, 1 ancestral.
    pub fn deviation(self, eta: f64) -> f64 {
        let ratio = (1.0 - self.kept_before) / (1.0 - self.kept);
        eta * ratio.sqrt() * (1.0 - self.kept / self.kept_before).max(0.0).sqrt()
    }

    /// `x̂₀` from the sample and the predicted noise.
    pub fn estimate<R: Real>(self, x: &[R], predicted: &[R]) -> Vec<R> {
        estimate(self.step(), x, predicted)
    }

    /// The sample one place further back: `√ᾱ_before·x̂₀ + √(1 − ᾱ_before − σ²)·predicted + σ·noise`.
    pub fn back<R: Real>(self, x: &[R], predicted: &[R], noise: &[R], eta: f64) -> Vec<R> {
        let sigma = self.deviation(eta);
        let direction = (1.0 - self.kept_before - sigma * sigma).max(0.0).sqrt();
        let signal = R::from_f64(self.kept_before.sqrt());
        let clean = combined(signal, &self.estimate(x, predicted), R::from_f64(direction), predicted);
        combined(R::ONE, &clean, R::from_f64(sigma), noise)
    }

    fn step(self) -> Step {
        Step { beta: 0.0, kept: self.kept, kept_before: self.kept_before }
    }
}

/// Which steps of the schedule the implicit process visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visits {
    /// `t = i·(T div S) + 1`; the last place keeps ᾱ of step 0 (established: the published sampler).
    Published,
    /// Evenly from 0 to T − 1, both visited, rounded to the nearest; the last place is clean, ᾱ = 1 (this lab's recipe).
    Even,
}

/// The places of the implicit process, from the cleanest to the noisiest; walk them from the end. Refused unless `1 ≤ count`, and for
/// the published visits unless every step lies inside the schedule.
pub fn implicit_places(schedule: &Schedule, count: usize, visits: Visits) -> Result<Vec<Implicit>> {
    let steps = schedule.count();
    let refuse = || GenerationError::Range {
        what: "the number of sampling steps",
        needed: format!("it must lie between 1 and {steps} and leave every visited step inside the schedule"),
        found: count.to_string(),
    };
    if count == 0 || count > steps {
        return Err(refuse());
    }
    let visited = |i: usize| match visits {
        Visits::Published => i * (steps / count) + 1,
        Visits::Even if count == 1 => steps - 1,
        Visits::Even => ((i * (steps - 1)) as f64 / (count - 1) as f64).round_ties_even() as usize,
    };
    let mut kept_before = match visits {
        Visits::Published => schedule.step(0)?.kept,
        Visits::Even => 1.0,
    };
    let mut places = Vec::with_capacity(count);
    for t in (0..count).map(visited) {
        let kept = schedule.step(t).map_err(|_| refuse())?.kept;
        places.push(Implicit { t, kept, kept_before });
        kept_before = kept;
    }
    Ok(places)
}

/// Classifier-free guidance (arXiv 2207.12598): `ε_without + w·(ε_with − ε_without)`. An option of this lab; the published sampler never
/// drops the condition.
pub fn guided<R: Real>(without: &[R], with: &[R], weight: f64) -> Vec<R> {
    let weight = R::from_f64(weight);
    without.iter().zip(with).map(|(without, with)| *without + weight * (*with - *without)).collect()
}

/// The embedding of a step: cosines of `t·period^(−i/half)` for i from 0, then the sines, then a 0 if `width` is odd (established).
pub fn step_embedding<R: Real>(t: f64, width: usize, period: f64) -> Vec<R> {
    let half = width / 2;
    let angle = |i: usize| t * (-period.ln() * i as f64 / half as f64).exp();
    let mut embedding: Vec<R> = (0..half).map(|i| R::from_f64(angle(i).cos())).collect();
    embedding.extend((0..half).map(|i| R::from_f64(angle(i).sin())));
    embedding.resize(width, R::ZERO);
    embedding
}

/// Share of the old average that update `n`, counted from 1, keeps: `min(most, (1 + n)/(10 + n))` (established).
pub fn average_decay(most: f64, n: u64) -> f64 {
    most.min((1.0 + n as f64) / (10.0 + n as f64))
}

/// Moves the average towards the weights: `average −= (1 − decay)·(average − weights)`.
pub fn average_towards<R: Real>(average: &mut [R], weights: &[R], decay: f64) {
    let share = R::from_f64(1.0 - decay);
    average.iter_mut().zip(weights).for_each(|(average, weight)| *average -= share * (*average - *weight));
}

/// Refuses a sample that holds a value that is not a number, with its position.
pub fn check_sample<R: Real>(x: &[R], step: usize) -> Result<()> {
    match x.iter().position(|value| value.to_f64().is_nan()) {
        Some(index) => Err(GenerationError::NotANumber { index, step }),
        None => Ok(()),
    }
}

fn combined<R: Real>(first: R, a: &[R], second: R, b: &[R]) -> Vec<R> {
    a.iter().zip(b).map(|(a, b)| first * *a + second * *b).collect()
}

#[cfg(test)]
mod tests {
    use super::super::schedule::Betas;
    use super::*;

    #[test]
    fn the_true_noise_leads_back_to_the_clean_sample() {
        let schedule = Schedule::new(Betas::PUBLISHED, 100).unwrap();
        let (clean, noise) = ([0.5, -2.0, 3.0], [1.0, -0.5, 0.25]);
        for visits in [Visits::Published, Visits::Even] {
            let places = implicit_places(&schedule, 10, visits).unwrap();
            let last = places.last().unwrap();
            let mut x = noised(last.step(), &clean, &noise);
            for place in places.iter().rev() {
                assert!(place.estimate(&x, &noise).iter().zip(&clean).all(|(a, b)| (a - b).abs() < 1e-9));
                x = place.back(&x, &noise, &[0.0; 3], 0.0);
            }
            let rest = if visits == Visits::Even { 1e-9 } else { 0.1 };
            assert!(x.iter().zip(&clean).all(|(a, b)| (a - b).abs() < rest), "{x:?}");
        }
    }

    #[test]
    fn visits_stay_inside_the_schedule() {
        let schedule = Schedule::new(Betas::PUBLISHED, 8).unwrap();
        let visited = |count, visits| {
            implicit_places(&schedule, count, visits)
                .map(|places| places.iter().map(|p| p.t).collect::<Vec<_>>())
        };
        assert_eq!(visited(4, Visits::Published).unwrap(), [1, 3, 5, 7]);
        assert!(visited(8, Visits::Published).is_err(), "the last would be step 8");
        assert_eq!(visited(8, Visits::Even).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(visited(1, Visits::Even).unwrap(), [7]);
        assert!(visited(0, Visits::Even).is_err() && visited(9, Visits::Even).is_err());
    }

    #[test]
    fn a_process_with_full_noise_is_the_ancestral_one() {
        let schedule = Schedule::new(Betas::PUBLISHED, 50).unwrap();
        let step = schedule.step(30).unwrap();
        let place = Implicit { t: 30, kept: step.kept, kept_before: step.kept_before };
        let (x, predicted, noise) = ([1.0, 2.0], [0.3, -0.4], [0.7, 0.1]);
        let one = place.back(&x, &predicted, &noise, 1.0);
        let other = ancestral(step, &x, &predicted, &noise);
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn not_a_number_ends_a_draw() {
        assert_eq!(check_sample(&[0.0, f32::NAN], 3), Err(GenerationError::NotANumber { index: 1, step: 3 }));
        assert!(check_sample(&[f32::INFINITY], 3).is_ok());
        assert_eq!(step_embedding::<f64>(0.0, 5, 1e4), [1.0, 1.0, 0.0, 0.0, 0.0]);
    }
}
