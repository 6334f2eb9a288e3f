//! The controls that the phases depend on: votes and thresholds, and how borders are drawn.

use weightscope_frame::record::ControlSpec;

use crate::config::Config;
use crate::control::{self as id, BorderStyle, choice, number, switch};

/// Votes and thresholds, as the settings have them before they are turned.
pub(super) fn controls(config: &Config) -> Vec<ControlSpec> {
    let mut controls = vec![switch(
        id::AUTOMATIC,
        "automatic thresholds",
        "Takes the thresholds from the values: Otsu's two classes for loss and curvature, over phase IV for similarity.",
        false,
    )];
    controls.extend(votes(config));
    controls.extend([
        number(
            id::CONNECTIVITY,
            "connectivity below −",
            "Mode connectivity below minus this: a barrier parts the networks, and the cell is poorly connected.",
            (0.0, 50.0),
            config.threshold_connectivity,
            false,
        )
        .only_at(id::AUTOMATIC, &["false"]),
        number(
            id::CKA,
            "CKA ≥",
            "From here on the seeds are similar.",
            (-1.0, 1.0),
            config.threshold_cka,
            false,
        )
        .only_at(id::AUTOMATIC, &["false"]),
    ]);
    controls
}

/// The votes on hot or cold, each with its threshold, which counts while the vote is cast.
fn votes(config: &Config) -> [ControlSpec; 6] {
    let above = "Above it a cell is hot.";
    let logarithm = (-10.0, 15.0);
    [
        switch(id::VOTE_LOSS, "by loss", "The training loss votes on hot or cold.", config.vote_train_loss),
        number(id::TRAIN_LOSS, "hot: loss >", above, (1e-4, 10.0), config.threshold_train_loss, true)
            .only_at(id::VOTE_LOSS, &["true"]),
        switch(
            id::VOTE_LAMBDA,
            "by eigenvalue",
            "The largest Hessian eigenvalue votes on hot or cold.",
            config.vote_log_lambda,
        ),
        number(id::LOG_LAMBDA, "hot: ln λ >", above, logarithm, config.threshold_log_lambda, false)
            .only_at(id::VOTE_LAMBDA, &["true"]),
        switch(id::VOTE_TRACE, "by trace", "The Hessian trace votes on hot or cold.", config.vote_log_trace),
        number(id::LOG_TRACE, "hot: ln trace >", above, logarithm, config.threshold_log_trace, false)
            .only_at(id::VOTE_TRACE, &["true"]),
    ]
}

/// How the borders of the phases are drawn.
pub(super) fn borders() -> ControlSpec {
    choice::<BorderStyle>(
        id::BORDERS,
        "borders",
        "Edges between cells of different phases, or lines at the thresholds of the metrics.",
    )
}

/// Ids of the controls that the phases depend on.
pub(super) fn ids(config: &Config) -> Vec<String> {
    controls(config).into_iter().map(|control| control.id).collect()
}

/// Ids of the controls that pictures with borders depend on.
pub(super) fn ids_with_borders(config: &Config) -> Vec<String> {
    ids(config).into_iter().chain([id::BORDERS.to_owned()]).collect()
}
