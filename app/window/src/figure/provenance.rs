//! Where a figure comes from: written into every file and read back from it, so that a figure dropped on the window
//! reopens the run and the view it shows.
//!
//! | File | Place |
//! |---|---|
//! | SVG | JSON in `<metadata>` |
//! | PNG | `iTXt` chunk with the keyword `weightscope` |
//! | PDF | last of the keywords in the XMP packet, after `weightscope:` |

use std::fmt::Write as _;
use std::io::Cursor;

use resvg::usvg::roxmltree;
use serde::{Deserialize, Serialize};
use weightscope_frame::store::Manifest;

/// Name of the program, and the key under which files hold the record.
pub const PROGRAM: &str = "weightscope";
/// What precedes the record among the keywords of a PDF.
pub(super) const PDF_MARK: &str = "weightscope:";

/// The origin of a figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Always [`PROGRAM`]; files of other programs are refused.
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// Identifier of the lab.
    pub lab: String,
    /// Names of the runs shown, no two alike.
    pub run_ids: Vec<String>,
    /// What tells each of them from all other runs, in the same order; empty in figures of versions before 0.2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunOrigin>,
    /// Hash of the first run's resolved configuration.
    pub config_hash: String,
    /// Seed of the first run.
    pub seed: Option<u64>,
    /// The file that the first run read first, such as the weight file that it looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataOrigin>,
    /// Identifier of the view.
    pub view: String,
    /// What else the view needs to come back: scales, selection, controls; a list of them for several views on one page.
    pub view_state: serde_json::Value,
    /// Words, legend, letters that the author chose.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub dressing: serde_json::Value,
    /// A remark of the author.
    pub note: String,
}

/// A file that a run read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataOrigin {
    /// Its path, or its name where it is part of the program.
    pub place: String,
    /// Its size in bytes; none where it is part of the program, and for folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// BLAKE3 of what was read of it, hexadecimal, as the manifest of the run has it.
    pub hash: String,
}

/// What tells a run from all others, wherever its folder lies and whatever that is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOrigin {
    /// Its name in the figure: its id, or more where another run of the figure has the same.
    pub name: String,
    /// The name under which it was made.
    pub id: String,
    /// Hash of its resolved configuration.
    pub config_hash: String,
    /// Its seed.
    pub seed: u64,
    /// When it was started, in UTC.
    pub started: String,
}

/// How a run that is here fits one that a figure names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The same run.
    Same,
    /// Another run of the same configuration: made again, or copied from a figure of an older version.
    Again,
    /// A run of that id whose configuration is another.
    Namesake,
    /// None of these.
    Other,
}

impl RunOrigin {
    /// The origin of a run, by its manifest.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            name: manifest.id.clone(),
            id: manifest.id.clone(),
            config_hash: manifest.config_hash.clone(),
            seed: manifest.seed,
            started: manifest.started.clone(),
        }
    }

    /// How a run fits this one.
    pub fn fit(&self, manifest: &Manifest) -> Fit {
        // Figures of older versions know an id only, or an id and a hash.
        if self.config_hash.is_empty() {
            return if manifest.id == self.id { Fit::Again } else { Fit::Other };
        }
        match (manifest.id == self.id, manifest.config_hash == self.config_hash) {
            (true, true) if manifest.started == self.started => Fit::Same,
            (_, true) => Fit::Again,
            (true, false) => Fit::Namesake,
            (false, false) => Fit::Other,
        }
    }
}

/// Why a file gives no provenance.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// Neither SVG nor PNG nor PDF.
    #[error("the file is not an SVG, PNG or PDF figure")]
    UnknownFormat,
    /// A figure without a record.
    #[error("the figure does not say where it comes from; only figures exported by Weightscope do")]
    Missing,
    /// The SVG is broken.
    #[error("the SVG cannot be read: {0}")]
    Svg(#[from] roxmltree::Error),
    /// The PNG is broken.
    #[error("the PNG cannot be read: {0}")]
    Png(#[from] png::DecodingError),
    /// The record is broken.
    #[error("the origin recorded in the figure cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

impl Provenance {
    /// A record of this program and version for a lab and a view.
    pub fn new(lab: impl Into<String>, view: impl Into<String>) -> Self {
        Self {
            program: PROGRAM.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lab: lab.into(),
            view: view.into(),
            ..Self::default()
        }
    }

    /// The runs shown, the first first; of older figures what they know of them.
    pub fn origins(&self) -> Vec<RunOrigin> {
        if !self.runs.is_empty() {
            return self.runs.clone();
        }
        let first = self.config_hash.as_str();
        let hashes = std::iter::once(first).chain(std::iter::repeat(""));
        let origin = |(id, hash): (&String, &str)| RunOrigin {
            name: id.clone(),
            id: id.clone(),
            config_hash: hash.to_owned(),
            ..RunOrigin::default()
        };
        self.run_ids.iter().zip(hashes).map(origin).collect()
    }

    /// Names the first run otherwise, where another of the figure has its id.
    pub fn name_first(&mut self, name: &str) {
        if let Some(first) = self.run_ids.first_mut() {
            name.clone_into(first);
        }
        if let Some(first) = self.runs.first_mut() {
            name.clone_into(&mut first.name);
        }
    }

    /// Takes up one more run, once.
    pub fn add(&mut self, origin: &RunOrigin) {
        if !self.runs.contains(origin) {
            self.run_ids.push(origin.name.clone());
            self.runs.push(origin.clone());
        }
    }

    /// One line of JSON with ASCII characters only, which every file format stores unchanged.
    pub(super) fn to_ascii_json(&self) -> Result<String, serde_json::Error> {
        let json = serde_json::to_string(self)?;
        let mut ascii = String::with_capacity(json.len());
        for symbol in json.chars() {
            if symbol.is_ascii() && symbol != '\u{7f}' {
                ascii.push(symbol);
            } else {
                for unit in symbol.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(ascii, "\\u{unit:04x}");
                }
            }
        }
        Ok(ascii)
    }
}

/// True for the first bytes of what may be a figure, so that long files of other kinds need not be read.
pub fn may_be_figure(head: &[u8]) -> bool {
    let holds = |word: &[u8]| head.windows(word.len()).any(|part| part == word);
    head.starts_with(b"\x89PNG") || head.starts_with(b"%PDF") || holds(b"<svg")
}

/// Reads the origin of a figure from the bytes of its file, whichever of the three formats it has.
pub fn read(bytes: &[u8]) -> Result<Provenance, ProvenanceError> {
    let json = if bytes.starts_with(b"\x89PNG") {
        from_png(bytes)?
    } else if bytes.starts_with(b"%PDF") {
        from_pdf(bytes)
    } else {
        let text = std::str::from_utf8(bytes).map_err(|_| ProvenanceError::UnknownFormat)?;
        if !text.contains("<svg") {
            return Err(ProvenanceError::UnknownFormat);
        }
        from_svg(text)?
    };
    let provenance: Provenance = serde_json::from_str(&json.ok_or(ProvenanceError::Missing)?)?;
    if provenance.program == PROGRAM { Ok(provenance) } else { Err(ProvenanceError::Missing) }
}

fn from_svg(text: &str) -> Result<Option<String>, roxmltree::Error> {
    let document = roxmltree::Document::parse(text)?;
    let metadata = document.root_element().children().find(|node| node.has_tag_name("metadata"));
    Ok(metadata.and_then(|node| node.text()).map(str::to_owned))
}

fn from_png(bytes: &[u8]) -> Result<Option<String>, png::DecodingError> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info()?;
    let chunk = reader.info().utf8_text.iter().find(|chunk| chunk.keyword == PROGRAM);
    chunk.map(png::text_metadata::ITXtChunk::get_text).transpose()
}

/// The XMP packet of a PDF is plain XML by design, so that programs which know nothing of PDF can find it.
fn from_pdf(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (_, after) = text.split_once("<pdf:Keywords>")?;
    let (keywords, _) = after.split_once("</pdf:Keywords>")?;
    let element = format!("<keywords>{keywords}</keywords>");
    let document = roxmltree::Document::parse(&element).ok()?;
    let (_, json) = document.root_element().text()?.split_once(PDF_MARK)?;
    Some(json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Body, Figure};
    use crate::figure::style::Page;
    use crate::figure::{pdf, png as png_file, svg};
    use crate::theme::Theme;

    fn figure() -> Figure {
        let mut provenance = Provenance::new("compander", "function");
        provenance.run_ids = vec!["run <1> & \"2\"".to_owned(), "läuft (3)\\, ]]>".to_owned()];
        provenance.seed = Some(u64::MAX);
        provenance.data = Some(DataOrigin {
            place: "/models/größe <7b>.safetensors".to_owned(),
            bytes: Some(1 << 40),
            hash: "0123abcd".to_owned(),
        });
        provenance.view_state =
            serde_json::json!({ "x": { "scale": "log", "range": [0.1, 1e300] }, "π": null });
        provenance.note = "𝄞 -- line\nbreak".to_owned();
        Figure::new("Origin", Body::Text("Some text".to_owned()), provenance)
    }

    #[test]
    fn every_format_gives_back_the_same_record() {
        let (figure, style, tokens) = (figure(), Page::Column.style(), Theme::Print.tokens());
        let files = [
            svg::write(&figure, &style, tokens).unwrap().into_bytes(),
            png_file::write(&figure, &style, tokens, png_file::Resolution::Dpi150).unwrap(),
            pdf::write(&figure, &style, tokens).unwrap(),
        ];
        for bytes in files {
            assert_eq!(read(&bytes).unwrap(), figure.provenance);
        }
    }

    #[test]
    fn figures_are_told_by_their_first_bytes() {
        assert!(may_be_figure(b"%PDF-1.7") && may_be_figure(b"\x89PNG\r\n"), "by the very first");
        assert!(may_be_figure(b"<?xml version='1.0'?><!-- made --><svg>"), "behind a heading");
        assert!(!may_be_figure(b"{\"a\": 1}") && !may_be_figure(b""), "others");
    }

    #[test]
    fn figures_of_versions_that_knew_no_data_are_read() {
        let old =
            r#"<svg><metadata>{"program":"weightscope","lab":"inspect","view":"layers"}</metadata></svg>"#;
        assert_eq!(read(old.as_bytes()).unwrap().data, None);
        let text = Provenance::new("inspect", "layers").to_ascii_json().unwrap();
        assert!(!text.contains("\"data\""), "nothing is written of none: {text}");
    }

    #[test]
    fn foreign_files_are_refused() {
        assert!(matches!(read(b"hello"), Err(ProvenanceError::UnknownFormat)));
        assert!(matches!(read(&[0xff, 0xfe, 0]), Err(ProvenanceError::UnknownFormat)));
        assert!(matches!(read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(ProvenanceError::Missing)));
        let foreign = b"<svg><metadata>{\"program\":\"other\"}</metadata></svg>";
        assert!(matches!(read(foreign), Err(ProvenanceError::Missing)));
        assert!(matches!(read(b"%PDF-1.7 nothing"), Err(ProvenanceError::Missing)));
        assert!(matches!(read(b"<svg"), Err(ProvenanceError::Svg(_))));
    }
}
