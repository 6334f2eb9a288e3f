//! Which files are event files.

use std::io::Read as _;
use std::path::Path;

use super::decode::{self, Found};
use super::entry::{Counts, What};
use super::error::EventsError;
use super::follow::open;
use super::frame::{self, FOOTER, HEADER};
use super::problem::Problems;
use super::tags::Tags;

/// The first record names the version; it is some twenty bytes long, with what programs add some hundred.
const LONGEST_FIRST: usize = 64 << 10;

/// Whether the file's name is one that programs give to event files.
///
/// It holds `tfevents` and does not end in `.profile-empty`, which TensorFlow's profiler adds to files that never hold anything.
pub fn has_events_name(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.contains("tfevents") && !name.ends_with(".profile-empty")
}

/// Whether a file is an event file, by its content: its first record has right checksums and names the version (`brain.Event:`).
///
/// A file whose first record is not all there yet, is damaged or names no version counts if its name holds `tfevents`, so that it can be
/// followed, or its damage be named; but not if its first bytes are no frame at all. Reads at most 64 kB.
///
/// # Errors
/// If there is no such file, it is no plain file, or the operating system refuses.
pub fn is_events_file(path: &Path) -> Result<bool, EventsError> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    let most = (HEADER + LONGEST_FIRST + FOOTER) as u64;
    file.take(most).read_to_end(&mut bytes).map_err(|error| EventsError::io("reading", error, path))?;
    Ok(match names_version(&bytes) {
        Content::Version => true,
        Content::Frame => has_events_name(path),
        Content::NoFrame => false,
    })
}

/// What the bytes of a file begin with.
enum Content {
    /// A record that names the version.
    Version,
    /// Something that may become one, or a record of another kind.
    Frame,
    /// Nothing of an event file.
    NoFrame,
}

fn names_version(bytes: &[u8]) -> Content {
    let Some((header, after)) = bytes.split_first_chunk::<HEADER>() else { return Content::Frame };
    let Ok(length) = frame::length(header) else { return Content::NoFrame };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let Some((data, footer)) = after.split_at_checked(length) else { return Content::Frame };
    if footer.len() < FOOTER || frame::check(data, footer).is_err() {
        return Content::Frame;
    }
    let (mut found, mut tags) = (Found::default(), Tags::default());
    decode::record(data, 0, &mut tags, &mut found, &mut Counts::default(), &mut Problems::default());
    let is_version = |what: &What| matches!(what, What::Version(name) if name.starts_with("brain.Event:"));
    if found.entries.iter().any(|entry| is_version(&entry.what)) { Content::Version } else { Content::Frame }
}
