//! PDF files: the SVG drawn as vectors, with selectable text and embedded fonts.

use krilla::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt as _, SvgSettings};

use super::error::ExportError;
use super::model::Figure;
use super::provenance::{PDF_MARK, PROGRAM};
use super::style::Style;
use super::{render, svg};
use crate::theme::Tokens;

/// Points per pixel of the drawing, which has 96 to the inch.
const POINTS_PER_PIXEL: f32 = 72.0 / 96.0;

/// Writes a figure as a PDF file of one page. The bytes depend on the figure, style and tokens only: the file holds
/// no date.
pub fn write(figure: &Figure, style: &Style, tokens: &Tokens) -> Result<Vec<u8>, ExportError> {
    let tree = render::tree(&svg::write(figure, style, tokens)?)?;
    let (width, height) = (tree.size().width() * POINTS_PER_PIXEL, tree.size().height() * POINTS_PER_PIXEL);
    let size = Size::from_wh(width, height)
        .ok_or_else(|| ExportError::Pdf(format!("a page of {width} × {height} points has no area")))?;
    let mut document = Document::new();
    document.set_metadata(metadata(figure)?);
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    surface
        .draw_svg(&tree, size, SvgSettings::default())
        .ok_or_else(|| ExportError::Pdf("the drawing has parts that PDF cannot hold".to_owned()))?;
    surface.finish();
    page.finish();
    document.finish().map_err(|error| ExportError::Pdf(format!("{error:?}")))
}

fn metadata(figure: &Figure) -> Result<Metadata, ExportError> {
    let provenance = &figure.provenance;
    let mut keywords: Vec<String> = vec![provenance.lab.clone(), provenance.view.clone()];
    keywords.extend(provenance.run_ids.iter().cloned());
    keywords.retain(|keyword| !keyword.is_empty() && !keyword.contains(PDF_MARK));
    // Last, because it holds commas itself.
    keywords.push(format!("{PDF_MARK}{}", provenance.to_ascii_json()?));
    Ok(Metadata::new()
        .title(figure.title.clone())
        .description(figure.caption.clone().unwrap_or_default())
        .creator(format!("{PROGRAM} {}", provenance.version))
        .keywords(keywords)
        .language("en".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::examples;
    use crate::figure::style::Page;
    use crate::theme::Theme;

    fn holds(bytes: &[u8], text: &str) -> bool {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn the_page_has_the_size_of_the_style() {
        let bytes = write(&examples::lines(), &Page::Column.style(), Theme::Print.tokens()).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        assert!(holds(&bytes, "/MediaBox[0 0 234 "), "the page is 234 points wide");
        assert!(holds(&bytes, "Loss of two runs"), "the title is in the metadata");
    }

    #[test]
    fn text_stays_text_in_embedded_fonts() {
        let bytes = write(&examples::lines(), &Page::Column.style(), Theme::Print.tokens()).unwrap();
        assert!(holds(&bytes, "Inter-Regular"), "the font is embedded");
        assert!(holds(&bytes, "/ToUnicode"), "glyphs map back to characters");
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes() {
        let (style, tokens) = (Page::Double.style(), Theme::Print.tokens());
        let figure = examples::checkerboard();
        assert_eq!(write(&figure, &style, tokens).unwrap(), write(&figure, &style, tokens).unwrap());
    }
}
