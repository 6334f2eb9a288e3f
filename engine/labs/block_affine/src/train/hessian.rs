//! The largest eigenvalue of the second derivative by what is trained, before the first step.

use std::convert::Infallible;

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_math::linalg::lanczos::lanczos;
use weightscope_math::stream;

use super::arm::Arm;
use super::lessons::OwnedBatch;
use crate::config::Config;
use crate::device::Passes;

/// Lanczos steps: the largest eigenvalue comes first.
const STEPS: usize = 24;
/// Length of a step in each direction for a difference of gradients; with single precision its error is some 10⁻⁴ of the product.
const LENGTH: f64 = 2e-2;

/// The largest eigenvalue on a batch. Products are central differences of the gradient.
pub(super) fn top(
    run: &mut Running<'_, '_, Config>,
    base: &[f32],
    batch: &OwnedBatch,
) -> Result<f64, RunError> {
    let seed = run.shared.seed;
    let model = &run.shared.model;
    let Some(arm) = &mut run.state.arm else { return Ok(f64::NAN) };
    let top = of_arm(arm, model, base, batch, seed);
    run.check()?;
    Ok(top)
}

/// The same of an adapter; it is left as it was.
pub(super) fn of_arm(arm: &mut Arm, model: &Passes, base: &[f32], batch: &OwnedBatch, seed: u64) -> f64 {
    let at = arm.own.clone();
    let slopes_at = |arm: &mut Arm, moved: Vec<f32>| {
        arm.own = moved;
        arm.adapters.weights((base, &arm.frozen), &arm.own, &mut arm.weights, &mut arm.scratch);
        arm.slope(model, base, batch.as_batch(), None);
        arm.slopes.clone()
    };
    let mut product = |direction: &[f64], image: &mut [f64]| -> Result<(), Infallible> {
        let moved = |sign: f64| {
            let pairs = at.iter().zip(direction);
            pairs
                .map(|(value, along)| (f64::from(*value) + sign * LENGTH * along) as f32)
                .collect::<Vec<f32>>()
        };
        let (up, down) = (slopes_at(arm, moved(1.0)), slopes_at(arm, moved(-1.0)));
        for ((image, up), down) in image.iter_mut().zip(&up).zip(&down) {
            *image = (f64::from(*up) - f64::from(*down)) / (2.0 * LENGTH);
        }
        Ok(())
    };
    let mut random = stream(seed, "directions of the Hessian");
    let mut drawn = || (0..at.len()).map(|_| f64::from(random.normal())).collect::<Vec<f64>>();
    let start = drawn();
    let found = match lanczos(&mut product, &start, STEPS.min(at.len()), drawn) {
        Ok(found) => found.ritz.last().copied().unwrap_or(f64::NAN),
        Err(never) => match never {},
    };
    arm.own.clone_from(&at);
    arm.follow(base);
    arm.slope(model, base, batch.as_batch(), None);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::Adapters;
    use crate::base::Architecture;
    use crate::config::{Method, Task};
    use crate::data::tables::Rows;
    use weightscope_population::{Activation, Curvature, Lane, Objective, Samples, Shape, Targets};

    /// The eigenvalue by differences of gradients is that of the population kernel's exact products.
    #[test]
    fn differences_find_the_eigenvalue_of_exact_products() {
        let config = Config {
            model: crate::config::Model::Mlp,
            task: Task::OddEvenDigits,
            method: Method::Full,
            width: 6,
            layers: 1,
            ..Config::default()
        };
        let architecture = Architecture::Mlp(vec![4, 6, 3], crate::compute::ops::gates::Gate::Tanh);
        let layout = architecture.layout();
        let mut random = stream(3, "rows");
        let x: Vec<f32> = (0..80).map(|_| random.normal()).collect();
        let classes: Vec<u32> = (0..20).map(|_| random.below(3) as u32).collect();
        let weights: Vec<f32> = (0..layout.len()).map(|_| 0.7 * random.normal()).collect();
        let model = Passes::on_host(architecture.model(&layout, 1).unwrap());
        let mut arm = Arm::new(Adapters::new(&config, &architecture, &layout).unwrap(), &weights);
        arm.begin(weights.clone(), &weights);
        let batch = OwnedBatch::Rows(Rows { x: x.clone(), classes: classes.clone(), values: Vec::new() });
        let found = of_arm(&mut arm, &model, &weights, &batch, 1);
        assert_eq!(arm.own, weights, "the adapter is left as it was");

        let shape = Shape::new(&[4, 6, 3], Activation::Tanh, Objective::CrossEntropy).unwrap();
        let samples = Samples::new(&x, 4, Targets::Classes(classes)).unwrap();
        // Both lay weights and biases layer by layer; the order is checked by the names.
        let mut flat = vec![0.0; shape.parameters()];
        for tensor in shape.tensors() {
            let place = layout.find(&tensor.name).unwrap();
            flat[tensor.range].copy_from_slice(&weights[layout.place(place).range.clone()]);
        }
        let mut curvature = Curvature::new(&shape, &shape.pack(&flat).unwrap(), &samples);
        let mut product = |direction: &[Lane], image: &mut [Lane]| -> Result<(), Infallible> {
            curvature.product(direction, image);
            Ok(())
        };
        let mut drawn = || {
            let numbers: Vec<f32> = (0..flat.len()).map(|_| random.normal()).collect();
            shape.pack(&numbers).unwrap()
        };
        let start = drawn();
        let exact = lanczos(&mut product, &start, STEPS, drawn).unwrap();
        let exact = *exact.ritz.last().unwrap();
        assert!(exact > 0.1 && (found / exact - 1.0).abs() < 2e-3, "{found} beside {exact}");
    }
}
