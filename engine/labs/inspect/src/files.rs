//! The files of a run: opened once, described for log and manifest, read by pieces.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weightscope_data::{Doubt, Read};
use weightscope_frame::lab::{Lab as _, Opened};
use weightscope_frame::run::RunError;
use weightscope_logs::{events, recording};
use weightscope_math::linalg::spectrum::leave;
use weightscope_weights::adapter;
use weightscope_weights::measure::matrix_of;
use weightscope_weights::{Readable, Source, Stamp, Tensor, WeightsError, open, open_held};
use weightscope_weights::{folder, hash};

use crate::config::{ALL, Config, Holds, NONE};
use crate::demo;
use crate::run::are_of_one_model;

/// Seconds for which a folder that was dropped is watched after its last news.
const WATCHED: &str = "3600";
/// Elements that are read at once.
const PIECE: usize = 1 << 20;
/// Files up to this length are hashed whole.
const HASHED_WHOLE: u64 = 256 << 20;
/// Of longer ones so many tensors, and so many elements of each.
const MOST_SAMPLED: usize = 256;
const SAMPLED: usize = 4096;

/// A weight file that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shipped {
    /// Its name in settings.
    pub(crate) name: &'static str,
    bytes: &'static [u8],
}

const SHIPPED: [Shipped; 4] = [
    Shipped { name: "llama", bytes: include_bytes!("../../../../assets/bases/llama.safetensors") },
    Shipped {
        name: "llama-genesis",
        bytes: include_bytes!("../../../../assets/bases/llama-genesis.safetensors"),
    },
    Shipped { name: "rwkv", bytes: include_bytes!("../../../../assets/bases/rwkv.safetensors") },
    Shipped { name: "gpt", bytes: include_bytes!("../../../../assets/bases/gpt.safetensors") },
];

/// The folder of checkpoints that comes with the program, all in one file.
pub(crate) const SHIPPED_FOLDER: Shipped =
    Shipped { name: "digits", bytes: include_bytes!("../../../../assets/bases/digits-steps.safetensors") };
/// Its last step, and the steps between two checkpoints.
pub(crate) const SHIPPED_STEPS: (u64, u64) = (1200, 40);

/// True for the name of something that comes with the program.
pub(crate) fn is_shipped(place: &str) -> bool {
    let place = place.trim();
    Shipped::find(place).is_some() || place == SHIPPED_FOLDER.name || place == demo::NAME
}

impl Shipped {
    /// The file of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        SHIPPED.into_iter().find(|shipped| shipped.name == name.trim())
    }
}

/// The folder of checkpoints inside a recording.
pub(crate) const CHECKPOINTS: &str = "checkpoints";

/// A source without tensors, for a folder that holds none.
pub(crate) struct Nothing;

impl Source for Nothing {
    fn format(&self) -> &'static str {
        "no weight file"
    }

    fn tensors(&self) -> &[Tensor] {
        &[]
    }

    fn read(&self, _: usize, _: usize, _: usize, values: &mut Vec<f32>) -> Result<(), WeightsError> {
        values.clear();
        Ok(())
    }

    fn said(&self) -> &[String] {
        &[]
    }

    fn stamps(&self) -> &[Stamp] {
        &[]
    }

    fn bytes_to_read(&self, _: usize) -> u64 {
        0
    }
}

/// What lies in a folder: a recording, with complete checkpoints beside it or without, event files, else checkpoints.
pub(crate) fn holds(folder: &str) -> Holds {
    let path = &demo::folder(folder);
    if recording::is_recording(path) {
        return if has_checkpoints(&path.join(CHECKPOINTS)) {
            Holds::RecordingAndCheckpoints
        } else {
            Holds::Recording
        };
    }
    // Trainings that save themselves write event files beside their checkpoints.
    if is_events(path) && !has_checkpoints(path) { Holds::Events } else { Holds::Checkpoints }
}

/// True for a folder with a complete checkpoint.
fn has_checkpoints(path: &Path) -> bool {
    folder::list(path, folder::Order::Numbers).is_ok_and(|listing| !listing.checkpoints.is_empty())
}

/// True for an event file, and for a folder in which some lie, or in one of its folders. Told by names, of so many entries: a window
/// asks, and must not wait for a large tree.
fn is_events(path: &Path) -> bool {
    const MOST: usize = 1000;
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.take(MOST).map(|entry| entry.path()).collect()
    };
    let has_some = |entries: &[PathBuf]| entries.iter().any(|entry| events::has_events_name(entry));
    if path.is_dir() {
        let entries = inside(path);
        let mut folders = entries.iter().filter(|entry| entry.is_dir()).take(MOST / 10);
        return has_some(&entries) || folders.any(|folder| has_some(&inside(folder)));
    }
    path.is_file() && events::is_events_file(path).unwrap_or(false)
}

/// Opens what a setting names; `key` is that setting.
pub(crate) fn open_at(key: &str, place: &str) -> Result<Arc<dyn Source>, RunError> {
    let step = place.trim().strip_prefix(SHIPPED_FOLDER.name).and_then(|rest| rest.strip_prefix('/'));
    let opened = match (Shipped::find(place), step) {
        (Some(shipped), _) => open_held(shipped.name, shipped.bytes, ""),
        (None, Some(step)) => open_held(SHIPPED_FOLDER.name, SHIPPED_FOLDER.bytes, &format!("{step}/")),
        (None, None) => open(Path::new(place.trim())),
    };
    opened.map(Arc::from).map_err(|error| RunError::setting(key, error.to_string()))
}

/// The tensors of floating-point numbers that can be read and whose names hold one of the words, in the file's order.
pub(crate) fn chosen(source: &dyn Source, select: &str) -> Vec<usize> {
    selected(source, select, |tensor| tensor.element.is_floating())
}

/// The tensors of whole numbers and truth values that can be read and whose names hold one of the words: they stand in the table alone.
pub(crate) fn whole_numbers(source: &dyn Source, select: &str) -> Vec<usize> {
    selected(source, select, |tensor| tensor.element.has_values() && !tensor.element.is_floating())
}

fn selected(source: &dyn Source, select: &str, is_wanted: impl Fn(&Tensor) -> bool) -> Vec<usize> {
    let select = if select.trim() == ALL { "" } else { select };
    let words: Vec<&str> = select.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    let is_chosen = |tensor: &Tensor| {
        is_wanted(tensor)
            && tensor.readable == Readable::Yes
            && (words.is_empty() || words.iter().any(|word| tensor.name.contains(word)))
    };
    let numbered = source.tensors().iter().enumerate();
    numbered.filter(|(_, tensor)| is_chosen(tensor)).map(|(place, _)| place).collect()
}

/// What was read of a file, for log, manifest and window; `chosen` are the tensors that figures are made of.
pub(crate) fn read_of(source: &dyn Source, place: &str, chosen: &[usize]) -> Result<Read, RunError> {
    let tensors = source.tensors();
    let mut read = Read {
        place: place.to_owned(),
        bytes: (!source.stamps().is_empty()).then(|| source.stamps().iter().map(|stamp| stamp.bytes).sum()),
        form: if is_sampled(source) {
            format!("{}, identity of samples: 4,096 values of each of up to 256 tensors", source.format())
        } else {
            source.format().to_owned()
        },
        hash: identity(source).map_err(|error| RunError::setting("model", error.to_string()))?,
        rows: chosen.len(),
        of: "tensors".to_owned(),
        ..Read::default()
    };
    let unreadable = tensors.iter().filter(|tensor| tensor.readable != Readable::Yes).count();
    let whole_numbers = tensors
        .iter()
        .filter(|tensor| tensor.readable == Readable::Yes && !tensor.element.is_floating())
        .count();
    let unselected = tensors.len() - unreadable - whole_numbers - chosen.len();
    for (reason, count) in [
        ("not readable", unreadable),
        ("of whole numbers or truth values, which stand in the table alone", whole_numbers),
        ("not selected", unselected),
    ] {
        if count > 0 {
            read.left_out.push((reason.to_owned(), count));
        }
    }
    read.doubts = source
        .said()
        .iter()
        .map(|said| Doubt {
            why: said.trim_end_matches('.').to_owned(),
            remedy: "figures are of the tensors that were read".to_owned(),
            ..Doubt::default()
        })
        .collect();
    Ok(read)
}

/// True for files so long that their identity is that of samples.
fn is_sampled(source: &dyn Source) -> bool {
    source.stamps().iter().map(|stamp| stamp.bytes).sum::<u64>() > HASHED_WHOLE
}

/// BLAKE3 over names, shapes, types and lengths, and over the contents of files up to 256 MB; of longer ones over pieces of the tensors,
/// spread evenly.
fn identity(source: &dyn Source) -> Result<String, weightscope_weights::WeightsError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(hash::header_hash(source).as_bytes());
    let bytes: u64 = source.stamps().iter().map(|stamp| stamp.bytes).sum();
    if bytes <= HASHED_WHOLE && !source.stamps().is_empty() {
        for stamp in source.stamps() {
            hasher.update(hash::file_hash(&stamp.path, &|| false)?.as_bytes());
        }
        return Ok(hasher.finalize().to_hex().to_string());
    }
    let readable = source.tensors().iter().enumerate().filter(|(_, tensor)| tensor.readable == Readable::Yes);
    let readable: Vec<(usize, usize)> =
        readable.map(|(place, tensor)| (place, tensor.parameters())).collect();
    let mut values = Vec::new();
    for (place, count) in readable.iter().step_by(readable.len().div_ceil(MOST_SAMPLED).max(1)) {
        source.read(*place, 0, (*count).min(SAMPLED), &mut values)?;
        values.iter().for_each(|value| {
            hasher.update(&value.to_le_bytes());
        });
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Hands the values of a tensor to `take`, piece after piece in C order; pieces hold whole rows of `columns` where rows are short
/// enough.
pub(crate) fn pieces(
    source: &dyn Source,
    place: usize,
    columns: usize,
    mut check: impl FnMut() -> Result<(), RunError>,
    mut take: impl FnMut(&[f32]) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let count = source.tensors().get(place).map_or(0, Tensor::parameters);
    // A row longer than a piece is read in parts.
    let step = if columns > PIECE { PIECE } else { PIECE / columns.max(1) * columns.max(1) };
    let (mut first, mut values) = (0, Vec::new());
    while first < count {
        check()?;
        source
            .read(place, first, step.min(count - first), &mut values)
            .map_err(|error| RunError::setting("model", error.to_string()))?;
        take(&values)?;
        first += values.len().max(1);
    }
    Ok(())
}

/// All values of a tensor.
pub(crate) fn whole(
    source: &dyn Source,
    place: usize,
    check: impl FnMut() -> Result<(), RunError>,
) -> Result<Vec<f32>, RunError> {
    let tensor = source.tensors().get(place);
    let mut all = Vec::with_capacity(tensor.map_or(0, Tensor::parameters));
    let columns = tensor.map_or(1, |tensor| matrix_of(&tensor.shape).1).max(1);
    let read = pieces(source, place, columns, check, |values| {
        all.extend_from_slice(values);
        Ok(())
    });
    match read {
        Ok(()) => Ok(all),
        Err(error) => {
            leave(all);
            Err(error)
        }
    }
}

/// Opens the second file of a comparison; an adapter's folder stands for the first file with its changes merged in.
pub(crate) fn open_against(config: &Config, first: &Arc<dyn Source>) -> Result<Arc<dyn Source>, RunError> {
    let place = config.against.trim();
    if Shipped::find(place).is_some() {
        return open_at("against", place);
    }
    let opened = adapter::open_against(first, Path::new(place));
    opened.map(Arc::from).map_err(|error| RunError::setting("against", error.to_string()))
}

/// What a dropped or named file asks for: a weight file is looked at; beside a run that looks at one, it is compared with that; a folder
/// of checkpoints is followed, a folder of one model is looked at.
pub(crate) fn opened(shown: Option<&Config>, path: &Path) -> Option<Opened> {
    let place = path.display().to_string();
    let name = path.file_name().map_or_else(|| place.clone(), |name| name.to_string_lossy().into_owned());
    let typed = |key, value: &str| (key, value.to_owned());
    let follows = |words: String| Opened {
        settings: vec![typed("folder", &place), typed("holds", "auto"), typed("against", NONE)],
        live: vec![typed("watch_seconds", WATCHED)],
        words,
    };
    if path.is_dir() && recording::is_recording(path) {
        return Some(follows(format!("follows the recording {name}")));
    }
    if is_events(path) && !has_checkpoints(path) {
        return Some(follows(format!("follows the event files of {name}")));
    }
    if path.is_dir() && open(path).is_err() {
        let listing = folder::list(path, folder::Order::Numbers).ok()?;
        return match listing.checkpoints.len() {
            0 if listing.may_fill() => Some(follows(format!("waits for the first checkpoint in {name}"))),
            0 => None,
            count => Some(follows(format!("follows {count} checkpoints of {name}"))),
        };
    }
    if !path.is_dir() && !is_weight_file(path) {
        return None;
    }
    let beside = shown.filter(|shown| {
        !shown.follows() && !shown.compares() && shown.model != place && Shipped::find(&shown.model).is_none()
    });
    let compared = |shown: &Config| are_of_one_model(&Config { against: place.clone(), ..shown.clone() });
    let alone = || vec![typed("model", &place), typed("against", NONE), typed("folder", NONE)];
    let (settings, words) = match beside {
        Some(shown) if compared(shown) => (vec![typed("against", &place)], format!("compares with {name}")),
        Some(_) => {
            (alone(), format!("looks at {name} by itself: its tensors are not those of the file shown"))
        }
        None => (alone(), format!("looks at {name}")),
    };
    Some(Opened { settings, live: Vec::new(), words })
}

/// The file whose tensors are the rows: the weights named, or the first checkpoint of the folder, as the run keeps it in its folder if
/// it does. None for a folder without a checkpoint.
pub(crate) fn first_place(config: &Config, run: Option<&Path>) -> Result<Option<String>, RunError> {
    if !config.follows() {
        return Ok(Some(config.model.clone()));
    }
    let mut config = config.clone();
    if let Some(run) = run {
        config.kept(run);
    }
    crate::run::first_checkpoint(&config)
}

/// Names, shapes, types, lengths and times: whether a file is still the one that a record was made of.
pub(crate) fn state_of(source: &dyn Source) -> String {
    let stamps: Vec<String> = source
        .stamps()
        .iter()
        .map(|stamp| format!("{} bytes, written {}", stamp.bytes, stamp.modified))
        .collect();
    format!("{}\n{}", hash::header_hash(source), stamps.join("\n"))
}

/// The state of the second file that was recorded.
pub(crate) fn recorded_second(record: &weightscope_frame::record::Record) -> Option<&str> {
    match &record.get(crate::channels::SECOND_FILE.id())?.data {
        weightscope_frame::record::Data::Text(words) if !words.is_empty() => Some(words),
        _ => None,
    }
}

/// The state that was recorded.
pub(crate) fn recorded_state(record: &weightscope_frame::record::Record) -> Option<&str> {
    match &record.get(crate::channels::FILE.id())?.data {
        weightscope_frame::record::Data::Text(words) => Some(words),
        _ => None,
    }
}

/// True for a file of weights, or one that was meant to be one: what is wrong with it is then said.
fn is_weight_file(path: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["safetensors", "pt", "pth", "bin", "ckpt", "gguf", "onnx"];
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    open(path).is_ok() || ENDINGS.contains(&ending.as_str())
}
