//! Legends: which series have a key, how the keys are arranged and where they stand.

use super::Page;
use super::canvas::{Canvas, Pen, TextStyle};
use super::geometry::Rect;
use super::marks::{self, BAR_OPACITY};
use super::metrics::{self, CAP_HEIGHT, Weight};
use crate::figure::model::{Anchor, Cover, Item, Marker, Plot, PointInk};
use crate::figure::palette;
use crate::figure::told::told;
use crate::theme::Rgba;

/// One key.
struct Entry {
    name: String,
    swatches: Vec<Swatch>,
}

/// What stands before a name. Items with the same name share one entry: a band and the line in it.
enum Swatch {
    Line(Pen),
    Marker(Marker, Rgba, f64),
    Fill(Rgba, f64),
}

/// Keys arranged in columns.
pub(super) struct Block {
    entries: Vec<Entry>,
    rows: usize,
    column_width: f64,
    row_height: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Block {
    /// The keys of a plot in one block not wider than `room`, with at most `most_rows` rows where the width allows
    /// it; `None` if no series has a name.
    pub(super) fn new(page: Page<'_>, plot: &Plot, room: f64, most_rows: usize) -> Option<Self> {
        let mut entries = entries(page, plot);
        if entries.is_empty() {
            return None;
        }
        let size = page.style.tick_size;
        let key = key_width(page) + size * 0.5;
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let written = told(&names, |name| metrics::width(name, size, Weight::Regular) <= room - key);
        for (entry, name) in entries.iter_mut().zip(written) {
            entry.name = name;
        }
        let longest = entries
            .iter()
            .map(|entry| metrics::width(&entry.name, size, Weight::Regular))
            .fold(0.0, f64::max);
        let gap = size * 1.2;
        let column_width = key + longest + gap;
        let most_columns = (((room + gap) / column_width) as usize).clamp(1, entries.len());
        let columns = entries.len().div_ceil(most_rows.max(1)).min(most_columns);
        let rows = entries.len().div_ceil(columns);
        // With the rows fixed, fewer columns may be enough.
        let columns = entries.len().div_ceil(rows);
        let row_height = size * 1.35;
        Some(Self {
            rows,
            column_width,
            row_height,
            width: columns as f64 * column_width - gap,
            height: rows as f64 * row_height,
            entries,
        })
    }

    /// Draws the keys with the upper left corner at a place.
    pub(super) fn draw(&self, canvas: &mut Canvas, page: Page<'_>, x: f64, y: f64) {
        let size = page.style.tick_size;
        for (index, entry) in self.entries.iter().enumerate() {
            let left = x + (index / self.rows) as f64 * self.column_width;
            let middle = y + ((index % self.rows) as f64 + 0.5) * self.row_height;
            let key = Rect { x: left, y: middle - size * 0.35, width: key_width(page), height: size * 0.7 };
            for swatch in &entry.swatches {
                swatch.draw(canvas, page, key);
            }
            let text =
                TextStyle { size, weight: Weight::Regular, color: page.tokens.text, anchor: Anchor::Start };
            let baseline = middle + size * CAP_HEIGHT / 2.0;
            canvas.text(left + key.width + size * 0.5, baseline, &entry.name, text);
        }
    }

    /// The same with a veil behind it, for a legend over data.
    pub(super) fn draw_over(&self, canvas: &mut Canvas, page: Page<'_>, rect: Rect) {
        canvas.rect(rect.grown(page.style.gap * 0.6), page.tokens.background, 0.85);
        self.draw(canvas, page, rect.x, rect.y);
    }
}

impl Swatch {
    fn draw(&self, canvas: &mut Canvas, page: Page<'_>, key: Rect) {
        let middle = key.y + key.height / 2.0;
        match self {
            Self::Line(pen) => canvas.line([key.x, middle], [key.right(), middle], *pen),
            Self::Fill(color, opacity) => canvas.rect(key, *color, *opacity),
            Self::Marker(marker, color, diameter) => {
                let path = marks::marker_path(*marker, [key.x + key.width / 2.0, middle], *diameter);
                if marks::is_stroked(*marker) {
                    canvas.path(&path, None, Some(Pen::solid(*color, page.style.line_width * 0.9)));
                } else {
                    canvas.path(&path, Some((*color, 1.0)), None);
                }
            }
        }
    }
}

fn key_width(page: Page<'_>) -> f64 {
    page.style.tick_size * 2.1
}

/// Named items in their order; an item whose name is taken adds its mark to that entry unless it looks the same.
fn entries(page: Page<'_>, plot: &Plot) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for item in plot.items.iter().filter(|item| !item.name().is_empty()) {
        let Some(swatch) = swatch(page, item) else { continue };
        match entries.iter_mut().find(|entry| entry.name == item.name()) {
            Some(entry) => {
                let is_repeated = entry
                    .swatches
                    .iter()
                    .any(|other| std::mem::discriminant(other) == std::mem::discriminant(&swatch));
                if !is_repeated {
                    entry.swatches.push(swatch);
                }
            }
            None => entries.push(Entry { name: item.name().to_owned(), swatches: vec![swatch] }),
        }
    }
    entries
}

fn swatch(page: Page<'_>, item: &Item) -> Option<Swatch> {
    let color = |ink| palette::color(page.tokens, ink);
    match item {
        Item::Line(line) => Some(Swatch::Line(marks::line_pen(page, line))),
        Item::Points(points) => {
            let ink = match &points.ink {
                PointInk::One(ink) => color(*ink),
                PointInk::Mapped { scale, .. } => scale.map.at(0.5),
            };
            Some(Swatch::Marker(points.marker, ink, page.style.marker_size * points.size.min(1.6)))
        }
        Item::Band(band) => Some(Swatch::Fill(color(band.ink), band.opacity.max(0.15))),
        Item::Area(area) => Some(match area.cover {
            Cover::Through => Swatch::Fill(color(area.ink), area.opacity.max(0.3)),
            Cover::Hides => {
                Swatch::Fill(color(area.ink).over(page.tokens.background, area.opacity.max(0.3)), 1.0)
            }
        }),
        Item::Bars(bars) => Some(Swatch::Fill(color(bars.ink), BAR_OPACITY)),
        Item::Heat(_) | Item::Rule(_) | Item::Span(_) | Item::Label(_) | Item::Handle(_) => None,
    }
}
