//! Heat maps as textures.

use egui::TextureOptions;
use egui_plot::PlotPoint;

use super::scale::Mapped;
use super::shape::Shape;
use crate::figure::axis::Scale;
use crate::figure::hatch::{BORDER_OPACITY, HATCH_OPACITY, RING_INKS};
use crate::figure::model::{Heat, Ink};
use crate::theme::Tokens;
use crate::window::style::color;

/// A heat map as one texture. Unequal cells (a logarithmic axis, uneven steps) are resampled to the axis.
pub(super) fn image(
    heat: &Heat,
    x: &Mapped<'_>,
    y: &Mapped<'_>,
    context: &egui::Context,
    id: &str,
    tokens: &Tokens,
) -> Option<Shape> {
    const MOST_TEXELS: usize = 1024;
    let columns = cells(&heat.x_edges, heat.cols, x, MOST_TEXELS)?;
    let rows = cells(&heat.y_edges, heat.rows, y, MOST_TEXELS)?;
    let mut pixels = Vec::with_capacity(columns.index.len() * rows.index.len());
    // Row 0 of a texture is its top.
    for row in rows.index.iter().rev() {
        for column in &columns.index {
            pixels.push(color(heat.paint(*row, *column, tokens.no_data)));
        }
    }
    let image = egui::ColorImage::new([columns.index.len(), rows.index.len()], pixels);
    let texture = context.load_texture(id, image, TextureOptions::NEAREST);
    let center = PlotPoint::new(f64::midpoint(columns.from, columns.to), f64::midpoint(rows.from, rows.to));
    let size = [(columns.to - columns.from) as f32, (rows.to - rows.from) as f32];
    Some(Shape::Image { texture, center, size })
}

/// What lies over the cells: hatching, lines between blocks, rings.
pub(super) fn over(heat: &Heat, x: &Mapped<'_>, y: &Mapped<'_>, out: &mut Vec<Shape>) {
    let place = |point: &[f64; 2]| PlotPoint::new(x.to(point[0]), y.to(point[1]));
    let mut add = |lines: Vec<Vec<PlotPoint>>, ink: Ink, opacity: f64, width: f32| {
        if !lines.is_empty() {
            out.push(Shape::Over { lines, ink, opacity, width });
        }
    };
    let placed = |lines: &[Vec<[f64; 2]>]| -> Vec<Vec<PlotPoint>> {
        lines.iter().map(|line| line.iter().map(place).collect()).collect()
    };
    let hatching = heat.hatching().iter().map(|line| line.iter().map(place).collect()).collect();
    add(hatching, Ink::OverCells, HATCH_OPACITY, 1.0);
    add(placed(&heat.block_borders()), Ink::OverCells, BORDER_OPACITY, 1.0);
    let rings = heat.ring_outlines();
    for (ink, width) in RING_INKS.into_iter().zip([4.0, 2.0]) {
        add(placed(&rings), ink, 1.0, width);
    }
}

/// Texels along one axis: which cell each shows, from low to high in axis space.
struct Cells {
    index: Vec<usize>,
    from: f64,
    to: f64,
}

fn cells(edges: &[f64], count: usize, axis: &Mapped<'_>, most: usize) -> Option<Cells> {
    let mut mapped: Vec<f64> = edges.iter().map(|edge| axis.to(*edge)).collect();
    let turned = axis.0.inverted;
    if turned {
        mapped.reverse();
    }
    // An edge ≤ 0 has no place on a logarithmic axis: the picture begins at the first one that has.
    let skipped = mapped.iter().take_while(|edge| !edge.is_finite()).count();
    let mapped: Vec<f64> = mapped.into_iter().skip(skipped).collect();
    let (from, to) = (*mapped.first()?, *mapped.last()?);
    let even = axis.0.scale == Scale::Linear && skipped == 0 && count <= most && evenly_spaced(&mapped);
    let texels = if even { count } else { most.min(count * 4).max(1) };
    let index = (0..texels)
        .map(|texel| {
            let place = from + (texel as f64 + 0.5) / texels as f64 * (to - from);
            let cell = mapped.partition_point(|edge| *edge <= place).saturating_sub(1) + skipped;
            let cell = cell.min(count.saturating_sub(1));
            if turned { count.saturating_sub(1) - cell } else { cell }
        })
        .collect();
    Some(Cells { index, from, to })
}

fn evenly_spaced(edges: &[f64]) -> bool {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return false };
    let step = (last - first) / (edges.len() - 1).max(1) as f64;
    edges.windows(2).all(|pair| match pair {
        [a, b] => ((b - a) - step).abs() <= step.abs() * 1e-6,
        _ => false,
    })
}
