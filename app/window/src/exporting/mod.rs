//! A figure as a file in one of five formats, or as a folder with all that belongs to it; shared by window and command line.

mod apart;
mod dressing;
mod job;
mod like;

use std::path::Path;

use anyhow::{Context as _, anyhow};
use weightscope_frame::store::write_atomically;

use crate::figure::model::Figure;
use crate::figure::style::Style;
use crate::figure::{csv, json, pdf, png, svg};

pub(crate) use apart::apart_by_place;
pub use apart::{Unnamed, names_apart};
pub use dressing::{Dressing, LegendPlace, SeriesDress};
pub use job::{Beside, Job};
pub use like::Like;
pub(crate) use like::views as views_of;

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Scalable vector graphics.
    Svg,
    /// Portable document format.
    Pdf,
    /// Pixels.
    Png,
    /// The plotted data.
    Csv,
    /// The plotted data with axes, units and origin.
    Json,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Svg, Self::Pdf, Self::Png, Self::Csv, Self::Json];

    /// Ending of a file name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// The bytes of a figure.
pub fn bytes(figure: &Figure, format: Format, style: &Style) -> anyhow::Result<Vec<u8>> {
    let tokens = style.palette.tokens();
    Ok(match format {
        Format::Svg => svg::write(figure, style, tokens)?.into_bytes(),
        Format::Pdf => pdf::write(figure, style, tokens)?,
        Format::Png => png::write(figure, style, tokens, png::Resolution::Dpi300)?,
        Format::Csv => csv::write(figure)?.into_bytes(),
        Format::Json => json::write(figure)?.into_bytes(),
    })
}

/// The final page as a picture for the screen.
fn preview(figure: &Figure, style: &Style) -> anyhow::Result<Vec<u8>> {
    Ok(png::write(figure, style, style.palette.tokens(), png::Resolution::Dpi150)?)
}

/// Writes a file, whole or not at all; folders on the way are made.
pub fn write(bytes: &[u8], path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Err(anyhow!("this is a folder; name a file: {}", path.display()));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder; choose another place: {}", folder.display()))?;
    }
    write_atomically(path, "the figure", |out| out.write_all(bytes))?;
    Ok(())
}
