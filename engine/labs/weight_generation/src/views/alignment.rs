//! How a network's units match the mean of the zoo, and what lies on the straight way there.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The matching.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "The matching of a network's hidden units to the mean of the zoo appears here with the evaluation."
            .to_owned(),
        help: include_str!("../help/alignment.md").to_owned(),
        ..ViewSpec::of("alignment", "Alignment", ViewKind::Matching, &[&ch::ALIGNMENT])
    })
}

/// The way from a network over the mean of its task to the mean of the zoo.
pub(super) fn barrier(config: &Config) -> View<Config> {
    let tab = (!config.hidden_widths.is_empty()).then(|| "alignment".to_owned());
    let line =
        |value, label: &str| Reference::new(ReferenceAxis::X, value, ReferenceStyle::Boundary).label(label);
    View::new(ViewSpec {
        x: AxisSpec::new("way", "").limits(0.0, 2.0).named_by(ch::ALIGNMENT_WORDS.id()),
        y: AxisSpec::new("accuracy", "").limits(0.0, 1.0),
        references: vec![line(1.0, "mean of its task")],
        tab_of: tab,
        empty: "Accuracy on the straight way from a network to the mean of the zoo appears here with the evaluation."
            .to_owned(),
        help: include_str!("../help/alignment_barrier.md").to_owned(),
        ..ViewSpec::of("alignment_barrier", "Barrier to the mean", ViewKind::Curve, &[&ch::ALIGNMENT_BARRIER])
    })
}
