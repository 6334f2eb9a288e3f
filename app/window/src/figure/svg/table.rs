//! Tables with three horizontal rules and no vertical ones.
//!
//! Contract: a number is printed whole or not at all. Where the page is too narrow, the last columns are left out with a word, words are
//! broken over lines or cut in their middle, and columns of numbers stay as wide as their widest number.

use super::Page;
use super::canvas::{Canvas, Pen, TextStyle};
use super::geometry::Rect;
use super::metrics::{self, Weight};
use crate::figure::model::{Align, Anchor, Cell, TableBody};
use crate::figure::number::plural;

/// Smallest text of a crowded table, as a share of that of the page; never below 6 points.
const LEAST_SCALE: f64 = 0.8;
/// Smallest text in points.
const LEAST_SIZE: f64 = 6.0;

/// Columns from which on they stand closer.
const CROWDED: usize = 9;
/// Narrowest width of a column whose words are broken over lines, as a multiple of the text size.
const LEAST_BROKEN: f64 = 8.0;
/// Narrowest width of a column of words that are cut, as a multiple of the text size: below it nothing can be read, and the last columns
/// are left out with a word.
const LEAST_CUT: f64 = 6.0;
/// The same for a heading over shorter numbers.
const LEAST_HEADING: f64 = 6.0;
/// Share of the room that the first column may keep before its words are cut.
const FIRST_SHARE: f64 = 0.34;

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
    let remark = layout.remark(area.width);
    let below = if remark.is_empty() { 0 } else { remark.len() + 1 };
    let fitting = room.map_or(usize::MAX, |room| {
        ((room / row_height) as usize).saturating_sub(1 + layout.head.max(1) + below)
    });
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
        let words = format!("… {hidden} more {}", plural(hidden, "row"));
        canvas.text(area.x, y + row_height * 0.7, &words, text);
        y += row_height;
    }
    across(canvas, y + page.style.gap * 0.3, rule(1.4));
    for line in &remark {
        y += row_height;
        let text = TextStyle {
            size: layout.size,
            weight: Weight::Regular,
            color: page.tokens.text_muted,
            anchor: Anchor::Start,
        };
        canvas.text(area.x, y + row_height * 0.6, line, text);
    }
    // The last line of the remark hangs below its place.
    if !remark.is_empty() {
        y += row_height * 0.9;
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
        layout.share_out(room);
        layout
    }

    /// Leaves the last columns out for which there is no room although words are cut.
    fn leave_out(&mut self, room: f64) {
        let mut taken = -self.gap;
        let mut fits = |width: &f64| {
            taken += width + self.gap;
            taken <= room
        };
        let kept = self.least_widths(room).iter().take_while(|width| fits(width)).count().max(1);
        let heads = self.cells.get(..self.head).unwrap_or_default();
        let heading = |column: usize| {
            let parts = heads.iter().filter_map(|line| line.get(column)).filter(|part| !part.is_empty());
            parts.cloned().collect::<Vec<_>>().join(" ").replace("_ ", "_")
        };
        self.left_out = (kept..self.widths.len()).map(heading).collect();
        self.widths.truncate(kept);
        self.cells.iter_mut().for_each(|cells| cells.truncate(kept));
    }

    /// The least width of each column: that of its widest number, of words as much as can be read when they are cut. The first column
    /// tells the rows apart and keeps more: what is left out of the others stands in the data file.
    fn least_widths(&self, room: f64) -> Vec<f64> {
        let least = |(column, (width, numbers)): (usize, (&f64, &f64))| {
            let widest = |lines: &[Vec<String>]| {
                let texts = lines.iter().filter_map(|line| line.get(column)).filter(|text| !is_number(text));
                texts.map(|text| metrics::width(text, self.size, Weight::SemiBold)).fold(0.0, f64::max)
            };
            let (head, body) = self.cells.split_at(self.head.min(self.cells.len()));
            let head = widest(head).min(self.size * LEAST_HEADING);
            let most = if column == 0 { FIRST_SHARE * room } else { self.size * LEAST_CUT };
            let words = widest(body).min(most);
            head.max(words).max(*numbers).min(*width)
        };
        self.widths.iter().zip(&self.number_widths()).enumerate().map(least).collect()
    }

    /// Gives each column its least width and a share of what is left, and cuts the words that are longer.
    fn share_out(&mut self, room: f64) {
        let least = self.least_widths(room);
        let gaps = self.gap * self.widths.len().saturating_sub(1) as f64;
        let wanted: f64 = self.widths.iter().zip(&least).map(|(width, least)| width - least).sum();
        let left = room - gaps - least.iter().sum::<f64>();
        let share = if wanted > 0.0 { (left / wanted).clamp(0.0, 1.0) } else { 0.0 };
        for (width, least) in self.widths.iter_mut().zip(&least) {
            *width = least + (*width - least) * share;
        }
        for (line, row) in self.cells.iter_mut().enumerate() {
            let in_head = line < self.head;
            for (cell, width) in row.iter_mut().zip(&self.widths) {
                if in_head || !is_number(cell) {
                    *cell = cut_middle(cell, *width + 0.01, self.size);
                }
            }
        }
    }

    /// The lines below the table that name the columns which are left out.
    fn remark(&self, room: f64) -> Vec<String> {
        if self.left_out.is_empty() {
            return Vec::new();
        }
        let (count, names) = (self.left_out.len(), self.left_out.join(", "));
        let columns = plural(count, "column");
        let words = format!("… {count} more {columns}, in the data file: {names}");
        metrics::wrap(&words, room, self.size, Weight::Regular)
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

    /// Width of the widest number of each column.
    fn number_widths(&self) -> Vec<f64> {
        let body = self.cells.get(self.head..).unwrap_or_default();
        let widest = |column: usize| {
            let numbers = body.iter().filter_map(|line| line.get(column)).filter(|text| is_number(text));
            numbers.map(|text| metrics::width(text, self.size, Weight::SemiBold)).fold(0.0, f64::max)
        };
        (0..self.widths.len()).map(widest).collect()
    }

    /// Breaks long words of left-aligned columns over several lines, as far as the table needs it.
    fn wrap_words(&mut self, table: &TableBody, room: f64) {
        let missing = self.width() - room;
        let wide: Vec<f64> = table
            .columns
            .iter()
            .zip(&self.widths)
            .zip(&self.number_widths())
            .map(|((column, width), numbers)| {
                let can_break = column.align == Align::Left;
                let least = (self.size * LEAST_BROKEN).max(*numbers);
                if can_break { (width - least).max(0.0) } else { 0.0 }
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
                if is_number(text) {
                    return vec![text.clone()];
                }
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

/// True for what must not be cut: a number with its sign, power and unit of a letter or two, a shape, a dash.
fn is_number(text: &str) -> bool {
    let letters = text.chars().filter(|symbol| symbol.is_alphabetic() && *symbol != 'x').count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    letters <= 2 && digits > letters || text.chars().count() <= 1 || text == "−∞"
}

/// The text, or its beginning and its end with an ellipsis between, which stands in no number: layer 12 must not read as layer 1.
fn cut_middle(text: &str, room: f64, size: f64) -> String {
    if metrics::width(text, size, Weight::SemiBold) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(|symbol| symbol.is_numeric());
    let joins = |symbol: char| matches!(symbol, '.' | ',' | '×' | '⁻' | '\u{2009}');
    let of_number = |at: usize| {
        let before = at.checked_sub(1).is_some_and(digit);
        let symbol = letters.get(at).copied().unwrap_or(' ');
        digit(at) || joins(symbol) && before && digit(at + 1) || matches!(symbol, '-' | '−') && digit(at + 1)
    };
    let inside = |at: usize| at.checked_sub(1).is_some_and(of_number) && of_number(at);
    for kept in (1..letters.len()).rev() {
        let (mut head, mut from) = (kept / 2, letters.len() - (kept - kept / 2));
        while head > 0 && inside(head) {
            head -= 1;
        }
        while from < letters.len() && inside(from) {
            from += 1;
        }
        let start: String = letters.iter().take(head).collect();
        let end: String = letters.iter().skip(from).collect();
        let candidate = format!("{}…{}", start.trim_end(), end.trim_start());
        if metrics::width(&candidate, size, Weight::SemiBold) <= room {
            return candidate;
        }
    }
    "…".to_owned()
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
    let middle = |symbol: char| text.match_indices(symbol).map(|(at, _)| at).min_by_key(|at| longest(*at));
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    match (middle(' '), middle('_')) {
        (Some(at), _) => (part(0..at), part(at + 1..text.len())),
        // A name for scripts keeps its mark.
        (None, Some(at)) => (part(0..at + 1), part(at + 1..text.len())),
        (None, None) => (String::new(), text.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_names() {
        for text in ["3.116×10⁻⁵", "−12\u{2009}345.6", "258x1x256", "0.85 ms", "–", "∞", "−∞", "12.5 %"]
        {
            assert!(is_number(text), "{text}");
        }
        for text in ["fc1", "layers.12.mlp.weight", "low rank", "1\u{2009}234 steps"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn names_are_cut_in_their_middle_and_never_inside_a_number() {
        let text = "model.layers.1234.self_attn.5678.weight";
        let width = metrics::width(text, 7.0, Weight::SemiBold);
        for share in 1..20 {
            let cut = cut_middle(text, width * f64::from(share) / 20.0, 7.0);
            let (start, end) = cut.split_once('…').unwrap();
            assert!(text.starts_with(start) && text.ends_with(end), "{cut}");
            for number in ["1234", "5678"] {
                let digits = cut.matches(|symbol| number.contains(symbol)).count();
                assert!(digits == 0 || cut.contains(number), "{cut}: whole or not at all");
            }
        }
        assert_eq!(cut_middle(text, width, 7.0), text, "as it is");
    }
}
