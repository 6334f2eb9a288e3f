//! Tables with three horizontal rules and no vertical ones.

use super::Page;
use super::canvas::{Canvas, Pen, TextStyle};
use super::geometry::Rect;
use super::metrics::{self, Weight};
use crate::figure::model::{Align, Anchor, Cell, TableBody};

/// Smallest text of a crowded table, as a share of that of the page; never below 6 points.
const LEAST_SCALE: f64 = 0.8;
/// Smallest text in points.
const LEAST_SIZE: f64 = 6.0;

/// Columns from which on they stand closer.
const CROWDED: usize = 9;
/// Narrowest width of a column whose words are broken over lines, as a multiple of the text size.
const LEAST_BROKEN: f64 = 8.0;
/// Narrowest width of a column on average, as a multiple of the text size: below it nothing can be read, and the last columns are left
/// out with a word.
const LEAST_KEPT: f64 = 3.6;

/// The texts of a table with the sizes that make it fit.
struct Layout {
    /// Lines of the header, then those of the rows.
    cells: Vec<Vec<String>>,
    /// Lines of the header.
    head: usize,
    /// Which row each line below the header belongs to.
    row_of: Vec<usize>,
    widths: Vec<f64>,
    size: f64,
    gap: f64,
    /// Headings of the last columns, for which there is no room.
    left_out: Vec<String>,
}

/// Draws a table below `area.y` and gives back its height. Where the page fixes the height, rows that do not fit are
/// replaced by a line that counts them.
pub(super) fn draw(
    canvas: &mut Canvas,
    page: Page<'_>,
    table: &TableBody,
    area: Rect,
    room: Option<f64>,
) -> f64 {
    let layout = Layout::new(page, table, area.width);
    let row_height = layout.size * 1.55;
    let rule = |width: f64| Pen::solid(page.tokens.axis, page.style.tick_width * width);
    let mut y = area.y + page.style.gap * 0.5;
    let across = |canvas: &mut Canvas, y: f64, pen: Pen| {
        canvas.line([area.x, y], [area.x + layout.width().max(area.width * 0.5).min(area.width), y], pen);
    };
    let fitting = room.map_or(usize::MAX, |room| ((room / row_height) as usize).saturating_sub(2));
    let shown = layout.whole_rows(fitting);
    across(canvas, y, rule(1.4));
    for (index, cells) in layout.cells.iter().take(shown + layout.head).enumerate() {
        let row = index.checked_sub(layout.head).and_then(|line| layout.row_of.get(line));
        let is_bold = row.is_none_or(|row| table.emphasised.contains(row));
        let weight = if is_bold { Weight::SemiBold } else { Weight::Regular };
        layout.draw_row(canvas, page, table, cells, (area.x, y + row_height * 0.7), weight);
        y += row_height;
        if index + 1 == layout.head {
            across(canvas, y, rule(0.8));
        }
    }
    if let Some(hidden) = layout.row_of.get(shown).map(|first| table.rows.len() - first) {
        let text = TextStyle {
            size: layout.size,
            weight: Weight::Regular,
            color: page.tokens.text_muted,
            anchor: Anchor::Start,
        };
        canvas.text(area.x, y + row_height * 0.7, &format!("… {hidden} more rows"), text);
        y += row_height;
    }
    across(canvas, y + page.style.gap * 0.3, rule(1.4));
    if !layout.left_out.is_empty() {
        y += row_height;
        let size = layout.size;
        let text =
            TextStyle { size, weight: Weight::Regular, color: page.tokens.text_muted, anchor: Anchor::Start };
        let names = layout.left_out.join(", ");
        let words = format!("… {} more columns, in the data file: {names}", layout.left_out.len());
        canvas.text(
            area.x,
            y + row_height * 0.6,
            &metrics::shorten(&words, area.width, size, Weight::Regular),
            text,
        );
    }
    y + page.style.gap * 1.3 - area.y
}

impl Layout {
    /// Chooses the largest text size at which the columns fit, with the headings on two lines if one is too wide; if none
    /// does, shortens the widest words.
    fn new(page: Page<'_>, table: &TableBody, room: f64) -> Self {
        let (largest, least) = sizes(page);
        let mut layout = Self::unfitted(table);
        layout.measure(largest, table);
        if layout.width() > room {
            layout.split_head();
        }
        for step in 0..=4 {
            layout.measure(largest - (largest - least) * f64::from(step) / 4.0, table);
            if layout.width() <= room {
                return layout;
            }
        }
        layout.wrap_words(table, room);
        if layout.width() <= room + 0.01 {
            return layout;
        }
        layout.leave_out(room);
        // Columns wider than a fair share give up what is missing, in proportion to their excess.
        let columns = layout.widths.len().max(1) as f64;
        let fair = (room - layout.gap * (columns - 1.0)) / columns;
        let excess: f64 = layout.widths.iter().map(|width| (width - fair).max(0.0)).sum();
        let missing = layout.width() - room;
        if excess > 0.0 && missing > 0.0 {
            for width in &mut layout.widths {
                *width -= (*width - fair).max(0.0) * missing / excess;
            }
        }
        let (size, widths) = (layout.size, layout.widths.clone());
        for row in &mut layout.cells {
            for (cell, width) in row.iter_mut().zip(&widths) {
                *cell = metrics::shorten(cell, *width + 0.01, size, Weight::SemiBold);
            }
        }
        layout
    }

    /// Leaves the last columns out where all of them would be too narrow to be read.
    fn leave_out(&mut self, room: f64) {
        let most = ((room + self.gap) / (self.size * LEAST_KEPT + self.gap)).max(2.0) as usize;
        if self.widths.len() <= most {
            return;
        }
        let heads = self.cells.get(..self.head).unwrap_or_default();
        let heading = |column: usize| {
            let parts = heads.iter().filter_map(|line| line.get(column)).filter(|part| !part.is_empty());
            parts.cloned().collect::<Vec<_>>().join(" ")
        };
        self.left_out = (most..self.widths.len()).map(heading).collect();
        self.widths.truncate(most);
        self.cells.iter_mut().for_each(|cells| cells.truncate(most));
    }

    /// The texts, not yet measured.
    fn unfitted(table: &TableBody) -> Self {
        let row_of = (0..table.rows.len()).collect();
        Self {
            cells: texts(table),
            head: 1,
            row_of,
            widths: Vec::new(),
            size: 0.0,
            gap: 0.0,
            left_out: Vec::new(),
        }
    }

    /// Lines below the header that stand on so many: all, or those of whole rows with room for one more line.
    fn whole_rows(&self, fitting: usize) -> usize {
        let lines = self.row_of.len();
        if lines <= fitting {
            return lines;
        }
        let mut shown = fitting.saturating_sub(1);
        while shown > 0 && self.row_of.get(shown - 1) == self.row_of.get(shown) {
            shown -= 1;
        }
        shown
    }

    /// Breaks long words of left-aligned columns over several lines, as far as the table needs it.
    fn wrap_words(&mut self, table: &TableBody, room: f64) {
        let missing = self.width() - room;
        let wide: Vec<f64> = table
            .columns
            .iter()
            .zip(&self.widths)
            .map(|(column, width)| {
                let can_break = column.align == Align::Left;
                if can_break { (width - self.size * LEAST_BROKEN).max(0.0) } else { 0.0 }
            })
            .collect();
        let excess: f64 = wide.iter().sum();
        if missing <= 0.0 || excess < missing {
            return;
        }
        for (width, wide) in self.widths.iter_mut().zip(&wide) {
            *width -= wide * missing / excess;
        }
        let body = self.cells.split_off(self.head);
        let mut row_of = Vec::new();
        for (row, cells) in body.into_iter().enumerate() {
            let broken = |(text, width): (&String, &f64)| {
                metrics::wrap(text, *width + 0.01, self.size, Weight::SemiBold)
            };
            let broken: Vec<Vec<String>> = cells.iter().zip(&self.widths).map(broken).collect();
            for line in 0..broken.iter().map(Vec::len).max().unwrap_or(0).max(1) {
                let text = |lines: &Vec<String>| lines.get(line).cloned().unwrap_or_default();
                self.cells.push(broken.iter().map(text).collect());
                row_of.push(row);
            }
        }
        self.row_of = row_of;
    }

    /// Puts each heading of several words on two lines; shorter ones stand on the lower line.
    fn split_head(&mut self) {
        let Some(heads) = self.cells.first() else { return };
        let (upper, lower) = heads.iter().map(|head| halves(head)).unzip();
        self.cells.splice(..1, [upper, lower]);
        self.head = 2;
    }

    fn measure(&mut self, size: f64, table: &TableBody) {
        self.size = size;
        self.gap = size * if table.columns.len() > CROWDED { 1.0 } else { 1.3 };
        self.widths = (0..table.columns.len() - self.left_out.len())
            .map(|column| {
                let texts = self.cells.iter().filter_map(|row| row.get(column));
                // Semi-bold for all, so that emphasis never changes a width.
                texts.map(|text| metrics::width(text, size, Weight::SemiBold)).fold(0.0, f64::max)
            })
            .collect();
    }

    fn width(&self) -> f64 {
        self.widths.iter().sum::<f64>() + self.gap * self.widths.len().saturating_sub(1) as f64
    }

    fn draw_row(
        &self,
        canvas: &mut Canvas,
        page: Page<'_>,
        table: &TableBody,
        cells: &[String],
        (mut x, baseline): (f64, f64),
        weight: Weight,
    ) {
        for ((column, cell), width) in table.columns.iter().zip(cells).zip(&self.widths) {
            let (place, anchor) = match column.align {
                Align::Left => (x, Anchor::Start),
                Align::Right => (x + width, Anchor::End),
            };
            let text = TextStyle { size: self.size, weight, color: page.tokens.text, anchor };
            if !cell.is_empty() {
                canvas.text(place, baseline, cell, text);
            }
            x += width + self.gap;
        }
    }
}

/// Largest and smallest size of a table's text.
fn sizes(page: Page<'_>) -> (f64, f64) {
    let largest = page.style.tick_size;
    (largest, (largest * LEAST_SCALE).max(LEAST_SIZE).min(largest))
}

/// The width at which a table stands unbroken in its largest text, if it does not fit into `room` in its smallest.
pub(super) fn wanted_width(page: Page<'_>, table: &TableBody, room: f64) -> Option<f64> {
    let (largest, least) = sizes(page);
    let mut layout = Layout::unfitted(table);
    layout.split_head();
    layout.measure(least, table);
    if layout.width() <= room {
        return None;
    }
    layout.measure(largest, table);
    Some(layout.width())
}

/// A text cut at the space that leaves the shorter longest half; all of it in the second half if there is none.
fn halves(text: &str) -> (String, String) {
    let longest = |at: usize| at.max(text.len() - at - 1);
    let cut = text.match_indices(' ').map(|(at, _)| at).min_by_key(|at| longest(*at));
    match cut {
        Some(at) => {
            (text.get(..at).unwrap_or_default().to_owned(), text.get(at + 1..).unwrap_or_default().to_owned())
        }
        None => (String::new(), text.to_owned()),
    }
}

fn texts(table: &TableBody) -> Vec<Vec<String>> {
    let mut texts = vec![table.columns.iter().map(crate::figure::model::Column::heading).collect::<Vec<_>>()];
    texts.extend(table.rows.iter().map(|row| {
        let cells = table.columns.iter().enumerate();
        cells.map(|(index, column)| row.get(index).unwrap_or(&Cell::Missing).display(column.digits)).collect()
    }));
    texts
}
