//! Refining a network chunk by chunk: candidates for one chunk at a time, the best is kept if the loss on the condition's rows falls
//! (unconfirmed for D2NWG's language models, known from summaries; here the desk form, shown beside the same search with plain noise).

use super::error::{GenerationError, Result};
use super::vectors::Chunks;

/// What the search did.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// The network at the end.
    pub network: Vec<f64>,
    /// Loss at the start and after every chunk: it never rises.
    pub losses: Vec<f64>,
    /// Chunks whose best candidate was kept.
    pub kept: usize,
    /// Chunks that were tried.
    pub tried: usize,
}

impl Refined {
    /// Share of the chunks whose best candidate was kept; not-a-number without chunks.
    pub fn kept_share(&self) -> f64 {
        self.kept as f64 / self.tried as f64
    }
}

/// Walks the chunks of a network in order. `candidates` gives rows for a chunk from its number and its present values, as long as a chunk;
/// `loss` judges a whole network, and must not look at test rows. A loss that is not a number is never kept. Refused for a network or a
/// candidate of another length.
pub fn sequential(
    chunks: Chunks,
    network: &[f64],
    mut candidates: impl FnMut(usize, &[f64]) -> Result<Vec<Vec<f64>>>,
    mut loss: impl FnMut(&[f64]) -> Result<f64>,
) -> Result<Refined> {
    let mut rows = chunks.cut(network)?;
    let mut best = loss(network)?;
    let (mut losses, mut kept) = (vec![best], 0);
    for chunk in 0..chunks.rows() {
        let before = best;
        for candidate in candidates(chunk, rows.row(chunk))? {
            if candidate.len() != chunks.width() {
                let needed = format!("a chunk has {}", chunks.width());
                let found = candidate.len().to_string();
                return Err(GenerationError::Range {
                    what: "the number of values of a candidate",
                    needed,
                    found,
                });
            }
            let mut tried = rows.clone();
            tried.row_mut(chunk).copy_from_slice(&candidate);
            let found = loss(&chunks.join(&tried)?)?;
            if found < best {
                (best, rows) = (found, tried);
            }
        }
        kept += usize::from(best < before);
        losses.push(best);
    }
    Ok(Refined { network: chunks.join(&rows)?, losses, kept, tried: chunks.rows() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_falls_chunk_by_chunk() {
        let chunks = Chunks::new(5, 2).unwrap();
        let loss = |network: &[f64]| Ok(network.iter().map(|value| value * value).sum());
        let candidates = |chunk: usize, values: &[f64]| {
            let worse = values.iter().map(|value| 2.0 * value).collect();
            let better = values.iter().map(|value| 0.5 * value).collect();
            Ok(if chunk == 1 { vec![worse] } else { vec![worse, better, vec![f64::NAN, 0.0]] })
        };
        let found = sequential(chunks, &[2.0; 5], candidates, loss).unwrap();
        assert_eq!(found.network, [1.0, 1.0, 2.0, 2.0, 1.0]);
        assert_eq!(found.losses, [20.0, 14.0, 14.0, 11.0]);
        assert_eq!((found.kept, found.tried), (2, 3));
        assert!((found.kept_share() - 2.0 / 3.0).abs() < 1e-15);
        assert!(sequential(chunks, &[2.0; 5], |_, _| Ok(vec![vec![0.0]]), loss).is_err());
    }
}
