//! Fine-tuning from generated networks, and from what is simpler.

use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::stats::order::quantiles;
use weightscope_math::stream;

use super::baselines::{Baseline, Baselines};
use super::{Evaluation, Fine, Work, methods};
use crate::channels as ch;
use crate::config::Config;

/// Steps after which a network is judged.
pub(crate) const PROBES: [u64; 6] = [0, 1, 5, 10, 25, 50];
/// Starts beside the generated ones.
const STARTS: [Baseline; 5] =
    [Baseline::Ridge, Baseline::NearestMean(5), Baseline::Nearest, Baseline::Mean, Baseline::Random];

/// One network to tune: which list it belongs to, its place among the evaluated tasks, its weights.
struct Start {
    list: usize,
    place: usize,
    network: Vec<f32>,
}

/// Tunes: generated networks on all evaluated tasks, the others on those by which figures are judged. Networks of one task see the same
/// batches.
pub(super) fn tune(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    let baselines = Baselines::new(&work)?;
    let conditions = work.conditions(0);
    let blank = |id: &str, label: &str| Fine {
        id: id.to_owned(),
        label: label.to_owned(),
        accuracies: vec![Vec::new(); work.tasks.len()],
    };
    let mut lists = vec![blank("generated", "generated")];
    let mut starts: Vec<Start> = run
        .state
        .evaluation
        .networks(0)
        .iter()
        .enumerate()
        .map(|(place, network)| Start { list: 0, place, network: network.clone() })
        .collect();
    for kind in STARTS {
        let (id, label) = kind.words();
        let networks = baselines.networks(kind, 0, &conditions)?;
        let list = lists.len();
        starts.extend(
            networks
                .into_iter()
                .enumerate()
                .filter(|(place, _)| work.judged().contains(place))
                .map(|(place, network)| Start { list, place, network }),
        );
        lists.push(blank(&id, &label));
    }
    let (bench, seed, tasks) = (&work.shared.bench, work.seed, &work.tasks);
    run.jobs::<Vec<f64>, ()>(
        &Jobs::new("fine-tuning", starts.len()),
        |number, job| {
            job.check()?;
            let Some(start) = starts.get(number) else { return Ok(Vec::new()) };
            let task = tasks.get(start.place).copied().unwrap_or(0);
            let mut random = stream(seed, &format!("fine {task}"));
            let mut accuracies = Vec::new();
            let look = |_, network: &[f32]| {
                accuracies.push(bench.accuracy(task, network)?);
                Ok(())
            };
            let last = PROBES.last().copied().unwrap_or(0);
            bench.train(task, &start.network, last, &mut random, look, |step| PROBES.contains(&step))?;
            Ok(accuracies)
        },
        |_, news| {
            if let News::Next(number, accuracies) = news
                && let Some(start) = starts.get(number)
                && let Some(list) = lists.get_mut(start.list)
                && let Some(place) = list.accuracies.get_mut(start.place)
            {
                *place = accuracies;
            }
            Ok(())
        },
    )?;
    run.state.evaluation.fine = lists;
    show(run, work.judged());
    methods::funnel(run, work.seen);
    Ok(())
}

/// Mean accuracy after so many steps on some of the evaluated tasks.
pub(crate) fn after(
    evaluation: &Evaluation,
    id: &str,
    steps: u64,
    tasks: std::ops::Range<usize>,
) -> Option<f64> {
    let fine = evaluation.fine.iter().find(|fine| fine.id == id)?;
    let probe = PROBES.iter().position(|probe| *probe == steps)?;
    let rows = fine.accuracies.get(tasks)?;
    let values: Vec<f64> = rows.iter().filter_map(|row| row.get(probe).copied()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn show(run: &mut Running<'_, '_, Config>, judged: std::ops::Range<usize>) {
    let lists = run.state.evaluation.fine.clone();
    for fine in lists {
        let rows = fine.accuracies.get(judged.clone()).unwrap_or_default();
        let (mut x, mut y, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (probe, steps) in PROBES.iter().enumerate() {
            let values: Vec<f64> = rows.iter().filter_map(|row| row.get(probe).copied()).collect();
            if values.is_empty() {
                continue;
            }
            let ends = quantiles(&values, &[0.1, 0.9]);
            x.push(*steps as f64);
            y.push(values.iter().sum::<f64>() / values.len() as f64);
            low.push(ends.first().copied().unwrap_or(f64::NAN));
            high.push(ends.last().copied().unwrap_or(f64::NAN));
        }
        let curve = Curve { x, y, band: Some((low, high)) };
        run.context.show_only(&ch::FINE_TUNING.labelled(&fine.id, &fine.label), curve);
    }
}
