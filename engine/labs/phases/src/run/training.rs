//! The job of one network: initial weights, training, judging; or finding it in the zoo, finished.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Config;
use crate::material::Material;
use crate::method::matching::average;
use crate::method::{pairs, spectral};
use crate::plan::Knobs;
use weightscope_frame::run::{Control, RunError};
use weightscope_math::stats::power_law;
use weightscope_math::stream;
use weightscope_population::{Epoch, Judgement, Lane, Machine, Protocol, Shape, train};

/// Judged epochs of a learning curve.
const CURVE_POINTS: usize = 24;
/// Epochs whose parameters are averaged.
const AVERAGED_EPOCHS: usize = 5;

/// How a network does on some rows. In files it is the array of the two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[Option<f64>; 2]", into = "[f64; 2]")]
pub(crate) struct Score {
    /// Mean cross-entropy, nat.
    pub(crate) loss: f64,
    /// Share of right answers.
    pub(crate) accuracy: f64,
}

impl From<[Option<f64>; 2]> for Score {
    /// JSON has no NaN and writes `null`; this reads it back.
    fn from(numbers: [Option<f64>; 2]) -> Self {
        let [loss, accuracy] = numbers.map(|number| number.unwrap_or(f64::NAN));
        Self { loss, accuracy }
    }
}

impl From<Score> for [f64; 2] {
    fn from(Score { loss, accuracy }: Score) -> Self {
        [loss, accuracy]
    }
}

impl From<Judgement> for Score {
    fn from(judgement: Judgement) -> Self {
        Self { loss: judgement.loss, accuracy: judgement.accuracy }
    }
}

/// How a network does on the rows that it learns from and on those that it is tested on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scores {
    /// On the training rows.
    pub(crate) train: Score,
    /// On the test rows.
    pub(crate) test: Score,
}

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Epochs done; 0 before training.
    pub(crate) epoch: usize,
    /// Mean loss of the batches of the epoch, as they came; NaN before training.
    pub(crate) running_loss: f64,
    /// Known at the epochs that were judged.
    pub(crate) judged: Option<Scores>,
}

/// One trained network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Network {
    /// On the training rows.
    pub(crate) train: Score,
    /// On the test rows.
    pub(crate) test: Score,
    /// Norm of the parameters.
    #[serde(deserialize_with = "one_number")]
    pub(crate) norm: f64,
    /// Passes over the rows.
    pub(crate) epochs: usize,
    /// Steps.
    pub(crate) steps: u64,
    /// Whether all parameters are finite numbers.
    pub(crate) finite: bool,
    /// Spectral exponent of each layer; NaN where it has none.
    #[serde(deserialize_with = "numbers")]
    pub(crate) exponents: Vec<f64>,
    /// Test accuracy of the mean of the last epochs' parameters.
    #[serde(deserialize_with = "one_number")]
    pub(crate) averaged_accuracy: f64,
    /// The parameters, flat.
    #[serde(skip)]
    pub(crate) weights: Arc<Vec<f32>>,
    /// The learning curve.
    #[serde(skip)]
    pub(crate) curve: Vec<Point>,
}

/// JSON has no NaN and writes `null`; these read it back.
fn one_number<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or(f64::NAN))
}

fn numbers<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Deserialize::deserialize(input)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// What a network is made from.
pub(crate) struct Recipe<'a> {
    pub(crate) config: &'a Config,
    pub(crate) material: &'a Material,
    pub(crate) knobs: Knobs,
    /// Seed of the run.
    pub(crate) run_seed: u64,
    /// Which of the cell's networks.
    pub(crate) seed: usize,
}

impl Recipe<'_> {
    /// The network's shape.
    pub(crate) fn shape(&self) -> Result<Shape, RunError> {
        shape(self.config, self.material, &self.knobs)
    }

    /// Trains it. `watch` sees the packed parameters before training and after each epoch.
    pub(crate) fn train(
        &self,
        control: &Control,
        mut watch: impl FnMut(usize, &[Lane]),
    ) -> Result<Network, RunError> {
        let shape = self.shape()?;
        let training = &self.material.training(&self.knobs)?.samples;
        let protocol = self.knobs.protocol(self.config, training.rows());
        let name = self.knobs.name(self.seed);
        let purpose = |what: &str| format!("phases/{what}/{name}");
        let initial = train::initial(&shape, &mut stream(self.run_seed, &purpose("init")));
        let mut weights = pack(&shape, &initial)?;
        let mut machine = Machine::new(&shape, protocol.batch_for(training.rows()));
        let mut judge = Machine::new(&shape, JUDGED);
        let judge_both = |judge: &mut Machine, weights: &[Lane]| Scores {
            train: judge.judge(weights, training).into(),
            test: judge.judge(weights, &self.material.test).into(),
        };
        let mut curve =
            vec![Point { epoch: 0, running_loss: f64::NAN, judged: Some(judge_both(&mut judge, &weights)) }];
        watch(0, &weights);
        let marked = marked_epochs(protocol.epochs);
        let mut last: Vec<Vec<f32>> = Vec::new();
        train::train(
            &mut machine,
            &mut weights,
            training,
            &protocol,
            &mut stream(self.run_seed, &purpose("order")),
            |Epoch { done, running_loss }, weights| -> Result<(), RunError> {
                control.check()?;
                let judged = marked.contains(&done).then(|| judge_both(&mut judge, weights));
                curve.push(Point { epoch: done, running_loss, judged });
                watch(done, weights);
                if done + AVERAGED_EPOCHS > protocol.epochs {
                    last.push(shape.unpack(weights));
                }
                Ok(())
            },
        )?;
        let Scores { train, test } = judge_both(&mut judge, &weights);
        let flat = shape.unpack(&weights);
        let finite = flat.iter().all(|value| value.is_finite());
        let averaged = judge.judge(&pack(&shape, &average(&last))?, &self.material.test).accuracy;
        Ok(Network {
            train,
            test,
            norm: pairs::norm(&flat),
            epochs: protocol.epochs,
            steps: (protocol.epochs * protocol.steps_per_epoch(training.rows())) as u64,
            finite,
            exponents: if finite { exponents(&shape, &flat) } else { Vec::new() },
            averaged_accuracy: averaged,
            weights: Arc::new(flat),
            curve,
        })
    }
}

impl Network {
    /// A network that was trained elsewhere, judged on its rows; it has no learning curve and no averaged epochs.
    pub(crate) fn judged(
        config: &Config,
        material: &Material,
        knobs: &Knobs,
        epochs: usize,
        flat: Vec<f32>,
    ) -> Result<Self, RunError> {
        let shape = shape(config, material, knobs)?;
        let training = &material.training(knobs)?.samples;
        let weights = pack(&shape, &flat)?;
        let mut judge = Machine::new(&shape, JUDGED);
        let (train, test) = (judge.judge(&weights, training), judge.judge(&weights, &material.test));
        let finite = flat.iter().all(|value| value.is_finite());
        let protocol = Protocol { epochs, ..knobs.protocol(config, training.rows()) };
        Ok(Self {
            train: train.into(),
            test: test.into(),
            norm: pairs::norm(&flat),
            epochs,
            steps: (epochs * protocol.steps_per_epoch(training.rows())) as u64,
            finite,
            exponents: if finite { exponents(&shape, &flat) } else { Vec::new() },
            averaged_accuracy: f64::NAN,
            weights: Arc::new(flat),
            curve: Vec::new(),
        })
    }
}

/// Rows judged at once.
pub(crate) const JUDGED: usize = 128;

/// The shape of a cell's networks.
pub(crate) fn shape(config: &Config, material: &Material, knobs: &Knobs) -> Result<Shape, RunError> {
    knobs
        .shape(config, material.inputs, material.classes)
        .map_err(|error| RunError::Defect(error.to_string()))
}

/// A flat vector packed.
pub(crate) fn pack(shape: &Shape, flat: &[f32]) -> Result<Vec<Lane>, RunError> {
    shape.pack(flat).map_err(|error| RunError::Defect(error.to_string()))
}

/// Epochs that are judged: dense at first, the last one among them.
fn marked_epochs(epochs: usize) -> Vec<usize> {
    let mut marked: Vec<usize> = (1..=CURVE_POINTS)
        .map(|index| {
            let share = index as f64 / CURVE_POINTS as f64;
            ((epochs as f64).powf(share).round() as usize).max(index.min(epochs))
        })
        .map(|epoch| epoch.min(epochs))
        .collect();
    marked.dedup();
    marked
}

fn exponents(shape: &Shape, flat: &[f32]) -> Vec<f64> {
    let layers = shape.tensors();
    let matrices = layers.iter().filter(|tensor| tensor.shape.len() == 2);
    matrices
        .map(|tensor| {
            let values = spectral::eigenvalues(&flat[tensor.range.clone()], tensor.shape[0]);
            power_law::exponent_of_upper_half(&values).unwrap_or(f64::NAN)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_epochs_grow_and_end_at_the_last() {
        for epochs in [1, 2, 10, 200, 2000] {
            let marked = marked_epochs(epochs);
            assert!(marked.windows(2).all(|pair| pair[0] < pair[1]), "{marked:?}");
            assert_eq!((marked.first(), marked.last()), (Some(&1), Some(&epochs)));
        }
    }

    #[test]
    fn a_score_is_the_two_numbers_in_files_and_null_is_no_number() {
        let score: Score = serde_json::from_str("[null,0.5]").unwrap();
        assert!(score.loss.is_nan() && score.accuracy == 0.5, "{score:?}");
        assert_eq!(serde_json::to_string(&score).unwrap(), "[null,0.5]");
    }
}
