//! Architectures by inherited loss and accuracy in the table; a click or a brush selects them for the table of architectures.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{
    AxisSpec, ControlKind, ControlSpec, ControlValue, Data, Dot, Pick, Record, ViewKind, ViewSpec,
};

use super::architectures::{BRUSHED, FILTER};
use super::{table, words};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("inherited loss", "nat").named_by(ch::RANKING_WORDS.id()),
        y: AxisSpec::new("accuracy in the table", ""),
        color: Some(AxisSpec::new("parameters", "")),
        controls: vec![ControlSpec::new(
            BRUSHED,
            "Brushed",
            "Architectures in this rectangle of inherited loss and accuracy are listed.",
            ControlKind::Region,
        )],
        empty: "All architectures appear here by inherited loss and true accuracy, with the first ranking. Press Run.".to_owned(),
        help: include_str!("../help/ranking.md").to_owned(),
        ..ViewSpec::of("ranking", "Ranking", ViewKind::Scatter, &[&ch::RANKING])
    })
    .clicked(select)
}

/// A brush lists its architectures; a click the one nearest to it.
fn select(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let shown_in = Some("architectures".to_owned());
    if let Some(region) = pick.region {
        let controls = vec![
            (BRUSHED.to_owned(), ControlValue::Region(region)),
            (FILTER.to_owned(), ControlValue::Word(String::new())),
        ];
        return Picked { controls, shown_in, ..Picked::default() };
    }
    let Some(Data::Points(timeline)) = record.get(ch::RANKING.id()).map(|channel| &channel.data) else {
        return Picked::default();
    };
    let Some((_, dots)) = timeline.at(pick.step) else { return Picked::default() };
    let spread = |of: fn(&Dot) -> f64| {
        let (low, high) = dots
            .iter()
            .map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), own| (low.min(own), high.max(own)));
        (high - low).max(1e-12)
    };
    let (wide, high) = (spread(|dot| dot.x), spread(|dot| dot.y));
    let distance = |dot: &Dot| ((dot.x - pick.x) / wide).powi(2) + ((dot.y - pick.y) / high).powi(2);
    let Some(nearest) = dots.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
        return Picked::default();
    };
    let row = table(record, ch::ARCHITECTURES.id()).and_then(|table| table.rows.get(nearest.id as usize));
    let Some(row) = row else { return Picked::default() };
    let controls = vec![(FILTER.to_owned(), ControlValue::Word(words(row.first())))];
    Picked { ids: vec![nearest.id], controls, shown_in, ..Picked::default() }
}
