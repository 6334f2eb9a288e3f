//! What views know of a run beside its numbers: its methods, and the scales of features and target.

use serde::Deserialize;

use super::controls;
use crate::base::Kind;
use crate::channels as ch;
use crate::config::Config;
use crate::data::Scale;
use crate::ensemble::Aggregator;
use crate::method::levels::Levels;
use weightscope_frame::record::{Cell, Data, Record};

/// What views know of a run beside its numbers.
pub(super) struct Facts {
    /// The levels that are predicted.
    pub(super) levels: Levels,
    /// The base models that take part, in the order of the settings.
    pub(super) base_models: Vec<Kind>,
    /// The aggregators that take part, in the order of the settings.
    pub(super) aggregators: Vec<Aggregator>,
    /// Names and scales of the encoded features.
    pub(super) features: Vec<Scale>,
    /// Name and scale of the target.
    pub(super) target: Scale,
}

impl Facts {
    /// From settings and record; `None` before the run has read its table.
    pub(super) fn read(config: &Config, record: &Record) -> Option<Self> {
        let offered = controls::method().options(record);
        let is_offered = |word: &str| offered.iter().any(|(key, _)| key == word);
        let (features, target) = scales(record).or_else(|| older_scales(record))?;
        Some(Self {
            levels: config.grid().ok()?,
            base_models: config.base_models.iter().copied().filter(|one| is_offered(one.key())).collect(),
            aggregators: config.aggregators.iter().copied().filter(|one| is_offered(one.key())).collect(),
            features,
            target,
        })
    }
}

/// Scales of the features and of the target.
fn scales(record: &Record) -> Option<(Vec<Scale>, Scale)> {
    let Data::Table(timeline) = &record.get(ch::SCALES.id())?.data else { return None };
    let scale = |row: &Vec<Cell>| match row.as_slice() {
        [Cell::Text(name), Cell::Number(mean), Cell::Number(deviation)] => {
            Some(Scale { name: name.clone(), mean: *mean, deviation: *deviation })
        }
        _ => None,
    };
    let mut scales: Vec<Scale> = timeline.last()?.1.rows.iter().map(scale).collect::<Option<_>>()?;
    let target = scales.pop()?;
    Some((scales, target))
}

/// The scales of runs of older programs, which kept them as JSON in a text channel.
fn older_scales(record: &Record) -> Option<(Vec<Scale>, Scale)> {
    #[derive(Deserialize)]
    struct Meta {
        features: Vec<String>,
        mean: Vec<f64>,
        deviation: Vec<f64>,
        target: Scale,
    }
    let Data::Text(text) = &record.get("meta")?.data else { return None };
    let Meta { features, mean, deviation, target } = serde_json::from_str(text).ok()?;
    let columns = features.into_iter().zip(mean).zip(deviation);
    Some((columns.map(|((name, mean), deviation)| Scale { name, mean, deviation }).collect(), target))
}
