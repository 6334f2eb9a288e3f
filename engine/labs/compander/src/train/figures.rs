//! What is measured of a finished network: its weights at the start and at the end, how it bears removal, noise and perturbation.

use std::ops::Range;

use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::arm::Arm;
use super::duo::{Duo, Point};
use crate::data::Rows;
use crate::method::distribution::{Distribution, of_layer, sum, whole};
use crate::method::form::Pair;
use crate::method::revival::Revival;
use crate::method::thinning::{SHARES, Thinning};
use crate::network::Network;

/// Standard deviations of the noise on the inputs.
pub(crate) const NOISES: [f64; 6] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5];
/// Sizes of a random change of the weights, shares of their norm.
pub(crate) const CHANGES: [f64; 3] = [0.01, 0.02, 0.05];
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
    /// Test accuracy after removing each of [`SHARES`], the smallest first.
    pub(crate) pruned: Vec<f64>,
    /// The same at random.
    pub(crate) deleted: Vec<f64>,
    /// Test accuracy under each of [`NOISES`].
    pub(crate) noisy: Vec<f64>,
    /// Training loss after each of [`CHANGES`].
    pub(crate) changed: Vec<f64>,
    pub(crate) revival: Revival,
    pub(crate) history: Vec<Point>,
    /// Amplitude and width in standard deviations of the layer's initial weights, and the slope at zero; means over the layers.
    pub(crate) pair: Option<[f64; 3]>,
    pub(crate) clipped_share: f64,
}

impl Figures {
    /// Test accuracy after the smallest 70 % of each layer are removed.
    pub(crate) fn pruned_70(&self) -> f64 {
        self.pruned.get(PRUNED_70).copied().unwrap_or(f64::NAN)
    }

    /// Test accuracy after a random 40 % of each layer are removed.
    pub(crate) fn deleted_40(&self) -> f64 {
        self.deleted.get(DELETED_40).copied().unwrap_or(f64::NAN)
    }

    /// Test accuracy under noise of standard deviation 0.3.
    pub(crate) fn noisy_30(&self) -> f64 {
        self.noisy.get(NOISE_30).copied().unwrap_or(f64::NAN)
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

/// What both arms of a repeat are tried with.
struct Trials {
    deletion: Thinning,
    /// Standard normal, one number for each feature of the test rows.
    noise: Vec<f32>,
    /// Standard normal on the weight matrices, 0 elsewhere.
    direction: Vec<f32>,
}

/// Measures a trained repeat; `check` may end it.
pub(crate) fn measure(mut duo: Duo, check: &dyn Fn() -> Result<(), RunError>) -> Result<Finished, RunError> {
    let seed = duo.seed;
    let layers = ranges(&duo.own.network);
    let mut noise = vec![0.0; duo.trial.test.features.len()];
    stream(seed, "noise").fill_normal(&mut noise);
    let mut direction = vec![0.0; duo.own.start.len()];
    let mut random = stream(seed, "perturbation");
    layers
        .iter()
        .filter_map(|layer| direction.get_mut(layer.clone()).map(|own| random.fill_normal(own)))
        .for_each(drop);
    let trials =
        Trials { deletion: Thinning::random(&layers, &mut stream(seed, "deletion")), noise, direction };
    let mut own = of_arm(&mut duo.own, &trials, check)?;
    own.history = std::mem::take(&mut duo.history);
    let mut twin = duo.twin.as_mut().map(|twin| of_arm(twin, &trials, check)).transpose()?;
    if let Some(twin) = &mut twin {
        twin.history = std::mem::take(&mut duo.twin_history);
    }
    // Noisy rows are made once for both.
    let mut rows = Rows { features: Vec::new(), labels: duo.trial.test.labels.clone() };
    for noise in NOISES {
        check()?;
        let pairs = duo.trial.test.features.iter().zip(&trials.noise);
        rows.features.clear();
        rows.features.extend(pairs.map(|(value, own)| value + noise as f32 * own));
        let judge = |arm: &mut Arm, figures: &mut Figures| {
            let effective = arm.effective();
            figures.noisy.push(arm.network.judge(&effective, &rows).accuracy);
        };
        judge(&mut duo.own, &mut own);
        if let Some((arm, figures)) = duo.twin.as_mut().zip(twin.as_mut()) {
            judge(arm, figures);
        }
    }
    let effective = duo.own.effective();
    Ok(Finished {
        seed,
        own,
        twin,
        pairs: duo.own.function.pairs.clone(),
        plain: duo.own.network.folded(&effective),
        latent: duo.own.network.latent(),
    })
}

/// All figures of an arm but those under noise.
fn of_arm(
    arm: &mut Arm,
    trials: &Trials,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Figures, RunError> {
    let effective = arm.effective();
    let layers = ranges(&arm.network);
    let (starts, start) = distributions(&arm.network, &arm.start);
    let (ends, end) = distributions(&arm.network, &effective);
    let mut revival = Revival::default();
    revival.add(&arm.start, &effective, &layers);
    let saliency = arm.network.saliency(&effective);
    let train = arm.network.judge_train(&effective);
    let mut thinned = |thinning: &Thinning| -> Result<Vec<f64>, RunError> {
        let mut found = Vec::with_capacity(SHARES.len());
        for share in SHARES {
            check()?;
            found.push(arm.network.judge_test(&thinning.removed(&effective, share)).accuracy);
        }
        Ok(found)
    };
    let (pruned, deleted) = (thinned(&Thinning::smallest(&effective, &layers))?, thinned(&trials.deletion)?);
    let changed = CHANGES.map(|share| {
        let size = norm_over(&effective, &layers) / norm_over(&trials.direction, &layers);
        let factor = (share * size) as f32;
        let moved: Vec<f32> =
            effective.iter().zip(&trials.direction).map(|(weight, by)| weight + factor * by).collect();
        arm.network.judge_train(&moved).loss
    });
    Ok(Figures {
        test_accuracy: arm.network.judge_test(&effective).accuracy,
        train_accuracy: train.accuracy,
        train_loss: train.loss,
        layers: starts.into_iter().zip(ends).collect(),
        top_tenth: saliency.top_tenth(),
        gini: saliency.gini(),
        lorenz: saliency.lorenz(),
        noisy: Vec::with_capacity(NOISES.len()),
        history: Vec::new(),
        changed: changed.to_vec(),
        pair: mean_pair(arm),
        clipped_share: arm.clipped_share,
        start,
        end,
        pruned,
        deleted,
        revival,
    })
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
