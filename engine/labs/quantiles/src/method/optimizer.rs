//! Adam with `AMSGrad` and coupled L2 weight decay, as in the published code (`torch.optim.Adam(amsgrad=True)`; Reddi et al. 2018).

use weightscope_math::real::Real;

/// Decay of the first moment.
const BETA1: f64 = 0.9;
/// Decay of the second moment.
const BETA2: f64 = 0.999;
/// Added to the root of the second moment.
const EPSILON: f64 = 1e-8;

/// `AMSGrad`: the state of one flat vector of parameters.
#[derive(Clone, Debug)]
pub struct Amsgrad<T> {
    /// Step size.
    pub learning_rate: f64,
    /// Coupled weight decay, added to the gradient.
    pub weight_decay: f64,
    first: Vec<T>,
    second: Vec<T>,
    largest: Vec<T>,
    steps: i32,
}

impl<T: Real> Amsgrad<T> {
    /// A fresh state for `len` parameters.
    pub fn new(len: usize, learning_rate: f64, weight_decay: f64) -> Self {
        let zeros = vec![T::ZERO; len];
        Self {
            learning_rate,
            weight_decay,
            first: zeros.clone(),
            second: zeros.clone(),
            largest: zeros,
            steps: 0,
        }
    }

    /// Moves `values` along `gradient`; both have the length of the state.
    pub fn step(&mut self, values: &mut [T], gradient: &[T]) {
        self.steps = self.steps.saturating_add(1);
        let stride = T::from_f64(self.learning_rate / (1.0 - BETA1.powi(self.steps)));
        let correction = T::from_f64(1.0 / (1.0 - BETA2.powi(self.steps)).sqrt());
        let decay = T::from_f64(self.weight_decay);
        let (beta1, rest1) = (T::from_f64(BETA1), T::from_f64(1.0 - BETA1));
        let (beta2, rest2) = (T::from_f64(BETA2), T::from_f64(1.0 - BETA2));
        let epsilon = T::from_f64(EPSILON);
        let moments = self.first.iter_mut().zip(&mut self.second).zip(&mut self.largest);
        for ((value, slope), ((first, second), largest)) in values.iter_mut().zip(gradient).zip(moments) {
            let slope = *slope + decay * *value;
            *first = beta1 * *first + rest1 * slope;
            *second = beta2 * *second + rest2 * slope * slope;
            *largest = largest.larger(*second);
            *value -= stride * *first / (largest.root() * correction + epsilon);
        }
    }
}
