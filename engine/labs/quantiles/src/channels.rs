//! Names of the lab's channels, and how the pipeline fills them. Predictions are standardised; the views bring them into units.

use serde::{Deserialize, Serialize};

use super::base::{Kind, Matrix, News};
use super::data::{Encoder, Target};
use super::ensemble::{Aggregator, Combined};
use super::method::aggregate::Shape;
use super::names::name;
use super::pipeline::Plan;
use weightscope_frame::record::{Channel, Curve, Data, Grid, Record, Timeline};
use weightscope_frame::run::Context;

/// Test rows whose predictions the record keeps for the views; scores use all.
const MOST_ROWS: usize = 100_000;
/// Features of test rows that the record keeps; wide tables keep fewer rows.
const MOST_CELLS: usize = 8_000_000;

/// Test rows that the record keeps.
pub(super) fn most_rows(plan: &Plan<'_>) -> usize {
    (MOST_CELLS / (plan.material.encoder.names.len() + 1)).min(MOST_ROWS)
}

/// JSON of [`Meta`].
pub(super) const META: &str = "meta";
/// One method a line.
pub(super) const METHODS: &str = "methods";
/// One method a line, after [`NOBODY`].
pub(super) const SECONDS: &str = "seconds";
/// No second method.
pub(super) const NOBODY: &str = "none";
/// One feature a line.
pub(super) const FEATURES: &str = "features";
/// One aggregator with a table of weights a line.
pub(super) const WEIGHTED: &str = "weighted";
/// Standardised features of the test rows, the observation as the last column.
pub(super) const TEST_ROWS: &str = "rows/test";
/// The same for calibration rows.
pub(super) const CALIBRATION_ROWS: &str = "rows/calibration";
/// Family: predictions of the test rows, by method.
pub(super) const RAW: &str = "raw/";
/// Family: predictions of the calibration rows, by method.
pub(super) const CALIBRATION: &str = "calibration/";
/// Family: test intervals calibrated by CV+, by method (split calibration follows from the calibration rows).
pub(super) const CALIBRATED: &str = "calibrated/";
/// Family: lower and upper offset of each interval from split calibration, by method.
pub(super) const OFFSETS: &str = "offsets/";
/// Family: leaderboard at a stage, kept when the run ends.
pub(super) const BOARD_AT: &str = "board_at/";
/// Family: parts of the scores at a stage, kept when the run ends.
pub(super) const PARTS_AT: &str = "parts_at/";
/// One order of the fan chart a line.
pub(super) const ORDERS: &str = "orders";
/// Orders that every table has, before those by a feature.
const ORDERS_OF_ALL: [&str; 4] =
    ["prediction\tpredicted median", "width\tpredicted width", "observation", "case\tplace in the table"];
/// True quantiles of the test rows.
pub(super) const TRUTH: &str = "truth";
/// Family: weights of global tables, by aggregator.
pub(super) const TABLE: &str = "table/";
/// Family: sizes and parameters of local networks, by aggregator.
pub(super) const NETWORK: &str = "network/";
/// Optimum of the coarse weights.
pub(super) const BOUND_COARSE: &str = "bound/coarse";
/// Optimum of the medium weights.
pub(super) const BOUND_MEDIUM: &str = "bound/medium";
/// Family of training curves.
pub(super) const CURVE: &str = "curve/";
/// Family: validation score by method.
pub(super) const SCORE: &str = "score/validation/";
/// Family: out-of-fold score by base model.
pub(super) const FOLD_SCORE: &str = "score/fold/";
/// Scores of all methods and stages.
pub(super) const SCORES: &str = "scores";

/// How long each model took.
pub(super) const SPEED: &str = "speed";
/// Settings of each model.
pub(super) const CHOSEN: &str = "chosen";

/// What the views need to know beside the numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// Levels.
    pub(super) levels: Vec<f64>,
    /// Words of the base models.
    pub(super) base_models: Vec<String>,
    /// Words of the aggregators.
    pub(super) aggregators: Vec<String>,
    /// Names of the encoded features.
    pub(super) features: Vec<String>,
    /// Their means.
    pub(super) mean: Vec<f64>,
    /// Their deviations.
    pub(super) deviation: Vec<f64>,
    /// The target.
    pub(super) target: Target,
}

impl Meta {
    /// From the record.
    pub(super) fn read(record: &Record) -> Option<Self> {
        match &record.get(META)?.data {
            Data::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    fn of(plan: &Plan<'_>) -> Self {
        let Encoder { names, mean, deviation, target, .. } = plan.material.encoder.clone();
        Self {
            levels: plan.levels.values().to_vec(),
            base_models: plan.kinds.iter().map(|kind| kind.key().to_owned()).collect(),
            aggregators: plan.aggregators.iter().map(|one| one.key().to_owned()).collect(),
            features: names,
            mean,
            deviation,
            target,
        }
    }
}

/// A channel.
pub(super) fn channel(id: &str, label: &str, unit: &str, about: &str, data: Data) -> Channel {
    Channel {
        id: id.to_owned(),
        label: label.to_owned(),
        unit: unit.to_owned(),
        about: about.to_owned(),
        clock: false,
        data,
    }
}

/// A timeline with one picture.
pub(super) fn only<T>(step: u64, picture: T) -> Timeline<T> {
    let mut timeline = Timeline::default();
    timeline.push(step, picture);
    timeline
}

fn grid(columns: Vec<String>, values: Vec<f32>) -> Grid {
    Grid { columns, values, ..Grid::default() }
}

/// Puts everything that is known before the first fit into the record.
pub(super) fn declare(context: &mut Context<'_>, plan: &Plan<'_>) {
    let meta = Meta::of(plan);
    let methods: Vec<&str> =
        meta.aggregators.iter().rev().chain(&meta.base_models).map(String::as_str).collect();
    let weighted: Vec<&str> =
        plan.aggregators.iter().rev().filter(|one| one.resolution().is_some()).map(|one| one.key()).collect();
    let text = serde_json::to_string(&meta).unwrap_or_default();
    let record = context.record();
    record.insert(channel(
        META,
        "settings of the pictures",
        "",
        "Levels, names and scales.",
        Data::Text(text),
    ));
    let choices = |words: &[&str]| {
        let line = |word: &&str| format!("{word}\t{}", name(word));
        words.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let methods = choices(&methods);
    let others = format!("{NOBODY}\n{methods}");
    record.insert(channel(METHODS, "methods", "", "One method a line.", Data::Text(methods)));
    record.insert(channel(SECONDS, "second methods", "", "One method a line.", Data::Text(others)));
    record.insert(channel(
        FEATURES,
        "features",
        "",
        "One feature a line.",
        Data::Text(meta.features.join("\n")),
    ));
    let orders: Vec<&str> =
        ORDERS_OF_ALL.into_iter().chain(meta.features.iter().map(String::as_str)).collect();
    record.insert(channel(ORDERS, "orders", "", "One order of rows a line.", Data::Text(orders.join("\n"))));
    record.insert(channel(
        WEIGHTED,
        "weighted",
        "",
        "Aggregators with weights.",
        Data::Text(choices(&weighted)),
    ));
    let (material, most) = (&plan.material, most_rows(plan));
    for (id, part, label) in [
        (TEST_ROWS, &material.test, "test rows"),
        (CALIBRATION_ROWS, &material.calibration, "calibration rows"),
    ] {
        let mut columns = meta.features.clone();
        columns.push(meta.target.name.clone());
        let values = joined(&part.x, &part.y, most);
        let data = Data::Grid(only(0, grid(columns, values)));
        record.insert(channel(id, label, "", "Standardised features, the observation last.", data));
    }
    if let Some(truth) = &material.truth {
        let values = truth.iter().take(most_rows(plan) * plan.levels.len()).copied().collect();
        let data = Data::Grid(only(0, grid(level_names(&meta.levels), values)));
        record.insert(channel(TRUTH, "truth", "", "True quantiles of the test rows, standardised.", data));
    }
}

/// Empties the record for a fork, but for scalar history and the training curves of these methods.
pub(super) fn forget_all_but_curves_of(context: &mut Context<'_>, methods: &[&str]) {
    let of = |id: &str| id.starts_with(CURVE) && methods.iter().any(|name| id.ends_with(&format!("/{name}")));
    context.record().retain(|channel| matches!(channel.data, Data::Scalar(_)) || of(&channel.id));
}

fn joined(x: &Matrix, y: &[f32], most: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(y.len() * (x.columns + 1));
    for (row, y) in x.each_row().zip(y).take(most) {
        values.extend_from_slice(row);
        values.push(*y);
    }
    values
}

fn level_names(levels: &[f64]) -> Vec<String> {
    levels.iter().map(|tau| format!("{tau}")).collect()
}

/// Predictions of a method, before any operator.
pub(super) fn predictions(
    context: &mut Context<'_>,
    plan: &Plan<'_>,
    name: &str,
    label: &str,
    test: &[f32],
    calibration: &[f32],
) {
    let step = context.step();
    let columns = level_names(plan.levels.values());
    let most = most_rows(plan) * plan.levels.len();
    for (family, values, about) in [
        (RAW, test, "Predicted quantiles of the test rows, standardised, before any operator."),
        (
            CALIBRATION,
            calibration,
            "Predicted quantiles of the calibration rows, standardised, before any operator.",
        ),
    ] {
        let values = values.iter().take(most).copied().collect();
        let data = Data::Grid(only(step, grid(columns.clone(), values)));
        context.record().insert(channel(&format!("{family}{name}"), label, "", about, data));
    }
}

/// Weights of an aggregator: the table, or the network that makes it.
pub(super) fn weights(
    context: &mut Context<'_>,
    plan: &Plan<'_>,
    aggregator: Aggregator,
    combined: &Combined,
) {
    let step = context.step();
    let (name, label) = (aggregator.key(), aggregator.label());
    match combined {
        Combined::Table { weights, .. } => {
            let Some(resolution) = aggregator.resolution() else { return };
            let shape = Shape { models: plan.kinds.len(), levels: plan.levels.len(), resolution };
            let columns =
                if shape.columns() == 1 { vec!["all".to_owned()] } else { level_names(plan.levels.values()) };
            let data = Data::Grid(only(step, grid(columns, weights.clone())));
            let about = "Weights of the table; a column adds up to one.";
            context.record().insert(channel(&format!("{TABLE}{name}"), label, "", about, data));
        }
        Combined::Local { widths, values, .. } => {
            let columns = widths.iter().map(ToString::to_string).collect();
            let data = Data::Grid(only(step, grid(columns, values.clone())));
            let about = "Parameters of the network that gives a row's weights; the columns are its widths.";
            context.record().insert(channel(&format!("{NETWORK}{name}"), label, "", about, data));
        }
        _ => {}
    }
}

/// A point of a training curve, for live pictures.
pub(super) fn curve_point(context: &mut Context<'_>, word: &str, news: News) {
    let News::Point { step, train, validation, crossing } = news else { return };
    let present = context.step();
    let parts = [
        (
            "train",
            train,
            "Mean training loss since the last look; of the Gaussian net the negative log-likelihood.",
        ),
        (
            "validation",
            validation,
            "Mean pinball loss of the validation rows, after the operator for aggregators.",
        ),
        ("crossing", crossing, "Mean crossing penalty since the last look."),
    ];
    for (part, value, about) in parts {
        if part == "crossing" && value == 0.0 {
            continue;
        }
        let id = format!("{CURVE}{part}/{word}");
        // Its training loss is no pinball loss.
        let is_likelihood = part == "train" && word == Kind::ConditionalGaussian.key();
        let label = if is_likelihood {
            format!("{}, neg. log-likelihood", name(word))
        } else {
            name(word).to_owned()
        };
        let record = context.record();
        let mut curve = match record.get(&id).map(|channel| &channel.data) {
            Some(Data::Curve(timeline)) => {
                timeline.last().map(|(_, curve)| curve.clone()).unwrap_or_default()
            }
            _ => Curve::default(),
        };
        if curve.x.last().is_some_and(|last| *last >= step as f64) {
            curve = Curve::default();
        }
        curve.x.push(step as f64);
        curve.y.push(value);
        record.insert(channel(&id, &label, "", about, Data::Curve(only(present, curve))));
    }
}

/// The validation score of a method.
pub(super) fn score(context: &mut Context<'_>, name: &str, label: &str, value: f64) {
    let id = format!("{SCORE}{name}");
    context.declare_scalar(
        &id,
        label,
        "",
        "Weighted interval score of the validation rows after the operator.",
    );
    context.scalar(id.as_str(), value);
}

/// The out-of-fold score of a base model on one fold.
pub(super) fn fold_score(context: &mut Context<'_>, name: &str, label: &str, value: f64) {
    let id = format!("{FOLD_SCORE}{name}");
    context.declare_scalar(
        &id,
        label,
        "",
        "Weighted interval score of the rows of a fold that the fit did not see.",
    );
    context.scalar(id.as_str(), value);
}
