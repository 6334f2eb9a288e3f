//! The data of a run: all rows scaled, and for each repeat the rows it learns from, those it holds out, and those it is judged by.
//!
//! Contract: what a repeat gets depends on its data seed and the settings alone; column means are those of its training rows.

use std::collections::BTreeMap;

use weightscope_data::{self as data, Dataset, OpenOptions, Read, Scope, Standardizer};
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{RunError, default_cache_folder};
use weightscope_math::stream;
use weightscope_nn::vit::{VitShape, channels_last};

use crate::config::{Config, Network};
use crate::method::labels::redrawn;

/// Rows with their classes, features row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) features: Vec<f32>,
    pub(crate) labels: Vec<u32>,
}

/// What one repeat learns from and is judged by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trial {
    pub(crate) train: Rows,
    /// By whose loss the parameters of the function are learned; empty otherwise.
    pub(crate) held_out: Rows,
    pub(crate) test: Rows,
}

/// All rows of the data set, and the sizes that a network takes from them.
#[derive(Debug)]
pub(crate) struct Material {
    dataset: Dataset,
    /// One factor for all pixels; none for a table, whose columns are scaled by their training rows.
    pixel_factor: Option<f32>,
    pub(crate) columns: usize,
    pub(crate) classes: usize,
    /// Sizes of the transformer, if one is trained.
    pub(crate) vit: Option<VitShape>,
}

/// How columns become inputs: `(value − offset)·factor − mean`, one of each for a column; without offsets where none was taken off.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Inputs {
    pub(crate) offset: Vec<f64>,
    pub(crate) factor: Vec<f32>,
    pub(crate) mean: Vec<f32>,
}

impl Material {
    /// Opens the data set; whatever is wrong with it for these settings is found here.
    pub(crate) fn open(config: &Config) -> Result<Self, RunError> {
        let options = OpenOptions {
            label_column: Some(config.label_column.clone()),
            cache_dir: default_cache_folder(),
            table: config.table_options(),
            ..OpenOptions::default()
        };
        let dataset = data::open(&config.dataset, &options)?;
        let classes = dataset.classes()?;
        if let Some(place) = dataset.features().iter().position(|value| !value.is_finite()) {
            let columns = dataset.columns().max(1);
            let text = format!(
                "row {} of the data has a value that is no finite number, in column {}; mend it or take the row out: {}",
                place / columns + 1,
                dataset
                    .column_names()
                    .get(place % columns)
                    .cloned()
                    .unwrap_or_else(|| (place % columns + 1).to_string()),
                config.dataset
            );
            return Err(RunError::setting("dataset", text));
        }
        rows_suffice(config, dataset.labels()?, classes)?;
        let vit = match config.network {
            Network::Mlp => None,
            Network::Vit => Some(vit_shape(config, &dataset)?),
        };
        let largest = |features: &[f32]| features.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let pixel_factor = dataset.image().map(|_| match largest(dataset.features()) {
            largest if largest > 0.0 => 1.0 / largest,
            _ => 1.0,
        });
        let opened = Self { columns: dataset.columns(), classes, pixel_factor, vit, dataset };
        let every_row: Vec<usize> = (0..opened.dataset.labels()?.len()).collect();
        opened.factors(config, &every_row)?;
        Ok(opened)
    }

    /// What was read of the data set.
    pub(crate) fn read(&self) -> &Read {
        self.dataset.read()
    }

    /// The rows of a repeat by its data seed.
    pub(crate) fn trial(&self, config: &Config, seed: u64) -> Result<Trial, RunError> {
        let labels = self.dataset.labels()?;
        let chosen = stratified(labels, config.train_rows as usize, seed);
        let held = config.held_out_rows() as usize;
        let mut is_training = vec![false; labels.len()];
        chosen.iter().filter_map(|row| is_training.get_mut(*row).map(|flag| *flag = true)).for_each(drop);
        let test: Vec<usize> =
            (0..labels.len()).filter(|row| is_training.get(*row) == Some(&false)).collect();
        let own: Vec<u32> = chosen.iter().filter_map(|row| labels.get(*row).copied()).collect();
        let noisy = redrawn(&own, self.classes, config.label_noise, &mut stream(seed, "labels"));
        let factors = self.factors(config, &chosen)?;
        let mut train = Rows { features: self.gather(&chosen, &factors)?, labels: noisy };
        let mut test = Rows {
            features: self.gather(&test, &factors)?,
            labels: test.iter().filter_map(|row| labels.get(*row).copied()).collect(),
        };
        let mean = column_mean(&train.features, self.columns);
        center(&mut train.features, &mean);
        center(&mut test.features, &mean);
        let (held_out, train) = divide(train, held, self.columns, seed);
        let mut trial = Trial { train, held_out, test };
        if let (Some(shape), Some(image)) = (self.vit, self.dataset.image()) {
            for rows in [&mut trial.train, &mut trial.held_out, &mut trial.test] {
                let pixels = channels_last(&rows.features, image.channels, image.height * image.width);
                rows.features =
                    shape.patches(&pixels).map_err(|error| RunError::Defect(error.to_string()))?;
            }
        }
        Ok(trial)
    }

    /// How the columns of a repeat became inputs.
    pub(crate) fn inputs(&self, config: &Config, seed: u64) -> Result<Inputs, RunError> {
        let chosen = stratified(self.dataset.labels()?, config.train_rows as usize, seed);
        let factors = self.factors(config, &chosen)?;
        let mean = column_mean(&self.gather(&chosen, &factors)?, self.columns);
        let offset = self.dataset.offsets().to_vec();
        Ok(Inputs { offset, factor: factors, mean })
    }

    /// One factor for each column: pixels are divided by the largest of all, columns of tables by the standard deviation of these rows.
    /// A column that varies by less than a normal 32-bit number is refused: its factor would be infinite.
    fn factors(&self, config: &Config, rows: &[usize]) -> Result<Vec<f32>, RunError> {
        if let Some(factor) = self.pixel_factor {
            return Ok(vec![factor; self.columns]);
        }
        let standardizer = Standardizer::fit(&self.dataset, rows, Scope::PerColumn)?;
        let deviations = standardizer.standard_deviation().iter();
        if let Some(column) = deviations.enumerate().position(|(column, deviation)| {
            (*deviation > 0.0 && *deviation < f32::MIN_POSITIVE)
                || (*deviation == 0.0 && self.is_tiny(column, rows))
        }) {
            let names = self.dataset.column_names();
            let name = names.get(column).cloned().unwrap_or_else(|| (column + 1).to_string());
            let text = format!(
                "the values of column {name} differ by less than {:e}, too little for 32-bit numbers to be divided by; multiply the column by a large number, or leave it out with columns = {{ {name} = \"ignore\" }}: {}",
                f32::MIN_POSITIVE,
                config.dataset
            );
            return Err(RunError::setting("dataset", text));
        }
        // A column of one value has no weight.
        let factor = |deviation: &f32| if *deviation == 0.0 { 0.0 } else { 1.0 / deviation };
        Ok(standardizer.standard_deviation().iter().map(factor).collect())
    }

    /// True for a column whose values differ although none of them reaches a normal 32-bit number.
    fn is_tiny(&self, column: usize, rows: &[usize]) -> bool {
        let value = |row: &usize| self.dataset.features().get(row * self.columns + column).copied();
        let mut values = rows.iter().filter_map(value);
        let Some(first) = values.next() else { return false };
        let has_offset = self.dataset.offsets().get(column).is_some_and(|offset| *offset != 0.0);
        let (varies, most) = values.fold((false, first.abs()), |(varies, most), value| {
            (varies || value != first, most.max(value.abs()))
        });
        varies && !has_offset && most < f32::MIN_POSITIVE
    }

    /// Scaled features of rows, one after the other.
    fn gather(&self, rows: &[usize], factors: &[f32]) -> Result<Vec<f32>, RunError> {
        let mut features = Vec::new();
        data::batches::gather(&self.dataset, rows, &mut features)?;
        for row in features.chunks_mut(self.columns.max(1)) {
            row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
        }
        Ok(features)
    }
}

/// Rows for training and for the test: with fewer than one for each class on either side, nothing can be learned or judged.
fn rows_suffice(config: &Config, labels: &[u32], classes: usize) -> Result<(), RunError> {
    let (wanted, all) = (usize::try_from(config.train_rows).unwrap_or(usize::MAX), labels.len());
    if all < 2 * classes {
        let text = format!(
            "{all} rows are too few for {classes} classes: one row of each is learned from and as many are kept for the test; bring a table of {} rows or more: {}",
            2 * classes,
            config.dataset
        );
        return Err(RunError::setting("dataset", text));
    }
    let most = all - classes;
    let why = if wanted < classes {
        format!("a training set of {wanted} is fewer than one row for each of {classes} classes")
    } else if wanted > most {
        format!(
            "a training set of {wanted} leaves {} of the {all} rows for the test, fewer than one for each of {classes} classes",
            all.saturating_sub(wanted)
        )
    } else {
        return Ok(());
    };
    let problem = Problem::error("train_rows", format!("{why}: {}", config.dataset));
    Err(RunError::Problems(vec![problem.allowing(format!("{classes} to {most}"))]))
}

/// So many rows in the shares of the classes, at least one of each; ascending.
fn stratified(labels: &[u32], wanted: usize, seed: u64) -> Vec<usize> {
    let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        classes.entry(*label).or_default().push(row);
    }
    let mut random = stream(seed, "rows");
    let total = labels.len().max(1);
    let counts: Vec<usize> = counts(&classes, wanted, total);
    let mut chosen = Vec::with_capacity(wanted);
    for (rows, count) in classes.values_mut().zip(counts) {
        random.shuffle(rows);
        chosen.extend(rows.iter().take(count));
    }
    chosen.sort_unstable();
    chosen
}

/// Rows of each class by largest remainders, after one for each.
fn counts(classes: &BTreeMap<u32, Vec<usize>>, wanted: usize, total: usize) -> Vec<usize> {
    let exact = |rows: &Vec<usize>| rows.len() as f64 * wanted as f64 / total as f64;
    let mut counts: Vec<usize> =
        classes.values().map(|rows| (exact(rows).floor() as usize).clamp(1, rows.len())).collect();
    let mut order: Vec<(usize, f64)> = classes
        .values()
        .enumerate()
        .map(|(class, rows)| (class, exact(rows) - exact(rows).floor()))
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let sizes: Vec<usize> = classes.values().map(Vec::len).collect();
    // The classes with the largest remainders give one more, again and again; where there are too many, the largest classes give up one.
    while counts.iter().sum::<usize>() < wanted {
        let mut grew = false;
        for (class, _) in &order {
            if counts.iter().sum::<usize>() < wanted
                && let (Some(count), Some(size)) = (counts.get_mut(*class), sizes.get(*class))
                && *count < *size
            {
                *count += 1;
                grew = true;
            }
        }
        if !grew {
            break;
        }
    }
    while counts.iter().sum::<usize>() > wanted {
        let Some(largest) = counts.iter_mut().max() else { break };
        *largest -= 1;
    }
    counts
}

fn column_mean(features: &[f32], columns: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; columns];
    let mut rows = 0_usize;
    for row in features.chunks(columns.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        rows += 1;
    }
    sums.iter().map(|sum| (sum / rows.max(1) as f64) as f32).collect()
}

fn center(features: &mut [f32], mean: &[f32]) {
    for row in features.chunks_mut(mean.len().max(1)) {
        row.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
    }
}

/// Random rows that are held out, and the rest, each in its order.
fn divide(rows: Rows, held: usize, columns: usize, seed: u64) -> (Rows, Rows) {
    if held == 0 {
        return (Rows::default(), rows);
    }
    let order = stream(seed, "held out").permutation(rows.labels.len());
    let mut is_held = vec![false; rows.labels.len()];
    order.iter().take(held).filter_map(|row| is_held.get_mut(*row).map(|flag| *flag = true)).for_each(drop);
    let part = |wanted: bool| {
        let mut part = Rows::default();
        for ((row, label), own) in rows.features.chunks(columns.max(1)).zip(&rows.labels).zip(&is_held) {
            if *own == wanted {
                part.features.extend_from_slice(row);
                part.labels.push(*label);
            }
        }
        part
    };
    (part(true), part(false))
}

fn vit_shape(config: &Config, dataset: &Dataset) -> Result<VitShape, RunError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_rows_are_stratified_and_all_others_are_test_rows() {
        let config = Config::default();
        let material = Material::open(&config).unwrap();
        let trial = material.trial(&config, 3).unwrap();
        assert_eq!((trial.train.labels.len(), trial.test.labels.len()), (200, 1597));
        for class in 0..10 {
            let count = trial.train.labels.iter().filter(|label| **label == class).count();
            assert!((19..=21).contains(&count), "class {class}: {count}");
        }
        let mean = column_mean(&trial.train.features, 64);
        assert!(mean.iter().all(|mean| mean.abs() < 1e-6), "centred by the training rows");
        let largest = trial.train.features.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest <= 1.0, "pixels were divided by 16: {largest}");
        assert_ne!(trial, material.trial(&config, 4).unwrap(), "another seed, other rows");
    }

    #[test]
    fn a_tenth_is_held_out_and_label_noise_leaves_the_test_rows() {
        let mut config = Config { label_noise: 0.5, ..Config::default() };
        let material = Material::open(&config).unwrap();
        let noisy = material.trial(&config, 3).unwrap();
        config.parameters = crate::config::Parameters::HeldOut;
        let held = material.trial(&config, 3).unwrap();
        assert_eq!((held.train.labels.len(), held.held_out.labels.len()), (180, 20));
        assert_eq!(held.test, noisy.test, "the same test rows");
        config.label_noise = 0.0;
        let clean =
            material.trial(&Config { parameters: crate::config::Parameters::Fixed, ..config }, 3).unwrap();
        let changed = clean.train.labels.iter().zip(&noisy.train.labels).filter(|(a, b)| a != b).count();
        assert!(
            (75..=100).contains(&changed),
            "half of 200 drawn again, a tenth of those as it was: {changed}"
        );
        assert_eq!(clean.test.labels, noisy.test.labels);
    }

    /// A table of its own with a class, a plain column, and one of the given values.
    fn table(folder: &std::path::Path, values: impl Fn(usize) -> String) -> Config {
        let mut text = "a,small,label\n".to_owned();
        for row in 0..40 {
            text = format!("{text}{},{},{}\n", row % 7, values(row), ["x", "y"][row % 2]);
        }
        let path = folder.join("own.csv");
        std::fs::write(&path, text).unwrap();
        Config { dataset: path.display().to_string(), train_rows: 20, ..Config::default() }
    }

    #[test]
    fn a_column_too_small_to_be_divided_by_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for least in ["1e-42", "3e-45"] {
            let config = table(folder.path(), |row| format!("{}{}", 1 + row % 5, &least[1..]));
            let refused = Material::open(&config).unwrap_err().to_string();
            assert!(refused.contains("column small differ"), "{least}: {refused}");
            assert!(refused.contains("ignore"), "says what to do: {refused}");
        }
        let kept = Material::open(&table(folder.path(), |row| format!("{}e-30", row % 5))).unwrap();
        let config = table(folder.path(), |row| format!("{}e-30", row % 5));
        let trial = kept.trial(&config, 0).unwrap();
        assert!(
            trial.train.features.iter().all(|value| value.is_finite()),
            "small, but it can be divided by"
        );
        Material::open(&table(folder.path(), |_| "2e-42".to_owned())).unwrap();
    }

    #[test]
    fn a_test_without_a_row_for_each_class_is_refused_with_a_range_that_can_be_kept() {
        let refused = |config: &Config| match Material::open(config).unwrap_err() {
            RunError::Problems(problems) => problems[0].to_string(),
            other => panic!("{other}"),
        };
        let rows = |train_rows| Config { train_rows, ..Config::default() };
        let words = refused(&rows(1796));
        assert!(words.contains("leaves 1 of the 1797") && words.contains("allowed: 10 to 1787"), "{words}");
        assert!(refused(&rows(5000)).contains("leaves 0 of the 1797"), "more than there are");
        assert!(refused(&rows(9)).contains("fewer than one row for each of 10 classes"));
        Material::open(&rows(1787)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("few.csv");
        std::fs::write(&path, "a,label\n1,x\n2,y\n3,x\n").unwrap();
        let words = refused(&Config { dataset: path.display().to_string(), ..rows(2) });
        assert!(words.contains("4 rows or more") && !words.contains("allowed"), "no range fits: {words}");
    }

    #[test]
    fn counts_keep_one_of_each_class_and_the_total() {
        let labels: Vec<u32> = (0..1000).map(|row| if row < 990 { 0 } else { 1 + row % 5 }).collect();
        let chosen = stratified(&labels, 20, 1);
        assert_eq!(chosen.len(), 20);
        for class in 0..6 {
            assert!(chosen.iter().any(|row| labels[*row] == class), "class {class}");
        }
    }
}
