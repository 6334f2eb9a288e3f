//! What the run leaves behind besides the record: `grid.csv`, one row for each cell.

use std::fmt::Write as _;

use super::book::Book;
use crate::experiment::number;
use crate::labs::phases::config::{Config, Load, Temperature};
use crate::labs::phases::metric::Metric;
use crate::labs::phases::plan::Plan;

/// Name of the file.
pub(in crate::labs::phases) const GRID: &str = "grid.csv";

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

/// Means over the seeds; empty where unknown. Axes other than width and batch size stand behind the phase.
pub(in crate::labs::phases) fn grid_csv(config: &Config, plan: &Plan, book: &Book) -> String {
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
    let thresholds = config.thresholds();
    for cell in plan.table_order() {
        let Some(knobs) = plan.cells.get(cell).map(|cell| cell.knobs) else { continue };
        let values = book.values(config, cell);
        let _ = write!(text, "{},{},{}", knobs.width, knobs.batch, book.networks_of(cell).len());
        for (_, metric) in METRICS {
            let _ = write!(text, ",{}", values.get(metric).map(number).unwrap_or_default());
        }
        let _ = write!(text, ",{}", book.phase(config, &thresholds, cell).word());
        if !extra.is_empty() {
            for value in [knobs.learning_rate, knobs.weight_decay, knobs.data_share, knobs.label_noise] {
                let _ = write!(text, ",{}", number(value));
            }
        }
        text.push('\n');
    }
    text
}
