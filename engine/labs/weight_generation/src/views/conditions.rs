//! Networks made for one data set on the data of another, and made between two.

use weightscope_frame::lab::{Derive, Picked, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, ControlValue, Curve, Data, Pick, Record, Reference,
    ReferenceAxis, ReferenceStyle, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;
use crate::train::between::{Between, LEAST, MOST};

const FROM: &str = "from";
const TO: &str = "to";
const SHARE: &str = "share";

/// The grid.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("judged on the data of", ""),
        y: AxisSpec::new("made for the condition of", ""),
        color: Some(AxisSpec::new("accuracy", "")),
        empty: "Accuracy of each task's network on every other task appears here with the evaluation."
            .to_owned(),
        help: include_str!("../help/conditions.md").to_owned(),
        ..ViewSpec::of("conditions", "Conditions", ViewKind::Grid, &[&ch::CONDITIONS])
    })
    .clicked(pick)
}

/// A click chooses both tasks for the view between them.
fn pick(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let Some(Data::Grid(grids)) = record.get(ch::CONDITIONS.id()).map(|channel| &channel.data) else {
        return Picked::default();
    };
    let Some((_, grid)) = grids.last() else { return Picked::default() };
    let at = |value: f64, names: &[String]| names.get(value.max(0.0) as usize).cloned();
    let (Some(from), Some(to)) = (at(pick.y, &grid.rows), at(pick.x, &grid.columns)) else {
        return Picked::default();
    };
    Picked {
        controls: vec![(FROM.to_owned(), ControlValue::Word(from)), (TO.to_owned(), ControlValue::Word(to))],
        shown_in: Some("between".to_owned()),
        ..Picked::default()
    }
}

/// The slider between two conditions.
pub(super) fn between(_: &Config) -> View<Config> {
    let task = |id: &str, label: &str, channel: &str| {
        ControlSpec::new(
            id,
            label,
            "A task whose condition images are one end.",
            ControlKind::ChoiceFrom { channel: channel.to_owned() },
        )
    };
    let line =
        |value: f64, label: &str| Reference::new(ReferenceAxis::X, value, ReferenceStyle::Level).label(label);
    View::new(ViewSpec {
        channels: ["first", "second"].map(|name| ch::BETWEEN.id(name)).to_vec(),
        x: AxisSpec::new("share of the second condition", ""),
        y: AxisSpec::new("accuracy", "").limits(0.0, 1.0),
        note: Some(ch::BETWEEN_WORDS.id().to_owned()),
        references: vec![
            line(0.0, "first condition"),
            line(1.0, "second condition"),
            Reference::new(ReferenceAxis::X, 0.5, ReferenceStyle::Boundary).label("share").control(SHARE),
        ],
        controls: vec![
            task(FROM, "First", ch::TASKS.id()),
            task(TO, "Second", ch::TASKS_BACK.id()),
            ControlSpec::new(
                SHARE,
                "Share",
                "How much of the second condition; below 0 and above 1 lies outside of both.",
                ControlKind::Number { low: LEAST, high: MOST, initial: 0.5, logarithmic: false },
            ),
        ],
        derives: vec![FROM.to_owned(), TO.to_owned(), SHARE.to_owned()],
        tab_of: Some("conditions".to_owned()),
        empty: "Choose two tasks of a finished run: networks are made between and beyond their conditions."
            .to_owned(),
        help: include_str!("../help/between.md").to_owned(),
        ..ViewSpec::of("between", "Between two conditions", ViewKind::Curve, &[&ch::BETWEEN])
    })
    .derived(derive)
}

/// Makes networks between two conditions with the run's generator; all of them begin with the same noise.
fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let (Some(from), Some(to), Some(folder)) = (job.controls.word(FROM), job.controls.word(TO), job.folder)
    else {
        return Ok(Vec::new());
    };
    let tasks = super::tasks(job.record);
    let place = |name: &str| tasks.iter().position(|(key, _)| key == name);
    let (Some(first), Some(second)) = (place(from), place(to)) else { return Ok(Vec::new()) };
    let share = job.controls.number(SHARE).unwrap_or(0.5);
    let found = Between::make(config, folder, (first, second), share, job.control)?;
    let curve = |name: &str, label: String, y: &[f64]| {
        let empty = ch::BETWEEN.labelled(name, &label).channel();
        let curve = Curve { x: found.shares.clone(), y: y.to_vec(), band: None };
        Channel { data: Data::Curve(Timeline::one(curve)), ..empty }
    };
    let where_to = if (0.0..=1.0).contains(&share) { "in between" } else { "outside" };
    let words = format!(
        "at share {share:.2}, {where_to}: {:.3} on {from}, {:.3} on {to}",
        found.chosen.0, found.chosen.1
    );
    Ok(vec![
        curve("first", format!("on the data of {from}"), &found.first),
        curve("second", format!("on the data of {to}"), &found.second),
        Channel { data: Data::Text(words), ..ch::BETWEEN_WORDS.channel() },
    ])
}
