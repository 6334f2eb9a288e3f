//! PyTorch checkpoints: the zip format since 1.6, the one before, and whole pickled modules.
//!
//! Contract: nothing in the pickle is imported, called or executed; a few calls are known by their names ([`rebuild`]), all others
//! leave only a name. The pickle is read when the file is opened, numbers when asked, by position: a contiguous tensor is streamed, a
//! view keeps the bytes from its first number to its last. Tensors are in the file's order, tied ones are told by their storage. What
//! the pickle claims is checked against the file before memory is taken.
//!
//! Why not the crate `pytorch-reader` for these two formats: it refuses checkpoints of more than about 31,000 tensors as memo bombs, a
//! file whole for one complex or sparse tensor, and does not tell storages, order and places. It reads the oldest format (module
//! [`tar`]) here, and the tests hold this reader against it.

mod choose;
mod flatten;
mod heap;
mod legacy;
mod machine;
mod object;
mod rebuild;
pub(crate) mod tar;

use std::collections::{HashMap, HashSet};

use crate::archive::{self, Member, Place};
use crate::array::{Array, ArrayReader, Storage};
use crate::bytes::WeightFile;
use crate::element::{ByteOrder, Element};
use crate::error::WeightsError;
use crate::source::{Readable, Tensor};
use crate::table::{Arrays, Said};
use crate::text::{shown, size};
use flatten::View;
use heap::{Described, Heap};
pub(crate) use legacy::{open as open_legacy, unfinished as unfinished_legacy};
use machine::Stop;
use object::{Id, NO_STORAGE, StorageNode};

/// A longer description of tensors than this is not read; 100,000 tensors take some 25 MB.
const LONGEST_PICKLE: u64 = 64 << 20;

/// Opens the zip archive `file` of these members, which hold a checkpoint.
///
/// # Errors
/// If it is a `TorchScript` archive, if its pickle is broken or holds no weights.
pub(crate) fn open_archive(file: WeightFile, members: Vec<Member>) -> Result<Arrays, WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, file.path());
    let root = members
        .iter()
        .filter_map(|member| member.name.strip_suffix("data.pkl"))
        .filter(|root| root.is_empty() || root.ends_with('/'));
    let Some(root) = root.min_by_key(|root| root.len()) else {
        return Err(refused("the archive has no data.pkl; save it again with torch.save".to_owned()));
    };
    let named = |name: &str| members.iter().find(|member| member.name.strip_prefix(root) == Some(name));
    let code = format!("{root}code/");
    if named("constants.pkl").is_some() || members.iter().any(|member| member.name.starts_with(&code)) {
        return Err(refused(
            "this is a TorchScript archive, which holds a program; save its weights with \
             torch.save(torch.jit.load(file).state_dict(), new_file)"
                .to_owned(),
        ));
    }
    let order = match named("byteorder").map(|member| archive::read_whole(&file, member, 16)).transpose()? {
        Some(text) if text.trim_ascii() == b"big" => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let Some(pickle) = named("data.pkl") else {
        return Err(refused("the archive has no data.pkl; save it again with torch.save".to_owned()));
    };
    let bytes = archive::read_whole(&file, pickle, LONGEST_PICKLE)?;
    let mut heap = Heap::for_pickle(bytes.len());
    let outcome = machine::run(&bytes, 0, &mut heap).map_err(|stop| refused(stopped(stop)))?;
    let prefix = format!("{root}data/");
    let storages = places(&mut heap, members, &prefix);
    let missing = "its storage is not in the archive";
    let named = named_tensors(&View::new(&bytes, &heap), outcome.root, &file)?;
    // Of 100,000 tensors pickle and nodes are some fifty megabytes, which the source has no use for.
    drop(bytes);
    let described = heap.described();
    finish("PyTorch checkpoint (zip)", named, &described, &storages, missing, order, file)
}

/// Where the storages lie: in the members whose names are the prefix and their keys. Members and keys have served with that, and go before
/// the names of the tensors come.
fn places(heap: &mut Heap, members: Vec<Member>, prefix: &str) -> Vec<Option<Storage>> {
    let keyed = members.into_iter().filter_map(|mut member| {
        member.name.starts_with(prefix).then(|| {
            member.name.drain(..prefix.len());
            (member.name, member.place)
        })
    });
    let places: HashMap<String, Place> = keyed.collect();
    let place = |storage: &mut StorageNode| {
        let place = *places.get(&std::mem::take(&mut storage.key))?;
        Some(Storage::Member { place, skip: 0 })
    };
    heap.storages.iter_mut().map(place).collect()
}

/// Why a pickle is refused, with what to do.
fn stopped(stop: Stop) -> String {
    match stop {
        Stop::Ends => {
            "the description of the tensors (a pickle) ends too early: the file was cut off; get it again"
                .to_owned()
        }
        Stop::Broken(reason) => {
            format!(
                "the description of the tensors (a pickle) is not one that torch.save writes: {reason}; save the \
                 weights again as a state_dict or as safetensors"
            )
        }
    }
}

/// The weights of a checkpoint by name, and what is said of the choice.
struct Named {
    tensors: Vec<(String, u32)>,
    said: Said,
}

fn named_tensors(view: &View<'_>, root: Id, file: &WeightFile) -> Result<Named, WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, file.path());
    let broken = |reason: String| refused(stopped(Stop::Broken(reason)));
    let mut said = Said::default();
    let chosen = choose::weights(view, root, &mut said).map_err(broken)?;
    if chosen.is_optimizer {
        return Err(refused(
            "this is the state of an optimizer without the model's weights; open the checkpoint of the model beside it".to_owned(),
        ));
    }
    let mut tensors = view.tensors(chosen.root, &chosen.skip).map_err(broken)?;
    if tensors.is_empty() {
        let what = match (view.class(root), view.is_dict(root)) {
            (Some(class), _) => format!("an object of the class {}", shown(&class)),
            (None, true) => {
                let keys: Vec<String> = view.keys(root, 6).into_iter().map(shown).collect();
                format!("a dictionary ({})", keys.join(", "))
            }
            (None, false) => "something else".to_owned(),
        };
        return Err(refused(format!(
            "this pickle holds no weights but {what}; choose the checkpoint of a model"
        )));
    }
    // A tensor that was saved alone has no name.
    if let [(name, _)] = tensors.as_mut_slice()
        && name.is_empty()
    {
        *name = file
            .path()
            .file_stem()
            .map_or_else(|| "tensor".to_owned(), |stem| stem.to_string_lossy().into_owned());
    }
    for prefix in ["_orig_mod.", "module.", "_orig_mod."] {
        if tensors.iter().all(|(name, _)| name.starts_with(prefix)) {
            for (name, _) in &mut tensors {
                name.drain(..prefix.len());
            }
            said.say(format!("Taken: names without {prefix}, which a wrapper put before all of them."));
        }
    }
    Ok(Named { tensors, said })
}

/// The source of the tensors that were chosen.
fn finish(
    format: &'static str,
    named: Named,
    described: &Described,
    storages: &[Option<Storage>],
    missing: &str,
    order: ByteOrder,
    file: WeightFile,
) -> Result<Arrays, WeightsError> {
    let Named { tensors: names, mut said } = named;
    let (mut tensors, mut arrays) = (Vec::with_capacity(names.len()), Vec::with_capacity(names.len()));
    let twins = twins(&names);
    let mut ties = HashMap::new();
    for (at, (name, number)) in names.into_iter().enumerate() {
        let Some(node) = described.tensors.get(number as usize) else { continue };
        let told = described.storages.get(node.storage as usize);
        let storage = storages.get(node.storage as usize).copied().flatten();
        let mut array =
            Array::plain(storage.unwrap_or(Storage::Plain { at: 0, bytes: 0 }), node.element, order);
        array.offset = node.offset;
        array.strides = Some(node.strides.clone());
        array.simplify(&node.shape);
        let problem = node
            .problem
            .clone()
            .or_else(|| twins.contains(&at).then(|| "another tensor has the same name".to_owned()))
            .or_else(|| told.filter(|_| node.element == Element::Other).and_then(|told| told.problem.clone()))
            .or_else(|| storage.is_none().then(|| missing.to_owned()))
            .or_else(|| array.problem(&node.shape, file.bytes()));
        let tied_to = if node.storage == NO_STORAGE || problem.is_some() || node.shape.contains(&0) {
            None
        } else {
            let memory = (node.storage, node.offset, &node.shape, &node.strides);
            let first = *ties.entry(memory).or_insert(at);
            (first != at).then_some(first)
        };
        if let Some(reason) = &problem {
            said.unreadable(&name, reason);
        }
        let readable = problem.map_or(Readable::Yes, Readable::No);
        tensors.push(Tensor { name, shape: node.shape.clone(), element: node.element, readable, tied_to });
        arrays.push(array);
    }
    let tied = tensors.iter().filter(|tensor| tensor.tied_to.is_some()).count();
    if tied > 0 {
        said.say(format!(
            "{} the memory of another (tied weights).",
            if tied == 1 { "1 tensor shares".to_owned() } else { format!("{tied} tensors share") }
        ));
    }
    Ok(Arrays::new(format, tensors, arrays, said, ArrayReader::new(file)))
}

/// Positions of tensors whose name another one has too.
fn twins(names: &[(String, u32)]) -> HashSet<usize> {
    let mut first = HashMap::with_capacity(names.len());
    let mut twins = HashSet::new();
    for (at, (name, _)) in names.iter().enumerate() {
        if let Some(other) = first.insert(name.as_str(), at) {
            twins.extend([other, at]);
        }
    }
    twins
}

/// What a file of this many bytes should have been, for people.
fn cut_sentence(there: u64, whole: u64) -> String {
    format!("The file ends after {} of {}: a download or a save that was cut off.", size(there), size(whole))
}
