//! Rules between settings.

use super::{Config, Load, Origin, Temperature, TuningTask, Values};
use weightscope_frame::experiment::Problem;

/// Networks beyond which a grid is refused: a week of work is a mistake in typing.
const MOST_NETWORKS: u64 = 20_000;
/// Rows of the embedded data set.
const DIGITS_ROWS: u64 = 1797;

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        if self.origin == Origin::Zoo {
            return self.check_zoo();
        }
        let mut problems = Vec::new();
        self.check_axes(&mut problems);
        self.check_sizes(&mut problems);
        let cells = self.load_axis().len() * self.temperature_axis().len();
        problems.extend(self.share().check().and_then(|part| part.fits(cells, "cells")).err());
        if !(self.vote_train_loss || self.vote_log_lambda || self.vote_log_trace) {
            problems.push(
                Problem::error("vote_train_loss", "no metric votes on temperature, so no phase can be told")
                    .allowing("at least one of vote_train_loss, vote_log_lambda, vote_log_trace"),
            );
        }
        if self.downstream && self.tuning_task == TuningTask::Dataset {
            self.check_tuning(&mut problems);
        }
        if self.seeds == 1 {
            problems.push(Problem::warning(
                "seeds",
                "with one network in a cell connectivity and similarity stay unknown, and so do the phases",
            ));
        }
        problems
    }

    fn check_tuning(&self, problems: &mut Vec<Problem>) {
        if self.tuning_dataset.trim().is_empty() {
            let problem = Problem::error("tuning_dataset", "no data set is named to fine-tune to");
            problems.push(problem.allowing("a name or a path of a data set with as many inputs"));
        } else if self.tuning_dataset == self.dataset {
            let message = "is the data set that the networks learned: its rows are not new to them";
            problems.push(Problem::warning("tuning_dataset", message));
        }
    }

    fn check_zoo(&self) -> Vec<Problem> {
        if self.zoo_folder.trim().is_empty() {
            let problem = Problem::error("zoo_folder", "no folder is named");
            return vec![problem.allowing("the folder that holds the models' folders")];
        }
        Vec::new()
    }

    fn check_axes(&self, problems: &mut Vec<Problem>) {
        let list = |values: &[f64]| values.to_vec();
        let counts = |values: &[u64]| values.iter().map(|value| *value as f64).collect();
        let load: Vec<f64> = match self.load {
            Load::Width => counts(&self.widths),
            Load::DataShare => list(&self.data_shares),
            Load::LabelNoise => list(&self.label_noises),
        };
        let temperature: Vec<f64> = match self.temperature {
            Temperature::BatchSize => counts(&self.batch_sizes),
            Temperature::LearningRate => list(&self.learning_rates),
            Temperature::WeightDecay => list(&self.weight_decays),
        };
        let (load_key, temperature_key) = (self.load.list_key(), self.temperature.list_key());
        for (listed, values, key) in
            [(self.load_values, load, load_key), (self.temperature_values, temperature, temperature_key)]
        {
            if listed == Values::List {
                check_list(&values, key, problems);
            }
        }
        if self.temperature_values == Values::Range && self.temperature == Temperature::WeightDecay {
            check_positive(self.temperature_from, "temperature_from", problems);
        }
        if self.load_values == Values::Range && self.load == Load::LabelNoise {
            check_positive(self.load_from, "load_from", problems);
        }
        let networks = self.load_axis().len() as u64 * self.temperature_axis().len() as u64 * self.seeds;
        if networks > MOST_NETWORKS {
            problems.push(
                Problem::error(load_key, format!("the grid has {networks} networks"))
                    .allowing(format!("cells times seeds up to {MOST_NETWORKS}")),
            );
        }
    }

    fn check_sizes(&self, problems: &mut Vec<Problem>) {
        if self.dataset == "digits" && self.train_rows >= DIGITS_ROWS {
            problems.push(
                Problem::error(
                    "train_rows",
                    format!("the digits have {DIGITS_ROWS} rows, and some must test"),
                )
                .allowing(format!("1 to {}", DIGITS_ROWS - 1)),
            );
        }
        let largest = self.temperature_axis().first().copied().unwrap_or(0.0) as u64;
        if self.temperature == Temperature::BatchSize && largest > self.train_rows {
            problems.push(Problem::warning(
                "batch_sizes",
                format!(
                    "a batch of {largest} is more than the {} training rows: it takes all of them",
                    self.train_rows
                ),
            ));
        }
        if self.temperature != Temperature::BatchSize && self.batch_size > self.train_rows {
            problems.push(Problem::warning(
                "batch_size",
                format!("more than the {} training rows: it takes all of them", self.train_rows),
            ));
        }
    }
}

fn check_list(values: &[f64], key: &str, problems: &mut Vec<Problem>) {
    if values.is_empty() {
        problems.push(Problem::error(key, "is empty").allowing("at least one value"));
    }
    for (index, value) in values.iter().enumerate() {
        if values.iter().take(index).any(|before| before == value) {
            problems.push(Problem::error(key, format!("{value} stands twice")).allowing("each value once"));
        }
    }
}

fn check_positive(value: f64, key: &str, problems: &mut Vec<Problem>) {
    if value <= 0.0 {
        problems.push(Problem::error(key, "a logarithmic range cannot begin at 0").allowing("more than 0"));
    }
}
