//! Paints what egui tessellated, on the processor.
//!
//! A driver that does a graphics adapter's work on the processor runs a shader for each pixel of each mesh, in every frame. Most of a
//! window is one colour, axis-aligned letters, and parts that did not change since the frame before; [`Painter`] fills, copies and
//! leaves out.
//!
//! - `damage`: where two frames differ
//! - `mesh`: a mesh as rectangles and triangles; `spans`: which pixels of a row a triangle covers
//! - `texture`: textures as egui's deltas leave them, and how they are read; `blend`: colours over each other
//!
//! Colours are blended as egui's own painters do it: premultiplied, in gamma space.

mod blend;
mod damage;
mod mesh;
mod spans;
#[cfg(test)]
mod tests;
mod texture;

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Color32, TexturesDelta};

use self::mesh::Target;
pub use self::spans::Area;
use self::texture::Textures;

/// What a frame is painted on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Width and height, pixels.
    pub size: [usize; 2],
    /// Pixels for each point of egui.
    pub pixels_per_point: f32,
    /// Opaque colour below everything.
    pub background: Color32,
}

/// Paints frame after frame, and remembers the one before.
#[derive(Default)]
pub struct Painter {
    canvas: Option<Canvas>,
    pixels: Vec<[u8; 4]>,
    textures: Textures,
    last: Vec<ClippedPrimitive>,
    changes: Vec<Area>,
}

impl Painter {
    /// Paints a frame.
    ///
    /// Textures are changed and freed by `deltas` as in egui's other painters. Paint callbacks draw nothing: they ask for an adapter.
    pub fn paint(&mut self, canvas: Canvas, primitives: Vec<ClippedPrimitive>, deltas: &TexturesDelta) {
        let changed = self.textures.set(deltas);
        let [width, height] = canvas.size;
        let whole = Area { left: 0, top: 0, right: width as i32, bottom: height as i32 };
        let areas = if self.canvas == Some(canvas) {
            damage::areas(&self.last, &primitives, &changed, canvas.pixels_per_point, whole)
        } else {
            self.pixels.clear();
            self.pixels.resize(width * height, canvas.background.to_array());
            self.changes.clear();
            vec![whole]
        };
        self.canvas = Some(canvas);
        for area in areas {
            self.repaint(&canvas, area, &primitives);
            damage::add(&mut self.changes, area);
        }
        self.textures.free(deltas);
        self.last = primitives;
    }

    /// The parts of the picture that changed since this was asked for the last time; none of them overlap.
    pub fn take_changes(&mut self) -> Vec<Area> {
        std::mem::take(&mut self.changes)
    }

    /// Width and height of the picture, pixels.
    pub fn size(&self) -> [usize; 2] {
        self.canvas.map_or([0, 0], |canvas| canvas.size)
    }

    /// The picture from a pixel on, row by row to the last one: red, green, blue and alpha of each pixel, premultiplied and in gamma space.
    pub fn bytes_from(&self, x: i32, y: i32) -> &[u8] {
        let start = y as usize * self.size()[0] + x as usize;
        self.pixels.get(start..).unwrap_or_default().as_flattened()
    }

    fn repaint(&mut self, canvas: &Canvas, area: Area, primitives: &[ClippedPrimitive]) {
        let mut target = Target::new(&mut self.pixels, canvas.size[0], area);
        target.clear(canvas.background);
        for primitive in primitives {
            let clip = Area::covered(primitive.clip_rect, canvas.pixels_per_point).both(area);
            let Primitive::Mesh(mesh) = &primitive.primitive else { continue };
            if let Some(texture) = self.textures.get(mesh.texture_id).filter(|_| !clip.is_empty()) {
                target.mesh(mesh, texture, clip, canvas.pixels_per_point);
            }
        }
    }
}
