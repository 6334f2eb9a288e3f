//! Rules between settings.

use weightscope_frame::experiment::Problem;

use super::{Compander, Config, DecayTarget, Layers, Network, Optimizer, Parameters, Start, Twin};
use crate::train::steps_per_epoch;

/// Fewest rows by whose loss parameters may be learned.
const FEWEST_HELD_OUT: u64 = 10;

impl Config {
    /// Training rows that are held out: a tenth, rounded down.
    pub(crate) fn held_out_rows(&self) -> u64 {
        if self.holds_out() { self.train_rows / 10 } else { 0 }
    }

    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = self.network_problems();
        if self.data_seed.len() > 1 {
            let text = format!("{} seeds for one draw of the rows", self.data_seed.len());
            problems.push(Problem::error("data_seed", text).allowing("no number or one"));
        }
        if self.holds_out() && self.held_out_rows() < FEWEST_HELD_OUT {
            let text = format!(
                "a tenth of {} training rows is {} held-out rows, too few to learn the function's parameters by",
                self.train_rows,
                self.held_out_rows()
            );
            problems.push(Problem::error("parameters", text.clone()).allowing("fixed, learned"));
            problems.push(Problem::error("train_rows", text).allowing("100 or more for held_out"));
        }
        if self.holds_out() && self.batch_norm && self.network == Network::Mlp {
            let why = "parameters on held-out rows are not defined beside batch normalisation, whose statistics are those of the training batch";
            problems.push(Problem::error("parameters", why).allowing("fixed, learned"));
        }
        if self.batch_norm && self.network == Network::Mlp {
            problems.extend(self.lonely_row());
        }
        problems.extend(self.idle_settings());
        if self.compander == Compander::None
            && self.decay_on == DecayTarget::Effective
            && self.weight_decay > 0.0
        {
            problems.push(Problem::warning(
                "decay_on",
                "without a function latent and effective weights are the same",
            ));
        }
        if self.has_twin() && self.twin == Twin::Scaled && self.start == Start::Inverse {
            problems.push(Problem::warning(
                "twin",
                "an inverse start is the plain network's own, so a scaled twin is a plain one",
            ));
        }
        if self.optimizer == Optimizer::Sgd
            && self.learns_parameters()
            && self.parameters == Parameters::Learned
        {
            problems.push(Problem::warning(
                "optimizer",
                "the function's parameters move with Adam whatever moves the weights",
            ));
        }
        problems
    }

    /// Settings that could not do what they say: taken without a word, a comparison would be of two equal networks.
    fn idle_settings(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.network == Network::Vit {
            if self.dropout > 0.0 {
                let why = format!("the transformer has no dropout, so {} would change nothing", self.dropout);
                problems.push(Problem::error("dropout", why).allowing("0 with network = vit"));
            }
            if self.batch_norm {
                let why = "the transformer normalises its layers and has no batch normalisation";
                problems.push(Problem::error("batch_norm", why).allowing("false with network = vit"));
            }
            if self.hidden_widths != Self::default().hidden_widths {
                let why =
                    "the transformer has no such layers; its size is set by embedding, blocks and mlp_ratio";
                problems.push(Problem::warning("hidden_widths", why));
            }
        }
        if !self.compands() && self.parameters != Parameters::Fixed {
            problems.push(Problem::warning("parameters", "without a function there are none to learn"));
        }
        if self.compands()
            && self.layers == Layers::Hidden
            && self.network == Network::Mlp
            && self.hidden_widths.is_empty()
        {
            let why = "without a hidden layer the function would act on nothing";
            problems.push(Problem::error("layers", why).allowing("all"));
        }
        let steps = self.epochs.saturating_mul(steps_per_epoch(self));
        if self.holds_out() && self.parameter_every > steps {
            let why = format!("training has {steps} steps, so the parameters would never move");
            problems.push(Problem::error("parameter_every", why).allowing(format!("1 to {steps}")));
        }
        problems
    }

    /// Batches of one row have no spread to normalise by.
    fn lonely_row(&self) -> Vec<Problem> {
        let why = |rows: &str| format!("batch normalisation needs at least two rows in a batch, and {rows}");
        let learned_from = self.train_rows - self.held_out_rows();
        if learned_from == 1 {
            let text = why("one is all that is learned from");
            return vec![Problem::error("train_rows", text).allowing("2 or more with batch_norm")];
        }
        if self.batch_size == 1 {
            let text = why("the batch has one");
            return vec![
                Problem::error("batch_size", text.clone()).allowing("2 or more"),
                Problem::error("batch_norm", text).allowing("false"),
            ];
        }
        if learned_from % self.batch_size.max(1) == 1 {
            let text = why("the last batch of an epoch has one");
            let allowed = format!("a batch size that does not leave one of {learned_from} rows");
            return vec![Problem::error("batch_size", text).allowing(allowed)];
        }
        Vec::new()
    }

    fn network_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.network == Network::Vit && self.heads > 0 && !self.embedding.is_multiple_of(self.heads) {
            let text = format!("{} heads do not divide an embedding of {}", self.heads, self.embedding);
            problems.push(
                Problem::error("embedding", text.clone()).allowing(format!("a multiple of {}", self.heads)),
            );
            problems.push(Problem::error("heads", text).allowing(format!("a divisor of {}", self.embedding)));
        }
        if self.network == Network::Mlp && self.hidden_widths.is_empty() {
            problems.push(Problem::warning("hidden_widths", "without a hidden layer the network is linear"));
        }
        problems
    }
}
