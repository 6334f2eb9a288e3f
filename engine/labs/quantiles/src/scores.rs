//! Scores of one method at one stage, as a row of `scores.csv` and of the leaderboard.

use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use super::method::{calibration, crossing, pinball};
use weightscope_frame::record::{Cell, Table};

/// Columns of `scores.csv`.
pub const COLUMNS: [&str; 10] = [
    "method",
    "stage",
    "wis",
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
    /// Word of the method.
    pub method: String,
    /// `raw`, `sorted`, `pava`, `sweep` or `conformal`.
    pub stage: &'static str,
    /// Mean over the levels of twice the pinball loss.
    pub wis: f64,
    /// Mean pinball loss.
    pub pinball: f64,
    /// Share of neighbouring levels that cross.
    pub crossing_rate: f64,
    /// Share of rows in the 50 % interval.
    pub coverage_50: f64,
    /// The same at 80 %.
    pub coverage_80: f64,
    /// The same at 90 %.
    pub coverage_90: f64,
    /// Mean width of the 80 % interval, standardised target.
    pub width_80: f64,
    /// Mean absolute distance of observed shares from the levels.
    pub mace: f64,
}

/// Scores of predictions `[rows, levels]`.
pub fn row(method: &str, stage: &'static str, q: &[f32], y: &[f32], levels: &Levels) -> Row {
    let m = levels.len();
    let pinball = pinball::mean(q, y, &levels.singles());
    let coverage =
        |share: f64| levels.pair_at(share).map_or(f64::NAN, |pair| calibration::coverage(q, y, m, pair));
    let observed = calibration::observed(q, y, m);
    Row {
        method: method.to_owned(),
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
pub fn stages(method: &str, q: &[f32], y: &[f32], levels: &Levels) -> Vec<Row> {
    let stages = [
        ("raw", Isotonization::None),
        ("sorted", Isotonization::Sort),
        ("pava", Isotonization::Pava),
        ("sweep", Isotonization::Sweep),
    ];
    let one = |(stage, operator): (&'static str, Isotonization)| {
        let mut after = q.to_vec();
        operator.apply_rows(&mut after, levels.len());
        row(method, stage, &after, y, levels)
    };
    stages.into_iter().map(one).collect()
}

impl Row {
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
        text.push_str(&row.method);
        text.push(',');
        text.push_str(row.stage);
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

/// The same as a table.
pub fn table(rows: &[Row]) -> Table {
    let line = |row: &Row| {
        let mut cells = vec![Cell::Text(row.method.clone()), Cell::Text(row.stage.to_owned())];
        cells.extend(row.numbers().map(Cell::Number));
        cells
    };
    Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows: rows.iter().map(line).collect() }
}
