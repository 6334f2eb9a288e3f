//! The smallest lab, softmax regression: the skeleton of the guide `engine/labs/README.md`, and a guest of the contract suite.

use weightscope_data::{
    EpochBatches, LastBatch, OpenOptions, Read, Scope, Standardizer, batches, open, split,
};
use weightscope_frame::experiment::{Cost, Mark, Problem};
use weightscope_frame::lab::{About, Lab, Picked, Preset, Running, Stage, Step, Steps, View};
use weightscope_frame::record::{Grid, Metric, Pick, Record, ViewKind, ViewSpec, declared::Declaration};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};

mod channels {
    weightscope_frame::channels! {
        LOSS: Scalar = "loss/train", "train", "nat", "Mean cross-entropy of the batch.";
        ACCURACY: Scalar = "accuracy/test", "test", "", "Share of the test rows that are classified right.";
        WEIGHTS: Declared<OfGrids> = "weights", "weights", "", "Weights of each class over the features.";
    }
}

mod metrics {
    weightscope_frame::metrics! {
        TEST_ACCURACY = "test_accuracy", "test accuracy", "", "Share of the test rows that are classified right, at the end.";
        SPEED = "steps_per_second", "speed", "steps/s", "Training steps a second.", clock;
    }
}

const TRAINING: &str = "training";

weightscope_frame::settings! {
    /// Settings.
    pub struct Minimal {
        section "Data" core {
            dataset: String = "digits".to_owned(), "Data set", "A name or a path.", .mark(Mark::DataSet);
        }
        section "Training" core {
            epochs: u64 = 3, "Epochs", "Passes over the training rows.", .range(1.0, 1000.0).stage(TRAINING);
            learning_rate: f64 = 0.1, "Learning rate", "Step size of gradient descent.", .range(0.0, 10.0).logarithmic().stage(TRAINING);
            batch_size: u64 = 32, "Batch size", "Rows in a step.", .unit("rows").range(1.0, 4096.0);
        }
    }
}

#[derive(Default)]
struct Rows {
    features: Vec<f32>,
    labels: Vec<u32>,
}

/// What steps read: rows with their classes, and sizes.
pub struct Shared {
    train: Rows,
    test: Rows,
    columns: usize,
    classes: usize,
    seed: u64,
}

/// What steps change: weights `[class, feature]`.
pub struct State {
    weights: Vec<f32>,
}

impl Saved for State {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.tensor("weights", &[self.weights.len()], &mut self.weights)
    }
}

impl Lab for Minimal {
    const NAME: &'static str = "minimal";
    const ABOUT: About = About {
        title: "Softmax regression",
        claim: "A linear classifier learns the digits by gradient descent.",
        paper: "No paper: the smallest lab, for those who write another",
        link: "https://en.wikipedia.org/wiki/Multinomial_logistic_regression",
        headlines: &[metrics::TEST_ACCURACY.name],
    };
    const PRESETS: &'static [Preset] = &[Preset { name: "minimal/quick", text: Self::SMALLEST }];
    const SMALLEST: &'static str = include_str!("../quick.toml");
    const CHANNELS: &'static [&'static dyn Declaration] = channels::ALL;
    const METRICS: &'static [Metric] = metrics::ALL;
    const DATA_SETTINGS: &'static [&'static str] = &["dataset"];
    type Shared = Shared;
    type State = State;

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        let data = open(&self.dataset, &OpenOptions::default());
        let data = data.map_err(|error| RunError::from(error).into_problems("dataset", "dataset"))?;
        Ok(vec![data.read().clone()])
    }

    fn cost(&self) -> Cost {
        Cost { parameters: Some(640), steps: self.epochs * 45, memory_bytes: 1_000_000, seconds: 0.02 }
    }

    fn views(&self) -> Vec<View<Self>> {
        let spec = |id, title, kind, channels: &[_]| ViewSpec {
            help: "**What.** It learns.\n\n**Read.** Higher accuracies are better.".to_owned(),
            empty: "It appears with the first steps.".to_owned(),
            ..ViewSpec::of(id, title, kind, channels)
        };
        vec![
            View::new(spec("loss", "Loss", ViewKind::Lines, &[&channels::LOSS])),
            View::new(spec("accuracy", "Accuracy", ViewKind::Lines, &[&channels::ACCURACY])),
            View::new(spec("weights", "Weights", ViewKind::Grid, &[&channels::WEIGHTS])).clicked(select),
        ]
    }

    fn begin(&self, context: &mut Context<'_>) -> Result<(Shared, State), RunError> {
        let dataset = open(&self.dataset, &OpenOptions::default())?;
        context.read(dataset.read())?;
        let parts = split::stratified(dataset.labels()?, 0.2, context.seed)?;
        let standardizer = Standardizer::fit(&dataset, &parts.train, Scope::of(&dataset))?;
        let rows = |places: &[usize]| -> Result<Rows, RunError> {
            let mut rows = Rows::default();
            batches::gather(&dataset, places, &mut rows.features)?;
            batches::gather_labels(&dataset, places, &mut rows.labels)?;
            standardizer.apply(&mut rows.features);
            Ok(rows)
        };
        let (train, test) = (rows(&parts.train)?, rows(&parts.test)?);
        let (columns, classes) = (dataset.columns(), dataset.classes()?);
        let shared = Shared { train, test, columns, classes, seed: context.seed };
        Ok((shared, State { weights: vec![0.0; columns * classes] }))
    }

    fn stages(&self, shared: &Shared) -> Vec<Stage<Self>> {
        let per_epoch = (shared.train.labels.len() as u64).div_ceil(self.batch_size.max(1));
        let steps = Steps {
            batches: Some(|lab: &Self, shared: &Shared, epoch| {
                let rows = (0..shared.train.labels.len()).collect::<Vec<_>>();
                Ok(EpochBatches::new(&rows, lab.batch_size as usize, LastBatch::Keep, shared.seed, epoch)?)
            }),
            pictures: Some((20, show)),
            evaluate: Some(evaluate),
            speed: Some(&metrics::SPEED),
            ..Steps::new(per_epoch, step)
        };
        vec![Stage::steps(TRAINING, self.epochs * per_epoch, steps)]
    }
}

/// One step of gradient descent on the mean cross-entropy of the batch.
fn step(run: &mut Running<'_, '_, Minimal>, at: &Step<'_>) -> Result<(), RunError> {
    let (shared, rate) = (run.shared, run.settings.learning_rate as f32 / at.rows.len().max(1) as f32);
    let (mut loss, mut gradient) = (0.0, vec![0.0; run.state.weights.len()]);
    for (x, label) in at.rows.iter().filter_map(|place| row(&shared.train, *place, shared.columns)) {
        let shares = softmax(&run.state.weights, x, shared.classes);
        for ((class, share), slopes) in shares.iter().enumerate().zip(gradient.chunks_mut(shared.columns)) {
            let slope = share - f32::from(class == label);
            slopes.iter_mut().zip(x).for_each(|(sum, x)| *sum += slope * x);
        }
        loss -= f64::from(shares.get(label).copied().unwrap_or(f32::NAN)).ln() / at.rows.len() as f64;
    }
    run.finite("the training loss", loss)?;
    run.state.weights.iter_mut().zip(&gradient).for_each(|(weight, slope)| *weight -= rate * slope);
    run.scalar(&channels::LOSS, loss);
    Ok(())
}

fn evaluate(run: &mut Running<'_, '_, Minimal>) -> Result<(), RunError> {
    let (shared, test) = (run.shared, &run.shared.test);
    let is_right = |place: &usize| {
        row(test, *place, shared.columns).is_some_and(|(x, label)| {
            let shares = softmax(&run.state.weights, x, shared.classes);
            shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class) == Some(label)
        })
    };
    let accuracy = (0..test.labels.len()).filter(is_right).count() as f64 / test.labels.len().max(1) as f64;
    run.scalar(&channels::ACCURACY, accuracy);
    run.result(&metrics::TEST_ACCURACY, accuracy);
    Ok(())
}

fn show(run: &mut Running<'_, '_, Minimal>) -> Result<(), RunError> {
    let names = |count: usize| (0..count).map(|place| place.to_string()).collect();
    let (rows, columns) = (names(run.shared.classes), names(run.shared.columns));
    let values = run.state.weights.clone();
    run.show(&channels::WEIGHTS, Grid { rows, columns, values, diverging: true, ..Grid::default() });
    Ok(())
}

/// A click on the weights selects its class.
fn select(_: &Minimal, _: &Record, pick: &Pick) -> Picked {
    Picked { ids: vec![pick.y.max(0.0) as u64], ..Picked::default() }
}

/// Features and class of a row.
fn row(rows: &Rows, row: usize, columns: usize) -> Option<(&[f32], usize)> {
    Some((rows.features.get(row * columns..(row + 1) * columns)?, *rows.labels.get(row)? as usize))
}

/// Shares of the classes for one row, from the largest logit down so that nothing overflows.
fn softmax(weights: &[f32], x: &[f32], classes: usize) -> Vec<f32> {
    let dot = |class: &[f32]| class.iter().zip(x).map(|(weight, x)| weight * x).sum::<f32>();
    let logits: Vec<f32> = weights.chunks(x.len().max(1)).take(classes).map(dot).collect();
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    shares.iter().map(|share| share / shares.iter().sum::<f32>()).collect()
}
