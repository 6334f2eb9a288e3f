//! Sampled weights of a tensor by how restless they are.

use weightscope_frame::lab::{Derive, Picked, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    Cell, Channel, ControlValue, Data, Pick, Record, Table, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::shown::{RANK, controls, derives, ranked, shown};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(ViewSpec {
        controls: controls(config),
        derives: derives(),
        empty: "Sampled weights by how often they oscillate appear here.".to_owned(),
        help: include_str!("../../help/recorded_weights.md").to_owned(),
        ..ViewSpec::of("recorded_weights", "Restless weights", ViewKind::Table, &[&ch::RESTLESS])
    })
    .derived(derive)
    .clicked(click)
}

/// A click on a row shows that weight in the trace.
fn click(_: &Config, _: &Record, pick: &Pick) -> Picked {
    if !pick.y.is_finite() || pick.y < 0.0 {
        return Picked::default();
    }
    Picked {
        controls: vec![(RANK.to_owned(), ControlValue::Number(pick.y.floor()))],
        shown_in: Some("recorded_trace".to_owned()),
        ..Picked::default()
    }
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(shown) = shown(config, job)? else { return Ok(Vec::new()) };
    let figures = shown.figures();
    let mut by_scale = vec![0_u32; shown.of.track.weights.len()];
    let mut flips = vec![0_u32; shown.of.track.weights.len()];
    for flip in &figures.flips {
        if let (Some(all), Some(scale)) = (flips.get_mut(flip.weight), by_scale.get_mut(flip.weight)) {
            *all += 1;
            *scale += u32::from(flip.is_by_scale);
        }
    }
    let mut rows = Vec::new();
    for weight in ranked(figures) {
        let Some(found) = figures.weights.get(weight) else { continue };
        let last = shown.placed().positions.get(weight).and_then(|positions| positions.last().copied());
        let distance = last.map_or(f64::NAN, |last| f64::from(shown.chosen.to_boundary(last)));
        let count = flips.get(weight).copied().unwrap_or_default();
        let share = f64::from(by_scale.get(weight).copied().unwrap_or_default()) / f64::from(count);
        let cells = vec![
            Cell::Text(shown.label(weight)),
            Cell::Number(f64::from(count)),
            Cell::Number(share),
            Cell::Number(f64::from(found.oscillations)),
            Cell::Number(f64::from(found.oscillations) / figures.compared.max(1) as f64),
            Cell::Number(found.path_ratio),
            Cell::Number(distance),
        ];
        rows.push(cells);
    }
    let columns = [
        "weight",
        "flips",
        "scale-driven share",
        "oscillations",
        "oscillations per frame",
        "path ratio",
        "distance to a boundary",
    ];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    let label = shown.of.track.name.clone();
    Ok(vec![Channel { label, data: Data::Table(Timeline::one(table)), ..ch::RESTLESS.channel() }])
}
