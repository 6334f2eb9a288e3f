//! What the stages have come to so far: kept in checkpoints, and at the end the fitted models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reuse::Made;
use crate::base::Fitted;
use crate::base::boosting::BoostingSettings;
use crate::base::forest::ForestSettings;
use crate::base::nets::NetSettings;
use crate::data::Encoder;
use crate::ensemble::{Combined, Trial};
use crate::method::conformal::Offset;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Blob, State};

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
    /// Its settings, for what is trained by steps.
    pub(crate) trial: Option<Trial>,
    pub(crate) seconds: f64,
}

/// Everything; keys are `stage/number` so that a checkpoint of any moment fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Store {
    /// By base model.
    pub(crate) full: BTreeMap<usize, FullFit>,
    /// By base model and fold.
    pub(crate) folds: BTreeMap<(usize, usize), FoldFit>,
    /// By base model and pair of folds.
    pub(crate) pairs: BTreeMap<(usize, usize, usize), FoldFit>,
    /// By aggregator.
    pub(crate) aggregated: BTreeMap<usize, Aggregated>,
    /// By aggregator and fold left out.
    pub(crate) nested: BTreeMap<(usize, usize), Combined>,
    /// Words of the base models by their numbers in the keys.
    pub(crate) models: Vec<String>,
    /// The same for aggregators.
    pub(crate) aggregators: Vec<String>,
    /// Words of the models that were left out, with the reason.
    pub(crate) excluded: Vec<(String, String)>,
    /// What it was made under.
    pub(crate) made: Option<Made>,
    /// What predictions for new rows need besides the models; set at the end.
    pub(crate) finished: Option<Finished>,
}

/// See [`Store::finished`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) encoder: Encoder,
    pub(crate) levels: Vec<f64>,
    /// Words of the base models.
    pub(crate) base_models: Vec<String>,
    /// Words of the aggregators.
    pub(crate) aggregators: Vec<String>,
    /// Word of the operator.
    pub(crate) isotonization: String,
    /// Word of the calibration.
    pub(crate) conformal: String,
    /// Offsets of split calibration by method.
    pub(crate) offsets: BTreeMap<String, Vec<Offset>>,
    /// Scores of CV+ by method: one list for each interval, in the order of the training rows.
    pub(crate) cv_scores: BTreeMap<String, Vec<Vec<f64>>>,
    /// Fold of each training row.
    pub(crate) folds: Vec<usize>,
    /// Word of the method with the best validation score.
    pub(crate) best: String,
}

impl Store {
    /// As a checkpoint.
    pub(crate) fn to_state(&self) -> State {
        let mut state = State { numbers: serde_json::json!({ "lab": "quantiles" }), ..State::default() };
        let mut bytes = Vec::new();
        // Writing to memory cannot fail; were it to, the checkpoint would lack the entry and be refused on reading.
        if ciborium::into_writer(self, &mut bytes).is_ok() {
            state.tensors.insert(ENTRY.to_owned(), Blob::from_u8(vec![bytes.len()], &bytes));
        }
        state
    }

    /// From a checkpoint.
    pub(crate) fn from_state(state: &State) -> Result<Self, RunError> {
        let damaged =
            |why: &str| RunError::Defect(format!("the checkpoint does not fit this program ({why})"));
        let blob = state.tensors.get(ENTRY).ok_or_else(|| damaged("its work is missing"))?;
        ciborium::from_reader(&blob.bytes[..]).map_err(|error| damaged(&error.to_string()))
    }
}
