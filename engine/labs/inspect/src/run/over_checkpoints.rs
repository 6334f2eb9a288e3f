//! What is shown over all checkpoints of a folder: the table of files, distances between them, their places in a plane.
//!
//! Distances are estimated from evenly spread weights of each tensor, so that any number of checkpoints can be compared with any other.

use std::collections::BTreeSet;

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Cell, Curve, Dot, Grid, Table};

use super::folder::{Taken, Way, root_of_squares};
use super::pictures::number;
use crate::channels as ch;
use crate::config::Config;

/// Weights from which distances between checkpoints are estimated: of all tensors, and of each.
const MOST_SPREAD: usize = 16_384;
const LEAST_OF_TENSOR: usize = 16;
const MOST_OF_TENSOR: usize = 1024;

/// Evenly spread values of a tensor, each times the root of how many it stands for; as many in each checkpoint.
pub(super) fn spread(values: &[f32], count: usize, tensors: usize) -> Vec<f32> {
    let most = (MOST_SPREAD / tensors.max(1)).clamp(LEAST_OF_TENSOR, MOST_OF_TENSOR);
    let stride = count.div_ceil(most).max(1);
    let factor = (count as f32 / count.div_ceil(stride).max(1) as f32).sqrt();
    (0..count)
        .step_by(stride)
        .map(|place| values.get(place).map_or(f32::NAN, |value| factor * value))
        .collect()
}

/// When distances of an unfinished folder are worth computing: their cost grows with the square of the number of checkpoints, so with
/// each tenth more.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    next: usize,
}

impl Rhythm {
    /// Shows the table, and the distances if it is time.
    pub(super) fn show(&mut self, run: &mut Running<'_, '_, Config>, left_out: &[(String, String)]) {
        show_table(run, left_out);
        let count = run.state.path.taken.len();
        if count >= self.next {
            self.next = count + (count / 10).max(1);
            show_distances(run);
        }
    }
}

/// The table of files, the distances between checkpoints, their places in the plane.
pub(super) fn show(run: &mut Running<'_, '_, Config>, left_out: &[(String, String)]) {
    show_table(run, left_out);
    show_distances(run);
}

/// The table of files, and the steps of the training at which they were written.
fn show_table(run: &mut Running<'_, '_, Config>, left_out: &[(String, String)]) {
    let path = &run.state.path;
    let mut rows: Vec<Vec<Cell>> = path
        .taken
        .iter()
        .map(|taken| {
            let what = match &taken.equals {
                Some(other) => format!("equal to {other}"),
                None if taken.hash.is_empty() => "left out: it cannot be read".to_owned(),
                None => "taken in".to_owned(),
            };
            let lost = path.lost.as_ref().filter(|(name, _)| *name == taken.name);
            let what = lost.map_or_else(|| what.clone(), |(_, became)| format!("{what}; it {became}"));
            vec![
                Cell::Text(taken.name.clone()),
                number(taken.step.map_or(f64::NAN, |step| step as f64)),
                // Of what comes with the program there is no file.
                number(if taken.bytes == 0 { f64::NAN } else { taken.bytes as f64 }),
                number(taken.distance),
                Cell::Text(what),
                Cell::Text(taken.hash.clone()),
            ]
        })
        .collect();
    rows.extend(left_out.iter().map(|(name, why)| {
        let empty = || Cell::Text(String::new());
        vec![
            Cell::Text(name.clone()),
            empty(),
            empty(),
            empty(),
            Cell::Text(format!("left out: {why}")),
            empty(),
        ]
    }));
    let columns = ["file", "step", "bytes", "distance to the first", "what", "BLAKE3 of values"];
    let steps = steps_of(path);
    run.show_only(&ch::CHECKPOINTS, Table { columns: columns.map(str::to_owned).to_vec(), rows });
    run.show_only(&ch::CHECKPOINT_STEPS, steps);
}

/// Distances and places.
fn show_distances(run: &mut Running<'_, '_, Config>) {
    let known: Vec<&Taken> = run.state.path.taken.iter().filter(|taken| !taken.sample.is_empty()).collect();
    let (distances, places) = (distances(&known), places(&known));
    run.show_only(&ch::DISTANCES, distances);
    run.show_only(&ch::PLACES, places);
}

/// Steps of the training by steps of the run; places where names say no step.
fn steps_of(path: &Way) -> Curve {
    let known: Vec<&Taken> = path.taken.iter().filter(|taken| !taken.hash.is_empty()).collect();
    let all_say = known.iter().all(|taken| taken.step.is_some());
    let step = |(place, taken): (usize, &&Taken)| match taken.step {
        Some(step) if all_say => step as f64,
        _ => place as f64,
    };
    Curve {
        x: known.iter().map(|taken| taken.run_step as f64).collect(),
        y: known.iter().enumerate().map(step).collect(),
        band: None,
    }
}

/// Distances between all pairs, estimated from the spread weights.
fn distances(known: &[&Taken]) -> Grid {
    let names = short_names(known);
    let start =
        known.first().map_or(0.0, |first| root_of_squares(first.sample.iter().map(|v| f64::from(*v))));
    let values = known.iter().flat_map(|a| {
        known.iter().map(move |b| {
            let away = a.sample.iter().zip(&b.sample).map(|(a, b)| f64::from(*a) - f64::from(*b));
            (root_of_squares(away.filter(|away| away.is_finite())) / start.max(f64::MIN_POSITIVE)) as f32
        })
    });
    Grid { values: values.collect(), rows: names.clone(), columns: names, ..Grid::default() }
}

/// What checkpoints are called beside a picture: by their steps where those tell them apart, else by their names.
fn short_names(known: &[&Taken]) -> Vec<String> {
    let steps: Vec<u64> = known.iter().filter_map(|taken| taken.step).collect();
    let different: BTreeSet<u64> = steps.iter().copied().collect();
    if different.len() == known.len() {
        steps.iter().map(ToString::to_string).collect()
    } else {
        known.iter().map(|taken| taken.name.clone()).collect()
    }
}

/// Checkpoints in the plane of their two main directions.
fn places(known: &[&Taken]) -> Vec<Dot> {
    let rows: Vec<Vec<f64>> =
        known.iter().map(|taken| taken.sample.iter().map(|value| f64::from(*value)).collect()).collect();
    crate::follow::plane(&rows)
        .into_iter()
        .enumerate()
        .map(|(place, (x, y))| Dot::new(x, y, place as f64, place as u64))
        .collect()
}
