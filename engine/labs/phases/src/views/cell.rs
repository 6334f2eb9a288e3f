//! Views of the cell that is looked at. All are derived from the run folder: its zoo holds the networks.

use super::grid::{cell_choice as choice, cell_control};
use crate::derive::{self, control as id, view};
use weightscope_frame::record::{AxisScale, AxisSpec, ControlSpec, ViewKind, ViewSpec};

fn of_cell(view: &str, title: &str, kind: ViewKind, channels: &[&str], more: Vec<ControlSpec>) -> ViewSpec {
    let mut derives = vec![id::CELL.to_owned()];
    derives.extend(more.iter().map(|control| control.id.clone()));
    let mut controls = vec![cell_control()];
    controls.extend(more);
    ViewSpec {
        controls,
        derives,
        empty: "A close look at one cell appears here once its networks are trained and stored: click one in the diagram.".to_owned(),
        ..ViewSpec::new(view, title, kind, channels)
    }
}

/// Loss and accuracy over the epochs.
pub(super) fn learning() -> ViewSpec {
    let quantity =
        choice(id::QUANTITY, "show", "Loss or accuracy.", &[("loss", "loss"), ("accuracy", "accuracy")]);
    ViewSpec {
        x: AxisSpec::new("epoch", "").scale(AxisScale::Symlog),
        y: AxisSpec::new("loss or accuracy", ""),
        help: include_str!("../help/learning_curves.md").to_owned(),
        ..of_cell(
            view::LEARNING,
            "Learning curves of the cell",
            ViewKind::Curve,
            &["learning/*"],
            vec![quantity],
        )
    }
}

/// Loss over a plane.
pub(super) fn landscape() -> ViewSpec {
    let axes = choice(
        id::AXES,
        "axes",
        "Random directions scaled to the filters, towards the other seeds, the largest Hessian eigenvectors, or the main motions of training.",
        &[
            ("random", "random"),
            ("seeds", "towards seeds"),
            ("eigenvectors", "eigenvectors"),
            ("trajectory", "trajectory"),
        ],
    );
    let points = choice(
        id::RESOLUTION,
        "points",
        "Points along each axis.",
        &[("31", "31 × 31"), ("11", "11 × 11"), ("51", "51 × 51")],
    );
    ViewSpec {
        x: AxisSpec::new("first direction", ""),
        y: AxisSpec::new("second direction", ""),
        color: Some(AxisSpec::new("train loss", "nat").scale(AxisScale::Log)),
        overlays: vec![derive::LANDSCAPE_PATH.to_owned()],
        help: include_str!("../help/landscape.md").to_owned(),
        ..of_cell(
            view::LANDSCAPE,
            "Loss landscape of the cell",
            ViewKind::Grid,
            &[derive::LANDSCAPE_PLANE],
            vec![axes, points],
        )
    }
}

/// Loss along a line.
pub(super) fn line() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("along a random direction", ""),
        y: AxisSpec::new("train loss", "nat").scale(AxisScale::Log),
        help: include_str!("../help/landscape_line.md").to_owned(),
        ..of_cell(view::LINE, "Loss along a line", ViewKind::Curve, &["landscape_line/*"], Vec::new())
    }
}

/// Density of the Hessian's eigenvalues.
pub(super) fn spectrum() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("eigenvalue", ""),
        y: AxisSpec::new("density", "").scale(AxisScale::Log),
        help: include_str!("../help/spectrum.md").to_owned(),
        ..of_cell(
            view::SPECTRUM,
            "Hessian spectrum of the cell",
            ViewKind::Curve,
            &[derive::SPECTRUM_DENSITY],
            Vec::new(),
        )
    }
}

/// The largest eigenvalues.
pub(super) fn eigenvalues() -> ViewSpec {
    let rows = choice(
        id::ROWS,
        "rows",
        "Whose loss is meant.",
        &[("train", "training rows"), ("test", "test rows")],
    );
    ViewSpec {
        x: AxisSpec::new("eigenvalue, by magnitude", ""),
        y: AxisSpec::new("value", ""),
        help: include_str!("../help/eigenvalues.md").to_owned(),
        ..of_cell(
            view::EIGENVALUES,
            "Largest eigenvalues of the cell",
            ViewKind::Bars,
            &[derive::SPECTRUM_LARGEST],
            vec![rows],
        )
    }
}

/// Curves and lines between the seeds.
pub(super) fn connections() -> ViewSpec {
    let profile = choice(
        id::PROFILE,
        "show",
        "What is drawn along the way.",
        &[("train_error", "train error"), ("train_loss", "train loss"), ("test_error", "test error")],
    );
    ViewSpec {
        x: AxisSpec::new("place between the seeds", "").limits(0.0, 1.0),
        y: AxisSpec::new("error or loss", ""),
        help: include_str!("../help/connections.md").to_owned(),
        ..of_cell(
            view::CONNECTIONS,
            "Between the seeds of the cell",
            ViewKind::Curve,
            &["connection/*"],
            vec![profile],
        )
    }
}

/// The path of training.
pub(super) fn trajectory() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("first component", ""),
        y: AxisSpec::new("second component", ""),
        color: Some(AxisSpec::new("train loss", "nat")),
        overlays: vec![derive::TRAJECTORY_LINE.to_owned()],
        help: include_str!("../help/trajectory.md").to_owned(),
        ..of_cell(
            view::TRAJECTORY,
            "Path of training",
            ViewKind::Scatter,
            &[derive::TRAJECTORY_DOTS],
            Vec::new(),
        )
    }
}

/// Weights by layer.
pub(super) fn weights() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("weight", ""),
        y: AxisSpec::new("weights", ""),
        help: include_str!("../help/weights.md").to_owned(),
        ..of_cell(
            view::WEIGHTS,
            "Weights of the cell",
            ViewKind::Bars,
            &[derive::WEIGHT_HISTOGRAM],
            Vec::new(),
        )
    }
}

/// Similarity of the seeds.
pub(super) fn similarity() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("seed", ""),
        y: AxisSpec::new("seed", ""),
        color: Some(AxisSpec::new("CKA", "").limits(0.0, 1.0)),
        help: include_str!("../help/similarity.md").to_owned(),
        ..of_cell(
            view::SIMILARITY,
            "Similarity of the seeds",
            ViewKind::Grid,
            &[derive::SIMILARITY_MATRIX],
            Vec::new(),
        )
    }
}
