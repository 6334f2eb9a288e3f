//! The recording that comes with the program. Recordings are read from files, so it is unpacked into the folder of data sets once.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use weightscope_frame::run::default_cache_folder;

/// Its name in settings.
pub(crate) const NAME: &str = "digits-recording";
/// The folder that it is unpacked into; another one for another recording.
const FOLDER: &str = "recording-digits-2";
/// The file that makes a folder a recording: written last.
const DESCRIPTION: &str = "recording.json";
const TRACES: &[u8] = include_bytes!("../../../../assets/recorder/demo/traces.f32.gz");
const OTHERS: [(&str, &[u8]); 2] = [
    ("metrics.jsonl", include_bytes!("../../../../assets/recorder/demo/metrics.jsonl")),
    (DESCRIPTION, include_bytes!("../../../../assets/recorder/demo/recording.json")),
];

/// Where a folder that the settings name lies. Where the recording that comes with the program cannot be unpacked, nothing lies there,
/// and opening it says so.
pub(crate) fn folder(named: &str) -> PathBuf {
    let named = named.trim();
    if named != NAME {
        return PathBuf::from(named);
    }
    let place = default_cache_folder().join(FOLDER);
    if !place.join(DESCRIPTION).is_file() {
        let _ = unpack(&place);
    }
    place
}

/// Unpacks beside the place first: another program may do the same at the same time.
fn unpack(place: &Path) -> io::Result<()> {
    let passing = place.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::create_dir_all(&passing)?;
    let mut traces = Vec::new();
    flate2::read::GzDecoder::new(TRACES).read_to_end(&mut traces)?;
    std::fs::write(passing.join("traces.f32"), traces)?;
    for (name, bytes) in OTHERS {
        std::fs::write(passing.join(name), bytes)?;
    }
    std::fs::rename(&passing, place).or_else(|error| {
        let _ = std::fs::remove_dir_all(&passing);
        if place.join(DESCRIPTION).is_file() { Ok(()) } else { Err(error) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_logs::recording::Recording;

    #[test]
    fn it_unpacks_into_a_sound_recording() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("demo");
        unpack(&place).unwrap();
        unpack(&place).unwrap_or_else(|error| panic!("a second program finds it there: {error}"));
        let recording = Recording::open(&place).unwrap();
        assert_eq!((recording.frames(), recording.tensors().len()), (1001, 6));
        assert!(recording.read(0, 1, 1001).unwrap().bad().is_empty());
        assert!(recording.bytes() <= 500_000);
    }
}
