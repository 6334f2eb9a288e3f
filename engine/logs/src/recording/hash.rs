//! Fingerprints of a recording that stay while it grows.

use blake3::Hasher;

use super::document::Part;
use super::error::RecordingError;
use super::reader::Recording;

/// Frames that a fingerprint is taken over at most.
const SAMPLED: usize = 64;

impl Recording {
    /// A fingerprint of which recording this is, as 64 hexadecimal digits: BLAKE3 over its `id`, the tensors and places of its first
    /// part, and its first frame. It stays while the recording grows, from the first frame on, and is the same for copies.
    ///
    /// # Errors
    /// If the first frame cannot be read.
    pub fn identity(&self) -> Result<String, RecordingError> {
        let mut hasher = Hasher::new();
        hasher.update(b"weightscope recording 1");
        hasher.update(&self.id().to_le_bytes());
        if let Some((part, traces)) = self.state.document.parts.first().zip(self.state.traces.first()) {
            add_part(&mut hasher, part);
            if traces.frames > 0 {
                hasher.update(&traces.frame(0)?);
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// A fingerprint of the first `frames` kept frames, as 64 hexadecimal digits: BLAKE3 over the identity and up to 64 evenly spaced
    /// ones of them, with the tensors of their parts. The same frames give the same fingerprint however far the recording has grown;
    /// frames that a later session superseded change it.
    ///
    /// # Errors
    /// If there are fewer frames, or one cannot be read.
    pub fn hash(&self, frames: usize) -> Result<String, RecordingError> {
        let mut hasher = Hasher::new();
        hasher.update(self.identity()?.as_bytes());
        hasher.update(&(frames as u64).to_le_bytes());
        let taken = frames.min(SAMPLED);
        let mut last_part = None;
        for number in 0..taken {
            // u128, because the product of two large numbers may be asked for.
            let at = number as u128 * (frames as u128 - 1) / (taken as u128 - 1).max(1);
            let found = usize::try_from(at).ok().and_then(|at| self.locate(at));
            let (session, index, traces) = found.ok_or_else(|| {
                let problem = format!("it holds {} frames, fewer than {frames}", self.frames());
                RecordingError::unusable(problem, self.path())
            })?;
            let part = self.sessions().get(session).map(|session| session.part);
            if part != last_part {
                let part = part.and_then(|part| self.state.document.parts.get(part));
                part.into_iter().for_each(|part| add_part(&mut hasher, part));
            }
            last_part = part;
            hasher.update(&traces.frame(index)?);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Adds all that gives the numbers of a part their meaning.
fn add_part(hasher: &mut Hasher, part: &Part) {
    let mut add = |numbers: &[usize]| {
        hasher.update(&(numbers.len() as u64).to_le_bytes());
        for number in numbers {
            hasher.update(&(*number as u64).to_le_bytes());
        }
    };
    add(&[part.frame_bytes, part.tensors.len()]);
    for tensor in &part.tensors {
        let figures = tensor.figures().into_iter().flatten();
        let begins: Vec<usize> =
            [tensor.values].into_iter().chain(figures).chain([tensor.row_max, tensor.row_mean]).collect();
        add(&begins);
        add(&tensor.shape);
        add(&tensor.places);
        add(&tensor.rows);
    }
    for text in part.tensors.iter().flat_map(|tensor| [&tensor.name, &tensor.dtype]) {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
}
