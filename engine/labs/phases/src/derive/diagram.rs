//! The phases under the thresholds of the controls: picture, confidence, stuck cells, borders, and the thresholds in words.

use super::borders;
use super::{channels as dc, grids, picture, position, text};
use crate::channels as ch;
use crate::config::Config;
use crate::control::{self as id, BorderStyle};
use crate::method::phase::{Metrics, Phase, Reading, Thresholds, classify, confidence, is_stuck};
use crate::method::thresholds::{DEFAULT_CKA, DEFAULT_CONNECTIVITY, LEAST_SIMILAR, otsu, otsu_log};
use crate::metric::Metric;
use crate::run::pictures::{categories, category, mark, mark_names};
use crate::run::tables::{OfPair, rows};
use weightscope_frame::experiment::number;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Channel, Controls, Data, Grid, Record, Timeline};

/// The thresholds that the controls stand at; automatic ones come from the newest pictures.
pub(super) fn thresholds(config: &Config, record: &Record, controls: &Controls) -> Thresholds {
    let of = |control: &str, initial: f64| controls.number(control).unwrap_or(initial);
    let vote = |control: &str, initial: bool| controls.switch(control).unwrap_or(initial);
    let mut thresholds = Thresholds {
        train_loss: vote(id::VOTE_LOSS, config.vote_train_loss)
            .then(|| of(id::TRAIN_LOSS, config.threshold_train_loss)),
        log_lambda: vote(id::VOTE_LAMBDA, config.vote_log_lambda)
            .then(|| of(id::LOG_LAMBDA, config.threshold_log_lambda)),
        log_trace: vote(id::VOTE_TRACE, config.vote_log_trace)
            .then(|| of(id::LOG_TRACE, config.threshold_log_trace)),
        connectivity: of(id::CONNECTIVITY, config.threshold_connectivity),
        cka: of(id::CKA, config.threshold_cka),
    };
    if controls.switch(id::AUTOMATIC) == Some(true) {
        make_automatic(&mut thresholds, record);
    }
    thresholds
}

/// Otsu's thresholds for the votes that are cast, the fixed one for connectivity, and Otsu's over phase IV for similarity.
fn make_automatic(thresholds: &mut Thresholds, record: &Record) {
    let metrics = Pictures::new(record).cells(u64::MAX);
    let known =
        |of: fn(&Metrics) -> Option<f64>| metrics.iter().flatten().filter_map(of).collect::<Vec<f64>>();
    // The curvatures are logarithms already: their threshold is that of the values, on a logarithmic scale.
    let over_logs = |values: Vec<f64>| {
        let values: Vec<f64> = values.iter().map(|log| log.exp()).collect();
        otsu_log(&values).map(f64::ln)
    };
    if let Some(present) = &mut thresholds.train_loss {
        *present = otsu_log(&known(|cell| cell.train_loss)).unwrap_or(*present);
    }
    if let Some(present) = &mut thresholds.log_lambda {
        *present = over_logs(known(|cell| cell.log_lambda)).unwrap_or(*present);
    }
    if let Some(present) = &mut thresholds.log_trace {
        *present = over_logs(known(|cell| cell.log_trace)).unwrap_or(*present);
    }
    thresholds.connectivity = DEFAULT_CONNECTIVITY;
    let trained = metrics
        .iter()
        .flatten()
        .filter(|cell| matches!(classify(cell, thresholds), Phase::IvA | Phase::IvB | Phase::Iv));
    let similar: Vec<f64> = trained.filter_map(|cell| cell.cka).collect();
    let chosen = if similar.len() >= LEAST_SIMILAR { otsu(&similar) } else { None };
    thresholds.cka = chosen.unwrap_or(DEFAULT_CKA);
}

/// The pictures that the rule reads.
pub(super) struct Pictures<'a> {
    record: &'a Record,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        Self { record }
    }

    /// The picture of a metric at a step.
    pub(super) fn at(&self, metric: Metric, step: u64) -> Option<&'a Grid> {
        let (at, grid) = grids(self.record, &metric)?.at(step)?;
        (at <= step).then_some(grid)
    }

    /// The metrics of each cell of the picture at a step; `None` for a cell without networks.
    pub(super) fn cells(&self, step: u64) -> Vec<Option<Metrics>> {
        let Some(frame) = self.at(Metric::TrainLoss, step) else { return Vec::new() };
        let shape = (&frame.rows, &frame.columns);
        let value = |metric: Metric, index: usize| {
            let grid = self.at(metric, step).filter(|grid| (&grid.rows, &grid.columns) == shape)?;
            grid.values.get(index).map(|value| f64::from(*value)).filter(|value| value.is_finite())
        };
        (0..frame.values.len())
            .map(|index| {
                Some(Metrics {
                    train_loss: Some(value(Metric::TrainLoss, index)?),
                    log_lambda: value(Metric::LogLambda, index),
                    log_trace: value(Metric::LogTrace, index),
                    connectivity: value(Metric::Connectivity, index),
                    cka: value(Metric::Cka, index),
                })
            })
            .collect()
    }

    /// The phase of each cell of the picture at a step, by the thresholds; diverged cells as the run marked them.
    pub(super) fn phases(&self, step: u64, thresholds: &Thresholds) -> Vec<Option<Phase>> {
        phases_of(&self.readings(step, thresholds))
    }

    /// What is known of each cell at a step: by the thresholds, diverged cells as the run marked them.
    fn readings(&self, step: u64, thresholds: &Thresholds) -> Vec<Option<Reading>> {
        let marked = grids(self.record, &ch::PHASE).and_then(|timeline| timeline.at(step));
        let diverged = |index: usize| {
            let value = marked.and_then(|(_, grid)| grid.values.get(index).copied());
            value == Some(Phase::Diverged.index() as f32)
        };
        self.cells(step)
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                if diverged(index) {
                    return Some(Reading::Phase(Phase::Diverged));
                }
                cell.as_ref().map(|cell| Reading::of(cell, thresholds))
            })
            .collect()
    }
}

/// Channels of the diagram and of the small multiples.
pub(crate) fn channels(config: &Config, job: &Derive<'_>) -> Vec<Channel> {
    let thresholds = thresholds(config, job.record, job.controls);
    let pictures = Pictures::new(job.record);
    let Some(frames) = grids(job.record, &Metric::TrainLoss) else { return Vec::new() };
    let (mut phases, mut lines) = (Timeline::default(), Timeline::default());
    let by_lines = id::chosen(job, id::BORDERS) == Some(BorderStyle::Lines);
    for (step, frame) in frames.iter() {
        let readings = pictures.readings(step, &thresholds);
        let found = phases_of(&readings);
        let line = if by_lines {
            borders::iso_lines(&pictures, step, &thresholds)
        } else {
            borders::steps(&readings, frame.columns.len())
        };
        lines.push(step, line);
        let values = readings.iter().map(|reading| reading.map_or(f32::NAN, category)).collect();
        let stuck = stuck(&pictures.cells(step), &found, &thresholds);
        let marks = readings
            .iter()
            .zip(&stuck)
            .map(|(reading, stuck)| mark(*reading, *stuck == Some(true)))
            .collect();
        // Pairs are kept for the newest picture only, and so is what follows from them.
        let is_newest = frames.last().is_some_and(|(newest, _)| newest == step);
        let sure = if is_newest { sureness(job.record, frame, &found, &thresholds) } else { Vec::new() };
        let confidence = with_undecided(sure, &readings);
        let grid = Grid { marks, mark_names: mark_names(), confidence, ..like(frame, values, categories()) };
        phases.push(step, grid);
    }
    let mut channels = vec![
        Channel { data: Data::Grid(phases), ..dc::PHASE.channel() },
        Channel { data: Data::Curve(lines), ..dc::BORDERS.channel() },
        text(&dc::THRESHOLDS, in_words(&thresholds)),
    ];
    if let Some((_, last)) = frames.last() {
        channels.extend(certainty(job.record, last, &pictures, &thresholds));
    }
    channels
}

/// The phases of readings.
fn phases_of(readings: &[Option<Reading>]) -> Vec<Option<Phase>> {
    readings.iter().map(|reading| reading.map(Reading::phase)).collect()
}

/// Cells whose phase is not decided yet are pale.
fn with_undecided(mut sure: Vec<f32>, readings: &[Option<Reading>]) -> Vec<f32> {
    let undecided = |reading: &Option<Reading>| matches!(reading, Some(Reading::Hot | Reading::Cold));
    if readings.iter().any(undecided) {
        sure.resize(readings.len(), f32::NAN);
        for (sure, _) in sure.iter_mut().zip(readings).filter(|(_, reading)| undecided(reading)) {
            *sure = 0.0;
        }
    }
    sure
}

/// A picture of the same cells.
fn like(frame: &Grid, values: Vec<f32>, categories: Vec<String>) -> Grid {
    Grid { rows: frame.rows.clone(), columns: frame.columns.clone(), values, categories, ..Grid::default() }
}

fn in_words(thresholds: &Thresholds) -> String {
    let vote = |name: &str, value: Option<f64>| {
        value.map_or_else(|| format!("{name}: no vote"), |value| format!("{name} > {}", short(value)))
    };
    [
        format!("hot: {}", vote("train loss", thresholds.train_loss)),
        format!("hot: {}", vote("ln λ max", thresholds.log_lambda)),
        format!("hot: {}", vote("ln trace", thresholds.log_trace)),
        format!("poorly connected: mode connectivity < −{} pp", short(thresholds.connectivity)),
        format!("similar: CKA ≥ {}", short(thresholds.cka)),
    ]
    .join("\n")
}

fn short(value: f64) -> String {
    number((value * 1e4).round() / 1e4)
}

/// Confidence over the pairs of seeds, and the stuck cells of phase II.
fn certainty(
    record: &Record,
    frame: &Grid,
    pictures: &Pictures<'_>,
    thresholds: &Thresholds,
) -> Vec<Channel> {
    let phases = pictures.phases(u64::MAX, thresholds);
    let cells = pictures.cells(u64::MAX);
    let sure = sureness(record, frame, &phases, thresholds);
    let stuck = stuck(&cells, &phases, thresholds);
    let stuck =
        stuck.iter().map(|stuck| stuck.map_or(f32::NAN, |stuck| f32::from(u8::from(stuck)))).collect();
    let limits = Some((0.0, 1.0));
    let sure = Grid { limits, ..like(frame, sure, Vec::new()) };
    let kinds = ["not stuck", "stuck"].map(str::to_owned).to_vec();
    vec![picture(&dc::CONFIDENCE, sure), picture(&dc::STUCK, like(frame, stuck, kinds))]
}

/// Share of the pairs of seeds that alone would give each cell's phase; NaN without pairs.
fn sureness(record: &Record, frame: &Grid, phases: &[Option<Phase>], thresholds: &Thresholds) -> Vec<f32> {
    let readings = readings(record, frame);
    let of = |(index, phase): (usize, &Option<Phase>)| match (phase, readings.get(index)) {
        (Some(phase), Some(readings)) if !readings.is_empty() => {
            confidence(*phase, readings, thresholds) as f32
        }
        _ => f32::NAN,
    };
    phases.iter().enumerate().map(of).collect()
}

/// Whether each cell is stuck; `None` for cells without networks.
fn stuck(cells: &[Option<Metrics>], phases: &[Option<Phase>], thresholds: &Thresholds) -> Vec<Option<bool>> {
    let of = |(phase, cell): (&Option<Phase>, &Option<Metrics>)| {
        Some(is_stuck((*phase)?, cell.as_ref()?, thresholds))
    };
    phases.iter().zip(cells).map(of).collect()
}

/// What each pair of seeds alone would say, by cell of the picture.
fn readings(record: &Record, frame: &Grid) -> Vec<Vec<Metrics>> {
    let mut readings = vec![Vec::new(); frame.values.len()];
    for row in rows::<OfPair>(record) {
        let Some((at_row, column)) = position(frame, row.place()) else { continue };
        if let Some(list) = readings.get_mut(at_row * frame.columns.len() + column) {
            list.push(Metrics {
                train_loss: row.known(OfPair::TrainLoss),
                log_lambda: row.known(OfPair::LogLambda),
                log_trace: row.known(OfPair::LogTrace),
                connectivity: row.known(OfPair::Connectivity),
                cka: row.known(OfPair::Cka),
            });
        }
    }
    readings
}
