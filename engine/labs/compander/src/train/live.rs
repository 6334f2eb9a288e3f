//! What is recorded of the first repeat while it trains: at the start and every so many steps what the weights tell alone; where the
//! accuracies are judged, those and the saliencies; at each second of these points how the networks bear removal, noise and change.
//!
//! Contract: recording costs a few hundredths of the training. So no row is judged for a record alone, and what is judged besides does
//! not depend on how often is recorded.

use weightscope_data::EpochBatches;
use weightscope_frame::lab::Running;
use weightscope_frame::record::declared::{Family, kinds::OfScalars};
use weightscope_frame::run::RunError;

use super::arm::Arm;
use super::curves;
use super::duo::{Duo, Point, steps_per_epoch};
use super::figures::{distributions, norm_over, ranges};
use super::robustness;
use crate::channels as ch;
use crate::config::Config;
use crate::method::distribution::Distribution;
use crate::method::motion::Motion;
use crate::method::saliency::Saliency;

/// What recording keeps between steps.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Live {
    /// Motions by size of the network and of its twin.
    pub(crate) motion: Motion,
    pub(crate) twin_motion: Motion,
    /// Losses and lengths of the newest recorded step.
    newest: Option<Newest>,
    /// The epoch whose batches are at hand.
    #[serde(skip)]
    pub(crate) epoch: Option<u64>,
    #[serde(skip)]
    pub(crate) batches: Option<EpochBatches>,
    /// The weights after the newest measured step, for the record that follows it.
    #[serde(skip)]
    after: Option<Weights>,
}

/// Of one step: losses before it, and how far the vectors moved.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Newest {
    loss: f64,
    twin_loss: Option<f64>,
    latent: f64,
    weights: f64,
    twin: Option<f64>,
}

/// The weights before or after a step.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) latent: Vec<f32>,
    pub(crate) effective: Vec<f32>,
    pub(crate) twin: Option<Vec<f32>>,
}

impl Weights {
    /// As they stand.
    pub(crate) fn of(duo: &Duo) -> Self {
        let latent = duo.own.network.latent();
        let effective = duo.own.network.effective_of(&latent, &duo.own.function);
        Self { latent, effective, twin: duo.twin.as_ref().map(Arm::effective) }
    }
}

impl Live {
    /// Nothing yet.
    pub(crate) fn new(_duo: &Duo) -> Self {
        Self::default()
    }

    /// Takes a step that was made into account.
    pub(crate) fn moved(&mut self, duo: &Duo, before: &Weights, losses: (f64, Option<f64>)) {
        let layers = ranges(&duo.own.network);
        let length = |before: &[f32], after: &[f32]| {
            let difference: Vec<f32> =
                before.iter().zip(after).map(|(before, after)| after - before).collect();
            norm_over(&difference, &layers)
        };
        let now = Weights::of(duo);
        let add = |motion: &mut Motion, arm: &Arm, before: &[f32], after: &[f32]| {
            for (layer, deviation) in layers.iter().zip(&arm.deviations) {
                if let (Some(before), Some(after)) = (before.get(layer.clone()), after.get(layer.clone())) {
                    motion.add(before, after, *deviation);
                }
            }
        };
        add(&mut self.motion, &duo.own, &before.effective, &now.effective);
        if let (Some(arm), Some(before), Some(after)) = (&duo.twin, &before.twin, &now.twin) {
            add(&mut self.twin_motion, arm, before, after);
        }
        self.newest = Some(Newest {
            loss: losses.0,
            twin_loss: losses.1,
            latent: length(&before.latent, &now.latent),
            weights: length(&before.effective, &now.effective),
            twin: before.twin.as_ref().zip(now.twin.as_ref()).map(|(before, after)| length(before, after)),
        });
        self.after = Some(now);
    }

    /// The weights as they stand: those after the step that was measured last, if they were kept.
    fn standing(&mut self, duo: &Duo) -> Weights {
        self.after.take().unwrap_or_else(|| Weights::of(duo))
    }
}

/// Names the layers for controls.
pub(super) fn describe(run: &mut Running<'_, '_, Config>) {
    let layers: Vec<(String, String)> = run
        .state
        .duo
        .own
        .network
        .layers()
        .iter()
        .map(|layer| (layer.label.clone(), layer.label.clone()))
        .collect();
    let whole = (ch::ALL_LAYERS.to_owned(), "all layers".to_owned());
    let parts = std::iter::once(whole).chain(layers.iter().cloned()).collect();
    run.choices(&ch::LAYERS, layers);
    run.choices(&ch::WHOLE, parts);
}

/// Records both arms as they stand: losses, spread, norms, parameters of the function.
pub(super) fn record(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let config = run.settings;
    let done = run.state.duo.done;
    run.context.scalar(&ch::LEARNING_RATE, config.rate_at(done.saturating_sub(1), steps_per_epoch(config)));
    if let Some(newest) = run.state.live.newest {
        let context = &mut *run.context;
        context.scalar(&ch::LOSS.labelled(ch::COMPANDER, "train"), newest.loss);
        context.scalar(&ch::UPDATE.labelled("latent", "update of v"), newest.latent);
        context.scalar(&ch::UPDATE.labelled("weights", "update of w"), newest.weights);
        if let (Some(loss), Some(length)) = (newest.twin_loss, newest.twin) {
            context.scalar(&ch::LOSS.labelled(ch::TWIN, "twin, train"), loss);
            context.scalar(&ch::UPDATE.labelled(ch::TWIN, "update of the twin"), length);
        }
    }
    let weights = run.state.live.standing(&run.state.duo);
    spread(run, &weights.effective, false);
    if let Some(twin) = &weights.twin {
        spread(run, twin, true);
    }
    let latent = norm_over(&weights.latent, &ranges(&run.state.duo.own.network));
    run.context.scalar(&ch::NORM.labelled("latent", "v"), latent);
    pairs(run, &weights.latent);
    Ok(())
}

/// Records how the weights of an arm are spread, and their norm.
fn spread(run: &mut Running<'_, '_, Config>, effective: &[f32], is_twin: bool) {
    let duo = &run.state.duo;
    let network = if is_twin {
        duo.twin.as_ref().map_or(&duo.own.network, |arm| &arm.network)
    } else {
        &duo.own.network
    };
    let (layers, whole) = distributions(network, effective);
    let norm = norm_over(effective, &ranges(network));
    let names: Vec<String> = network.layers().iter().map(|layer| layer.label.clone()).collect();
    let context = &mut *run.context;
    let (name, norm_name, norm_label) =
        if is_twin { (ch::TWIN, ch::TWIN, "twin") } else { (ch::COMPANDER, "weights", "w") };
    context.scalar(&ch::NORM.labelled(norm_name, norm_label), norm);
    let parts = std::iter::once((ch::ALL_LAYERS.to_owned(), whole)).chain(names.into_iter().zip(layers));
    for (part, figures) in parts {
        let member = format!("{name}/{part}");
        let label = if is_twin { format!("twin, {part}") } else { part };
        let each: [(&Family<OfScalars>, f64); 4] = {
            let Distribution { near_zero, largest, kurtosis, participation } = figures;
            [
                (&ch::NEAR_ZERO, near_zero),
                (&ch::LARGEST, largest),
                (&ch::KURTOSIS, kurtosis),
                (&ch::PARTICIPATION, participation),
            ]
        };
        // What does not apply is absent.
        for (family, value) in each.into_iter().filter(|(_, value)| value.is_finite()) {
            context.scalar(&family.labelled(&member, &label), value);
        }
    }
}

/// Records what was judged last: accuracies, and how unevenly the weights matter; shows the accuracies so far, where the weights went, and
/// at each second point how the networks bear removal, noise and change.
pub(super) fn judged(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let duo = &mut run.state.duo;
    let newest = |history: &[Point]| history.last().map(|point| (point.train, point.test));
    let own = newest(&duo.history).map(|accuracies| (ch::COMPANDER, accuracies, saliency(&mut duo.own)));
    let twin = duo.twin.as_mut().zip(newest(&duo.twin_history));
    let twin = twin.map(|(arm, accuracies)| (ch::TWIN, accuracies, saliency(arm)));
    let context = &mut *run.context;
    let judged: Vec<_> = own.into_iter().chain(twin).collect();
    for (name, (train, test), saliency) in &judged {
        let (name, train, test) = (*name, *train, *test);
        if name == ch::TWIN {
            context.scalar(&ch::TWIN_ACCURACY_TEST, test);
            context.scalar(&ch::TWIN_ACCURACY_TRAIN, train);
        } else {
            context.scalar(&ch::ACCURACY_TEST, test);
            context.scalar(&ch::ACCURACY_TRAIN, train);
        }
        for (family, value) in [(&ch::TOP_TENTH, saliency.top_tenth()), (&ch::GINI, saliency.gini())] {
            // What does not apply is absent.
            if value.is_finite() {
                context.scalar(&family.member(name), value);
            }
        }
    }
    for (name, _, saliency) in &judged {
        curves::lorenz(run, name, &[&saliency.lorenz()]);
    }
    curves::first(run);
    // The last point is measured with the other repeats.
    let duo = &mut run.state.duo;
    if duo.history.len().is_multiple_of(2) || duo.done == run.state.phases.steps() {
        return Ok(());
    }
    let (context, newest) = (&*run.context, |history: &[Point]| history.last().map(|point| point.test));
    let (own, twin) = robustness::of(duo, &|| context.check())?;
    let own = newest(&duo.history).map(|whole| (ch::COMPANDER, whole, own));
    let twin = newest(&duo.twin_history).zip(twin).map(|(whole, twin)| (ch::TWIN, whole, twin));
    for (name, whole, bears) in own.into_iter().chain(twin) {
        curves::robustness(run, name, &[(whole, &bears)]);
    }
    Ok(())
}

/// Of the weights as they stand.
fn saliency(arm: &mut Arm) -> Saliency {
    let effective = arm.effective();
    arm.network.saliency(&effective)
}

/// Records the parameters of each layer's function.
fn pairs(run: &mut Running<'_, '_, Config>, latent: &[f32]) {
    let own = &run.state.duo.own;
    let mut rows = Vec::new();
    for ((matrix, pair), deviation) in
        own.network.layers().iter().zip(&own.function.pairs).zip(&own.deviations)
    {
        let Some(pair) = pair else { continue };
        let values = latent.get(matrix.range.clone()).unwrap_or_default();
        let beyond = values.iter().filter(|v| f64::from(v.abs()) > pair.width).count();
        let share = beyond as f64 / values.len().max(1) as f64;
        rows.push((matrix.label.clone(), *pair, *deviation, share));
    }
    let context = &mut *run.context;
    for (layer, pair, deviation, beyond) in rows {
        context.scalar(&ch::AMPLITUDE.labelled(&layer, &format!("a, {layer}")), pair.amplitude / deviation);
        context.scalar(&ch::WIDTH.labelled(&layer, &format!("b, {layer}")), pair.width / deviation);
        context.scalar(&ch::SLOPE.labelled(&layer, &format!("a/b, {layer}")), pair.slope_at_zero());
        context.scalar(&ch::BEYOND.labelled(&layer, &format!("beyond b, {layer}")), beyond);
    }
}
