//! The zoo as rows to learn from: aligned, scaled, cut.

use weightscope_math::linalg::Dense;
use weightscope_math::matching::{self, Permutations};

use crate::config::{Align, Config, Normalise, Reconstruction};
use crate::method::error::Result;
use crate::method::normalise::{Scales, layer_deviations};
use crate::method::vectors::{Chunks, Layout};

/// Passes of alignment: the first one to the first network, the others to the running mean.
const PASSES: usize = 3;

/// Everything that follows from the zoo before anything is learned of it.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// Inputs, hidden widths, outputs.
    pub(crate) sizes: Vec<usize>,
    pub(crate) layout: Layout,
    pub(crate) chunks: Chunks,
    pub(crate) scales: Scales,
    /// Aligned networks of the zoo.
    pub(crate) networks: Vec<Vec<f32>>,
    /// Scaled rows of the zoo, `[networks · rows, width]`.
    pub(crate) rows: Vec<f32>,
    /// The networks of unseen tasks, aligned to it.
    pub(crate) scratch: Vec<Vec<f32>>,
    /// The same as scaled rows.
    pub(crate) scratch_rows: Vec<f32>,
    /// Factors of squared differences, `[rows, width]`; ones but for the layer-wise loss.
    pub(crate) factors: Vec<f32>,
}

impl Prepared {
    /// Prepares a zoo of networks of these sizes, with the networks of unseen tasks.
    pub(crate) fn new(
        config: &Config,
        sizes: &[usize],
        networks: &[Vec<f32>],
        scratch: &[Vec<f32>],
    ) -> Result<Self> {
        let layout = Layout::of_sizes(sizes);
        let (mut networks, mut scratch) = (networks.to_vec(), scratch.to_vec());
        if config.align == Align::WeightMatching {
            let reference = align(sizes, &mut networks);
            scratch.iter_mut().for_each(|network| *network = matched(sizes, &reference, network));
        }
        let scales = match config.normalise {
            Normalise::PerTensor => Scales::pooled(&layout, &networks)?,
            Normalise::Constant => Scales::constant(&layout, overall(&networks))?,
            Normalise::None => Scales::constant(&layout, 1.0)?,
        };
        // A chunk longer than the network is the network.
        let chunk = if config.chunk as usize >= layout.length() { 0 } else { config.chunk as usize };
        let chunks = Chunks::new(layout.length(), chunk)?;
        let mut prepared = Self {
            sizes: sizes.to_vec(),
            layout,
            chunks,
            scales,
            networks,
            rows: Vec::new(),
            scratch,
            scratch_rows: Vec::new(),
            factors: Vec::new(),
        };
        prepared.rows = prepared.rows_of(&prepared.networks)?;
        prepared.scratch_rows = prepared.rows_of(&prepared.scratch)?;
        prepared.factors = prepared.loss_factors(config)?;
        Ok(prepared)
    }

    /// Scaled rows of networks, one after another.
    pub(crate) fn rows_of(&self, networks: &[Vec<f32>]) -> Result<Vec<f32>> {
        let mut rows = Vec::with_capacity(networks.len() * self.chunks.rows() * self.chunks.width());
        for network in networks {
            let scaled = self.scales.apply(&self.layout, network)?;
            rows.extend(self.chunks.cut(&scaled)?.into_values());
        }
        Ok(rows)
    }

    /// Networks of scaled rows.
    pub(crate) fn networks_of(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>> {
        let (count, width) = (self.chunks.rows(), self.chunks.width());
        rows.chunks_exact((count * width).max(1))
            .map(|rows| {
                let joined = self.chunks.join(&Dense::new(count, width, rows.to_vec())?)?;
                self.scales.undo(&self.layout, &joined)
            })
            .collect()
    }

    /// Networks scaled, not cut: what distances are taken of.
    pub(crate) fn scaled(&self, networks: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        networks.iter().map(|network| self.scales.apply(&self.layout, network)).collect()
    }

    /// Number of values of a network.
    pub(crate) fn length(&self) -> usize {
        self.layout.length()
    }

    /// Names of the tensors that do not vary over the zoo.
    pub(crate) fn constant_tensors(&self) -> Vec<String> {
        let name = |index: usize| self.layout.tensors().get(index).map(|tensor| tensor.name.clone());
        self.scales.constant_tensors().into_iter().filter_map(name).collect()
    }

    fn loss_factors(&self, config: &Config) -> Result<Vec<f32>> {
        if config.reconstruction != Reconstruction::Layerwise {
            return Ok(vec![1.0; self.chunks.rows() * self.chunks.width()]);
        }
        let scaled = self.scaled(&self.networks)?;
        let deviations = layer_deviations(&self.layout, &scaled)?;
        let mut factors = Vec::with_capacity(self.length());
        for (tensor, deviation) in self.layout.tensors().iter().zip(deviations) {
            factors.extend(std::iter::repeat_n((1.0 / (deviation * deviation)) as f32, tensor.range.len()));
        }
        Ok(self.chunks.cut(&factors)?.into_values())
    }
}

/// Deviation of all weights of all networks; 1 if nothing varies.
fn overall(networks: &[Vec<f32>]) -> f64 {
    let mut moments = weightscope_math::stats::moments::Moments::default();
    networks.iter().flatten().for_each(|value| moments.push(f64::from(*value)));
    moments.variance().map(f64::sqrt).filter(|deviation| *deviation > 0.0).unwrap_or(1.0)
}

/// Aligns networks in place; what they were aligned to last: the mean of them all.
fn align(sizes: &[usize], networks: &mut [Vec<f32>]) -> Vec<f32> {
    let mut reference = networks.first().cloned().unwrap_or_default();
    for _ in 0..PASSES {
        use rayon::prelude::*;
        networks.par_iter_mut().for_each(|network| *network = matched(sizes, &reference, network));
        reference = mean(networks);
    }
    reference
}

/// Mean of networks.
pub(crate) fn mean(networks: &[Vec<f32>]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; networks.first().map_or(0, Vec::len)];
    for network in networks {
        sums.iter_mut().zip(network).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums.into_iter().map(|sum| (sum / networks.len().max(1) as f64) as f32).collect()
}

/// The permutation of a network's hidden units that brings it nearest to another.
pub(crate) fn permutations(sizes: &[usize], reference: &[f32], network: &[f32]) -> Permutations {
    matching::match_weights(sizes, reference, network, |layers| (0..layers).collect()).permutations
}

fn matched(sizes: &[usize], reference: &[f32], network: &[f32]) -> Vec<f32> {
    matching::permute(sizes, network, &permutations(sizes, reference, network))
}
