//! New or copied: generated networks beside their nearest networks of the zoo, in weights and in what they get wrong.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::{Curve, Dot};
use weightscope_frame::run::RunError;
use weightscope_math::matching;

use super::baselines::{Baseline, Baselines};
use super::{Kin, Novel, Work};
use crate::channels as ch;
use crate::config::Config;
use crate::method::distance::copies;
use crate::method::novelty::overlap;
use crate::train::defect;
use crate::train::prepared::{mean, permutations};

/// Nearest networks by plain distance that are matched before their distance is taken.
const MATCHED: usize = 3;
/// Widest hidden layer that is matched here: an assignment costs its cube.
const WIDEST: usize = 64;
/// Points of a histogram of distances.
const BINS: usize = 24;

/// Euclidean distance, in sixteen sums side by side.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0_f32; 16];
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| f64::from((a - b) * (a - b))).sum();
    (sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + rest).sqrt()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (mut product, mut own, mut other) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        (product, own, other) = (product + a * b, own + a * a, other + b * b);
    }
    product / (own.sqrt() * other.sqrt())
}

/// The zoo scaled, and how to find the nearest of it.
struct Zoo<'w, 'r> {
    work: &'w Work<'r>,
    scaled: Vec<Vec<f32>>,
}

impl Zoo<'_, '_> {
    /// The nearest network of the zoo to a network (`but` left out), after the best permutation among the nearest few: its place, distance
    /// and cosine.
    fn nearest(&self, network: &[f32], but: Option<usize>) -> Result<(usize, f64, f64), RunError> {
        let prepared = &self.work.prepared;
        let own = prepared.scales.apply(&prepared.layout, network).map_err(defect)?;
        let mut order: Vec<(f64, usize)> = self
            .scaled
            .iter()
            .enumerate()
            .filter(|(place, _)| Some(*place) != but)
            .map(|(place, other)| (distance(&own, other), place))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let hidden = prepared.sizes.get(1..prepared.sizes.len().saturating_sub(1)).unwrap_or_default();
        let matches = !hidden.is_empty() && hidden.iter().all(|width| *width <= WIDEST);
        let mut best: Option<(usize, f64, f64)> = None;
        for (plain, place) in order.into_iter().take(if matches { MATCHED } else { 1 }) {
            let Some(other) = self.scaled.get(place) else { continue };
            let mut found = (place, plain, cosine(&own, other));
            if matches && plain.is_finite() {
                let reference = prepared.networks.get(place).map_or(&[][..], Vec::as_slice);
                let matched = matching::permute(
                    &prepared.sizes,
                    network,
                    &permutations(&prepared.sizes, reference, network),
                );
                let matched = prepared.scales.apply(&prepared.layout, &matched).map_err(defect)?;
                let permuted = distance(&matched, other);
                if permuted < plain {
                    found = (place, permuted, cosine(&matched, other));
                }
            }
            if best.is_none_or(|best| found.1 < best.1) {
                best = Some(found);
            }
        }
        Ok(best.unwrap_or((0, f64::NAN, f64::NAN)))
    }
}

/// Measures.
pub(super) fn measure(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let work = Work::new(run)?;
    let zoo = Zoo { scaled: work.prepared.scaled(&work.prepared.networks).map_err(defect)?, work: &work };
    let evaluation = &run.state.evaluation;
    let each = evaluation.tasks.len();
    let mut kin: Vec<Kin> = evaluation
        .generated
        .par_iter()
        .map(|network| {
            let (nearest, distance, cosine) = zoo.nearest(network, None)?;
            Ok(Kin { nearest, distance, cosine, wrong_iou: f64::NAN })
        })
        .collect::<Result<_, RunError>>()?;
    run.context.check()?;
    let wrong = wrong_of_zoo(&work)?;
    for (index, kin) in kin.iter_mut().enumerate() {
        let place = index % each.max(1);
        if place < work.seen
            && let Some(network) = evaluation.generated.get(index)
            && let Some(own) = wrong.get(place)
        {
            let mistakes = work.shared.bench.wrong(work.tasks.get(place).copied().unwrap_or(0), network)?;
            kin.wrong_iou = own.iter().map(|other| overlap(&mistakes, other)).fold(f64::NAN, f64::max);
        }
    }
    let seen: Vec<&Kin> = kin.iter().take(work.seen).collect();
    let to_zoo: Vec<f64> = seen.iter().map(|kin| kin.distance).collect();
    let members: Vec<usize> = work.groups.iter().take(work.seen).flatten().copied().collect();
    let to_others: Vec<f64> = members
        .par_iter()
        .map(|place| {
            let network = work.prepared.networks.get(*place).map_or(&[][..], Vec::as_slice);
            Ok(zoo.nearest(network, Some(*place))?.1)
        })
        .collect::<Result<_, RunError>>()?;
    let found = copies(&to_zoo, &to_others);
    let wrong_iou = seen.iter().map(|kin| kin.wrong_iou).sum::<f64>() / seen.len().max(1) as f64;
    let within = within_zoo(&wrong);
    let word = verdict(wrong_iou, within, found.nearer, found.of);
    let words = format!(
        "{word}: {found}; largest overlap of wrong rows {wrong_iou:.2}, between zoo networks of a task {within:.2}"
    );
    run.context.text(&ch::NOVELTY_WORDS, words.clone());
    histograms(run, &to_zoo, &to_others);
    scatter(run, &work, &wrong, &kin)?;
    run.state.evaluation.kin = kin;
    run.state.evaluation.novel = Some(Novel { wrong_iou, distance_ratio: found.ratio, verdict: words });
    Ok(())
}

/// In a word: copies lie nearer to the zoo than its networks to each other, most of them, and err as zoo networks of a task do or more;
/// new ones do neither.
pub(crate) fn verdict(wrong_iou: f64, within: f64, nearer: usize, of: usize) -> &'static str {
    let mostly_nearer = 2 * nearer > of;
    // Without a second network of the task there is nothing to compare overlaps with but identity.
    let errs_alike = wrong_iou >= if within.is_nan() { 1.0 } else { within };
    match (mostly_nearer, errs_alike) {
        (true, true) => "copies",
        (false, false) => "new",
        _ => "in between",
    }
}

/// Wrong rows of the networks of each evaluated seen task.
fn wrong_of_zoo(work: &Work<'_>) -> Result<Vec<Vec<Vec<bool>>>, RunError> {
    work.groups
        .par_iter()
        .take(work.seen)
        .enumerate()
        .map(|(task, group)| {
            group
                .iter()
                .map(|place| {
                    let network = work.prepared.networks.get(*place).map_or(&[][..], Vec::as_slice);
                    work.shared.bench.wrong(task, network)
                })
                .collect()
        })
        .collect()
}

/// Mean over networks of the largest overlap with another network of the same task.
fn within_zoo(wrong: &[Vec<Vec<bool>>]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for group in wrong {
        for (place, own) in group.iter().enumerate() {
            let others = group.iter().enumerate().filter(|(other, _)| *other != place);
            let largest = others.map(|(_, other)| overlap(own, other)).fold(f64::NAN, f64::max);
            if !largest.is_nan() {
                (sum, count) = (sum + largest, count + 1.0);
            }
        }
    }
    sum / count
}

/// Both histograms over the same bins.
fn histograms(run: &mut Running<'_, '_, Config>, to_zoo: &[f64], to_others: &[f64]) {
    let finite = || to_zoo.iter().chain(to_others).copied().filter(|value| value.is_finite());
    let top = finite().fold(0.0, f64::max) * 1.02;
    let width = if top > 0.0 { top / BINS as f64 } else { 1.0 };
    for (name, label, values) in
        [("generated", "generated to the zoo", to_zoo), ("zoo", "zoo to its nearest other", to_others)]
    {
        let mut counts = vec![0.0; BINS];
        for value in values.iter().filter(|value| value.is_finite()) {
            if let Some(count) = counts.get_mut((value / width) as usize) {
                *count += 1.0 / values.len() as f64;
            }
        }
        let x = (0..BINS).map(|bin| (bin as f64 + 0.5) * width).collect();
        run.context.show_only(&ch::DISTANCES.labelled(name, label), Curve { x, y: counts, band: None });
    }
}

/// Accuracy over the largest overlap, with noised and averaged networks beside the generated ones; the id of a dot is its evaluated task.
fn scatter(
    run: &mut Running<'_, '_, Config>,
    work: &Work<'_>,
    wrong: &[Vec<Vec<bool>>],
    kin: &[Kin],
) -> Result<(), RunError> {
    let bench = &work.shared.bench;
    let dot = |place: usize, network: &[f32], but: Option<usize>| -> Result<Dot, RunError> {
        let mistakes = bench.wrong(work.tasks.get(place).copied().unwrap_or(0), network)?;
        let others = wrong.get(place).map_or(&[][..], Vec::as_slice).iter().enumerate();
        let others = others.filter(|(other, _)| Some(*other) != but);
        let x = others.map(|(_, other)| overlap(&mistakes, other)).fold(f64::NAN, f64::max);
        let right = mistakes.iter().filter(|wrong| !**wrong).count() as f64;
        Ok(Dot::new(x, right / mistakes.len().max(1) as f64, 0.0, place as u64))
    };
    let first = run.state.evaluation.accuracies.first().cloned().unwrap_or_default();
    let generated: Vec<Dot> = (0..work.seen)
        .filter_map(|place| Some(Dot::new(kin.get(place)?.wrong_iou, *first.get(place)?, 0.0, place as u64)))
        .collect();
    let baselines = Baselines::new(work)?;
    let conditions = work.conditions(0);
    let mut groups = vec![("generated", "generated".to_owned(), generated)];
    for (which, id) in ["noised_weak", "noised_strong"].into_iter().enumerate() {
        let kind = Baseline::Noised(which);
        let networks = baselines.networks(kind, 0, &conditions)?;
        let dots: Vec<Dot> = (0..work.seen)
            .filter_map(|place| Some(dot(place, networks.get(place)?, None)))
            .collect::<Result<_, _>>()?;
        groups.push((id, kind.words().1, dots));
    }
    let averages: Vec<Dot> = work
        .groups
        .iter()
        .take(work.seen)
        .enumerate()
        .map(|(place, group)| {
            let own: Vec<Vec<f32>> =
                group.iter().filter_map(|member| work.prepared.networks.get(*member)).cloned().collect();
            dot(place, &mean(&own), None)
        })
        .collect::<Result<_, _>>()?;
    groups.push(("average", "average of a task's networks".to_owned(), averages));
    let own: Vec<Dot> = work
        .groups
        .iter()
        .take(work.seen)
        .enumerate()
        .filter_map(|(place, group)| {
            let network = work.prepared.networks.get(*group.first()?)?;
            Some(dot(place, network, Some(0)))
        })
        .collect::<Result<_, _>>()?;
    groups.push(("zoo", "zoo, with the others of its task".to_owned(), own));
    for (id, label, dots) in groups {
        let known: Vec<Dot> = dots.into_iter().filter(|dot| dot.x.is_finite()).collect();
        run.context.show_only(&ch::NOVELTY.labelled(id, &label), known);
    }
    Ok(())
}
