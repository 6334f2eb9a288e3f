//! What follows from the record and the controls: phases and borders under other thresholds, histograms, transects, and a close look
//! at one cell.
//!
//! Contract: nothing here trains anything that the run did not train, except where a view says so (a trajectory is the cell's first
//! network trained again, with the same numbers).

mod borders;
mod cell;
mod connections;
mod curvature;
mod diagram;
mod histograms;
mod landscape;
mod learning;
mod path;
mod plane;
mod transect;
mod weights;

pub(super) use curvature::{DENSITY as SPECTRUM_DENSITY, LARGEST as SPECTRUM_LARGEST};
pub(super) use histograms::channel as histogram_channel;
pub(super) use path::{DOTS as TRAJECTORY_DOTS, LINE as TRAJECTORY_LINE};
pub(super) use plane::{PATH as LANDSCAPE_PATH, PLANE as LANDSCAPE_PLANE};
pub(super) use transect::{CHANNEL as TRANSECT_CHANNEL, METRIC as TRANSECT_METRIC, PLACE as TRANSECT_PLACE};
pub(super) use weights::{HISTOGRAM as WEIGHT_HISTOGRAM, MATRIX as SIMILARITY_MATRIX};

use super::config::Config;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Data, Grid, Record, Timeline};
use weightscope_frame::run::RunError;

/// Ids of views.
pub(super) mod view {
    pub(crate) const DIAGRAM: &str = "diagram";
    pub(crate) const PANELS: &str = "panels";
    pub(crate) const LOSS_HISTOGRAM: &str = "loss_histogram";
    pub(crate) const CONNECTIVITY_HISTOGRAM: &str = "connectivity_histogram";
    pub(crate) const CKA_HISTOGRAM: &str = "cka_histogram";
    pub(crate) const TRANSECT: &str = "transect";
    pub(crate) const LEARNING: &str = "learning_curves";
    pub(crate) const LINE: &str = "landscape_line";
    pub(crate) const LANDSCAPE: &str = "landscape";
    pub(crate) const SPECTRUM: &str = "spectrum";
    pub(crate) const EIGENVALUES: &str = "eigenvalues";
    pub(crate) const CONNECTIONS: &str = "connections";
    pub(crate) const WEIGHTS: &str = "weights";
    pub(crate) const SIMILARITY: &str = "similarity";
    pub(crate) const TRAJECTORY: &str = "trajectory";
}

/// Ids of controls.
pub(super) mod control {
    pub(crate) const TRAIN_LOSS: &str = "threshold_train_loss";
    pub(crate) const LOG_LAMBDA: &str = "threshold_log_lambda";
    pub(crate) const LOG_TRACE: &str = "threshold_log_trace";
    pub(crate) const CONNECTIVITY: &str = "threshold_connectivity";
    pub(crate) const CKA: &str = "threshold_cka";
    pub(crate) const VOTE_LOSS: &str = "vote_train_loss";
    pub(crate) const VOTE_LAMBDA: &str = "vote_log_lambda";
    pub(crate) const VOTE_TRACE: &str = "vote_log_trace";
    pub(crate) const AUTOMATIC: &str = "automatic";
    pub(crate) const BORDERS: &str = "border_style";
    pub(crate) const CELL: &str = "cell";
    pub(crate) const METRIC: &str = "transect_metric";
    pub(crate) const DIRECTION: &str = "transect_direction";
    pub(crate) const QUANTITY: &str = "quantity";
    pub(crate) const AXES: &str = "landscape_axes";
    pub(crate) const RESOLUTION: &str = "landscape_points";
    pub(crate) const ROWS: &str = "spectrum_rows";
    pub(crate) const PROFILE: &str = "profile";
}

/// Channels of a view.
pub(super) fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    Ok(match job.view {
        view::DIAGRAM | view::PANELS => diagram::channels(config, job),
        view::LOSS_HISTOGRAM | view::CONNECTIVITY_HISTOGRAM | view::CKA_HISTOGRAM => {
            histograms::channels(config, job)
        }
        view::TRANSECT => transect::channels(config, job),
        view::CONNECTIONS => connections::channels(job),
        _ => {
            let Some(cell) = cell::open(config, job)? else { return Ok(Vec::new()) };
            match job.view {
                view::LEARNING => learning::channels(&cell, job),
                view::LINE => landscape::line(&cell, job)?,
                view::LANDSCAPE => plane::plane(&cell, job)?,
                view::SPECTRUM => curvature::spectrum(&cell, job)?,
                view::EIGENVALUES => curvature::eigenvalues(&cell, job)?,
                view::WEIGHTS => weights::histogram(&cell),
                view::SIMILARITY => weights::similarity(&cell)?,
                view::TRAJECTORY => path::channels(&cell, job)?,
                _ => Vec::new(),
            }
        }
    })
}

/// The pictures of a channel.
fn grids<'a>(record: &'a Record, id: &str) -> Option<&'a Timeline<Grid>> {
    match &record.get(id)?.data {
        Data::Grid(timeline) => Some(timeline),
        _ => None,
    }
}

/// Position of the cell in its picture's rows and columns, from a name such as `16 × 32` (load, temperature).
fn place(grid: &Grid, name: &str) -> Option<(usize, usize)> {
    let (load, temperature) = name.split_once(" × ")?;
    let row = grid.rows.iter().position(|row| row == temperature)?;
    let column = grid.columns.iter().position(|column| column == load)?;
    Some((row, column))
}

/// The name of the cell at a place of a picture: what a click selects.
pub(super) fn name_at(grid: &Grid, x: f64, y: f64) -> Option<String> {
    if x < 0.0 || y < 0.0 {
        return None;
    }
    let (load, temperature) = (grid.columns.get(x as usize)?, grid.rows.get(y as usize)?);
    Some(format!("{load} × {temperature}"))
}
