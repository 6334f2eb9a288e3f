//! Loss of the mixture over the simplices of two decisions at the weights of the newest checkpoint, when it is asked for.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Grid, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;
use crate::data;
use crate::method::plane::{plane, simplex_grid};
use crate::run::{defect, product};

/// Controls.
const ASKED: &str = "plane";
const ON: &str = "on";
const FIRST: &str = "plane_first";
const SECOND: &str = "plane_second";
/// Rows by which the loss is measured.
const ROWS: usize = 100;
/// Weights of a decision with two options are multiples of one over the first, of others of one over the second.
const FINE: usize = 8;
const COARSE: usize = 3;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let options = vec![("off".to_owned(), "Not computed".to_owned()), (ON.to_owned(), "Computed".to_owned())];
    let decision = |id: &str, label: &str, about: &str| {
        ControlSpec::new(id, label, about, ControlKind::ChoiceFrom { channel: ch::DECISIONS.id().to_owned() })
    };
    View::new(ViewSpec {
        x: AxisSpec::new("weights of the second decision", "").named_by(&ch::PLANE_WORDS.id("second")),
        y: AxisSpec::new("weights of the first decision", "").named_by(&ch::PLANE_WORDS.id("first")),
        color: Some(AxisSpec::new("loss", "nat")),
        controls: vec![
            ControlSpec::new(
                ASKED,
                "Plane",
                "Computes the losses at the weights of the newest checkpoint, which takes some seconds.",
                ControlKind::Choice { options, initial: "off".to_owned() },
            ),
            decision(FIRST, "First", "The decision on the vertical axis."),
            decision(
                SECOND,
                "Second",
                "The decision on the horizontal axis; the last one where both are the same.",
            ),
        ],
        derives: vec![ASKED.to_owned(), FIRST.to_owned(), SECOND.to_owned()],
        empty: "Set Plane to Computed to see the loss over two decisions at fixed weights.".to_owned(),
        help: include_str!("../help/plane.md").to_owned(),
        ..ViewSpec::of("plane", "Loss over two decisions", ViewKind::Grid, &[&ch::PLANE])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(folder) = job.folder.filter(|_| job.controls.word(ASKED) == Some(ON)) else {
        return Ok(Vec::new());
    };
    let Ok(state) = product::state(folder) else { return Ok(Vec::new()) };
    let Some(progress) = state.progress else { return Ok(Vec::new()) };
    let (material, shape, _) = data::open(config)?;
    let space = config.space_of(shape).map_err(defect)?;
    let decisions = space.decisions();
    let place = |id: &str| {
        let name = job.controls.word(id).unwrap_or_default();
        decisions.iter().position(|decision| decision.name == name).unwrap_or(0)
    };
    let (first, mut second) = (place(FIRST), place(SECOND));
    if first == second {
        second = if first + 1 == decisions.len() { 0 } else { decisions.len() - 1 };
    }
    let count = |at: usize| decisions.get(at).map_or(1, |decision| decision.options.len());
    let points = |at: usize| simplex_grid(count(at), if count(at) > 2 { COARSE } else { FINE });
    let (rows, columns) = (points(first), points(second));
    let weights = progress.search.mean_weights(config.sampler());
    let mixing = crate::run::of_mixture(config.mixing());
    let batch = material.architecture.first(ROWS);
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    for row in &rows {
        job.control.check()?;
        let own = std::slice::from_ref(row);
        let losses = plane(
            &*space,
            mixing,
            &progress.search.tensors,
            &weights,
            (first, second),
            (own, &columns),
            batch,
        );
        values.extend(losses.map_err(defect)?.into_iter().map(|loss| loss as f32));
    }
    let names = |points: &[Vec<f64>]| -> Vec<String> {
        let name =
            |point: &Vec<f64>| point.iter().map(|share| format!("{share:.2}")).collect::<Vec<_>>().join("/");
        points.iter().map(name).collect()
    };
    let grid = Grid { rows: names(&rows), columns: names(&columns), values, ..Grid::default() };
    let axis = |name: &str, at: usize| {
        let decision = decisions.get(at);
        let words = decision
            .map(|own| format!("{}: weights of {}", own.name, own.options.join("/")))
            .unwrap_or_default();
        Channel { data: Data::Text(words), ..ch::PLANE_WORDS.labelled(name, "axis").channel() }
    };
    Ok(vec![
        Channel { data: Data::Grid(Timeline::one(grid)), ..ch::PLANE.channel() },
        axis("first", first),
        axis("second", second),
    ])
}
