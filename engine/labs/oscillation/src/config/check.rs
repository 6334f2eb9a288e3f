//! Rules between settings.

use super::{Config, Network, Quantizer, Remedy, Schedule};
use weightscope_frame::experiment::Problem;

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
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
        if self.network == Network::Vit
            && self.dataset == "digits"
            && self.patch > 0
            && !8_u64.is_multiple_of(self.patch)
        {
            problems.push(
                Problem::error(
                    "patch",
                    format!("patches of {0}×{0} do not tile an image of 8×8", self.patch),
                )
                .allowing("1, 2, 4, 8"),
            );
        }
        if self.quantizer == Quantizer::Float {
            return problems;
        }
        if self.weight_bits == 0 && self.activation_bits == 0 {
            problems.push(Problem::warning(
                "weight_bits",
                "nothing is quantized: weights and activations are float",
            ));
        }
        if self.weight_bits == 0 && self.remedy != Remedy::None {
            problems.push(
                Problem::error("remedy", "a remedy needs quantized weights")
                    .allowing("none, or weight_bits of 2, 3, 4, 8"),
            );
        }
        if self.remedy == Remedy::Cga && self.quantizer != Quantizer::Statsq {
            problems.push(
                Problem::error("remedy", "confidence-guided annealing is defined on StatsQ")
                    .allowing("quantizer = \"statsq\""),
            );
            problems.push(
                Problem::error("quantizer", "confidence-guided annealing is defined on StatsQ")
                    .allowing("statsq"),
            );
        }
        if self.remedy == Remedy::Dampening && self.quantizer == Quantizer::Statsq {
            problems.push(
                Problem::error(
                    "remedy",
                    "dampening is defined on LSQ's range; StatsQ has no clipped range in its gradient",
                )
                .allowing("quantizer = \"lsq\" or \"lsq_fixed\""),
            );
        }
        if self.query_key_reparameterization
            && self.network == Network::Vit
            && self.quantizer != Quantizer::Statsq
        {
            problems.push(
                Problem::error("query_key_reparameterization", "the product is quantized by StatsQ")
                    .allowing("quantizer = \"statsq\""),
            );
        }
        if self.remedy == Remedy::Freezing
            && self.freezing_threshold < 2.0 * self.tracker_momentum
            && self.freezing_threshold > 0.0
        {
            problems.push(Problem::warning(
                "freezing_threshold",
                format!(
                    "below twice the tracker's momentum ({}), one oscillation freezes a weight",
                    self.tracker_momentum
                ),
            ));
        }
        if self.schedule == Schedule::Cosine && self.warmup_epochs >= self.epochs {
            problems.push(
                Problem::error("warmup_epochs", "the warm-up takes the whole training")
                    .allowing(format!("less than {} epochs", self.epochs)),
            );
        }
        problems
    }
}
