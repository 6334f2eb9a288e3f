//! Every way to get networks, evaluated alike: the same tasks, the same condition images, the same test rows.

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Bars, Cell, Table};
use weightscope_frame::run::RunError;
use weightscope_math::linalg::Dense;

use super::baselines::{Baseline, Baselines};
use super::{Method, Work};
use crate::channels as ch;
use crate::config::{Config, Generator as Kind};
use crate::method::evaluate::{Draws, Stage, best_by_condition, draws, largest_loss};

/// Compares.
pub(super) fn compare(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    let baselines = Baselines::new(&work)?;
    let word = match work.config.generator {
        Kind::Diffusion => "generated",
        Kind::Flow => "generated (flow)",
        Kind::Replica => "replica",
    };
    let mut methods = vec![
        by_task("generated", word, &run.state.evaluation.accuracies),
        Method {
            id: "best_of_draws".to_owned(),
            label: "best of draws by condition".to_owned(),
            accuracies: best_of_draws(run, &work)?,
        },
    ];
    for kind in Baseline::ALL {
        let (id, label) = kind.words();
        let mut rows = Vec::new();
        for draw in 0..work.config.draws as usize {
            run.context.check()?;
            let networks = baselines.networks(kind, draw, &work.conditions(draw))?;
            rows.push(work.judge(&networks)?);
        }
        methods.push(by_task(&id, &label, &rows));
    }
    methods.push(Method {
        id: "trained".to_owned(),
        label: "trained on the task".to_owned(),
        accuracies: ceiling(run, &work),
    });
    run.state.evaluation.methods = methods;
    show(run, work.seen);
    Ok(())
}

/// `[draws][tasks]` as `[tasks][draws]`.
fn by_task(id: &str, label: &str, rows: &[Vec<f64>]) -> Method {
    let tasks = rows.first().map_or(0, Vec::len);
    let accuracies =
        (0..tasks).map(|task| rows.iter().filter_map(|row| row.get(task).copied()).collect()).collect();
    Method { id: id.to_owned(), label: label.to_owned(), accuracies }
}

/// For every task the draw with the least loss on the condition images of all draws: they are training rows.
fn best_of_draws(run: &Running<'_, '_, Config>, work: &Work<'_>) -> Result<Vec<Vec<f64>>, RunError> {
    let evaluation = &run.state.evaluation;
    let bench = &work.shared.bench;
    let mut best = Vec::new();
    for (place, task) in work.tasks.iter().enumerate() {
        let mut images = work.condition(0, *task);
        let classes: Vec<_> =
            (0..work.config.draws as usize).map(|draw| work.condition(draw, *task)).collect();
        images.images = joined(&classes);
        images.each *= classes.len();
        let samples = images.samples()?;
        let (mut accuracies, mut losses) = (Vec::new(), Vec::new());
        for (draw, row) in evaluation.accuracies.iter().enumerate() {
            let network = evaluation.networks(draw).get(place).map_or(&[][..], Vec::as_slice);
            accuracies.push(row.get(place).copied().unwrap_or(f64::NAN));
            losses.push(bench.loss_on(&samples, network)?);
        }
        // Where no draw has a loss that is a number, the first stands for them.
        let first = accuracies.first().copied().unwrap_or(f64::NAN);
        best.push(vec![best_by_condition(&accuracies, &losses).unwrap_or(first)]);
    }
    Ok(best)
}

/// Images of several conditions of one task, class by class.
fn joined(conditions: &[crate::data::Condition]) -> Vec<f32> {
    let classes = conditions.first().map_or(0, |one| one.classes);
    let each = conditions.first().map_or(0, |one| one.images.len() / one.classes.max(1));
    let mut images = Vec::new();
    for class in 0..classes {
        for condition in conditions {
            let part = condition.images.get(class * each..(class + 1) * each);
            images.extend_from_slice(part.unwrap_or_default());
        }
    }
    images
}

/// Accuracy of networks that were trained on each task: those of the zoo, and those of unseen tasks.
fn ceiling(run: &Running<'_, '_, Config>, work: &Work<'_>) -> Vec<Vec<f64>> {
    let zoo = &run.state.zoo;
    let seen = work.groups.iter().take(work.seen).map(|group| {
        group.iter().filter_map(|place| zoo.accuracies.get(*place).copied()).collect::<Vec<f64>>()
    });
    seen.chain(zoo.scratch_accuracies.iter().map(|accuracy| vec![*accuracy])).collect()
}

/// Mean, spread over draws and best of a method on some of its tasks; draws may be fewer for some tasks.
pub(crate) fn figures(method: &Method, tasks: std::ops::Range<usize>) -> Option<Draws> {
    let rows = method.accuracies.get(tasks)?;
    let width = rows.first()?.len();
    if width == 0 || rows.iter().any(|row| row.len() != width) {
        let values: Vec<f64> = rows.iter().flatten().copied().collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        return (!values.is_empty()).then_some(Draws { mean, spread: f64::NAN, best: f64::NAN });
    }
    Some(draws(&Dense::new(rows.len(), width, rows.concat()).ok()?))
}

/// Bars and table of all methods, and the funnel.
fn show(run: &mut Running<'_, '_, Config>, seen: usize) {
    let methods = run.state.evaluation.methods.clone();
    let all = run.state.evaluation.tasks.len();
    let mut rows = Vec::new();
    for (name, label, tasks) in [("unseen", "unseen tasks", seen..all), ("seen", "seen tasks", 0..seen)] {
        if tasks.is_empty() {
            continue;
        }
        let known: Vec<(String, Draws)> = methods
            .iter()
            .filter_map(|method| Some((method.label.clone(), figures(method, tasks.clone())?)))
            .collect();
        let bars = Bars {
            edges: Vec::new(),
            labels: known
                .iter()
                .map(|(label, found)| {
                    if found.spread.is_nan() || found.spread == 0.0 {
                        label.clone()
                    } else {
                        format!("{label} (± {:.3})", found.spread)
                    }
                })
                .collect(),
            series: vec![("accuracy".to_owned(), known.iter().map(|(_, found)| found.mean).collect())],
        };
        run.context.show_only(&ch::METHODS.labelled(name, label), bars);
        for (method, found) in known {
            rows.push(vec![
                Cell::Text(method),
                Cell::Text(name.to_owned()),
                Cell::Number(found.mean),
                Cell::Number(found.spread),
                Cell::Number(found.best),
            ]);
        }
    }
    let columns = ["method", "tasks", "accuracy", "spread over draws", "best draw by test accuracy"];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    run.context.show_only(&ch::METHOD_TABLE, table);
    funnel(run, seen);
}

/// The funnel from the zoo to generated networks; the bar after five steps comes with fine-tuning.
pub(super) fn funnel(run: &mut Running<'_, '_, Config>, seen: usize) {
    let all = run.state.evaluation.tasks.len();
    let judged = if seen < all { seen..all } else { 0..seen };
    let known = run.state.known;
    let generated = run.state.evaluation.methods.first().and_then(|method| figures(method, judged.clone()));
    let five = super::fine::after(&run.state.evaluation, "generated", 5, judged);
    let named = [
        ("zoo", known.zoo),
        ("reconstruction", known.reconstruction),
        ("reconstruction, unseen", known.reconstruction_unseen),
        ("generated", generated.map(|found| found.mean)),
        ("after 5 steps", five),
    ];
    let stages: Vec<Stage> =
        named.into_iter().filter_map(|(name, accuracy)| Some(Stage { name, accuracy: accuracy? })).collect();
    let words = match largest_loss(&stages) {
        Some((index, loss)) => {
            format!("accuracy; {} loses most, {loss:.3}", stages.get(index).map_or("", |stage| stage.name))
        }
        None => "accuracy; no stage loses any".to_owned(),
    };
    run.context.text(&ch::FUNNEL_WORDS, words);
    let bars = Bars {
        edges: Vec::new(),
        labels: stages.iter().map(|stage| stage.name.to_owned()).collect(),
        series: vec![("accuracy".to_owned(), stages.iter().map(|stage| stage.accuracy).collect())],
    };
    run.context.show_only(&ch::FUNNEL, bars);
}
