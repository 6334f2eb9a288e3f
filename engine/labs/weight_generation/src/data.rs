//! The data of a run: rows scaled and averaged, which of them train and which test, tasks as samples, conditions.
//!
//! Contract: everything depends on the settings and the streams that are given.

use std::ops::Range;

use weightscope_data::{self as data, Dataset, ImageShape, OpenOptions, Read};
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{RunError, default_cache_folder};
use weightscope_math::Stream;
use weightscope_population::{Samples, Targets};

use crate::config::Config;

/// Which rows of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Train,
    Test,
}

/// Rows of all classes.
#[derive(Clone, Debug)]
pub(crate) struct Material {
    features: Vec<f32>,
    pub(crate) columns: usize,
    /// Rows of each class, in the order of the data.
    classes: Vec<Vec<usize>>,
    /// How many of them train.
    split: usize,
    read: Read,
}

/// The images of a condition: for each class, in the order of the task, the same number of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Condition {
    /// `[classes, images, columns]`.
    pub(crate) images: Vec<f32>,
    pub(crate) classes: usize,
    pub(crate) each: usize,
}

impl Condition {
    /// Means of the classes, one after another.
    pub(crate) fn means(&self) -> Vec<f32> {
        let columns = self.images.len() / (self.classes * self.each).max(1);
        let mut means = Vec::with_capacity(self.classes * columns);
        for class in self.images.chunks_exact((self.each * columns).max(1)) {
            let mut sums = vec![0.0_f32; columns];
            for row in class.chunks_exact(columns.max(1)) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            means.extend(sums.into_iter().map(|sum| sum / self.each as f32));
        }
        means
    }

    /// The images with their classes, to judge by.
    pub(crate) fn samples(&self) -> Result<Samples, RunError> {
        let columns = self.images.len() / (self.classes * self.each).max(1);
        let labels =
            (0..self.classes).flat_map(|class| std::iter::repeat_n(class as u32, self.each)).collect();
        samples(&self.images, columns, labels)
    }
}

fn samples(features: &[f32], columns: usize, labels: Vec<u32>) -> Result<Samples, RunError> {
    Samples::new(features, columns, Targets::Classes(labels))
        .ok_or_else(|| RunError::Defect("rows and labels do not fit together".to_owned()))
}

impl Material {
    /// The data of the zoo's tasks.
    pub(crate) fn open(config: &Config) -> Result<Self, RunError> {
        let dataset = dataset(&config.dataset, &config.label_column)?;
        let material = Self::new(&dataset, config.downsample as usize, "dataset", &config.dataset)?;
        let material = Self { split: config.rows_per_class as usize, ..material };
        let images = config.images_per_class as usize;
        if images > material.split {
            let text = format!(
                "{images} images of a class make a condition, but only {} rows of a class train: {}",
                material.split, config.dataset
            );
            return Err(RunError::Problems(vec![
                Problem::error("images_per_class", text.clone()).allowing(format!("1 to {}", material.split)),
                Problem::error("rows_per_class", text).allowing(format!("{images} or more")),
            ]));
        }
        let needed = material.split + 1;
        let few = material.classes.iter().enumerate().find(|(_, rows)| rows.len() < needed);
        if let Some((class, rows)) = few {
            let text = format!(
                "class {class} has {} rows, but {} must train and one or more must test: {}",
                rows.len(),
                material.split,
                config.dataset
            );
            let most = rows.len().saturating_sub(1);
            let problem = Problem::error("rows_per_class", text);
            let problem = if most >= images {
                problem.allowing(format!("{images} to {most}"))
            } else {
                problem.allowing(format!("{images} or more, which this class does not have; choose other data or fewer images_per_class"))
            };
            return Err(RunError::Problems(vec![problem]));
        }
        Ok(material)
    }

    /// The data of one's own task, with the class numbers to use.
    pub(crate) fn open_target(config: &Config, columns: usize, outputs: usize) -> Result<Self, RunError> {
        let dataset = dataset(&config.target_data, &config.target_label_column)?;
        let found = Self::new(&dataset, config.downsample as usize, "target_data", &config.target_data)?;
        let refuse = |key: &str, text: String, allowed: String| {
            let text = format!("{text}: {}", config.target_data);
            Err(RunError::Problems(vec![Problem::error(key, text).allowing(allowed)]))
        };
        if found.columns != columns {
            let text = format!(
                "its rows have {} values, but the networks take {columns}; downsample averages images to another side",
                found.columns
            );
            return refuse("target_data", text, format!("rows of {columns} values"));
        }
        if found.classes.len() < 2 {
            return refuse("target_data", "it has one class".to_owned(), "two classes or more".to_owned());
        }
        let chosen: Vec<usize> = if config.target_classes.is_empty() {
            (0..outputs).collect()
        } else {
            config.target_classes.iter().map(|class| *class as usize).collect()
        };
        if chosen.len() != outputs {
            let text = format!("{} classes for networks of {outputs} outputs", chosen.len());
            return refuse("target_classes", text, format!("{outputs} different classes"));
        }
        let needed = config.images_per_class as usize + 1;
        let mut classes = Vec::new();
        for class in chosen {
            let Some(rows) = found.classes.get(class) else {
                let text = format!("there is no class {class}, it has {}", found.classes.len());
                return refuse("target_classes", text, format!("0 to {}", found.classes.len() - 1));
            };
            if rows.len() < needed {
                let text =
                    format!("class {class} has {} rows, a condition and a test need {needed}", rows.len());
                return refuse("target_classes", text, format!("classes of {needed} rows or more"));
            }
            classes.push(rows.clone());
        }
        Ok(Self { classes, ..found })
    }

    fn new(dataset: &Dataset, side: usize, key: &str, place: &str) -> Result<Self, RunError> {
        let labels = dataset.labels()?;
        if let Some(at) = dataset.features().iter().position(|value| !value.is_finite()) {
            let row = at / dataset.columns().max(1) + 1;
            let text =
                format!("row {row} has a value that is no finite number; mend it or take it out: {place}");
            return Err(RunError::setting(key, text));
        }
        let largest = dataset.features().iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let factor = if largest > 0.0 { 1.0 / largest } else { 1.0 };
        let mut features: Vec<f32> = dataset.features().iter().map(|value| value * factor).collect();
        let mut columns = dataset.columns();
        if let Some(shape) =
            dataset.image().filter(|shape| side > 0 && (shape.width > side || shape.height > side))
        {
            features = averaged(&features, shape, side);
            let small = ImageShape { height: side, width: side, channels: shape.channels };
            columns = small.values();
        }
        let mut classes = vec![Vec::new(); dataset.classes()?];
        for (row, label) in labels.iter().enumerate() {
            if let Some(rows) = classes.get_mut(*label as usize) {
                rows.push(row);
            }
        }
        Ok(Self { features, columns, classes, split: 0, read: dataset.read().clone() })
    }

    /// What was read of the data set.
    pub(crate) fn read(&self) -> &Read {
        &self.read
    }

    /// Number of classes.
    pub(crate) fn classes(&self) -> usize {
        self.classes.len()
    }

    fn rows(&self, class: usize, part: Part) -> &[usize] {
        let all = self.classes.get(class).map_or(&[][..], Vec::as_slice);
        let (train, test) = all.split_at(self.split.min(all.len()));
        if part == Part::Train { train } else { test }
    }

    fn row(&self, row: usize) -> &[f32] {
        let range: Range<usize> = row * self.columns..(row + 1) * self.columns;
        self.features.get(range).unwrap_or_default()
    }

    /// The rows of a task; the label of a row is the place of its class in the task.
    pub(crate) fn samples(&self, task: &[usize], part: Part) -> Result<Samples, RunError> {
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for (place, class) in task.iter().enumerate() {
            for row in self.rows(*class, part) {
                features.extend_from_slice(self.row(*row));
                labels.push(place as u32);
            }
        }
        samples(&features, self.columns, labels)
    }

    /// Images of a task's classes from their training rows, without replacement.
    pub(crate) fn condition(&self, task: &[usize], each: usize, random: &mut Stream) -> Condition {
        let mut images = Vec::with_capacity(task.len() * each * self.columns);
        for class in task {
            let rows = self.rows(*class, Part::Train);
            for place in random.permutation(rows.len()).into_iter().take(each) {
                images.extend_from_slice(self.row(rows.get(place).copied().unwrap_or(0)));
            }
        }
        Condition { images, classes: task.len(), each }
    }

    /// Means of all training rows of a task's classes, one after another.
    pub(crate) fn signature(&self, task: &[usize]) -> Vec<f64> {
        let mut means = Vec::with_capacity(task.len() * self.columns);
        for class in task {
            let rows = self.rows(*class, Part::Train);
            let mut sums = vec![0.0_f64; self.columns];
            for row in rows {
                sums.iter_mut().zip(self.row(*row)).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            means.extend(sums.into_iter().map(|sum| sum / rows.len().max(1) as f64));
        }
        means
    }

    /// Of one's own data: images of every class as a condition, and all other rows to test.
    pub(crate) fn divided(&self, each: usize, random: &mut Stream) -> Result<(Condition, Samples), RunError> {
        let (mut images, mut features, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for (place, rows) in self.classes.iter().enumerate() {
            for (order, index) in random.permutation(rows.len()).into_iter().enumerate() {
                let row = self.row(rows.get(index).copied().unwrap_or(0));
                if order < each {
                    images.extend_from_slice(row);
                } else {
                    features.extend_from_slice(row);
                    labels.push(place as u32);
                }
            }
        }
        let condition = Condition { images, classes: self.classes.len(), each };
        Ok((condition, samples(&features, self.columns, labels)?))
    }
}

fn dataset(name: &str, label_column: &str) -> Result<Dataset, RunError> {
    let options = OpenOptions {
        label_column: Some(label_column.to_owned()),
        cache_dir: default_cache_folder(),
        ..OpenOptions::default()
    };
    Ok(data::open(name.trim(), &options)?)
}

/// Images averaged over areas to a square of this side; channels stay apart. A pixel of the result covers `height/side × width/side`
/// pixels, those at its edge by their share.
fn averaged(features: &[f32], shape: ImageShape, side: usize) -> Vec<f32> {
    let shares = |length: usize| -> Vec<Vec<(usize, f32)>> {
        let step = length as f64 / side as f64;
        (0..side)
            .map(|place| {
                let (from, to) = (place as f64 * step, (place + 1) as f64 * step);
                let last = (to.ceil() as usize).min(length);
                (from as usize..last)
                    .map(|pixel| {
                        let overlap = to.min((pixel + 1) as f64) - from.max(pixel as f64);
                        (pixel, (overlap / step) as f32)
                    })
                    .filter(|(_, share)| *share > 0.0)
                    .collect()
            })
            .collect()
    };
    let (vertical, horizontal) = (shares(shape.height), shares(shape.width));
    let plane = shape.height * shape.width;
    let mut small = Vec::with_capacity(features.len() / plane.max(1) * side * side);
    for image in features.chunks_exact(plane.max(1)) {
        for rows in &vertical {
            for columns in &horizontal {
                let pixel = |row: usize, column: usize| image.get(row * shape.width + column).copied();
                let weighted = rows
                    .iter()
                    .flat_map(|(row, a)| columns.iter().map(move |(column, b)| (*row, *column, a * b)));
                small.push(
                    weighted.map(|(row, column, share)| share * pixel(row, column).unwrap_or(0.0)).sum(),
                );
            }
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn areas_are_averaged_by_their_share() {
        let shape = ImageShape { height: 3, width: 3, channels: 1 };
        let image: Vec<f32> = (0..9).map(|value| value as f32).collect();
        let small = averaged(&image, shape, 2);
        // The first covers pixel 0, half of 1 and 3, a quarter of 4: (0 + 0.5 + 1.5 + 1)/2.25.
        assert!((small[0] - 3.0 / 2.25).abs() < 1e-6, "{small:?}");
        assert!((small.iter().sum::<f32>() / 4.0 - 4.0).abs() < 1e-5, "the mean stays");
        assert_eq!(averaged(&image, shape, 3), image);
    }

    #[test]
    fn the_first_rows_train_and_conditions_are_among_them() {
        let config = Config::default();
        let material = Material::open(&config).unwrap();
        let train = material.samples(&[1, 4, 7], Part::Train).unwrap();
        let test = material.samples(&[1, 4, 7], Part::Test).unwrap();
        assert_eq!((train.rows(), material.columns, material.classes()), (360, 64, 10));
        assert!((150..210).contains(&test.rows()), "{}", test.rows());
        assert_eq!(train.labels().unwrap()[120..122], [1, 1]);
        let condition = material.condition(&[1, 4, 7], 5, &mut stream(1, "condition"));
        assert_eq!((condition.images.len(), condition.means().len()), (3 * 5 * 64, 192));
        let rows = train.to_rows();
        for image in condition.images.chunks(64) {
            assert!(rows.chunks(64).any(|row| row == image));
        }
        let all = material.condition(&[3], 120, &mut stream(2, "condition"));
        let means = all.means();
        let exact = material.signature(&[3]);
        assert!(means.iter().zip(&exact).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
    }

    #[test]
    fn too_few_rows_are_refused_by_their_key() {
        let config = Config { rows_per_class: 1000, ..Config::default() };
        let Err(RunError::Problems(problems)) = Material::open(&config) else { panic!("opened") };
        assert_eq!(problems[0].key, "rows_per_class");
        let config = Config { images_per_class: 121, ..Config::default() };
        assert!(Material::open(&config).is_err());
    }
}
