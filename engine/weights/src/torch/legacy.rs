//! PyTorch checkpoints of the format before 1.6: five pickles, then the storages one after the other.
//!
//! Source: `_legacy_save` in `torch/serialization.py`: a magic number, the protocol's number, facts about the machine, the object, the
//! keys of storages in the file's order; then each storage as the number of its elements and its bytes. A file that was cut off opens
//! as far as it goes.

use std::collections::HashMap;

use super::flatten::View;
use super::heap::Heap;
use super::machine::{self, Stop};
use super::object::{Id, Node};
use super::{LONGEST_PICKLE, cut_sentence, finish, named_tensors, stopped};
use crate::array::Storage;
use crate::bytes::WeightFile;
use crate::element::ByteOrder;
use crate::error::WeightsError;
use crate::table::Arrays;
use crate::text::size;

/// The description is looked for in this many bytes first, because its length is not told.
const FIRST_PIECE: u64 = 8 << 20;
/// The only number of the protocol that there ever was.
const PROTOCOL: i64 = 1001;

/// Opens a checkpoint of the format before 1.6.
///
/// # Errors
/// If its description is cut off or broken, or holds no weights.
pub(crate) fn open(file: WeightFile) -> Result<Arrays, WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, file.path());
    let (bytes, heap, told) = described(&file).map_err(|problem| match problem {
        Failed::Stop(stop) => refused(stopped(stop)),
        Failed::Read(error) => error,
    })?;
    let view = View::new(&bytes, &heap);
    let mut named = named_tensors(&view, told.root, &file)?;
    let layout = layout(&view, &told).map_err(|reason| refused(stopped(Stop::Broken(reason))))?;
    if layout.end > file.bytes() {
        named.said.say(cut_sentence(file.bytes(), layout.end));
    }
    let missing = "its place in the file is not known";
    finish(
        "PyTorch checkpoint (before 1.6)",
        named,
        &heap.described(),
        &layout.storages,
        missing,
        told.order,
        file,
    )
}

/// Why a file that is being written is not complete yet, as a clause; `None` if it is complete or broken in another way.
pub(crate) fn unfinished(file: &WeightFile) -> Option<String> {
    match described(file) {
        Err(Failed::Stop(Stop::Ends)) => Some("it ends within the description of its tensors".to_owned()),
        Err(_) => None,
        Ok((bytes, heap, told)) => {
            let end = layout(&View::new(&bytes, &heap), &told).ok()?.end;
            (end > file.bytes()).then(|| format!("it ends after {} of {}", size(file.bytes()), size(end)))
        }
    }
}

enum Failed {
    Stop(Stop),
    Read(WeightsError),
}

/// What the five pickles say.
struct Told {
    root: Id,
    /// The list of keys.
    keys: Id,
    order: ByteOrder,
    /// Where the first storage begins.
    data_at: u64,
}

fn described(file: &WeightFile) -> Result<(Vec<u8>, Heap, Told), Failed> {
    for length in [FIRST_PIECE, LONGEST_PICKLE] {
        let bytes = file.read_up_to(0, length as usize).map_err(Failed::Read)?;
        let mut heap = Heap::for_pickle(bytes.len());
        match pickles(&bytes, &mut heap) {
            Ok(told) => return Ok((bytes, heap, told)),
            Err(Stop::Ends) if file.bytes() > bytes.len() as u64 => {}
            Err(stop) => return Err(Failed::Stop(stop)),
        }
    }
    Err(Failed::Stop(Stop::Broken(format!("it takes more than {}", size(LONGEST_PICKLE)))))
}

fn pickles(bytes: &[u8], heap: &mut Heap) -> Result<Told, Stop> {
    let magic = machine::run(bytes, 0, heap)?;
    let protocol = machine::run(bytes, magic.end, heap)?;
    if *heap.node(protocol.root) != Node::Int(PROTOCOL) {
        return Err(Stop::Broken(format!("its protocol is not number {PROTOCOL}")));
    }
    let facts = machine::run(bytes, protocol.end, heap)?;
    let little = View::new(bytes, heap).value(facts.root, "little_endian").map(|id| heap.node(id).clone());
    let order = match little {
        Some(Node::Bool(true)) => ByteOrder::Little,
        Some(Node::Bool(false)) => ByteOrder::Big,
        _ => return Err(Stop::Broken("it does not tell its byte order".to_owned())),
    };
    let object = machine::run(bytes, facts.end, heap)?;
    let keys = machine::run(bytes, object.end, heap)?;
    Ok(Told { root: object.root, keys: keys.root, order, data_at: keys.end as u64 })
}

/// Places of all storages.
struct Layout {
    storages: Vec<Option<Storage>>,
    /// Where the last one ends.
    end: u64,
}

fn layout(view: &View<'_>, told: &Told) -> Result<Layout, String> {
    let numbers: HashMap<&str, usize> = view
        .heap
        .storages
        .iter()
        .enumerate()
        .map(|(number, storage)| (storage.key.as_str(), number))
        .collect();
    let mut storages = vec![None; view.heap.storages.len()];
    let mut at = told.data_at;
    let keys = view.heap.sequence(told.keys).ok_or("the list of its storages is none")?;
    for key in keys {
        let key = match view.heap.node(*key) {
            Node::Int(number) => number.to_string(),
            _ => view.text(*key).ok_or("a key of its storages is no text")?.to_owned(),
        };
        let number = *numbers
            .get(key.as_str())
            .ok_or("it lists a storage that no tensor has, so that none behind has a place")?;
        let storage = view.heap.storages.get(number).ok_or("it lists a storage that is none")?;
        // Where a length is not known, all places behind it are not known either.
        let Some(bytes) = storage.bytes else { break };
        let begin = at.checked_add(8).ok_or("its storages are longer than any file")?;
        at = begin.checked_add(bytes).ok_or("its storages are longer than any file")?;
        if let Some(place) = storages.get_mut(number) {
            *place = Some(Storage::Counted { at: begin, bytes, elements: storage.elements });
        }
    }
    Ok(Layout { storages, end: at })
}
