//! Layer normalisation over the leading channels, and its two mixtures.
//!
//! `exact` (inferred, recommended): `y = Σ_i a_i PAD(LN(x[:e_i]; γ[:e_i], β[:e_i]))`; one-hot weights give the layer of the stand-alone network.
//! `published` (established, read in the released code): γ and β are superposed, mean and variance are taken over all channels.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Parts, Region, Tape, unfit};
use crate::method::kernel::dot;

struct Norm {
    input: Node,
    gamma: Node,
    beta: Node,
    /// Channels that are normalised.
    width: usize,
    /// Channels of a row.
    full: usize,
    epsilon: f64,
}

impl Norm {
    /// Standardised leading channels of a row, and 1/σ.
    fn standardised<T: Number>(&self, row: &[T], out: &mut Vec<T>) -> T {
        let count = T::from_f64(self.width as f64);
        let row = row.get(..self.width).unwrap_or_default();
        let mean = row.iter().copied().sum::<T>() / count;
        out.clear();
        out.extend(row.iter().map(|value| *value - mean));
        let variance = dot(out, out) / count;
        let inverse = T::ONE / (variance + T::from_f64(self.epsilon)).root();
        out.iter_mut().for_each(|value| *value = *value * inverse);
        inverse
    }
}

impl<T: Number> Operation<T> for Norm {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let (mut normal, mut slopes) = (Vec::with_capacity(self.width), Vec::with_capacity(self.width));
        let count = T::from_f64(self.width as f64);
        let rows = tape.values(self.input).chunks_exact(self.full.max(1));
        for (place, (row, above)) in rows.zip(upstream.chunks_exact(self.full.max(1))).enumerate() {
            let inverse = self.standardised(row, &mut normal);
            if let Some(slot) = gradients.slot(tape, self.gamma) {
                let terms = slot.iter_mut().zip(above.iter().zip(&normal));
                terms.for_each(|(slot, (above, normal))| *slot += *above * *normal);
            }
            if let Some(slot) = gradients.slot(tape, self.beta) {
                slot.iter_mut().zip(above).take(self.width).for_each(|(slot, above)| *slot += *above);
            }
            let Some(slot) = gradients.slot(tape, self.input) else { continue };
            slopes.clear();
            let gamma = tape.values(self.gamma).iter().take(self.width);
            slopes.extend(gamma.zip(above).map(|(gamma, above)| *gamma * *above));
            let mean = slopes.iter().copied().sum::<T>() / count;
            let along = dot(&slopes, &normal) / count;
            let start = place * self.full;
            let slot = slot.get_mut(start..start + self.width).into_iter().flatten();
            for ((slot, slope), normal) in slot.zip(&slopes).zip(&normal) {
                *slot += inverse * (*slope - mean - *normal * along);
            }
        }
    }
}

impl<T: Number> Tape<T> {
    /// Layer normalisation of the first `width` channels of the last axis with the first `width` entries of γ and β; zeros beyond.
    /// γ and β may be longer. Refuses a width of 0 or beyond x, γ or β.
    pub fn layer_norm(
        &mut self,
        input: Node,
        gamma: Node,
        beta: Node,
        width: usize,
        epsilon: f64,
    ) -> Result<Node, MathError> {
        let shape = self.shape(input).to_vec();
        let full = shape.last().copied().unwrap_or(0);
        let least = full.min(self.values(gamma).len()).min(self.values(beta).len());
        if width == 0 || width > least {
            return Err(unfit("a layer normalisation", format!("1 to {least} channels"), width));
        }
        let operation = Norm { input, gamma, beta, width, full, epsilon };
        let mut values = Vec::with_capacity(self.values(input).len());
        let mut normal = Vec::with_capacity(width);
        for row in self.values(input).chunks_exact(full) {
            operation.standardised(row, &mut normal);
            let affine = self.values(gamma).iter().zip(self.values(beta));
            values.extend(normal.iter().zip(affine).map(|(normal, (gamma, beta))| *normal * *gamma + *beta));
            values.extend(std::iter::repeat_n(T::ZERO, full - width));
        }
        Ok(self.push(shape, values, &[input, gamma, beta], operation))
    }

    /// The exact mixture of layer normalisations over nested widths; `weights` holds one weight for each width.
    pub fn layer_norm_exact(
        &mut self,
        input: Node,
        gamma: Node,
        beta: Node,
        widths: &[usize],
        weights: Node,
        epsilon: f64,
    ) -> Result<Node, MathError> {
        let mut parts = Vec::with_capacity(widths.len());
        for (option, width) in widths.iter().enumerate() {
            parts.push((option, self.layer_norm(input, gamma, beta, *width, epsilon)?, None));
        }
        let shape = self.shape(input).to_vec();
        self.mix(&shape, weights, &parts)
    }

    /// The mixture of the released code: γ and β superposed, mean and variance over all channels.
    pub fn layer_norm_published(
        &mut self,
        input: Node,
        gamma: Node,
        beta: Node,
        widths: &[usize],
        weights: Node,
        epsilon: f64,
    ) -> Result<Node, MathError> {
        let full = self.shape(input).last().copied().unwrap_or(0);
        let regions: Vec<Region> = widths.iter().map(|width| Region::leading(&[*width])).collect();
        let parts = Parts::new(&[full], regions.iter().map(Some))?;
        let (gamma, beta) = (self.superpose(gamma, weights, &parts)?, self.superpose(beta, weights, &parts)?);
        self.layer_norm(input, gamma, beta, full, epsilon)
    }
}
