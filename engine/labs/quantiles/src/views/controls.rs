//! The controls that views share: what each turns, and between what.

use super::fan::Compare;
use super::slices::By;
use crate::channels as ch;
use crate::config::Config;
use crate::ensemble::Aggregator;
use crate::scores::Stage;
use weightscope_frame::experiment::Choosable;
use weightscope_frame::record::declared::{Declared, kinds::OfChoices};
use weightscope_frame::record::{ControlKind, ControlSpec, Controls};

/// Ids of the controls.
pub(super) mod ids {
    pub(in super::super) const METHOD: &str = "method";
    pub(in super::super) const STAGE: &str = "stage";
    pub(in super::super) const ORDER: &str = "order";
    pub(in super::super) const COVERAGE: &str = "coverage";
    pub(in super::super) const SLICE: &str = "slice";
    pub(in super::super) const WEIGHTED: &str = "weighted";
    pub(in super::super) const PLACE: &str = "place";
    pub(in super::super) const ROW: &str = "row";
    pub(in super::super) const SLICE_BY: &str = "slice_by";
    pub(in super::super) const CLUSTERS: &str = "clusters";
    pub(in super::super) const SECOND: &str = "second";
    pub(in super::super) const COMPARE: &str = "compare";
    pub(in super::super) const UNITS: &str = "units";
}

/// The choice of no second method.
pub(crate) const NOBODY: &str = "none";
weightscope_frame::choices! {
    /// The stage of the predictions that views show.
    pub(super) enum ShownStage {
        /// Calibrated once the run has come to it, else after the run's operator: the stage of coverage and width among the results.
        Last = "last", "last (calibrated where the run is)";
        /// Nothing done.
        Raw = "none", "raw";
        /// Ascending order.
        Sorted = "sort", "sorted";
        /// The least-squares isotonic fit.
        Pava = "pava", "PAVA";
        /// The min–max sweep.
        Sweep = "sweep", "min–max";
        /// The run's operator, then calibration.
        Conformal = "conformal", "conformal";
    }
}

impl ShownStage {
    /// As the control stands.
    pub(super) fn of(controls: &Controls) -> Self {
        controls.word(ids::STAGE).and_then(chosen).unwrap_or(Self::Last)
    }

    /// The stage itself; the last one is calibration if it is there, else what the run's operator makes.
    pub(super) const fn stage(self, config: &Config, is_calibrated: bool) -> Stage {
        match self {
            Self::Last if is_calibrated => Stage::Conformal,
            Self::Last => Stage::after(config.isotonization),
            Self::Raw => Stage::Raw,
            Self::Sorted => Stage::Sorted,
            Self::Pava => Stage::Pava,
            Self::Sweep => Stage::Sweep,
            Self::Conformal => Stage::Conformal,
        }
    }
}

/// Nominal coverage of the interval that is looked at before the control is turned.
pub(super) const FIRST_COVERAGE: f64 = 0.8;
/// Clusters before the control is turned.
pub(super) const FIRST_CLUSTERS: f64 = 5.0;
/// Quantile of the feature before the control is turned.
pub(super) const FIRST_PLACE: f64 = 0.5;

/// Aggregators whose weights depend on the row.
const LOCAL: [Aggregator; 3] = [Aggregator::LocalCoarse, Aggregator::LocalMedium, Aggregator::LocalFine];

/// The choice of a closed list with this key.
pub(super) fn chosen<T: Choosable>(key: &str) -> Option<T> {
    T::at(T::LIST.iter().position(|choice| choice.key == key)?)
}

fn of<T: Choosable>(initial: &str) -> ControlKind {
    let options = T::LIST.iter().map(|choice| (choice.key.to_owned(), choice.label.to_owned()));
    ControlKind::Choice { options: options.collect(), initial: initial.to_owned() }
}

fn from(channel: &Declared<OfChoices>) -> ControlKind {
    ControlKind::ChoiceFrom { channel: channel.id().to_owned() }
}

fn number(low: f64, high: f64, initial: f64) -> ControlKind {
    ControlKind::Number { low, high, initial, logarithmic: false }
}

pub(super) fn method() -> ControlSpec {
    let about = "The base model or aggregator that is looked at.";
    ControlSpec::new(ids::METHOD, "Method", about, from(&ch::METHODS))
}

pub(super) fn second() -> ControlSpec {
    let about = "A second method, to be compared with the first.";
    ControlSpec::new(ids::SECOND, "Beside", about, from(&ch::SECONDS))
}

pub(super) fn compare() -> ControlSpec {
    let about = "Both methods, or the difference of their highlighted intervals, first minus second.";
    ControlSpec::new(ids::COMPARE, "Compare", about, of::<Compare>(Compare::Both.key()))
        .not_at(ids::SECOND, &[NOBODY])
}

pub(super) fn stage() -> ControlSpec {
    let about = "What is done to the raw predictions; nothing is trained again.";
    ControlSpec::new(ids::STAGE, "Stage", about, of::<ShownStage>(ShownStage::Last.key()))
}

pub(super) fn order() -> ControlSpec {
    ControlSpec::new(ids::ORDER, "Order", "What the rows are ordered by.", from(&ch::ORDERS))
}

pub(super) fn coverage() -> ControlSpec {
    let about = "Nominal coverage of the interval that is looked at.";
    ControlSpec::new(ids::COVERAGE, "Interval", about, number(0.02, 0.98, FIRST_COVERAGE))
}

pub(super) fn slice() -> ControlSpec {
    let about = "The feature along which rows are grouped.";
    ControlSpec::new(ids::SLICE, "Feature", about, from(&ch::FEATURES))
}

pub(super) fn slice_by() -> ControlSpec {
    let about = "What rows are grouped by: the feature, the predicted width, or all features by clusters.";
    ControlSpec::new(ids::SLICE_BY, "Slices by", about, of::<By>(By::Feature.key()))
}

pub(super) fn clusters() -> ControlSpec {
    let about = "How many clusters there are.";
    ControlSpec::new(ids::CLUSTERS, "Clusters", about, number(2.0, 20.0, FIRST_CLUSTERS))
        .only_at(ids::SLICE_BY, &[By::Clusters.key()])
}

pub(super) fn weighted() -> ControlSpec {
    let about = "The aggregator whose weights are shown.";
    ControlSpec::new(ids::WEIGHTED, "Aggregator", about, from(&ch::WEIGHTED))
}

pub(super) fn place() -> ControlSpec {
    let about = "Quantile of the feature at which local weights are shown; the other features stand at their medians.";
    ControlSpec::new(ids::PLACE, "Place", about, number(0.0, 1.0, FIRST_PLACE))
        .only_at(ids::WEIGHTED, &LOCAL.map(Aggregator::key))
}

pub(super) fn row() -> ControlSpec {
    let about = "The test row that is inspected; a click in the fan chart chooses it.";
    ControlSpec::new(ids::ROW, "Row", about, ControlKind::Row { of: ch::TEST_ROWS.id().to_owned() })
}

pub(super) fn units() -> ControlSpec {
    let about = "The target in its own units, or standardised.";
    ControlSpec::new(ids::UNITS, "Units", about, ControlKind::Switch { initial: true })
}
