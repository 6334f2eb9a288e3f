//! What is known of the grid so far, and what it says about each cell.

use serde::{Deserialize, Serialize};

use super::afterwards::Afterwards;
use super::curvature::Bends;
use super::seeds::Together;
use super::training::Network;
use crate::labs::phases::config::Config;
use crate::labs::phases::method::phase::{Metrics, Phase, Thresholds, classify};
use crate::labs::phases::metric::{Metric, Values};
use crate::labs::phases::plan::{Plan, Wanted};

/// See the module. Networks and curvatures are kept by cell and seed, in the order of the plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::labs::phases) struct Book {
    /// Cells that a person asked for.
    pub(in crate::labs::phases) wanted: Vec<Wanted>,
    /// Networks in a cell.
    pub(in crate::labs::phases) seeds: usize,
    /// Trained networks.
    pub(in crate::labs::phases) networks: Vec<Network>,
    /// Comparisons of a cell's seeds.
    pub(in crate::labs::phases) together: Vec<Together>,
    /// Curvatures of networks.
    pub(in crate::labs::phases) bends: Vec<Bends>,
    /// What came of using networks.
    pub(in crate::labs::phases) afterwards: Vec<Afterwards>,
    /// Seconds of the stages.
    pub(in crate::labs::phases) seconds: [f64; 4],
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

impl Book {
    /// The networks of a cell that are trained.
    pub(in crate::labs::phases) fn networks_of(&self, cell: usize) -> &[Network] {
        part(&self.networks, cell, self.seeds)
    }

    fn bends_of(&self, cell: usize) -> &[Bends] {
        part(&self.bends, cell, self.seeds)
    }

    /// True if a network of the cell ran into infinity.
    pub(in crate::labs::phases) fn diverged(&self, cell: usize) -> bool {
        self.networks_of(cell).iter().any(|network| !network.finite)
    }

    /// The metrics of a cell, as far as they are known.
    pub(in crate::labs::phases) fn values(&self, config: &Config, cell: usize) -> Values {
        let mut values = Values::default();
        let networks = self.networks_of(cell);
        let over = |of: &dyn Fn(&Network) -> f64| {
            mean(networks.iter().filter(|network| network.finite).map(|network| Some(of(network))))
        };
        values.set(Metric::TrainLoss, over(&|network| network.train[0]));
        values.set(Metric::TrainAccuracy, over(&|network| network.train[1]));
        values.set(Metric::TestLoss, over(&|network| network.test[0]));
        values.set(Metric::TestAccuracy, over(&|network| network.test[1]));
        values.set(Metric::Gap, over(&|network| network.train[1] - network.test[1]));
        values.set(Metric::Norm, over(&|network| network.norm));
        values.set(Metric::EpochAverageGain, over(&|network| network.averaged_accuracy - network.test[1]));
        let exponents =
            networks.iter().flat_map(|network| network.exponents.iter().map(|value| Some(*value)));
        values.set(Metric::Exponent, mean(exponents));
        if let Some(together) = self.together.get(cell) {
            add_together(&mut values, config, together);
        }
        let bends = self.bends_of(cell);
        let train = |of: &dyn Fn(&super::curvature::Bend) -> f64| {
            mean(bends.iter().map(|b| b.train.as_ref().map(of)))
        };
        let test =
            |of: &dyn Fn(&super::curvature::Bend) -> f64| mean(bends.iter().map(|b| b.test.as_ref().map(of)));
        values.set(Metric::LogLambda, logarithm(train(&|bend| bend.lambda)));
        values.set(Metric::Trace, train(&|bend| bend.trace));
        values.set(Metric::LogTrace, logarithm(train(&|bend| bend.trace).map(f64::abs)));
        values.set(Metric::LogLambdaTest, logarithm(test(&|bend| bend.lambda)));
        values.set(Metric::LogTraceTest, logarithm(test(&|bend| bend.trace).map(f64::abs)));
        let afterwards = part(&self.afterwards, cell, self.seeds);
        values.set(Metric::Pruned, mean(afterwards.iter().map(|after| after.pruned)));
        values.set(Metric::Tuned, mean(afterwards.iter().map(|after| after.tuned)));
        values
    }

    /// The phase of a cell.
    pub(in crate::labs::phases) fn phase(
        &self,
        config: &Config,
        thresholds: &Thresholds,
        cell: usize,
    ) -> Phase {
        if self.diverged(cell) {
            return Phase::Diverged;
        }
        classify(&self.values(config, cell).for_rule(), thresholds)
    }

    /// What each pair of seeds alone would say: its own loss and curvature (mean of the two), connectivity and similarity.
    pub(in crate::labs::phases) fn readings(&self, config: &Config, cell: usize) -> Vec<Metrics> {
        let (networks, bends) = (self.networks_of(cell), self.bends_of(cell));
        let Some(together) = self.together.get(cell) else { return Vec::new() };
        together
            .pairs
            .iter()
            .map(|pair| {
                let both = [pair.first, pair.second];
                let bend = |of: &dyn Fn(&super::curvature::Bend) -> f64| {
                    mean(both.iter().map(|seed| bends.get(*seed)?.train.as_ref().map(of)))
                };
                Metrics {
                    train_loss: mean(
                        both.iter().map(|seed| networks.get(*seed).map(|network| network.train[0])),
                    ),
                    log_lambda: logarithm(bend(&|bend| bend.lambda)),
                    log_trace: logarithm(bend(&|bend| bend.trace)),
                    connectivity: pair.connectivity(1),
                    cka: pair.similarity(config.similarity),
                }
            })
            .collect()
    }

    /// The grid of a metric as rows of a picture, cold at the bottom; NaN where unknown.
    pub(in crate::labs::phases) fn picture(plan: &Plan, value: impl Fn(usize) -> Option<f64>) -> Vec<f32> {
        let columns = plan.load.len();
        let mut values = vec![f32::NAN; columns * plan.temperature.len()];
        for (index, cell) in plan.cells.iter().enumerate() {
            if let (Some(value), Some(place)) =
                (value(index), values.get_mut(cell.row * columns + cell.column))
            {
                *place = value as f32;
            }
        }
        values
    }
}

fn add_together(values: &mut Values, config: &Config, together: &Together) {
    use super::seeds::Pair;
    let over = |of: &dyn Fn(&Pair) -> Option<f64>| mean(together.pairs.iter().map(of));
    values.set(Metric::Connectivity, over(&|pair| pair.connectivity(1)));
    values.set(Metric::ConnectivityLoss, over(&|pair| pair.connectivity(0)));
    values.set(Metric::ConnectivityTest, over(&|pair| pair.connectivity(2)));
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

/// The entries of a cell, as many as there are.
fn part<T>(all: &[T], cell: usize, each: usize) -> &[T] {
    let start = (cell * each).min(all.len());
    let end = ((cell + 1) * each).min(all.len());
    all.get(start..end).unwrap_or_default()
}
