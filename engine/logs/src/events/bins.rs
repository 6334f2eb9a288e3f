//! Histograms in the two forms of event files, turned into edges and counts, and back.

use super::entry::Bins;
use super::tensor::{Fault, MOST_NUMBERS, Tensor};
use super::wire::{Fields, Message, Value, doubles};

/// Reads a `HistogramProto`, the classical form: upper limits of buckets and their counts; the lower limit of the first is not said.
///
/// Writers leave a first bucket empty so that its limit says where the second begins; such a one is dropped. Limits of ±`f64::MAX`,
/// which stand for "all that is left", give way to the least and greatest value that the proto names; empty buckets before or after
/// them are dropped.
pub(crate) fn of_proto(message: &[u8]) -> Result<Bins, Fault> {
    let (mut least, mut greatest) = (f64::NAN, f64::NAN);
    let (mut limits, mut counts) = (Vec::new(), Vec::new());
    for field in Fields::new(message) {
        match field? {
            (1, Value::Fixed64(bits)) => least = f64::from_bits(bits),
            (2, Value::Fixed64(bits)) => greatest = f64::from_bits(bits),
            (6, value) => doubles(value, MOST_NUMBERS, &mut limits)?,
            (7, value) => doubles(value, MOST_NUMBERS, &mut counts)?,
            _ => {}
        }
    }
    if limits.len() != counts.len() {
        let (limits, counts) = (limits.len(), counts.len());
        return Err(Fault::Value(format!("it has {limits} limits of buckets, but {counts} counts")));
    }
    // Buckets that are empty at either end and reach to where no value lies say nothing.
    while limits.last().is_some_and(|limit| *limit >= f64::MAX) && counts.last() == Some(&0.0) {
        limits.pop();
        counts.pop();
    }
    let is_beyond =
        |at: usize| counts.get(at) == Some(&0.0) && limits.get(at).is_some_and(|l| *l == -f64::MAX);
    let first = (0..limits.len()).find(|at| !is_beyond(*at)).unwrap_or(limits.len());
    // The limit of a bucket that is dropped is no place, so that the next one has no lower limit either.
    let (mut limits, mut counts) = (limits.split_off(first), counts.split_off(first));
    let Some(lowest) = limits.first().copied() else { return Ok(Bins::default()) };
    if counts.first() == Some(&0.0) {
        counts.remove(0);
    } else {
        limits.insert(0, if is_place(least) { least.min(lowest) } else { lowest });
    }
    if let Some([.., before, last]) = limits.get_mut(..)
        && *last >= f64::MAX
    {
        *last = if is_place(greatest) { greatest.max(*before) } else { *before };
    }
    if counts.is_empty() {
        limits.clear();
    }
    checked(limits, counts)
}

/// Whether values can lie there: finite, and not the mark for "all that is left".
fn is_place(limit: f64) -> bool {
    limit.is_finite() && limit.abs() < f64::MAX
}

/// Reads the tensor of the plugin `histograms`: rows of left edge, right edge and count. Where a row begins after the one before it
/// ends, an empty bin lies between them.
pub(crate) fn of_tensor(tensor: &Tensor) -> Result<Bins, Fault> {
    if !matches!(*tensor.shape, [_, 3]) {
        return Err(Fault::Value(format!("its shape is {:?}, not rows of three", tensor.shape)));
    }
    let (rows, _) = tensor.numbers.as_chunks::<3>();
    let mut bins = Bins::default();
    for [left, right, count] in rows {
        match bins.edges.last() {
            None => bins.edges.push(*left),
            Some(end) if end == left => {}
            Some(_) => {
                bins.edges.push(*left);
                bins.counts.push(0.0);
            }
        }
        bins.edges.push(*right);
        bins.counts.push(*count);
    }
    checked(bins.edges, bins.counts)
}

/// The histogram, if its edges rise and its counts are counts.
fn checked(edges: Vec<f64>, counts: Vec<f64>) -> Result<Bins, Fault> {
    match wrong(&edges, &counts) {
        None => Ok(Bins { edges, counts }),
        Some(reason) => Err(Fault::Value(reason)),
    }
}

/// Why edges and counts are no histogram, as a clause; `None` if they are one.
pub(crate) fn wrong(edges: &[f64], counts: &[f64]) -> Option<String> {
    let expected = if counts.is_empty() { 0 } else { counts.len() + 1 };
    if edges.len() != expected {
        return Some(format!("it has {} edges for {} counts", edges.len(), counts.len()));
    }
    if let Some(edge) = edges.iter().find(|edge| !edge.is_finite()) {
        return Some(format!("{edge} is one of its edges"));
    }
    if let Some([left, right]) = edges.array_windows().find(|[left, right]| left > right) {
        return Some(format!("its edges fall from {left} to {right}"));
    }
    let count = counts.iter().find(|count| !(count.is_finite() && **count >= 0.0))?;
    Some(format!("{count} is one of its counts"))
}

/// Writes a histogram as a `HistogramProto`. The first bucket is empty and its limit is the first edge, so that readers know where the
/// first bin begins. Readers that take the ends from the least and greatest value (TensorBoard does) are told the outer edges of the
/// outermost bins that hold something. The sums are those of values spread evenly within each bin, because the values are not known.
pub(crate) fn to_proto(edges: &[f64], counts: &[f64]) -> Message {
    let first = counts.iter().position(|count| *count > 0.0).unwrap_or(0);
    let last =
        counts.iter().rposition(|count| *count > 0.0).map_or(edges.len().saturating_sub(1), |at| at + 1);
    let edge = |at: usize| edges.get(at).copied().unwrap_or(0.0);
    let (mut sum, mut squares) = (0.0, 0.0);
    for ([left, right], count) in edges.array_windows().zip(counts) {
        sum += count * (0.5 * left + 0.5 * right);
        squares += count * (left * left + left * right + right * right) / 3.0;
    }
    let mut padded = if edges.is_empty() { Vec::new() } else { vec![0.0] };
    padded.extend_from_slice(counts);
    Message::default()
        .double(1, edge(first))
        .double(2, edge(last))
        // The sum of nothing is minus zero.
        .double(3, counts.iter().sum::<f64>() + 0.0)
        .double(4, sum)
        .double(5, squares)
        .doubles(6, edges)
        .doubles(7, &padded)
}
