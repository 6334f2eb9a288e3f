//! Size or cost against accuracy: all architectures, the front, the way of the arg-max, the references, and picks of other runs.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Cell, Channel, ControlKind, ControlSpec, Curve, Data, Dot, Timeline, ViewKind,
    ViewSpec,
};
use weightscope_frame::run::RunError;
use weightscope_frame::store;

use super::{number, table, words};
use crate::channels as ch;
use crate::config::Config;
use crate::method::table::pareto;
use crate::metrics;

/// The control.
const COLUMN: &str = "pareto_column";
/// Roles of the references, in the order of the legend.
const ROLES: [(&str, &str); 4] =
    [("largest", "largest"), ("random", "random"), ("best", "best"), ("pick", "pick")];

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let mut channels = vec![ch::PARETO.id("all")];
    channels.extend(
        ROLES
            .iter()
            .filter(|(role, _)| *role != "pick" || config.searches() || !config.has_networks())
            .map(|(role, _)| ch::PARETO.id(role)),
    );
    channels.push(ch::PARETO.id("others"));
    let mut overlays = vec![ch::FRONT.id("front")];
    if config.searches() {
        overlays.push(ch::FRONT.id("trail"));
    }
    View::new(ViewSpec {
        across: true,
        channels,
        overlays,
        x: AxisSpec::new("parameters", "").scale(AxisScale::Log).named_by(ch::PARETO_WORDS.id()),
        y: AxisSpec::new("accuracy in the table", ""),
        controls: vec![ControlSpec::new(
            COLUMN,
            "Cost",
            "The column of the table on the horizontal axis.",
            ControlKind::ChoiceFrom { channel: ch::COLUMNS.id().to_owned() },
        )],
        derives: vec![COLUMN.to_owned()],
        empty: "Architectures by size and accuracy appear here, with front and way of the arg-max."
            .to_owned(),
        help: include_str!("../help/pareto.md").to_owned(),
        ..ViewSpec::of("pareto", "Size and accuracy", ViewKind::Scatter, &[&ch::PARETO])
    })
    .derived(derive)
}

fn dots(name: &str, label: &str, dots: Vec<Dot>) -> Channel {
    let empty = ch::PARETO.labelled(name, label).channel();
    Channel { data: Data::Points(Timeline::one(dots)), ..empty }
}

fn curve(name: &str, label: &str, points: &[(f64, f64)]) -> Channel {
    let (x, y) = points.iter().copied().unzip();
    let empty = ch::FRONT.labelled(name, label).channel();
    Channel { data: Data::Curve(Timeline::one(Curve { x, y, band: None })), ..empty }
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(all) = table(job.record, ch::ARCHITECTURES.id()) else { return Ok(Vec::new()) };
    let column = job.controls.word(COLUMN).unwrap_or("parameters");
    let place = |name: &str| all.columns.iter().position(|own| own == name);
    let (Some(cost), Some(accuracy)) = (place(column), place("table_accuracy")) else {
        return Ok(Vec::new());
    };
    let pair = |row: &Vec<Cell>| (number(row.get(cost)), number(row.get(accuracy)));
    let finite = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
    let points: Vec<(f64, f64)> = all.rows.iter().map(pair).collect();
    let of_name =
        |name: &str| all.rows.iter().find(|row| words(row.first()) == name).map(pair).filter(finite);
    let dot = |(id, (x, y)): (usize, &(f64, f64))| Dot::new(*x, *y, *y, id as u64).sized(0.8);
    let shown = points.iter().enumerate().filter(|(_, point)| finite(point)).map(dot).collect();
    let mut channels = vec![dots("all", "architectures", shown)];
    let references = table(job.record, ch::REFERENCES.id());
    for (role, label) in ROLES {
        let row = references.and_then(|table| table.rows.iter().find(|row| words(row.first()) == role));
        let found = row.and_then(|row| of_name(&words(row.get(1))));
        let own = found.map(|(x, y)| Dot::new(x, y, y, 0).sized(1.8)).into_iter().collect();
        channels.push(dots(role, label, own));
    }
    let (costs, values): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let front: Vec<(f64, f64)> =
        pareto(&costs, &values).into_iter().filter_map(|place| points.get(place).copied()).collect();
    channels.push(curve("front", "front of the table", &front));
    let trail = table(job.record, ch::TRAIL.id()).map(|table| table.rows.as_slice()).unwrap_or_default();
    let trail: Vec<(f64, f64)> = trail.iter().filter_map(|row| of_name(&words(row.get(1)))).collect();
    channels.push(curve("trail", "way of the answer", &trail));
    let mut others = Vec::new();
    for (number, peer) in job.peers.iter().enumerate() {
        job.control.check()?;
        // Only sizes stand in the figures of another run.
        if column != "parameters" {
            break;
        }
        let Ok(manifest) = store::read_manifest(&peer.folder) else { continue };
        let figure = |metric: &weightscope_frame::record::Metric| manifest.results.get(metric.name).copied();
        if let (Some(x), Some(y)) = (figure(&metrics::PICK_PARAMETERS), figure(&metrics::PICK_ACCURACY)) {
            others.push(Dot::new(x, y, y, number as u64).sized(1.4));
        }
    }
    channels.push(dots("others", "picks of other runs", others));
    let words = Channel { data: Data::Text(column.replace('_', " ")), ..ch::PARETO_WORDS.channel() };
    channels.push(words);
    Ok(channels)
}
