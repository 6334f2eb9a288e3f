//! Single weights over the checkpoints, in units of the quantization step.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, Curve, Data, Marks, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, by_training_step, name_of, row, scale_words, stop, tensor, words};
use crate::channels as ch;
use crate::config::Config;
use crate::levels::Quantizer;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("level", "step"),
        marks: Some(ch::FLIPS.id().to_owned()),
        levels: Some(ch::LEVELS.id().to_owned()),
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        actions: vec![stop()],
        empty: "Followed weights appear here, one point a checkpoint.".to_owned(),
        help: include_str!("../help/trace.md").to_owned(),
        ..ViewSpec::of("trace", &title(config), ViewKind::Trace, &[&ch::TRACE])
    })
    .derived(derive)
}

/// The title with the quantizer through which weights are followed.
fn title(config: &Config) -> String {
    let (bits, grouping, scale) = (config.bits, words(config.grouping), scale_words(config));
    format!("Traces, {bits} bits by {grouping}, {scale}")
}

/// The followed weights of the tensor that is looked at.
fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
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
    channels.extend(levels(config));
    Ok(channels)
}

/// The levels of the quantizer.
fn levels(config: &Config) -> Option<Channel> {
    let quantizer = Quantizer::new(config.scale, config.bits)?;
    let y: Vec<f64> = quantizer.levels().map(f64::from).collect();
    let curve = Curve { x: (0..y.len()).map(|place| place as f64).collect(), y, band: None };
    Some(Channel { data: Data::Curve(Timeline::one(curve)), ..ch::LEVELS.channel() })
}
