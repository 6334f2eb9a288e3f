//! The final figures of a trained grid, and the files that go with them.

use super::stages::write_tables;
use super::{Run, book::Book};
use crate::config::Config;
use crate::method::phase::Phase;
use crate::metric::Metric;
use crate::{metrics, zoo};
use weightscope_frame::run::{Context, RunError};

/// Reports the grid as it stands.
pub(super) fn report(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let grid = run.state.grid()?;
    let (config, book) = (run.settings, &run.state.book);
    run.context.result(&metrics::MODELS_TRAINED, book.networks.iter().flatten().count() as f64);
    times(run.context, book);
    let thresholds = config.thresholds();
    let cells = 0..grid.plan.cells.len();
    let phases: Vec<Phase> = cells.clone().map(|cell| book.phase(config, &thresholds, cell)).collect();
    count(run.context, &phases);
    if let Some(best) = best(config, book, cells) {
        run.context.result(&metrics::BEST_TEST_ACCURACY, best);
    }
    if let Some(folder) = run.context.folder() {
        zoo::noted::write(folder, config, &grid.plan, book, run.context.control())?;
    }
    write_tables(run, &grid)
}

/// The number of cells in each phase.
pub(crate) fn count(context: &mut Context<'_>, phases: &[Phase]) {
    for phase in Phase::ALL {
        let count = phases.iter().filter(|other| **other == phase).count();
        context.result(metrics::cells(phase), count as f64);
    }
}

fn times(context: &mut Context<'_>, book: &Book) {
    let seconds = &book.seconds;
    context.result(&metrics::TRAIN_SECONDS, seconds.training);
    context.result(&metrics::CURVE_SECONDS, seconds.curves);
    context.result(&metrics::HESSIAN_SECONDS, seconds.curvature);
    context.result(&metrics::DOWNSTREAM_SECONDS, seconds.afterwards);
    let steps: u64 = book.networks.iter().flatten().map(|network| network.steps).sum();
    if seconds.training > 0.0 {
        context.result(&metrics::NETWORK_STEPS_PER_SECOND, steps as f64 / seconds.training);
    }
}

/// Test accuracy of the best cell.
fn best(config: &Config, book: &Book, cells: std::ops::Range<usize>) -> Option<f64> {
    let known = cells.filter_map(|cell| book.values(config, cell).get(Metric::TestAccuracy));
    known.max_by(f64::total_cmp)
}
