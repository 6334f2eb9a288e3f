//! New or copied: accuracy over the overlap of wrong rows, and distances to the zoo.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, Channel, ControlValue, Data, Pick, Record, ViewKind, ViewSpec};

use super::TASK;
use crate::channels as ch;
use crate::config::Config;

/// The scatter.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("largest overlap of wrong rows with the zoo", ""),
        y: AxisSpec::new("accuracy", ""),
        note: Some(ch::NOVELTY_WORDS.id().to_owned()),
        empty: "Generated networks beside the zoo, noised and averaged ones appear here with the evaluation."
            .to_owned(),
        help: include_str!("../help/novelty.md").to_owned(),
        ..ViewSpec::of("novelty", "Novelty", ViewKind::Scatter, &[&ch::NOVELTY])
    })
    .clicked(pick)
}

/// A click shows the generated network of the nearest dot beside its nearest network of the zoo.
fn pick(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let dots = record.channels().filter(|channel| ch::NOVELTY.name(&channel.id).is_some());
    let nearest = dots.filter_map(|channel| nearest(channel, pick)).min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, place)) = nearest else { return Picked::default() };
    let Some((task, _)) = super::tasks(record).get(place as usize) else { return Picked::default() };
    Picked {
        controls: vec![(TASK.to_owned(), ControlValue::Word(task.clone()))],
        shown_in: Some("tiles".to_owned()),
        ..Picked::default()
    }
}

/// Distance and id of the nearest dot; both axes are shares of one.
fn nearest(channel: &Channel, pick: &Pick) -> Option<(f64, u64)> {
    let Data::Points(points) = &channel.data else { return None };
    let (_, dots) = points.last()?;
    let distance = |x: f64, y: f64| (x - pick.x).hypot(y - pick.y);
    dots.iter().map(|dot| (distance(dot.x, dot.y), dot.id)).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The histograms.
pub(super) fn distances(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("distance to the nearest network of the zoo", "scaled weights"),
        y: AxisSpec::new("share of the networks", ""),
        tab_of: Some("novelty".to_owned()),
        empty: "Distances of generated networks to the zoo appear here with the evaluation.".to_owned(),
        help: include_str!("../help/distances.md").to_owned(),
        ..ViewSpec::of("distances", "Distances to the zoo", ViewKind::Curve, &[&ch::DISTANCES])
    })
}
