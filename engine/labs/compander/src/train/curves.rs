//! Pictures over the repeats that are done: means with their range, gains by seed, where weights went, the table of networks.

use weightscope_frame::lab::Running;
use weightscope_frame::record::declared::{Family, kinds::OfCurves};
use weightscope_frame::record::{Cell, Curve, Dot, Grid, Table};

use super::duo::Point;
use super::figures::{Figures, Finished, revived};
use super::robustness::{CHANGES, NOISES, Robustness};
use crate::channels as ch;
use crate::config::Config;
use crate::method::gain::Gain;
use crate::method::revival::Revival;
use crate::method::thinning::SHARES;

/// Mean at each place over equally long lists, with the range.
fn over(x: Vec<f64>, lists: &[Vec<f64>]) -> Curve {
    let at = |place: usize| lists.iter().filter_map(move |list| list.get(place).copied());
    let count = lists.len().max(1) as f64;
    let y = (0..x.len()).map(|place| at(place).sum::<f64>() / count).collect();
    let lower = (0..x.len()).map(|place| at(place).fold(f64::NAN, f64::min)).collect();
    let upper = (0..x.len()).map(|place| at(place).fold(f64::NAN, f64::max)).collect();
    Curve { x, y, band: Some((lower, upper)) }
}

/// Figures of one arm over the repeats.
fn arms(finished: &[Finished]) -> [(&'static str, &'static str, Vec<&Figures>); 2] {
    [
        (ch::COMPANDER, "", finished.iter().map(|one| &one.own).collect()),
        (ch::TWIN, "twin, ", finished.iter().filter_map(|one| one.twin.as_ref()).collect()),
    ]
}

/// Shows all of it.
pub(super) fn show(run: &mut Running<'_, '_, Config>) {
    let finished = std::mem::take(&mut run.state.finished);
    for (name, words, figures) in arms(&finished) {
        if figures.is_empty() {
            continue;
        }
        let points: Vec<&[Point]> = figures.iter().map(|one| &one.history[..]).collect();
        history(run, name, words, &points);
        let bears: Vec<(f64, &Robustness)> =
            figures.iter().map(|one| (one.test_accuracy, &one.bears)).collect();
        robustness(run, name, &bears);
        let curves: Vec<&(Vec<f64>, Vec<f64>)> = figures.iter().map(|one| &one.lorenz).collect();
        lorenz(run, name, &curves);
        let mut revival = Revival::default();
        figures.iter().for_each(|one| revival.merge(&one.revival));
        moved(run, name, &revival);
    }
    gains(run, &finished);
    let table = networks(&finished);
    run.show(&ch::NETWORKS, table);
    run.state.finished = finished;
}

/// Shows of the first repeat its accuracies so far, and where its weights went.
pub(super) fn first(run: &mut Running<'_, '_, Config>) {
    let duo = &run.state.duo;
    let (own, twin) = (duo.history.clone(), duo.twin_history.clone());
    let went = revived(&duo.own, &duo.own.effective());
    let twin_went = duo.twin.as_ref().map(|twin| revived(twin, &twin.effective()));
    history(run, ch::COMPANDER, "", &[&own]);
    moved(run, ch::COMPANDER, &went);
    if let Some(went) = twin_went {
        history(run, ch::TWIN, "twin, ", &[&twin]);
        moved(run, ch::TWIN, &went);
    }
}

/// How an arm is called in a legend.
fn plain(name: &str) -> &'static str {
    if name == ch::TWIN { "twin" } else { "compander" }
}

/// Shows one curve of an arm over repeats; not where one has none, since a mean without it would be of others.
fn curve(
    run: &mut Running<'_, '_, Config>,
    (family, name): (&Family<OfCurves>, &str),
    x: Vec<f64>,
    lists: &[Vec<f64>],
) {
    if lists.iter().flatten().all(|value| value.is_finite()) {
        run.show(&family.labelled(name, plain(name)), over(x, lists));
    }
}

/// Lorenz curves of the saliencies, each repeat one.
pub(super) fn lorenz(run: &mut Running<'_, '_, Config>, name: &str, curves: &[&(Vec<f64>, Vec<f64>)]) {
    let x = curves.first().map(|(x, _)| x.clone()).unwrap_or_default();
    let lists: Vec<Vec<f64>> = curves.iter().map(|(_, y)| y.clone()).collect();
    curve(run, (&ch::LORENZ, name), x, &lists);
    run.show_only(&ch::EVEN, Curve { x: vec![0.0, 1.0], y: vec![0.0, 1.0], band: None });
}

/// Where the weights went.
fn moved(run: &mut Running<'_, '_, Config>, name: &str, revival: &Revival) {
    let grid = Grid {
        rows: Revival::names(),
        columns: Revival::names(),
        values: revival.shares(),
        limits: Some((0.0, 1.0)),
        ..Grid::default()
    };
    run.show(&ch::REVIVAL.labelled(name, plain(name)), grid);
}

/// Accuracies over steps, each repeat a list.
fn history(run: &mut Running<'_, '_, Config>, name: &str, words: &str, lists: &[&[Point]]) {
    let of = |figure: fn(&Point) -> f64| -> Vec<Vec<f64>> {
        lists.iter().map(|list| list.iter().map(figure).collect()).collect()
    };
    let x = lists.first().map(|list| list.iter().map(|point| point.step as f64).collect());
    let x: Vec<f64> = x.unwrap_or_default();
    let (test, train) = (of(|point| point.test), of(|point| point.train));
    run.show(
        &ch::ACCURACY_CURVE.labelled(&format!("{name}/test"), &format!("{words}test")),
        over(x.clone(), &test),
    );
    run.show(
        &ch::ACCURACY_CURVE.labelled(&format!("{name}/train"), &format!("{words}train")),
        over(x, &train),
    );
}

/// How an arm bears removal, noise and change, each repeat a pair of its test accuracy as it is and what was found.
pub(super) fn robustness(run: &mut Running<'_, '_, Config>, name: &str, repeats: &[(f64, &Robustness)]) {
    let of = |list: fn(&Robustness) -> &Vec<f64>| -> Vec<Vec<f64>> {
        repeats.iter().map(|(_, bears)| list(bears).clone()).collect()
    };
    curve(run, (&ch::NOISE, name), NOISES.to_vec(), &of(|bears| &bears.noisy));
    let percent = CHANGES.map(|share| 100.0 * share).to_vec();
    curve(run, (&ch::PERTURBATION, name), percent, &of(|bears| &bears.changed));
    // Nothing removed is a point too.
    let x: Vec<f64> = std::iter::once(0.0).chain(SHARES).collect();
    let with_whole = |list: fn(&Robustness) -> &Vec<f64>| -> Vec<Vec<f64>> {
        let lists =
            repeats.iter().map(|(whole, bears)| std::iter::once(*whole).chain(list(bears).iter().copied()));
        lists.map(Iterator::collect).collect()
    };
    let words = if name == ch::TWIN { "twin, " } else { "" };
    let smallest = over(x.clone(), &with_whole(|bears| &bears.pruned));
    let random = over(x, &with_whole(|bears| &bears.deleted));
    run.show(&ch::PRUNING.labelled(&format!("{name}/smallest"), &format!("{words}smallest first")), smallest);
    run.show(&ch::PRUNING.labelled(&format!("{name}/random"), &format!("{words}at random")), random);
}

/// Test accuracies of the networks and of their twins, if all have one.
pub(super) fn paired(finished: &[Finished]) -> Option<(Vec<f64>, Vec<f64>)> {
    let pairs = finished.iter().map(|one| Some((one.own.test_accuracy, one.twin.as_ref()?.test_accuracy)));
    Some(pairs.collect::<Option<Vec<_>>>()?.into_iter().unzip())
}

fn gains(run: &mut Running<'_, '_, Config>, finished: &[Finished]) {
    let Some((own, twin)) = paired(finished) else { return };
    let Some(gain) = Gain::of(&own, &twin) else { return };
    let dots = finished
        .iter()
        .zip(own.iter().zip(&twin))
        .map(|(one, (own, twin))| Dot::new(one.seed as f64, own - twin, own - twin, one.seed));
    run.show(&ch::GAIN, dots.collect());
    let ends = finished.first().zip(finished.last());
    let ends = ends.map_or((0.0, 1.0), |(first, last)| (first.seed as f64 - 0.5, last.seed as f64 + 0.5));
    let level = |y: f64| Curve { x: vec![ends.0, ends.1], y: vec![y, y], band: None };
    run.show(&ch::GAIN_MEAN, level(gain.mean));
    if let Some((low, high)) = gain.interval {
        run.show(&ch::GAIN_LOW, level(low));
        run.show(&ch::GAIN_HIGH, level(high));
    }
    let interval = match gain.interval {
        Some((low, high)) => format!(" [{low:+.3}, {high:+.3}]"),
        None => String::new(),
    };
    let text =
        format!("{} {:+.3}{interval}, {} of {} positive", gain.words(), gain.mean, gain.wins, gain.pairs);
    run.text(&ch::GAIN_WORDS, text);
}

fn networks(finished: &[Finished]) -> Table {
    let columns = [
        "seed",
        "arm",
        "test accuracy",
        "gain",
        "train accuracy",
        "gap",
        "near zero",
        "largest (std)",
        "kurtosis",
        "participation",
        "top tenth",
        "Gini",
        "pruned 70 %",
        "deleted 40 %",
        "noise 0.3",
    ];
    let mut rows = Vec::new();
    for one in finished {
        for (arm, figures) in [(ch::COMPANDER, Some(&one.own)), (ch::TWIN, one.twin.as_ref())] {
            let Some(figures) = figures else { continue };
            let gain = match &one.twin {
                Some(twin) if arm == ch::COMPANDER => figures.test_accuracy - twin.test_accuracy,
                _ => f64::NAN,
            };
            let mut row = vec![Cell::Number(one.seed as f64), Cell::Text(arm.to_owned())];
            row.extend(
                [
                    figures.test_accuracy,
                    gain,
                    figures.train_accuracy,
                    figures.train_accuracy - figures.test_accuracy,
                    figures.end.near_zero,
                    figures.end.largest,
                    figures.end.kurtosis,
                    figures.end.participation,
                    figures.top_tenth,
                    figures.gini,
                    figures.pruned_70(),
                    figures.deleted_40(),
                    figures.noisy_30(),
                ]
                .map(Cell::Number),
            );
            rows.push(row);
        }
    }
    Table { columns: columns.map(str::to_owned).to_vec(), rows }
}
