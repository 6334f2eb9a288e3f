//! Second-order DARTS (arXiv 1806.09055, eq. 7 and 8): the architecture gradient through one step of the weights.
//!
//! `g = ∇_α L_val(w', α) − η (∇_α L_train(w⁺, α) − ∇_α L_train(w⁻, α))/(2R)` with `w' = w − η ∇_w L_train`, `v = ∇_{w'} L_val(w')`,
//! `w± = w ± R v`, `R = 0.01/‖v‖` (established).

use weightscope_compute::number::Number;

/// Which part of the data a gradient is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The part that trains weights.
    Train,
    /// The part that trains the architecture.
    Valid,
}

/// Gradients in the tensors and in α.
#[derive(Clone, Debug, PartialEq)]
pub struct Slopes<T> {
    /// Gradient of each tensor.
    pub tensors: Vec<Vec<T>>,
    /// Gradient of α, one row for each decision.
    pub alphas: Vec<Vec<f64>>,
}

/// The unrolled gradient and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Unrolled {
    /// The gradient of the architecture.
    pub gradient: Vec<Vec<f64>>,
    /// The product of the mixed second derivative and v, by differences.
    pub product: Vec<Vec<f64>>,
}

/// Size of the difference times ‖v‖.
const RADIUS: f64 = 0.01;

/// The gradient of the architecture through a step of `rate`. `slopes` gives the gradients of a part at tensors; `beside` is what the step
/// adds to the gradient of the weights (momentum and decay, as the released code does), or nothing. Errors are those of `slopes`.
pub fn unrolled<T: Number, E>(
    tensors: &[Vec<T>],
    rate: f64,
    beside: Option<&[Vec<T>]>,
    mut slopes: impl FnMut(Part, &[Vec<T>]) -> Result<Slopes<T>, E>,
) -> Result<Unrolled, E> {
    let mut direction = slopes(Part::Train, tensors)?.tensors;
    for (own, beside) in direction.iter_mut().zip(beside.unwrap_or_default()) {
        super::kernel::add(own, beside);
    }
    let ahead = slopes(Part::Valid, &moved(tensors, -rate, &direction))?;
    let square: f64 = ahead.tensors.iter().flatten().map(|slope| slope.to_f64().powi(2)).sum();
    if square == 0.0 {
        let product = ahead.alphas.iter().map(|row| vec![0.0; row.len()]).collect();
        return Ok(Unrolled { gradient: ahead.alphas, product });
    }
    let radius = RADIUS / square.sqrt();
    let high = slopes(Part::Train, &moved(tensors, radius, &ahead.tensors))?.alphas;
    let low = slopes(Part::Train, &moved(tensors, -radius, &ahead.tensors))?.alphas;
    let between = |(high, low): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
        high.iter().zip(low).map(|(high, low)| (high - low) / (2.0 * radius)).collect()
    };
    let product: Vec<Vec<f64>> = high.iter().zip(&low).map(between).collect();
    let through = |(own, product): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
        own.iter().zip(product).map(|(own, product)| own - rate * product).collect()
    };
    Ok(Unrolled { gradient: ahead.alphas.iter().zip(&product).map(through).collect(), product })
}

fn moved<T: Number>(tensors: &[Vec<T>], factor: f64, direction: &[Vec<T>]) -> Vec<Vec<T>> {
    let factor = T::from_f64(factor);
    let each = tensors.iter().zip(direction);
    each.map(|(values, along)| {
        values.iter().zip(along).map(|(value, along)| *value + factor * *along).collect()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `L_train = ½ (w − α)²`, `L_val = ½ w²`: the step leads to `w' = w − η (w − α)`, so that `dL_val/dα = η w'` exactly.
    #[test]
    fn a_quadratic_problem_has_its_exact_gradient() {
        let (w, alpha, rate) = (0.8_f64, -0.3_f64, 0.1);
        let found = unrolled(&[vec![w]], rate, None, |part, tensors| {
            let w = tensors[0][0];
            let (tensors, alphas) = match part {
                Part::Train => (w - alpha, alpha - w),
                Part::Valid => (w, 0.0),
            };
            Ok::<_, ()>(Slopes { tensors: vec![vec![tensors]], alphas: vec![vec![alphas]] })
        });
        let ahead = w - rate * (w - alpha);
        assert!((found.unwrap().gradient[0][0] - rate * ahead).abs() < 1e-12);
    }

    #[test]
    fn a_validation_loss_that_is_flat_in_the_weights_leaves_the_plain_gradient() {
        let found = unrolled(&[vec![1.0_f64]], 0.1, None, |_, _| {
            Ok::<_, ()>(Slopes { tensors: vec![vec![0.0]], alphas: vec![vec![0.5, -0.5]] })
        });
        assert_eq!(found, Ok(Unrolled { gradient: vec![vec![0.5, -0.5]], product: vec![vec![0.0, 0.0]] }));
    }
}
