//! Pictures of the grid: one for each metric that is known of some cell, and one of the phases.

use super::book::Book;
use crate::channels as ch;
use crate::config::Config;
use crate::method::phase::{Phase, Reading};
use crate::metric::{Metric, Values};
use crate::plan::Plan;
use weightscope_frame::record::declared::{Of, PictureKind as _, kinds::OfGrids};
use weightscope_frame::record::{Grid, Record};
use weightscope_frame::run::Context;

/// The pictures of a grid as it stands.
pub(crate) struct Pictures {
    metrics: Vec<(Metric, Grid)>,
    phases: Grid,
}

impl Pictures {
    /// What the book says; a cell without networks has no phase.
    pub(crate) fn of(config: &Config, plan: &Plan, book: &Book) -> Self {
        let values: Vec<Values> = (0..plan.cells.len()).map(|cell| book.values(config, cell)).collect();
        let thresholds = config.thresholds();
        let phase = |cell: usize| {
            let begun = book.networks_of(cell).next().is_some();
            begun.then(|| book.phase(config, &thresholds, cell))
        };
        let phases: Vec<Option<Phase>> = (0..plan.cells.len()).map(phase).collect();
        Self::of_values(plan, &values, &phases)
    }

    /// Cells of which metrics and phases are known.
    pub(crate) fn of_values(plan: &Plan, values: &[Values], phases: &[Option<Phase>]) -> Self {
        let (rows, columns) = plan.labels();
        let picture = |metric: Metric| {
            let values = arranged(plan, |cell| values.get(cell)?.get(metric));
            let diverging = metric.words().diverging;
            let grid =
                Grid { rows: rows.clone(), columns: columns.clone(), values, diverging, ..Grid::default() };
            grid.values.iter().any(|value| !value.is_nan()).then_some((metric, grid))
        };
        let metrics = Metric::ALL.iter().copied().filter_map(picture).collect();
        let number = |cell: usize| Some((*phases.get(cell)?)?.index() as f64);
        Self { metrics, phases: of_phases(plan, arranged(plan, number)) }
    }

    /// Records them at the present step.
    pub(crate) fn show(self, context: &mut Context<'_>) {
        for (metric, grid) in self.metrics {
            context.show(&metric, grid);
        }
        context.show(&ch::PHASE, self.phases);
    }

    /// Puts them into a record that is not kept.
    pub(super) fn put(self, record: &mut Record, step: u64) {
        for (metric, grid) in self.metrics {
            push(record, &metric, step, grid);
        }
        push(record, &ch::PHASE, step, self.phases);
    }
}

fn push(record: &mut Record, of: &impl Of<OfGrids>, step: u64, grid: Grid) {
    let channel = record.declare(&of.id(), || of.channel());
    if let Some(timeline) = OfGrids::timeline(&mut channel.data) {
        timeline.push(step, grid);
    }
}

/// A value of each cell as rows of a picture, cold at the bottom; NaN where unknown.
fn arranged(plan: &Plan, value: impl Fn(usize) -> Option<f64>) -> Vec<f32> {
    let columns = plan.load.len();
    let mut values = vec![f32::NAN; columns * plan.temperature.len()];
    for (index, cell) in plan.cells.iter().enumerate() {
        if let (Some(value), Some(place)) = (value(index), values.get_mut(cell.row * columns + cell.column)) {
            *place = value as f32;
        }
    }
    values
}

/// The picture of the phases by their numbers.
fn of_phases(plan: &Plan, values: Vec<f32>) -> Grid {
    let (rows, columns) = plan.labels();
    let found = values.iter().map(|value| {
        let phase = (*value >= 0.0).then(|| Phase::ALL.get(*value as usize).copied()).flatten()?;
        Some(Reading::Phase(phase))
    });
    let marks = found.map(|reading| mark(reading, false)).collect();
    let categories = categories();
    Grid { rows, columns, values, categories, marks, mark_names: mark_names(), ..Grid::default() }
}

/// The marks of cells that are not what their colour says alone.
pub(crate) fn mark_names() -> Vec<String> {
    ["stuck", "diverged", "unknown"].map(str::to_owned).to_vec()
}

/// The mark of a cell: its number in the names from 1, else 0.
pub(crate) fn mark(reading: Option<Reading>, stuck: bool) -> u8 {
    match reading {
        Some(Reading::Phase(Phase::Diverged)) => 2,
        Some(Reading::Phase(Phase::Unknown)) => 3,
        _ => u8::from(stuck),
    }
}

/// Names of the categories, by their numbers: the phases, then the sides of cells that are not decided yet.
pub(crate) fn categories() -> Vec<String> {
    let sides = ["", "I or II", "III or IV"];
    Phase::ALL.iter().map(|phase| phase.word()).chain(sides).map(str::to_owned).collect()
}

/// Number of what is known of a cell among the categories.
pub(crate) fn category(reading: Reading) -> f32 {
    let number = match reading {
        Reading::Phase(phase) => phase.index(),
        // Colours repeat after eight, as many as there are phases: the sides have those of II and III.
        Reading::Hot => Phase::ALL.len() + Phase::II.index(),
        Reading::Cold => Phase::ALL.len() + Phase::III.index(),
    };
    number as f32
}
