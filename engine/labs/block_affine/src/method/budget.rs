//! Equal numbers of trainable parameters: how many a method has on a list of layers, and which rank comes nearest to a given number.

use super::bone::{Bone, Variant};
use super::error::Result;
use super::lora::Lora;
use super::miss::Miss;

/// Outputs and inputs of an adapted layer.
pub type Side = (usize, usize);

/// Parameters of LoRA (and of PiSSA, OLoRA, LoRA-GA, LoRA+): `Σ r·(in + out)`. Refused where a layer allows no such rank.
pub fn lora(layers: &[Side], rank: usize) -> Result<usize> {
    layers.iter().map(|(outputs, inputs)| Ok(Lora::new(rank, 1.0, *outputs, *inputs)?.parameters())).sum()
}

/// Parameters of DoRA: those of LoRA and one per output.
pub fn dora(layers: &[Side], rank: usize) -> Result<usize> {
    Ok(lora(layers, rank)? + layers.iter().map(|(outputs, _)| outputs).sum::<usize>())
}

/// Parameters of a weight-guided variant: `Σ out·b`, `Σ in·b`, or `b²` per layer. Refused where a block does not divide.
pub fn bone(layers: &[Side], variant: Variant, block: usize) -> Result<usize> {
    layers
        .iter()
        .map(|(outputs, inputs)| Ok(Bone::new(variant, block, *outputs, *inputs)?.parameters()))
        .sum()
}

/// Parameters of MiSS: `Σ r·out`. Refused where a layer has fewer than r inputs.
pub fn miss(layers: &[Side], rank: usize) -> Result<usize> {
    layers.iter().map(|(outputs, inputs)| Ok(Miss::new(rank, *outputs, *inputs)?.parameters())).sum()
}

/// Parameters of full fine-tuning of these layers: `Σ out·in`, biases not counted.
pub fn full(layers: &[Side]) -> usize {
    layers.iter().map(|(outputs, inputs)| outputs * inputs).sum()
}

/// The rank of LoRA whose number of parameters is nearest to `wanted`, from 1 to the smallest side of all layers; of two equally near the
/// smaller. `None` without layers.
pub fn nearest_rank(layers: &[Side], wanted: usize) -> Option<usize> {
    let most = layers.iter().map(|(outputs, inputs)| *outputs.min(inputs)).min()?;
    let per_rank: usize = layers.iter().map(|(outputs, inputs)| outputs + inputs).sum();
    (1..=most).min_by_key(|rank| (rank * per_rank).abs_diff(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Layers that are adapted in two blocks of the LLaMA-like base: q, k, v, o, gate, up, down.
    fn llama() -> Vec<Side> {
        [&[(64, 64); 4][..], &[(176, 64), (176, 64), (64, 176)]].concat().repeat(2)
    }

    /// The same of the RWKV-like base: r, k, v, g, o, and k, v, r of the channel mix.
    fn rwkv() -> Vec<Side> {
        [&[(64, 64); 6][..], &[(256, 64), (64, 256)]].concat().repeat(2)
    }

    #[test]
    fn counts_are_those_of_the_sheet() {
        assert_eq!(bone(&llama(), Variant::Column, 16).unwrap(), 21_504);
        assert_eq!(miss(&llama(), 16).unwrap(), 21_504);
        assert_eq!(nearest_rank(&llama(), 21_504), Some(9));
        assert_eq!(lora(&llama(), 9).unwrap(), 22_176);
        assert_eq!(bone(&rwkv(), Variant::Column, 16).unwrap(), 22_528);
        assert_eq!(nearest_rank(&rwkv(), 22_528), Some(8));
        assert_eq!(lora(&rwkv(), 8).unwrap(), 22_528);
        assert_eq!(full(&llama()), 100_352);
        assert_eq!(dora(&rwkv(), 8).unwrap(), 22_528 + 1_408);
    }

    #[test]
    fn what_a_layer_does_not_allow_is_refused() {
        assert!(bone(&llama(), Variant::Row, 32).is_err(), "176 has no blocks of 32");
        assert!(lora(&llama(), 65).is_err() && miss(&llama(), 65).is_err());
        assert_eq!(nearest_rank(&[], 10), None);
        assert_eq!(nearest_rank(&llama(), usize::MAX), Some(64));
    }
}
