//! Crossing: where neighbouring levels cross, before and after the chosen operator.

use super::controls;
use super::derived;
use super::draw::{axis, picture, short, words};
use super::look::{self, Look, groups};
use crate::config::Config;
use crate::method::crossing;
use crate::scores::Stage;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, Family, kinds::OfGrids, kinds::OfText};
use weightscope_frame::record::{AxisSpec, Channel, Grid, ViewKind, ViewSpec};

/// The feature along which rows are grouped.
const AXIS: Declared<OfText> = axis("crossing_axis/x");
/// The two maps.
const MAPS: Family<OfGrids> =
    Family::new("crossing", "crossing", "", "Share of the rows of a group whose neighbouring levels cross.");

/// Groups of rows along the feature.
const PARTS: usize = 12;

/// Which of the two maps.
#[derive(Clone, Copy)]
enum Place {
    Before,
    After,
}

impl Place {
    const fn key(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Where quantiles cross, before and after.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("feature", "").named_by(AXIS.id()),
        y: AxisSpec::new("level pair", ""),
        color: Some(AxisSpec::new("share of rows", "")),
        empty:
            "Where quantiles cross, before and after, appears here when the first model is fitted. Press Run."
                .to_owned(),
        help: include_str!("../help/crossing.md").to_owned(),
        ..derived(
            "crossing",
            "Crossing",
            ViewKind::Panels,
            &[&MAPS],
            &[controls::method(), controls::stage(), controls::slice()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Share of rows that cross, level pair × group of the feature, raw and at the chosen stage.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let column = look.slice();
    let values: Vec<f64> = (0..look.count()).map(|row| look.feature(row, column)).collect();
    let parts = groups(&values, PARTS);
    let stages = [(Place::Before, "raw", Stage::Raw), (Place::After, stage_words(look), look.stage())];
    let map = |(place, words, stage): (Place, &str, Stage)| {
        let q = look.predictions(method, stage)?;
        let share = 100.0 * crossing::rate(&q, look.levels().len());
        let share = if share > 0.0 { format!("{share:.2} %") } else { "no levels".to_owned() };
        let label = format!("{}, {words}: {share} cross", method.name());
        Some((place, label, map(look, &q, &parts, &values)))
    };
    let mut maps: Vec<_> = stages.into_iter().filter_map(map).collect();
    // One scale for both, so that what is left can be compared with what was there.
    let most =
        maps.iter().flat_map(|(_, _, grid)| &grid.values).fold(0.0_f32, |most, share| most.max(*share));
    let top = if most > 0.0 { f64::from(most) } else { 1.0 };
    maps.iter_mut().for_each(|(_, _, grid)| grid.limits = Some((0.0, top)));
    let one = |(place, label, grid): (Place, String, Grid)| picture(&MAPS.member(place.key()), &label, grid);
    let mut channels: Vec<Channel> = maps.into_iter().map(one).collect();
    channels.push(words(&AXIS, look.facts.features.get(column).map_or("", |feature| &feature.name)));
    channels
}

/// The chosen stage in words.
fn stage_words(look: &Look<'_>) -> &'static str {
    match look.stage() {
        Stage::Raw => "unchanged",
        other => other.label(),
    }
}

fn map(look: &Look<'_>, q: &[f32], parts: &[Vec<usize>], values: &[f64]) -> Grid {
    let m = look.levels().len();
    let taus = look.levels().values();
    let rows = taus.windows(2).map(|pair| format!("{:.2}–{:.2}", pair[0], pair[1])).collect();
    let columns =
        parts.iter().map(|part| part.first().map_or_else(String::new, |row| short(values[*row]))).collect();
    let mut shares = Vec::new();
    for level in 0..m.saturating_sub(1) {
        for part in parts {
            let crossed = part
                .iter()
                .filter(|row| {
                    f64::from(q[**row * m + level + 1])
                        < f64::from(q[**row * m + level]) - crossing::TOLERANCE
                })
                .count();
            shares.push(crossed as f32 / part.len().max(1) as f32);
        }
    }
    Grid { rows, columns, values: shares, ..Grid::default() }
}
