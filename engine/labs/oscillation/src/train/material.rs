//! The data of a run, split and standardised, on the host.

use burn::tensor::{Device, Tensor};

use crate::config::{Config, Network};
use weightscope_data::Read;
use weightscope_data::{self as data, EpochBatches, LastBatch, OpenOptions, Scope, Standardizer};
use weightscope_frame::run::{Context, RunError, default_cache_folder};
use weightscope_nn::gradient::constant;
use weightscope_nn::loss::one_hot;
use weightscope_nn::vit::{VitShape, channels_last};

/// Rows with their labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Features, row-major, in the order the network wants them (for a transformer: patches).
    pub(super) features: Vec<f32>,
    /// Class of each row.
    pub(super) labels: Vec<u32>,
}

/// The rows of a run, split and standardised, with the sizes that the network takes from them.
#[derive(Clone, Debug)]
pub struct Material {
    pub(super) train: Rows,
    pub(super) test: Rows,
    /// Values in a row.
    pub(super) columns: usize,
    pub(super) classes: usize,
    /// Sizes of the transformer, if one is trained.
    pub(super) vit: Option<VitShape>,
    batch_size: usize,
    seed: u64,
}

/// One batch, ready for the network.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) features: Vec<f32>,
    pub(super) labels: Vec<u32>,
    /// Positions of its rows in the training set.
    pub(super) rows: Vec<usize>,
}

impl Material {
    /// Opens the data set, splits it in the seed's own way, and standardises by the training rows.
    pub(super) fn load(config: &Config, context: &mut Context<'_>) -> Result<Self, RunError> {
        let opened = Opened::open(config, context.seed)?;
        context.read(&opened.read()?)?;
        let Opened { dataset, split, vit } = opened;
        let standardizer = Standardizer::fit(&dataset, &split.train, Scope::of(&dataset))?;
        let rows = |wanted: &[usize]| -> Result<Rows, RunError> {
            let mut rows = Rows::default();
            data::batches::gather(&dataset, wanted, &mut rows.features)?;
            data::batches::gather_labels(&dataset, wanted, &mut rows.labels)?;
            standardizer.apply(&mut rows.features);
            if let (Some(shape), Some(image)) = (vit, dataset.image()) {
                let pixels = channels_last(&rows.features, image.channels, image.height * image.width);
                rows.features =
                    shape.patches(&pixels).map_err(|error| RunError::Defect(error.to_string()))?;
            }
            Ok(rows)
        };
        Ok(Self {
            train: rows(&split.train)?,
            test: rows(&split.test)?,
            columns: dataset.columns(),
            classes: dataset.classes()?,
            vit,
            batch_size: usize::try_from(config.batch_size).unwrap_or(usize::MAX),
            seed: context.seed,
        })
    }

    /// Steps in an epoch; the last batch may be smaller.
    pub(super) fn steps_per_epoch(&self) -> u64 {
        self.train.labels.len().div_ceil(self.batch_size.max(1)) as u64
    }

    /// The batches of an epoch, counted over the whole run.
    pub(super) fn batches(&self, epoch: u64) -> Result<EpochBatches, RunError> {
        let rows: Vec<usize> = (0..self.train.labels.len()).collect();
        Ok(EpochBatches::new(&rows, self.batch_size, LastBatch::Keep, self.seed, epoch)?)
    }

    /// Rows of the training set as a batch.
    pub(super) fn gather(&self, rows: &[usize]) -> Batch {
        let mut batch = Batch { rows: rows.to_vec(), ..Batch::default() };
        for row in rows {
            let start = row * self.columns;
            batch.features.extend(self.train.features.get(start..start + self.columns).unwrap_or_default());
            batch.labels.extend(self.train.labels.get(*row));
        }
        batch
    }

    /// Labels as one-hot rows `[labels, classes]` on a device.
    pub(super) fn targets(&self, labels: &[u32], device: &Device) -> Tensor<2> {
        let labels: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
        constant(one_hot(&labels, self.classes), [labels.len(), self.classes], device)
    }
}

/// A data set that can be used, and how.
pub(super) struct Opened {
    dataset: data::Dataset,
    split: data::Split,
    vit: Option<VitShape>,
}

impl Opened {
    /// Opens the data set and divides it; whatever is wrong with the data for these settings is found here.
    pub(super) fn open(config: &Config, seed: u64) -> Result<Self, RunError> {
        let options = OpenOptions {
            label_column: Some(config.label_column.clone()),
            cache_dir: default_cache_folder(),
            table: config.table_options(),
            ..OpenOptions::default()
        };
        let dataset = data::open(&config.dataset, &options)?;
        let split = data::split::stratified(dataset.labels()?, config.test_share, seed)
            .map_err(|error| RunError::setting("test_share", format!("{error}: {}", config.dataset)))?;
        let vit = match config.network {
            Network::Mlp => None,
            Network::Vit => Some(vit_shape(config, &dataset)?),
        };
        Ok(Self { dataset, split, vit })
    }

    /// What was read, with the scale that the training rows give.
    pub(super) fn read(&self) -> Result<Read, RunError> {
        let scope = Scope::of(&self.dataset);
        Ok(Standardizer::fit(&self.dataset, &self.split.train, scope)?.account(&self.dataset, scope))
    }
}

fn vit_shape(config: &Config, dataset: &data::Dataset) -> Result<VitShape, RunError> {
    let Some(image) = dataset.image() else {
        let why =
            "the transformer needs images, and the data set holds none; choose mlp, or a data set of images";
        return Err(RunError::setting("network", format!("{why}: {}", config.dataset)));
    };
    let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let shape = VitShape {
        height: image.height,
        width: image.width,
        channels: image.channels,
        patch: size(config.patch),
        embedding: size(config.embedding),
        heads: size(config.heads),
        blocks: size(config.blocks),
        ratio: size(config.mlp_ratio),
        classes: dataset.classes()?,
    };
    shape.check().map_err(|error| RunError::setting("patch", format!("{error}: {}", config.dataset)))?;
    Ok(shape)
}
