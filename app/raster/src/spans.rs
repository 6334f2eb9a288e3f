//! Which pixels a shape covers: those whose centre lies inside it.

use std::ops::Range;

use egui::{Pos2, Rect};

/// A rectangle of pixels; `right` and `bottom` lie beyond the last ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// Column after the last one.
    pub right: i32,
    /// Row after the last one.
    pub bottom: i32,
}

/// First pixel whose centre lies at `at` or after it.
pub(crate) fn first(at: f32) -> i32 {
    (at - 0.5).ceil() as i32
}

impl Area {
    /// The pixels that a clip rectangle lets through: its edges are rounded to whole pixels.
    pub(crate) fn covered(rect: Rect, pixels_per_point: f32) -> Self {
        let edge = |at: f32| (at * pixels_per_point).round() as i32;
        Self {
            left: edge(rect.min.x),
            top: edge(rect.min.y),
            right: edge(rect.max.x),
            bottom: edge(rect.max.y),
        }
    }

    /// Every pixel that `rect`, in pixels, touches.
    pub(crate) fn touched(rect: Rect) -> Self {
        Self {
            left: rect.min.x.floor() as i32,
            top: rect.min.y.floor() as i32,
            right: rect.max.x.ceil() as i32,
            bottom: rect.max.y.ceil() as i32,
        }
    }

    /// What lies in both.
    pub(crate) fn both(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest one that holds both.
    pub(crate) fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// True if it holds no pixel.
    pub fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// An edge that goes down. Two triangles that share it find the same pixels beside it: both begin at the same end of it.
struct Edge {
    from: Pos2,
    slope: f32,
}

impl Edge {
    fn new(from: Pos2, to: Pos2) -> Self {
        let fall = to.y - from.y;
        Self { from, slope: if fall > 0.0 { (to.x - from.x) / fall } else { 0.0 } }
    }

    fn at(&self, y: f32) -> f32 {
        self.from.x + (y - self.from.y) * self.slope
    }
}

/// Calls `row` with each row of pixels of a triangle inside `clip`, and the columns covered there. Corners are in pixels.
pub(crate) fn triangle(corners: [Pos2; 3], clip: Area, mut row: impl FnMut(i32, Range<i32>)) {
    let mut sorted = corners;
    // By height, and by side where two are level: an edge begins at the same end in each triangle that has it.
    sorted.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
    let [top, middle, bottom] = sorted;
    let from = first(top.y).max(clip.top);
    let to = first(bottom.y).min(clip.bottom);
    if from >= to {
        return;
    }
    let long = Edge::new(top, bottom);
    let (upper, lower) = (Edge::new(top, middle), Edge::new(middle, bottom));
    let turn = first(middle.y);
    for y in from..to {
        let center = y as f32 + 0.5;
        let a = long.at(center);
        let b = if y < turn { upper.at(center) } else { lower.at(center) };
        let left = first(a.min(b)).max(clip.left);
        let right = first(a.max(b)).min(clip.right);
        if left < right {
            row(y, left..right);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    const CLIP: Area = Area { left: 0, top: 0, right: 40, bottom: 40 };

    fn count(corners: [Pos2; 3], seen: &mut [u32]) {
        triangle(corners, CLIP, |y, columns| {
            columns.for_each(|x| seen[(y * 40 + x) as usize] += 1);
        });
    }

    #[test]
    fn triangles_around_a_point_cover_each_pixel_once() {
        let center = pos2(19.37, 17.81);
        let rim: Vec<Pos2> = (0..37)
            .map(|k| {
                let angle = k as f32 / 37.0 * std::f32::consts::TAU;
                pos2(20.0 + 15.5 * angle.cos(), 20.0 + 15.5 * angle.sin())
            })
            .collect();
        let mut seen = vec![0; 1600];
        for (k, a) in rim.iter().enumerate() {
            count([center, *a, rim[(k + 1) % rim.len()]], &mut seen);
        }
        assert!(seen.iter().all(|times| *times <= 1), "no pixel of a fan is painted twice");
        for y in 0..40_i32 {
            for x in 0..40_i32 {
                let far = (x as f32 + 0.5 - 20.0).hypot(y as f32 + 0.5 - 20.0);
                let times = seen[(y * 40 + x) as usize];
                // Between the sides of the polygon and its circle lies 15.5·(1 − cos(π/37)) = 0.06.
                if far < 15.4 {
                    assert_eq!(times, 1, "inside, at {x}, {y}");
                } else if far > 15.5 {
                    assert_eq!(times, 0, "outside, at {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn a_triangle_is_cut_at_the_clip() {
        let mut rows = Vec::new();
        let clip = Area { left: 3, top: 2, right: 6, bottom: 4 };
        triangle([pos2(-50.0, -50.0), pos2(90.0, -50.0), pos2(-50.0, 90.0)], clip, |y, columns| {
            rows.push((y, columns));
        });
        assert_eq!(rows, [(2, 3..6), (3, 3..6)]);
    }
}
