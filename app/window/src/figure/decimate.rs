//! Fewer points for print without a visible change.
//!
//! A printed line cannot show more than one column of 1/300 inch. Within each column only the first, lowest, highest
//! and last point matter for what is inked (Jugel et al. 2014, "M4: a visualization-oriented time series data
//! aggregation", VLDB 7 (10)). Gaps stay gaps: a run ends where a coordinate is not finite.

/// Width of a print column in points: 1/300 inch.
pub const COLUMN: f64 = 72.0 / 300.0;

/// Deviation in points that no printer shows: 1/3600 inch.
pub const TOLERANCE: f64 = 0.02;

/// Consecutive finite points.
pub type Run = Vec<[f64; 2]>;

/// Cuts a line in page coordinates (points) into finite runs and thins each of them.
///
/// A run with non-decreasing or non-increasing x keeps at most four points per column; any other run loses the points
/// that lie closer than half a column to the point kept before. A run of one point that would fall on ink of the same
/// column is dropped.
pub fn decimate(points: impl IntoIterator<Item = [f64; 2]>) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run::new();
    for point in points {
        if point[0].is_finite() && point[1].is_finite() {
            run.push(point);
        } else if !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    let thinned =
        runs.into_iter().map(|run| if is_monotone(&run) { thin_columns(&run) } else { thin_path(&run) });
    drop_covered(thinned.collect())
}

/// Drops the points of a run that lie within `tolerance` of the line through the points kept (Ramer 1972; Douglas and
/// Peucker 1973). The ends stay.
pub fn simplify(run: &[[f64; 2]], tolerance: f64) -> Run {
    let mut is_kept = vec![false; run.len()];
    let mut open = vec![(0, run.len().saturating_sub(1))];
    for end in [0, run.len().saturating_sub(1)] {
        if let Some(kept) = is_kept.get_mut(end) {
            *kept = true;
        }
    }
    while let Some((first, last)) = open.pop() {
        let mut farthest = (tolerance, None);
        for index in first + 1..last {
            let distance = distance_to_segment(run[index], run[first], run[last]);
            if distance > farthest.0 {
                farthest = (distance, Some(index));
            }
        }
        if let (_, Some(index)) = farthest {
            is_kept[index] = true;
            open.extend([(first, index), (index, last)]);
        }
    }
    run.iter().zip(is_kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

fn distance_to_segment(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 {
        (((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point[0] - from[0] - share * dx).hypot(point[1] - from[1] - share * dy)
}

fn is_monotone(run: &[[f64; 2]]) -> bool {
    let rising = run.windows(2).all(|pair| matches!(pair, [a, b] if a[0] <= b[0]));
    rising || run.windows(2).all(|pair| matches!(pair, [a, b] if a[0] >= b[0]))
}

fn column(point: [f64; 2]) -> i64 {
    (point[0] / COLUMN).floor() as i64
}

/// First, lowest, highest and last of each column, in their order along the line.
fn thin_columns(run: &[[f64; 2]]) -> Run {
    let mut out = Run::new();
    for group in run.chunk_by(|a, b| column(*a) == column(*b)) {
        let mut kept = [0, 0, 0, group.len() - 1];
        for (index, point) in group.iter().enumerate() {
            if point[1] < group[kept[1]][1] {
                kept[1] = index;
            }
            if point[1] > group[kept[2]][1] {
                kept[2] = index;
            }
        }
        kept.sort_unstable();
        let mut previous = None;
        for index in kept {
            if previous != Some(index) {
                out.push(group[index]);
                previous = Some(index);
            }
        }
    }
    out
}

/// Points at least half a column apart, and the last.
fn thin_path(run: &[[f64; 2]]) -> Run {
    let mut out = Run::new();
    for (index, point) in run.iter().enumerate() {
        let far = out
            .last()
            .is_none_or(|last: &[f64; 2]| (last[0] - point[0]).hypot(last[1] - point[1]) >= COLUMN / 2.0);
        if far || index + 1 == run.len() {
            out.push(*point);
        }
    }
    out
}

/// Drops single points on top of ink of the same column and row, which a noisy line full of gaps has in thousands.
fn drop_covered(runs: Vec<Run>) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    let mut reach: Option<(i64, f64, f64)> = None;
    for run in runs {
        if let [point] = run.as_slice() {
            let here = column(*point);
            match &mut reach {
                Some((at, low, high)) if *at == here => {
                    if (*low..=*high).contains(&point[1]) {
                        continue;
                    }
                    (*low, *high) = (low.min(point[1]), high.max(point[1]));
                }
                _ => reach = Some((here, point[1], point[1])),
            }
        } else {
            reach = None;
        }
        out.push(run);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_line_keeps_four_points_per_column() {
        let line = (0..1_000_000).map(|i| {
            let x = f64::from(i) / 1e6 * 200.0;
            [x, 50.0 + 30.0 * (x * 37.0).sin()]
        });
        let runs = decimate(line);
        assert_eq!(runs.len(), 1);
        assert!(runs[0].len() <= 4 * (200.0 / COLUMN + 2.0) as usize, "{} points", runs[0].len());
    }

    #[test]
    fn gaps_stay_gaps() {
        let runs = decimate([
            [0.0, 1.0],
            [1.0, 2.0],
            [2.0, f64::NAN],
            [3.0, 3.0],
            [4.0, f64::INFINITY],
            [5.0, 1.0],
            [9.0, 1.0],
        ]);
        assert_eq!(runs.len(), 3);
        assert_eq!(runs[1], [[3.0, 3.0]]);
    }

    #[test]
    fn a_straight_line_needs_only_its_ends_and_a_corner_stays() {
        let line: Run = (0..=100).map(|i| [f64::from(i), f64::from(i.min(60))]).collect();
        assert_eq!(simplify(&line, 0.01), [[0.0, 0.0], [60.0, 60.0], [100.0, 60.0]]);
        assert_eq!(simplify(&[[1.0, 1.0]], 0.01), [[1.0, 1.0]]);
        assert!(simplify(&[], 0.01).is_empty());
    }

    #[test]
    fn a_loop_is_not_cut_into_columns() {
        let circle: Vec<[f64; 2]> = (0..=100)
            .map(|i| f64::from(i) / 100.0 * std::f64::consts::TAU)
            .map(|a| [50.0 * a.cos(), 50.0 * a.sin()])
            .collect();
        assert_eq!(decimate(circle.iter().copied())[0].len(), 101);
    }

    proptest! {
        #[test]
        fn each_column_keeps_its_extremes(values in prop::collection::vec(-1e3f64..1e3, 1..400)) {
            let points: Vec<[f64; 2]> =
                values.iter().enumerate().map(|(i, y)| [i as f64 * COLUMN / 10.0, *y]).collect();
            let kept: Run = decimate(points.iter().copied()).concat();
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            for group in points.chunk_by(|a, b| column(*a) == column(*b)) {
                let here = column(group[0]);
                let thinned: Vec<f64> = kept.iter().filter(|p| column(**p) == here).map(|p| p[1]).collect();
                let low = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
                let high = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
                prop_assert!(thinned.len() <= 4);
                prop_assert_eq!(low(&mut thinned.iter().copied()), low(&mut group.iter().map(|p| p[1])));
                prop_assert_eq!(high(&mut thinned.iter().copied()), high(&mut group.iter().map(|p| p[1])));
            }
        }
    }
}
