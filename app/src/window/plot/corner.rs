//! The corner of a plot in which a legend covers least of the data.

use egui_plot::{Corner, PlotPoint};

use super::shape::Shape;

/// Share of a plot that a legend covers beyond its own size each way: the distance from the axes and its frame.
const AROUND: f64 = 0.08;
/// Places at which an item is looked at.
const PLACES: usize = 256;
/// Places along a segment, so that a long one between two points is seen on its way.
const ALONG: usize = 16;

/// The corner with the fewest places of the items for a legend of these shares of the plot, the upper right one among equals. The
/// domain is in axis space.
pub(super) fn emptiest(
    items: &[Shape],
    ((x0, x1), (y0, y1)): ((f64, f64), (f64, f64)),
    shares: [f64; 2],
) -> Corner {
    let covered = shares.map(|share| share + AROUND);
    let (width, height) = ((x1 - x0).max(f64::MIN_POSITIVE), (y1 - y0).max(f64::MIN_POSITIVE));
    let mut counts = [0_usize; 4];
    let mut see = |x: f64, y: f64| {
        let (x, y) = ((x - x0) / width, (y - y0) / height);
        let (right, left) = (x > 1.0 - covered[0], x < covered[0]);
        let (top, bottom) = (y > 1.0 - covered[1], y < covered[1]);
        for (count, is_in) in
            counts.iter_mut().zip([right && top, left && top, right && bottom, left && bottom])
        {
            *count += usize::from(is_in);
        }
    };
    for item in items {
        match item {
            Shape::Line { runs, .. } => runs.iter().for_each(|run| along(run, &mut see)),
            Shape::Bars { corners, .. } => corners.iter().for_each(|run| along(run, &mut see)),
            Shape::Dots { points, .. } => {
                let stride = points.len().div_ceil(PLACES).max(1);
                points.iter().step_by(stride).for_each(|point| see(point.x, point.y));
            }
            Shape::Band { x, lower, upper, .. } => {
                let stride = x.len().div_ceil(PLACES).max(1);
                for ((x, lower), upper) in x.iter().zip(lower).zip(upper).step_by(stride) {
                    see(*x, *lower);
                    see(*x, f64::midpoint(*lower, *upper));
                    see(*x, *upper);
                }
            }
            _ => {}
        }
    }
    let corners = [Corner::RightTop, Corner::LeftTop, Corner::RightBottom, Corner::LeftBottom];
    let least = counts.into_iter().zip(corners).min_by_key(|(count, _)| *count);
    least.map_or(Corner::RightTop, |(_, corner)| corner)
}

fn along(run: &[PlotPoint], see: &mut impl FnMut(f64, f64)) {
    let stride = run.len().div_ceil(PLACES).max(1);
    let places: Vec<&PlotPoint> = run.iter().step_by(stride).collect();
    let steps = if places.len() < PLACES / ALONG { ALONG } else { 1 };
    for pair in places.windows(2) {
        let [a, b] = pair else { continue };
        for step in 0..steps {
            let share = step as f64 / steps as f64;
            see(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y));
        }
    }
    if let Some(last) = places.last() {
        see(last.x, last.y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Dash, Ink, Stroke};

    fn line(points: &[[f64; 2]]) -> Shape {
        Shape::Line {
            name: String::new(),
            runs: vec![points.iter().map(|[x, y]| PlotPoint::new(*x, *y)).collect()],
            ink: Ink::Series(0),
            dash: Dash::Solid,
            stroke: Stroke::Normal,
            source: None,
        }
    }

    #[test]
    fn a_legend_stands_away_from_the_data() {
        const SHARES: [f64; 2] = [0.35, 0.3];
        let unit = ((0.0, 1.0), (0.0, 1.0));
        assert_eq!(emptiest(&[], unit, SHARES), Corner::RightTop, "an empty plot");
        assert_eq!(
            emptiest(&[line(&[[0.0, 0.0], [1.0, 1.0]])], unit, SHARES),
            Corner::LeftTop,
            "a rising line"
        );
        let falling = line(&[[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(emptiest(&[falling], unit, SHARES), Corner::RightTop, "a falling line");
        let roof = line(&[[0.0, 0.9], [1.0, 0.9]]);
        assert_eq!(emptiest(&[roof], unit, SHARES), Corner::RightBottom, "a line along the top");
    }
}
