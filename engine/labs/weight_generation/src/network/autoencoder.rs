//! The autoencoder of rows of weights, the latent drawn from its posterior while it learns: perceptrons both ways with x·sigmoid(x), or the
//! convolutional one of the released code.

use weightscope_population::Lane;
use weightscope_population::graph::{Dense, Id, Panels, Plan, Slopes, Tape};
use weightscope_population::lane::{flat, flat_mut};

use super::{PIECE, convolution, in_pieces, one_hot, panels, part};
use crate::config::Reconstruction;
use crate::method::autoencoder::{LOG_VARIANCE, SQUARE_FACTOR};
use crate::method::images::Images;
use crate::method::recipe::Sizes;

/// Log variances are clipped to this range before use.
const LIMITS: (f32, f32) = (LOG_VARIANCE.0 as f32, LOG_VARIANCE.1 as f32);
/// Rows that one worker takes at once through convolutions, which remember tens of thousands of numbers for each.
const FEW: usize = 8;

/// The network.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) plan: Plan,
    pub(crate) sizes: Sizes,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Perceptron { encode: [Dense; 2], mean: Dense, log_variance: Dense, decode: [Dense; 3] },
    Convolutional(Box<convolution::Net>),
}

/// Half a batch.
pub(crate) struct Half<'a> {
    /// `[rows, row]`.
    pub(crate) rows: &'a [f32],
    /// Index of each row in its network.
    pub(crate) places: &'a [u32],
    /// `[rows, latent]`, standard normal.
    pub(crate) noise: &'a [f32],
    /// Rows of the whole batch.
    pub(crate) total: usize,
}

/// What is minimised.
pub(crate) struct Loss<'a> {
    pub(crate) kind: Reconstruction,
    pub(crate) kl_weight: f64,
    /// Factor of each squared difference, `[rows of a network, row]`; 1 everywhere but for the layer-wise loss.
    pub(crate) factors: &'a [f32],
}

/// Parts of the loss of half a batch, as shares of the whole batch's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    /// Reconstruction as minimised.
    pub(crate) reconstruction: f64,
    /// Mean squared difference.
    pub(crate) square: f64,
    /// Divergence from the standard normal, nat.
    pub(crate) divergence: f64,
}

impl Net {
    /// The network for these sizes: perceptrons, or convolutions over images.
    pub(crate) fn new(sizes: Sizes, images: Option<&Images>) -> Self {
        let mut plan = Plan::default();
        let Sizes { row, rows, latent, width } = sizes;
        if let Some(images) = images {
            let net = convolution::Net::new(&mut plan, images, row, rows);
            return Self { plan, sizes, way: Way::Convolutional(Box::new(net)) };
        }
        let with_index = |first: usize| if rows > 1 { vec![first, rows] } else { vec![first] };
        let encode =
            [plan.dense("encoder.0", &with_index(row), width), plan.dense("encoder.1", &[width], width)];
        let mean = plan.dense("encoder.mean", &[width], latent);
        let log_variance = plan.dense("encoder.log_variance", &[width], latent);
        let decode = [
            plan.dense("decoder.0", &with_index(latent), width),
            plan.dense("decoder.1", &[width], width),
            plan.dense("decoder.2", &[width], row),
        ];
        Self { plan, sizes, way: Way::Perceptron { encode, mean, log_variance, decode } }
    }

    /// Tensors that are kernels of 3 × 3.
    pub(crate) fn kernels(&self) -> &[String] {
        match &self.way {
            Way::Perceptron { .. } => &[],
            Way::Convolutional(net) => &net.kernels,
        }
    }

    /// What a pass forward costs for one row.
    pub(crate) fn work(&self) -> convolution::Work {
        match &self.way {
            Way::Perceptron { .. } => convolution::Work { products: self.plan.parameters(), numbers: 0 },
            Way::Convolutional(net) => net.work,
        }
    }

    /// Rows that a worker takes at once.
    fn piece(&self) -> usize {
        match self.way {
            Way::Perceptron { .. } => PIECE,
            Way::Convolutional(_) => FEW,
        }
    }

    fn inputs(&self, tape: &mut Tape<'_>, first: Id, places: &[u32]) -> Vec<Id> {
        if self.sizes.rows > 1 {
            let index = tape.input(one_hot(places, self.sizes.rows));
            vec![first, index]
        } else {
            vec![first]
        }
    }

    /// What the moments of the latents are read of.
    fn hidden<'p>(&'p self, tape: &mut Tape<'p>, rows: Id, places: &[u32]) -> Id {
        let inputs = self.inputs(tape, rows, places);
        match &self.way {
            Way::Perceptron { encode: [first, second], .. } => {
                let hidden = tape.dense(*first, &inputs);
                let hidden = tape.silu(hidden);
                let hidden = tape.dense(*second, &[hidden]);
                tape.silu(hidden)
            }
            Way::Convolutional(net) => net.hidden(tape, &inputs),
        }
    }

    fn mean(&self, tape: &mut Tape<'_>, hidden: Id) -> Id {
        match &self.way {
            Way::Perceptron { mean, .. } => tape.dense(*mean, &[hidden]),
            Way::Convolutional(net) => net.mean(tape, hidden),
        }
    }

    fn log_variance(&self, tape: &mut Tape<'_>, hidden: Id) -> Id {
        match &self.way {
            Way::Perceptron { log_variance, .. } => tape.dense(*log_variance, &[hidden]),
            Way::Convolutional(net) => net.log_variance(tape, hidden),
        }
    }

    fn decoded<'p>(&'p self, tape: &mut Tape<'p>, latent: Id, places: &[u32]) -> Id {
        match &self.way {
            Way::Perceptron { decode: [first, second, last], .. } => {
                let inputs = self.inputs(tape, latent, places);
                let hidden = tape.dense(*first, &inputs);
                let hidden = tape.silu(hidden);
                let hidden = tape.dense(*second, &[hidden]);
                let hidden = tape.silu(hidden);
                tape.dense(*last, &[hidden])
            }
            Way::Convolutional(net) => net.decoded(tape, latent, places),
        }
    }

    /// Means of the latents of rows, `[rows, latent]`.
    pub(crate) fn encode(&self, weights: &[Lane], rows: &[f32], places: &[u32]) -> Vec<f32> {
        in_pieces((places.len(), self.piece()), |piece| {
            let mut tape = Tape::new(&self.plan, weights);
            let input = tape.input(panels(part(rows, &piece, self.sizes.row), self.sizes.row));
            let hidden = self.hidden(&mut tape, input, part(places, &piece, 1));
            let mean = self.mean(&mut tape, hidden);
            tape.take(mean).to_rows()
        })
    }

    /// Deviations of the latents of rows around their means, `[rows, latent]`.
    pub(crate) fn deviations(&self, weights: &[Lane], rows: &[f32], places: &[u32]) -> Vec<f32> {
        in_pieces((places.len(), self.piece()), |piece| {
            let mut tape = Tape::new(&self.plan, weights);
            let input = tape.input(panels(part(rows, &piece, self.sizes.row), self.sizes.row));
            let hidden = self.hidden(&mut tape, input, part(places, &piece, 1));
            let log_variance = self.log_variance(&mut tape, hidden);
            let deviation = |value: f32| (0.5 * value.clamp(LIMITS.0, LIMITS.1)).exp();
            tape.take(log_variance).to_rows().into_iter().map(deviation).collect()
        })
    }

    /// Rows of latents, `[rows, row]`.
    pub(crate) fn decode(&self, weights: &[Lane], latents: &[f32], places: &[u32]) -> Vec<f32> {
        in_pieces((places.len(), self.piece()), |piece| {
            let mut tape = Tape::new(&self.plan, weights);
            let input = tape.input(panels(part(latents, &piece, self.sizes.latent), self.sizes.latent));
            let output = self.decoded(&mut tape, input, part(places, &piece, 1));
            tape.take(output).to_rows()
        })
    }

    /// What the loss of half a batch is, and its slopes.
    pub(crate) fn learn(&self, half: &Half<'_>, loss: &Loss<'_>, weights: &[Lane]) -> (Said, Slopes) {
        let mut tape = Tape::new(&self.plan, weights);
        let rows = panels(half.rows, self.sizes.row);
        let input = tape.input(rows.clone());
        let hidden = self.hidden(&mut tape, input, half.places);
        let mean = self.mean(&mut tape, hidden);
        let log_variance = self.log_variance(&mut tape, hidden);
        let latent = tape.draw(mean, log_variance, panels(half.noise, self.sizes.latent), LIMITS);
        let output = self.decoded(&mut tape, latent, half.places);
        let difference = tape.value(output).minus(&rows);
        let square = difference.squares() / (half.total * self.sizes.row) as f64;
        let (reconstruction, slope) = self.reconstruction(difference, loss, half);
        let (divergence, mean_slope, variance_slope) =
            divergence(tape.value(mean), tape.value(log_variance), loss.kl_weight, half.total);
        let from = [(output, slope), (mean, mean_slope), (log_variance, variance_slope)];
        (Said { reconstruction, square, divergence }, tape.backward(from))
    }

    /// Loss of the differences and its gradient.
    fn reconstruction(&self, difference: Panels, loss: &Loss<'_>, half: &Half<'_>) -> (f64, Panels) {
        let count = (half.total * self.sizes.row) as f64;
        match loss.kind {
            Reconstruction::Square => (difference.squares() / count, difference.scaled((2.0 / count) as f32)),
            Reconstruction::Layerwise => {
                let (mut values, mut sum) = (difference.to_rows(), 0.0);
                for (row, place) in values.chunks_exact_mut(self.sizes.row.max(1)).zip(half.places) {
                    let start = *place as usize * self.sizes.row;
                    let factors = loss.factors.get(start..start + self.sizes.row).unwrap_or_default();
                    for (value, factor) in row.iter_mut().zip(factors) {
                        sum += f64::from(*value) * f64::from(*value) * f64::from(*factor);
                        *value *= factor;
                    }
                }
                (sum / count, panels(&values, self.sizes.row).scaled((2.0 / count) as f32))
            }
            Reconstruction::Published => {
                let rows = half.total as f64;
                let absolute: f64 = flat(difference.lanes()).iter().map(|value| f64::from(value.abs())).sum();
                let value = absolute / rows + SQUARE_FACTOR * difference.squares() / count;
                let (each, square) = ((1.0 / rows) as f32, (2.0 * SQUARE_FACTOR / count) as f32);
                let slope = |value: f32| {
                    if value == 0.0 { 0.0 } else { each * value.signum() + square * value }
                };
                (value, difference.map(slope))
            }
        }
    }
}

/// Mean divergence of the rows as their share of the whole batch's, and its gradients by means and log variances.
fn divergence(mean: &Panels, log_variance: &Panels, weight: f64, total: usize) -> (f64, Panels, Panels) {
    let factor = (weight / total as f64) as f32;
    let mean_slope = mean.clone().scaled(factor);
    let mut variance_slope = log_variance.clone();
    let mut sum = 0.0;
    // What lies beyond the last column is zero in both, and e⁰ − 1 − 0 is zero too.
    for (v, m) in flat_mut(variance_slope.lanes_mut()).iter_mut().zip(flat(mean.lanes())) {
        let clipped = v.clamp(LIMITS.0, LIMITS.1);
        let power = clipped.exp();
        sum += f64::from(m * m + power - 1.0 - clipped);
        let inside = *v > LIMITS.0 && *v < LIMITS.1;
        *v = if inside { factor * 0.5 * (power - 1.0) } else { 0.0 };
    }
    (0.5 * sum / total as f64, mean_slope, variance_slope)
}
