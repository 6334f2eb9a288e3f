//! The controls of the views: their ids, the closed lists that some choose from, and how they are made and read.

use weightscope_frame::choices;
use weightscope_frame::experiment::Choosable;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{ControlKind, ControlSpec};

use crate::channels as ch;

/// Threshold on the training loss.
pub(crate) const TRAIN_LOSS: &str = "threshold_train_loss";
/// Threshold on the logarithm of the largest eigenvalue.
pub(crate) const LOG_LAMBDA: &str = "threshold_log_lambda";
/// Threshold on the logarithm of the trace.
pub(crate) const LOG_TRACE: &str = "threshold_log_trace";
/// Threshold on mode connectivity.
pub(crate) const CONNECTIVITY: &str = "threshold_connectivity";
/// Threshold on similarity.
pub(crate) const CKA: &str = "threshold_cka";
/// Whether the training loss votes.
pub(crate) const VOTE_LOSS: &str = "vote_train_loss";
/// Whether the largest eigenvalue votes.
pub(crate) const VOTE_LAMBDA: &str = "vote_log_lambda";
/// Whether the trace votes.
pub(crate) const VOTE_TRACE: &str = "vote_log_trace";
/// Whether the thresholds follow from the values.
pub(crate) const AUTOMATIC: &str = "automatic";
/// How borders are drawn: a [`BorderStyle`].
pub(crate) const BORDERS: &str = "border_style";
/// The cell that is looked at, by its key.
pub(crate) const CELL: &str = "cell";
/// The metric of a transect.
pub(crate) const METRIC: &str = "transect_metric";
/// The way of a transect: a [`Direction`].
pub(crate) const DIRECTION: &str = "transect_direction";
/// What learning curves show: a [`Quantity`].
pub(crate) const QUANTITY: &str = "quantity";
/// The axes of a plane: a [`PlaneAxes`].
pub(crate) const AXES: &str = "landscape_axes";
/// How fine a plane is: a [`Resolution`].
pub(crate) const RESOLUTION: &str = "landscape_points";
/// The rows of a curvature: a [`Rows`].
pub(crate) const ROWS: &str = "spectrum_rows";
/// What is drawn between seeds: a [`Profile`].
pub(crate) const PROFILE: &str = "profile";

choices! {
    /// How the borders of the phases are drawn.
    pub(crate) enum BorderStyle {
        /// Edges between cells.
        Steps = "steps", "steps";
        /// Lines at the thresholds.
        Lines = "lines", "iso-lines";
    }
}

choices! {
    /// The way of a transect through the grid.
    pub(crate) enum Direction {
        /// Along the horizontal axis.
        Row = "row", "the row";
        /// Along the vertical axis.
        Column = "column", "the column";
        /// Along the diagonal of the brushed rectangle.
        Line = "line", "the drawn line";
    }
}

choices! {
    /// What learning curves show.
    pub(crate) enum Quantity {
        /// Cross-entropy.
        Loss = "loss", "loss";
        /// Share of right answers.
        Accuracy = "accuracy", "accuracy";
    }
}

choices! {
    /// The axes of a plane through a network.
    pub(crate) enum PlaneAxes {
        /// Random directions scaled to the filters.
        Random = "random", "random";
        /// Towards the other seeds.
        Seeds = "seeds", "towards seeds";
        /// The largest eigenvectors of the Hessian.
        Eigenvectors = "eigenvectors", "eigenvectors";
        /// The main motions of training.
        Trajectory = "trajectory", "trajectory";
    }
}

choices! {
    /// Points along each axis of a plane.
    pub(crate) enum Resolution {
        /// The usual number.
        Usual = "31", "31 × 31";
        /// A quick look.
        Coarse = "11", "11 × 11";
        /// For a figure.
        Fine = "51", "51 × 51";
    }
}

impl Resolution {
    /// Points along an axis.
    pub(crate) const fn points(self) -> usize {
        match self {
            Self::Coarse => 11,
            Self::Usual => 31,
            Self::Fine => 51,
        }
    }
}

choices! {
    /// The rows whose loss a curvature is of.
    pub(crate) enum Rows {
        /// Those that the network learned from.
        Train = "train", "training rows";
        /// Those that it is tested on.
        Test = "test", "test rows";
    }
}

choices! {
    /// What is drawn along the way between two seeds.
    pub(crate) enum Profile {
        /// Wrong answers on the training rows.
        TrainError = "train_error", "train error";
        /// Cross-entropy on the training rows.
        TrainLoss = "train_loss", "train loss";
        /// Wrong answers on the test rows.
        TestError = "test_error", "test error";
    }
}

/// The choice that a control stands at; the first of its list where it stands at none.
pub(crate) fn chosen<T: Choosable>(job: &Derive<'_>, id: &str) -> Option<T> {
    let word = job.controls.word(id);
    let place = T::LIST.iter().position(|choice| Some(choice.key) == word);
    T::at(place.unwrap_or(0))
}

/// A number between two ends.
pub(crate) fn number(
    id: &str,
    label: &str,
    about: &str,
    (low, high): (f64, f64),
    initial: f64,
    logarithmic: bool,
) -> ControlSpec {
    ControlSpec::new(id, label, about, ControlKind::Number { low, high, initial, logarithmic })
}

/// A switch.
pub(crate) fn switch(id: &str, label: &str, about: &str, initial: bool) -> ControlSpec {
    ControlSpec::new(id, label, about, ControlKind::Switch { initial })
}

/// A choice from words; the first one stands before it is turned.
pub(crate) fn words(id: &str, label: &str, about: &str, options: &[(&str, &str)]) -> ControlSpec {
    let initial = options.first().map(|(key, _)| (*key).to_owned()).unwrap_or_default();
    let options = options.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect();
    ControlSpec::new(id, label, about, ControlKind::Choice { options, initial })
}

/// A choice from a closed list.
pub(crate) fn choice<T: Choosable>(id: &str, label: &str, about: &str) -> ControlSpec {
    let options: Vec<(&str, &str)> = T::LIST.iter().map(|choice| (choice.key, choice.label)).collect();
    words(id, label, about, &options)
}

/// The choice of the cell that is looked at.
pub(crate) fn cell() -> ControlSpec {
    let about = "The cell that is looked at, by load and temperature; a click on the diagram chooses it too.";
    ControlSpec::new(CELL, "cell", about, ControlKind::ChoiceFrom { channel: ch::CELLS.id().to_owned() })
}
