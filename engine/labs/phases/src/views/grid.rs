//! Views of the whole grid.

use crate::channels as ch;
use crate::config::Config;
use crate::derive::{self, control as id, view};
use crate::metric::Metric;
use crate::run::{REFINE, REGION};
use weightscope_frame::record::{
    ActionSpec, AxisScale, AxisSpec, ControlKind, ControlSpec, Reference, ReferenceAxis, ReferenceStyle,
    ViewKind, ViewSpec,
};

/// The small multiples, in the papers' order.
const PANELS: [Metric; 8] = [
    Metric::TestAccuracy,
    Metric::TrainLoss,
    Metric::Gap,
    Metric::Distance,
    Metric::Connectivity,
    Metric::Cka,
    Metric::LogLambda,
    Metric::LogTrace,
];

fn number(
    id: &str,
    label: &str,
    about: &str,
    (low, high): (f64, f64),
    initial: f64,
    logarithmic: bool,
) -> ControlSpec {
    ControlSpec::new(id, label, about, ControlKind::Number { low, high, initial, logarithmic })
}

fn switch(id: &str, label: &str, about: &str, initial: bool) -> ControlSpec {
    ControlSpec::new(id, label, about, ControlKind::Switch { initial })
}

fn choice(id: &str, label: &str, about: &str, options: &[(&str, &str)]) -> ControlSpec {
    let initial = options.first().map(|(key, _)| (*key).to_owned()).unwrap_or_default();
    let options = options.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect();
    ControlSpec::new(id, label, about, ControlKind::Choice { options, initial })
}

/// The choice of the cell that is looked at.
pub(super) fn cell_control() -> ControlSpec {
    let about = "The cell that is looked at, by load and temperature; a click on the diagram chooses it too.";
    ControlSpec::new(id::CELL, "cell", about, ControlKind::ChoiceFrom { channel: ch::CELLS.to_owned() })
}

/// A choice of words for a view of a cell.
pub(super) fn cell_choice(id: &str, label: &str, about: &str, options: &[(&str, &str)]) -> ControlSpec {
    choice(id, label, about, options)
}

/// Thresholds and votes as controls.
fn threshold_controls(config: &Config) -> Vec<ControlSpec> {
    vec![
        switch(
            id::AUTOMATIC,
            "automatic",
            "Takes the thresholds from the values: Otsu's two classes for loss and curvature, over phase IV for similarity.",
            false,
        ),
        switch(
            id::VOTE_LOSS,
            "loss votes",
            "The training loss votes on hot or cold.",
            config.vote_train_loss,
        ),
        number(
            id::TRAIN_LOSS,
            "loss >",
            "Above it a cell is hot.",
            (1e-4, 10.0),
            config.threshold_train_loss,
            true,
        ),
        switch(
            id::VOTE_LAMBDA,
            "λ votes",
            "The largest Hessian eigenvalue votes on hot or cold.",
            config.vote_log_lambda,
        ),
        number(
            id::LOG_LAMBDA,
            "ln λ >",
            "Above it a cell is hot.",
            (-10.0, 15.0),
            config.threshold_log_lambda,
            false,
        ),
        switch(
            id::VOTE_TRACE,
            "trace votes",
            "The Hessian trace votes on hot or cold.",
            config.vote_log_trace,
        ),
        number(
            id::LOG_TRACE,
            "ln trace >",
            "Above it a cell is hot.",
            (-10.0, 15.0),
            config.threshold_log_trace,
            false,
        ),
        number(
            id::CONNECTIVITY,
            "mc < −",
            "Below minus this a cell is poorly connected.",
            (0.0, 50.0),
            config.threshold_connectivity,
            false,
        ),
        number(
            id::CKA,
            "CKA ≥",
            "From here on the seeds are similar.",
            (-1.0, 1.0),
            config.threshold_cka,
            false,
        ),
    ]
}

fn threshold_ids() -> Vec<String> {
    [
        id::AUTOMATIC,
        id::VOTE_LOSS,
        id::TRAIN_LOSS,
        id::VOTE_LAMBDA,
        id::LOG_LAMBDA,
        id::VOTE_TRACE,
        id::LOG_TRACE,
        id::CONNECTIVITY,
        id::CKA,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn with_borders(mut ids: Vec<String>) -> Vec<String> {
    ids.push(id::BORDERS.to_owned());
    ids
}

fn border_control() -> ControlSpec {
    choice(
        id::BORDERS,
        "borders",
        "Edges between cells of different phases, or lines at the thresholds of the metrics.",
        &[("steps", "steps"), ("lines", "iso-lines")],
    )
}

fn axes(config: &Config) -> (AxisSpec, AxisSpec) {
    (AxisSpec::new(config.load.axis(), ""), AxisSpec::new(config.temperature.axis(), ""))
}

/// The diagram: one metric or the phases, with borders.
pub(super) fn diagram(config: &Config) -> ViewSpec {
    let mut channels = vec![ch::PHASE.to_owned()];
    channels.extend(Metric::ALL.iter().map(|metric| metric.channel()));
    channels.extend([ch::CONFIDENCE.to_owned(), ch::STUCK.to_owned()]);
    let mut controls = vec![cell_control(), border_control()];
    controls.extend(threshold_controls(config));
    controls.push(ControlSpec::new(
        REGION,
        "region",
        "The brushed rectangle: what is refined, or the line of a transect.",
        ControlKind::Region,
    ));
    let (x, y) = axes(config);
    ViewSpec {
        channels,
        one_channel: true,
        x,
        y,
        overlays: vec![ch::BORDERS.to_owned()],
        actions: vec![ActionSpec {
            id: REFINE.to_owned(),
            label: "Refine here".to_owned(),
            about: "Cells between those of the brushed rectangle join the queue of the running experiment."
                .to_owned(),
        }],
        controls,
        derives: with_borders(threshold_ids()),
        empty: "The grid of load and temperature fills here, coarse corners first. Press Run.".to_owned(),
        help: include_str!("../help/diagram.md").to_owned(),
        ..ViewSpec::new(view::DIAGRAM, "Phase diagram", ViewKind::Grid, &[])
    }
}

/// Small multiples in the papers' arrangement.
pub(super) fn panels(config: &Config) -> ViewSpec {
    let (x, y) = axes(config);
    ViewSpec {
        channels: PANELS.iter().map(|metric| metric.channel()).collect(),
        x,
        y,
        overlays: vec![ch::BORDERS.to_owned()],
        derives: with_borders(threshold_ids()),
        empty: "Eight metrics side by side, as in the papers, appear here. Press Run.".to_owned(),
        help: include_str!("../help/panels.md").to_owned(),
        ..ViewSpec::new(view::PANELS, "Metrics side by side", ViewKind::Panels, &[])
    }
}

fn histogram(view: &str, title: &str, x: AxisSpec, control: &str, value: f64) -> ViewSpec {
    ViewSpec {
        channels: vec![derive::histogram_channel(view)],
        x,
        y: AxisSpec::new("cells", ""),
        references: vec![
            Reference::new(ReferenceAxis::X, value, ReferenceStyle::Boundary).label("threshold").control(control),
        ],
        derives: threshold_ids(),
        empty: "The distribution of the metric over the cells appears here; drag the threshold and the diagram follows.".to_owned(),
        help: include_str!("../help/histogram.md").to_owned(),
        ..ViewSpec::new(view, title, ViewKind::Bars, &[])
    }
}

/// Training losses beneath their threshold.
pub(super) fn loss_histogram(config: &Config) -> ViewSpec {
    let x = AxisSpec::new("train loss", "nat").scale(AxisScale::Log);
    histogram(view::LOSS_HISTOGRAM, "Train loss of the cells", x, id::TRAIN_LOSS, config.threshold_train_loss)
}

/// Barriers beneath their threshold.
pub(super) fn connectivity_histogram(config: &Config) -> ViewSpec {
    let x = AxisSpec::new("minus mode connectivity", "pp");
    histogram(
        view::CONNECTIVITY_HISTOGRAM,
        "Barriers of the cells",
        x,
        id::CONNECTIVITY,
        config.threshold_connectivity,
    )
}

/// Similarities beneath their threshold.
pub(super) fn cka_histogram(config: &Config) -> ViewSpec {
    histogram(
        view::CKA_HISTOGRAM,
        "Similarity of the cells",
        AxisSpec::new("CKA", ""),
        id::CKA,
        config.threshold_cka,
    )
}

/// A metric along a row, a column, or a drawn line.
pub(super) fn transect(config: &Config) -> ViewSpec {
    let metrics: Vec<(&str, &str)> =
        Metric::ALL.iter().map(|metric| (metric.words().id, metric.words().label)).collect();
    let (x, y) = axes(config);
    ViewSpec {
        x: x.clone().scale(AxisScale::Log).named_by(derive::TRANSECT_PLACE),
        y: AxisSpec::new("metric", "").named_by(derive::TRANSECT_METRIC),
        controls: vec![
            cell_control(),
            choice(id::METRIC, "metric", "What is drawn along the line.", &metrics),
            choice(
                id::DIRECTION,
                "along",
                "Through the chosen cell along its row or its column, or along the diagonal of the rectangle brushed on the diagram.",
                &[("row", &x.label), ("column", &y.label), ("line", "the drawn line")],
            ),
        ],
        derives: [id::CELL, id::METRIC, id::DIRECTION, REGION].map(str::to_owned).to_vec(),
        empty: "A metric along a row, a column or a drawn line, with the spread of the seeds, appears here."
            .to_owned(),
        help: include_str!("../help/transect.md").to_owned(),
        ..ViewSpec::new(view::TRANSECT, "Transect", ViewKind::Curve, &[derive::TRANSECT_CHANNEL])
    }
}

/// Networks as they finish.
pub(super) fn progress() -> ViewSpec {
    ViewSpec {
        x: AxisSpec::new("network", ""),
        y: AxisSpec::new("test accuracy", ""),
        empty: "The test accuracy of each network appears here as it finishes. Press Run.".to_owned(),
        help: include_str!("../help/progress.md").to_owned(),
        ..ViewSpec::new(
            "networks_done",
            "Networks as they finish",
            ViewKind::Lines,
            &[ch::NETWORK_TEST_ACCURACY],
        )
    }
}

/// The cells as numbers.
pub(super) fn cells() -> ViewSpec {
    ViewSpec {
        empty: "The metrics of each cell as numbers appear here. Press Run.".to_owned(),
        help: include_str!("../help/cells.md").to_owned(),
        ..ViewSpec::new("cells", "Cells", ViewKind::Table, &[ch::CELL_TABLE])
    }
}

/// The networks as numbers.
pub(super) fn networks() -> ViewSpec {
    ViewSpec {
        empty: "Each network as numbers appears here. Press Run.".to_owned(),
        help: include_str!("../help/networks.md").to_owned(),
        ..ViewSpec::new("networks", "Networks", ViewKind::Table, &[ch::NETWORK_TABLE])
    }
}
