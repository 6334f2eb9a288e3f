//! The weights of one tensor: their density, a normal of the same width, levels and boundaries of a quantizer.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::{AxisScale, AxisSpec, Channel, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{BITS, TENSOR, bits, bits_of, curve, figure, name_of, row, row_of, tensor};
use crate::channels as ch;
use crate::config::Config;
use crate::levels::Quantizer;
use crate::values;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("weight", ""),
        y: AxisSpec::new("density", "per std").scale(AxisScale::Log),
        channels: ["weights", "normal", "levels"].map(|name| ch::SHOWN.id(name)).to_vec(),
        dashed: vec![ch::SHOWN.id("normal")],
        controls: vec![tensor(), bits(config)],
        derives: vec![TENSOR.to_owned(), BITS.to_owned()],
        empty: "The weights of the chosen tensor appear here. Press Run.".to_owned(),
        help: include_str!("../help/histogram.md").to_owned(),
        ..ViewSpec::of("histogram", "Histogram", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let row = row(job);
    let Some(shares) = row_of(job.record, ch::MAP.id(), row) else { return Ok(Vec::new()) };
    let (Some(std), Some(mean)) = (figure(job.record, row, "std"), figure(job.record, row, "mean")) else {
        return Ok(Vec::new());
    };
    let (x, y) = values::density(shares);
    if x.is_empty() || std <= 0.0 {
        return Ok(Vec::new());
    }
    let normal = |z: f64| {
        let z = z - mean / std;
        (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
    };
    let lowest = y.iter().copied().filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
    if !lowest.is_finite() {
        // Gains of norms stand so far from zero that no bin holds them: their mean and width are drawn, and it is said.
        let words = format!("all beyond 8 std of zero: {}", name_of(job.record, row));
        let places = (-40..=40).map(|place| f64::from(place) / 10.0);
        let (x, y) = places.map(|z| (mean + z * std, normal(z + mean / std))).unzip();
        let empty = |member: &str, words: &str| curve(member, words, vec![mean], vec![f64::NAN]);
        return Ok(vec![
            empty("weights", &words),
            curve("normal", "normal of their mean and width", x, y),
            empty("levels", "levels"),
        ]);
    }
    let mut curves = Vec::new();
    let bell: Vec<(f64, f64)> =
        x.iter().map(|z| (z * std, normal(*z))).filter(|(_, y)| *y >= 0.5 * lowest).collect();
    // A bin without weights has no logarithm: the curve has a gap there.
    let density = y.iter().map(|y| if *y > 0.0 { *y } else { f64::NAN }).collect();
    curves.push(curve("weights", &name_of(job.record, row), x.iter().map(|z| z * std).collect(), density));
    let (bell_x, bell_y) = bell.into_iter().unzip();
    curves.push(curve("normal", "normal of the same width", bell_x, bell_y));
    curves.extend(levels(config, job, row, lowest));
    Ok(curves)
}

/// Levels of one step for the whole tensor, as points at the foot of the curve.
fn levels(config: &Config, job: &Derive<'_>, row: usize, lowest: f64) -> Option<Channel> {
    let bits = bits_of(config, job);
    let quantizer = Quantizer::new(crate::config::Scale::Max, bits)?;
    let largest = figure(job.record, row, "max")?.abs().max(figure(job.record, row, "min")?.abs());
    let step = quantizer.step(largest, 0.0);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for level in quantizer.levels() {
        let place = quantizer.weight(f64::from(level), step);
        // A comb: each level is a tooth of its own.
        x.extend([place, place, place]);
        y.extend([lowest, lowest * 2.5, f64::NAN]);
    }
    Some(curve("levels", &format!("levels at {bits} bits, one step for the tensor"), x, y))
}
