//! Quantized training and annealing: the same step, with the quantizers in the forward pass and a remedy around it.
//!
//! A step: quantize on the host → pin frozen weights → look at the levels → forward, loss, backward → mask → AdamW → restore.

use burn::tensor::{Device, Tensor, TensorData};

use super::evaluate::{self, Score};
use super::learn::{Learned, learn};
use super::material::{Batch, Material};
use super::model::{Architecture, Model, defect};
use super::monitor::Monitor;
use super::pictures;
use super::recording::Recorder;
use crate::channels as ch;
use crate::config::{CgaQueryKey, Config, Quantizer, Remedy, Schedule as Decay};
use crate::method::bits::Bits;
use crate::method::distillation::distil;
use crate::method::lsq::Pins;
use crate::method::schedules::Annealing;
use crate::method::{cga, dampening};
use crate::metrics;
use crate::network::build::{plan_mlp, plan_vit};
use crate::network::pass::{Calibration, QuantizedPass};
use crate::network::plan::{OuterLayers, Plan, QueryKey, Scheme, WeightMethod};
use crate::network::weight::{Part, Rule, Source, WeightState};
use weightscope_frame::lab::{Running, Step};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_nn::host::parts::Parts;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::cross_entropy;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, Group, groups_by_role};
use weightscope_nn::parameters::Handle;
use weightscope_nn::schedule::Schedule;

/// Floor of the cosine and start of the warm-up (OFQ, `train_scripts`).
const LEARNING_RATE_FLOOR: f64 = 1e-5;
const WARMUP_START: f64 = 1e-6;
/// Share of training before dampening and freezing begin (oscillations-qat).
const REMEDY_DELAY: f64 = 0.25;

/// Mean of the training figures since the last recorded point.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Tally {
    loss: f64,
    right: usize,
    images: usize,
    steps: usize,
}

/// Which of the two stages with quantizers a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Training,
    Annealing,
}

/// Where a step stands in its stage.
#[derive(Clone, Copy, Debug)]
struct Course {
    phase: Phase,
    /// Steps done, and steps of the stage.
    done: u64,
    total: u64,
    per_epoch: u64,
}

/// The quantized network in training.
pub(crate) struct Quantized {
    model: Model,
    plan: Plan,
    optimizer: AdamW,
    groups: Vec<Group>,
    memory: Parts,
    monitor: Monitor,
    /// Logits of the teacher on all training rows; the data are not augmented, so they are computed once.
    teacher_logits: Vec<f32>,
    teacher_accuracy: f64,
    tally: Tally,
    recorder: Recorder,
}

impl Saved for Quantized {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("parameters.", &mut self.model.parameters)?;
        codec.part("optimizer.", &mut self.optimizer)?;
        codec.value("monitor.cbor", &mut self.monitor)?;
        codec.value("running.cbor", &mut self.tally)
    }
}

impl Quantized {
    /// The quantized network, started from the float one.
    pub(super) fn new(
        config: &Config,
        context: &Context<'_>,
        material: &Material,
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
            model,
            plan,
            optimizer,
            groups,
            memory: Parts::default(),
            monitor,
            teacher_logits,
            teacher_accuracy,
            tally: Tally::default(),
            recorder: Recorder::default(),
        })
    }

    /// The published annealing starts a new optimizer.
    pub(super) fn forget_moments(&mut self) {
        self.optimizer = AdamW::new(self.optimizer.settings, self.model.parameters.len());
    }

    /// Takes what a fork may have changed since the checkpoint.
    pub(super) fn follow(&mut self, config: &Config) {
        self.monitor.follow(config);
    }

    /// Traces more weights of a layer, or of the most restless one.
    pub(super) fn trace_more(&mut self, layer: Option<&str>) {
        self.monitor.trace_more(&self.plan, layer);
    }

    fn step(
        &mut self,
        (config, material): (&Config, &Material),
        context: &mut Context<'_>,
        batch: &Batch,
        course: Course,
    ) -> Result<(), RunError> {
        let device = &context.device.device.clone();
        let rate = course.learning_rate(config);
        let mut states = self.plan.quantize(&self.model.parameters);
        self.pin_and_observe(config, context, &mut states, course);
        let sample = config.recorded_weights as usize;
        self.recorder.record(context, sample, &self.plan, &self.model.parameters, &states)?;
        let free = match course.phase {
            Phase::Annealing => self.free_masks(config, &mut states),
            Phase::Training => Vec::new(),
        };
        let mut memory = std::mem::take(&mut self.memory);
        let quantizers = Some((&self.plan, &states[..]));
        let learned =
            learn(&self.model, &mut memory, &batch.features, (device, quantizers), |logits, device| {
                self.loss((config, material), logits, batch, device)
            });
        self.memory = memory;
        let Learned { loss, logits, mut gradients } = learned;
        context.finite("the training loss", loss)?;
        self.tally.loss += loss;
        self.tally.right += evaluate::right(&logits, &batch.labels, material.classes);
        self.tally.images += batch.labels.len();
        self.tally.steps += 1;
        if config.remedy == Remedy::Dampening {
            self.dampen(config, &states, &mut gradients, course);
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
        let optimizer = tracing::trace_span!("optimizer").entered();
        self.optimizer.step(self.model.parameters.values_mut(), &gradients, &self.groups, rate);
        drop(optimizer);
        for (range, before, mask) in kept {
            if let Some(values) = self.model.parameters.values_mut().get_mut(range) {
                cga::restore(values, &before, mask);
            }
        }
        self.model.finite(context)
    }

    fn range(&self, handle: Handle<2>) -> std::ops::Range<usize> {
        self.model.parameters.entries().get(handle.entry()).map_or(0..0, |entry| entry.range.clone())
    }

    /// Frozen weights take their pins; then the levels of this step are counted.
    fn pin_and_observe(
        &mut self,
        config: &Config,
        context: &mut Context<'_>,
        states: &mut [WeightState],
        course: Course,
    ) {
        let threshold = if config.remedy == Remedy::Freezing {
            let annealing = Annealing {
                start: config.freezing_start_threshold,
                end: config.freezing_threshold,
                delay: REMEDY_DELAY,
                total: course.total,
            };
            annealing.freezing_threshold(course.done) as f32
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
    fn free_masks(&mut self, config: &Config, states: &mut [WeightState]) -> Vec<(Handle<2>, Vec<bool>)> {
        let mut masks = Vec::new();
        let mut free = 0;
        for (weight, state) in self.plan.weights().iter().zip(states) {
            if matches!(weight.part, Part::Embedding | Part::Head) {
                continue;
            }
            let latent = weight.latent(&self.model.parameters);
            let positions = weight.positions(&latent, &state.scales);
            let levels: Vec<f32> = state.levels.iter().map(|level| f32::from(*level)).collect();
            let mask = cga::free_mask(&positions, &levels, config.cga_boundary_range as f32);
            match weight.source {
                Source::Matrix(handle) => {
                    free += cga::free_count(&mask);
                    masks.push((handle, mask));
                }
                Source::Product { .. } if config.cga_query_key == CgaQueryKey::Masked => {
                    free += cga::free_count(&mask);
                    state.mask_gradient(&mask);
                }
                Source::Product { .. } => {}
            }
        }
        self.monitor.set_free(free);
        masks
    }

    fn loss(
        &self,
        (config, material): (&Config, &Material),
        logits: &Tensor<2>,
        batch: &Batch,
        device: &Device,
    ) -> Tensor<1> {
        let shape = [batch.labels.len(), material.classes];
        let labels = material.targets(&batch.labels, device);
        if !config.distillation {
            return cross_entropy(logits.clone(), labels);
        }
        let classes = material.classes;
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
    fn dampen(&self, config: &Config, states: &[WeightState], gradients: &mut [f32], course: Course) {
        let annealing = Annealing {
            start: 0.0,
            end: config.dampening_strength,
            delay: REMEDY_DELAY,
            total: course.total,
        };
        let strength = annealing.dampening_weight(course.done) as f32;
        for (weight, state) in self.plan.weights().iter().zip(states) {
            let Source::Matrix(handle) = weight.source else { continue };
            let latent = weight.latent(&self.model.parameters);
            let (_, slopes) = dampening::loss(
                &latent,
                &state.scales,
                weight.groups,
                weight.range(),
                config.dampening_aggregate,
            );
            if let Some(gradient) = gradients.get_mut(self.range(handle)) {
                gradient.iter_mut().zip(slopes).for_each(|(gradient, slope)| *gradient += strength * slope);
            }
        }
    }

    fn record(&mut self, config: &Config, context: &mut Context<'_>, course: Course) {
        let Tally { loss, right, images, steps } = std::mem::take(&mut self.tally);
        context.scalar(&ch::LOSS_TRAIN, loss / steps.max(1) as f64);
        context.scalar(&ch::ACCURACY_TRAIN, right as f64 / images.max(1) as f64);
        context.scalar(&ch::LEARNING_RATE, course.learning_rate(config));
        self.monitor.record(context, &self.plan, &self.model.parameters);
    }

    fn score(&self, (config, material): (&Config, &Material), device: &Device) -> Score {
        let mut states = self.plan.quantize(&self.model.parameters);
        if config.remedy == Remedy::Freezing {
            for (index, (weight, state)) in self.plan.weights().iter().zip(states.iter_mut()).enumerate() {
                if let Some((frozen, levels)) = self.monitor.pins(index) {
                    weight.pin(state, Pins { frozen, levels });
                }
            }
        }
        evaluate::test(&self.model, material, device, Some((&self.plan, &states)))
    }
}

impl Course {
    fn new(run: &Running<'_, '_, Config>, phase: Phase, done: u64) -> Self {
        let per_epoch = run.shared.steps_per_epoch();
        let epochs = match phase {
            Phase::Training => run.settings.epochs,
            Phase::Annealing => run.settings.cga_epochs,
        };
        Self { phase, done, total: epochs * per_epoch, per_epoch }
    }

    fn learning_rate(self, config: &Config) -> f64 {
        if self.phase == Phase::Annealing {
            return config.cga_learning_rate;
        }
        let warmup_steps = config.warmup_epochs * self.per_epoch;
        let cosine = |total_steps, floor| Schedule::Cosine {
            warmup_steps,
            warmup_start: WARMUP_START,
            total_steps,
            floor,
        };
        let schedule = match config.schedule {
            Decay::Constant if self.done < warmup_steps => cosine(u64::MAX, 0.0),
            Decay::Constant => Schedule::Constant,
            Decay::Cosine => cosine(self.total, LEARNING_RATE_FLOOR),
        };
        schedule.learning_rate(config.learning_rate, self.done)
    }
}

/// The quantized network of a run that has come to its stage.
fn with<T>(
    run: &mut Running<'_, '_, Config>,
    work: impl FnOnce(&mut Quantized, (&Config, &Material), &mut Context<'_>) -> Result<T, RunError>,
) -> Result<T, RunError> {
    let Some(quantized) = run.state.quantized.as_mut() else {
        return Err(RunError::Defect("a quantized stage began without its network".to_owned()));
    };
    work(quantized, (run.settings, run.shared), run.context)
}

fn step(run: &mut Running<'_, '_, Config>, at: &Step<'_>, phase: Phase) -> Result<(), RunError> {
    let course = Course::new(run, phase, at.index);
    let batch = run.shared.gather(at.rows);
    with(run, |quantized, given, context| quantized.step(given, context, &batch, course))
}

fn record(run: &mut Running<'_, '_, Config>, phase: Phase) -> Result<(), RunError> {
    let course = Course::new(run, phase, run.stage_step());
    with(run, |quantized, (config, _), context| {
        quantized.record(config, context, course);
        Ok(())
    })
}

/// One step of quantized training.
pub(super) fn train(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    step(run, at, Phase::Training)
}

/// One step of annealing.
pub(super) fn anneal(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    step(run, at, Phase::Annealing)
}

/// Records a point of quantized training.
pub(super) fn record_training(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    record(run, Phase::Training)
}

/// Records a point of annealing.
pub(super) fn record_annealing(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    record(run, Phase::Annealing)
}

/// Histograms, strip and table.
pub(super) fn picture(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    with(run, |quantized, _, context| {
        pictures::take(context, &quantized.plan, &quantized.model.parameters, &quantized.monitor);
        Ok(())
    })
}

/// Loss and accuracy on the test rows, and the final figures as they stand.
pub(super) fn evaluate(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    with(run, |quantized, given, context| {
        let score = quantized.score(given, &context.device.device);
        context.scalar(&ch::LOSS_TEST, score.loss);
        context.scalar(&ch::ACCURACY_TEST, score.accuracy);
        context.scalar(&ch::ACCURACY_TEACHER, quantized.teacher_accuracy);
        context.result(&metrics::TEST_ACCURACY, score.accuracy);
        quantized.monitor.results(context, &quantized.plan, &quantized.model.parameters);
        Ok(())
    })
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
