//! The words of each setting: the form, the checks and the documentation read them here.

use super::{Config, Conformal, Search};
use crate::base::Kind;
use crate::method::isotonize::Isotonization;
use weightscope_frame::experiment::{Field, Mark, Slot, Visitor};

impl Config {
    /// Names each setting once.
    pub(crate) fn visit_settings(&mut self, visitor: &mut dyn Visitor) {
        self.visit_data(visitor);
        self.visit_models(visitor);
        self.visit_aggregation(visitor);
        self.visit_calibration(visitor);
    }

    fn visit_data(&mut self, v: &mut dyn Visitor) {
        v.section("Data");
        v.field(
            Field::new(
                "dataset",
                "Table",
                "engel, diabetes, synth1, synth5, or the path of a CSV file with a header line.",
            )
            .mark(Mark::DataSet),
            Slot::Text(&mut self.dataset),
        );
        v.field(
            Field::new(
                "target",
                "Target",
                "The column to predict; all others are features, of numbers or words.",
            )
            .mark(Mark::TargetColumn),
            Slot::Text(&mut self.target),
        );
        v.field(
            Field::new("missing", "Missing values", "What is done with rows that have holes."),
            Slot::Choice(&mut self.missing),
        );
        v.field(
            Field::new(
                "split",
                "Split",
                "A seed (50 % training, 15 % validation, 15 % calibration, 20 % test), or FILE.csv:part3: the parts in that file's column part3, the folds in fold3.",
            ),
            Slot::Text(&mut self.split),
        );
        v.field(
            Field::new("folds", "Folds", "Parts of the training rows for out-of-fold predictions.")
                .range(2.0, 50.0)
                .published("5", "paper and code"),
            Slot::Integer(&mut self.folds),
        );
        v.field(
            Field::new(
                "levels",
                "Levels",
                "How many evenly spaced levels (19: 0.05 to 0.95; 99: 0.01 to 0.99), or the levels themselves.",
            )
            .published("99", "paper and code"),
            Slot::Floats(&mut self.levels),
        );
    }

    fn visit_models(&mut self, v: &mut dyn Visitor) {
        v.section("Base models");
        v.field(
            Field::new(
                "base_models",
                "Base models",
                "linear, knn, random_forest, extra_trees, boosting, conditional_gaussian, simultaneous_quantile, joint_quantile.",
            ),
            Slot::Texts(&mut self.base_models),
        );
        v.field(
            Field::new(
                "search",
                "Settings",
                "Fixed settings, or the best of random draws on the validation rows.",
            )
            .published("random", "paper: 20 draws"),
            Slot::Choice(&mut self.search),
        );
        v.field(
            Field::new("draws", "Draws", "Draws of the random search for each base model.")
                .range(1.0, 1000.0)
                .only_if(self.search == Search::Random)
                .published("20", "code"),
            Slot::Integer(&mut self.draws),
        );
        let nets = self.kinds().into_iter().any(Kind::is_net);
        v.field(
            Field::new(
                "net_steps",
                "Steps of a net",
                "At most; training ends earlier when validation stops improving.",
            )
            .range(1.0, 1_000_000.0)
            .logarithmic()
            .only_if(nets),
            Slot::Integer(&mut self.net_steps),
        );
        v.field(
            Field::new(
                "non_finite",
                "Predictions that are not finite",
                "Whether a model with such predictions ends the run or is left out.",
            ),
            Slot::Choice(&mut self.non_finite),
        );
    }

    fn visit_aggregation(&mut self, v: &mut dyn Visitor) {
        v.section("Aggregation");
        v.field(
            Field::new(
                "aggregators",
                "Aggregators",
                "average, median, best, qra, fqra, probability_average, global_coarse, global_medium, global_fine, local_coarse, local_medium, local_fine.",
            ),
            Slot::Texts(&mut self.aggregators),
        );
        v.field(
            Field::new(
                "aggregator_steps",
                "Steps of an aggregator",
                "At most; training ends earlier when validation stops improving.",
            )
            .range(1.0, 1_000_000.0)
            .logarithmic(),
            Slot::Integer(&mut self.aggregator_steps),
        );
        v.field(
            Field::new(
                "search_trials",
                "Trials",
                "Random search for each trained aggregator, scored on the validation rows; 0 keeps the fixed settings.",
            )
            .range(0.0, 1000.0)
            .published("20", "code"),
            Slot::Integer(&mut self.search_trials),
        );
        v.field(
            Field::new(
                "isotonization",
                "Uncrossing",
                "What is done to quantiles that cross; sort and PAVA never raise the score of a row.",
            )
            .published("sort", "paper: CrossPenalty with PostSort"),
            Slot::Choice(&mut self.isotonization),
        );
        v.field(
            Field::new("placement", "Placement", "After training, or inside the loss with its gradient.")
                .only_if(self.isotonization != Isotonization::None),
            Slot::Choice(&mut self.placement),
        );
        v.field(
            Field::new(
                "crossing_penalty",
                "Crossing penalty",
                "Weight of the penalty on levels that come closer than the margin; 0 for none.",
            )
            .range(0.0, 1000.0)
            .logarithmic()
            .published("0.5 to 10, searched", "code"),
            Slot::Float(&mut self.crossing_penalty),
        );
        let penalised = self.crossing_penalty > 0.0;
        v.field(
            Field::new(
                "margins",
                "Margins",
                "The same for each pair, or in proportion to the spread of the residuals.",
            )
            .only_if(penalised)
            .published("adaptive or single, searched", "paper, eq. 21"),
            Slot::Choice(&mut self.margins),
        );
        v.field(
            Field::new(
                "margin",
                "Margin",
                "The single margin, or the scale of adaptive ones; standardised target.",
            )
            .range(0.0, 10.0)
            .logarithmic()
            .only_if(penalised)
            .published("1e-4 to 9.9e-3 single, 1e-4 to 1e-1 adaptive", "code"),
            Slot::Float(&mut self.margin),
        );
    }

    fn visit_calibration(&mut self, v: &mut dyn Visitor) {
        v.section("Calibration");
        let about = if self.conformal == Conformal::NestedCvPlus {
            "Nested CV+ costs K(K − 1)/2 more fits of each base model and K more of each aggregator."
        } else {
            "How intervals are moved so that 80 % means 80 % on average over rows."
        };
        v.field(
            Field::new("conformal", "Conformal", about).published("split", "paper, eq. 26"),
            Slot::Choice(&mut self.conformal),
        );
        v.field(
            Field::new("relative_to", "Relative to", "Scores are also given relative to this method.")
                .published("local_fine", "paper, figures 1 and 6"),
            Slot::Text(&mut self.relative_to),
        );
    }
}
