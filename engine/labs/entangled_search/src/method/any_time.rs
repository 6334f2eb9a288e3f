//! Any-time curves: the best answer known after each unit of a budget, and figures over repeats.

/// The answer changed at this moment.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// Steps or seconds spent.
    pub spent: f64,
    /// Value of the answer from then on.
    pub value: f64,
}

/// The value at a moment: that of the last change up to it; none before the first.
pub fn at(curve: &[Point], spent: f64) -> Option<f64> {
    curve.iter().take_while(|point| point.spent <= spent).last().map(|point| point.value)
}

/// Only the points at which the value changes.
pub fn changes(curve: impl IntoIterator<Item = Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in curve {
        if kept.last().is_none_or(|last| last.value != point.value) {
            kept.push(point);
        }
    }
    kept
}

/// Points of a search on a table: after each evaluation the true value of the best-scored architecture so far, `seconds` being the cost of each
/// evaluation. Scores and values have one entry for each evaluation.
pub fn of_evaluations(scores: &[f64], values: &[f64], seconds: &[f64]) -> Vec<Point> {
    let (mut best, mut value, mut spent) = (f64::NEG_INFINITY, f64::NAN, 0.0);
    let each = scores.iter().zip(values).zip(seconds).map(|((score, own), seconds)| {
        spent += seconds;
        if *score > best {
            (best, value) = (*score, *own);
        }
        Point { spent, value }
    });
    changes(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_holds_its_value_until_it_changes() {
        let curve = of_evaluations(&[0.5, 0.4, 0.9], &[1.0, 3.0, 2.0], &[1.0, 1.0, 2.0]);
        assert_eq!(curve, [Point { spent: 1.0, value: 1.0 }, Point { spent: 4.0, value: 2.0 }]);
        assert_eq!(
            [0.5, 1.0, 3.9, 9.0].map(|spent| at(&curve, spent)),
            [None, Some(1.0), Some(1.0), Some(2.0)]
        );
    }
}
