//! What aggregators minimise, and one step of a global table: mean pinball loss, plus the crossing penalty, through an operator or not.
//!
//! The operator stands inside the pinball loss only; the penalty sees the raw aggregate, for after an operator nothing crosses.

use super::aggregate::{self, Shape};
use super::crossing::{self, Margin};
use super::isotonize::Isotonization;
use super::optimizer::Amsgrad;
use super::pinball;
use weightscope_math::real::Real;

/// What the training of weights minimises, and how.
#[derive(Clone, Debug)]
pub struct Objective<T> {
    /// Levels.
    pub taus: Vec<T>,
    /// Half width of the parabola in the pinball loss; 0 for none.
    pub smoothing: T,
    /// Operator inside the loss.
    pub inside: Isotonization,
    /// Weight λ of the crossing penalty.
    pub penalty: T,
    /// Its margins.
    pub margin: Margin<T>,
}

/// Both parts of a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Mean pinball loss.
    pub pinball: f64,
    /// Crossing penalty before its weight.
    pub crossing: f64,
}

impl<T: Real> Objective<T> {
    /// Loss of raw aggregates `q` `[rows, levels]`; the gradient replaces what `gradient` held.
    pub fn value_with_gradient(&self, q: &[T], y: &[T], gradient: &mut [T]) -> Loss {
        let m = self.taus.len();
        gradient.fill(T::ZERO);
        let pinball = if self.inside == Isotonization::None {
            pinball::mean_with_gradient(q, y, &self.taus, self.smoothing, gradient)
        } else {
            let mut after = q.to_vec();
            self.inside.apply_rows(&mut after, m);
            let mut upstream = vec![T::ZERO; q.len()];
            let value = pinball::mean_with_gradient(&after, y, &self.taus, self.smoothing, &mut upstream);
            let rows = q.chunks_exact(m).zip(upstream.chunks_exact(m)).zip(gradient.chunks_exact_mut(m));
            rows.for_each(|((row, upstream), gradient)| self.inside.gradient(row, upstream, gradient));
            value
        };
        let crossing = if self.penalty > T::ZERO {
            crossing::penalty_with_gradient(q, m, &self.margin, self.penalty, gradient)
        } else {
            0.0
        };
        Loss { pinball, crossing }
    }

    /// Sum of both parts.
    pub fn total(&self, loss: Loss) -> f64 {
        loss.pinball + self.penalty.to_f64() * loss.crossing
    }
}

/// A table of logits that is the same for all rows, with its optimizer; it starts at the plain average.
#[derive(Clone, Debug)]
pub struct GlobalTable<T> {
    /// Sizes.
    pub shape: Shape,
    /// Logits `[rows, columns]`.
    pub logits: Vec<T>,
    optimizer: Amsgrad<T>,
    weights: Vec<T>,
    products: Vec<T>,
    scratch: Vec<T>,
    q: Vec<T>,
    slopes: Vec<T>,
}

impl<T: Real> GlobalTable<T> {
    /// All logits zero.
    pub fn new(shape: Shape, learning_rate: f64, weight_decay: f64) -> Self {
        Self {
            shape,
            logits: vec![T::ZERO; shape.len()],
            optimizer: Amsgrad::new(shape.len(), learning_rate, weight_decay),
            weights: Vec::new(),
            products: Vec::new(),
            scratch: Vec::new(),
            q: Vec::new(),
            slopes: Vec::new(),
        }
    }

    /// The weights, each column adding up to one.
    pub fn weights(&self) -> Vec<T> {
        let mut weights = self.logits.clone();
        aggregate::softmax_columns(&mut weights, self.shape.columns(), &mut Vec::new());
        weights
    }

    /// One step on stacked predictions `z` `[rows, models, levels]`; the loss before the step.
    pub fn step(&mut self, z: &[T], y: &[T], objective: &Objective<T>) -> Loss {
        let loss = self.gradient(z, y, objective);
        self.optimizer.step(&mut self.logits, &self.products);
        loss
    }

    /// The loss, its gradient in the logits left in `self.products`.
    fn gradient(&mut self, z: &[T], y: &[T], objective: &Objective<T>) -> Loss {
        let (shape, m) = (self.shape, self.shape.levels);
        self.weights.clone_from(&self.logits);
        aggregate::softmax_columns(&mut self.weights, shape.columns(), &mut self.scratch);
        self.q.resize(y.len() * m, T::ZERO);
        self.slopes.resize(y.len() * m, T::ZERO);
        for (z, q) in z.chunks_exact(shape.stack()).zip(self.q.chunks_exact_mut(m)) {
            aggregate::mix(shape, &self.weights, z, q);
        }
        let loss = objective.value_with_gradient(&self.q, y, &mut self.slopes);
        self.products.clear();
        self.products.resize(shape.len(), T::ZERO);
        for (z, slopes) in z.chunks_exact(shape.stack()).zip(self.slopes.chunks_exact(m)) {
            aggregate::collect(shape, z, slopes, &mut self.products);
        }
        aggregate::finish_collected(shape, &self.weights, &mut self.products);
        loss
    }

    /// Gradient of the loss in the logits, without a step.
    pub fn logit_gradient(&mut self, z: &[T], y: &[T], objective: &Objective<T>) -> (Loss, Vec<T>) {
        let loss = self.gradient(z, y, objective);
        (loss, self.products.clone())
    }
}
