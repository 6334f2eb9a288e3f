//! The controls that panels share: what each turns, and between what.

use super::look::ids;
use super::{fan, slices};
use crate::channels as ch;
use crate::ensemble::Aggregator;
use weightscope_frame::record::{ControlKind, ControlSpec};

/// What can be done to raw predictions before they are shown: key and words.
pub(super) const STAGES: [(&str, &str); 5] =
    [("none", "raw"), ("sort", "sorted"), ("pava", "PAVA"), ("sweep", "sweep"), ("conformal", "conformal")];

/// Aggregators whose weights depend on the row.
const LOCAL: [Aggregator; 3] = [Aggregator::LocalCoarse, Aggregator::LocalMedium, Aggregator::LocalFine];

/// The control with this id.
pub(super) fn control(id: &str) -> ControlSpec {
    let from = |channel: &str| ControlKind::ChoiceFrom { channel: channel.to_owned() };
    let choice = |options: &[(&str, &str)], initial: &str| ControlKind::Choice {
        options: options.iter().map(|(key, label)| ((*key).to_owned(), (*label).to_owned())).collect(),
        initial: initial.to_owned(),
    };
    let number =
        |low: f64, high: f64, initial: f64| ControlKind::Number { low, high, initial, logarithmic: false };
    match id {
        ids::METHOD => ControlSpec::new(
            id,
            "Method",
            "The base model or aggregator that is looked at.",
            from(ch::METHODS),
        ),
        ids::SECOND => ControlSpec::new(
            id,
            "Beside",
            "A second method, to be compared with the first.",
            from(ch::SECONDS),
        ),
        ids::COMPARE => ControlSpec::new(
            id,
            "Compare",
            "Both methods, or the difference of their highlighted intervals, first minus second.",
            choice(&[("both", "both"), (fan::DIFFERENCE, "difference")], "both"),
        )
        .not_at(ids::SECOND, &[ch::NOBODY]),
        ids::STAGE => ControlSpec::new(
            id,
            "Stage",
            "What is done to the raw predictions; nothing is trained again.",
            choice(&STAGES, "sort"),
        ),
        ids::ORDER => ControlSpec::new(id, "Order", "What the rows are ordered by.", from(ch::ORDERS)),
        ids::COVERAGE => ControlSpec::new(
            id,
            "Interval",
            "Nominal coverage of the interval that is looked at.",
            number(0.02, 0.98, 0.8),
        ),
        ids::SLICE => {
            ControlSpec::new(id, "Feature", "The feature along which rows are grouped.", from(ch::FEATURES))
        }
        ids::SLICE_BY => ControlSpec::new(
            id,
            "Slices by",
            "What rows are grouped by: the feature, the predicted width, or all features by clusters.",
            choice(&slices::BY, "feature"),
        ),
        ids::CLUSTERS => {
            ControlSpec::new(id, "Clusters", "How many clusters there are.", number(2.0, 20.0, 5.0))
                .only_at(ids::SLICE_BY, &[slices::CLUSTER])
        }
        ids::WEIGHTED => {
            ControlSpec::new(id, "Aggregator", "The aggregator whose weights are shown.", from(ch::WEIGHTED))
        }
        ids::PLACE => ControlSpec::new(
            id,
            "Place",
            "Quantile of the feature at which local weights are shown; the other features stand at their medians.",
            number(0.0, 1.0, 0.5),
        )
        .only_at(ids::WEIGHTED, &LOCAL.map(Aggregator::key)),
        ids::ROW => ControlSpec::new(
            id,
            "Row",
            "The test row that is inspected; a click in the fan chart chooses it.",
            ControlKind::Row { of: ch::TEST_ROWS.to_owned() },
        ),
        _ => ControlSpec::new(
            ids::UNITS,
            "Units",
            "The target in its own units, or standardised.",
            ControlKind::Switch { initial: true },
        ),
    }
}
