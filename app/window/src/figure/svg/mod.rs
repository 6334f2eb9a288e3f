//! SVG files, written by hand.
//!
//! The page is stacked from the top: title, body, caption and notes. Text is measured with the shipped fonts before
//! anything is placed, so that nothing is cut off or overlaps. Numbers are rounded to 0.01 point and everything is
//! written in a fixed order, so that equal figures give equal bytes. The file holds real `<text>`, at most one bitmap
//! per heat map, no scripts and no links.

mod axes;
mod canvas;
mod color_bar;
mod geometry;
mod graph;
mod heat;
mod labels;
mod legend;
mod marks;
mod metrics;
mod panels;
mod plot;
mod table;

use canvas::{Canvas, TextStyle};
pub(crate) use geometry::Rect;
use metrics::Weight;
pub(crate) use metrics::has_glyph;

use super::error::ExportError;
use super::model::{Anchor, Body, Figure};
use super::style::{Height, Style};
use crate::theme::{Rgba, Tokens, fonts};

/// Widest page of a table as a multiple of the style's: from one column of a paper to both.
const MOST_WIDENING: f64 = 2.077;

/// Distance between baselines as a multiple of the text size.
const LINE_SPACING: f64 = 1.25;

/// Draws a figure as an SVG document.
pub fn write(figure: &Figure, style: &Style, tokens: &Tokens) -> Result<String, ExportError> {
    let style = &widened(figure, style, tokens);
    let page = Page { style, tokens };
    let inner = style.width - 2.0 * page.margin();
    let title = metrics::wrap(&figure.title, inner, style.title_size, Weight::SemiBold);
    let footer = page.footer(figure, inner);
    let title_height = page.block_height(title.len(), style.title_size);
    let footer_height = page.block_height(footer.len(), style.note_size);

    let mut canvas = Canvas::default();
    let top = page.margin() + title_height;
    page.lines(&mut canvas, &title, page.margin(), Weight::SemiBold, style.title_size, tokens.text);
    let room = match style.height {
        Height::Ratio(_) => None,
        Height::Fixed(height) => Some(height - top - footer_height - page.margin()),
    };
    let body_height = page.body(
        &mut canvas,
        &figure.body,
        Rect { x: page.margin(), y: top, width: inner, height: 0.0 },
        room,
    )?;
    let body_end = match style.height {
        Height::Ratio(_) => top + body_height,
        Height::Fixed(height) => height - page.margin() - footer_height,
    };
    page.lines(
        &mut canvas,
        &footer,
        body_end + style.gap,
        Weight::Regular,
        style.note_size,
        tokens.text_muted,
    );
    let height = match style.height {
        Height::Ratio(_) => body_end + footer_height + page.margin(),
        Height::Fixed(height) => height,
    };
    page.document(figure, &canvas, height)
}

/// A table that does not fit into its page in the smallest text gets a wider page: numbers are never cut.
fn widened(figure: &Figure, style: &Style, tokens: &Tokens) -> Style {
    let (Body::Table(table), Height::Ratio(_)) = (&figure.body, style.height) else { return *style };
    let page = Page { style, tokens };
    let around = 2.0 * page.margin();
    let wanted = table::wanted_width(page, table, style.width - around);
    let width = wanted.map_or(style.width, |wanted| (wanted + around).min(style.width * MOST_WIDENING));
    Style { width, ..*style }
}

/// What every part of the page needs to know.
#[derive(Clone, Copy)]
struct Page<'a> {
    style: &'a Style,
    tokens: &'a Tokens,
}

impl Page<'_> {
    fn margin(&self) -> f64 {
        self.style.margin
    }

    /// Height of so many lines of text with a gap after them; nothing for no lines.
    fn block_height(&self, lines: usize, size: f64) -> f64 {
        if lines == 0 { 0.0 } else { lines as f64 * size * LINE_SPACING + self.style.gap }
    }

    /// Caption and remarks, wrapped.
    fn footer(&self, figure: &Figure, width: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let remarks = [figure.remarks(), figure.beyond()].concat().join(" · ");
        for text in figure.caption.iter().chain([&remarks]).filter(|text| !text.is_empty()) {
            lines.extend(metrics::wrap(text, width, self.style.note_size, Weight::Regular));
        }
        lines
    }

    fn lines(&self, canvas: &mut Canvas, lines: &[String], top: f64, weight: Weight, size: f64, color: Rgba) {
        for (index, line) in lines.iter().enumerate() {
            let baseline = top + size + index as f64 * size * LINE_SPACING;
            let text = TextStyle { size, weight, color, anchor: Anchor::Start };
            canvas.text(self.margin(), baseline, line, text);
        }
    }

    /// Draws the body below `area.y` and gives back its height. `room` is its height where the page fixes it.
    fn body(
        self,
        canvas: &mut Canvas,
        body: &Body,
        area: Rect,
        room: Option<f64>,
    ) -> Result<f64, ExportError> {
        match body {
            Body::Plot(plot) => plot::draw(canvas, self, plot, area, room),
            Body::Table(table) => Ok(table::draw(canvas, self, table, area, room)),
            Body::Graph(graph) => {
                let height = room.unwrap_or_else(|| area.width * self.ratio());
                graph::draw(canvas, self, graph, Rect { height, ..area });
                Ok(height)
            }
            Body::Text(text) => Ok(self.paragraphs(canvas, text, area)),
            Body::Panels(panels) => panels::draw(canvas, self, panels, area, room),
        }
    }

    /// Height over width of the drawing where the page leaves it open.
    fn ratio(&self) -> f64 {
        match self.style.height {
            Height::Ratio(ratio) => ratio,
            Height::Fixed(height) => height / self.style.width,
        }
    }

    fn paragraphs(&self, canvas: &mut Canvas, text: &str, area: Rect) -> f64 {
        let size = self.style.label_size;
        let style =
            TextStyle { size, weight: Weight::Regular, color: self.tokens.text, anchor: Anchor::Start };
        let mut baseline = area.y + size;
        for paragraph in text.lines() {
            let lines = metrics::wrap(paragraph, area.width, size, Weight::Regular);
            for line in &lines {
                canvas.text(area.x, baseline, line, style);
                baseline += size * LINE_SPACING;
            }
            if lines.is_empty() {
                baseline += size * LINE_SPACING / 2.0;
            }
        }
        baseline - size - area.y + size * 0.3
    }

    fn document(&self, figure: &Figure, canvas: &Canvas, height: f64) -> Result<String, ExportError> {
        use std::fmt::Write as _;
        let (width, height) = (canvas::number(self.style.width), canvas::number(height));
        let mut out = String::with_capacity(canvas.body().len() + 2048);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}, '{}', sans-serif\">",
            fonts::FAMILY,
            fonts::SYMBOL_FAMILY
        );
        let _ = writeln!(out, "<title>{}</title>", canvas::escape(&figure.title));
        if let Some(caption) = &figure.caption {
            let _ = writeln!(out, "<desc>{}</desc>", canvas::escape(caption));
        }
        let provenance = figure.provenance.to_ascii_json()?;
        let _ = writeln!(out, "<metadata>{}</metadata>", canvas::escape(&provenance));
        let background = self.tokens.background.hex();
        let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>");
        out.push_str(canvas.body());
        out.push_str("</svg>\n");
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
