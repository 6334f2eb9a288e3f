//! Vectors of the quantiles lab: scores, operators, penalties, aggregation, calibration, base models; all in double precision.

mod aggregation;
mod calibration;
mod models;
mod operators;
mod scores;

use weightscope_engine::labs::quantiles::method::levels::Levels;

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "quantiles", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "pinball" => scores::pinball,
        "pinball_ties" => scores::pinball_ties,
        "huber_pinball" => scores::huber,
        "interval_score" => scores::interval_score,
        "wis" => scores::wis,
        "crps" => scores::crps,
        "normal_ppf" => scores::normal,
        "cgn" => scores::cgn,
        "isotonize" => operators::isotonize,
        "isotonize_edge" => operators::isotonize_edge,
        "crossing_penalty" => operators::crossing_penalty,
        "adaptive_margin" => operators::adaptive_margin,
        "aggregate" => aggregation::aggregate,
        "local_medium_mlp" => aggregation::local_medium,
        "train_global_medium_5steps" => aggregation::training,
        "batch_size_rule" => aggregation::batch_size,
        "calibration" => calibration::calibration,
        "cqr_index" => calibration::cqr_index,
        "cqr_intervals" => calibration::cqr_intervals,
        "cvplus" => calibration::cv_plus,
        "forest_quantile" => models::forest,
        "knn_quantile" => models::neighbours,
        "linear_quantreg" => models::linear,
        "global_medium_lp" => models::simplex,
        _ => return None,
    })
}

/// The grid of a vector.
fn levels(case: &Case) -> Result<Levels, String> {
    Levels::new(case.numbers("taus")?)
}
