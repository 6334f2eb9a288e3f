//! A table that other runs made in parts: one training after the other as a single run would have made it.
//!
//! Contract: accuracies are those of the parts, bit for bit. What one run would have trained otherwise is refused before.

use std::path::Path;

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Cut, PARTS, Parts, RunError};

use super::{TABLE, product};
use crate::config::Config;

/// How a table is cut: by architectures, each with all its seeds. A part is a table without a search.
const CUT: Cut<Config> =
    Cut { catalogue: crate::OWN, part: Config::part, stages: &[TABLE], aside: &["task"] };

/// The trainings of all parts.
pub(crate) struct Joined {
    /// The runs that made them.
    pub(super) parts: Parts,
    /// What was read.
    pub(super) read: Read,
    /// Test accuracies, architectures fastest.
    accuracies: Vec<f64>,
    /// Seconds of all trainings.
    seconds: f64,
}

impl Joined {
    /// Accuracy of a training by its place, and its share of the seconds.
    pub(super) fn training(&self, place: usize) -> Result<(f64, f64), RunError> {
        let accuracy = self.accuracies.get(place).copied();
        let accuracy =
            accuracy.ok_or_else(|| RunError::Defect("a training of the parts is missing".to_owned()))?;
        Ok((accuracy, self.seconds / self.accuracies.len() as f64))
    }
}

/// Takes the trainings of so many architectures on the data that were read from the runs in a folder.
pub(super) fn join(
    config: &Config,
    folder: &str,
    architectures: usize,
    data: &[Read],
) -> Result<Joined, RunError> {
    let parts = CUT.find(folder, config, data).map_err(|problem| RunError::Problems(vec![problem]))?;
    let seeds = config.table_seeds as usize;
    let mut accuracies = vec![f64::NAN; architectures * seeds];
    let mut seconds = 0.0;
    for (run, part) in parts.shares(architectures) {
        let state = product::state(run)?;
        if state.trained.len() != part.len() * seeds {
            return Err(unlike(run, state.trained.len(), part.len() * seeds));
        }
        let places = (0..seeds).flat_map(|seed| part.iter().map(move |place| seed * architectures + place));
        for (place, accuracy) in places.zip(&state.trained) {
            if let Some(slot) = accuracies.get_mut(place) {
                *slot = *accuracy;
            }
        }
        seconds += state.table_seconds;
    }
    let bytes: Vec<u8> = accuracies.iter().flat_map(|accuracy| accuracy.to_le_bytes()).collect();
    let read = Read {
        place: folder.to_owned(),
        form: format!("table of architectures in {} parts", parts.runs.len()),
        hash: blake3::hash(&bytes).to_hex().to_string(),
        rows: architectures,
        of: "architectures".to_owned(),
        ..Read::default()
    };
    Ok(Joined { parts, read, accuracies, seconds })
}

fn unlike(run: &Path, found: usize, wanted: usize) -> RunError {
    let why = format!("a part holds {found} trainings instead of {wanted}; make it again: {}", run.display());
    RunError::Problems(vec![Problem::error(PARTS, why)])
}
