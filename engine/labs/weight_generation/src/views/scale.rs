//! Runs of other network sizes beside this one.

use std::collections::BTreeMap;
use std::path::Path;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Cell, Channel, Data, Metric, Table, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;
use weightscope_frame::store;

use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

/// Figures of a run in the table, in order.
const COLUMNS: [(&str, &Metric); 10] = [
    ("network's parameters", &metrics::NETWORK_PARAMETERS),
    ("generator's parameters", &metrics::GENERATOR_PARAMETERS),
    ("zoo", &metrics::ZOO_ACCURACY),
    ("reconstruction, unseen", &metrics::RECONSTRUCTION_UNSEEN),
    ("generated, unseen", &metrics::GENERATED_UNSEEN),
    ("nearest, unseen", &metrics::NEAREST),
    ("ridge, unseen", &metrics::RIDGE),
    ("one draw (s)", &metrics::SECONDS_DRAW),
    ("diffusion (s)", &metrics::SECONDS_DIFFUSION),
    ("peak memory (MiB)", &metrics::PEAK),
];

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        channels: vec![ch::SCALE.id("runs")],
        empty: "Parameters, memory, seconds and accuracies of this run and of the ticked ones appear here."
            .to_owned(),
        help: include_str!("../help/scale.md").to_owned(),
        ..ViewSpec::of("scale", "Scale", ViewKind::Table, &[&ch::SCALE])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let mut rows = Vec::new();
    if let Some(folder) = job.folder {
        rows.push(row("this run", Some(config), folder));
    }
    for peer in job.peers {
        job.control.check()?;
        rows.push(row(&peer.id, peer.experiment.method.settings::<Config>(), &peer.folder));
    }
    let parameters = |row: &Vec<Cell>| match row.get(2) {
        Some(Cell::Number(value)) => *value,
        _ => f64::INFINITY,
    };
    rows.sort_by(|a, b| parameters(a).total_cmp(&parameters(b)));
    let mut columns = vec!["run".to_owned(), "hidden widths".to_owned()];
    columns.extend(COLUMNS.iter().map(|(heading, _)| (*heading).to_owned()));
    let empty = ch::SCALE.labelled("runs", "runs by size").channel();
    Ok(vec![Channel { data: Data::Table(Timeline::one(Table { columns, rows })), ..empty }])
}

/// A run's figures from its manifest; not-a-number for what it has not.
fn row(id: &str, config: Option<&Config>, folder: &Path) -> Vec<Cell> {
    let results: BTreeMap<String, f64> =
        store::read_manifest(folder).map(|manifest| manifest.results).unwrap_or_default();
    let widths = config.map_or_else(
        || "another lab".to_owned(),
        |config| config.hidden_widths.iter().map(u64::to_string).collect::<Vec<_>>().join("-"),
    );
    let figures =
        COLUMNS.iter().map(|(_, metric)| Cell::Number(results.get(metric.name).copied().unwrap_or(f64::NAN)));
    [Cell::Text(id.to_owned()), Cell::Text(widths)].into_iter().chain(figures).collect()
}
