//! Borders of the phases as curves over a picture: edges between neighbouring cells, or iso-lines of the metrics at their thresholds.
//!
//! A cell (row r, column c) spans c to c + 1 and r to r + 1; a NaN lifts the pen.

use super::diagram::Pictures;
use crate::method::phase::{Reading, Thresholds};
use crate::metric::Metric;
use weightscope_frame::record::{Curve, Grid};

/// Collects pieces of line.
#[derive(Default)]
struct Pen {
    curve: Curve,
}

impl Pen {
    fn piece(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.curve.x.extend([from.0, to.0, f64::NAN]);
        self.curve.y.extend([from.1, to.1, f64::NAN]);
    }
}

/// Edges between neighbouring cells of different phases, as far as they are known.
pub(super) fn steps(readings: &[Option<Reading>], columns: usize) -> Curve {
    let mut pen = Pen::default();
    if columns == 0 {
        return pen.curve;
    }
    let rows = readings.len() / columns;
    let at = |row: usize, column: usize| readings.get(row * columns + column).copied().flatten();
    let differ =
        |a: Option<Reading>, b: Option<Reading>| a.zip(b).is_some_and(|(one, other)| one.is_apart(other));
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (column as f64, row as f64);
            if column + 1 < columns && differ(at(row, column), at(row, column + 1)) {
                pen.piece((x + 1.0, y), (x + 1.0, y + 1.0));
            }
            if row + 1 < rows && differ(at(row, column), at(row + 1, column)) {
                pen.piece((x, y + 1.0), (x + 1.0, y + 1.0));
            }
        }
    }
    pen.curve
}

/// Iso-lines of each metric that has a threshold, at that threshold, between the middles of the cells.
pub(super) fn iso_lines(pictures: &Pictures<'_>, step: u64, thresholds: &Thresholds) -> Curve {
    let mut pen = Pen::default();
    let mut draw = |metric: Metric, level: Option<f64>, map: fn(f64) -> f64| {
        if let (Some(grid), Some(level)) = (pictures.at(metric, step), level) {
            march(&mut pen, grid, map(level), map);
        }
    };
    draw(Metric::TrainLoss, thresholds.train_loss, f64::ln);
    draw(Metric::LogLambda, thresholds.log_lambda, |value| value);
    draw(Metric::LogTrace, thresholds.log_trace, |value| value);
    draw(Metric::Connectivity, Some(-thresholds.connectivity), |value| value);
    draw(Metric::Cka, Some(thresholds.cka), |value| value);
    pen.curve
}

/// Marching squares over the squares between four neighbouring middles; squares with an unknown corner stay empty.
fn march(pen: &mut Pen, grid: &Grid, level: f64, map: fn(f64) -> f64) {
    let columns = grid.columns.len();
    let value = |row: usize, column: usize| {
        grid.values.get(row * columns + column).map(|value| map(f64::from(*value)) - level)
    };
    for row in 0..grid.rows.len().saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
            let heights: Option<Vec<f64>> =
                corners.iter().map(|(row, column)| value(*row, *column).filter(|v| v.is_finite())).collect();
            let Some(heights) = heights else { continue };
            let mut crossings = Vec::with_capacity(4);
            for side in 0..4 {
                let (a, b) = (heights[side], heights[(side + 1) % 4]);
                if (a > 0.0) != (b > 0.0) {
                    let share = a / (a - b);
                    let ((r0, c0), (r1, c1)) = (corners[side], corners[(side + 1) % 4]);
                    let between =
                        |from: usize, to: usize| from as f64 + share * (to as f64 - from as f64) + 0.5;
                    crossings.push((between(c0, c1), between(r0, r1)));
                }
            }
            match crossings[..] {
                [a, b] => pen.piece(a, b),
                // A saddle: the mean says which corners belong together.
                [a, b, c, d] => {
                    let high = heights.iter().sum::<f64>() > 0.0;
                    if high == (heights[0] > 0.0) {
                        pen.piece(a, b);
                        pen.piece(c, d);
                    } else {
                        pen.piece(b, c);
                        pen.piece(d, a);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::phase::Phase;

    #[test]
    fn an_edge_lies_between_two_phases_only() {
        let phases =
            [Some(Phase::I), Some(Phase::II), None, Some(Phase::II)].map(|phase| phase.map(Reading::Phase));
        let curve = steps(&phases, 2);
        assert_eq!(curve.x[..2], [1.0, 1.0]);
        assert_eq!(curve.y[..2], [0.0, 1.0]);
        assert_eq!(curve.x.len(), 3, "one piece and a lifted pen: {curve:?}");
    }

    #[test]
    fn an_iso_line_crosses_where_the_value_does() {
        let names = |count: usize| (0..count).map(|index| index.to_string()).collect();
        let grid =
            Grid { rows: names(2), columns: names(2), values: vec![0.0, 1.0, 0.0, 1.0], ..Grid::default() };
        let mut pen = Pen::default();
        march(&mut pen, &grid, 0.25, |value| value);
        assert_eq!(pen.curve.x[..2], [0.75, 0.75], "a quarter of the way between the middles");
        let mut ys = [pen.curve.y[0], pen.curve.y[1]];
        ys.sort_by(f64::total_cmp);
        assert_eq!(ys, [0.5, 1.5]);
    }
}
