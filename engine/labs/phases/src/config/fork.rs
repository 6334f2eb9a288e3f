//! What a fork may change: it may extend the grid and measure more or otherwise, but the networks that are done must still mean the
//! same.
//!
//! Measurements whose settings change are made again for all cells, so that no cell is measured otherwise than its neighbour.

use super::{Config, Load, Temperature, Values};
use weightscope_frame::experiment::{Problem, changed_visits, number};

/// Settings that no finished network depends on.
pub(crate) const FREE: &[&str] = &[
    "seeds",
    "load_values",
    "widths",
    "data_shares",
    "label_noises",
    "load_from",
    "load_to",
    "load_count",
    "temperature_values",
    "batch_sizes",
    "learning_rates",
    "weight_decays",
    "temperature_from",
    "temperature_to",
    "temperature_count",
    "curve_epochs",
    "curve_batch",
    "curve_learning_rate",
    "curve_weight_decay",
    "curve_compounded",
    "curve_points",
    "line_points",
    "similarity",
    "hessian",
    "power_iterations",
    "power_tolerance",
    "trace_samples",
    "eigenvalues",
    "downstream",
    "pruned_share",
    "tuning_task",
    "tuning_dataset",
    "tuning_epochs",
    "tuning_learning_rate",
    "vote_train_loss",
    "threshold_train_loss",
    "vote_log_lambda",
    "threshold_log_lambda",
    "vote_log_trace",
    "threshold_log_trace",
    "threshold_connectivity",
    "threshold_cka",
];

impl Config {
    /// Why a run with these settings cannot go on from a checkpoint of a run with the settings `parent`.
    pub(crate) fn fork_problems(&self, parent: &Self) -> Vec<Problem> {
        let mut problems =
            changed_visits(|v| self.clone().visit_settings(v), |v| parent.clone().visit_settings(v), FREE);
        for problem in &mut problems {
            "the finished networks were made with it, so it cannot change in a fork; start a new run for it"
                .clone_into(&mut problem.message);
        }
        // With other axes the values cannot be compared, and the axes are named already.
        if self.load == parent.load {
            keeps_values(&mut problems, self.load_key(), &self.load_axis(), &parent.load_axis());
        }
        if self.temperature == parent.temperature {
            let values = (self.temperature_axis(), parent.temperature_axis());
            keeps_values(&mut problems, self.temperature_key(), &values.0, &values.1);
        }
        if self.seeds < parent.seeds {
            let message = "a fork keeps the networks of its parent, and this drops some";
            let allowed = format!("{} or more", parent.seeds);
            problems.push(Problem::error("seeds", message).allowing(allowed));
        }
        problems
    }

    fn load_key(&self) -> &'static str {
        match (self.load_values, self.load) {
            (Values::Range, _) => "load_values",
            (_, Load::Width) => "widths",
            (_, Load::DataShare) => "data_shares",
            (_, Load::LabelNoise) => "label_noises",
        }
    }

    fn temperature_key(&self) -> &'static str {
        match (self.temperature_values, self.temperature) {
            (Values::Range, _) => "temperature_values",
            (_, Temperature::BatchSize) => "batch_sizes",
            (_, Temperature::LearningRate) => "learning_rates",
            (_, Temperature::WeightDecay) => "weight_decays",
        }
    }
}

fn keeps_values(problems: &mut Vec<Problem>, key: &str, now: &[f64], before: &[f64]) {
    let gone: Vec<String> =
        before.iter().filter(|value| !now.contains(value)).map(|value| number(*value)).collect();
    if !gone.is_empty() {
        let message = format!("a fork keeps the cells of its parent, and {} would be gone", gone.join(", "));
        let all: Vec<String> = before.iter().map(|value| number(*value)).collect();
        problems.push(Problem::error(key, message).allowing(format!("{} and more", all.join(", "))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl Fn(&mut Config)) -> Vec<String> {
        let parent = Config::default();
        let mut child = parent.clone();
        change(&mut child);
        child.fork_problems(&parent).into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn a_grid_may_grow_and_networks_keep_their_meaning() {
        assert!(keys(|child| child.widths.push(256)).is_empty());
        assert!(keys(|child| child.seeds = 5).is_empty());
        assert!(keys(|child| child.downstream = true).is_empty());
        assert!(keys(|child| child.threshold_cka = 0.6).is_empty());
        assert_eq!(keys(|child| child.widths = vec![4, 6]), ["widths"]);
        assert_eq!(keys(|child| child.seeds = 2), ["seeds"]);
        assert_eq!(keys(|child| child.learning_rate = 0.1), ["learning_rate"]);
        assert_eq!(keys(|child| child.train_rows = 300), ["train_rows"]);
        assert_eq!(keys(|child| child.epochs_min = 10), ["epochs_min"]);
    }

    #[test]
    fn another_axis_is_refused_by_its_name() {
        let refused = keys(|child| child.load = Load::DataShare);
        assert!(refused.contains(&"load".to_owned()), "{refused:?}");
        let range = keys(|child| {
            child.load_values = Values::Range;
            (child.load_from, child.load_to, child.load_count) = (4.0, 64.0, 5);
        });
        assert_eq!(range, ["load_values"], "a range that leaves values out");
    }
}
