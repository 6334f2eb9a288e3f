//! What is kept of a finished network: its weights at the start and at the end, how it bears removal, noise and change.

use std::ops::Range;

use weightscope_frame::run::RunError;

use super::arm::Arm;
use super::duo::{Duo, Point};
use super::robustness::{self, Robustness};
use crate::method::distribution::{Distribution, of_layer, sum, whole};
use crate::method::form::Pair;
use crate::method::revival::Revival;
use crate::network::Network;

/// Places of the headline figures in the curves: 70 % pruned, 40 % deleted, noise 0.3.
const PRUNED_70: usize = 6;
const DELETED_40: usize = 3;
const NOISE_30: usize = 3;

/// Figures of one network.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Figures {
    pub(crate) test_accuracy: f64,
    pub(crate) train_accuracy: f64,
    pub(crate) train_loss: f64,
    pub(crate) start: Distribution,
    pub(crate) end: Distribution,
    /// By layer, at the start and at the end.
    pub(crate) layers: Vec<(Distribution, Distribution)>,
    pub(crate) top_tenth: f64,
    pub(crate) gini: f64,
    /// Lorenz curve of the saliencies.
    pub(crate) lorenz: (Vec<f64>, Vec<f64>),
    /// How it bears removal, noise and change.
    #[serde(flatten)]
    pub(crate) bears: Robustness,
    pub(crate) revival: Revival,
    pub(crate) history: Vec<Point>,
    /// Amplitude and width in standard deviations of the layer's initial weights, and the slope at zero; means over the layers.
    pub(crate) pair: Option<[f64; 3]>,
    pub(crate) clipped_share: f64,
}

impl Figures {
    /// Test accuracy after the smallest 70 % of each layer are removed.
    pub(crate) fn pruned_70(&self) -> f64 {
        self.bears.pruned.get(PRUNED_70).copied().unwrap_or(f64::NAN)
    }

    /// Test accuracy after a random 40 % of each layer are removed.
    pub(crate) fn deleted_40(&self) -> f64 {
        self.bears.deleted.get(DELETED_40).copied().unwrap_or(f64::NAN)
    }

    /// Test accuracy under noise of standard deviation 0.3.
    pub(crate) fn noisy_30(&self) -> f64 {
        self.bears.noisy.get(NOISE_30).copied().unwrap_or(f64::NAN)
    }
}

/// A repeat that is done, with what its network became.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Finished {
    pub(crate) seed: u64,
    pub(crate) own: Figures,
    pub(crate) twin: Option<Figures>,
    pub(crate) pairs: Vec<Option<Pair>>,
    /// Latent weights and plain ones, flat.
    #[serde(skip)]
    pub(crate) latent: Vec<f32>,
    #[serde(skip)]
    pub(crate) plain: Vec<f32>,
}

/// Places of the weight matrices in the flat vector.
pub(crate) fn ranges(network: &Network) -> Vec<Range<usize>> {
    network.layers().iter().map(|layer| layer.range.clone()).collect()
}

/// Distribution of each layer, and of the whole.
pub(crate) fn distributions(network: &Network, effective: &[f32]) -> (Vec<Distribution>, Distribution) {
    let layers: Vec<(usize, Distribution)> = network
        .layers()
        .iter()
        .map(|layer| {
            let weights = effective.get(layer.range.clone()).unwrap_or_default();
            (weights.len(), of_layer(weights, layer.inputs))
        })
        .collect();
    let all = whole(&layers);
    (layers.into_iter().map(|(_, layer)| layer).collect(), all)
}

/// Measures a trained repeat; `check` may end it.
pub(crate) fn measure(mut duo: Duo, check: &dyn Fn() -> Result<(), RunError>) -> Result<Finished, RunError> {
    let (own, twin) = robustness::of(&mut duo, check)?;
    let own = of_arm(&mut duo.own, own, std::mem::take(&mut duo.history));
    let history = std::mem::take(&mut duo.twin_history);
    let twin = duo.twin.as_mut().zip(twin).map(|(arm, bears)| of_arm(arm, bears, history));
    let effective = duo.own.effective();
    Ok(Finished {
        seed: duo.seed,
        own,
        twin,
        pairs: duo.own.function.pairs.clone(),
        plain: duo.own.network.folded(&effective),
        latent: duo.own.network.latent(),
    })
}

/// All figures of an arm.
fn of_arm(arm: &mut Arm, bears: Robustness, history: Vec<Point>) -> Figures {
    let effective = arm.effective();
    let (starts, start) = distributions(&arm.network, &arm.start);
    let (ends, end) = distributions(&arm.network, &effective);
    let saliency = arm.network.saliency(&effective);
    let train = arm.network.judge_train(&effective);
    Figures {
        test_accuracy: arm.network.judge_test(&effective).accuracy,
        train_accuracy: train.accuracy,
        train_loss: train.loss,
        layers: starts.into_iter().zip(ends).collect(),
        top_tenth: saliency.top_tenth(),
        gini: saliency.gini(),
        lorenz: saliency.lorenz(),
        revival: revived(arm, &effective),
        pair: mean_pair(arm),
        clipped_share: arm.clipped_share,
        history,
        bears,
        start,
        end,
    }
}

/// From which size at the start to which now the weights of an arm went.
pub(crate) fn revived(arm: &Arm, effective: &[f32]) -> Revival {
    let mut revival = Revival::default();
    revival.add(&arm.start, effective, &ranges(&arm.network));
    revival
}

/// Euclidean norm over the weight matrices.
pub(crate) fn norm_over(values: &[f32], layers: &[Range<usize>]) -> f64 {
    let parts = layers.iter().filter_map(|layer| values.get(layer.clone()));
    parts.map(|part| sum(part, |value| value * value)).sum::<f64>().sqrt()
}

/// Amplitude, width and slope at zero in the layers' own units, means over the layers that have them.
fn mean_pair(arm: &Arm) -> Option<[f64; 3]> {
    let pairs = arm.function.pairs.iter().zip(&arm.deviations);
    let own: Vec<[f64; 3]> = pairs
        .filter_map(|(pair, deviation)| {
            let pair = (*pair)?;
            Some([pair.amplitude / deviation, pair.width / deviation, pair.slope_at_zero()])
        })
        .collect();
    if own.is_empty() {
        return None;
    }
    let mean = |place: usize| own.iter().filter_map(|pair| pair.get(place)).sum::<f64>() / own.len() as f64;
    Some([mean(0), mean(1), mean(2)])
}
