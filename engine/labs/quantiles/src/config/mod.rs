//! The settings of the quantiles lab, each written once; the rules between them stand in `check`, what the setting `split` says in
//! `split`.

mod check;
mod split;

pub(crate) use split::Split;

use std::collections::BTreeMap;

use super::base::Kind;
use super::ensemble::Aggregator;
use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use super::names::Method;
use super::pipeline::{AGGREGATING, CROSS_FITTING, FITTING, SCORING};
use weightscope_data::table::{ColumnChoice, TableOptions};
use weightscope_frame::experiment::Mark;
use weightscope_frame::experiment::reading::{self, Decimal, Thousands};
use weightscope_frame::{choices, settings};

/// Why a fork cannot change what rows there are.
const ROWS: &str = "the fitted models belong to the parent's rows";
/// Why a fork cannot change how rows are divided.
const PARTS: &str = "the out-of-fold predictions belong to the parent's parts and folds";
/// Why a fork cannot change how base models are fitted.
const FITTED: &str = "the base models are fitted already";

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
        Split = "split", "Split CQR, symmetric";
        /// Split CQR, each end with its own score.
        SplitAsymmetric = "split_asymmetric", "Split CQR, asymmetric";
        /// Fold models in place of a calibration part.
        CvPlus = "cv_plus", "CV+";
        /// CV+ with aggregators that never saw the fold: K(K − 1)/2 more fits of each base model.
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
        /// The model is left out, with a message and a result that say so.
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

settings! {
    /// The settings of the lab.
    pub struct Config {
        section "Data" core {
            dataset: String = "engel".to_owned(), "Table",
                "engel, diabetes, synth1, synth5, or the path of a CSV file with a header line.",
                .mark(Mark::DataSet).fixed(ROWS);
            target: String = "y".to_owned(), "Target",
                "The column to predict; all others are features, of numbers or words.",
                .mark(Mark::TargetColumn).fixed(ROWS);
            columns: BTreeMap<String, ColumnChoice> = BTreeMap::new(), "Columns",
                "What columns of a table are where that is not to be found out: a table of names and number, category, date, date_day_first, date_month_first, calendar (dates with month, day and weekday) or ignore.",
                .fixed(ROWS), if |s| reading::is_table(&s.dataset);
            missing_words: Vec<String> = reading::usual_missing_words(), "Missing words",
                "Words of a table that stand for a missing value, without regard to case; an empty cell is always missing.",
                .fixed(ROWS), if |s| reading::is_table(&s.dataset);
            decimal: Decimal = Decimal::Auto, "Decimal mark",
                "The decimal mark of a table's numbers.",
                .fixed(ROWS), if |s| reading::is_table(&s.dataset);
            thousands: Thousands = Thousands::Auto, "Thousands",
                "What groups the thousands of a table's numbers.",
                .fixed(ROWS), if |s| reading::is_table(&s.dataset);
            missing: Missing = Missing::Refuse, "Missing values",
                "What is done with rows that have holes.",
                .fixed(ROWS);
            split: String = "1".to_owned(), "Seed or file of the split",
                "A seed (50 % training, 15 % validation, 15 % calibration, 20 % test), or FILE.csv:part3: the parts in that file's column part3, the folds in fold3.",
                .fixed(PARTS);
            folds: u64 = 5, "Folds",
                "Parts of the training rows for out-of-fold predictions.",
                .range(2.0, 50.0).published("5", "paper and code").fixed(PARTS);
            levels: Vec<f64> = vec![19.0], "Quantile levels",
                "How many evenly spaced levels (19: 0.05 to 0.95; 99: 0.01 to 0.99), or the levels themselves.",
                .published("99", "paper and code").fixed("the fitted models predict the parent's levels");
        }
        section "Base models" core {
            base_models: Vec<Kind> = Kind::ALL.to_vec(), "Base models",
                "What is fitted and joined. Each is fitted by itself, so a fork may add some and leave some out.",
                .stage(FITTING);
            search: Search = Search::Fixed, "Settings",
                "Fixed settings, or the best of random draws on the validation rows.",
                .published("random", "paper: 20 draws").fixed(FITTED);
            draws: u64 = 20, "Draws",
                "Draws of the random search for each base model.",
                .range(1.0, 1000.0).published("20", "code").fixed(FITTED),
                if |s| s.search == Search::Random;
            net_steps: u64 = 1500, "Steps of a net",
                "At most; training ends earlier when validation stops improving.",
                .range(1.0, 1_000_000.0).logarithmic().fixed(FITTED),
                if |s| s.base_models.iter().any(|kind| kind.is_net());
            non_finite: NonFinite = NonFinite::Refuse, "Predictions that are not finite",
                "Whether a model with such predictions ends the run or is left out.",
                .stage(FITTING);
        }
        section "Aggregation" core {
            aggregators: Vec<Aggregator> = Aggregator::ALL.to_vec(), "Aggregators",
                "Ways to join the base models. Each is fitted by itself, so a fork may add some and leave some out.",
                .stage(FITTING);
            aggregator_steps: u64 = 2000, "Steps of an aggregator",
                "At most; training ends earlier when validation stops improving.",
                .range(1.0, 1_000_000.0).logarithmic().stage(AGGREGATING);
            search_trials: u64 = 0, "Trials",
                "Random search for each trained aggregator, scored on the validation rows; 0 keeps the fixed settings.",
                .range(0.0, 1000.0).published("20", "code").stage(AGGREGATING);
            isotonization: Isotonization = Isotonization::Sort, "Monotone rearrangement",
                "What is done to quantiles that cross; sort and PAVA never raise the score of a row.",
                .published("sort", "paper: CrossPenalty with PostSort").stage(FITTING);
            placement: Placement = Placement::After, "Rearranged",
                "After training, or inside the loss with its gradient.",
                .stage(AGGREGATING),
                if |s| s.isotonization != Isotonization::None;
            crossing_penalty: f64 = 1.0, "Crossing penalty",
                "Weight of the penalty on levels that come closer than the margin; 0 for none.",
                .range(0.0, 1000.0).logarithmic().published("0.5 to 10, searched", "code").stage(AGGREGATING);
            margins: Margins = Margins::Single, "Kind of margin",
                "The same for each pair, or in proportion to the spread of the residuals.",
                .published("adaptive or single, searched", "paper, eq. 21").stage(AGGREGATING),
                if |s| s.crossing_penalty > 0.0;
            margin: f64 = 1e-3, "Margin",
                "The single margin, or the scale of adaptive ones; standardised target.",
                .range(0.0, 10.0).logarithmic().published("1e-4 to 9.9e-3 single, 1e-4 to 1e-1 adaptive", "code").stage(AGGREGATING),
                if |s| s.crossing_penalty > 0.0;
        }
        section "Calibration" {
            conformal: Conformal = Conformal::Split, "Conformal",
                "How intervals are moved so that 80 % means 80 % on average over rows. Nested CV+ costs K(K − 1)/2 more fits of each base model and K more of each aggregator.",
                .published("split", "paper, eq. 26").stage(CROSS_FITTING);
            relative_to: Method = Method::Joined(Aggregator::Average), "Scores relative to",
                "Scores are also given relative to this method.",
                .published("local_fine", "paper, figures 1 and 6").stage(SCORING);
        }
    }
}

impl Config {
    /// What a person says about a table.
    pub(crate) fn table_options(&self) -> TableOptions {
        reading::table_options(&self.columns, &self.missing_words, self.decimal, self.thousands)
    }

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

    /// All methods, base models first.
    pub fn methods(&self) -> Vec<Method> {
        let kinds = self.base_models.iter().copied().map(Method::Base);
        kinds.chain(self.aggregators.iter().copied().map(Method::Joined)).collect()
    }

    /// True if calibration wants the models that were fitted without a fold, for test rows and new ones.
    pub(crate) fn keeps_fold_models(&self) -> bool {
        matches!(self.conformal, Conformal::CvPlus | Conformal::NestedCvPlus)
    }

    /// True if base models are also fitted without two folds, and aggregators without one.
    pub(crate) fn is_nested(&self) -> bool {
        self.conformal == Conformal::NestedCvPlus
    }
}
