//! Where the passes of a base model run: by hand on the host, or as tensors on the device of the run.
//!
//! On a graphics adapter the flat vector of weights goes over as one tensor and is cut there, burn's autodiff gives the gradient by the
//! wanted tensors, and both loss and gradient come back in one transfer, in the layout that the passes by hand use.
//! - `bound`: flat vectors as tensors and back; `parts`: what the models are made of; `llama`, `gpt`, `rwkv`: the models
//!
//! Contract: tensors and passes by hand are one function, dropped entries included; tests hold them to each other. A device takes what
//! goes through a language model with many rows: steps, judgements, the gradients that a start or a Hessian asks for. On the host stay
//! perceptrons, text that is sampled token by token, and all that is done with weights alone: adapters, the optimizer, decompositions.

mod bound;
mod gpt;
mod llama;
mod parts;
mod rwkv;

#[cfg(test)]
mod tests;

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use weightscope_nn::gradient::is_host;
use weightscope_nn::parameters::read;

use crate::compute::layout::Layout;
use crate::compute::model::{Batch, Dropping, Input, Memory, Model, Net};
use bound::{Bound, Wanted};

/// Numbers that the widest tensor has while rows are judged, so that a large vocabulary or a long context does not fill the memory of an
/// adapter.
const AT_ONCE: usize = 1 << 23;

/// A language model as tensors.
trait Language {
    /// Logits `[tokens, vocabulary]` of rows of `times` tokens.
    fn logits(&self, bound: &mut Bound<'_>, tokens: Tensor<1, Int>, times: usize) -> Tensor<2>;

    /// Scores of a token over all heads, in rows of `times` tokens.
    fn scores(&self, times: usize) -> usize;
}

/// A base model, and where its passes run.
#[derive(Clone, Debug)]
pub(crate) struct Passes {
    model: Model<f32>,
    /// Where tensors live; `None` for passes by hand on the host.
    device: Option<Device>,
}

/// Rows of tokens with the tokens that come next.
#[derive(Clone, Copy, Debug)]
struct Rows<'a> {
    tokens: &'a [u32],
    targets: &'a [u32],
    times: usize,
}

/// A network as tensors, with its device and its rows.
type Remote<'a> = (&'a dyn Language, &'a Device, Rows<'a>);

impl Passes {
    /// Passes by hand.
    #[cfg(test)]
    pub(crate) fn on_host(model: Model<f32>) -> Self {
        Self { model, device: None }
    }

    /// Passes on this device, if the model is a language model and the device is not the host; else by hand.
    pub(crate) fn new(model: Model<f32>, device: &Device) -> Self {
        let goes = !is_host(device) && language(&model.net).is_some();
        Self { device: goes.then(|| device.clone()), model }
    }

    /// True if passes run as tensors on a device.
    pub(crate) fn is_on_device(&self) -> bool {
        self.device.is_some()
    }

    /// Where tensors of the model lie in a flat vector.
    pub(crate) fn layout(&self) -> &Layout {
        &self.model.layout
    }

    /// What a batch needs on a device; `None` if it is computed by hand.
    fn remote<'a>(&'a self, batch: Batch<'a, f32>) -> Option<Remote<'a>> {
        let Batch::Tokens { tokens, targets, times } = batch else { return None };
        Some((language(&self.model.net)?, self.device.as_ref()?, Rows { tokens, targets, times }))
    }

    /// Mean loss of a batch with these weights, and its gradient by the wanted tensors; what stood in `gradient` there is replaced.
    pub(crate) fn gradient(
        &self,
        weights: &[f32],
        batch: Batch<'_, f32>,
        wanted: &[bool],
        dropping: Option<Dropping<'_, f32>>,
        gradient: &mut [f32],
        memory: &mut Memory<f32>,
    ) -> f64 {
        let Some((net, device, rows)) = self.remote(batch) else {
            return self.model.gradient(weights, batch, wanted, dropping, gradient, memory);
        };
        let span = tracing::trace_span!("forward").entered();
        let of =
            Wanted { tensors: wanted, dropping, part: self.model.part_length(rows.tokens.len(), rows.times) };
        let mut bound = Bound::new(self.layout(), weights, Some(of), device);
        let logs = log_shares(net, &mut bound, rows, device);
        let loss = logs.clone().sum() / -(rows.tokens.len().max(1) as f32);
        drop(span);
        let _span = tracing::trace_span!("backward").entered();
        let logs = bound.read(logs, &loss.backward(), gradient);
        mean_loss(&logs)
    }

    /// Mean loss of a batch, without a gradient.
    pub(crate) fn loss(&self, weights: &[f32], batch: Batch<'_, f32>, memory: &mut Memory<f32>) -> f64 {
        let Some((net, device, rows)) = self.remote(batch) else {
            return self.model.loss(weights, batch, memory);
        };
        let mut bound = Bound::new(self.layout(), weights, None, device);
        mean_loss(&read(log_shares(net, &mut bound, rows, device)))
    }

    /// Mean loss of each row of `times` tokens.
    pub(crate) fn row_losses(
        &self,
        weights: &[f32],
        tokens: &[u32],
        targets: &[u32],
        times: usize,
        memory: &mut Memory<f32>,
    ) -> Vec<f64> {
        let batch = Batch::Tokens { tokens, targets, times };
        let Some((net, device, _)) = self.remote(batch) else {
            return self.model.row_losses(weights, tokens, targets, times, memory);
        };
        let mut bound = Bound::new(self.layout(), weights, None, device);
        // What a token has most of: scores, or outputs of a layer such as logits.
        let outputs = self.layout().0.iter().map(|place| place.rows).max().unwrap_or(1);
        let widest = net.scores(times).max(outputs);
        let length = (AT_ONCE / (widest * times).max(1)).max(1) * times;
        let pieces = tokens.chunks(length).zip(targets.chunks(length));
        let logs = pieces.flat_map(|(tokens, targets)| {
            read(log_shares(net, &mut bound, Rows { tokens, targets, times }, device))
        });
        let logs: Vec<f32> = logs.collect();
        logs.chunks(times.max(1)).map(mean_loss).collect()
    }

    /// Outputs of a whole batch, with updates beside the weights if they are given.
    pub(crate) fn outputs_of(
        &self,
        weights: &[f32],
        batch: Batch<'_, f32>,
        beside: Option<Dropping<'_, f32>>,
        memory: &mut Memory<f32>,
    ) -> Vec<f32> {
        let Some((net, device, rows)) = self.remote(batch) else {
            return self.model.outputs_of(weights, batch, beside, memory);
        };
        let of = beside.map(|_| Wanted { tensors: &[], dropping: beside, part: rows.tokens.len() });
        let mut bound = Bound::new(self.layout(), weights, of, device);
        read(net.logits(&mut bound, ids(rows.tokens, device), rows.times))
    }

    /// Outputs of rows of features, or logits of one row of tokens; always by hand.
    pub(crate) fn outputs(
        &self,
        weights: &[f32],
        input: Input<'_, f32>,
        memory: &mut Memory<f32>,
    ) -> Vec<f32> {
        self.model.outputs(weights, input, memory)
    }
}

/// The model as tensors; `None` for one that is computed by hand only.
fn language(net: &Net<f32>) -> Option<&dyn Language> {
    match net {
        Net::Llama(net) => Some(net),
        Net::Rwkv(net) => Some(net),
        Net::Gpt(net) => Some(net),
        Net::Mlp(_) => None,
    }
}

/// Tokens on a device.
fn ids(tokens: &[u32], device: &Device) -> Tensor<1, Int> {
    let numbers: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [tokens.len()]), device)
}

/// Logarithm of the share that each target gets, `[tokens, 1]`.
fn log_shares(net: &dyn Language, bound: &mut Bound<'_>, rows: Rows<'_>, device: &Device) -> Tensor<2> {
    let logits = net.logits(bound, ids(rows.tokens, device), rows.times);
    let targets = ids(rows.targets, device).reshape([rows.targets.len(), 1]);
    activation::log_softmax(logits, 1).gather(1, targets)
}

/// Mean over targets, summed in double precision.
fn mean_loss(logs: &[f32]) -> f64 {
    -logs.iter().map(|log| f64::from(*log)).sum::<f64>() / logs.len().max(1) as f64
}
