//! Entropy of the weights by output level.

use super::super::draw::{picture, words};
use super::super::look::{self, Look};
use super::{AXIS, EMPTY, HELP, Weighted, controls, whose};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfCurves};
use weightscope_frame::record::{AxisSpec, Channel, Curve, ViewKind, ViewSpec};

/// Entropy of the weights by output level.
const ENTROPY: Declared<OfCurves> = Declared::new(
    "weights_entropy",
    "entropy",
    "nat",
    "Entropy of the models' weights at each level; 0 trusts one model, ln p trusts all alike.",
);

/// Entropy of the weights by output level.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("output level", "").limits(0.0, 1.0).named_by(AXIS.id()),
        y: AxisSpec::new("entropy", "nat"),
        empty: EMPTY.to_owned(),
        help: HELP.to_owned(),
        ..super::super::derived(
            "weights_entropy",
            "Entropy of the weights",
            ViewKind::Curve,
            &[&ENTROPY],
            &controls(),
        )
    })
    .derived(|config, job| look::at(config, job, |look| channels(look).unwrap_or_default()))
}

fn channels(look: &Look<'_>) -> Option<Vec<Channel>> {
    let weighted = Weighted::new(look)?;
    let values = weighted.here(look)?;
    let m = look.levels().len();
    let entropy = |level: usize| {
        let terms = values.iter().skip(level).step_by(m).map(|weight| f64::from(*weight));
        terms.filter(|weight| *weight > 0.0).map(|weight| -weight * weight.ln()).sum()
    };
    let curve = Curve { x: look.levels().values().to_vec(), y: (0..m).map(entropy).collect(), band: None };
    Some(vec![picture(&ENTROPY, weighted.aggregator.label(), curve), words(&AXIS, whose(look, &weighted))])
}
