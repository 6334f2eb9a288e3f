//! The settings of the quantiles lab: values here, their words in `visit`, the rules between them in `check`.

mod check;
mod fork;
mod visit;

pub(super) use fork::FREE;

use serde::{Deserialize, Serialize};

use super::base::Kind;
use super::ensemble::Aggregator;
use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use weightscope_frame::choices;

choices! {
    /// What is done with rows that have holes.
    pub enum Missing {
        /// The run does not start; the first hole is named.
        Refuse = "refuse", "Refuse";
        /// Such rows are left out.
        Drop = "drop", "Drop the row";
        /// Numbers become the median of the training rows, words their most frequent one.
        Impute = "impute", "Impute";
    }
}

choices! {
    /// How intervals are calibrated.
    pub enum Conformal {
        /// They are not.
        None = "none", "None";
        /// Split CQR, one score for both ends.
        Split = "split", "Split, symmetric";
        /// Split CQR, each end with its own score.
        SplitAsymmetric = "split_asymmetric", "Split, asymmetric";
        /// Fold models in place of a calibration part.
        CvPlus = "cv_plus", "CV+";
        /// The same with aggregators that never saw the fold: K(K − 1)/2 more fits of each base model.
        NestedCvPlus = "nested_cv_plus", "Nested CV+ (costly)";
    }
}

choices! {
    /// How base models get their settings.
    pub enum Search {
        /// Sensible ones that do not change.
        Fixed = "fixed", "Fixed";
        /// The best of random draws by pinball loss on the validation rows, which no model has seen.
        Random = "random", "Random search";
    }
}

choices! {
    /// What is done about a model whose predictions are not all finite numbers.
    pub enum NonFinite {
        /// The run ends with its name.
        Refuse = "refuse", "End the run";
        /// It is left out, with a message and a result that say so.
        Exclude = "exclude", "Leave the model out";
    }
}

choices! {
    /// Where the isotonization operator stands while aggregators learn.
    pub enum Placement {
        /// Behind training.
        After = "after", "After training";
        /// Inside the loss, with its gradient.
        Inside = "inside", "Inside the loss";
    }
}

choices! {
    /// How far apart the crossing penalty wants two levels.
    pub enum Margins {
        /// The same distance for each pair.
        Single = "single", "Single";
        /// In proportion to the spread of the residuals.
        Adaptive = "adaptive", "Adaptive";
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Table by name, or a path.
    pub dataset: String,
    /// Column to predict.
    pub target: String,
    /// Rows with holes.
    pub missing: Missing,
    /// A seed, or `FILE.csv:part3`.
    pub split: String,
    /// Folds of cross-fitting.
    pub folds: u64,
    /// A number of levels, or the levels.
    pub levels: Vec<f64>,
    /// Base models by their words.
    pub base_models: Vec<String>,
    /// How they get their settings.
    pub search: Search,
    /// Draws of the random search.
    pub draws: u64,
    /// Most steps of a net.
    pub net_steps: u64,
    /// Models whose predictions are not finite.
    pub non_finite: NonFinite,
    /// Aggregators by their words.
    pub aggregators: Vec<String>,
    /// Most steps of an aggregator.
    pub aggregator_steps: u64,
    /// Trials of the random search for each trained aggregator; 0 keeps the fixed settings.
    pub search_trials: u64,
    /// What is done to crossing quantiles.
    pub isotonization: Isotonization,
    /// Where it stands.
    pub placement: Placement,
    /// Weight of the crossing penalty.
    pub crossing_penalty: f64,
    /// Its margins.
    pub margins: Margins,
    /// The margin, or the scale of adaptive ones.
    pub margin: f64,
    /// Calibration.
    pub conformal: Conformal,
    /// Method to which scores are relative.
    pub relative_to: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dataset: "engel".to_owned(),
            target: "y".to_owned(),
            missing: Missing::Refuse,
            split: "1".to_owned(),
            folds: 5,
            levels: vec![19.0],
            base_models: Kind::ALL.iter().map(|kind| kind.key().to_owned()).collect(),
            search: Search::Fixed,
            draws: 20,
            net_steps: 1500,
            non_finite: NonFinite::Refuse,
            aggregators: Aggregator::ALL.iter().map(|aggregator| aggregator.key().to_owned()).collect(),
            aggregator_steps: 2000,
            search_trials: 0,
            isotonization: Isotonization::Sort,
            placement: Placement::After,
            crossing_penalty: 1.0,
            margins: Margins::Single,
            margin: 1e-3,
            conformal: Conformal::Split,
            relative_to: "average".to_owned(),
        }
    }
}

impl Config {
    /// The grid of levels: one whole number is a count, anything else the levels themselves.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn grid(&self) -> Result<Levels, String> {
        match self.levels.as_slice() {
            [count] if *count >= 1.0 && count.fract() == 0.0 => Levels::parse(&format!("{count}")),
            levels => Levels::new(levels.to_vec()),
        }
    }

    /// The base models in the order of the setting; words that name none are left out (the check names them).
    pub fn kinds(&self) -> Vec<Kind> {
        self.base_models.iter().filter_map(|word| Kind::by_key(word)).collect()
    }

    /// The aggregators in the order of the setting.
    pub fn combinations(&self) -> Vec<Aggregator> {
        self.aggregators.iter().filter_map(|word| Aggregator::by_key(word)).collect()
    }

    /// Words of all methods, base models first.
    pub fn methods(&self) -> Vec<String> {
        let kinds = self.kinds().into_iter().map(|kind| kind.key().to_owned());
        kinds.chain(self.combinations().into_iter().map(|one| one.key().to_owned())).collect()
    }
}
