//! From the SVG text to the tree that both the PNG and the PDF are drawn from.

use std::borrow::Cow;

use resvg::usvg::{FontResolver, Options, Tree};

use super::error::ExportError;
use super::svg::has_glyph;
use crate::theme::fonts;

/// Parses a drawing with the shipped fonts and nothing else.
///
/// The writer names a font for every symbol, so that the fallback of the renderer is switched off: it would set a
/// whole line in the symbol font because of one symbol in it.
pub(super) fn tree(svg: &str) -> Result<Tree, ExportError> {
    let font_resolver = FontResolver { select_fallback: Box::new(|_, _, _| None), ..FontResolver::default() };
    let options = Options {
        fontdb: fonts::database(),
        font_family: fonts::FAMILY.to_owned(),
        font_resolver,
        ..Options::default()
    };
    Ok(Tree::from_str(&drawable(svg), &options)?)
}

/// The drawing with a white square for each letter that no shipped font has: their own sign for it is a black block. The SVG file keeps
/// the letters, for viewers that have them.
fn drawable(svg: &str) -> Cow<'_, str> {
    let lacks = |symbol: char| !symbol.is_ascii() && !symbol.is_whitespace() && !has_glyph(symbol);
    if svg.chars().any(lacks) {
        svg.chars().map(|symbol| if lacks(symbol) { '□' } else { symbol }).collect::<String>().into()
    } else {
        svg.into()
    }
}
