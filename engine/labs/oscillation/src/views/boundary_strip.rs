//! The weights of one row on the level axis.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, Data, Dot, Pick, Record, ReferenceAxis, ViewKind, ViewSpec};

use super::levels::{band_edges, level_lines};
use super::select;
use crate::channels as ch;
use crate::config::{Config, Remedy};

/// The weights of one row on the level axis.
pub(super) fn view(config: &Config) -> View<Config> {
    let mut references = level_lines(config, ReferenceAxis::X);
    if config.remedy == Remedy::Cga {
        references.extend(band_edges(config));
    }
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("latent weight", "steps"),
        y: AxisSpec::new("column", ""),
        color: Some(AxisSpec::new("oscillation frequency", "events/step")),
        references,
        picks_into: Some("trace".to_owned()),
        empty: "The weights of one row on the level axis appear here. Press Run.".to_owned(),
        help: include_str!("../help/boundary_strip.md").to_owned(),
        ..ViewSpec::of("boundary_strip", "Boundary strip, row 0", ViewKind::Scatter, &[&ch::STRIP])
    })
    .clicked(click)
}

/// The weights inside the brushed rectangle, or the one nearest to the click.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let layer = ch::STRIP.name(&pick.channel).map(str::to_owned);
    Picked { group: layer, ids: dots(record, pick), ..Picked::default() }
}

/// Identities of the weights that are meant, the most restless first.
fn dots(record: &Record, pick: &Pick) -> Vec<u64> {
    let Some(Data::Points(points)) = record.get(&pick.channel).map(|channel| &channel.data) else {
        return Vec::new();
    };
    let Some((_, dots)) = points.at(pick.step) else { return Vec::new() };
    if let Some([left, right, bottom, top]) = pick.region {
        let inside = |dot: &&Dot| (left..=right).contains(&dot.x) && (bottom..=top).contains(&dot.y);
        let mut dots: Vec<&Dot> = dots.iter().filter(inside).collect();
        dots.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.id.cmp(&b.id)));
        return dots.iter().take(select::MOST_PICKED).map(|dot| dot.id).collect();
    }
    let distance = |dot: &Dot| (dot.x - pick.x).powi(2) + ((dot.y - pick.y) / 16.0).powi(2);
    let best = dots.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    best.map(|dot| dot.id).into_iter().collect()
}
