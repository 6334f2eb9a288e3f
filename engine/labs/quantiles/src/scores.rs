//! Scores of one method at one stage, as a row of `scores.csv` and of the leaderboard.

use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use super::method::{calibration, crossing, pinball};
use super::names::Method;
use weightscope_frame::record::{Cell, Table};

weightscope_frame::choices! {
    /// What is done to the raw predictions of a method before they are scored or shown.
    pub enum Stage {
        /// Nothing.
        Raw = "none", "raw";
        /// Ascending order.
        Sorted = "sort", "sorted";
        /// The least-squares isotonic fit.
        Pava = "pava", "PAVA";
        /// The min–max sweep.
        Sweep = "sweep", "sweep";
        /// The run's operator, then calibration.
        Conformal = "conformal", "conformal";
    }
}

impl Stage {
    /// The stage that an operator makes.
    pub const fn after(operator: Isotonization) -> Self {
        match operator {
            Isotonization::None => Self::Raw,
            Isotonization::Sort => Self::Sorted,
            Isotonization::Pava => Self::Pava,
            Isotonization::Sweep => Self::Sweep,
        }
    }

    /// The operator that makes the stage; none of them alone makes calibrated predictions.
    pub const fn operator(self) -> Option<Isotonization> {
        match self {
            Self::Raw => Some(Isotonization::None),
            Self::Sorted => Some(Isotonization::Sort),
            Self::Pava => Some(Isotonization::Pava),
            Self::Sweep => Some(Isotonization::Sweep),
            Self::Conformal => None,
        }
    }

    /// The word in the column `stage` of `scores.csv`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Sorted => "sorted",
            Self::Pava => "pava",
            Self::Sweep => "sweep",
            Self::Conformal => "conformal",
        }
    }
}

/// The column of the methods' words.
pub(super) const METHOD: &str = "method";
/// The column of the stages' words.
pub(super) const STAGE: &str = "stage";
/// The column of the weighted interval scores.
pub(super) const WIS: &str = "wis";
/// Columns of `scores.csv`.
pub const COLUMNS: [&str; 10] = [
    METHOD,
    STAGE,
    WIS,
    "pinball",
    "crossing_rate",
    "coverage_50",
    "coverage_80",
    "coverage_90",
    "width_80",
    "mace",
];

/// One row; not-a-number where the grid has no such interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// What was done to its predictions.
    pub stage: Stage,
    /// Mean over the levels of twice the pinball loss.
    pub wis: f64,
    /// Mean pinball loss.
    pub pinball: f64,
    /// Share of neighbouring levels that cross.
    pub crossing_rate: f64,
    /// Share of rows in the 50 % interval.
    pub coverage_50: f64,
    /// Share of rows in the 80 % interval.
    pub coverage_80: f64,
    /// Share of rows in the 90 % interval.
    pub coverage_90: f64,
    /// Mean width of the 80 % interval, standardised target.
    pub width_80: f64,
    /// Mean absolute distance of observed shares from the levels.
    pub mace: f64,
}

/// Scores of predictions `[rows, levels]`.
pub fn row(method: Method, stage: Stage, q: &[f32], y: &[f32], levels: &Levels) -> Row {
    let m = levels.len();
    let pinball = pinball::mean(q, y, &levels.singles());
    let coverage =
        |share: f64| levels.pair_at(share).map_or(f64::NAN, |pair| calibration::coverage(q, y, m, pair));
    let observed = calibration::observed(q, y, m);
    Row {
        method,
        stage,
        wis: 2.0 * pinball,
        pinball,
        crossing_rate: crossing::rate(q, m),
        coverage_50: coverage(0.5),
        coverage_80: coverage(0.8),
        coverage_90: coverage(0.9),
        width_80: levels.pair_at(0.8).map_or(f64::NAN, |pair| calibration::mean_width(q, m, pair)),
        mace: calibration::mean_absolute_error(&observed, levels.values()),
    }
}

/// Scores of raw predictions and of those after each operator.
pub fn stages(method: Method, q: &[f32], y: &[f32], levels: &Levels) -> Vec<Row> {
    let one = |stage: &Stage| {
        let mut after = q.to_vec();
        stage.operator()?.apply_rows(&mut after, levels.len());
        Some(row(method, *stage, &after, y, levels))
    };
    Stage::ALL.iter().filter_map(one).collect()
}

impl Row {
    /// The numbers in the order of [`COLUMNS`].
    fn numbers(&self) -> [f64; 8] {
        [
            self.wis,
            self.pinball,
            self.crossing_rate,
            self.coverage_50,
            self.coverage_80,
            self.coverage_90,
            self.width_80,
            self.mace,
        ]
    }
}

/// The file: a header and one line a row; an empty cell where there is no such interval, `inf` where a level cannot be reached.
pub fn csv(rows: &[Row]) -> String {
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for row in rows {
        text.push_str(row.method.key());
        text.push(',');
        text.push_str(row.stage.word());
        for number in row.numbers() {
            text.push(',');
            if !number.is_nan() {
                text.push_str(&number.to_string());
            }
        }
        text.push('\n');
    }
    text
}

/// The rows as a table with the columns of `scores.csv`.
pub fn table(rows: &[Row]) -> Table {
    let line = |row: &Row| {
        let mut cells =
            vec![Cell::Text(row.method.key().to_owned()), Cell::Text(row.stage.word().to_owned())];
        cells.extend(row.numbers().map(Cell::Number));
        cells
    };
    Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows: rows.iter().map(line).collect() }
}
