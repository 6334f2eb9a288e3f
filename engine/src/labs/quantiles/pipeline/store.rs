//! What the stages have come to so far: kept in checkpoints, and at the end the fitted models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reuse::Made;
use crate::labs::quantiles::base::Fitted;
use crate::labs::quantiles::base::boosting::BoostingSettings;
use crate::labs::quantiles::base::forest::ForestSettings;
use crate::labs::quantiles::base::nets::NetSettings;
use crate::labs::quantiles::data::Encoder;
use crate::labs::quantiles::ensemble::{Combined, Trial};
use crate::labs::quantiles::method::conformal::Offset;
use crate::run::RunError;
use crate::store::{Blob, State};

/// Name of the entry in a checkpoint.
const ENTRY: &str = "quantiles.work";

/// Settings of one base model, as chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::quantiles) enum Chosen {
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
pub(in crate::labs::quantiles) struct FullFit {
    pub(in crate::labs::quantiles) fitted: Fitted,
    pub(in crate::labs::quantiles) chosen: Chosen,
    /// Steps of the best state, for nets.
    pub(in crate::labs::quantiles) steps: usize,
    pub(in crate::labs::quantiles) validation: Vec<f32>,
    pub(in crate::labs::quantiles) calibration: Vec<f32>,
    pub(in crate::labs::quantiles) test: Vec<f32>,
    /// Seconds that the fit took; shown, never part of a result.
    pub(in crate::labs::quantiles) seconds: f64,
    /// Seconds that the predictions took.
    pub(in crate::labs::quantiles) predict_seconds: f64,
}

/// A fit without one fold (or two), with its predictions for the rows it did not see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::quantiles) struct FoldFit {
    /// Predictions for the rows of the fold (of the first, then of the second), in the order of the training rows.
    pub(in crate::labs::quantiles) held_out: Vec<f32>,
    /// Predictions for the test rows, where CV+ wants them.
    pub(in crate::labs::quantiles) test: Vec<f32>,
    /// The model itself, where predictions for new rows will want it.
    pub(in crate::labs::quantiles) fitted: Option<Fitted>,
    /// Seconds that the fit took.
    pub(in crate::labs::quantiles) seconds: f64,
}

/// A fitted aggregator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::quantiles) struct Aggregated {
    pub(in crate::labs::quantiles) combined: Combined,
    pub(in crate::labs::quantiles) steps: usize,
    /// Its settings, for what is trained by steps.
    pub(in crate::labs::quantiles) trial: Option<Trial>,
    pub(in crate::labs::quantiles) seconds: f64,
}

/// Everything; keys are `stage/number` so that a checkpoint of any moment fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::quantiles) struct Store {
    /// By base model.
    pub(in crate::labs::quantiles) full: BTreeMap<usize, FullFit>,
    /// By base model and fold.
    pub(in crate::labs::quantiles) folds: BTreeMap<(usize, usize), FoldFit>,
    /// By base model and pair of folds.
    pub(in crate::labs::quantiles) pairs: BTreeMap<(usize, usize, usize), FoldFit>,
    /// By aggregator.
    pub(in crate::labs::quantiles) aggregated: BTreeMap<usize, Aggregated>,
    /// By aggregator and fold left out.
    pub(in crate::labs::quantiles) nested: BTreeMap<(usize, usize), Combined>,
    /// Words of the base models by their numbers in the keys.
    pub(in crate::labs::quantiles) models: Vec<String>,
    /// The same for aggregators.
    pub(in crate::labs::quantiles) aggregators: Vec<String>,
    /// Words of the models that were left out, with the reason.
    pub(in crate::labs::quantiles) excluded: Vec<(String, String)>,
    /// What it was made under.
    pub(in crate::labs::quantiles) made: Option<Made>,
    /// What predictions for new rows need besides the models; set at the end.
    pub(in crate::labs::quantiles) finished: Option<Finished>,
}

/// See [`Store::finished`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::labs::quantiles) struct Finished {
    pub(in crate::labs::quantiles) encoder: Encoder,
    pub(in crate::labs::quantiles) levels: Vec<f64>,
    /// Words of the base models.
    pub(in crate::labs::quantiles) base_models: Vec<String>,
    /// Words of the aggregators.
    pub(in crate::labs::quantiles) aggregators: Vec<String>,
    /// Word of the operator.
    pub(in crate::labs::quantiles) isotonization: String,
    /// Word of the calibration.
    pub(in crate::labs::quantiles) conformal: String,
    /// Offsets of split calibration by method.
    pub(in crate::labs::quantiles) offsets: BTreeMap<String, Vec<Offset>>,
    /// Scores of CV+ by method: one list for each interval, in the order of the training rows.
    pub(in crate::labs::quantiles) cv_scores: BTreeMap<String, Vec<Vec<f64>>>,
    /// Fold of each training row.
    pub(in crate::labs::quantiles) folds: Vec<usize>,
    /// Word of the method with the best validation score.
    pub(in crate::labs::quantiles) best: String,
}

impl Store {
    /// As a checkpoint.
    pub(in crate::labs::quantiles) fn to_state(&self) -> State {
        let mut state = State { numbers: serde_json::json!({ "lab": "quantiles" }), ..State::default() };
        let mut bytes = Vec::new();
        // Writing to memory cannot fail; were it to, the checkpoint would lack the entry and be refused on reading.
        if ciborium::into_writer(self, &mut bytes).is_ok() {
            state.tensors.insert(ENTRY.to_owned(), Blob::from_u8(vec![bytes.len()], &bytes));
        }
        state
    }

    /// From a checkpoint.
    pub(in crate::labs::quantiles) fn from_state(state: &State) -> Result<Self, RunError> {
        let damaged =
            |why: &str| RunError::Defect(format!("the checkpoint does not fit this program ({why})"));
        let blob = state.tensors.get(ENTRY).ok_or_else(|| damaged("its work is missing"))?;
        ciborium::from_reader(&blob.bytes[..]).map_err(|error| damaged(&error.to_string()))
    }
}
