//! SVG elements as text. Coordinates are rounded to 0.01 point; attribute order is fixed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::geometry::Rect;
use super::metrics::{self, Weight};
use crate::figure::model::{Anchor, Dash};
use crate::theme::{Rgba, fonts};

/// The elements written so far. Writing to a string cannot fail, so the results of `write!` are dropped throughout.
#[derive(Default)]
pub(super) struct Canvas {
    out: String,
    /// How often each id was asked for.
    ids: BTreeMap<String, u32>,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) color: Rgba,
    pub(super) anchor: Anchor,
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) color: Rgba,
    pub(super) width: f64,
    pub(super) dash: Dash,
    pub(super) opacity: f64,
}

impl Pen {
    pub(super) const fn solid(color: Rgba, width: f64) -> Self {
        Self { color, width, dash: Dash::Solid, opacity: 1.0 }
    }
}

impl Canvas {
    pub(super) fn body(&self) -> &str {
        &self.out
    }

    pub(super) fn text(&mut self, x: f64, baseline: f64, text: &str, style: TextStyle) {
        let _ = write!(self.out, "<text x=\"{}\" y=\"{}\"", number(x), number(baseline));
        self.text_rest(text, style);
    }

    /// A text turned by an angle in degrees, clockwise, around its anchor.
    pub(super) fn turned_text(&mut self, at: [f64; 2], degrees: i32, text: &str, style: TextStyle) {
        let _ = write!(self.out, "<text transform=\"translate({} {})", number(at[0]), number(at[1]));
        let _ = write!(self.out, " rotate({degrees})\"");
        self.text_rest(text, style);
    }

    fn text_rest(&mut self, text: &str, style: TextStyle) {
        let _ = write!(self.out, " font-size=\"{}\"", number(style.size));
        if style.weight == Weight::SemiBold {
            self.out.push_str(" font-weight=\"600\"");
        }
        match style.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.out.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.out.push_str(" text-anchor=\"end\""),
        }
        let _ = write!(self.out, " fill=\"{}\">", style.color.hex());
        // Named explicitly: a renderer left to itself may change the font of the whole line for one symbol.
        let symbols: Vec<char> = text.chars().collect();
        for run in symbols.chunk_by(|a, b| in_symbol_font(*a, style) == in_symbol_font(*b, style)) {
            let words: String = run.iter().collect();
            let words = escape(&words);
            if run.first().is_some_and(|first| in_symbol_font(*first, style)) {
                let family = fonts::SYMBOL_FAMILY;
                let _ =
                    write!(self.out, "<tspan font-family=\"'{family}'\" font-weight=\"400\">{words}</tspan>");
            } else {
                self.out.push_str(&words);
            }
        }
        self.out.push_str("</text>\n");
    }

    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], pen: Pen) {
        self.path(&path_of(&[from, to], Close::Open), None, Some(pen));
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, rect: Rect, color: Rgba, opacity: f64) {
        let _ = write!(self.out, "<rect {} fill=\"{}\"", extent(rect), color.hex());
        self.opacity("fill-opacity", opacity);
        self.out.push_str("/>\n");
    }

    /// A rectangle with an outline and rounded corners.
    pub(super) fn box_with_outline(&mut self, rect: Rect, radius: f64, fill: Rgba, pen: Pen) {
        let _ = write!(self.out, "<rect {} rx=\"{}\" fill=\"{}\"", extent(rect), number(radius), fill.hex());
        self.stroke(pen);
        self.out.push_str("/>\n");
    }

    /// A path with an optional fill (colour and opacity) and an optional stroke.
    pub(super) fn path(&mut self, data: &str, fill: Option<(Rgba, f64)>, pen: Option<Pen>) {
        if data.is_empty() {
            return;
        }
        let _ = write!(self.out, "<path d=\"{data}\"");
        if let Some((color, opacity)) = fill {
            let _ = write!(self.out, " fill=\"{}\"", color.hex());
            self.opacity("fill-opacity", opacity);
        } else {
            self.out.push_str(" fill=\"none\"");
        }
        if let Some(pen) = pen {
            self.stroke(pen);
        }
        self.out.push_str("/>\n");
    }

    /// A bitmap of PNG bytes, stretched without smoothing.
    pub(super) fn image(&mut self, rect: Rect, png: &[u8]) {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(png);
        let _ = writeln!(
            self.out,
            "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>",
            extent(rect)
        );
    }

    /// A vertical gradient with the given colours, evenly spaced from bottom to top, and a rectangle filled with it.
    pub(super) fn gradient(&mut self, id: &str, rect: Rect, colors: &[Rgba]) {
        let id = self.unique(id);
        let _ = write!(self.out, "<defs><linearGradient id=\"{id}\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">");
        let last = colors.len().saturating_sub(1).max(1) as f64;
        for (index, color) in colors.iter().enumerate() {
            let offset = (index as f64 / last * 1e4).round() / 1e4;
            let _ = write!(self.out, "<stop offset=\"{offset}\" stop-color=\"{}\"/>", color.hex());
        }
        let _ = writeln!(self.out, "</linearGradient></defs>");
        let _ = writeln!(self.out, "<rect {} fill=\"url(#{id})\"/>", extent(rect));
    }

    /// What `draw` adds is cut off at the rectangle.
    pub(super) fn clipped(&mut self, id: &str, rect: Rect, draw: impl FnOnce(&mut Self)) {
        let id = self.unique(id);
        let _ = writeln!(self.out, "<defs><clipPath id=\"{id}\"><rect {}/></clipPath></defs>", extent(rect));
        let _ = writeln!(self.out, "<g clip-path=\"url(#{id})\">");
        draw(self);
        self.out.push_str("</g>\n");
    }

    /// The id itself, with a number from its second use on: a page with several panels defines it for each.
    fn unique(&mut self, id: &str) -> String {
        let uses = self.ids.entry(id.to_owned()).or_insert(0);
        *uses += 1;
        if *uses == 1 { id.to_owned() } else { format!("{id}-{uses}") }
    }

    fn stroke(&mut self, pen: Pen) {
        let _ = write!(self.out, " stroke=\"{}\" stroke-width=\"{}\"", pen.color.hex(), number(pen.width));
        let pattern: &[f64] = match pen.dash {
            Dash::Solid => &[],
            Dash::Dashed => &[4.0, 2.0],
            Dash::Dotted => &[1.0, 1.6],
            Dash::DashDot => &[4.0, 1.6, 1.0, 1.6],
        };
        if pattern.is_empty() {
            self.out.push_str(" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        } else {
            let lengths: Vec<String> =
                pattern.iter().map(|length| number(length * pen.width.max(0.8))).collect();
            let _ = write!(self.out, " stroke-linejoin=\"round\" stroke-dasharray=\"{}\"", lengths.join(" "));
        }
        self.opacity("stroke-opacity", pen.opacity);
    }

    fn opacity(&mut self, attribute: &str, opacity: f64) {
        if opacity < 1.0 {
            let _ = write!(self.out, " {attribute}=\"{}\"", number(opacity.max(0.0)));
        }
    }
}

/// Whether a path ends where it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    Open,
    Closed,
}

/// Path data of a polyline. A single point becomes a stroke of no length, which round caps show as a dot. Points that
/// coincide after rounding are written once. Steps are relative to the point before, which is half as long to write;
/// they are differences of rounded places, so that errors do not add up.
pub(super) fn path_of(points: &[[f64; 2]], close: Close) -> String {
    let mut out = String::with_capacity(points.len() * 9 + 8);
    let mut previous: Option<[i64; 2]> = None;
    let mut steps = 0;
    for point in points {
        let here = point.map(hundredths);
        match previous {
            None => {
                out.push('M');
                push_pair(&mut out, here);
            }
            Some(before) if before == here => continue,
            Some(before) => {
                out.push(if steps == 0 { 'l' } else { ' ' });
                push_pair(&mut out, [here[0] - before[0], here[1] - before[1]]);
                steps += 1;
            }
        }
        previous = Some(here);
    }
    if previous.is_some() && steps == 0 {
        out.push_str("h0");
    }
    if previous.is_some() && close == Close::Closed {
        out.push('z');
    }
    out
}

/// A number rounded to 0.01 without needless digits.
pub(super) fn number(value: f64) -> String {
    let mut out = String::new();
    push_number(&mut out, hundredths(value));
    out
}

/// Text that may stand between tags or in an attribute. Control characters that XML forbids are dropped.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let harmless = |symbol: char| !matches!(symbol, '&' | '<' | '>' | '"' | '\'') && !is_forbidden(symbol);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for symbol in text.chars().filter(|symbol| !is_forbidden(*symbol)) {
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

const fn is_forbidden(symbol: char) -> bool {
    (symbol < ' ' && !matches!(symbol, '\t' | '\n' | '\r')) || matches!(symbol, '\u{fffe}' | '\u{ffff}')
}

fn in_symbol_font(symbol: char, style: TextStyle) -> bool {
    metrics::needs_symbol_font(symbol, style.weight)
}

fn extent(rect: Rect) -> String {
    let [x, y, width, height] = [rect.x, rect.y, rect.width.max(0.0), rect.height.max(0.0)].map(number);
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

/// Two numbers; a minus sign separates them as well as a space.
fn push_pair(out: &mut String, [x, y]: [i64; 2]) {
    push_number(out, x);
    if y >= 0 {
        out.push(' ');
    }
    push_number(out, y);
}

fn push_number(out: &mut String, hundredths: i64) {
    if hundredths < 0 {
        out.push('-');
    }
    let size = hundredths.unsigned_abs();
    let _ = write!(out, "{}", size / 100);
    match size % 100 {
        0 => {}
        cents if cents % 10 == 0 => {
            let _ = write!(out, ".{}", cents / 10);
        }
        cents => {
            let _ = write!(out, ".{cents:02}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(1.0, "1"), (-0.001, "0"), (2.5, "2.5"), (-3.146, "-3.15"), (0.05, "0.05"), (100.0, "100")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn paths_skip_repeated_points_and_dot_single_ones() {
        assert_eq!(path_of(&[[1.0, 2.0], [1.001, 2.0], [3.0, 4.5]], Close::Open), "M1 2l2 2.5");
        assert_eq!(path_of(&[[1.0, 2.0], [0.0, -1.0], [1.0, 0.0]], Close::Closed), "M1 2l-1-3 1 1z");
        assert_eq!(path_of(&[[1.0, 2.0]], Close::Open), "M1 2h0");
        assert_eq!(path_of(&[], Close::Closed), "");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a<b & \"c\" ]]>\u{1}"), "a&lt;b &amp; &quot;c&quot; ]]&gt;");
    }
}
