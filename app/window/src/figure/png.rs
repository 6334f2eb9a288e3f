//! PNG files: the SVG drawn into a bitmap, with its resolution and origin.

use resvg::tiny_skia::{Pixmap, Transform};

use super::error::ExportError;
use super::model::Figure;
use super::provenance::PROGRAM;
use super::style::Style;
use super::{render, svg};
use crate::theme::Tokens;

/// Resolution of a bitmap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// For screens and drafts.
    Dpi150,
    /// For print.
    #[default]
    Dpi300,
    /// For print with fine lines.
    Dpi600,
}

impl Resolution {
    /// All resolutions, coarse to fine.
    pub const ALL: [Self; 3] = [Self::Dpi150, Self::Dpi300, Self::Dpi600];

    /// Pixels per inch.
    pub const fn dpi(self) -> u32 {
        match self {
            Self::Dpi150 => 150,
            Self::Dpi300 => 300,
            Self::Dpi600 => 600,
        }
    }
}

/// Writes a figure as a PNG file.
pub fn write(
    figure: &Figure,
    style: &Style,
    tokens: &Tokens,
    resolution: Resolution,
) -> Result<Vec<u8>, ExportError> {
    let tree = render::tree(&svg::write(figure, style, tokens)?)?;
    // The tree is in pixels of 1/96 inch.
    let scale = f64::from(resolution.dpi()) / 96.0;
    let pixels = |length: f32| (f64::from(length) * scale).round().max(1.0) as u32;
    let (width, height) = (pixels(tree.size().width()), pixels(tree.size().height()));
    let mut pixmap = Pixmap::new(width, height).ok_or(ExportError::Size { width, height })?;
    let to_pixels =
        Transform::from_scale(width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(&tree, to_pixels, &mut pixmap.as_mut());
    encode(&pixmap, resolution, &figure.provenance.to_ascii_json()?)
}

fn encode(pixmap: &Pixmap, resolution: Resolution, provenance: &str) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels_per_metre = (f64::from(resolution.dpi()) / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: pixels_per_metre,
        yppu: pixels_per_metre,
        unit: png::Unit::Meter,
    }));
    encoder.add_itxt_chunk(PROGRAM.to_owned(), provenance.to_owned())?;
    let mut writer = encoder.write_header()?;
    let straight: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let color = pixel.demultiply();
            [color.red(), color.green(), color.blue(), color.alpha()]
        })
        .collect();
    writer.write_image_data(&straight)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::examples;
    use crate::figure::style::Page;
    use crate::theme::Theme;

    #[test]
    fn the_bitmap_has_the_size_of_the_page() {
        for (resolution, width) in [(Resolution::Dpi150, 488), (Resolution::Dpi300, 975)] {
            let bytes =
                write(&examples::lines(), &Page::Column.style(), Theme::Print.tokens(), resolution).unwrap();
            let image = image::load_from_memory(&bytes).unwrap();
            assert_eq!(image.width(), width);
            assert!(image.height() > width / 2 && image.height() < width, "height {}", image.height());
        }
    }

    /// The cells of a heat map must not be blurred: between two cells there is one edge, not a gradient.
    #[test]
    fn heat_map_cells_are_crisp() {
        let (figure, style, tokens) = (examples::checkerboard(), Page::Column.style(), Theme::Print.tokens());
        let bytes = write(&figure, &style, tokens, Resolution::Dpi300).unwrap();
        let image = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let row = image.height() / 2;
        let table = crate::figure::colormap::ColorMap::Viridis.table();
        let near = |pixel: &image::Rgb<u8>, color: crate::theme::Rgba| {
            pixel.0.iter().zip(color.0).all(|(a, b)| a.abs_diff(b) <= 2)
        };
        let pixels: Vec<_> = (0..image.width()).map(|column| *image.get_pixel(column, row)).collect();
        let inside = |pixel: &image::Rgb<u8>| near(pixel, table[0]) || near(pixel, table[255]);
        let first = pixels.iter().position(inside).unwrap();
        // The plot is continuous up to the frame; only pixels where two cells meet may be mixed.
        let run = &pixels[first..first + 300];
        let mixed = run.iter().filter(|pixel| !inside(pixel)).count();
        assert!(mixed <= 8, "{mixed} of 300 pixels are neither of the two colours");
    }
}
