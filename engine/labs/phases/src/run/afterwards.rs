//! The job of using one network: pruning it, fine-tuning it to another task.

use serde::{Deserialize, Serialize};

use super::training::{JUDGED, Network, pack, shape};
use super::tuning::tune;
use crate::config::Config;
use crate::material::Material;
use crate::plan::Knobs;
use weightscope_frame::run::{Control, RunError};
use weightscope_math::stream;
use weightscope_population::{Machine, Shape};

/// Test accuracies after using a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Afterwards {
    /// With the smallest weights set to 0.
    pub(crate) pruned: Option<f64>,
    /// Fine-tuned to another task.
    pub(crate) tuned: Option<f64>,
}

/// Uses a network; nothing for one that is not finite.
pub(crate) fn measure(
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
pub(crate) fn prune(shape: &Shape, flat: &[f32], share: f64) -> Vec<f32> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_population::{Activation, Objective};

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
