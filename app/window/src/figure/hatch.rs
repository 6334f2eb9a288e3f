//! What lies over the cells of a heat map: paleness for values that are not sure, hatching for cells that are marked, lines between
//! blocks, rings around what was chosen.
//!
//! Screen and page draw the same lines: they are computed once, in the units of the axes.

use super::model::{Heat, Ink};
use crate::theme::{Rgba, Theme};

/// Share of its own colour that the least sure cell keeps.
const PALEST: f64 = 0.3;
/// Opacity of the lines, so that a name in the cell stays readable.
pub const HATCH_OPACITY: f64 = 0.55;

/// Opacity of the lines between blocks.
pub const BORDER_OPACITY: f64 = 0.6;
/// A ring is drawn twice, a wide line below a narrow one, so that it stands out from any colour.
pub const RING_INKS: [Ink; 2] = [Ink::OverCells, Ink::Accent];
/// How far a ring keeps from the edges of its cell, as a share of it.
const RING_INSET: f64 = 0.06;

/// A line across a unit cell.
type Stroke = [[f64; 2]; 2];

/// Distance of two lines along an edge of the cell, as a share of it.
const SPACING: f64 = 0.25;

/// Lines through a unit cell from the lower left to the upper right.
fn rising() -> impl Iterator<Item = Stroke> {
    (-3_i8..=3).map(|index| {
        let shift = f64::from(index) * SPACING;
        let (from, to) = ((-shift).max(0.0), (1.0 - shift).min(1.0));
        [[from, from + shift], [to, to + shift]]
    })
}

/// The same from the upper left to the lower right.
fn falling() -> impl Iterator<Item = Stroke> {
    rising().map(|line| line.map(|[x, y]| [x, 1.0 - y]))
}

/// The lines of a mark, told apart by their direction: rising, crossed, falling, and from then on again.
fn strokes(mark: u8) -> Vec<Stroke> {
    match mark.saturating_sub(1) % 3 {
        0 => rising().collect(),
        1 => rising().chain(falling()).collect(),
        _ => falling().collect(),
    }
}

/// How a legend writes the lines of a mark.
pub fn glyphs(mark: u8) -> &'static str {
    match mark.saturating_sub(1) % 3 {
        0 => "///",
        1 => "×××",
        _ => "\\\\\\",
    }
}

impl Heat {
    /// Colour of a cell, paler the less sure its value is: towards paper under any theme, so that a dark name in it stays readable.
    pub fn paint(&self, row: usize, col: usize, no_data: Rgba) -> Rgba {
        let background = Theme::Print.tokens().background;
        let value = self.value(row, col).unwrap_or(f32::NAN);
        let color = self.scale.color(f64::from(value), no_data);
        match self.sureness(row, col).filter(|_| !value.is_nan()) {
            Some(sure) => color.over(background, PALEST + (1.0 - PALEST) * f64::from(sure.clamp(0.0, 1.0))),
            None => color,
        }
    }

    /// How sure the value of a cell is, if that is known.
    pub fn sureness(&self, row: usize, col: usize) -> Option<f32> {
        let inside = row < self.rows && col < self.cols;
        let found = self.confidence.get(row * self.cols + col).copied();
        found.filter(|sure| inside && !sure.is_nan())
    }

    /// The mark over a cell: its number from 1 and its name.
    pub fn mark(&self, row: usize, col: usize) -> Option<(u8, &str)> {
        let mark = *self.marks.get(row * self.cols + col).filter(|_| row < self.rows && col < self.cols)?;
        let name = self.mark_names.get(usize::from(mark.checked_sub(1)?))?;
        Some((mark, name))
    }

    /// The lines over marked cells, in the units of the axes.
    pub fn hatching(&self) -> Vec<Stroke> {
        let mut lines = Vec::new();
        if self.marks.is_empty() {
            return lines;
        }
        let place = |edges: &[f64], index: usize, share: f64| {
            let (from, to) = (edges.get(index).copied()?, edges.get(index + 1).copied()?);
            Some(from + share * (to - from))
        };
        for row in 0..self.rows {
            for col in 0..self.cols {
                let Some((mark, _)) = self.mark(row, col) else { continue };
                let at =
                    |[x, y]: [f64; 2]| Some([place(&self.x_edges, col, x)?, place(&self.y_edges, row, y)?]);
                let placed = strokes(mark).into_iter().filter_map(|[from, to]| Some([at(from)?, at(to)?]));
                lines.extend(placed);
            }
        }
        lines
    }

    /// Lines between blocks, in the units of the axes; none for a map without blocks.
    pub fn block_borders(&self) -> Vec<Vec<[f64; 2]>> {
        let Some((rows, columns)) = self.block else { return Vec::new() };
        let ends = |edges: &[f64]| Some((*edges.first()?, *edges.last()?));
        let (Some((left, right)), Some((bottom, top))) = (ends(&self.x_edges), ends(&self.y_edges)) else {
            return Vec::new();
        };
        let inner = |edges: &[f64], each: usize, count: usize| -> Vec<f64> {
            (each..count)
                .step_by(each.max(1))
                .filter_map(|edge| edges.get(edge).copied())
                .filter(|_| each > 0)
                .collect()
        };
        let across = inner(&self.y_edges, rows, self.rows).into_iter().map(|y| vec![[left, y], [right, y]]);
        let up = inner(&self.x_edges, columns, self.cols).into_iter().map(|x| vec![[x, bottom], [x, top]]);
        across.chain(up).collect()
    }

    /// The rings, each a closed line a little inside its cell, in the units of the axes.
    pub fn ring_outlines(&self) -> Vec<Vec<[f64; 2]>> {
        let outline = |(row, column): &(usize, usize)| {
            let span = |edges: &[f64], place: usize| {
                let (from, to) = (*edges.get(place)?, *edges.get(place + 1)?);
                let inset = RING_INSET * (to - from);
                Some((from + inset, to - inset))
            };
            let ((left, right), (bottom, top)) = (span(&self.x_edges, *column)?, span(&self.y_edges, *row)?);
            Some(vec![[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]])
        };
        self.rings.iter().filter_map(outline).collect()
    }

    /// True if a cell has a ring around it.
    pub fn is_ringed(&self, row: usize, column: usize) -> bool {
        self.rings.contains(&(row, column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::colormap::{ColorMap, ColorScale};

    fn heat() -> Heat {
        let scale = ColorScale::new(ColorMap::Viridis, (0.0, 1.0));
        Heat {
            confidence: vec![1.0, 0.0],
            marks: vec![0, 2],
            mark_names: vec!["stuck".to_owned(), "diverged".to_owned()],
            ..Heat::on_unit_grid(1, 2, vec![0.5, 0.5], scale)
        }
    }

    #[test]
    fn unsure_cells_are_paler_and_marked_ones_hatched_inside_their_cell() {
        let heat = heat();
        let [sure, unsure] = [0, 1].map(|col| heat.paint(0, col, Rgba::opaque(0, 0, 0)));
        assert!(unsure.luminance() > sure.luminance(), "{sure:?} {unsure:?}");
        assert_eq!((heat.mark(0, 0), heat.mark(0, 1)), (None, Some((2, "diverged"))));
        let lines = heat.hatching();
        assert_eq!(lines.len(), 14, "crossed");
        let inside = |[x, y]: &[f64; 2]| (1.0..=2.0).contains(x) && (0.0..=1.0).contains(y);
        assert!(lines.iter().flatten().all(inside), "{lines:?}");
    }

    #[test]
    fn blocks_have_lines_between_them_and_rings_lie_in_their_cells() {
        let scale = ColorScale::new(ColorMap::Viridis, (0.0, 1.0));
        let heat = Heat {
            block: Some((2, 3)),
            rings: vec![(3, 5), (9, 9)],
            ..Heat::on_unit_grid(4, 6, vec![0.0; 24], scale)
        };
        let borders = heat.block_borders();
        assert_eq!(
            borders,
            [[[0.0, 2.0], [6.0, 2.0]], [[3.0, 0.0], [3.0, 4.0]]],
            "one each way, none at the edges"
        );
        let rings = heat.ring_outlines();
        assert_eq!(rings.len(), 1, "a ring outside the grid is none");
        let inside = |[x, y]: &[f64; 2]| (5.0..6.0).contains(x) && (3.0..4.0).contains(y);
        assert!(rings[0].iter().all(inside) && rings[0].first() == rings[0].last(), "{rings:?}");
        assert!(Heat { block: Some((0, 0)), ..heat }.block_borders().is_empty(), "no block of no size");
    }

    #[test]
    fn a_mark_without_a_name_is_none() {
        let broken = Heat { marks: vec![9, 9], ..heat() };
        assert!(broken.hatching().is_empty());
    }
}
