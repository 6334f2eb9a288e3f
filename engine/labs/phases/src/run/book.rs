//! What is known of the grid so far, and what it says about each cell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::afterwards::Afterwards;
use super::curvature::{Bend, Bends};
use super::measured::Measured;
use super::seeds::{Pair, Together};
use super::training::Network;
use crate::config::Config;
use crate::method::phase::{Metrics, Phase, Thresholds, classify};
use crate::metric::{Metric, Values};
use crate::plan::{Cell, Place, Plan};
use weightscope_frame::store::{Codec, CodecError, Saved};

/// All results of a grid as they come. What belongs to a cell stands at its place in `cells`, what belongs to a network at cell × seeds + seed; nothing
/// where it is not known yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    /// Cells that a person asked for.
    pub(crate) wanted: Vec<Place>,
    /// The cells, in the order of the plan.
    pub(crate) cells: Vec<Place>,
    /// Networks in a cell.
    pub(crate) seeds: usize,
    /// Trained networks.
    pub(crate) networks: Vec<Option<Network>>,
    /// Comparisons of a cell's seeds.
    pub(crate) together: Vec<Option<Together>>,
    /// Curvatures of networks.
    pub(crate) bends: Vec<Option<Bends>>,
    /// What came of using networks.
    pub(crate) afterwards: Vec<Option<Afterwards>>,
    /// The settings that the measurements were made with; nothing in checkpoints of programs that did not say.
    #[serde(default)]
    pub(crate) measured_with: Option<Measured>,
    /// Seconds of the stages.
    pub(crate) seconds: Seconds,
}

/// Seconds of work of the stages, pauses and resumed parts included. In files it is the array of the four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 4]", into = "[f64; 4]")]
pub(crate) struct Seconds {
    /// Training the networks.
    pub(crate) training: f64,
    /// Comparing the seeds.
    pub(crate) curves: f64,
    /// Measuring the curvature.
    pub(crate) curvature: f64,
    /// Using the networks.
    pub(crate) afterwards: f64,
}

impl From<[f64; 4]> for Seconds {
    fn from([training, curves, curvature, afterwards]: [f64; 4]) -> Self {
        Self { training, curves, curvature, afterwards }
    }
}

impl From<Seconds> for [f64; 4] {
    fn from(Seconds { training, curves, curvature, afterwards }: Seconds) -> Self {
        [training, curves, curvature, afterwards]
    }
}

impl Saved for Book {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value("book", self)
    }
}

/// Mean of what is known and finite.
fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0);
    for value in values.into_iter().flatten().filter(|value| value.is_finite()) {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

fn logarithm(value: Option<f64>) -> Option<f64> {
    value.filter(|value| *value > 0.0).map(f64::ln)
}

/// Numbers of the entries that are not known.
pub(crate) fn missing<T>(entries: &[Option<T>]) -> Vec<usize> {
    entries.iter().enumerate().filter(|(_, entry)| entry.is_none()).map(|(index, _)| index).collect()
}

fn forget<T>(entries: &mut [Option<T>], is_other: bool) {
    if is_other {
        entries.iter_mut().for_each(|entry| *entry = None);
    }
}

impl Book {
    /// No results yet, under these settings.
    pub(crate) fn new(config: &Config) -> Self {
        Self { measured_with: Some(Measured::of(config)), ..Self::default() }
    }

    /// Puts what is known where a plan has it; what the plan lacks is dropped.
    ///
    /// A comparison of seeds holds for all seeds of its cell, so that another number of seeds makes it unknown.
    pub(crate) fn fit(&mut self, plan: &Plan) {
        let cells: Vec<Place> = plan.cells.iter().map(Cell::place).collect();
        let bits = |cell: &Place| (cell.load.to_bits(), cell.temperature.to_bits());
        let before: BTreeMap<(u64, u64), usize> =
            self.cells.iter().enumerate().map(|(index, cell)| (bits(cell), index)).collect();
        let from: Vec<Option<usize>> = cells.iter().map(|cell| before.get(&bits(cell)).copied()).collect();
        let seeds = (self.seeds, plan.seeds);
        moved(&mut self.networks, &from, seeds);
        moved(&mut self.bends, &from, seeds);
        moved(&mut self.afterwards, &from, seeds);
        if seeds.0 != seeds.1 {
            self.together.clear();
        }
        moved(&mut self.together, &from, (1, 1));
        self.cells = cells;
        self.seeds = plan.seeds;
    }

    /// Forgets measurements that were made with other settings than these. A fork refuses those of which it is not known; a run that
    /// goes on by itself made them with its own.
    pub(crate) fn keep_measured(&mut self, config: &Config, is_fork: bool) -> Result<(), CodecError> {
        let now = Measured::of(config);
        let measured = self.together.iter().any(Option::is_some)
            || self.bends.iter().any(Option::is_some)
            || self.afterwards.iter().any(Option::is_some);
        match &self.measured_with {
            Some(before) => {
                forget(&mut self.together, before.curves != now.curves);
                forget(&mut self.bends, before.curvature != now.curvature);
                forget(&mut self.afterwards, before.afterwards != now.afterwards);
            }
            None if measured && is_fork => {
                let why = "an earlier version made it, which does not say with which settings it measured";
                return Err(CodecError(why.to_owned()));
            }
            None => {}
        }
        self.measured_with = Some(now);
        Ok(())
    }

    /// The networks of a cell that are trained, with their seeds.
    pub(crate) fn networks_of(&self, cell: usize) -> impl Iterator<Item = (usize, &Network)> {
        let networks = part(&self.networks, cell, self.seeds).iter().enumerate();
        networks.filter_map(|(seed, network)| Some((seed, network.as_ref()?)))
    }

    /// The curvature of a network.
    pub(crate) fn bends_of(&self, cell: usize, seed: usize) -> Option<&Bends> {
        part(&self.bends, cell, self.seeds).get(seed)?.as_ref()
    }

    /// The comparison of a cell's seeds.
    pub(crate) fn together_of(&self, cell: usize) -> Option<&Together> {
        self.together.get(cell)?.as_ref()
    }

    /// What came of using a network.
    pub(crate) fn afterwards_of(&self, cell: usize, seed: usize) -> Option<&Afterwards> {
        part(&self.afterwards, cell, self.seeds).get(seed)?.as_ref()
    }

    /// True if a network of the cell ran into infinity.
    pub(crate) fn diverged(&self, cell: usize) -> bool {
        self.networks_of(cell).any(|(_, network)| !network.finite)
    }

    /// The metrics of a cell, as far as they are known.
    pub(crate) fn values(&self, config: &Config, cell: usize) -> Values {
        let mut values = Values::default();
        let networks: Vec<&Network> = self.networks_of(cell).map(|(_, network)| network).collect();
        let over = |of: &dyn Fn(&Network) -> f64| {
            mean(networks.iter().filter(|network| network.finite).map(|network| Some(of(network))))
        };
        values.set(Metric::TrainLoss, over(&|network| network.train.loss));
        values.set(Metric::TrainAccuracy, over(&|network| network.train.accuracy));
        values.set(Metric::TestLoss, over(&|network| network.test.loss));
        values.set(Metric::TestAccuracy, over(&|network| network.test.accuracy));
        values.set(Metric::Gap, over(&|network| network.train.accuracy - network.test.accuracy));
        values.set(Metric::Norm, over(&|network| network.norm));
        values.set(
            Metric::EpochAverageGain,
            over(&|network| network.averaged_accuracy - network.test.accuracy),
        );
        let exponents =
            networks.iter().flat_map(|network| network.exponents.iter().map(|value| Some(*value)));
        values.set(Metric::Exponent, mean(exponents));
        if let Some(together) = self.together_of(cell) {
            add_together(&mut values, config, together);
        }
        let seeds = 0..self.seeds;
        let train = |of: &dyn Fn(&Bend) -> f64| {
            mean(seeds.clone().map(|seed| self.bends_of(cell, seed)?.train.as_ref().map(of)))
        };
        let test = |of: &dyn Fn(&Bend) -> f64| {
            mean(seeds.clone().map(|seed| self.bends_of(cell, seed)?.test.as_ref().map(of)))
        };
        values.set(Metric::LogLambda, logarithm(train(&|bend| bend.lambda)));
        values.set(Metric::Trace, train(&|bend| bend.trace));
        values.set(Metric::LogTrace, logarithm(train(&|bend| bend.trace).map(f64::abs)));
        values.set(Metric::LogLambdaTest, logarithm(test(&|bend| bend.lambda)));
        values.set(Metric::LogTraceTest, logarithm(test(&|bend| bend.trace).map(f64::abs)));
        let after = |of: fn(&Afterwards) -> Option<f64>| {
            mean(seeds.clone().map(|seed| of(self.afterwards_of(cell, seed)?)))
        };
        values.set(Metric::Pruned, after(|after| after.pruned));
        values.set(Metric::Tuned, after(|after| after.tuned));
        values
    }

    /// The phase of a cell.
    pub(crate) fn phase(&self, config: &Config, thresholds: &Thresholds, cell: usize) -> Phase {
        if self.diverged(cell) {
            return Phase::Diverged;
        }
        classify(&self.values(config, cell).for_rule(), thresholds)
    }

    /// What each pair of seeds alone would say: its own loss and curvature (mean of the two), connectivity and similarity.
    pub(crate) fn readings(&self, config: &Config, cell: usize) -> Vec<Metrics> {
        let Some(together) = self.together_of(cell) else { return Vec::new() };
        let networks = part(&self.networks, cell, self.seeds);
        together
            .pairs
            .iter()
            .map(|pair| {
                let both = [pair.first, pair.second];
                let bend = |of: &dyn Fn(&Bend) -> f64| {
                    mean(both.iter().map(|seed| self.bends_of(cell, *seed)?.train.as_ref().map(of)))
                };
                let loss = |seed: &usize| Some(networks.get(*seed)?.as_ref()?.train.loss);
                Metrics {
                    train_loss: mean(both.iter().map(loss)),
                    log_lambda: logarithm(bend(&|bend| bend.lambda)),
                    log_trace: logarithm(bend(&|bend| bend.trace)),
                    connectivity: pair.connectivity(|judged| judged.train_error),
                    cka: pair.similarity(config.similarity),
                }
            })
            .collect()
    }
}

fn add_together(values: &mut Values, config: &Config, together: &Together) {
    let over = |of: &dyn Fn(&Pair) -> Option<f64>| mean(together.pairs.iter().map(of));
    values.set(Metric::Connectivity, over(&|pair| pair.connectivity(|judged| judged.train_error)));
    values.set(Metric::ConnectivityLoss, over(&|pair| pair.connectivity(|judged| judged.train_loss)));
    values.set(Metric::ConnectivityTest, over(&|pair| pair.connectivity(|judged| judged.test_error)));
    values.set(Metric::Linear, over(&Pair::linear));
    values.set(Metric::Barrier, over(&|pair| Some(pair.barrier())));
    values.set(Metric::Cka, over(&|pair| pair.similarity(config.similarity)));
    values.set(Metric::CkaSoftmax, over(&|pair| pair.cka_softmax));
    values.set(Metric::CkaLogits, over(&|pair| pair.cka_logits));
    values.set(Metric::CkaDebiased, over(&|pair| pair.cka_debiased));
    values.set(Metric::Distance, over(&|pair| Some(pair.distance)));
    values.set(Metric::Agreement, over(&|pair| Some(pair.agreement)));
    values.set(Metric::Divergence, over(&|pair| Some(pair.divergence)));
    values.set(Metric::Cosine, over(&|pair| pair.cosine));
    values.set(Metric::Ensemble, together.ensemble);
    let single = values.get(Metric::TestAccuracy);
    values.set(Metric::EnsembleGain, together.ensemble.zip(single).map(|(all, one)| all - one));
    values.set(Metric::Average, together.average);
    values.set(Metric::MatchedAverage, together.matched_average);
}

/// Entries in the order of new cells, each of which stood at a place of the old ones or was not there.
fn moved<T>(entries: &mut Vec<Option<T>>, from: &[Option<usize>], (old, new): (usize, usize)) {
    let mut before = std::mem::take(entries);
    entries.reserve(from.len() * new);
    for cell in from {
        for seed in 0..new {
            let place = cell.filter(|_| seed < old).map(|cell| cell * old + seed);
            entries.push(place.and_then(|place| before.get_mut(place)?.take()));
        }
    }
}

/// The entries of a cell, as many as there are.
fn part<T>(all: &[T], cell: usize, each: usize) -> &[T] {
    let start = (cell * each).min(all.len());
    let end = ((cell + 1) * each).min(all.len());
    all.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_stand_as_long_as_their_own_settings_do() {
        let config = Config::default();
        let measured = |book: Book| Book {
            together: vec![Some(Together::default())],
            bends: vec![Some(Bends::default())],
            ..book
        };
        let known = |book: &Book| [book.together[0].is_some(), book.bends[0].is_some()];
        let kept = |change: fn(&mut Config)| {
            let (mut book, mut other) = (measured(Book::new(&config)), config.clone());
            change(&mut other);
            book.keep_measured(&other, true).unwrap();
            known(&book)
        };
        assert_eq!(kept(|_| {}), [true, true]);
        assert_eq!(kept(|config| config.threshold_cka = 0.5), [true, true], "a reading, no measurement");
        assert_eq!(kept(|config| config.curve_points = 9), [false, true]);
        assert_eq!(kept(|config| config.eigenvalues = 2), [true, false]);
    }

    #[test]
    fn a_checkpoint_that_does_not_say_with_which_settings_it_measured_is_good_for_its_own_run_only() {
        let config = Config::default();
        let book = Book { together: vec![Some(Together::default())], ..Book::default() };
        let (mut own, mut fork) = (book.clone(), book);
        own.keep_measured(&config, false).unwrap();
        assert_eq!(own.measured_with, Some(Measured::of(&config)));
        let refusal = fork.keep_measured(&config, true).unwrap_err().to_string();
        assert!(refusal.contains("earlier version") && refusal.contains("new run"), "{refusal}");
    }
}
