//! The job of using one network: pruning it, fine-tuning it to other classes.
//!
//! Fine-tuning: the classes are halved; the last layer is drawn anew for the upper half, and the network learns the training rows of
//! those classes, at their true labels, for a few epochs. The other layers carry over what they learned.

use serde::{Deserialize, Serialize};

use super::training::{JUDGED, Network, pack, shape};
use crate::labs::phases::config::Config;
use crate::labs::phases::material::Material;
use crate::labs::phases::plan::Knobs;
use crate::math::stream;
use crate::population::{Machine, Protocol, Rates, Samples, Schedule, Shape, train};
use crate::run::{Control, RunError};

/// Rows in a step of fine-tuning.
const TUNING_BATCH: usize = 16;

/// Test accuracies after using a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::phases) struct Afterwards {
    /// With the smallest weights set to 0.
    pub(in crate::labs::phases) pruned: Option<f64>,
    /// Fine-tuned to the upper half of the classes.
    pub(in crate::labs::phases) tuned: Option<f64>,
}

/// Uses a network; nothing for one that is not finite.
pub(in crate::labs::phases) fn measure(
    config: &Config,
    material: &Material,
    knobs: &Knobs,
    (run_seed, seed): (u64, usize),
    network: &Network,
    control: &Control,
) -> Result<Afterwards, RunError> {
    if !network.finite || !config.downstream {
        return Ok(Afterwards::default());
    }
    let shape = shape(config, material, knobs)?;
    let mut judge = Machine::new(&shape, JUDGED);
    let pruned = prune(&shape, &network.weights, config.pruned_share);
    let pruned = judge.judge(&pack(&shape, &pruned)?, &material.test).accuracy;
    let random = &mut stream(run_seed, &format!("phases/tuning/{}", knobs.name(seed)));
    let tuned = tune(config, material, knobs, &shape, network, random, control)?;
    Ok(Afterwards { pruned: Some(pruned), tuned })
}

/// Sets the share of the weights with the smallest magnitudes, over all matrices together, to 0; biases stay.
pub(in crate::labs::phases) fn prune(shape: &Shape, flat: &[f32], share: f64) -> Vec<f32> {
    let mut pruned = flat.to_vec();
    let matrices: Vec<_> = shape.tensors().into_iter().filter(|tensor| tensor.shape.len() == 2).collect();
    let mut order: Vec<usize> = matrices.iter().flat_map(|tensor| tensor.range.clone()).collect();
    order.sort_by(|a, b| flat[*a].abs().total_cmp(&flat[*b].abs()).then(a.cmp(b)));
    let count = (share.clamp(0.0, 1.0) * order.len() as f64).round() as usize;
    for index in order.into_iter().take(count) {
        pruned[index] = 0.0;
    }
    pruned
}

/// The rows of the upper half of the classes, counted from 0.
fn upper_half(samples: &Samples, labels: &[u32], classes: usize) -> Option<Samples> {
    let first = classes as u32 / 2;
    let rows: Vec<usize> = (0..samples.rows()).filter(|row| labels[*row] >= first).collect();
    let moved = rows.iter().map(|row| labels[*row] - first).collect();
    samples.select(&rows).with_labels(moved)
}

fn tune(
    config: &Config,
    material: &Material,
    knobs: &Knobs,
    shape: &Shape,
    network: &Network,
    random: &mut crate::math::Stream,
    control: &Control,
) -> Result<Option<f64>, RunError> {
    let classes = material.classes;
    let training = material.training(knobs)?;
    let (Some(train), Some(test)) = (
        upper_half(&training.samples, &training.clean_labels, classes),
        upper_half(&material.test, material.test.labels().unwrap_or_default(), classes),
    ) else {
        return Ok(None);
    };
    if train.rows() == 0 || test.rows() == 0 || classes < 2 {
        return Ok(None);
    }
    let mut sizes = shape.sizes().to_vec();
    if let Some(last) = sizes.last_mut() {
        *last = classes - classes / 2;
    }
    let smaller = Shape::new(&sizes, shape.activation(), shape.objective())
        .map_err(|error| RunError::Defect(error.to_string()))?;
    let mut flat = train::initial(&smaller, random);
    let kept = shape.tensors().iter().rev().nth(1).map_or(0, |tensor| tensor.range.start);
    flat[..kept].copy_from_slice(&network.weights[..kept]);
    let mut weights = pack(&smaller, &flat)?;
    let rates = Rates {
        learning_rate: config.tuning_learning_rate as f32,
        momentum: config.momentum as f32,
        weight_decay: config.weight_decay as f32,
    };
    let protocol = Protocol {
        batch: TUNING_BATCH,
        epochs: config.tuning_epochs as usize,
        rates,
        schedule: Schedule::Constant,
    };
    let mut machine = Machine::new(&smaller, TUNING_BATCH.max(JUDGED));
    train::train(&mut machine, &mut weights, &train, &protocol, random, |_, _| {
        control.check().map_err(RunError::from)
    })?;
    Ok(Some(machine.judge(&weights, &test).accuracy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{Activation, Objective};

    #[test]
    fn pruning_takes_the_smallest_weights_and_leaves_biases() {
        let shape = Shape::new(&[2, 2, 1], Activation::Relu, Objective::CrossEntropy).unwrap();
        let flat = [0.1, -5.0, 0.3, 4.0, 0.01, 0.02, -0.2, 6.0, 0.001];
        let pruned = prune(&shape, &flat, 0.5);
        assert_eq!(
            pruned,
            [0.0, -5.0, 0.3, 4.0, 0.01, 0.02, 0.0, 6.0, 0.001].map(|value: f32| if value == 0.3 {
                0.0
            } else {
                value
            })
        );
    }
}
