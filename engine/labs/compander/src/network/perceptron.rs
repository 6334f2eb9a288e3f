//! The perceptron on the fused kernel.

use std::ops::Range;
use std::sync::Arc;

use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_population::lane::{Lane, flat, flat_mut};
use weightscope_population::learner::inner;
use weightscope_population::{
    Activation, Elementwise as _, Judgement, Learner, Machine, Objective, Regularizers, Samples, Shape,
    Targets,
};

use super::{Function, Matrix, PairGradients, SALIENCY_SMOOTHING, StepRule, Stepped, Tensor, defect};
use crate::config::Config;
use crate::data::{Material, Rows, Trial};
use crate::method::saliency::Saliency;

/// Rows that are judged or differentiated at once.
const JUDGED_AT_ONCE: usize = 128;

/// The rows of a repeat in the kernel's layout, shared by the network and its twin.
struct Parts {
    train: Samples,
    held_out: Option<Samples>,
    test: Samples,
}

/// A perceptron in training.
#[derive(Clone)]
pub(crate) struct Perceptron {
    learner: Learner,
    parts: Arc<Parts>,
    layers: Vec<Matrix>,
    judge: Machine,
    /// Rows of the present batch.
    rows: Vec<u32>,
}

/// Rows as the kernel lays them.
fn samples(rows: &Rows, columns: usize) -> Result<Samples, RunError> {
    Samples::new(&rows.features, columns, Targets::Classes(rows.labels.clone()))
        .ok_or_else(|| defect("rows and labels do not fit together"))
}

impl Perceptron {
    /// With Gaussian initial weights N(0, 2/inputs), biases 0.
    pub(super) fn new(
        config: &Config,
        material: &Material,
        trial: &Trial,
        random: &mut Stream,
    ) -> Result<Self, RunError> {
        let columns = material.columns;
        let parts = Parts {
            train: samples(&trial.train, columns)?,
            held_out: if trial.held_out.labels.is_empty() {
                None
            } else {
                Some(samples(&trial.held_out, columns)?)
            },
            test: samples(&trial.test, columns)?,
        };
        let mut sizes = vec![columns];
        sizes.extend(config.hidden_widths.iter().map(|width| *width as usize));
        sizes.push(material.classes);
        let shape = Shape::new(&sizes, Activation::Relu, Objective::CrossEntropy).map_err(defect)?;
        let mut start = vec![0.0; shape.parameters()];
        let tensors = shape.tensors();
        for tensor in &tensors {
            if let ([_, inputs], Some(values)) = (&tensor.shape[..], start.get_mut(tensor.range.clone())) {
                let deviation = (2.0 / *inputs as f32).sqrt();
                random.fill_normal(values);
                values.iter_mut().for_each(|value| *value *= deviation);
            }
        }
        let with = Regularizers {
            label_smoothing: config.label_smoothing as f32,
            dropout: config.dropout as f32,
            batch_norm: config.batch_norm,
        };
        let batch = (config.batch_size as usize).min(trial.train.labels.len());
        let latent = shape.pack(&start).map_err(defect)?;
        let matrices = tensors.iter().filter(|tensor| tensor.shape.len() == 2);
        let last = sizes.len() - 2;
        let layers = matrices.enumerate().map(|(place, tensor)| Matrix {
            name: tensor.name.clone(),
            label: tensor.name.trim_end_matches(".weight").to_owned(),
            inputs: tensor.shape.get(1).copied().unwrap_or(1),
            range: tensor.range.clone(),
            hidden: place < last,
        });
        Ok(Self {
            layers: layers.collect(),
            judge: Machine::new(&shape, JUDGED_AT_ONCE),
            rows: Vec::with_capacity(batch),
            learner: Learner::new(&shape, latent, batch, with),
            parts: Arc::new(parts),
        })
    }

    pub(super) fn layers(&self) -> &[Matrix] {
        &self.layers
    }

    pub(super) fn tensors(&self) -> Vec<Tensor> {
        let own = self.learner.shape().tensors().into_iter();
        own.map(|tensor| Tensor { name: tensor.name, shape: tensor.shape, range: tensor.range }).collect()
    }

    pub(super) fn latent(&self) -> Vec<f32> {
        self.learner.shape().unpack(&self.learner.latent)
    }

    pub(super) fn set_latent(&mut self, latent: &[f32]) -> Result<(), RunError> {
        self.learner.latent = self.learner.shape().pack(latent).map_err(defect)?;
        Ok(())
    }

    pub(super) fn step(
        &mut self,
        rows: &[usize],
        by: &StepRule,
        function: &Function,
        random: &mut Stream,
    ) -> Stepped {
        self.rows.clear();
        self.rows.extend(rows.iter().map(|row| *row as u32));
        let learner = &mut self.learner;
        learner.regularize(by.label_smoothing, by.dropout);
        learner.express(function);
        let loss = learner.measure(&self.parts.train, &self.rows, random);
        let mut pairs = by.pairs.then(|| vec![[0.0; 2]; self.layers.len()]);
        if let Some(pairs) = &mut pairs {
            // w = a·f(v/b): ∂L/∂log a = Σ ∂L/∂w·w, and ∂L/∂log b = −Σ ∂L/∂v·v for every form.
            for (layer, pair) in
                pairs.iter_mut().enumerate().filter(|(layer, _)| function.of(*layer).is_some())
            {
                let (_, effective, gradient) = learner.layer(layer);
                pair[0] = inner(gradient, effective);
            }
        }
        learner.through(function);
        if let Some(pairs) = &mut pairs {
            for (layer, pair) in
                pairs.iter_mut().enumerate().filter(|(layer, _)| function.of(*layer).is_some())
            {
                let (latent, _, gradient) = learner.layer(layer);
                pair[1] = -inner(gradient, latent);
            }
        }
        learner.advance(&by.advance, function);
        Stepped { loss, pairs }
    }

    pub(super) fn held_out_pairs(&mut self, function: &Function) -> PairGradients {
        let mut pairs = vec![[0.0; 2]; self.layers.len()];
        let Some(held_out) = &self.parts.held_out else { return pairs };
        self.learner.express(function);
        let shape = self.learner.shape().clone();
        let mut gradient = shape.zeros();
        self.judge.whole_gradient(self.learner.effective(), held_out, 0.0, &mut gradient);
        let lanes: Vec<Range<usize>> = shape.weight_lanes();
        for ((layer, pair), range) in pairs.iter_mut().enumerate().zip(lanes) {
            if function.of(layer).is_none() {
                continue;
            }
            let (latent, effective, _) = self.learner.layer(layer);
            let gradient = flat_mut(gradient.get_mut(range).unwrap_or_default());
            pair[0] = inner(gradient, effective);
            function.slopes(layer, latent, effective, gradient);
            pair[1] = -inner(gradient, latent);
        }
        pairs
    }

    /// Packed plain weights; an effective vector of another length is the caller's mistake and judges as zeros.
    fn plain(&self, effective: &[f32]) -> Vec<Lane> {
        let shape = self.learner.shape();
        let packed = shape.pack(effective).unwrap_or_else(|_| shape.zeros());
        match &self.learner.normalization {
            Some(normalization) => normalization.fold(shape, &packed),
            None => packed,
        }
    }

    pub(super) fn folded(&self, effective: &[f32]) -> Vec<f32> {
        self.learner.shape().unpack(&self.plain(effective))
    }

    pub(super) fn judge_train(&mut self, effective: &[f32]) -> Judgement {
        let plain = self.plain(effective);
        self.judge.judge(&plain, &self.parts.train)
    }

    pub(super) fn judge_test(&mut self, effective: &[f32]) -> Judgement {
        let plain = self.plain(effective);
        self.judge.judge(&plain, &self.parts.test)
    }

    pub(super) fn judge(&mut self, effective: &[f32], rows: &Rows) -> Judgement {
        let plain = self.plain(effective);
        match samples(rows, self.learner.shape().inputs()) {
            Ok(samples) => self.judge.judge(&plain, &samples),
            Err(_) => Judgement { loss: f64::NAN, accuracy: f64::NAN },
        }
    }

    #[cfg(test)]
    pub(super) fn test_logits(&mut self, effective: &[f32]) -> Vec<f32> {
        let plain = self.plain(effective);
        self.judge.outputs(&plain, &self.parts.test)
    }

    /// With batch normalisation the product of folded weight and its gradient is that of the weight and its own: the factor cancels.
    pub(super) fn saliency(&mut self, effective: &[f32]) -> Saliency {
        let plain = self.plain(effective);
        let mut gradient = self.learner.shape().zeros();
        self.judge.whole_gradient(&plain, &self.parts.train, SALIENCY_SMOOTHING, &mut gradient);
        let shape = self.learner.shape();
        let (plain, gradient) = (shape.unpack(&plain), shape.unpack(&gradient));
        let part = |values: &Vec<f32>, layer: &Matrix| {
            values.get(layer.range.clone()).map(<[f32]>::to_vec).unwrap_or_default()
        };
        let join = |values: &Vec<f32>| {
            self.layers.iter().flat_map(|layer| part(values, layer)).collect::<Vec<f32>>()
        };
        Saliency::new(join(&plain).iter().zip(&join(&gradient)))
    }
}

impl Saved for Perceptron {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let mut lanes =
            |name: &str, lanes: &mut Vec<Lane>| codec.tensor(name, &[flat(lanes).len()], flat_mut(lanes));
        let learner = &mut self.learner;
        lanes("latent", &mut learner.latent)?;
        lanes("first_moment", &mut learner.moments.first)?;
        lanes("second_moment", &mut learner.moments.second)?;
        if let Some(own) = &mut learner.normalization {
            lanes("norm.parameters", &mut own.parameters)?;
            lanes("norm.statistics", &mut own.statistics)?;
            lanes("norm.first_moment", &mut own.moments.first)?;
            lanes("norm.second_moment", &mut own.moments.second)?;
            codec.count("norm.steps", &mut own.moments.steps)?;
        }
        codec.count("steps", &mut learner.moments.steps)
    }
}
