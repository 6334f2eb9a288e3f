//! Where two frames differ.

use std::collections::HashSet;

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Rect, TextureId};

use crate::spans::Area;

/// So many parts are painted one by one; more are painted as one.
const MOST: usize = 16;

/// The parts of the picture that `new` may paint other than `old` did, none of which overlap.
///
/// Meshes are compared in their order, so one that is new in the middle lets those after it be painted again until both frames agree.
pub(crate) fn areas(
    old: &[ClippedPrimitive],
    new: &[ClippedPrimitive],
    changed: &HashSet<TextureId>,
    pixels_per_point: f32,
    whole: Area,
) -> Vec<Area> {
    let same = |a: &ClippedPrimitive, b: &ClippedPrimitive| is_same(a, b, changed);
    let before = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
    let (old, new) = (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| same(a, b)).count();
    let old = old.get(..old.len() - after).unwrap_or_default();
    let new = new.get(..new.len() - after).unwrap_or_default();
    let is_paired = old.len() == new.len();
    let mut areas = Vec::new();
    for (index, primitive) in old.iter().enumerate() {
        let stays = is_paired && new.get(index).is_some_and(|other| same(primitive, other));
        if !stays {
            add(&mut areas, extent(primitive, pixels_per_point).both(whole));
        }
    }
    for (index, primitive) in new.iter().enumerate() {
        let stays = is_paired && old.get(index).is_some_and(|other| same(other, primitive));
        if !stays {
            add(&mut areas, extent(primitive, pixels_per_point).both(whole));
        }
    }
    areas
}

fn is_same(a: &ClippedPrimitive, b: &ClippedPrimitive, changed: &HashSet<TextureId>) -> bool {
    match (&a.primitive, &b.primitive) {
        (Primitive::Mesh(one), Primitive::Mesh(other)) => {
            a.clip_rect == b.clip_rect && !changed.contains(&other.texture_id) && one == other
        }
        // Neither is painted.
        (Primitive::Callback(_), Primitive::Callback(_)) => true,
        _ => false,
    }
}

/// The pixels that a mesh may touch.
fn extent(primitive: &ClippedPrimitive, pixels_per_point: f32) -> Area {
    let clip = Area::covered(primitive.clip_rect, pixels_per_point);
    let Primitive::Mesh(mesh) = &primitive.primitive else { return clip };
    let mut around = Rect::NOTHING;
    mesh.vertices.iter().for_each(|vertex| around.extend_with(vertex.pos));
    Area::touched(around * pixels_per_point).both(clip)
}

/// Adds a part, and joins it with those that it overlaps.
pub(crate) fn add(areas: &mut Vec<Area>, area: Area) {
    if area.is_empty() {
        return;
    }
    let mut joined = area;
    // What was joined is larger and may overlap more.
    while let Some(index) = areas.iter().position(|other| !other.both(joined).is_empty()) {
        joined = joined.around(areas.swap_remove(index));
    }
    areas.push(joined);
    if areas.len() > MOST {
        let around = areas.drain(..).reduce(Area::around);
        areas.extend(around);
    }
}
