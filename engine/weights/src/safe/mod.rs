//! Safetensors files: the header is read and checked when the file is opened, tensors by position when asked.
//!
//! Contract: a file whose download was cut off opens as far as it goes, with the tensors named that are not whole. A tensor whose
//! entry contradicts itself, another tensor or the file is named and not read; the others stand.

pub(crate) mod header;

use crate::array::{Array, ArrayReader, Storage, elements_of};
use crate::bytes::WeightFile;
use crate::element::{ByteOrder, Element};
use crate::error::WeightsError;
use crate::source::{Readable, Tensor};
use crate::table::{Arrays, Said};
use crate::text::{count, size};
use header::Entry;

/// The longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// Opens a safetensors file.
///
/// # Errors
/// If its header is too long, cut off or no JSON.
pub(crate) fn open(file: WeightFile) -> Result<Arrays, WeightsError> {
    let (start, mut entries) = read_header(&file)?;
    check_entries(&mut entries);
    mark_twins(&mut entries);
    let mut said = Said::default();
    say_of_layout(&mut entries, start, &file, &mut said);
    let (mut tensors, mut arrays) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
    for entry in entries {
        let storage =
            Storage::Plain { at: start.saturating_add(entry.begin), bytes: entry.end - entry.begin };
        let array = Array::plain(storage, entry.element, ByteOrder::Little);
        let problem = entry.problem.or_else(|| array.problem(&entry.shape, file.bytes()));
        if let Some(reason) = &problem {
            said.unreadable(&entry.name, reason);
        }
        let readable = problem.map_or(Readable::Yes, Readable::No);
        tensors.push(Tensor {
            name: entry.name,
            shape: entry.shape,
            element: entry.element,
            readable,
            tied_to: None,
        });
        arrays.push(array);
    }
    Ok(Arrays::new("safetensors", tensors, arrays, said, ArrayReader::new(file)))
}

/// Where the bytes of tensors begin, and what the header says of them.
fn read_header(file: &WeightFile) -> Result<(u64, Vec<Entry>), WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, file.path());
    let mut length = [0; 8];
    file.read_at(0, &mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(refused(format!(
            "its first bytes claim a safetensors header of {}, and the format allows up to 100 MB: this is damaged or another kind of \
             file; get it again",
            size(length)
        )));
    }
    let start = 8 + length;
    if start > file.bytes() {
        return Err(refused(format!(
            "the file ends after {} within its safetensors header of {}: a download or a save that was cut off; get it again",
            size(file.bytes()),
            size(length)
        )));
    }
    let text = file.read_up_to(8, length as usize)?;
    let entries = header::parse(&text)
        .map_err(|reason| refused(format!("this is no readable safetensors file: {reason}; get it again")))?;
    Ok((start, entries))
}

/// Each entry's shape and type must give the length of its place.
fn check_entries(entries: &mut [Entry]) {
    for entry in entries.iter_mut().filter(|entry| entry.problem.is_none()) {
        let needed = elements_of(&entry.shape).and_then(|elements| entry.element.bytes_of(elements));
        if entry.element != Element::Other && needed != Some(entry.end - entry.begin) {
            let needed = needed.map_or_else(|| "more than any machine has".to_owned(), size);
            entry.problem = Some(format!(
                "its shape and type take {needed}, and its place in the file {}",
                size(entry.end - entry.begin)
            ));
        }
    }
}

/// A name that stands twice tells nothing: neither of the two is read.
fn mark_twins(entries: &mut [Entry]) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let name = |at: &usize| entries.get(*at).map(|entry| entry.name.as_str());
    order.sort_unstable_by(|a, b| name(a).cmp(&name(b)));
    let pairs: Vec<[usize; 2]> =
        order.array_windows::<2>().filter(|[a, b]| name(a) == name(b)).copied().collect();
    for at in pairs.into_iter().flatten() {
        if let Some(entry) = entries.get_mut(at) {
            entry.problem = Some(
                "its name stands twice in the header, and which of the two counts is not told".to_owned(),
            );
        }
    }
}

/// Marks tensors whose bytes overlap, and says where the file ends too early, where bytes belong to no tensor.
fn say_of_layout(entries: &mut [Entry], start: u64, file: &WeightFile, said: &mut Said) {
    let there = file.bytes() - start;
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let place =
        |entries: &[Entry], at: usize| entries.get(at).map_or((0, 0), |entry| (entry.begin, entry.end));
    order.sort_unstable_by_key(|at| place(entries, *at));
    let (mut reached, mut reached_by, mut unclaimed) = (0_u64, None, 0_u64);
    for at in order {
        let (begin, end) = place(entries, at);
        if begin == end {
            continue;
        }
        if begin < reached {
            for twin in [Some(at), reached_by].into_iter().flatten() {
                if let Some(entry) = entries.get_mut(twin).filter(|entry| entry.problem.is_none()) {
                    entry.problem = Some("its bytes overlap those of another tensor".to_owned());
                }
            }
        } else {
            unclaimed = unclaimed.saturating_add(begin - reached);
        }
        if end > reached {
            (reached, reached_by) = (end, Some(at));
        }
    }
    if reached > there {
        let cut: Vec<usize> = (0..entries.len()).filter(|at| place(entries, *at).1 > there).collect();
        said.say(format!(
            "The file ends after {} of {}: a download or a save that was cut off. {} not whole and not read.",
            size(file.bytes()),
            size(start.saturating_add(reached)),
            if cut.len() == 1 {
                "1 tensor is".to_owned()
            } else {
                format!("{} are", count(cut.len(), "tensor"))
            },
        ));
        for at in cut {
            if let Some(entry) = entries.get_mut(at).filter(|entry| entry.problem.is_none()) {
                entry.problem = Some("its bytes end after the file does".to_owned());
            }
        }
    } else {
        unclaimed = unclaimed.saturating_add(there - reached);
    }
    if unclaimed > 0 {
        said.say(format!("{} of the file belong to no tensor.", size(unclaimed)));
    }
}

/// Why a file that is being written is not complete yet, as a clause; `None` if it is complete or broken in another way.
pub(crate) fn unfinished(file: &WeightFile) -> Option<String> {
    let mut length = [0; 8];
    if file.bytes() < 8 {
        return Some("it ends within its header".to_owned());
    }
    file.read_at(0, &mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return None;
    }
    if 8 + length > file.bytes() {
        return Some("it ends within its header".to_owned());
    }
    let (start, entries) = read_header(file).ok()?;
    let end = entries.iter().map(|entry| entry.end).max().unwrap_or(0).saturating_add(start);
    (end > file.bytes()).then(|| format!("it ends after {} of {}", size(file.bytes()), size(end)))
}
