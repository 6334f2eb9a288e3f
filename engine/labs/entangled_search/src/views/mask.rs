//! The effective mask on the weights of a layer: what the superposition leaves of each, over steps.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Grid, Record, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::{Config, Shape, SpaceBox};
use crate::method::space::Layer;

/// The control.
const LAYER: &str = "mask_layer";
/// Most pictures over the steps.
const MOST: usize = 60;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("input (kernel column)", ""),
        y: AxisSpec::new("output (kernel row)", "").named_by(ch::MASK_WORDS.id()),
        color: Some(AxisSpec::new("share that is left", "").limits(0.0, 1.0)),
        controls: vec![ControlSpec::new(
            LAYER,
            "Layer",
            "The layer whose weights are shown under their mask.",
            ControlKind::ChoiceFrom { channel: ch::LAYERS.id().to_owned() },
        )],
        derives: vec![LAYER.to_owned()],
        empty:
            "The mask over the largest weights appears here, and dims what the search gives up. Press Run."
                .to_owned(),
        help: include_str!("../help/mask.md").to_owned(),
        ..ViewSpec::of("mask", "Superposition mask", ViewKind::Grid, &[&ch::MASK])
    })
    .derived(derive)
}

/// The space of the record's images.
pub(super) fn space(config: &Config, record: &Record) -> Option<SpaceBox> {
    let Data::Text(text) = &record.get(ch::SHAPE.id())?.data else { return None };
    let sizes: Vec<usize> = text.split(' ').filter_map(|size| size.parse().ok()).collect();
    let [depth, height, width, classes] = sizes.as_slice() else { return None };
    config.space_of(Shape { image: [*depth, *height, *width], classes: *classes }).ok()
}

/// Weights of all decisions at each recorded step, thinned.
fn weights(space: &SpaceBox, record: &Record) -> Vec<(u64, Vec<Vec<f64>>)> {
    let vectors: Option<Vec<_>> =
        space.decisions().iter().map(|decision| record.vector(&ch::WEIGHTS.id(&decision.name))).collect();
    let Some(vectors) = vectors else { return Vec::new() };
    let first = vectors.first().and_then(|vector| vector.components.first());
    let steps: Vec<f64> =
        first.map(|own| own.series.iter().map(|point| point.x).collect()).unwrap_or_default();
    let stride = steps.len().div_ceil(MOST).max(1);
    let last = steps.len().saturating_sub(1);
    let kept = steps.iter().enumerate().filter(|(place, _)| place.is_multiple_of(stride) || *place == last);
    kept.map(|(_, step)| {
        let row = |vector: &&weightscope_frame::record::Vector| {
            let own = vector.components.iter();
            own.map(|own| own.series.at(*step).map_or(f64::NAN, |point| point.y)).collect()
        };
        (*step as u64, vectors.iter().map(row).collect())
    })
    .collect()
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(space) = space(config, job.record) else { return Ok(Vec::new()) };
    let layers: Vec<&Layer> =
        space.layers().into_iter().filter(|layer| !layer.factors().is_empty()).collect();
    let chosen = job.controls.word(LAYER).unwrap_or_default();
    let Some(layer) = layers.iter().find(|layer| layer.name() == chosen).or(layers.first()) else {
        return Ok(Vec::new());
    };
    let mut grids = Timeline::default();
    for (step, weights) in weights(&space, job.record) {
        job.control.check()?;
        grids.push(step, grid(layer, &weights));
    }
    if grids.is_empty() {
        return Ok(Vec::new());
    }
    let words = Channel {
        data: Data::Text(format!("output of {} (kernel row)", layer.name())),
        ..ch::MASK_WORDS.channel()
    };
    Ok(vec![Channel { data: Data::Grid(grids), ..ch::MASK.channel() }, words])
}

/// Outputs by inputs, each pair a block of its kernel.
fn grid(layer: &Layer, weights: &[Vec<f64>]) -> Grid {
    let mask = layer.mask(weights);
    let (outputs, inputs, side) = match layer.shape() {
        [outputs, inputs] => (*outputs, *inputs, 1),
        [outputs, inputs, side, _] => (*outputs, *inputs, *side),
        _ => return Grid::default(),
    };
    let mut values = Vec::with_capacity(mask.len());
    for row in 0..outputs * side {
        for column in 0..inputs * side {
            let (output, y, input, x) = (row / side, row % side, column / side, column % side);
            let place = ((output * inputs + input) * side + y) * side + x;
            values.push(mask.get(place).map_or(f32::NAN, |value| *value as f32));
        }
    }
    let names = |count: usize| -> Vec<String> {
        let name = |place: usize| {
            if side > 1 { format!("{} · {}", place / side, place % side) } else { place.to_string() }
        };
        (0..count * side).map(name).collect()
    };
    Grid {
        rows: names(outputs),
        columns: names(inputs),
        values,
        limits: Some((0.0, 1.0)),
        block: (side > 1).then_some((side, side)),
        ..Grid::default()
    }
}
