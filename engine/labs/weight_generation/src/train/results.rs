//! The final figures; what does not apply is absent.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Metric;
use weightscope_frame::run::RunError;

use super::evaluate::Evaluation;
use super::{Known, defect, learn};
use crate::config::{Autoencoder, Config, Generator as Kind};
use crate::metrics;
use crate::train::evaluate::{figures_of, fine_after};

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn report(run: &mut Running<'_, '_, Config>, metric: &Metric, value: Option<f64>) {
    if let Some(value) = value.filter(|value| value.is_finite()) {
        run.context.result(metric, value);
    }
}

/// Accuracy and size of the zoo.
pub(super) fn of_zoo(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let zoo = mean(&run.state.zoo.accuracies);
    run.state.known = Known { zoo, ..Known::default() };
    zoo_figures(run);
    Ok(())
}

fn zoo_figures(run: &mut Running<'_, '_, Config>) {
    let (zoo, seconds) = (run.state.known.zoo, run.state.seconds.zoo);
    report(run, &metrics::ZOO_ACCURACY, zoo);
    let parameters = run.shared.bench.shape.parameters() as f64;
    report(run, &metrics::NETWORK_PARAMETERS, Some(parameters));
    report(run, &metrics::SECONDS_ZOO, Some(seconds));
}

/// Accuracy of reconstructed networks, and the spread of the latents.
pub(super) fn of_autoencoder(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    if run.settings.autoencoder == Autoencoder::None {
        return autoencoder_figures(run);
    }
    let prepared = run.state.prepared()?;
    let learned = run.state.learned()?;
    let net = run.state.autoencoder_net()?;
    let bench = &run.shared.bench;
    let weights = &run.state.autoencoder.values;
    let rebuilt = |rows: &[f32], tasks: &[usize]| -> Result<Option<f64>, RunError> {
        if tasks.is_empty() {
            return Ok(None);
        }
        let places: Vec<u32> = (0..tasks.len()).flat_map(|_| 0..prepared.chunks.rows() as u32).collect();
        let latents = net.encode(weights, rows, &places);
        let networks = prepared.networks_of(&net.decode(weights, &latents, &places)).map_err(defect)?;
        let pairs: Vec<(usize, &[f32])> =
            tasks.iter().copied().zip(networks.iter().map(Vec::as_slice)).collect();
        Ok(mean(&bench.accuracies(&pairs)?))
    };
    let own = rebuilt(&prepared.rows, &run.state.zoo.task_of)?;
    let unseen: Vec<usize> = (bench.seen..bench.tasks.len()).collect();
    let others = rebuilt(&prepared.scratch_rows, &unseen)?;
    (run.state.known.reconstruction, run.state.known.reconstruction_unseen) = (own, others);
    autoencoder_figures(run)?;
    let spread = f64::from(learned.scaling.deviation);
    if spread > learn::WIDE {
        run.context.warn(&format!(
            "the latents spread by {spread:.1}, far from the standard normal; raise kl_weight, or the decoder learns a map with holes"
        ));
    }
    Ok(())
}

fn autoencoder_figures(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let seconds = run.state.seconds.autoencoder;
    report(run, &metrics::SECONDS_AUTOENCODER, Some(seconds));
    if run.settings.autoencoder == Autoencoder::None {
        return Ok(());
    }
    let known = run.state.known;
    let spread = f64::from(run.state.learned()?.scaling.deviation);
    report(run, &metrics::RECONSTRUCTION, known.reconstruction);
    report(run, &metrics::RECONSTRUCTION_UNSEEN, known.reconstruction_unseen);
    report(run, &metrics::LATENT_SPREAD, Some(spread));
    Ok(())
}

/// The figures of all stages once more: a fork begins without those of the stages that its parent did.
pub(super) fn of_stages(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    zoo_figures(run);
    autoencoder_figures(run)?;
    of_diffusion(run)
}

/// Loss and size of the generator.
pub(super) fn of_diffusion(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let seconds = run.state.seconds.diffusion;
    report(run, &metrics::SECONDS_DIFFUSION, Some(seconds));
    let loss = run.state.denoiser_sums.last();
    report(run, &metrics::DIFFUSION_LOSS, Some(loss));
    let autoencoder = match run.settings.autoencoder {
        Autoencoder::None => 0,
        _ => run.state.autoencoder_net()?.plan.parameters(),
    };
    if run.settings.generator != Kind::Replica {
        let net = run.state.denoiser_net()?;
        let all = autoencoder + net.plan.parameters() - net.encoder_parameters;
        report(run, &metrics::GENERATOR_PARAMETERS, Some(all as f64));
        report(run, &metrics::ENCODER_PARAMETERS, Some(net.encoder_parameters as f64));
    }
    Ok(())
}

/// Everything that the evaluation found.
pub(super) fn of_evaluation(run: &mut Running<'_, '_, Config>) {
    let evaluation = run.state.evaluation.clone();
    let seen = evaluation.tasks.iter().filter(|task| **task < run.shared.bench.seen).count();
    let all = evaluation.tasks.len();
    let of = |id: &str, tasks: std::ops::Range<usize>| {
        let method = evaluation.methods.iter().find(|method| method.id == id)?;
        if tasks.is_empty() { None } else { figures_of(method, tasks) }
    };
    let mean_of = |id: &str| of(id, seen..all).map(|found| found.mean);
    report(run, &metrics::GENERATED_SEEN, of("generated", 0..seen).map(|found| found.mean));
    let generated = of("generated", seen..all);
    report(run, &metrics::GENERATED_UNSEEN, generated.map(|found| found.mean));
    report(run, &metrics::GENERATED_SPREAD, generated.map(|found| found.spread));
    report(run, &metrics::TOP_THREE, top_three(&evaluation, seen..all));
    for (metric, id) in [
        (&metrics::BEST_OF_DRAWS, "best_of_draws"),
        (&metrics::RANDOM, "random"),
        (&metrics::MEAN, "mean"),
        (&metrics::NEAREST, "nearest"),
        (&metrics::NEAREST_MEAN, "nearest_mean_5"),
        (&metrics::RIDGE, "ridge"),
        (&metrics::KDE, "kde"),
    ] {
        report(run, metric, mean_of(id));
    }
    for (metric, id) in [
        (&metrics::GENERATED_5, "generated"),
        (&metrics::RANDOM_5, "random"),
        (&metrics::NEAREST_5, "nearest"),
        (&metrics::RIDGE_5, "ridge"),
    ] {
        let value = if seen < all { fine_after(&evaluation, id, 5, seen..all) } else { None };
        report(run, metric, value);
    }
    report(run, &metrics::EXPLODED, Some(evaluation.exploded as f64));
    if let Some(novel) = &evaluation.novel {
        report(run, &metrics::WRONG_IOU, Some(novel.wrong_iou));
        report(run, &metrics::DISTANCE_RATIO, Some(novel.distance_ratio));
    }
    if let Some(searched) = &evaluation.searched {
        report(run, &metrics::REFINED, Some(searched.accuracy));
        report(run, &metrics::REFINED_NOISE, Some(searched.noise_accuracy));
        report(run, &metrics::KEPT_SHARE, Some(searched.kept));
    }
    for (name, value) in &evaluation.target {
        if let Some(metric) = metrics::ALL.iter().find(|metric| metric.name == name) {
            report(run, metric, Some(*value));
        }
    }
    let seconds = run.state.seconds.evaluation;
    report(run, &metrics::SECONDS_EVALUATION, Some(seconds));
    report(run, &metrics::SECONDS_DRAW, Some(evaluation.seconds_draw));
    report(run, &metrics::PEAK, peak());
    sentence(run, &evaluation, seen);
}

/// Mean over tasks of the three best draws by test accuracy.
fn top_three(evaluation: &Evaluation, tasks: std::ops::Range<usize>) -> Option<f64> {
    let method = evaluation.methods.first()?;
    let rows = method.accuracies.get(tasks)?;
    mean(&rows.iter().map(|row| crate::method::evaluate::top_three(row)).collect::<Vec<f64>>())
}

/// Compares generation with what is simpler, in a sentence: with ridge regression first.
fn sentence(run: &mut Running<'_, '_, Config>, evaluation: &Evaluation, seen: usize) {
    let all = evaluation.tasks.len();
    let of = |id: &str| {
        let method = evaluation.methods.iter().find(|method| method.id == id)?;
        figures_of(method, seen..all).map(|found| found.mean)
    };
    let (Some(generated), Some(ridge), Some(nearest), Some(five)) =
        (of("generated"), of("ridge"), of("nearest"), of("nearest_mean_5"))
    else {
        return;
    };
    let against = |other: f64| {
        if generated > other + 0.02 {
            "better than"
        } else if generated < other - 0.02 {
            "worse than"
        } else {
            "within 0.02 of"
        }
    };
    run.context.message(&format!(
        "generated networks for unseen tasks get {generated:.3}: {} ridge regression ({ridge:.3}), {} the mean of the five nearest tasks ({five:.3}), {} the nearest network ({nearest:.3})",
        against(ridge),
        against(five),
        against(nearest)
    ));
}

/// Largest memory of the program so far, in MiB, where the system tells it.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
