//! Rules between settings.

use weightscope_frame::experiment::Problem;

use super::Config;

impl Config {
    /// What is wrong with the settings taken together.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.compares() && self.follows() {
            problems.push(Problem::error(
                "against",
                "a second file and a folder of checkpoints are two questions; set one of them to none",
            ));
        }
        if self.model.trim().is_empty() && !self.follows() {
            problems.push(Problem::error(
                "model",
                "no weight file is named; give its path, or llama, rwkv or gpt",
            ));
        }
        problems
    }
}
