//! What the run leaves behind besides the record: `grid.csv`, one row for each cell.

use std::fmt::Write as _;

use super::book::Book;
use crate::config::{Config, Load, Temperature};
use crate::method::phase::Phase;
use crate::metric::{Metric, Values};
use crate::plan::Plan;
use weightscope_frame::experiment::number;

/// Name of the file.
pub(crate) const GRID: &str = "grid.csv";

/// The columns after width, batch size and seeds.
const METRICS: [(&str, Metric); 10] = [
    ("train_loss", Metric::TrainLoss),
    ("train_accuracy", Metric::TrainAccuracy),
    ("test_loss", Metric::TestLoss),
    ("test_accuracy", Metric::TestAccuracy),
    ("mode_connectivity", Metric::Connectivity),
    ("linear_mode_connectivity", Metric::Linear),
    ("cka", Metric::Cka),
    ("log_lambda_max", Metric::LogLambda),
    ("log_trace", Metric::LogTrace),
    ("weight_norm", Metric::Norm),
];

/// The grid of a run as it stands; see [`grid_text`].
pub(crate) fn grid_csv(config: &Config, plan: &Plan, book: &Book) -> String {
    let thresholds = config.thresholds();
    let cells = 0..plan.cells.len();
    let counts: Vec<usize> = cells.clone().map(|cell| book.networks_of(cell).count()).collect();
    let values: Vec<Values> = cells.clone().map(|cell| book.values(config, cell)).collect();
    let phases: Vec<Phase> = cells.map(|cell| book.phase(config, &thresholds, cell)).collect();
    grid_text(config, plan, &counts, &values, &phases)
}

/// Means over the seeds; empty where unknown. Axes other than width and batch size stand behind the phase.
pub(crate) fn grid_text(
    config: &Config,
    plan: &Plan,
    counts: &[usize],
    values: &[Values],
    phases: &[Phase],
) -> String {
    let mut text = String::from("width,batch_size,seeds");
    METRICS.iter().for_each(|(name, _)| {
        let _ = write!(text, ",{name}");
    });
    text.push_str(",phase");
    let extra: &[&str] = match (config.load, config.temperature) {
        (Load::Width, Temperature::BatchSize) => &[],
        _ => &["learning_rate", "weight_decay", "data_share", "label_noise"],
    };
    extra.iter().for_each(|name| {
        let _ = write!(text, ",{name}");
    });
    text.push('\n');
    for cell in plan.table_order() {
        let (Some(place), Some(count)) = (plan.cells.get(cell), counts.get(cell)) else { continue };
        let (Some(values), Some(phase)) = (values.get(cell), phases.get(cell)) else { continue };
        let knobs = place.knobs;
        let _ = write!(text, "{},{},{count}", knobs.width, knobs.batch);
        for (_, metric) in METRICS {
            let _ = write!(text, ",{}", values.get(metric).map(number).unwrap_or_default());
        }
        let _ = write!(text, ",{}", phase.word());
        if !extra.is_empty() {
            for value in [knobs.learning_rate, knobs.weight_decay, knobs.data_share, knobs.label_noise] {
                let _ = write!(text, ",{}", number(value));
            }
        }
        text.push('\n');
    }
    text
}
