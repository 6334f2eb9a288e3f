//! The tiny vision transformer through burn: the effective weights are the leaves of a step, and the chain rule to the latent ones is
//! taken on the host.

use std::sync::Arc;

use burn::tensor::{Device, Tensor as Burn, TensorData};
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::{cross_entropy, one_hot};
use weightscope_nn::optimizer::{AdamW, AdamWSettings, Decay, Group};
use weightscope_nn::parameters::{Leaves, Parameters, Role, read};
use weightscope_nn::transform::Identity;
use weightscope_nn::vit::Vit;
use weightscope_population::learner::inner;
use weightscope_population::{DecayOn, Elementwise as _, Judgement, Rule};

use super::{Function, Matrix, PairGradients, SALIENCY_SMOOTHING, StepRule, Stepped, Tensor, defect};
use crate::data::{Material, Rows, Trial};
use crate::method::saliency::Saliency;

/// Variance of an initial weight times the inputs: that of the shared transformer's uniform start, but Gaussian, so that the kurtosis is 3.
/// The perceptron's 2 is for rectified units, and saturates the attention.
const VARIANCE: f32 = 1.0 / 3.0;
/// Rows in one pass.
const CHUNK: usize = 256;

/// A transformer in training.
#[derive(Clone)]
pub(crate) struct Transformer {
    vit: Arc<Vit>,
    /// Names and places; its values are scratch for a pass.
    parameters: Parameters,
    latent: Vec<f32>,
    optimizer: AdamW,
    trial: Arc<Trial>,
    layers: Vec<Matrix>,
    groups: Vec<Group>,
    classes: usize,
    device: Device,
}

impl Transformer {
    /// With Gaussian weight matrices N(0, 1/(3·inputs)), biases 0, embeddings and norms as the shared transformer starts them.
    pub(super) fn new(
        material: &Material,
        trial: &Arc<Trial>,
        device: &Device,
        random: &mut Stream,
    ) -> Result<Self, RunError> {
        let shape = material.vit.ok_or_else(|| defect("no sizes of a transformer"))?;
        let mut parameters = Parameters::new();
        let vit = Vit::new(shape, Bias::Learned, &mut parameters, &mut || random.unit()).map_err(defect)?;
        let mut latent = parameters.values().to_vec();
        let (mut layers, mut groups) = (Vec::new(), Vec::new());
        for entry in parameters.entries() {
            let values = latent.get_mut(entry.range.clone()).unwrap_or_default();
            let decays = entry.role == Role::Weight && entry.shape.len() == 2;
            match (&entry.shape[..], entry.role) {
                ([_, inputs], Role::Weight) => {
                    let deviation = (VARIANCE / *inputs as f32).sqrt();
                    random.fill_normal(values);
                    values.iter_mut().for_each(|value| *value *= deviation);
                    layers.push(Matrix {
                        name: entry.name.clone(),
                        label: entry.name.trim_end_matches(".weight").to_owned(),
                        inputs: *inputs,
                        range: entry.range.clone(),
                        hidden: entry.name.starts_with("blocks."),
                    });
                }
                (_, Role::Bias) => values.fill(0.0),
                _ => {}
            }
            groups.push(Group {
                range: entry.range.clone(),
                learning_rate_factor: 1.0,
                decay: if decays { Decay::Applied } else { Decay::Spared },
            });
        }
        Ok(Self {
            vit: Arc::new(vit),
            optimizer: AdamW::new(AdamWSettings::default(), latent.len()),
            trial: Arc::clone(trial),
            classes: material.classes,
            device: device.clone(),
            parameters,
            latent,
            layers,
            groups,
        })
    }

    pub(super) fn layers(&self) -> &[Matrix] {
        &self.layers
    }

    pub(super) fn tensors(&self) -> Vec<Tensor> {
        let own = self.parameters.entries().iter();
        own.map(|entry| Tensor {
            name: entry.name.clone(),
            shape: entry.shape.clone(),
            range: entry.range.clone(),
        })
        .collect()
    }

    pub(super) fn latent(&self) -> Vec<f32> {
        self.latent.clone()
    }

    pub(super) fn set_latent(&mut self, latent: &[f32]) -> Result<(), RunError> {
        if latent.len() != self.latent.len() {
            return Err(defect("latent weights of another network"));
        }
        self.latent.copy_from_slice(latent);
        Ok(())
    }

    /// Logits of rows given by their features.
    fn forward(&self, leaves: &Leaves, features: Vec<f32>, device: &Device) -> Burn<2> {
        let (patches, values) = (self.vit.shape.patch_count(), self.vit.shape.patch_values());
        let batch = features.len() / (patches * values).max(1);
        let input = Burn::<3>::from_data(TensorData::new(features, [batch, patches, values]), device);
        self.vit.forward(leaves, input, &Identity)
    }

    /// Mean loss and flat gradient with respect to these effective weights.
    fn gradient(
        &mut self,
        effective: &[f32],
        features: Vec<f32>,
        labels: &[u32],
        smoothing: f32,
    ) -> (f64, Vec<f32>) {
        let device = self.device.clone().autodiff();
        self.parameters.values_mut().copy_from_slice(effective);
        let leaves = self.parameters.bind(&device);
        let logits = self.forward(&leaves, features, &device);
        let labels: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
        let spread = smoothing / self.classes as f32;
        let targets: Vec<f32> =
            one_hot(&labels, self.classes).into_iter().map(|own| own * (1.0 - smoothing) + spread).collect();
        let targets = Burn::<2>::from_data(TensorData::new(targets, [labels.len(), self.classes]), &device);
        let loss = cross_entropy(logits, targets);
        let value = f64::from(read(loss.clone()).first().copied().unwrap_or(f32::NAN));
        let gradient = self.parameters.gradients(&leaves, &loss.backward());
        (value, gradient)
    }

    fn effective(&self, function: &Function) -> Vec<f32> {
        let mut effective = self.latent.clone();
        for (layer, matrix) in self.layers.iter().enumerate() {
            if let (Some(latent), Some(effective)) =
                (self.latent.get(matrix.range.clone()), effective.get_mut(matrix.range.clone()))
            {
                function.values(layer, latent, effective);
            }
        }
        effective
    }

    /// Turns the gradient with respect to the effective weights into that with respect to the latent ones; the pairs' gradients.
    fn through(&self, function: &Function, effective: &[f32], gradient: &mut [f32]) -> PairGradients {
        let mut pairs = vec![[0.0; 2]; self.layers.len()];
        for ((layer, matrix), pair) in self.layers.iter().enumerate().zip(&mut pairs) {
            let range = matrix.range.clone();
            let (Some(latent), Some(effective), Some(gradient)) =
                (self.latent.get(range.clone()), effective.get(range.clone()), gradient.get_mut(range))
            else {
                continue;
            };
            if function.of(layer).is_some() {
                pair[0] = inner(gradient, effective);
                function.slopes(layer, latent, effective, gradient);
                pair[1] = -inner(gradient, latent);
            }
        }
        pairs
    }

    pub(super) fn step(
        &mut self,
        rows: &[usize],
        by: &StepRule,
        function: &Function,
        _random: &mut Stream,
    ) -> Stepped {
        let trial = Arc::clone(&self.trial);
        let (features, labels) = gather(&trial.train, rows);
        let effective = self.effective(function);
        let (loss, mut gradient) = self.gradient(&effective, features, &labels, by.label_smoothing);
        let pairs = self.through(function, &effective, &mut gradient);
        self.advance(by, function, &effective, &gradient);
        Stepped { loss, pairs: by.pairs.then_some(pairs) }
    }

    fn advance(&mut self, by: &StepRule, function: &Function, effective: &[f32], gradient: &[f32]) {
        let on_effective = by.advance.decay_on == DecayOn::Effective && by.advance.weight_decay > 0.0;
        let mut pull = vec![0.0; if on_effective { self.latent.len() } else { 0 }];
        if on_effective {
            for matrix in &self.layers {
                if let (Some(pull), Some(own)) =
                    (pull.get_mut(matrix.range.clone()), effective.get(matrix.range.clone()))
                {
                    pull.copy_from_slice(own);
                }
            }
            self.through(function, effective, &mut pull);
        }
        let rate = by.advance.learning_rate;
        let decay = if on_effective { 0.0 } else { by.advance.weight_decay };
        match by.advance.rule {
            Rule::AdamW => {
                self.optimizer.settings.weight_decay = decay;
                self.optimizer.step(&mut self.latent, gradient, &self.groups, rate);
            }
            Rule::Momentum(momentum) => {
                self.optimizer.steps += 1;
                for group in &self.groups {
                    let keep = if group.decay == Decay::Applied { (1.0 - rate * decay) as f32 } else { 1.0 };
                    let range = group.range.clone();
                    let (Some(values), Some(slopes), Some(velocities)) = (
                        self.latent.get_mut(range.clone()),
                        gradient.get(range.clone()),
                        self.optimizer.first_moment.get_mut(range),
                    ) else {
                        continue;
                    };
                    for ((value, slope), velocity) in values.iter_mut().zip(slopes).zip(velocities) {
                        *velocity = momentum * *velocity + slope;
                        *value = keep * *value - rate as f32 * *velocity;
                    }
                }
            }
        }
        for (value, pull) in self.latent.iter_mut().zip(&pull) {
            *value -= (rate * by.advance.weight_decay) as f32 * pull;
        }
    }

    pub(super) fn held_out_pairs(&mut self, function: &Function) -> PairGradients {
        let trial = Arc::clone(&self.trial);
        let effective = self.effective(function);
        let mut gradient = self.whole_gradient(&effective, &trial.held_out, 0.0);
        self.through(function, &effective, &mut gradient)
    }

    /// Gradient of the mean loss over all of these rows.
    fn whole_gradient(&mut self, effective: &[f32], rows: &Rows, smoothing: f32) -> Vec<f32> {
        let columns = rows.features.len() / rows.labels.len().max(1);
        let mut sum = vec![0.0_f32; effective.len()];
        for (features, labels) in rows.features.chunks(CHUNK * columns.max(1)).zip(rows.labels.chunks(CHUNK))
        {
            let (_, gradient) = self.gradient(effective, features.to_vec(), labels, smoothing);
            let share = labels.len() as f32 / rows.labels.len() as f32;
            sum.iter_mut().zip(&gradient).for_each(|(sum, slope)| *sum += share * slope);
        }
        sum
    }

    fn logits(&mut self, effective: &[f32], rows: &Rows) -> Vec<f32> {
        self.parameters.values_mut().copy_from_slice(effective);
        let leaves = self.parameters.bind(&self.device);
        let columns = rows.features.len() / rows.labels.len().max(1);
        let mut all = Vec::with_capacity(rows.labels.len() * self.classes);
        for features in rows.features.chunks(CHUNK * columns.max(1)) {
            all.extend(read(self.forward(&leaves, features.to_vec(), &self.device)));
        }
        all
    }

    pub(super) fn judge(&mut self, effective: &[f32], rows: &Rows) -> Judgement {
        let logits = self.logits(effective, rows);
        let (mut loss, mut right) = (0.0, 0_usize);
        for (row, label) in logits.chunks_exact(self.classes.max(1)).zip(&rows.labels) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
            let own = row.get(*label as usize).copied().unwrap_or(f32::NAN);
            loss += sum.ln() - f64::from(own - largest);
            // The first of the largest answers; a row with a NaN answers nothing.
            let answer = row.iter().position(|logit| *logit == largest);
            let whole = row.iter().all(|logit| !logit.is_nan());
            right += usize::from(whole && answer == Some(*label as usize));
        }
        let count = rows.labels.len().max(1) as f64;
        Judgement { loss: loss / count, accuracy: right as f64 / count }
    }

    pub(super) fn judge_train(&mut self, effective: &[f32]) -> Judgement {
        let trial = Arc::clone(&self.trial);
        self.judge(effective, &trial.train)
    }

    pub(super) fn judge_test(&mut self, effective: &[f32]) -> Judgement {
        let trial = Arc::clone(&self.trial);
        self.judge(effective, &trial.test)
    }

    #[cfg(test)]
    pub(super) fn test_logits(&mut self, effective: &[f32]) -> Vec<f32> {
        let trial = Arc::clone(&self.trial);
        self.logits(effective, &trial.test)
    }

    pub(super) fn saliency(&mut self, effective: &[f32]) -> Saliency {
        let trial = Arc::clone(&self.trial);
        let gradient = self.whole_gradient(effective, &trial.train, SALIENCY_SMOOTHING);
        let of = |layer: &Matrix| layer.range.clone();
        let pairs = self.layers.iter().flat_map(|layer| {
            let weights = effective.get(of(layer)).unwrap_or_default();
            weights.iter().zip(gradient.get(of(layer)).unwrap_or_default())
        });
        Saliency::new(pairs)
    }
}

/// Features and labels of some rows.
fn gather(rows: &Rows, wanted: &[usize]) -> (Vec<f32>, Vec<u32>) {
    let columns = rows.features.len() / rows.labels.len().max(1);
    let mut features = Vec::with_capacity(wanted.len() * columns);
    for row in wanted {
        features.extend(rows.features.get(row * columns..(row + 1) * columns).unwrap_or_default());
    }
    (features, wanted.iter().filter_map(|row| rows.labels.get(*row).copied()).collect())
}

impl Saved for Transformer {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.tensor("latent", &[self.latent.len()], &mut self.latent)?;
        codec.part("optimizer.", &mut self.optimizer)
    }
}
