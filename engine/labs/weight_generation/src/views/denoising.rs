//! The reverse process of one draw: histograms of each layer with a scrubber, and accuracy over the process.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Cell, Channel, ControlKind, ControlSpec, Curve, Data, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;

const LAYER: &str = "layer";
const STEP: &str = "reverse_step";

/// Names of the tensors of the networks.
fn layers(config: &Config) -> Vec<(String, String)> {
    (0..=config.hidden_widths.len())
        .flat_map(|layer| ["weight", "bias"].map(|part| format!("layers.{layer}.{part}")))
        .map(|name| (name.clone(), name))
        .collect()
}

/// The scrubber.
pub(super) fn view(config: &Config) -> View<Config> {
    let first = "layers.0.weight";
    View::new(ViewSpec {
        channels: vec![ch::DENOISING.id("zoo"), ch::DENOISING.id("estimate")],
        x: AxisSpec::new("weight, scaled", ""),
        y: AxisSpec::new("share of the weights", ""),
        controls: vec![
            ControlSpec::new(
                STEP,
                "Reverse step",
                "From noise to the end of the process.",
                ControlKind::Row { of: ch::DENOISED.id(first) },
            ),
            ControlSpec::new(
                LAYER,
                "Layer",
                "The tensor whose values are counted.",
                ControlKind::Choice { options: layers(config), initial: first.to_owned() },
            ),
        ],
        derives: vec![STEP.to_owned(), LAYER.to_owned()],
        note: Some(ch::DENOISING_WORDS.id().to_owned()),
        empty: "The weights of each layer taking shape appear here with the evaluation.".to_owned(),
        help: include_str!("../help/denoising.md").to_owned(),
        ..ViewSpec::of("denoising", "Denoising", ViewKind::Curve, &[&ch::DENOISING])
    })
    .derived(derive)
}

/// The chosen row of the recorded histograms beside that of the zoo, and its figures in words.
fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let layer = job.controls.word(LAYER).unwrap_or("layers.0.weight");
    let step = job.controls.number(STEP).unwrap_or(0.0).max(0.0) as usize;
    let mut channels = Vec::new();
    if let Some(Data::Curve(zoo)) = job.record.get(&ch::DENOISED_ZOO.id(layer)).map(|channel| &channel.data) {
        let empty = ch::DENOISING.labelled("zoo", "zoo").channel();
        channels.push(Channel { data: Data::Curve(zoo.clone()), ..empty });
    }
    let Some(Data::Grid(grids)) = job.record.get(&ch::DENOISED.id(layer)).map(|channel| &channel.data) else {
        return Ok(channels);
    };
    let Some((_, grid)) = grids.last() else { return Ok(channels) };
    let width = grid.columns.len();
    let last = (grid.values.len() / width.max(1)).saturating_sub(1);
    let step = step.min(last);
    let values = grid.values.get(step * width..(step + 1) * width).unwrap_or_default();
    let curve = Curve {
        x: grid.columns.iter().map(|middle| middle.parse().unwrap_or(f64::NAN)).collect(),
        y: values.iter().map(|share| f64::from(*share)).collect(),
        band: None,
    };
    let empty = ch::DENOISING.labelled("estimate", "estimate, decoded").channel();
    channels.push(Channel { data: Data::Curve(Timeline::one(curve)), ..empty });
    let words = figures(job, layer, step)
        .map(|[t, distance, spread, accuracy]| {
            format!(
                "step {step} of {last} (t = {t}): Wasserstein-1 {distance:.3}, spread ratio {spread:.2}, accuracy {accuracy:.3}"
            )
        })
        .unwrap_or_default();
    channels.push(Channel { data: Data::Text(words), ..ch::DENOISING_WORDS.channel() });
    Ok(channels)
}

/// The recorded figures of a layer at a step.
fn figures(job: &Derive<'_>, layer: &str, step: usize) -> Option<[f64; 4]> {
    let Data::Table(tables) = &job.record.get(ch::DENOISED_FIGURES.id())?.data else { return None };
    let (_, table) = tables.last()?;
    table.rows.iter().find_map(|row| match row.as_slice() {
        [
            Cell::Text(name),
            Cell::Number(at),
            Cell::Number(t),
            Cell::Number(distance),
            Cell::Number(spread),
            Cell::Number(accuracy),
        ] if name == layer && *at == step as f64 => Some([*t, *distance, *spread, *accuracy]),
        _ => None,
    })
}

/// Accuracy over the process.
pub(super) fn accuracy(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("step of the reverse process", ""),
        y: AxisSpec::new("accuracy of the decoded estimate", ""),
        tab_of: Some("denoising".to_owned()),
        empty: "Accuracy over the reverse process, one line for each task, appears here with the evaluation."
            .to_owned(),
        help: include_str!("../help/reverse_accuracy.md").to_owned(),
        ..ViewSpec::of(
            "reverse_accuracy",
            "Accuracy while denoising",
            ViewKind::Curve,
            &[&ch::REVERSE_ACCURACY],
        )
    })
}
