//! The job of one cell's seeds together: curves and lines between each two, similarity, ensemble, averages.

use serde::{Deserialize, Serialize};

use super::training::{JUDGED, Network, pack, shape};
use crate::config::{Config, Similarity};
use crate::material::Material;
use crate::method::connectivity::{barrier, mode_connectivity};
use crate::method::curve::{Curve, CurveProtocol, line_profile, positions};
use crate::method::{matching, pairs};
use crate::plan::Knobs;
use weightscope_frame::run::{Control, RunError};
use weightscope_math::linalg::cka::{self, Rows};
use weightscope_math::stream;
use weightscope_population::{Judgement, Lane, Machine, Shape};

/// Batches of test rows on which logits are compared (model zoo, released code).
const LOGIT_BATCHES: usize = 10;
const LOGIT_ROWS: usize = 128;

/// A network on the way between two seeds, judged. In files it is the array of the three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 3]", into = "[f64; 3]")]
pub(crate) struct Judged {
    /// Cross-entropy on the training rows, nat.
    pub(crate) train_loss: f64,
    /// Share of wrong answers on the training rows, percent.
    pub(crate) train_error: f64,
    /// Share of wrong answers on the test rows, percent.
    pub(crate) test_error: f64,
}

impl From<[f64; 3]> for Judged {
    fn from([train_loss, train_error, test_error]: [f64; 3]) -> Self {
        Self { train_loss, train_error, test_error }
    }
}

impl From<Judged> for [f64; 3] {
    fn from(Judged { train_loss, train_error, test_error }: Judged) -> Self {
        [train_loss, train_error, test_error]
    }
}

/// Two seeds of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// The first.
    pub(crate) first: usize,
    /// The second.
    pub(crate) second: usize,
    /// Distance of their parameters.
    pub(crate) distance: f64,
    /// Networks at even places of the curve, ends included.
    pub(crate) curve: Vec<Judged>,
    /// Networks at even places of the straight line, ends included.
    pub(crate) line: Vec<Judged>,
    /// Softmax outputs on mixed-up rows; missing for constant outputs.
    pub(crate) cka_softmax: Option<f64>,
    /// Logits, mean over batches.
    pub(crate) cka_logits: Option<f64>,
    /// Logits, debiased.
    pub(crate) cka_debiased: Option<f64>,
    /// Share of equal answers.
    pub(crate) agreement: f64,
    /// Jensen–Shannon divergence.
    pub(crate) divergence: f64,
    /// Cosine of the logits.
    pub(crate) cosine: Option<f64>,
}

/// All seeds of a cell together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Together {
    /// Each two that are finite.
    pub(crate) pairs: Vec<Pair>,
    /// Test accuracy of the mean softmax.
    pub(crate) ensemble: Option<f64>,
    /// Test accuracy of the mean parameters.
    pub(crate) average: Option<f64>,
    /// Test accuracy of the mean parameters after matching the seeds to the first one.
    pub(crate) matched_average: Option<f64>,
}

impl Pair {
    /// Mode connectivity by what is read of each network of the curve.
    pub(crate) fn connectivity(&self, of: fn(&Judged) -> f64) -> Option<f64> {
        rule(&self.curve, of)
    }

    /// The rule of mode connectivity on the train error along the straight line, percentage points.
    pub(crate) fn linear(&self) -> Option<f64> {
        rule(&self.line, |judged| judged.train_error)
    }

    /// Barrier of the train loss on the line.
    pub(crate) fn barrier(&self) -> f64 {
        let losses: Vec<f64> = self.line.iter().map(|judged| judged.train_loss).collect();
        barrier(&losses, &positions(losses.len()))
    }

    /// The similarity that the settings choose.
    pub(crate) fn similarity(&self, which: Similarity) -> Option<f64> {
        match which {
            Similarity::SoftmaxMixup => self.cka_softmax,
            Similarity::LogitsBatches => self.cka_logits,
            Similarity::Debiased => self.cka_debiased,
        }
    }
}

fn rule(profile: &[Judged], of: fn(&Judged) -> f64) -> Option<f64> {
    let values: Vec<f64> = profile.iter().map(of).collect();
    mode_connectivity(&values).map(|(value, _)| value)
}

/// What a cell's job works with.
pub(crate) struct Cellmates<'a> {
    pub(crate) config: &'a Config,
    pub(crate) material: &'a Material,
    pub(crate) knobs: Knobs,
    pub(crate) run_seed: u64,
    /// The networks with their seeds.
    pub(crate) networks: Vec<(usize, &'a Network)>,
}

/// One seed, ready.
struct Member {
    seed: usize,
    packed: Vec<Lane>,
    flat: Vec<f32>,
    test_logits: Vec<f32>,
    mixed_softmax: Vec<f32>,
}

impl Cellmates<'_> {
    /// Compares all seeds that are finite.
    pub(crate) fn compare(&self, control: &Control) -> Result<Together, RunError> {
        let shape = shape(self.config, self.material, &self.knobs)?;
        let mut judge = Machine::new(&shape, JUDGED);
        let members = self.members(&shape, &mut judge)?;
        let mut together = Together::default();
        for (index, second) in members.iter().enumerate() {
            for first in &members[..index] {
                control.check()?;
                together.pairs.push(self.pair(&shape, &mut judge, first, second, control)?);
            }
        }
        together.pairs.sort_by_key(|pair| (pair.first, pair.second));
        if members.len() > 1 {
            self.averages(&shape, &mut judge, &members, &mut together)?;
        }
        Ok(together)
    }

    fn members(&self, shape: &Shape, judge: &mut Machine) -> Result<Vec<Member>, RunError> {
        let mixed = &self.material.training(&self.knobs)?.mixed;
        let finite = self.networks.iter().filter(|(_, network)| network.finite);
        finite
            .map(|&(seed, network)| {
                let packed = pack(shape, &network.weights)?;
                let logits = judge.outputs(&packed, mixed);
                let softmax = pairs::softmax(&logits, shape.outputs());
                Ok(Member {
                    seed,
                    test_logits: judge.outputs(&packed, &self.material.test),
                    mixed_softmax: softmax.into_iter().map(|p| p as f32).collect(),
                    packed,
                    flat: network.weights.to_vec(),
                })
            })
            .collect()
    }

    fn pair(
        &self,
        shape: &Shape,
        judge: &mut Machine,
        first: &Member,
        second: &Member,
        control: &Control,
    ) -> Result<Pair, RunError> {
        let features = shape.outputs();
        let (a, b) = (&first.test_logits, &second.test_logits);
        let rows = |values| Rows { values, features };
        let batches = (a.len() / features / LOGIT_ROWS).clamp(1, LOGIT_BATCHES);
        let compared = (batches * LOGIT_ROWS * features).min(a.len());
        Ok(Pair {
            first: first.seed,
            second: second.seed,
            distance: pairs::distance(&first.flat, &second.flat),
            curve: self.curve(shape, judge, first, second, control)?,
            line: self.line(judge, first, second)?,
            cka_softmax: cka::linear(rows(&first.mixed_softmax), rows(&second.mixed_softmax)),
            cka_logits: cka::mean_over_batches(rows(&a[..compared]), rows(&b[..compared]), batches),
            cka_debiased: cka::debiased(rows(a), rows(b)),
            agreement: pairs::agreement(a, b, features),
            divergence: pairs::divergence(a, b, features),
            cosine: pairs::cosine(a, b),
        })
    }

    /// The protocol of the curve between two seeds.
    pub(crate) fn curve_protocol(config: &Config) -> CurveProtocol {
        CurveProtocol {
            epochs: config.curve_epochs as usize,
            batch: config.curve_batch as usize,
            learning_rate: config.curve_learning_rate,
            momentum: config.momentum as f32,
            weight_decay: config.curve_weight_decay as f32,
            compounded: config.curve_compounded,
        }
    }

    fn curve(
        &self,
        shape: &Shape,
        judge: &mut Machine,
        first: &Member,
        second: &Member,
        control: &Control,
    ) -> Result<Vec<Judged>, RunError> {
        let training = &self.material.training(&self.knobs)?.samples;
        let protocol = Self::curve_protocol(self.config);
        let mut machine = Machine::new(shape, protocol.batch.min(training.rows()));
        let name = self.knobs.name(first.seed);
        let mut random = stream(self.run_seed, &format!("phases/curve/{name}/{}", second.seed));
        let mut curve = Curve::straight(&first.packed, &second.packed);
        curve.train(&mut machine, training, &protocol, &mut random, || {
            control.check().map_err(RunError::from)
        })?;
        let points = self.config.curve_points as usize;
        let train = curve.profile(judge, training, points);
        let test = curve.profile(judge, &self.material.test, points);
        Ok(profile(&train, &test))
    }

    fn line(&self, judge: &mut Machine, first: &Member, second: &Member) -> Result<Vec<Judged>, RunError> {
        let training = &self.material.training(&self.knobs)?.samples;
        let points = self.config.line_points as usize;
        let train = line_profile(judge, &first.packed, &second.packed, training, points);
        let test = line_profile(judge, &first.packed, &second.packed, &self.material.test, points);
        Ok(profile(&train, &test))
    }

    fn averages(
        &self,
        shape: &Shape,
        judge: &mut Machine,
        members: &[Member],
        together: &mut Together,
    ) -> Result<(), RunError> {
        let test = &self.material.test;
        let labels = test.labels().unwrap_or_default();
        let logits: Vec<Vec<f32>> = members.iter().map(|member| member.test_logits.clone()).collect();
        together.ensemble = Some(pairs::ensemble_accuracy(&logits, shape.outputs(), labels));
        let flats: Vec<Vec<f32>> = members.iter().map(|member| member.flat.clone()).collect();
        let mut accuracy = |members: &[Vec<f32>]| -> Result<f64, RunError> {
            Ok(judge.judge(&pack(shape, &matching::average(members))?, test).accuracy)
        };
        together.average = Some(accuracy(&flats)?);
        let mut random = stream(self.run_seed, &format!("phases/matching/{}", self.knobs.name(0)));
        let matched: Vec<Vec<f32>> = flats
            .iter()
            .enumerate()
            .map(|(index, flat)| {
                if index == 0 {
                    return flat.clone();
                }
                let permutations =
                    matching::match_weights(shape, &flats[0], flat, |layers| random.permutation(layers));
                matching::permute(shape, flat, &permutations)
            })
            .collect();
        together.matched_average = Some(accuracy(&matched)?);
        Ok(())
    }
}

fn profile(train: &[Judgement], test: &[Judgement]) -> Vec<Judged> {
    let places = train.iter().zip(test);
    let judged = |(train, test): (&Judgement, &Judgement)| Judged {
        train_loss: train.loss,
        train_error: train.error_percent(),
        test_error: test.error_percent(),
    };
    places.map(judged).collect()
}
