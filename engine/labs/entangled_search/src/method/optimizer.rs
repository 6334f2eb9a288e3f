//! The optimizers of the two levels, over lists of tensors: Adam with coupled or decoupled decay, SGD with momentum, clipping, cosine.
//!
//! Formulas are PyTorch's. The state is plain vectors for checkpoints; the order of every sum is fixed.

use weightscope_compute::number::Number;

/// Settings of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSettings {
    /// Decays of the first and of the second moment.
    pub betas: (f64, f64),
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether the decay is applied to the values (AdamW) instead of being added to the gradient.
    pub decoupled: bool,
}

impl AdamSettings {
    /// For architecture parameters: betas .5 and .999, decay added to the gradient, which pulls α to 0, the `l2` anchor of `DrNAS`
    /// (established).
    pub fn architecture(weight_decay: f64) -> Self {
        Self { betas: (0.5, 0.999), epsilon: 1e-8, weight_decay, decoupled: false }
    }

    /// AdamW for weights.
    pub fn weights(weight_decay: f64) -> Self {
        Self { betas: (0.9, 0.999), epsilon: 1e-8, weight_decay, decoupled: true }
    }
}

/// Adam, with its state for a list of tensors.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Adam<T> {
    /// First and second moments, all tensors one after the other.
    moments: (Vec<T>, Vec<T>),
    steps: i32,
}

impl<T: Number> Adam<T> {
    /// A fresh state for so many numbers.
    pub fn new(count: usize) -> Self {
        Self { moments: (vec![T::ZERO; count], vec![T::ZERO; count]), steps: 0 }
    }

    /// Moves the tensors against their gradients; together they have the size of the state.
    pub fn step<'a>(
        &mut self,
        settings: AdamSettings,
        learning_rate: f64,
        tensors: impl IntoIterator<Item = (&'a mut [T], &'a [T])>,
    ) {
        self.steps = self.steps.saturating_add(1);
        let (beta1, beta2) = settings.betas;
        let stride = T::from_f64(learning_rate / (1.0 - beta1.powi(self.steps)));
        let correction = T::from_f64(1.0 / (1.0 - beta2.powi(self.steps)).sqrt());
        let (keep1, new1) = (T::from_f64(beta1), T::from_f64(1.0 - beta1));
        let (keep2, new2) = (T::from_f64(beta2), T::from_f64(1.0 - beta2));
        let epsilon = T::from_f64(settings.epsilon);
        let coupled = T::from_f64(if settings.decoupled { 0.0 } else { settings.weight_decay });
        let shrink =
            T::from_f64(if settings.decoupled { 1.0 - learning_rate * settings.weight_decay } else { 1.0 });
        let (first, second) = (&mut self.moments.0, &mut self.moments.1);
        let mut state = first.iter_mut().zip(second);
        for (values, gradient) in tensors {
            for ((value, slope), (first, second)) in values.iter_mut().zip(gradient).zip(state.by_ref()) {
                let slope = *slope + coupled * *value;
                *first = keep1 * *first + new1 * slope;
                *second = keep2 * *second + new2 * slope * slope;
                *value = shrink * *value - stride * *first / (second.root() * correction + epsilon);
            }
        }
    }
}

/// Stochastic gradient descent with momentum and decay added to the gradient.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sgd<T> {
    momentum: Vec<T>,
    started: bool,
}

/// Settings of [`Sgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdSettings {
    /// Share of the last direction that stays.
    pub momentum: f64,
    /// Whether the step looks ahead along the momentum.
    pub nesterov: bool,
    /// Weight decay, added to the gradient.
    pub weight_decay: f64,
}

impl<T: Number> Sgd<T> {
    /// A fresh state for so many numbers.
    pub fn new(count: usize) -> Self {
        Self { momentum: vec![T::ZERO; count], started: false }
    }

    /// Moves the tensors against their gradients; together they have the size of the state.
    pub fn step<'a>(
        &mut self,
        settings: SgdSettings,
        learning_rate: f64,
        tensors: impl IntoIterator<Item = (&'a mut [T], &'a [T])>,
    ) {
        let keep = T::from_f64(if self.started { settings.momentum } else { 0.0 });
        let (ahead, decay) = (T::from_f64(settings.momentum), T::from_f64(settings.weight_decay));
        let rate = T::from_f64(learning_rate);
        self.started = true;
        let mut state = self.momentum.iter_mut();
        for (values, gradient) in tensors {
            for ((value, slope), momentum) in values.iter_mut().zip(gradient).zip(state.by_ref()) {
                let slope = *slope + decay * *value;
                *momentum = keep * *momentum + slope;
                let direction = if settings.nesterov { slope + ahead * *momentum } else { *momentum };
                *value -= rate * direction;
            }
        }
    }
}

/// Scales gradients so that their joint Euclidean norm is at most `most`, as `clip_grad_norm_` does; the norm before.
pub fn clip_norm<T: Number>(gradients: &mut [Vec<T>], most: f64) -> f64 {
    let square: f64 = gradients.iter().flatten().map(|slope| slope.to_f64() * slope.to_f64()).sum();
    let norm = square.sqrt();
    let factor = most / (norm + 1e-6);
    if factor < 1.0 {
        let factor = T::from_f64(factor);
        gradients.iter_mut().flatten().for_each(|slope| *slope = *slope * factor);
    }
    norm
}

/// Half a cosine from `base` at step 0 down to `floor·base` at `total`.
pub fn cosine(base: f64, floor: f64, step: usize, total: usize) -> f64 {
    let progress = step.min(total) as f64 / total.max(1) as f64;
    base * (floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.optim.Adam` and `AdamW` move by the learning rate in the first step, whatever the size of the gradient.
    #[test]
    fn the_first_step_of_adam_is_the_learning_rate() {
        for (decoupled, expected) in [(false, 2.0 - 0.01), (true, 2.0 * (1.0 - 0.01 * 0.1) - 0.01)] {
            let settings = AdamSettings { decoupled, ..AdamSettings::weights(0.1) };
            let mut values = [2.0_f64];
            Adam::new(1).step(settings, 0.01, [(values.as_mut_slice(), [300.0].as_slice())]);
            assert!((values[0] - expected).abs() < 1e-9, "{values:?}");
        }
    }

    #[test]
    fn momentum_follows_its_recurrence() {
        let settings = SgdSettings { momentum: 0.9, nesterov: true, weight_decay: 0.0 };
        let (mut state, mut values) = (Sgd::new(1), [0.0_f64]);
        state.step(settings, 0.1, [(values.as_mut_slice(), [1.0].as_slice())]);
        assert!((values[0] + 0.19).abs() < 1e-15, "gradient and 0.9 of the momentum, which is the gradient");
        state.step(settings, 0.1, [(values.as_mut_slice(), [1.0].as_slice())]);
        assert!((values[0] + 0.19 + 0.1 * (1.0 + 0.9 * 1.9)).abs() < 1e-15);
    }

    #[test]
    fn clipping_keeps_short_gradients_and_shortens_long_ones() {
        let mut short = vec![vec![0.3_f64], vec![0.4]];
        assert_eq!((clip_norm(&mut short, 5.0), short.concat()), (0.5, vec![0.3, 0.4]));
        let mut long = vec![vec![30.0_f64], vec![40.0]];
        assert_eq!(clip_norm(&mut long, 5.0), 50.0);
        assert!((long[0][0] - 3.0).abs() < 1e-6 && (long[1][0] - 4.0).abs() < 1e-6);
    }

    #[test]
    fn the_cosine_falls_from_its_base_to_its_floor() {
        assert_eq!(cosine(2.0, 0.1, 0, 10), 2.0);
        assert!(
            (cosine(2.0, 0.1, 5, 10) - 1.1).abs() < 1e-12 && (cosine(2.0, 0.1, 99, 10) - 0.2).abs() < 1e-12
        );
    }
}
