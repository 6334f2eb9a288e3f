//! What the lab shows, and what a click selects.

use super::channels as ch;
use super::config::{Config, Quantizer, Remedy};
use weightscope_frame::lab::Picked;
use weightscope_frame::record::{
    ActionSpec, AxisScale, AxisSpec, Data, Pick, Record, Reference, ReferenceAxis, ReferenceStyle, ViewKind,
    ViewSpec,
};

/// Most weights that one click or button selects.
const MOST_PICKED: usize = 12;

/// The views in the order of the tiles.
pub(super) fn views(config: &Config) -> Vec<ViewSpec> {
    let mut views = vec![
        trace(config),
        oscillation_map(),
        latent_histogram(config),
        accuracy(),
        scales(),
        attribution(),
        distance_histogram(),
        loss(),
        boundary_strip(config),
        row_scale(),
        layers(),
    ];
    if matches!(config.remedy, Remedy::Cga | Remedy::Freezing) {
        views.insert(4, annealing(config));
    }
    views
}

fn trace(config: &Config) -> ViewSpec {
    ViewSpec {
        y: trace_axis(config),
        marks: Some(ch::FLIPS.to_owned()),
        references: level_lines(config, ReferenceAxis::Y),
        actions: vec![ActionSpec {
            id: "worst_twelve".to_owned(),
            label: "Worst twelve".to_owned(),
            about: "Shows the twelve traced weights with the most level changes.".to_owned(),
        }],
        picks_into: Some("trace".to_owned()),
        empty: "Latent weights over their levels appear here when quantized training begins. Press Run."
            .to_owned(),
        help: include_str!("help/trace.md").to_owned(),
        ..ViewSpec::new("trace", "Oscillation trace", ViewKind::Trace, &[ch::TRACE])
    }
}

/// The levels with room on both sides: a step that nearly vanishes would otherwise stretch the axis to hundreds of steps.
fn trace_axis(config: &Config) -> AxisSpec {
    let axis = AxisSpec::new("latent weight", "steps");
    match level_range(config) {
        Some((low, high)) => axis.limits(low as f64 - 1.5, high as f64 + 1.5),
        None => axis,
    }
}

fn oscillation_map() -> ViewSpec {
    ViewSpec {
        y: AxisSpec::new("layer", ""),
        color: Some(AxisSpec::new("oscillating share", "")),
        picks_into: Some("trace".to_owned()),
        empty: "The share of oscillating weights, layer by step, appears here. Press Run.".to_owned(),
        help: include_str!("help/oscillation_map.md").to_owned(),
        ..ViewSpec::new(
            "oscillation_map",
            "Oscillating share by layer",
            ViewKind::HeatMap,
            &[&family(ch::OSCILLATING_LAYER)],
        )
    }
}

fn latent_histogram(config: &Config) -> ViewSpec {
    ViewSpec {
        one_channel: true,
        x: AxisSpec::new("latent weight", "steps"),
        y: AxisSpec::new("step", ""),
        references: level_lines(config, ReferenceAxis::X),
        picks_into: Some("trace".to_owned()),
        empty: "Histograms of the latent weights over time appear here. Press Run.".to_owned(),
        help: include_str!("help/latent_histogram.md").to_owned(),
        ..ViewSpec::new("latent_histogram", "Latent weights", ViewKind::Ridge, &[&family(ch::LATENT)])
    }
}

fn distance_histogram() -> ViewSpec {
    ViewSpec {
        one_channel: true,
        x: AxisSpec::new("distance to the nearest boundary", "steps").limits(0.0, 0.5),
        y: AxisSpec::new("step", ""),
        picks_into: Some("trace".to_owned()),
        empty: "Distances to the decision boundaries over time appear here. Press Run.".to_owned(),
        help: include_str!("help/distance_histogram.md").to_owned(),
        ..ViewSpec::new(
            "distance_histogram",
            "Distance to the boundary",
            ViewKind::Ridge,
            &[&family(ch::DISTANCE)],
        )
    }
}

fn scales() -> ViewSpec {
    ViewSpec {
        y: AxisSpec::new("mean scale", ""),
        empty: "The scale of each layer appears here. Press Run.".to_owned(),
        help: include_str!("help/scales.md").to_owned(),
        ..ViewSpec::new("scales", "Scale by layer", ViewKind::Lines, &[&family(ch::SCALE)])
    }
}

fn row_scale() -> ViewSpec {
    ViewSpec {
        one_channel: true,
        y: AxisSpec::new("scale of row 0", ""),
        empty: "The scale of one row appears here, step by step. Press Run.".to_owned(),
        help: include_str!("help/row_scale.md").to_owned(),
        ..ViewSpec::new("row_scale", "Scale of one row", ViewKind::Lines, &[&family(ch::ROW_SCALE)])
    }
}

fn accuracy() -> ViewSpec {
    ViewSpec {
        y: AxisSpec::new("accuracy", ""),
        empty: "Accuracy on training batches and test set, and that of the float teacher, appear here. Press Run.".to_owned(),
        help: include_str!("help/accuracy.md").to_owned(),
        ..ViewSpec::new("accuracy", "Accuracy", ViewKind::Lines, &["accuracy/*"])
    }
}

fn loss() -> ViewSpec {
    ViewSpec {
        y: AxisSpec::new("loss", "nat").scale(AxisScale::Log),
        empty: "The losses appear here. Press Run.".to_owned(),
        help: include_str!("help/loss.md").to_owned(),
        ..ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"])
    }
}

fn attribution() -> ViewSpec {
    ViewSpec {
        y: AxisSpec::new("flips per weight and step", ""),
        empty: "Level changes, told apart by their cause, appear here. Press Run.".to_owned(),
        help: include_str!("help/attribution.md").to_owned(),
        ..ViewSpec::new("attribution", "Flip attribution", ViewKind::Lines, &["flips/*"])
    }
}

fn annealing(config: &Config) -> ViewSpec {
    let (title, channel, label) = if config.remedy == Remedy::Cga {
        ("Annealing: free weights", ch::FREE, "weights within the boundary range")
    } else {
        ("Freezing: frozen share", ch::FROZEN, "frozen share")
    };
    ViewSpec {
        y: AxisSpec::new(label, ""),
        empty: "The progress of annealing or freezing appears here. Press Run.".to_owned(),
        help: include_str!("help/annealing.md").to_owned(),
        ..ViewSpec::new("annealing", title, ViewKind::Lines, &[channel])
    }
}

fn boundary_strip(config: &Config) -> ViewSpec {
    let mut references = level_lines(config, ReferenceAxis::X);
    if config.remedy == Remedy::Cga {
        references.extend(band_edges(config));
    }
    ViewSpec {
        one_channel: true,
        x: AxisSpec::new("latent weight", "steps"),
        y: AxisSpec::new("column", ""),
        color: Some(AxisSpec::new("oscillation frequency", "events/step")),
        references,
        picks_into: Some("trace".to_owned()),
        empty: "The weights of one row on the level axis appear here. Press Run.".to_owned(),
        help: include_str!("help/boundary_strip.md").to_owned(),
        ..ViewSpec::new("boundary_strip", "Boundary strip, row 0", ViewKind::Scatter, &[&family(ch::STRIP)])
    }
}

fn layers() -> ViewSpec {
    ViewSpec {
        empty: "Figures of each layer appear here. Press Run.".to_owned(),
        help: include_str!("help/layers.md").to_owned(),
        ..ViewSpec::new("layers", "Layers", ViewKind::Table, &[ch::LAYERS])
    }
}

fn family(prefix: &str) -> String {
    format!("{prefix}*")
}

/// Smallest and largest level of the weight quantizer.
fn level_range(config: &Config) -> Option<(i64, i64)> {
    if !config.quantizes_weights() {
        return None;
    }
    let half = 1_i64 << (config.weight_bits - 1);
    Some((-half, half - 1))
}

/// Levels and decision boundaries; above 4 bits the lines would hide the data.
fn level_lines(config: &Config, axis: ReferenceAxis) -> Vec<Reference> {
    let Some((low, high)) = level_range(config).filter(|(low, high)| high - low <= 16) else {
        return Vec::new();
    };
    let line = |value: f64, style| Reference::new(axis, value, style);
    let levels = (low..=high).map(|level| line(level as f64, ReferenceStyle::Level));
    let boundaries = (low..high).map(|level| line(level as f64 + 0.5, ReferenceStyle::Boundary));
    levels.chain(boundaries).collect()
}

/// Edges of the free band around each decision boundary.
fn band_edges(config: &Config) -> Vec<Reference> {
    let Some((low, high)) = level_range(config).filter(|_| config.quantizer == Quantizer::Statsq) else {
        return Vec::new();
    };
    let edges = (low..high).flat_map(|level| {
        let boundary = level as f64 + 0.5;
        [boundary - config.cga_boundary_range, boundary + config.cga_boundary_range]
    });
    edges.map(|value| Reference::new(ReferenceAxis::X, value, ReferenceStyle::Boundary)).collect()
}

/// What a click selects among the traced weights: those of the layer, nearest to the clicked value or with the most flips.
pub(super) fn pick(record: &Record, pick: &Pick) -> Picked {
    let layer_of = |channel: &str| channel.split_once('/').map(|(_, layer)| layer.to_owned());
    match pick.view.as_str() {
        "oscillation_map" => {
            let layer = record
                .channels()
                .filter(|channel| channel.id.starts_with(ch::OSCILLATING_LAYER))
                .nth(pick.y.max(0.0).round() as usize)
                .and_then(|channel| layer_of(&channel.id));
            most_flips(record, layer.as_deref(), pick.step as f64)
        }
        "latent_histogram" | "distance_histogram" if pick.region.is_some() => within(record, pick),
        "latent_histogram" => {
            nearest(record, layer_of(&pick.channel).as_deref(), pick.step as f64, |value| {
                (value - pick.x).abs()
            })
        }
        "distance_histogram" => {
            nearest(record, layer_of(&pick.channel).as_deref(), pick.step as f64, |value| {
                let to_boundary = ((value - 0.5) - (value - 0.5).round_ties_even()).abs();
                (to_boundary - pick.x).abs()
            })
        }
        "boundary_strip" => dot(record, pick),
        _ => Picked::default(),
    }
}

/// What a button selects.
pub(super) fn action(record: &Record, action: &str) -> Picked {
    match action {
        "worst_twelve" => most_flips(record, None, f64::INFINITY),
        _ => Picked::default(),
    }
}

/// Traced weights by their number of flips up to `step`, most first.
fn most_flips(record: &Record, layer: Option<&str>, step: f64) -> Picked {
    let Some(trace) = record.vector(ch::TRACE) else { return Picked::default() };
    let mut ranked: Vec<(usize, u64)> = trace
        .components
        .iter()
        .filter(|component| layer.is_none_or(|layer| component.group == layer))
        .map(|component| (flips_of(record, component.id, step), component.id))
        .collect();
    ranked.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    Picked { ids: ranked.into_iter().take(MOST_PICKED).map(|(_, id)| id).collect(), ..Picked::default() }
}

fn flips_of(record: &Record, id: u64, step: f64) -> usize {
    match record.get(ch::FLIPS).map(|channel| &channel.data) {
        Some(Data::Marks(marks)) => {
            marks.marks.iter().filter(|mark| mark.id == id && mark.step <= step).count()
        }
        _ => 0,
    }
}

/// Traced weights of a layer whose value at `step` is best by `badness`.
fn nearest(record: &Record, layer: Option<&str>, step: f64, badness: impl Fn(f64) -> f64) -> Picked {
    let Some(trace) = record.vector(ch::TRACE) else { return Picked::default() };
    let mut ranked: Vec<(f64, u64)> = trace
        .components
        .iter()
        .filter(|component| layer.is_none_or(|layer| component.group == layer))
        .filter_map(|component| component.series.at(step).map(|point| (badness(point.y), component.id)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Picked { ids: ranked.into_iter().take(MOST_PICKED / 3).map(|(_, id)| id).collect(), ..Picked::default() }
}

/// Traced weights of the layer whose value lies in the brushed range, those with the most flips first.
fn within(record: &Record, pick: &Pick) -> Picked {
    let (Some(trace), Some([low, high, _, _])) = (record.vector(ch::TRACE), pick.region) else {
        return Picked::default();
    };
    let layer = pick.channel.split_once('/').map(|(_, layer)| layer);
    let measure = |value: f64| {
        if pick.view == "distance_histogram" {
            ((value - 0.5) - (value - 0.5).round_ties_even()).abs()
        } else {
            value
        }
    };
    let mut ranked: Vec<(usize, u64)> = trace
        .components
        .iter()
        .filter(|component| layer.is_none_or(|layer| component.group == layer))
        .filter(|component| {
            let value = component.series.at(pick.step as f64).map(|point| measure(point.y));
            value.is_some_and(|value| (low..=high).contains(&value))
        })
        .map(|component| (flips_of(record, component.id, pick.step as f64), component.id))
        .collect();
    ranked.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    Picked { ids: ranked.into_iter().take(MOST_PICKED).map(|(_, id)| id).collect(), ..Picked::default() }
}

/// The weight of the strip that is nearest to the click.
fn dot(record: &Record, pick: &Pick) -> Picked {
    let Some(Data::Points(points)) = record.get(&pick.channel).map(|channel| &channel.data) else {
        return Picked::default();
    };
    let Some((_, dots)) = points.at(pick.step) else { return Picked::default() };
    if let Some([left, right, bottom, top]) = pick.region {
        let inside = |dot: &&weightscope_frame::record::Dot| {
            (left..=right).contains(&dot.x) && (bottom..=top).contains(&dot.y)
        };
        let mut dots: Vec<&weightscope_frame::record::Dot> = dots.iter().filter(inside).collect();
        dots.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.id.cmp(&b.id)));
        return Picked {
            ids: dots.iter().take(MOST_PICKED).map(|dot| dot.id).collect(),
            ..Picked::default()
        };
    }
    let distance =
        |dot: &weightscope_frame::record::Dot| (dot.x - pick.x).powi(2) + ((dot.y - pick.y) / 16.0).powi(2);
    let best = dots.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    Picked { ids: best.map(|dot| dot.id).into_iter().collect(), ..Picked::default() }
}
