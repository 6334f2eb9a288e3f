//! Single weights over the checkpoints, in units of the quantization step.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;
use crate::levels::Quantizer;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let mut references = Vec::new();
    if let Some(quantizer) = Quantizer::new(config.scale, config.bits) {
        for level in quantizer.levels() {
            let level = f64::from(level);
            references.push(Reference::new(ReferenceAxis::Y, level, ReferenceStyle::Level));
            references.push(Reference::new(ReferenceAxis::Y, level + 0.5, ReferenceStyle::Boundary));
        }
        references.pop();
    }
    View::new(ViewSpec {
        x: AxisSpec { label: "step of the run, one a checkpoint".to_owned(), ..AxisSpec::steps() },
        y: AxisSpec::new("level", "step"),
        marks: Some(ch::FLIPS.id().to_owned()),
        references,
        empty: "Followed weights appear here, one point a checkpoint.".to_owned(),
        help: include_str!("../help/trace.md").to_owned(),
        ..ViewSpec::of("trace", "Traces", ViewKind::Trace, &[&ch::TRACE])
    })
}
