//! Which run's line lies under a click.
//!
//! Contract: the nearest line of a run within a few points of the pointer, whatever lies on top; nothing where no line is near,
//! so that a click elsewhere means only what it always meant.

use egui::{Pos2, Response};
use egui_plot::{PlotPoint, PlotTransform};

use super::Prepared;
use super::shape::Shape;

/// Distance in points within which a line is hit.
const REACH: f32 = 6.0;

impl Prepared {
    /// The run whose line is nearest to the pointer, by its place among the sources.
    pub(super) fn hit(&self, transform: &PlotTransform, response: &Response) -> Option<usize> {
        let at = response.interact_pointer_pos()?;
        let mut best = (REACH, None);
        for shape in &self.items {
            let Shape::Line { runs, source: Some(source), .. } = shape else { continue };
            for run in runs {
                let distance = distance(run, transform, at);
                if distance < best.0 {
                    best = (distance, Some(*source));
                }
            }
        }
        best.1
    }
}

/// Distance on the screen from a polyline; infinite without points.
fn distance(points: &[PlotPoint], transform: &PlotTransform, at: Pos2) -> f32 {
    let place = |point: &PlotPoint| transform.position_from_point(point);
    let alone = points.first().map_or(f32::INFINITY, |point| place(point).distance(at));
    points.windows(2).fold(alone, |least, pair| match pair {
        [a, b] => least.min(to_segment(at, place(a), place(b))),
        _ => least,
    })
}

fn to_segment(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let along = to - from;
    let length = along.length_sq();
    let share = if length > 0.0 { ((at - from).dot(along) / length).clamp(0.0, 1.0) } else { 0.0 };
    (from + share * along).distance(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_to_the_segment_and_not_to_its_line() {
        let (a, b) = (Pos2::new(0.0, 0.0), Pos2::new(10.0, 0.0));
        assert_eq!(to_segment(Pos2::new(5.0, 3.0), a, b), 3.0, "beside it");
        assert_eq!(to_segment(Pos2::new(13.0, 4.0), a, b), 5.0, "beyond its end");
        assert_eq!(to_segment(Pos2::new(3.0, 4.0), a, a), 5.0, "of no length");
    }
}
