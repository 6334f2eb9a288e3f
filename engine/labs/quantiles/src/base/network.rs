//! The perceptron of the published code, on burn: Linear → ELU, then (L − 1) × [Dropout → Linear → ELU], then Linear; and how it is trained.
//!
//! Tensors do the matrix products and their gradients. The head (pinball, mixture weights, crossing) works on the host, in one pass
//! over the outputs, and hands its gradient back: `∂L/∂θ = ∂(Σ output · constant)/∂θ`.
//! Contract: initial values, order of rows, dropout come from seeded streams; the best parameters by the validation loss are kept.

use burn::tensor::{Device, Tensor};

use super::watch::{Looks, Watch};
use super::{Matrix, Progress};
use crate::method::optimizer::Amsgrad;
use weightscope_frame::run::RunError;
use weightscope_math::rng::{Stream, stream};
use weightscope_nn::elu::elu;
use weightscope_nn::gradient::constant;
use weightscope_nn::layer::{Bias, Linear};
use weightscope_nn::parameters::{Leaves, ParameterError, Parameters, read};
use weightscope_nn::transform::Identity;

/// Rows of one forward pass when predicting.
const CHUNK: usize = 1024;

/// A perceptron with its parameters.
#[derive(Clone, Debug)]
pub struct Network {
    widths: Vec<usize>,
    parameters: Parameters,
    layers: Vec<Linear>,
}

impl Network {
    /// Fresh parameters, uniform in ±1/√inputs. `widths` holds input and output too.
    ///
    /// # Errors
    /// Never for a fresh set of parameters; passed on for form's sake.
    pub fn new(widths: &[usize], random: &mut Stream) -> Result<Self, ParameterError> {
        let mut parameters = Parameters::new();
        let mut layers = Vec::new();
        for (index, pair) in widths.windows(2).enumerate() {
            let mut draw = || random.unit();
            let name = format!("layers.{index}");
            layers.push(Linear::new(&name, pair[0], pair[1], Bias::Learned, &mut parameters, &mut draw)?);
        }
        Ok(Self { widths: widths.to_vec(), parameters, layers })
    }

    /// A network from stored values; `None` if they do not fit.
    pub fn from_values(widths: &[usize], values: &[f32]) -> Option<Self> {
        let mut network = Self::new(widths, &mut stream(0, "unused")).ok()?;
        if network.parameters.len() != values.len() {
            return None;
        }
        network.parameters.values_mut().copy_from_slice(values);
        Some(network)
    }

    /// Sizes of the layers, input and output included.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// All parameters, flat.
    pub fn values(&self) -> &[f32] {
        self.parameters.values()
    }

    /// All parameters, flat, to be changed.
    pub fn values_mut(&mut self) -> &mut [f32] {
        self.parameters.values_mut()
    }

    fn outputs(&self) -> usize {
        self.widths.last().copied().unwrap_or(0)
    }

    fn forward(
        &self,
        leaves: &Leaves,
        input: Tensor<2>,
        mut mask: impl FnMut([usize; 2]) -> Option<Tensor<2>>,
    ) -> Tensor<2> {
        let mut hidden = input;
        for (index, layer) in self.layers.iter().enumerate() {
            // Between hidden layers only: before the output it would add noise to what the loss sees.
            let is_between = index > 0 && index + 1 < self.layers.len();
            if is_between && let Some(mask) = mask(hidden.dims()) {
                hidden = hidden * mask;
            }
            hidden = layer.apply(leaves, hidden, &Identity);
            if index + 1 < self.layers.len() {
                hidden = elu(hidden);
            }
        }
        hidden
    }

    /// Outputs of rows `[rows, inputs]`, without dropout.
    pub fn predict(&self, x: &Matrix, device: &Device) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.rows() * self.outputs());
        self.predict_chunks(x, device, |_, outputs| out.extend_from_slice(outputs));
        out
    }

    /// The same chunk by chunk: first row and outputs of each chunk.
    pub fn predict_chunks(&self, x: &Matrix, device: &Device, mut each: impl FnMut(usize, &[f32])) {
        let leaves = self.parameters.bind(device);
        for (index, rows) in x.values.chunks(CHUNK * x.columns.max(1)).enumerate() {
            let input = constant(rows.to_vec(), [rows.len() / x.columns.max(1), x.columns], device);
            each(index * CHUNK, &read(self.forward(&leaves, input, |_| None)));
        }
    }

    /// Gradient in the parameters for a gradient in the outputs that `head` computes from them.
    pub fn gradient(
        &self,
        input: Vec<f32>,
        dropout: f64,
        random: &mut Stream,
        device: &Device,
        head: impl FnOnce(&[f32], &mut [f32]),
    ) -> Vec<f32> {
        let inputs = self.widths.first().copied().unwrap_or(0);
        let rows = input.len() / inputs.max(1);
        let leaves = self.parameters.bind(device);
        let input = constant(input, [rows, inputs], device);
        let output = self.forward(&leaves, input, |shape| {
            (dropout > 0.0)
                .then(|| constant(dropout_mask(shape[0] * shape[1], dropout, random), shape, device))
        });
        let values = read(output.clone());
        let mut slopes = vec![0.0; values.len()];
        head(&values, &mut slopes);
        let slopes = constant(slopes, [rows, self.outputs()], device);
        let gradients = (output * slopes).sum().backward();
        self.parameters.gradients(&leaves, &gradients)
    }
}

/// 0, or 1/(1 − p) with probability 1 − p.
fn dropout_mask(count: usize, dropout: f64, random: &mut Stream) -> Vec<f32> {
    let keep = (1.0 / (1.0 - dropout)) as f32;
    // Four decisions from one word: a byte resolves a rate to 0.4 %.
    let limit = (dropout * 256.0).round() as u32;
    let mut word = 0;
    (0..count)
        .map(|index| {
            if index % 4 == 0 {
                word = random.next_u32();
            }
            let byte = word & 0xff;
            word >>= 8;
            if byte < limit { 0.0 } else { keep }
        })
        .collect()
}

/// What is trained: where inputs come from, what the outputs cost, how good they are.
pub trait Head {
    /// Inputs of these training rows, `[rows, inputs]`.
    fn inputs(&mut self, rows: &[usize], random: &mut Stream) -> Vec<f32>;
    /// Loss and crossing penalty of the outputs of these rows; the gradient goes into `gradient`.
    fn loss(&mut self, rows: &[usize], outputs: &[f32], gradient: &mut [f32]) -> (f64, f64);
    /// Loss on the validation rows; `None` without any.
    fn validate(&self, network: &Network, device: &Device) -> Option<f64>;
}

/// Settings of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainSettings {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Coupled weight decay.
    pub weight_decay: f64,
    /// Dropout rate before each hidden layer but the first.
    pub dropout: f64,
    /// Rows in a batch.
    pub batch: usize,
    /// Most steps.
    pub most_steps: usize,
    /// Steps between two looks at the validation rows.
    pub every: usize,
    /// Steps without a better validation loss after which training ends.
    pub patience: usize,
}

impl TrainSettings {
    fn looks(&self) -> Looks {
        Looks { every: self.every, patience: self.patience, most_steps: self.most_steps }
    }
}

/// What a training came to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The network with its best parameters.
    pub network: Network,
    /// Steps after which they were reached.
    pub best_step: usize,
    /// Best validation loss; not-a-number without validation rows.
    pub best: f64,
}

/// Trains for at most the settings' steps, keeping the best parameters by the validation loss (without validation rows: the last ones).
pub fn train(
    mut network: Network,
    head: &mut dyn Head,
    rows: usize,
    settings: &TrainSettings,
    (seed, purpose): (u64, &str),
    device: &Device,
    progress: Progress<'_>,
) -> Result<Trained, RunError> {
    let tracked = device.clone().autodiff();
    let mut optimizer =
        Amsgrad::<f32>::new(network.values().len(), settings.learning_rate, settings.weight_decay);
    let mut order = BatchOrder::new(rows, settings.batch, stream(seed, &format!("{purpose}/order")));
    let mut noise = stream(seed, &format!("{purpose}/noise"));
    let mut watch = Watch::new(settings.looks(), network.values().to_vec());
    for step in 1..=settings.most_steps {
        let batch = order.next_batch();
        let input = head.inputs(batch, &mut noise);
        let gradient = network.gradient(input, settings.dropout, &mut noise, &tracked, |outputs, slopes| {
            let (loss, crossing) = head.loss(batch, outputs, slopes);
            watch.add(loss, crossing);
        });
        optimizer.step(network.values_mut(), &gradient);
        progress.check()?;
        if watch.is_due(step) {
            let validation = head.validate(&network, device);
            if watch.look(step, validation, || network.values().to_vec(), progress)? {
                break;
            }
        }
    }
    let best = watch.best();
    network.values_mut().copy_from_slice(&best.state);
    Ok(Trained { network, best_step: best.step, best: best.loss })
}

/// Rows in shuffled order, epoch after epoch; the last batch of an epoch may be smaller.
#[derive(Debug)]
pub struct BatchOrder {
    order: Vec<usize>,
    batch: usize,
    next: usize,
    random: Stream,
}

impl BatchOrder {
    /// An order over `rows` rows.
    pub fn new(rows: usize, batch: usize, random: Stream) -> Self {
        Self { order: (0..rows).collect(), batch: batch.max(1), next: rows, random }
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> &[usize] {
        if self.next >= self.order.len() {
            self.random.shuffle(&mut self.order);
            self.next = 0;
        }
        let start = self.next;
        self.next = (start + self.batch).min(self.order.len());
        &self.order[start..self.next]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_stands_between_hidden_layers_and_nowhere_else() {
        let device = Device::flex();
        for (widths, expected) in [(vec![2, 5, 7, 9, 3], vec![[4, 5], [4, 7]]), (vec![2, 5, 3], vec![])] {
            let network = Network::new(&widths, &mut stream(0, "test")).unwrap();
            let leaves = network.parameters.bind(&device);
            let mut seen = Vec::new();
            let input = constant(vec![0.5; 8], [4, 2], &device);
            let _ = network.forward(&leaves, input, |shape| {
                seen.push(shape);
                None
            });
            assert_eq!(seen, expected, "{widths:?}: Linear → ELU, then Dropout → Linear → ELU, then Linear");
        }
    }
}
