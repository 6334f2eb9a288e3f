//! The data of a run: standardised pixels under fixed noise, in three parts: for the weights, for the architecture, for the test.
//!
//! Contract: the parts depend on the data set and the data settings alone, not on the seed of the run, so that one table of architectures
//! judges all runs. Mean and standard deviation of the pixels are those of the rows that are learned from.

use weightscope_data::{self as data, Dataset, OpenOptions, Read};
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{RunError, default_cache_folder};
use weightscope_math::stream;

use crate::config::{Config, Shape, SpaceKind};
use crate::method::step::Batch;

/// Rows with their classes, pixels row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Part {
    pub(crate) rows: Vec<f32>,
    pub(crate) labels: Vec<usize>,
}

impl Part {
    /// All of it.
    pub(crate) fn batch(&self) -> Batch<'_, f32> {
        Batch { rows: &self.rows, labels: &self.labels }
    }

    /// The first rows.
    pub(crate) fn first(&self, rows: usize) -> Batch<'_, f32> {
        let count = rows.min(self.labels.len());
        let size = self.rows.len() / self.labels.len().max(1);
        Batch {
            rows: self.rows.get(..count * size).unwrap_or(&self.rows),
            labels: self.labels.get(..count).unwrap_or(&self.labels),
        }
    }
}

/// The parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Material {
    pub(crate) train: Part,
    pub(crate) architecture: Part,
    /// Both: what an architecture of the table is trained on.
    pub(crate) both: Part,
    pub(crate) test: Part,
}

/// Opens the data set; whatever is wrong with it for these settings is found here.
pub(crate) fn open(config: &Config) -> Result<(Material, Shape, Read), RunError> {
    let options = OpenOptions { cache_dir: default_cache_folder(), ..OpenOptions::default() };
    let dataset = data::open(&config.dataset, &options)?;
    let shape = shape(config, &dataset)?;
    let material = parts(config, &dataset)?;
    Ok((material, shape, dataset.read().clone()))
}

fn shape(config: &Config, dataset: &Dataset) -> Result<Shape, RunError> {
    let refuse = |why: &str| RunError::setting("dataset", format!("{why}: {}", config.dataset));
    let Some(image) = dataset.image() else {
        return Err(refuse(
            "a search needs labelled images, and the data set holds none; choose digits, or a set of images",
        ));
    };
    let shape = Shape { image: [image.channels, image.height, image.width], classes: dataset.classes()? };
    let patch = config.patch as usize;
    match config.space {
        SpaceKind::ConvMacro | SpaceKind::Cell if image.height < 2 || image.width < 2 => {
            Err(refuse("images of one row or column cannot be pooled; choose larger ones"))
        }
        SpaceKind::ConvMacro if image.height % 2 + image.width % 2 > 0 => Err(refuse(
            "this space pools images of even height and width; choose the space mlp or other images",
        )),
        SpaceKind::Vit if image.channels != 1 || image.height != image.width => Err(refuse(
            "the transformer takes square images of one channel; choose another space or other images",
        )),
        SpaceKind::Vit if patch == 0 || !image.height.is_multiple_of(patch) => {
            let why = format!(
                "a patch of {patch} does not divide images of side {}: {}",
                image.height, config.dataset
            );
            let problem = Problem::error("patch", why).allowing(format!("a divisor of {}", image.height));
            Err(RunError::Problems(vec![problem]))
        }
        _ => Ok(shape),
    }
}

fn parts(config: &Config, dataset: &Dataset) -> Result<Material, RunError> {
    let (rows, columns) = (dataset.rows(), dataset.columns());
    let (train, architecture) = (config.train_rows as usize, config.architecture_rows as usize);
    let learned = train.saturating_add(architecture);
    if learned >= rows {
        let why = format!(
            "{train} training rows and {architecture} architecture rows would overlap or leave none to test, of {rows} there are: {}",
            config.dataset
        );
        let each = |key: &'static str, other: usize| {
            let most = rows.saturating_sub(other + 1);
            let allowed = if most > 0 {
                format!("1 to {most} beside the {other} others")
            } else {
                "fewer in both parts".to_owned()
            };
            Problem::error(key, why.clone()).allowing(allowed)
        };
        return Err(RunError::Problems(vec![
            each("train_rows", architecture),
            each("architecture_rows", train),
        ]));
    }
    let order = stream(config.data_seed, "rows").permutation(rows);
    let mut pixels = Vec::with_capacity(rows * columns);
    data::batches::gather(dataset, &order, &mut pixels)?;
    if let Some(place) = pixels.iter().position(|value| !value.is_finite()) {
        let why = format!(
            "image {} has a pixel that is no finite number; take it out: {}",
            place / columns + 1,
            config.dataset
        );
        return Err(RunError::setting("dataset", why));
    }
    standardise(pixels.as_mut_slice(), learned * columns);
    if config.pixel_noise > 0.0 {
        let (mut random, size) = (stream(config.data_seed, "pixel noise"), config.pixel_noise as f32);
        pixels.iter_mut().for_each(|value| *value += size * random.normal());
    }
    let labels = dataset.labels()?;
    let labels: Vec<usize> =
        order.iter().filter_map(|row| labels.get(*row)).map(|label| *label as usize).collect();
    let part = |from: usize, to: usize| Part {
        rows: pixels.get(from * columns..to * columns).unwrap_or_default().to_vec(),
        labels: labels.get(from..to).unwrap_or_default().to_vec(),
    };
    Ok(Material {
        train: part(0, train),
        architecture: part(train, learned),
        both: part(0, learned),
        test: part(learned, rows),
    })
}

/// All pixels by mean and standard deviation of the first ones.
fn standardise(pixels: &mut [f32], learned: usize) {
    let own = pixels.get(..learned).unwrap_or_default();
    let count = own.len().max(1) as f64;
    let mean = own.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let square = own.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    let factor = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
    pixels.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) * factor) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_apart_and_the_same_for_every_run() {
        let config = Config::default();
        let (material, shape, _) = open(&config).unwrap();
        assert_eq!(shape, Shape::DIGITS);
        let sizes = [&material.train, &material.architecture, &material.both, &material.test]
            .map(|part| part.labels.len());
        assert_eq!(sizes, [400, 400, 800, 997]);
        assert_eq!(material.both.rows[..400 * 64], material.train.rows[..]);
        assert_eq!(material, open(&config).unwrap().0);
        let own = &material.both.rows;
        let mean = own.iter().sum::<f32>() / own.len() as f32;
        let square = own.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / own.len() as f32;
        // One, and the variance of the noise.
        assert!(mean.abs() < 0.02 && (square - 1.64).abs() < 0.03, "{mean} {square}");
        let other = Config { data_seed: 1, ..config };
        assert_ne!(material, open(&other).unwrap().0, "another data seed, other parts");
    }

    #[test]
    fn parts_that_would_overlap_are_refused_by_both_keys() {
        let config = Config { train_rows: 1000, architecture_rows: 900, ..Config::default() };
        let Err(RunError::Problems(problems)) = open(&config) else { panic!("it must be refused") };
        let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["train_rows", "architecture_rows"]);
        assert!(problems.iter().all(|problem| problem.allowed.is_some()));
    }
}
