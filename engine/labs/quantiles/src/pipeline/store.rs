//! What the stages have come to so far: kept in checkpoints, and at the end the fitted models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reuse::Made;
use crate::base::boosting::BoostingSettings;
use crate::base::forest::ForestSettings;
use crate::base::nets::NetSettings;
use crate::base::{Fitted, Kind};
use crate::config::{Config, Conformal};
use crate::data::Encoder;
use crate::ensemble::{Aggregator, Combined, Trial};
use crate::method::conformal::Offset;
use crate::method::isotonize::Isotonization;
use crate::names::Method;
use weightscope_frame::store::{Codec, CodecError, Saved};

/// Name of the entry in a checkpoint.
const ENTRY: &str = "quantiles.work";

/// Settings of one base model, as chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Chosen {
    /// Nothing to choose.
    None,
    /// Neighbours; 0 is the desk rule.
    Neighbours(usize),
    /// Trees.
    Forest(ForestSettings),
    /// Boosting.
    Boosting(BoostingSettings),
    /// Net.
    Net(NetSettings),
}

/// A full fit of one base model with its predictions, `[rows, levels]` each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FullFit {
    pub(crate) fitted: Fitted,
    pub(crate) chosen: Chosen,
    /// Steps of the best state, for nets.
    pub(crate) steps: usize,
    pub(crate) validation: Vec<f32>,
    pub(crate) calibration: Vec<f32>,
    pub(crate) test: Vec<f32>,
    /// Seconds that the fit took; shown, never part of a result.
    pub(crate) seconds: f64,
    /// Seconds that the predictions took.
    pub(crate) predict_seconds: f64,
}

/// A fit without one fold (or two), with its predictions for the rows it did not see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FoldFit {
    /// Predictions for the rows of the fold (of the first, then of the second), in the order of the training rows.
    pub(crate) held_out: Vec<f32>,
    /// Predictions for the test rows, where CV+ wants them.
    pub(crate) test: Vec<f32>,
    /// The model itself, where predictions for new rows will want it.
    pub(crate) fitted: Option<Fitted>,
    /// Seconds that the fit took.
    pub(crate) seconds: f64,
}

/// A fitted aggregator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aggregated {
    pub(crate) combined: Combined,
    pub(crate) steps: usize,
    /// Settings of an aggregator that is trained by steps.
    pub(crate) trial: Option<Trial>,
    pub(crate) seconds: f64,
}

/// All fits that a run has come to, by their numbers in the lists of base models and aggregators: a checkpoint of any moment fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Fits on all training rows, by base model.
    pub(crate) full: BTreeMap<usize, FullFit>,
    /// Fits without a fold, by base model and fold.
    pub(crate) folds: BTreeMap<(usize, usize), FoldFit>,
    /// Fits without two folds, by base model and the two folds in ascending order.
    pub(crate) pairs: BTreeMap<(usize, usize, usize), FoldFit>,
    /// Fits on all out-of-fold predictions, by aggregator.
    pub(crate) aggregated: BTreeMap<usize, Aggregated>,
    /// Aggregators without a fold, by aggregator and fold.
    pub(crate) nested: BTreeMap<(usize, usize), Combined>,
    /// The base models that are fitted, in the order of their numbers: those of the settings without those that are left out.
    pub(crate) models: Vec<Kind>,
    /// The aggregators that are fitted, in the order of their numbers.
    pub(crate) aggregators: Vec<Aggregator>,
    /// Models that were left out, each with the reason.
    pub(crate) excluded: Vec<(Method, String)>,
    /// Settings and table that the fits belong to.
    pub(crate) made: Option<Made>,
    /// What predictions for new rows need besides the models; set at the end.
    pub(crate) finished: Option<Finished>,
    /// Whether the fits come from a run with other settings, and their step of the fork is still to be done.
    #[serde(skip)]
    pub(crate) forked: Option<Forked>,
}

/// A fork that has just been taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forked {
    /// The operator is another one than the parent's: scores of kept fits have to be taken again.
    pub(crate) rescored: bool,
}

/// What predictions for new rows need of a finished run besides its models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finished {
    /// How a table becomes features.
    pub(crate) encoder: Encoder,
    /// The levels that are predicted.
    pub(crate) levels: Vec<f64>,
    /// The base models, in the order of their numbers.
    pub(crate) base_models: Vec<Kind>,
    /// The aggregators, in the order of their numbers.
    pub(crate) aggregators: Vec<Aggregator>,
    /// The run's operator.
    pub(crate) isotonization: Isotonization,
    /// The run's calibration.
    pub(crate) conformal: Conformal,
    /// Offsets of split calibration by method.
    pub(crate) offsets: BTreeMap<Method, Vec<Offset>>,
    /// Scores of CV+ by method: one list for each interval, in the order of the training rows.
    pub(crate) cv_scores: BTreeMap<Method, Vec<Vec<f64>>>,
    /// Fold of each training row.
    pub(crate) folds: Vec<usize>,
    /// The method with the best validation score.
    pub(crate) best: Method,
}

impl Finished {
    /// All methods in the order of their numbers, base models first.
    pub(crate) fn methods(&self) -> Vec<Method> {
        let models = self.base_models.iter().copied().map(Method::Base);
        models.chain(self.aggregators.iter().copied().map(Method::Joined)).collect()
    }
}

impl Store {
    /// A run in which nothing has been fitted.
    pub(super) fn new(config: &Config, table: &str) -> Self {
        Self {
            models: config.base_models.clone(),
            aggregators: config.aggregators.clone(),
            made: Some(Made::new(config, table)),
            ..Self::default()
        }
    }

    /// True if a method was left out.
    pub(super) fn excludes(&self, method: Method) -> bool {
        self.excluded.iter().any(|(own, _)| *own == method)
    }
}

impl Saved for Store {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value(ENTRY, self)
    }
}
