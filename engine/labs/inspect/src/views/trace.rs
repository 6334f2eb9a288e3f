//! Single weights over the checkpoints, in units of the quantization step.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{
    AxisSpec, Channel, Data, Marks, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, by_training_step, name_of, row, stop, tensor};
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
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("level", "step"),
        marks: Some(ch::FLIPS.id().to_owned()),
        references,
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        actions: vec![stop()],
        empty: "Followed weights appear here, one point a checkpoint.".to_owned(),
        help: include_str!("../help/trace.md").to_owned(),
        ..ViewSpec::of("trace", "Traces", ViewKind::Trace, &[&ch::TRACE])
    })
    .derived(derive)
}

/// The followed weights of the tensor that is looked at.
fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let name = name_of(job.record, row(job));
    let mut channels: Vec<Channel> = [ch::TRACE.id(), ch::FLIPS.id()]
        .into_iter()
        .filter_map(|id| by_training_step(job.record, job.record.get(id)?))
        .collect();
    let mut kept = Vec::new();
    for channel in &mut channels {
        match &mut channel.data {
            Data::Vector(vector) => {
                vector.components.retain(|component| component.group == name);
                kept = vector.components.iter().map(|component| component.id).collect();
            }
            Data::Marks(marks) => {
                let mut own = Marks { categories: marks.categories.clone(), ..Marks::default() };
                own.marks.extend(marks.marks.iter().filter(|mark| kept.contains(&mark.id)).copied());
                *marks = own;
            }
            _ => {}
        }
    }
    Ok(channels)
}
