//! Textures as egui's deltas leave them, and how they are read.

use std::collections::{HashMap, HashSet};

use egui::epaint::ImageDelta;
use egui::{Color32, ImageData, TextureFilter, TextureId, TexturesDelta};

use crate::blend::{channels, rounded};

/// egui's atlas of letters; what is added to it moves none that are there.
const LETTERS: TextureId = TextureId::Managed(0);

/// One texture.
pub(crate) struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
    /// Texels are seen as squares, without colours between them.
    is_nearest: bool,
}

/// All textures.
#[derive(Default)]
pub(crate) struct Textures(HashMap<TextureId, Texture>);

impl Textures {
    /// Takes what is new, and tells which textures look other than before.
    #[expect(clippy::iter_over_hash_type, reason = "each texture is changed by itself")]
    pub(crate) fn set(&mut self, deltas: &TexturesDelta) -> HashSet<TextureId> {
        let mut changed = HashSet::new();
        for (id, deltas) in &deltas.set {
            for delta in deltas {
                if delta.pos.is_none() || *id != LETTERS {
                    changed.insert(*id);
                }
                if let Some(pos) = delta.pos {
                    if let Some(texture) = self.0.get_mut(id) {
                        texture.patch(pos, delta);
                    }
                } else {
                    self.0.insert(*id, Texture::new(delta));
                }
            }
        }
        changed
    }

    /// Frees what is no longer used after this frame.
    #[expect(clippy::iter_over_hash_type, reason = "each texture is freed by itself")]
    pub(crate) fn free(&mut self, deltas: &TexturesDelta) {
        for id in &deltas.free {
            self.0.remove(id);
        }
    }

    pub(crate) fn get(&self, id: TextureId) -> Option<&Texture> {
        self.0.get(&id)
    }
}

impl Texture {
    fn new(delta: &ImageDelta) -> Self {
        let ImageData::Color(image) = &delta.image;
        let is_nearest = delta.options.magnification == TextureFilter::Nearest;
        Self { width: image.width(), height: image.height(), pixels: image.pixels.clone(), is_nearest }
    }

    fn patch(&mut self, [left, top]: [usize; 2], delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let width = image.width();
        for (row, pixels) in image.pixels.chunks_exact(width.max(1)).enumerate() {
            let start = (top + row) * self.width + left;
            if let Some(own) = self.pixels.get_mut(start..start + width) {
                own.copy_from_slice(pixels);
            }
        }
    }

    /// Width and height, texels.
    pub(crate) fn size(&self) -> [f32; 2] {
        [self.width as f32, self.height as f32]
    }

    pub(crate) fn is_nearest(&self) -> bool {
        self.is_nearest
    }

    /// A texel; beyond the edges the nearest one.
    pub(crate) fn texel(&self, x: i32, y: i32) -> Color32 {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let y = y.clamp(0, self.height as i32 - 1) as usize;
        self.pixels.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// The texels `columns` of row `y`, if all of them are there.
    pub(crate) fn row(&self, y: i32, columns: std::ops::Range<i32>) -> Option<&[Color32]> {
        let (y, left, right) =
            (usize::try_from(y).ok()?, usize::try_from(columns.start).ok()?, columns.end as usize);
        if y >= self.height || right > self.width {
            return None;
        }
        self.pixels.get(y * self.width + left..y * self.width + right)
    }

    /// The colour at a place, in texels from the upper left corner.
    pub(crate) fn at(&self, x: f32, y: f32) -> Color32 {
        if self.is_nearest {
            return self.texel(x.floor() as i32, y.floor() as i32);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (along, down) = (x - left, y - top);
        let (left, top) = (left as i32, top as i32);
        let mix = |a: [f32; 4], b: [f32; 4], share: f32| {
            let [r, g, b_, a_] = a;
            let [r2, g2, b2, a2] = b;
            [r + (r2 - r) * share, g + (g2 - g) * share, b_ + (b2 - b_) * share, a_ + (a2 - a_) * share]
        };
        let texel = |x, y| channels(self.texel(x, y));
        let above = mix(texel(left, top), texel(left + 1, top), along);
        let below = mix(texel(left, top + 1), texel(left + 1, top + 1), along);
        rounded(mix(above, below, down))
    }
}
