//! A mesh as rectangles and triangles on a part of the picture.

use egui::epaint::{Mesh, Vertex};
use egui::{Color32, Pos2, pos2};

use crate::blend::{channels, fill, over, rounded, tinted};
use crate::spans::{Area, first, triangle};
use crate::texture::Texture;

/// Difference in texels and pixels below which places are the same.
const CLOSE: f32 = 1e-2;

/// The part of the picture that is painted.
pub(crate) struct Target<'a> {
    pixels: &'a mut [[u8; 4]],
    width: usize,
    area: Area,
}

/// A corner, in pixels of the picture and of the texture.
#[derive(Clone, Copy)]
struct Corner {
    pos: Pos2,
    texel: Pos2,
    color: Color32,
}

impl<'a> Target<'a> {
    /// The part `area` of a picture of this width.
    pub(crate) fn new(pixels: &'a mut [[u8; 4]], width: usize, area: Area) -> Self {
        Self { pixels, width, area }
    }

    /// Paints the whole part with one colour.
    pub(crate) fn clear(&mut self, color: Color32) {
        for y in self.area.top..self.area.bottom {
            fill(self.row(y, self.area.left..self.area.right), color);
        }
    }

    fn row(&mut self, y: i32, columns: std::ops::Range<i32>) -> &mut [[u8; 4]] {
        let start = y as usize * self.width;
        self.pixels.get_mut(start + columns.start as usize..start + columns.end as usize).unwrap_or_default()
    }

    /// Paints a mesh inside `clip`.
    pub(crate) fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: Area, pixels_per_point: f32) {
        let [width, height] = texture.size();
        let corner = |vertex: &Vertex| Corner {
            pos: vertex.pos * pixels_per_point,
            texel: pos2(vertex.uv.x * width, vertex.uv.y * height),
            color: vertex.color,
        };
        let at = |index: Option<&u32>| mesh.vertices.get(*index? as usize).map(corner);
        let mut indices = mesh.indices.as_slice();
        while let [a, b, c, rest @ ..] = indices {
            // Letters and pictures: two triangles that make a rectangle.
            if let [d, e, f, after @ ..] = rest
                && d == c
                && e == b
                && let (Some(p), Some(q), Some(r), Some(s)) =
                    (at(Some(a)), at(Some(b)), at(Some(c)), at(Some(f)))
                && is_rectangle([&p, &q, &r, &s])
            {
                self.rectangle(&p, &s, texture, clip);
                indices = after;
                continue;
            }
            if let (Some(p), Some(q), Some(r)) = (at(Some(a)), at(Some(b)), at(Some(c))) {
                self.triangle([p, q, r], texture, clip);
            }
            indices = rest;
        }
    }

    /// A rectangle of one tint, from its upper left to its lower right corner.
    fn rectangle(&mut self, from: &Corner, to: &Corner, texture: &Texture, clip: Area) {
        let tint = from.color;
        let area = Area {
            left: first(from.pos.x),
            top: first(from.pos.y),
            right: first(to.pos.x),
            bottom: first(to.pos.y),
        };
        let area = area.both(clip);
        if area.is_empty() || tint == Color32::TRANSPARENT {
            return;
        }
        if from.texel == to.texel {
            let color = tinted(tint, texture.at(from.texel.x, from.texel.y));
            for y in area.top..area.bottom {
                fill(self.row(y, area.left..area.right), color);
            }
            return;
        }
        let size = to.pos - from.pos;
        let step = (to.texel - from.texel) / size;
        let place = |x: i32, y: i32| {
            let (right, down) = (x as f32 + 0.5 - from.pos.x, y as f32 + 0.5 - from.pos.y);
            pos2(from.texel.x + right * step.x, from.texel.y + down * step.y)
        };
        // Where texels fall onto pixels, as those of letters do, there is nothing between them to be found.
        let start = place(area.left, area.top);
        let is_centered = |at: f32| (at - at.floor() - 0.5).abs() < CLOSE;
        let is_copy = is_centered(start.x)
            && is_centered(start.y)
            && (step.x - 1.0).abs() * size.x < CLOSE
            && (step.y - 1.0).abs() * size.y < CLOSE;
        for y in area.top..area.bottom {
            let from = place(area.left, y);
            let row = self.row(y, area.left..area.right);
            let first = from.x.floor() as i32;
            let texels = texture.row(from.y.floor() as i32, first..first + (area.right - area.left));
            if let Some(texels) = texels.filter(|_| is_copy) {
                for (pixel, texel) in row.iter_mut().zip(texels) {
                    lay(pixel, tint, *texel);
                }
            } else if texture.is_nearest() {
                let line = from.y.floor() as i32;
                for (k, pixel) in row.iter_mut().enumerate() {
                    lay(pixel, tint, texture.texel((from.x + k as f32 * step.x).floor() as i32, line));
                }
            } else {
                for (k, pixel) in row.iter_mut().enumerate() {
                    lay(pixel, tint, texture.at(from.x + k as f32 * step.x, from.y));
                }
            }
        }
    }

    fn triangle(&mut self, corners: [Corner; 3], texture: &Texture, clip: Area) {
        let [a, b, c] = &corners;
        let pos = corners.map(|corner| corner.pos);
        let is_clear = corners.iter().all(|corner| corner.color == Color32::TRANSPARENT);
        if is_clear || !pos.iter().all(|pos| pos.x.is_finite() && pos.y.is_finite()) {
            return;
        }
        let is_plain = a.texel == b.texel && b.texel == c.texel;
        if is_plain {
            let texel = texture.at(a.texel.x, a.texel.y);
            let colors = corners.map(|corner| tinted(corner.color, texel));
            let [one, two, three] = colors;
            if one == two && two == three {
                triangle(pos, clip, |y, columns| fill(self.row(y, columns), one));
            } else if let Some(slope) = Slope::new(pos, colors.map(channels)) {
                triangle(pos, clip, |y, columns| {
                    let mut now = slope.at(columns.start, y);
                    for pixel in self.row(y, columns) {
                        *pixel = over(rounded(now), *pixel);
                        now = sum(now, slope.right);
                    }
                });
            }
            return;
        }
        let tints = Slope::new(pos, corners.map(|corner| channels(corner.color)));
        let texels = Slope::new(pos, corners.map(|corner| [corner.texel.x, corner.texel.y, 0.0, 0.0]));
        let (Some(tints), Some(texels)) = (tints, texels) else { return };
        triangle(pos, clip, |y, columns| {
            let (mut tint, mut place) = (tints.at(columns.start, y), texels.at(columns.start, y));
            for pixel in self.row(y, columns) {
                let [x, y, ..] = place;
                lay(pixel, rounded(tint), texture.at(x, y));
                (tint, place) = (sum(tint, tints.right), sum(place, texels.right));
            }
        });
    }
}

/// A tinted texel over a pixel.
fn lay(pixel: &mut [u8; 4], tint: Color32, texel: Color32) {
    if texel == Color32::TRANSPARENT {
        return;
    }
    let color = tinted(tint, texel);
    *pixel = if color.is_opaque() { color.to_array() } else { over(color, *pixel) };
}

/// True if corners in the order left and right above, left and right below make an upright rectangle of one tint.
fn is_rectangle([a, b, c, d]: [&Corner; 4]) -> bool {
    let upright = |a: Pos2, b: Pos2, c: Pos2, d: Pos2| a.y == b.y && c.y == d.y && a.x == c.x && b.x == d.x;
    upright(a.pos, b.pos, c.pos, d.pos)
        && upright(a.texel, b.texel, c.texel, d.texel)
        && a.pos.x < b.pos.x
        && a.pos.y < c.pos.y
        && [b, c, d].iter().all(|corner| corner.color == a.color)
}

/// Four numbers that change evenly over a triangle.
struct Slope {
    from: Pos2,
    values: [f32; 4],
    right: [f32; 4],
    down: [f32; 4],
}

impl Slope {
    /// Through the values at three corners; none for corners on one line.
    fn new([p, q, r]: [Pos2; 3], [a, b, c]: [[f32; 4]; 3]) -> Option<Self> {
        let (u, v) = (q - p, r - p);
        let twice = u.x * v.y - v.x * u.y;
        if twice.abs() < 1e-9 {
            return None;
        }
        let (first, second) = (difference(b, a), difference(c, a));
        let right = sum(times(first, v.y / twice), times(second, -u.y / twice));
        let down = sum(times(second, u.x / twice), times(first, -v.x / twice));
        Some(Self { from: p, values: a, right, down })
    }

    /// At the centre of a pixel.
    fn at(&self, x: i32, y: i32) -> [f32; 4] {
        let (right, down) = (x as f32 + 0.5 - self.from.x, y as f32 + 0.5 - self.from.y);
        sum(self.values, sum(times(self.right, right), times(self.down, down)))
    }
}

fn sum([a, b, c, d]: [f32; 4], [e, f, g, h]: [f32; 4]) -> [f32; 4] {
    [a + e, b + f, c + g, d + h]
}

fn difference([a, b, c, d]: [f32; 4], [e, f, g, h]: [f32; 4]) -> [f32; 4] {
    [a - e, b - f, c - g, d - h]
}

fn times(values: [f32; 4], factor: f32) -> [f32; 4] {
    values.map(|value| value * factor)
}
