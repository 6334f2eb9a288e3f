//! Tied tensors: the same weights under several names, counted once.
//!
//! Contract: looked for once, after the statistics, because tensors of unlike figures cannot be equal: what is then read of the file is
//! next to nothing, and nothing stands between a file and its table.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;
use weightscope_weights::{WeightsError, tied};

use super::layer::Measured;
use crate::config::Config;

/// Ties that are said one by one.
const MOST_SAID: usize = 20;

/// Finds the rows that are tied to an earlier one, by the format or because their contents are equal, and says so; nothing if that was
/// done.
pub(super) fn find(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    if run.state.ties.is_some() {
        return Ok(());
    }
    let shared = run.shared;
    let rows: HashMap<usize, usize> =
        shared.tensors.iter().enumerate().map(|(row, place)| (*place, row)).collect();
    // Rows whose figures differ and share a hash are told apart by their contents.
    let hasher = RandomState::new();
    let figures_of = |row: usize| {
        let measured = run.state.layers.get(row)?.measured.as_ref().filter(|one| varies(one))?;
        Some(hasher.hash_one(figures(measured)))
    };
    let mut alike: HashMap<u64, usize> = HashMap::new();
    for figures in (0..shared.tensors.len()).filter_map(figures_of) {
        *alike.entry(figures).or_default() += 1;
    }
    let may_be_tied = |place: usize| {
        let figures = rows.get(&place).and_then(|row| figures_of(*row));
        figures.and_then(|figures| alike.get(&figures)).is_some_and(|count| *count > 1)
    };
    let context = &run.context;
    let found = match tied(shared.source.as_ref(), &may_be_tied, &|| context.check().is_err()) {
        Err(WeightsError::Cancelled { .. }) => return run.check(),
        found => found.map_err(|error| RunError::setting("model", error.to_string()))?,
    };
    let row_of = |place: usize| rows.get(&place).copied();
    let ties: Vec<Option<usize>> =
        shared.tensors.iter().map(|place| found.get(*place).copied().flatten().and_then(row_of)).collect();
    let name = |row: usize| shared.tensor(row).map_or("", |tensor| tensor.name.as_str());
    for (row, other) in
        ties.iter().enumerate().filter_map(|(row, other)| Some((row, (*other)?))).take(MOST_SAID)
    {
        run.message(&format!("{} is tied to {}: the same weights, counted once", name(row), name(other)));
    }
    run.state.ties = Some(ties);
    Ok(())
}

/// False for a tensor whose numbers are all the same: it is tied to none, and needs no reading.
fn varies(measured: &Measured) -> bool {
    measured.min < measured.max || measured.non_finite > 0
}

/// What equal tensors have in common, bit by bit.
fn figures(measured: &Measured) -> [u64; 9] {
    let bits = |value: f64| value.to_bits();
    [
        measured.parameters,
        measured.zeros,
        measured.non_finite,
        measured.near_zero,
        bits(measured.mean),
        bits(measured.std),
        bits(measured.min),
        bits(measured.max),
        bits(measured.kurtosis),
    ]
}
