//! The rows that networks learn from and are judged on.
//!
//! One permutation of the data set, the first rows train, all others test; both are standardised by
//! mean and deviation of the training rows: one scale for pixels, one a column for tables. Moved labels are the same for all cells; with noise along an axis, more noise moves the labels of less noise
//! too. A share of the data is its first rows.

use std::collections::BTreeMap;

use super::config::{Config, TuningTask};
use super::plan::{Knobs, Plan};
use weightscope_data::{self as data, Dataset, ImageShape, OpenOptions, Read, Scope, Standardizer};
use weightscope_frame::run::{RunError, default_cache_folder};
use weightscope_math::{Stream, stream};
use weightscope_population::train::with_label_noise;
use weightscope_population::{Samples, Targets};

/// Batches and rows of the mixed-up training set on which representations are compared (Yang et al., released code).
const MIXED_BATCHES: usize = 6;
const MIXED_ROWS: usize = 128;
/// Both parameters of the Beta law of the mixing weights.
const MIXING: usize = 16;

/// Training rows of some cells.
#[derive(Clone, Debug)]
pub(super) struct Training {
    /// As learned from.
    pub(super) samples: Samples,
    /// Mixed-up rows on which representations are compared.
    pub(super) mixed: Samples,
    /// The labels before any were moved.
    pub(super) clean_labels: Vec<u32>,
}

/// Rows of another task.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    /// To learn from.
    pub(super) train: Samples,
    /// To be judged on.
    pub(super) test: Samples,
    pub(super) classes: usize,
}

/// The rows that a grid learns from and is tested on.
#[derive(Clone, Debug)]
pub(super) struct Material {
    pub(super) test: Samples,
    pub(super) classes: usize,
    pub(super) inputs: usize,
    /// What was read of each data set, the one that is learned first.
    pub(super) read: Vec<Read>,
    /// How a row forms an image.
    pub(super) image: Option<ImageShape>,
    /// Rows of the data set to fine-tune to, if the settings name one.
    pub(super) tuning: Option<Tuning>,
    /// By the bits of share and noise.
    training: BTreeMap<(u64, u64), Training>,
}

impl Material {
    /// Opens the data set and prepares the rows of all cells of a plan.
    pub(super) fn load(config: &Config, plan: &Plan) -> Result<Self, RunError> {
        let seed = config.data_seed;
        let Split { dataset, train, test, read } = Split::main(config)?;
        let (tuning, other) = Tuning::open(config, &dataset)?;
        let mut material = Self {
            read: std::iter::once(read).chain(other).collect(),
            test: samples(&test.0, dataset.columns(), test.1)?,
            classes: dataset.classes()?,
            inputs: dataset.columns(),
            image: dataset.image(),
            tuning,
            training: BTreeMap::new(),
        };
        let (features, labels) = train;
        let clean = Clean { features, labels, seed };
        for cell in &plan.cells {
            material.prepare(&clean, &cell.knobs)?;
        }
        Ok(material)
    }

    /// Opens the data sets of the settings; whatever is wrong with them is found here.
    pub(super) fn open(config: &Config) -> Result<Vec<Read>, RunError> {
        let Split { dataset, read, .. } = Split::main(config)?;
        dataset.classes()?;
        let (_, other) = Tuning::open(config, &dataset)?;
        Ok(std::iter::once(read).chain(other).collect())
    }

    /// The training rows of a cell.
    pub(super) fn training(&self, knobs: &Knobs) -> Result<&Training, RunError> {
        self.training
            .get(&key(knobs))
            .ok_or_else(|| RunError::Defect("a cell has no training rows".to_owned()))
    }

    fn prepare(&mut self, clean: &Clean, knobs: &Knobs) -> Result<(), RunError> {
        if self.training.contains_key(&key(knobs)) {
            return Ok(());
        }
        let noise = &mut stream(clean.seed, "phases/label noise");
        let mut labels = with_label_noise(&clean.labels, self.classes, knobs.label_noise, noise);
        let count = ((knobs.data_share * labels.len() as f64).round() as usize).clamp(1, labels.len());
        labels.truncate(count);
        let samples = samples(&clean.features[..count * self.inputs], self.inputs, labels)?;
        let mixed = mixed_up(&samples, &mut stream(clean.seed, "phases/mixup"))?;
        let clean_labels = clean.labels[..count].to_vec();
        self.training.insert(key(knobs), Training { samples, mixed, clean_labels });
        Ok(())
    }
}

impl Tuning {
    /// Opens the data set to fine-tune to, or checks that the images of `learned` can be turned, if the settings ask for it.
    /// With what was read of it.
    fn open(config: &Config, learned: &Dataset) -> Result<(Option<Self>, Option<Read>), RunError> {
        match config.tuning_task {
            _ if !config.downstream => Ok((None, None)),
            TuningTask::UpperHalf => Ok((None, None)),
            TuningTask::Turned => {
                if learned.image().is_none_or(|image| image.height != image.width) {
                    let why = "the rows are no square images to be turned; choose upper_half or dataset";
                    return Err(RunError::setting("tuning_task", format!("{why}: {}", config.dataset)));
                }
                Ok((None, None))
            }
            TuningTask::Dataset => {
                let name = config.tuning_dataset.trim();
                let Split { dataset, train, test, read } =
                    Split::open((name, "tuning_dataset"), config, "phases/tuning split")?;
                let (columns, inputs) = (dataset.columns(), learned.columns());
                if columns != inputs {
                    let why = format!("a row has {columns} inputs, the networks have {inputs}");
                    let text = format!("{why}; choose a data set with as many inputs: {name}");
                    return Err(RunError::setting("tuning_dataset", text));
                }
                let tuning = Self {
                    train: samples(&train.0, columns, train.1)?,
                    test: samples(&test.0, columns, test.1)?,
                    classes: dataset.classes()?,
                };
                Ok((Some(tuning), Some(read)))
            }
        }
    }
}

/// A data set in two parts, both standardised by the first.
struct Split {
    dataset: Dataset,
    train: (Vec<f32>, Vec<u32>),
    test: (Vec<f32>, Vec<u32>),
    read: Read,
}

impl Split {
    /// Of the data set that the networks learn.
    fn main(config: &Config) -> Result<Self, RunError> {
        Self::open((&config.dataset, "dataset"), config, "phases/split")
    }

    /// Of the data set of a name, which stands in the setting `key`: the first rows of one permutation train, all others test.
    fn open((name, key): (&str, &str), config: &Config, purpose: &str) -> Result<Self, RunError> {
        let options = OpenOptions {
            label_column: Some(config.label_column.clone()),
            cache_dir: default_cache_folder(),
            table: config.table_options(),
            ..OpenOptions::default()
        };
        let dataset = data::open(name, &options)
            .map_err(|error| RunError::Problems(RunError::from(error).into_problems(key, "label_column")))?;
        let order = stream(config.data_seed, purpose).permutation(dataset.rows());
        let count = config.train_rows as usize;
        if count >= dataset.rows() {
            return Err(too_many(name, &dataset));
        }
        let (train, test) = order.split_at(count);
        let scope = Scope::of(&dataset);
        let standardizer = Standardizer::fit(&dataset, train, scope)?;
        let read = standardizer.account(&dataset, scope);
        let train = rows(&dataset, train, &standardizer)?;
        let test = rows(&dataset, test, &standardizer)?;
        Ok(Self { dataset, train, test, read })
    }
}

/// Training rows before noise and shares.
struct Clean {
    features: Vec<f32>,
    labels: Vec<u32>,
    seed: u64,
}

fn key(knobs: &Knobs) -> (u64, u64) {
    (knobs.data_share.to_bits(), knobs.label_noise.to_bits())
}

fn rows(
    dataset: &Dataset,
    wanted: &[usize],
    standardizer: &Standardizer,
) -> Result<(Vec<f32>, Vec<u32>), RunError> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    data::batches::gather(dataset, wanted, &mut features)?;
    data::batches::gather_labels(dataset, wanted, &mut labels)?;
    standardizer.apply(&mut features);
    Ok((features, labels))
}

fn samples(features: &[f32], columns: usize, labels: Vec<u32>) -> Result<Samples, RunError> {
    Samples::new(features, columns, Targets::Classes(labels))
        .ok_or_else(|| RunError::Defect("rows and labels do not fit together".to_owned()))
}

fn too_many(name: &str, dataset: &Dataset) -> RunError {
    let rows = dataset.rows();
    let why = format!("there are {rows} rows, and some must test; take 1 to {}", rows.saturating_sub(1));
    RunError::setting("train_rows", format!("{why}: {name}"))
}

/// λ·x + (1 − λ)·x' with one λ ~ Beta(16, 16) for each batch and x' another row of the batch.
fn mixed_up(samples: &Samples, random: &mut Stream) -> Result<Samples, RunError> {
    let columns = samples.columns();
    let values = samples.to_rows();
    let batch = MIXED_ROWS.min(samples.rows());
    let mut mixed = Vec::with_capacity(MIXED_BATCHES * batch * columns);
    let mut order = Vec::new();
    for _ in 0..MIXED_BATCHES {
        if order.len() < batch {
            order = random.permutation(samples.rows());
        }
        let chosen: Vec<usize> = order.drain(..batch).collect();
        let (first, second) = (gamma(random), gamma(random));
        let share = first / (first + second);
        for (row, partner) in chosen.iter().zip(random.permutation(batch)) {
            let own = &values[row * columns..][..columns];
            let other = &values[chosen[partner] * columns..][..columns];
            mixed.extend(own.iter().zip(other).map(|(a, b)| share * a + (1.0 - share) * b));
        }
    }
    let count = mixed.len() / columns.max(1);
    Samples::new(&mixed, columns, Targets::Classes(vec![0; count]))
        .ok_or_else(|| RunError::Defect("mixed rows do not fit together".to_owned()))
}

/// A Gamma variable of whole shape: a sum of exponential ones.
fn gamma(random: &mut Stream) -> f32 {
    (0..MIXING).map(|_| -(1.0 - random.unit_f64()).ln()).sum::<f64>() as f32
}
