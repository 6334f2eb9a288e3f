//! How a network and its twin bear removal of weights, noise on the inputs and a random change of the weights.
//!
//! Contract: what they are tried with depends on the seed alone, is the same for both, and at every step.

use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::arm::Arm;
use super::duo::Duo;
use super::figures::{norm_over, ranges};
use crate::data::Rows;
use crate::method::thinning::{SHARES, Thinning};

/// Standard deviations of the noise on the inputs.
pub(crate) const NOISES: [f64; 6] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5];
/// Sizes of a random change of the weights, shares of their norm.
pub(crate) const CHANGES: [f64; 3] = [0.01, 0.02, 0.05];

/// Accuracies and losses of one network as it stands.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Robustness {
    /// Test accuracy after removing each of [`SHARES`] of each layer, the smallest first.
    pub(crate) pruned: Vec<f64>,
    /// The same at random.
    pub(crate) deleted: Vec<f64>,
    /// Test accuracy under each of [`NOISES`].
    pub(crate) noisy: Vec<f64>,
    /// Training loss after each of [`CHANGES`].
    pub(crate) changed: Vec<f64>,
}

/// What both arms of a repeat are tried with.
struct Trials {
    deletion: Thinning,
    /// Standard normal on the weight matrices, 0 elsewhere.
    direction: Vec<f32>,
}

/// Measures both arms of a repeat; `check` may end it.
pub(crate) fn of(
    duo: &mut Duo,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<(Robustness, Option<Robustness>), RunError> {
    let seed = duo.seed;
    let layers = ranges(&duo.own.network);
    let mut direction = vec![0.0; duo.own.start.len()];
    let mut random = stream(seed, "perturbation");
    layers
        .iter()
        .filter_map(|layer| direction.get_mut(layer.clone()).map(|own| random.fill_normal(own)))
        .for_each(drop);
    let trials = Trials { deletion: Thinning::random(&layers, &mut stream(seed, "deletion")), direction };
    let mut own = weights(&mut duo.own, &trials, check)?;
    let mut twin = duo.twin.as_mut().map(|twin| weights(twin, &trials, check)).transpose()?;
    // Noisy rows are made once for both.
    let test = &duo.trial.test;
    let mut noise = vec![0.0; test.features.len()];
    stream(seed, "noise").fill_normal(&mut noise);
    let mut rows = Rows { features: Vec::new(), labels: test.labels.clone() };
    for size in NOISES {
        check()?;
        let pairs = test.features.iter().zip(&noise);
        rows.features.clear();
        rows.features.extend(pairs.map(|(value, own)| value + size as f32 * own));
        let judge = |arm: &mut Arm, found: &mut Robustness| {
            let effective = arm.effective();
            found.noisy.push(arm.network.judge(&effective, &rows).accuracy);
        };
        judge(&mut duo.own, &mut own);
        if let Some((arm, found)) = duo.twin.as_mut().zip(twin.as_mut()) {
            judge(arm, found);
        }
    }
    Ok((own, twin))
}

/// Removal and change of the weights of one arm.
fn weights(
    arm: &mut Arm,
    trials: &Trials,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Robustness, RunError> {
    let effective = arm.effective();
    let layers = ranges(&arm.network);
    let mut thinned = |thinning: &Thinning| -> Result<Vec<f64>, RunError> {
        let mut found = Vec::with_capacity(SHARES.len());
        for share in SHARES {
            check()?;
            found.push(arm.network.judge_test(&thinning.removed(&effective, share)).accuracy);
        }
        Ok(found)
    };
    let (pruned, deleted) = (thinned(&Thinning::smallest(&effective, &layers))?, thinned(&trials.deletion)?);
    let size = norm_over(&effective, &layers) / norm_over(&trials.direction, &layers);
    let changed = CHANGES.map(|share| {
        let factor = (share * size) as f32;
        let moved: Vec<f32> =
            effective.iter().zip(&trials.direction).map(|(weight, by)| weight + factor * by).collect();
        arm.network.judge_train(&moved).loss
    });
    Ok(Robustness { pruned, deleted, noisy: Vec::with_capacity(NOISES.len()), changed: changed.to_vec() })
}
