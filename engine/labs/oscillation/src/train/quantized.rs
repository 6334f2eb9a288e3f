//! Quantized training and annealing: the same step, with the quantizers in the forward pass and a remedy around it.
//!
//! A step: quantize on the host → pin frozen weights → look at the levels → forward, loss, backward → mask → AdamW → restore.

use burn::tensor::{Device, Tensor, TensorData};

use super::evaluate::{self, Score};
use super::material::{Batch, Material};
use super::model::{Architecture, Model, defect};
use super::monitor::Monitor;
use super::{ANNEALING, QUANTIZED, pictures, state};
use crate::channels as ch;
use crate::config::{Aggregate, CgaQueryKey, Config, Quantizer, Remedy, Schedule as Course};
use crate::method::bits::Bits;
use crate::method::distillation::distil;
use crate::method::lsq::Pins;
use crate::method::schedules::Annealing;
use crate::method::{cga, dampening};
use crate::network::build::{plan_mlp, plan_vit};
use crate::network::pass::{Calibration, QuantizedPass};
use crate::network::plan::{OuterLayers, Plan, QueryKey, Scheme, WeightMethod};
use crate::network::weight::{Part, Rule, Source, WeightState};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::State;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::cross_entropy;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, Group, groups_by_role};
use weightscope_nn::parameters::{Handle, read};
use weightscope_nn::schedule::Schedule;

/// Floor of the cosine and start of the warm-up (OFQ, `train_scripts`).
const LEARNING_RATE_FLOOR: f64 = 1e-5;
const WARMUP_START: f64 = 1e-6;
/// Share of training before dampening and freezing begin (oscillations-qat).
const REMEDY_DELAY: f64 = 0.25;

/// Mean of the training figures since the last recorded point.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Running {
    loss: f64,
    right: usize,
    images: usize,
    steps: usize,
}

/// See the module.
pub(super) struct Quantized<'a> {
    config: &'a Config,
    material: &'a Material,
    model: Model,
    plan: Plan,
    optimizer: AdamW,
    groups: Vec<Group>,
    monitor: Monitor,
    /// Logits of the teacher on all training rows; the data are not augmented, so they are computed once.
    teacher_logits: Vec<f32>,
    teacher_accuracy: f64,
    stage: usize,
    done: u64,
    running: Running,
}

impl<'a> Quantized<'a> {
    /// The quantized network, started from the float one.
    pub(super) fn new(
        config: &'a Config,
        context: &Context<'_>,
        material: &'a Material,
        teacher: &Model,
        teacher_accuracy: f64,
    ) -> Result<Self, RunError> {
        let reparameterized = config.query_key_reparameterization && config.quantizes_weights();
        let bias = if reparameterized { Bias::Absent } else { Bias::Learned };
        let mut model = Model::new(config, material, context.seed, bias)?;
        model.parameters.copy_shared(&teacher.parameters).map_err(defect)?;
        let scheme = scheme(config, reparameterized)?;
        let plan = match &model.architecture {
            Architecture::Mlp(mlp) => plan_mlp(mlp, scheme, &mut model.parameters),
            Architecture::Vit(vit) => plan_vit(vit, scheme, &mut model.parameters),
        }
        .map_err(defect)?;
        let plan = if config.learned_shifts { plan } else { plan.without_shifts() };
        calibrate(&mut model, &plan, material, &context.device.device)?;
        let weight_steps: Vec<usize> = plan
            .weights()
            .iter()
            .filter_map(|weight| match weight.rule {
                Rule::Lsq { step, .. } => Some(step.entry()),
                Rule::StatsQ { .. } => None,
            })
            .collect();
        let step_factor = if config.quantizer == Quantizer::LsqFixed {
            0.0
        } else {
            config.step_learning_rate_factor as f32
        };
        let names: Vec<String> = model.parameters.entries().iter().map(|entry| entry.name.clone()).collect();
        let groups = groups_by_role(&model.parameters, |entry| {
            let index = names.iter().position(|name| *name == entry.name);
            if index.is_some_and(|index| weight_steps.contains(&index)) { step_factor } else { 1.0 }
        });
        let settings = AdamWSettings { weight_decay: config.weight_decay, ..AdamWSettings::default() };
        let optimizer = AdamW::new(settings, model.parameters.len());
        let teacher_logits =
            evaluate::logits(teacher, &material.train, material.columns, &context.device.device, None);
        let monitor = Monitor::new(config, &plan, context.seed);
        Ok(Self {
            config,
            material,
            model,
            plan,
            optimizer,
            groups,
            monitor,
            teacher_logits,
            teacher_accuracy,
            stage: QUANTIZED,
            done: 0,
            running: Running::default(),
        })
    }

    /// Stage in work.
    pub(super) fn stage(&self) -> usize {
        self.stage
    }

    /// Steps done in it.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Begins a stage, unless a checkpoint stands inside it.
    pub(super) fn enter(&mut self, stage: usize) {
        if self.stage != stage {
            self.stage = stage;
            self.done = 0;
            // The published annealing starts a new optimizer.
            self.optimizer = AdamW::new(self.optimizer.settings, self.model.parameters.len());
        }
    }

    /// Everything that the run needs to go on from here.
    pub(super) fn save(&self, teacher: &Model) -> State {
        let mut saved = state::new(self.stage, self.done);
        state::put_parameters(&mut saved, "teacher.", &teacher.parameters);
        state::put_parameters(&mut saved, "parameters.", &self.model.parameters);
        state::put_optimizer(&mut saved, &self.optimizer);
        state::put(&mut saved, "monitor.cbor", &self.monitor);
        state::put(&mut saved, "running.cbor", &self.running);
        saved
    }

    /// Goes back to a checkpoint.
    pub(super) fn restore(&mut self, saved: &State) -> Result<(), RunError> {
        self.stage = state::stage(saved);
        self.done = state::done(saved);
        state::take_parameters(saved, "parameters.", &mut self.model.parameters)?;
        state::take_optimizer(saved, &mut self.optimizer)?;
        self.monitor = state::take(saved, "monitor.cbor")?;
        self.monitor.follow(self.config);
        self.running = state::take(saved, "running.cbor")?;
        Ok(())
    }

    fn total(&self) -> u64 {
        let epochs = if self.stage == ANNEALING { self.config.cga_epochs } else { self.config.epochs };
        epochs * self.material.steps_per_epoch()
    }

    fn epochs_before(&self) -> u64 {
        self.config.float_epochs + if self.stage == ANNEALING { self.config.epochs } else { 0 }
    }

    fn learning_rate(&self) -> f64 {
        if self.stage == ANNEALING {
            return self.config.cga_learning_rate;
        }
        let warmup_steps = self.config.warmup_epochs * self.material.steps_per_epoch();
        let schedule = match self.config.schedule {
            Course::Constant if self.done < warmup_steps => Schedule::Cosine {
                warmup_steps,
                warmup_start: WARMUP_START,
                total_steps: u64::MAX,
                floor: 0.0,
            },
            Course::Constant => Schedule::Constant,
            Course::Cosine => Schedule::Cosine {
                warmup_steps,
                warmup_start: WARMUP_START,
                total_steps: self.total(),
                floor: LEARNING_RATE_FLOOR,
            },
        };
        schedule.learning_rate(self.config.learning_rate, self.done)
    }

    /// All steps of the stage that are left.
    pub(super) fn train(&mut self, context: &mut Context<'_>, teacher: &Model) -> Result<(), RunError> {
        let per_epoch = self.material.steps_per_epoch();
        Monitor::declare(context, &self.plan);
        let device = context.device.device.clone().autodiff();
        let picture_every = (self.total() / 60).max(1);
        while self.done < self.total() {
            let epoch = self.epochs_before() + self.done / per_epoch;
            let batches = self.material.batches(epoch)?;
            for rows in batches.iter().skip((self.done % per_epoch) as usize) {
                let finished = self.epochs_before() * per_epoch + self.done + 1;
                context.begin_step(finished as f64 / per_epoch as f64);
                self.monitor.requests(context, &self.plan);
                let batch = self.material.gather(rows);
                self.step(context, &batch, &device)?;
                self.done += 1;
                if self.done.is_multiple_of(self.config.record_every) {
                    self.record(context);
                }
                if self.done.is_multiple_of(picture_every) {
                    pictures::take(context, &self.plan, &self.model.parameters, &self.monitor);
                }
                if self.done.is_multiple_of(per_epoch) {
                    let score = self.evaluate(&context.device.device);
                    context.scalar(ch::LOSS_TEST, score.loss);
                    context.scalar(ch::ACCURACY_TEST, score.accuracy);
                    context.scalar(ch::ACCURACY_TEACHER, self.teacher_accuracy);
                    context.result("test_accuracy", score.accuracy);
                    self.monitor.results(context, &self.plan, &self.model.parameters);
                }
                context.end_step(|| self.save(teacher))?;
            }
        }
        Ok(())
    }

    fn step(&mut self, context: &mut Context<'_>, batch: &Batch, device: &Device) -> Result<(), RunError> {
        let rate = self.learning_rate();
        let mut states = self.plan.quantize(&self.model.parameters);
        self.pin_and_observe(context, &mut states);
        let free = if self.stage == ANNEALING { self.free_masks(&mut states) } else { Vec::new() };
        let leaves = self.model.parameters.bind(device);
        let pass = QuantizedPass { plan: &self.plan, leaves: &leaves, weights: &states };
        let logits = self.model.forward(&leaves, &batch.features, device, &pass);
        let loss = self.loss(&logits, batch, device);
        let loss_value = f64::from(read(loss.clone()).first().copied().unwrap_or(f32::NAN));
        context.finite("the training loss", loss_value)?;
        self.running.loss += loss_value;
        self.running.right += evaluate::right(&read(logits), &batch.labels, self.material.classes);
        self.running.images += batch.labels.len();
        self.running.steps += 1;
        let mut gradients = self.model.parameters.gradients(&leaves, &loss.backward());
        if self.config.remedy == Remedy::Dampening {
            self.dampen(&states, &mut gradients);
        }
        let mut kept: Vec<(std::ops::Range<usize>, Vec<f32>, &[bool])> = Vec::new();
        for (handle, mask) in &free {
            let range = self.range(*handle);
            if let (Some(gradient), Some(before)) =
                (gradients.get_mut(range.clone()), self.model.parameters.values().get(range.clone()))
            {
                cga::mask_gradient(gradient, mask);
                kept.push((range, before.to_vec(), mask));
            }
        }
        self.optimizer.step(self.model.parameters.values_mut(), &gradients, &self.groups, rate);
        for (range, before, mask) in kept {
            if let Some(values) = self.model.parameters.values_mut().get_mut(range) {
                cga::restore(values, &before, mask);
            }
        }
        Ok(())
    }

    fn range(&self, handle: Handle<2>) -> std::ops::Range<usize> {
        self.model.parameters.entries().get(handle.entry()).map_or(0..0, |entry| entry.range.clone())
    }

    /// Frozen weights take their pins; then the levels of this step are counted.
    fn pin_and_observe(&mut self, context: &mut Context<'_>, states: &mut [WeightState]) {
        let threshold = if self.config.remedy == Remedy::Freezing {
            let annealing = Annealing {
                start: self.config.freezing_start_threshold,
                end: self.config.freezing_threshold,
                delay: REMEDY_DELAY,
                total: self.total(),
            };
            annealing.freezing_threshold(self.done) as f32
        } else {
            0.0
        };
        for (index, (weight, state)) in self.plan.weights().iter().zip(states.iter_mut()).enumerate() {
            if let Some((frozen, levels)) = self.monitor.pins(index).filter(|_| threshold > 0.0) {
                weight.pin(state, Pins { frozen, levels });
            }
        }
        self.monitor.observe(context, &self.plan, &self.model.parameters, states, threshold);
    }

    /// Annealing: which weights of which matrices may move in this step.
    fn free_masks(&mut self, states: &mut [WeightState]) -> Vec<(Handle<2>, Vec<bool>)> {
        let mut masks = Vec::new();
        let mut free = 0;
        for (weight, state) in self.plan.weights().iter().zip(states) {
            if matches!(weight.part, Part::Embedding | Part::Head) {
                continue;
            }
            let latent = weight.latent(&self.model.parameters);
            let positions = weight.positions(&latent, &state.scales);
            let levels: Vec<f32> = state.levels.iter().map(|level| f32::from(*level)).collect();
            let mask = cga::free_mask(&positions, &levels, self.config.cga_boundary_range as f32);
            match weight.source {
                Source::Matrix(handle) => {
                    free += cga::free_count(&mask);
                    masks.push((handle, mask));
                }
                Source::Product { .. } if self.config.cga_query_key == CgaQueryKey::Masked => {
                    free += cga::free_count(&mask);
                    state.mask_gradient(&mask);
                }
                Source::Product { .. } => {}
            }
        }
        self.monitor.set_free(free);
        masks
    }

    fn loss(&self, logits: &Tensor<2>, batch: &Batch, device: &Device) -> Tensor<1> {
        let shape = [batch.labels.len(), self.material.classes];
        let labels =
            Tensor::<2>::from_data(TensorData::new(self.material.one_hot(&batch.labels), shape), device);
        if !self.config.distillation {
            return cross_entropy(logits.clone(), labels);
        }
        let classes = self.material.classes;
        let teacher: Vec<f32> = batch
            .rows
            .iter()
            .flat_map(|row| {
                self.teacher_logits
                    .get(row * classes..(row + 1) * classes)
                    .unwrap_or_default()
                    .iter()
                    .copied()
            })
            .collect();
        let teacher = Tensor::<2>::from_data(TensorData::new(teacher, shape), device);
        distil(logits.clone(), teacher, labels).total()
    }

    /// Adds the gradient of the dampening loss; the loss has none to the steps.
    fn dampen(&self, states: &[WeightState], gradients: &mut [f32]) {
        let annealing = Annealing {
            start: 0.0,
            end: self.config.dampening_strength,
            delay: REMEDY_DELAY,
            total: self.total(),
        };
        let strength = annealing.dampening_weight(self.done) as f32;
        let aggregate = match self.config.dampening_aggregate {
            Aggregate::Sum => dampening::Aggregate::Sum,
            Aggregate::Mean => dampening::Aggregate::Mean,
            Aggregate::KernelMean => dampening::Aggregate::KernelMean,
        };
        for (weight, state) in self.plan.weights().iter().zip(states) {
            let Source::Matrix(handle) = weight.source else { continue };
            let latent = weight.latent(&self.model.parameters);
            let (_, slopes) =
                dampening::loss(&latent, &state.scales, weight.groups, weight.range(), aggregate);
            if let Some(gradient) = gradients.get_mut(self.range(handle)) {
                gradient.iter_mut().zip(slopes).for_each(|(gradient, slope)| *gradient += strength * slope);
            }
        }
    }

    fn record(&mut self, context: &mut Context<'_>) {
        let Running { loss, right, images, steps } = std::mem::take(&mut self.running);
        context.scalar(ch::LOSS_TRAIN, loss / steps.max(1) as f64);
        context.scalar(ch::ACCURACY_TRAIN, right as f64 / images.max(1) as f64);
        context.scalar(ch::LEARNING_RATE, self.learning_rate());
        self.monitor.record(context, &self.plan, &self.model.parameters);
    }

    fn evaluate(&self, device: &Device) -> Score {
        let mut states = self.plan.quantize(&self.model.parameters);
        if self.config.remedy == Remedy::Freezing {
            for (index, (weight, state)) in self.plan.weights().iter().zip(states.iter_mut()).enumerate() {
                if let Some((frozen, levels)) = self.monitor.pins(index) {
                    weight.pin(state, Pins { frozen, levels });
                }
            }
        }
        evaluate::test(&self.model, self.material, device, Some((&self.plan, &states)))
    }
}

/// What is quantized.
fn scheme(config: &Config, reparameterized: bool) -> Result<Scheme, RunError> {
    let bits = |bits: u64| -> Result<Option<Bits>, RunError> {
        if bits == 0 {
            return Ok(None);
        }
        let bits = u8::try_from(bits).ok().and_then(|bits| Bits::new(bits).ok());
        bits.map(Some).ok_or_else(|| {
            RunError::Defect("a bit width passed the check that the quantizers refuse".to_owned())
        })
    };
    let weights = match (config.quantizer, bits(config.weight_bits)?) {
        (_, None) | (Quantizer::Float, _) => None,
        (Quantizer::Lsq | Quantizer::LsqFixed, Some(bits)) => Some(WeightMethod::Lsq(bits)),
        (Quantizer::Statsq, Some(bits)) => Some(WeightMethod::StatsQ(bits)),
    };
    Ok(Scheme {
        weights,
        activations: bits(config.activation_bits)?,
        query_key: if reparameterized { QueryKey::Reparameterized } else { QueryKey::Separate },
        outer_layers: if config.edge_bits == 8 { OuterLayers::EightBit } else { OuterLayers::Float },
    })
}

/// Initial steps of the activations from the first training batch, before the optimizer is built (OFQ, `setup_alpha`).
fn calibrate(model: &mut Model, plan: &Plan, material: &Material, device: &Device) -> Result<(), RunError> {
    if plan.activations().is_empty() {
        return Ok(());
    }
    let batches = material.batches(0)?;
    let Some(rows) = batches.batch(0) else { return Ok(()) };
    let batch = material.gather(rows);
    let leaves = model.parameters.bind(device);
    let states = plan.quantize(&model.parameters);
    let calibration = Calibration::new(QuantizedPass { plan, leaves: &leaves, weights: &states });
    let _ = model.forward(&leaves, &batch.features, device, &calibration);
    calibration.finish().write(&mut model.parameters);
    Ok(())
}
