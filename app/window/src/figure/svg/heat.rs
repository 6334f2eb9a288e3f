//! Heat maps as one bitmap.
//!
//! Where the cells are equally wide on the page, the bitmap holds each cell as a block of equal pixels, so that its
//! edges are exact and stay sharp even in viewers that smooth enlarged images. Otherwise (logarithmic axes, uneven
//! edges) the cells are resampled to 1/600 inch.

use super::geometry::{PlotMap, Rect};
use crate::figure::error::ExportError;
use crate::figure::model::Heat;
use crate::theme::Tokens;

/// Width of a pixel in points where cells are resampled: 1/600 inch.
const FINE_PIXEL: f64 = 72.0 / 600.0;
/// Width in points that a block of pixels is subdivided to: 1/300 inch.
const PIXEL: f64 = 72.0 / 300.0;
/// Largest bitmap in one direction.
const MOST_PIXELS: usize = 4096;

/// Cells in one direction of the page, pixel by pixel from the left or top.
struct Raster {
    start: f64,
    end: f64,
    cells: Vec<Option<usize>>,
}

/// Place and PNG bytes of a heat map; `None` if it is empty, malformed or lies outside the plot.
pub(super) fn bitmap(
    heat: &Heat,
    map: &PlotMap,
    plot: Rect,
    tokens: &Tokens,
) -> Result<Option<(Rect, Vec<u8>)>, ExportError> {
    let is_complete = heat.values.len() >= heat.rows * heat.cols
        && heat.x_edges.len() == heat.cols + 1
        && heat.y_edges.len() == heat.rows + 1;
    if !is_complete {
        return Ok(None);
    }
    let x_edges: Vec<f64> = heat.x_edges.iter().map(|edge| map.x.at(*edge)).collect();
    let y_edges: Vec<f64> = heat.y_edges.iter().map(|edge| map.y.at(*edge)).collect();
    let (Some(columns), Some(rows)) =
        (raster(&x_edges, (plot.x, plot.right())), raster(&y_edges, (plot.y, plot.bottom())))
    else {
        return Ok(None);
    };
    let rect = Rect {
        x: columns.start,
        y: rows.start,
        width: columns.end - columns.start,
        height: rows.end - rows.start,
    };
    let mut pixels = Vec::with_capacity(columns.cells.len() * rows.cells.len() * 3);
    for row in &rows.cells {
        for column in &columns.cells {
            let paint = match row.zip(*column) {
                Some((row, column)) => heat.paint(row, column, tokens.no_data),
                None => tokens.no_data,
            };
            let [red, green, blue, _] = paint.0;
            pixels.extend([red, green, blue]);
        }
    }
    let png = encode(&pixels, columns.cells.len(), rows.cells.len())?;
    Ok(Some((rect, png)))
}

/// The cells between page coordinates `edges`, which run in one direction.
fn raster(edges: &[f64], bounds: (f64, f64)) -> Option<Raster> {
    let cells = edges.len().checked_sub(1).filter(|cells| *cells > 0)?;
    blocks(edges, cells).or_else(|| resampled(edges, bounds))
}

/// Equal cells as blocks of pixels; `None` if they are not equal or too many.
fn blocks(edges: &[f64], cells: usize) -> Option<Raster> {
    let (first, last) = (*edges.first()?, *edges.last()?);
    let width = (last - first) / cells as f64;
    let is_even = edges
        .iter()
        .enumerate()
        .all(|(index, edge)| (edge - (first + index as f64 * width)).abs() <= 0.01 * width.abs());
    if !is_even || width == 0.0 || cells > MOST_PIXELS {
        return None;
    }
    let block = ((width.abs() / PIXEL).ceil() as usize).clamp(1, (MOST_PIXELS / cells).max(1));
    let mut pixels: Vec<Option<usize>> = (0..cells * block).map(|pixel| Some(pixel / block)).collect();
    if width < 0.0 {
        pixels.reverse();
    }
    Some(Raster { start: first.min(last), end: first.max(last), cells: pixels })
}

/// The visible part of the cells, sampled at the centre of each fine pixel. An edge without a place (zero on a
/// logarithmic axis) lies beyond the end of the plot that the next edge is farther from.
fn resampled(edges: &[f64], bounds: (f64, f64)) -> Option<Raster> {
    let finite: Vec<f64> = edges.iter().copied().filter(|edge| edge.is_finite()).collect();
    let (first, last) = (*finite.first()?, *finite.last()?);
    let is_rising = if finite.len() > 1 { first < last } else { true };
    let beyond_start = if is_rising { bounds.0 - 1.0 } else { bounds.1 + 1.0 };
    let edges: Vec<f64> =
        edges.iter().map(|edge| if edge.is_finite() { *edge } else { beyond_start }).collect();
    let (low, high) = edges
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), edge| (low.min(*edge), high.max(*edge)));
    let (start, end) = (low.max(bounds.0), high.min(bounds.1));
    if start >= end {
        return None;
    }
    let count = (((end - start) / FINE_PIXEL).ceil() as usize).clamp(1, MOST_PIXELS);
    let cell_at = |place: f64| {
        let passed = if is_rising {
            edges.partition_point(|edge| *edge <= place)
        } else {
            edges.partition_point(|edge| *edge >= place)
        };
        passed.checked_sub(1).filter(|cell| *cell + 1 < edges.len())
    };
    let cells = (0..count).map(|pixel| cell_at(start + (pixel as f64 + 0.5) / count as f64 * (end - start)));
    Some(Raster { start, end, cells: cells.collect() })
}

fn encode(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Rows repeat within a block, so that predicting each from the one above leaves zeros.
    encoder.set_filter(png::Filter::Up);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_cells_become_equal_blocks() {
        let raster = raster(&[0.0, 2.4, 4.8, 7.2], (0.0, 7.2)).unwrap();
        assert_eq!(raster.cells.len(), 30);
        assert_eq!(raster.cells[9], Some(0));
        assert_eq!(raster.cells[10], Some(1));
    }

    #[test]
    fn falling_edges_are_read_from_the_other_end() {
        let raster = raster(&[7.2, 4.8, 2.4, 0.0], (0.0, 7.2)).unwrap();
        assert_eq!((raster.start, raster.end), (0.0, 7.2));
        assert_eq!((raster.cells[0], raster.cells[29]), (Some(2), Some(0)));
    }

    #[test]
    fn uneven_cells_keep_their_places() {
        let raster = raster(&[0.0, 1.2, 12.0], (0.0, 12.0)).unwrap();
        let in_first = raster.cells.iter().filter(|cell| **cell == Some(0)).count();
        assert_eq!((raster.cells.len(), in_first), (100, 10));
    }

    #[test]
    fn an_edge_without_a_place_reaches_the_end_of_the_plot() {
        let raster = raster(&[f64::NAN, 6.0, 12.0], (0.0, 12.0)).unwrap();
        assert_eq!(raster.start, 0.0);
        assert_eq!((raster.cells[0], raster.cells[99]), (Some(0), Some(1)));
    }

    #[test]
    fn cells_outside_the_plot_give_no_bitmap() {
        assert!(raster(&[20.0, 21.0, 25.0], (0.0, 12.0)).is_none());
        assert!(raster(&[1.0], (0.0, 12.0)).is_none());
    }
}
