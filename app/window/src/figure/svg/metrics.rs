//! How wide a text is, from the advance widths of the shipped fonts, and where it breaks.
//!
//! Kerning is left out: it makes text a little narrower, so that a measured box is never too small by more than a
//! fraction of a point.

use std::sync::LazyLock;

use ttf_parser::Face;

use crate::theme::fonts;

/// Weight of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Weight {
    #[default]
    Regular,
    SemiBold,
}

/// Height of capitals as a share of the text size, of Inter.
pub(super) const CAP_HEIGHT: f64 = 0.727;

/// Average width used for a character that no shipped font has.
const UNKNOWN_WIDTH: f64 = 0.6;

/// Width of one line of text in points.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let faces = Faces::get();
    text.chars().map(|symbol| faces.advance(symbol, weight)).sum::<f64>() * size
}

/// Whether a character has to be set in the symbol font.
pub(super) fn needs_symbol_font(symbol: char, weight: Weight) -> bool {
    let faces = Faces::get();
    !faces.has(symbol, weight) && advance_in(faces.symbols.as_ref(), symbol).is_some()
}

/// Whether one of the shipped fonts has the character.
pub(crate) fn has_glyph(symbol: char) -> bool {
    let faces = Faces::get();
    faces.has(symbol, Weight::Regular) || advance_in(faces.symbols.as_ref(), symbol).is_some()
}

/// Breaks a text at its spaces into lines that fit; a single word that does not fit is broken anywhere. An empty text
/// has no lines.
pub(super) fn wrap(text: &str, room: f64, size: f64, weight: Weight) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    // Only the ordinary space breaks: thin spaces belong to numbers.
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size, weight) <= room {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for symbol in word.chars() {
            line.push(symbol);
            if width(&line, size, weight) > room && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, symbol.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The text, or as much of it as fits with an ellipsis after it.
pub(super) fn shorten(text: &str, room: f64, size: f64, weight: Weight) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size, weight) <= room {
            return candidate;
        }
    }
    "…".to_owned()
}

/// The shipped fonts, parsed once.
struct Faces {
    regular: Option<Face<'static>>,
    semi_bold: Option<Face<'static>>,
    symbols: Option<Face<'static>>,
}

impl Faces {
    fn get() -> &'static Self {
        static FACES: LazyLock<Faces> = LazyLock::new(|| {
            let [regular, semi_bold, symbols] =
                [fonts::REGULAR, fonts::SEMI_BOLD, fonts::SYMBOLS].map(|bytes| Face::parse(bytes, 0).ok());
            Faces { regular, semi_bold, symbols }
        });
        &FACES
    }

    const fn main(&self, weight: Weight) -> Option<&Face<'static>> {
        match weight {
            Weight::Regular => self.regular.as_ref(),
            Weight::SemiBold => self.semi_bold.as_ref(),
        }
    }

    fn has(&self, symbol: char, weight: Weight) -> bool {
        self.main(weight).is_some_and(|face| face.glyph_index(symbol).is_some())
    }

    /// Advance of a character as a share of the text size.
    fn advance(&self, symbol: char, weight: Weight) -> f64 {
        advance_in(self.main(weight), symbol)
            .or_else(|| advance_in(self.symbols.as_ref(), symbol))
            .unwrap_or(UNKNOWN_WIDTH)
    }
}

fn advance_in(face: Option<&Face<'static>>, symbol: char) -> Option<f64> {
    let face = face?;
    let units = face.glyph_hor_advance(face.glyph_index(symbol)?)?;
    Some(f64::from(units) / f64::from(face.units_per_em()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The measure must agree with what the renderer lays out.
    #[test]
    fn measured_widths_agree_with_the_renderer() {
        for (weight, css) in [(Weight::Regular, 400), (Weight::SemiBold, 600)] {
            for text in ["validation loss [nat]", "10⁻³ × 12\u{2009}345", "‖w‖ Σ αβγ", "AVATAR To"]
            {
                let svg = format!(
                    "<svg xmlns='http://www.w3.org/2000/svg' width='500' height='50'>\
                     <text x='10' y='30' font-family='Inter' font-weight='{css}' font-size='20'>{text}</text></svg>"
                );
                let tree = crate::figure::render::tree(&svg).unwrap();
                let rendered = f64::from(tree.root().children()[0].bounding_box().width());
                let measured = width(text, 20.0, weight);
                assert!(
                    measured >= rendered - 1.0 && measured <= rendered * 1.1 + 2.0,
                    "{text:?}: measured {measured:.1}, rendered {rendered:.1}"
                );
            }
        }
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing() {
        let text = "the quick brown fox jumps over averyveryverylongwordwithoutanyspaces again";
        let lines = wrap(text, 60.0, 8.0, Weight::Regular);
        assert!(lines.iter().all(|line| width(line, 8.0, Weight::Regular) <= 60.0), "{lines:?}");
        let letters = |text: &str| text.chars().filter(|symbol| *symbol != ' ').collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(text));
        assert!(wrap("", 60.0, 8.0, Weight::Regular).is_empty());
    }

    #[test]
    fn shortened_text_fits() {
        let short = shorten("layers.12.attention.output.weight", 50.0, 7.0, Weight::Regular);
        assert!(short.ends_with('…') && width(&short, 7.0, Weight::Regular) <= 50.0, "{short}");
        assert_eq!(shorten("fc", 50.0, 7.0, Weight::Regular), "fc");
    }
}
