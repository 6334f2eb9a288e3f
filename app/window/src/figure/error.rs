//! What can go wrong while a figure is written.

/// A figure could not be turned into a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The drawing is not one that the renderer can read; a defect of the writer.
    #[error("the drawing cannot be rendered: {0}; please report this figure")]
    Drawing(#[from] resvg::usvg::Error),
    /// The page has no area or is too large for a bitmap.
    #[error("a bitmap of {width} × {height} pixels cannot be made; choose a lower resolution")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The PNG encoder failed.
    #[error("the PNG cannot be encoded: {0}")]
    Png(#[from] png::EncodingError),
    /// The PDF writer failed.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
    /// The CSV writer failed.
    #[error("the data cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The provenance cannot be written as JSON.
    #[error("the origin of the figure cannot be recorded: {0}")]
    Provenance(#[from] serde_json::Error),
}
