//! The traced weights by their level changes: how often, why, and how near to a boundary they stand.

use weightscope_frame::lab::{Derive, Picked, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    Cell, Channel, Component, ControlKind, ControlSpec, Data, Pick, Record, Table, Timeline, ViewKind,
    ViewSpec,
};
use weightscope_frame::run::RunError;

use super::levels::level_range;
use crate::channels as ch;
use crate::config::Config;

/// The control that says over which steps is counted.
const PART: &str = "restless_part";
/// The key of all steps.
const ALL: &str = "all";
/// Keys of it with their words and the number of last steps.
const PARTS: [(&str, &str, f64); 3] = [
    (ALL, "all steps", f64::INFINITY),
    ("1000", "the last 1,000 steps", 1000.0),
    ("200", "the last 200 steps", 200.0),
];

/// The traced weights by their level changes.
pub(super) fn view() -> View<Config> {
    let options = PARTS.iter().map(|(key, words, _)| ((*key).to_owned(), (*words).to_owned())).collect();
    let kind = ControlKind::Choice { options, initial: ALL.to_owned() };
    View::new(ViewSpec {
        controls: vec![ControlSpec::new(PART, "Counted over", "The steps whose level changes count.", kind)],
        derives: vec![PART.to_owned()],
        picks_into: Some("trace".to_owned()),
        empty: "Traced weights by their level changes appear here when quantized training begins. Press Run."
            .to_owned(),
        help: include_str!("../help/restless.md").to_owned(),
        tab_of: Some("attribution".to_owned()),
        ..ViewSpec::of("restless", "Weights by level changes", ViewKind::Table, &[&ch::RESTLESS])
    })
    .derived(derive)
    .clicked(click)
}

/// A weight with its level changes.
struct Restless<'a> {
    component: &'a Component,
    flips: u64,
    by_scale: u64,
    /// Where it stands now.
    position: f64,
}

/// The traced weights, those with the most level changes since a step first.
fn ranked(record: &Record, since: f64) -> Vec<Restless<'_>> {
    let Some(trace) = record.vector(ch::TRACE.id()) else { return Vec::new() };
    let mut all: Vec<Restless<'_>> = trace
        .components
        .iter()
        .map(|component| {
            let position = component.series.last().map_or(f64::NAN, |point| point.y);
            Restless { component, flips: 0, by_scale: 0, position }
        })
        .collect();
    if let Some(Data::Marks(marks)) = record.get(ch::FLIPS.id()).map(|channel| &channel.data) {
        for mark in marks.marks.iter().filter(|mark| mark.step > since) {
            let place = trace.position(mark.id);
            if let Some(weight) = place.and_then(|place| all.get_mut(place)) {
                weight.flips += 1;
                weight.by_scale += u64::from(mark.category == 1);
            }
        }
    }
    all.sort_by(|a, b| b.flips.cmp(&a.flips).then(a.component.id.cmp(&b.component.id)));
    all
}

/// The last step that is traced.
fn last_step(record: &Record) -> f64 {
    let trace = record.vector(ch::TRACE.id());
    let ends = trace.iter().flat_map(|trace| &trace.components).filter_map(|one| one.series.last());
    ends.map(|point| point.x).fold(f64::NEG_INFINITY, f64::max)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let chosen = job.controls.word(PART);
    let steps = PARTS.iter().find(|(key, _, _)| Some(*key) == chosen).map_or(f64::INFINITY, |part| part.2);
    let last = last_step(job.record);
    let rows: Vec<Vec<Cell>> = ranked(job.record, last - steps)
        .into_iter()
        .map(|weight| {
            let Component { label, group, series, .. } = weight.component;
            let first = series.first().map_or(last, |point| point.x);
            let counted = (last - first).min(steps).max(1.0);
            let share = weight.by_scale as f64 / weight.flips as f64;
            vec![
                Cell::Text(label.clone()),
                Cell::Number(weight.flips as f64),
                Cell::Number(share),
                Cell::Number(to_boundary(config, weight.position)),
                Cell::Number(weight.flips as f64 / counted),
                Cell::Number(weight.position),
                Cell::Text(group.clone()),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let columns = [
        "weight",
        "flips",
        "scale-driven share",
        "distance to a boundary [steps]",
        "flips per step",
        "position [steps]",
        "layer",
    ];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    Ok(vec![Channel { data: Data::Table(Timeline::one(table)), ..ch::RESTLESS.channel() }])
}

/// Distance to the nearest boundary between two levels, in steps.
fn to_boundary(config: &Config, position: f64) -> f64 {
    let Some((low, high)) = level_range(config) else { return f64::NAN };
    let nearest = (position - 0.5).round().clamp(low as f64, (high - 1) as f64) + 0.5;
    (position - nearest).abs()
}

/// A click on a row traces that weight.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let row = (pick.y.is_finite() && pick.y >= 0.0).then_some(pick.y as usize);
    let table = record.get(ch::RESTLESS.id()).and_then(|channel| match &channel.data {
        Data::Table(tables) => tables.last().map(|(_, table)| table),
        _ => None,
    });
    let clicked = row.zip(table).and_then(|(row, table)| table.rows.get(row)?.first());
    let Some(Cell::Text(label)) = clicked else { return Picked::default() };
    let trace = record.vector(ch::TRACE.id());
    let found = trace.iter().flat_map(|trace| &trace.components).find(|one| one.label == *label);
    let ids = found.map(|one| one.id).into_iter().collect();
    Picked { ids, shown_in: Some("trace".to_owned()), ..Picked::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::{Controls, Mark, Marks, Series, Vector};
    use weightscope_frame::run::Control;

    fn record() -> Record {
        let component = |id: u64, end: f64| Component {
            label: format!("fc0[0, {id}]"),
            group: "layers.0.weight".to_owned(),
            id,
            series: (0..=2000).map(|step| (f64::from(step), end)).collect::<Series>(),
        };
        let vector = Vector { components: vec![component(0, 0.1), component(1, 0.6), component(2, -0.45)] };
        let mut marks = Marks { categories: vec![String::new(), String::new()], ..Marks::default() };
        let flip = |step: f64, id, category| Mark { step, value: 0.5, id, category };
        marks.marks.extend([flip(10.0, 2, 0), flip(20.0, 2, 0), flip(30.0, 2, 1), flip(1990.0, 1, 1)]);
        let mut record = Record::default();
        record.insert(Channel { data: Data::Vector(vector), ..ch::TRACE.channel() });
        record.insert(Channel { data: Data::Marks(marks), ..ch::FLIPS.channel() });
        record
    }

    fn rows(part: &str) -> (Record, Vec<Vec<Cell>>) {
        let mut record = record();
        let mut controls = Controls::default();
        controls.set(PART, weightscope_frame::record::ControlValue::Word(part.to_owned()));
        let control = Control::default();
        let config = Config { weight_bits: 2, ..Config::default() };
        let made = derive(&config, &Derive::new("restless", &record, &controls, &control)).unwrap();
        let Data::Table(tables) = &made[0].data else { panic!("a table") };
        let rows = tables.last().unwrap().1.rows.clone();
        made.into_iter().for_each(|channel| record.insert(channel));
        (record, rows)
    }

    #[test]
    fn the_worst_stand_first_with_their_causes_and_distances() {
        let (_, rows) = rows("all");
        let Cell::Text(first) = &rows[0][0] else { panic!("a name") };
        assert_eq!(first, "fc0[0, 2]", "three flips");
        let number = |row: usize, column: usize| match &rows[row][column] {
            Cell::Number(value) => *value,
            Cell::Text(text) => panic!("{text}"),
        };
        assert_eq!(number(0, 1), 3.0);
        assert!((number(0, 2) - 1.0 / 3.0).abs() < 1e-12, "one of three by the scale");
        assert!((number(0, 3) - 0.05).abs() < 1e-12, "from −0.45 to −0.5");
        assert!(number(2, 4).abs() < 1e-12 && number(2, 2).is_nan(), "a calm weight has no shares");
    }

    #[test]
    fn counting_the_last_steps_changes_the_order_and_a_click_finds_the_weight() {
        let (record, rows) = rows("200");
        let Cell::Text(first) = &rows[0][0] else { panic!("a name") };
        assert_eq!(first, "fc0[0, 1]", "the only one that flipped lately");
        let at = |y| Pick {
            view: "restless".to_owned(),
            channel: String::new(),
            x: 0.0,
            y,
            step: u64::MAX,
            region: None,
        };
        let config = Config::default();
        assert_eq!(click(&config, &record, &at(0.0)).ids, [1]);
        assert!(
            click(&config, &record, &at(-1.0)).ids.is_empty()
                && click(&config, &record, &at(99.0)).ids.is_empty()
        );
    }
}
