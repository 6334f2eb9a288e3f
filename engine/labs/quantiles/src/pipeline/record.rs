//! What of the fits goes into the record, for the views.

use super::Plan;
use crate::base::{CurvePoint, Kind, Matrix};
use crate::channels as ch;
use crate::data::Part;
use crate::ensemble::{Aggregator, Combined};
use crate::method::aggregate::Shape;
use crate::method::conformal::Offset;
use crate::names::Method;
use crate::views::{NOBODY, Order};
use weightscope_frame::record::declared::{Declared, Family, kinds::OfCurves, kinds::OfGrids};
use weightscope_frame::record::{Cell, Curve, Data, Grid, Table};
use weightscope_frame::run::Context;

/// Test rows whose predictions the record keeps for the views; scores use all.
const MOST_ROWS: usize = 100_000;
/// Features of test rows that the record keeps; wide tables keep fewer rows.
const MOST_CELLS: usize = 8_000_000;

/// Test rows that the record keeps.
fn most_rows(plan: &Plan<'_>) -> usize {
    (MOST_CELLS / (plan.material.encoder.names.len() + 1)).min(MOST_ROWS)
}

/// Predictions of the rows that the record keeps.
fn kept(plan: &Plan<'_>, values: &[f32]) -> Vec<f32> {
    values.iter().take(most_rows(plan) * plan.levels.len()).copied().collect()
}

fn grid(columns: Vec<String>, values: Vec<f32>) -> Grid {
    Grid { columns, values, ..Grid::default() }
}

fn level_names(levels: &[f64]) -> Vec<String> {
    levels.iter().map(|tau| format!("{tau}")).collect()
}

/// Columns of a table of weights.
fn weight_columns(plan: &Plan<'_>, count: usize) -> Vec<String> {
    if count == 1 { vec!["all".to_owned()] } else { level_names(plan.levels.values()) }
}

/// A choice that is its own words.
fn plain(word: &str) -> (String, String) {
    (word.to_owned(), word.to_owned())
}

/// Everything that is known before the first fit. A run that goes on has the rows already: they stay at step 0.
pub(super) fn begin(context: &mut Context<'_>, plan: &Plan<'_>) {
    methods(context, plan);
    let material = plan.material;
    let names = &material.encoder.names;
    context.choices(&ch::FEATURES, names.iter().map(|name| plain(name)).collect());
    let orders = Order::OF_ALL.iter().map(|(key, words, _)| ((*key).to_owned(), (*words).to_owned()));
    let of_features = names.iter().map(|name| (Order::key_of(name), name.clone()));
    context.choices(&ch::ORDERS, orders.chain(of_features).collect());
    scales(context, plan);
    rows(context, plan, &ch::TEST_ROWS, &material.test);
    rows(context, plan, &ch::CALIBRATION_ROWS, &material.calibration);
    if let Some(truth) = material.truth.as_ref().filter(|_| is_empty(context, &ch::TRUTH)) {
        context.show_only(&ch::TRUTH, grid(level_names(plan.levels.values()), kept(plan, truth)));
    }
}

fn is_empty(context: &mut Context<'_>, channel: &Declared<OfGrids>) -> bool {
    match context.record().get(channel.id()).map(|channel| &channel.data) {
        Some(Data::Grid(timeline)) => timeline.last().is_none(),
        _ => true,
    }
}

fn rows(context: &mut Context<'_>, plan: &Plan<'_>, channel: &Declared<OfGrids>, part: &Part) {
    if !is_empty(context, channel) {
        return;
    }
    let mut columns = plan.material.encoder.names.clone();
    columns.push(plan.material.encoder.target.name.clone());
    context.show_only(channel, grid(columns, joined(&part.x, &part.y, most_rows(plan))));
}

fn joined(x: &Matrix, y: &[f32], most: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(y.len() * (x.columns + 1));
    for (row, y) in x.each_row().zip(y).take(most) {
        values.extend_from_slice(row);
        values.push(*y);
    }
    values
}

fn scales(context: &mut Context<'_>, plan: &Plan<'_>) {
    let encoder = &plan.material.encoder;
    let line = |name: &str, mean: f64, deviation: f64| {
        vec![Cell::Text(name.to_owned()), Cell::Number(mean), Cell::Number(deviation)]
    };
    let features = encoder.names.iter().zip(&encoder.mean).zip(&encoder.deviation);
    let mut rows: Vec<Vec<Cell>> =
        features.map(|((name, mean), deviation)| line(name, *mean, *deviation)).collect();
    rows.push(line(&encoder.target.name, encoder.target.mean, encoder.target.deviation));
    let columns = ["column", "mean", "standard deviation"].map(str::to_owned).to_vec();
    context.show_only(&ch::SCALES, Table { columns, rows });
}

/// The methods that can be looked at.
pub(super) fn methods(context: &mut Context<'_>, plan: &Plan<'_>) {
    let choice = |method: Method| (method.key().to_owned(), method.name().to_owned());
    let joined = || plan.aggregators.iter().rev().copied();
    let methods: Vec<_> = joined()
        .map(Method::Joined)
        .chain(plan.kinds.iter().copied().map(Method::Base))
        .map(choice)
        .collect();
    let nobody = (NOBODY.to_owned(), NOBODY.to_owned());
    context.choices(&ch::SECONDS, std::iter::once(nobody).chain(methods.iter().cloned()).collect());
    context.choices(&ch::METHODS, methods);
    let weighted = joined().filter(|one| one.resolution().is_some()).map(|one| choice(Method::Joined(one)));
    context.choices(&ch::WEIGHTED, weighted.collect());
}

/// Takes what the methods of a parent have recorded out of the record of a fork, but for scalar history and the training curves of the
/// methods that stay.
pub(super) fn forget_all_but_curves_of(context: &mut Context<'_>, methods: &[&str]) {
    context.record().retain(|channel| {
        let id = channel.id.as_str();
        match ch::curve_of(id) {
            Some(method) => methods.contains(&method),
            None => matches!(channel.data, Data::Scalar(_)) || !is_of_a_run(id),
        }
    });
}

/// True for what follows from fits, false for what is known before the first one.
fn is_of_a_run(id: &str) -> bool {
    let made = [ch::SCORES.id(), ch::SPEED.id(), ch::CHOSEN.id()];
    let of_family = ch::method_of(id).or_else(|| ch::BOUND.name(id));
    made.contains(&id)
        || of_family.or_else(|| ch::BOARD_AT.name(id)).or_else(|| ch::PARTS_AT.name(id)).is_some()
}

/// Takes the channels of methods that are left out from the record, but for their validation scores.
pub(super) fn forget(context: &mut Context<'_>, gone: &[&str]) {
    context
        .record()
        .retain(|channel| ch::method_of(&channel.id).is_none_or(|method| !gone.contains(&method)));
}

/// Predictions of a method, before any operator.
pub(super) fn predictions(
    context: &mut Context<'_>,
    plan: &Plan<'_>,
    method: Method,
    test: &[f32],
    calibration: &[f32],
) {
    for (family, values) in [(&ch::RAW, test), (&ch::CALIBRATION, calibration)] {
        let grid = grid(level_names(plan.levels.values()), kept(plan, values));
        context.show_only(&family.labelled(method.key(), method.label()), grid);
    }
}

/// Weights of an aggregator: the table, or the network that makes it.
pub(super) fn weights(
    context: &mut Context<'_>,
    plan: &Plan<'_>,
    aggregator: Aggregator,
    combined: &Combined,
) {
    let (name, label) = (aggregator.key(), aggregator.label());
    match combined {
        Combined::Table { resolution, weights } => {
            let shape =
                Shape { models: plan.kinds.len(), levels: plan.levels.len(), resolution: *resolution };
            let grid = grid(weight_columns(plan, shape.columns()), weights.clone());
            context.show_only(&ch::TABLE.labelled(name, label), grid);
        }
        Combined::Local { widths, values, .. } => {
            context.show_only(&ch::NETWORK.labelled(name, label), grid(Vec::new(), values.clone()));
            let rows = widths.iter().map(|width| vec![Cell::Number(*width as f64)]).collect();
            let table = Table { columns: vec!["units".to_owned()], rows };
            context.show_only(&ch::WIDTHS.labelled(name, label), table);
        }
        _ => {}
    }
}

/// The exact optimum of global weights.
pub(super) fn bound(context: &mut Context<'_>, plan: &Plan<'_>, aggregator: Aggregator, weights: &[f64]) {
    let Some(resolution) = aggregator.resolution() else { return };
    let columns = weight_columns(plan, weights.len() / plan.kinds.len().max(1));
    let values = weights.iter().map(|weight| *weight as f32).collect();
    context.show_only(&ch::BOUND.labelled(resolution.key(), "linear-program optimum"), grid(columns, values));
}

/// Intervals that do not follow from the calibration rows.
pub(super) fn calibrated(context: &mut Context<'_>, plan: &Plan<'_>, method: Method, q: &[f32]) {
    context.show_only(&ch::CALIBRATED.member(method.key()), grid(Vec::new(), kept(plan, q)));
}

/// Offsets of split calibration, which the views need not calibrate again then.
pub(super) fn offsets(context: &mut Context<'_>, method: Method, offsets: &[Offset]) {
    context.show_only(&ch::OFFSETS.member(method.key()), crate::views::grid_of_offsets(offsets));
}

/// A point of a training curve, for live pictures.
pub(super) fn curve_point(context: &mut Context<'_>, method: Method, point: CurvePoint) {
    let CurvePoint { step, train, validation, crossing } = point;
    // Its training loss is no pinball loss.
    let is_likelihood = method == Method::Base(Kind::ConditionalGaussian);
    let label = if is_likelihood {
        format!("{}, neg. log-likelihood", method.name())
    } else {
        method.name().to_owned()
    };
    add(context, &ch::CURVE_TRAIN, (method, &label), (step, train));
    add(context, &ch::CURVE_VALIDATION, (method, method.name()), (step, validation));
    if crossing != 0.0 {
        add(context, &ch::CURVE_CROSSING, (method, method.name()), (step, crossing));
    }
}

fn add(
    context: &mut Context<'_>,
    family: &Family<OfCurves>,
    (method, label): (Method, &str),
    (step, value): (usize, f64),
) {
    let mut curve = match context.record().get(&family.id(method.key())).map(|channel| &channel.data) {
        Some(Data::Curve(timeline)) => timeline.last().map(|(_, curve)| curve.clone()).unwrap_or_default(),
        _ => Curve::default(),
    };
    // A training that begins again, after a resume or with the next draw of a search.
    if curve.x.last().is_some_and(|last| *last >= step as f64) {
        curve = Curve::default();
    }
    curve.x.push(step as f64);
    curve.y.push(value);
    context.show_only(&family.labelled(method.key(), label), curve);
}

/// The validation score of a method.
pub(super) fn score(context: &mut Context<'_>, method: Method, value: f64) {
    context.scalar(&ch::SCORE.labelled(method.key(), method.label()), value);
}

/// The out-of-fold score of a base model on one fold.
pub(super) fn fold_score(context: &mut Context<'_>, kind: Kind, value: f64) {
    context.scalar(&ch::FOLD_SCORE.labelled(kind.key(), kind.label()), value);
}
