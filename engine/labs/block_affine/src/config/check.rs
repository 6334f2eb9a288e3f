//! Rules between settings, those that need no file.

use weightscope_frame::experiment::Problem;

use super::{Config, Method, Model, Task, Vocabulary};
use crate::adapt::Adapters;
use crate::base::{Architecture, SHIPPED_CONTEXT};

impl Config {
    /// Rules between settings.
    pub(crate) fn check_settings(&self) -> Vec<Problem> {
        let mut problems = self.kind_problems();
        if self.adapts()
            && self.alpha != "auto"
            && !self.alpha_value().is_some_and(|alpha| alpha > 0.0 && alpha.is_finite())
        {
            let text = format!("\"{}\" is neither auto nor a positive number", self.alpha);
            problems.push(Problem::error("alpha", text).allowing("auto, or a number above 0"));
        }
        problems.extend(self.size_problems());
        if self.dropout > 0.0 && !self.method.may_drop() {
            let text = if self.method.cuts_weights() {
                format!(
                    "{} starts inside the weights and allows no dropout; set it to 0",
                    self.method.short()
                )
            } else {
                format!("{} does not see its inputs apart, so dropout does nothing", self.method.short())
            };
            let problem = if self.method.cuts_weights() {
                Problem::error("dropout", text).allowing("0")
            } else {
                Problem::warning("dropout", text)
            };
            problems.push(problem);
        }
        if problems.iter().all(|problem| !problem.is_error()) {
            problems.extend(self.adapter_problems(&Architecture::of(self)));
        }
        problems
    }

    fn kind_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.is_language() == (self.model == Model::Mlp) {
            let (task, model) = (self.task.key(), self.model.key());
            let text = format!("the task {task} does not fit the model {model}");
            let models = if self.is_language() { "llama, rwkv, gpt" } else { "mlp" };
            problems.push(Problem::error("model", text.clone()).allowing(models));
            let tasks = if self.model == Model::Mlp {
                "rotated_digits, odd_even_digits, sine"
            } else {
                "pretrain, text"
            };
            problems.push(Problem::error("task", text).allowing(tasks));
        }
        if self.is_language() && self.vocabulary == Vocabulary::Ids && self.tokens.is_empty() {
            let text = "a vocabulary of ids needs a file of token ids";
            problems.push(Problem::error("tokens", text).allowing("the path of a .npy file"));
        }
        if self.is_language() && self.vocabulary == Vocabulary::Ids && self.trains_base() {
            let text = "a base that is trained in the run has the printable vocabulary";
            problems.push(Problem::error("vocabulary", text).allowing("printable"));
        }
        problems
    }

    fn size_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.is_language() && self.sizes_count() {
            let (width, heads) = (self.width, self.heads);
            if heads > 0 && !width.is_multiple_of(heads) {
                let text = format!("{heads} heads do not divide a width of {width}");
                problems
                    .push(Problem::error("width", text.clone()).allowing(format!("a multiple of {heads}")));
                problems.push(Problem::error("heads", text).allowing(format!("a divisor of {width}")));
            } else if heads > 0 && self.model == Model::Llama && !(width / heads).is_multiple_of(2) {
                let text = format!(
                    "a head of {} entries (width {width}, {heads} heads) has no rotary pairs",
                    width / heads
                );
                problems.push(Problem::error("heads", text).allowing("heads of an even width"));
            }
        }
        if self.is_language()
            && self.model == Model::Gpt
            && self.base == "shipped"
            && self.task != Task::Pretrain
        {
            let (context, most) = (self.context, SHIPPED_CONTEXT as u64);
            if context > most {
                let text = format!("the shipped base has positions for {most} tokens, not {context}");
                problems.push(Problem::error("context", text).allowing(format!("4 to {most}")));
            }
        }
        problems
    }

    /// What the adapter does not allow on these layers.
    pub(crate) fn adapter_problems(&self, architecture: &Architecture) -> Vec<Problem> {
        if !self.adapts() {
            return Vec::new();
        }
        let layout = architecture.layout();
        let words = architecture.targets(&layout);
        let mut problems = Vec::new();
        if self.method.has_targets() {
            for word in self.targets.iter().filter(|word| *word != "all") {
                if !words.iter().any(|target| target.answers(word)) {
                    let mut known: Vec<&str> = words.iter().map(|target| target.word.as_str()).collect();
                    known.sort_unstable();
                    known.dedup();
                    let text = format!("no layer of this model answers to \"{word}\"");
                    problems
                        .push(Problem::error("targets", text).allowing(format!("all, {}", known.join(", "))));
                }
            }
            if self.targets.is_empty() {
                problems.push(
                    Problem::error("targets", "no layer is adapted").allowing("all, or words of layers"),
                );
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        match Adapters::new(self, architecture, &layout) {
            Ok(_) => problems,
            Err(refused) => {
                let key = match self.method {
                    Method::MissMini if refused.error.to_string().contains("columns") => "mini_width",
                    method if method.is_low_rank() && self.r#match == super::Match::Rank => "rank",
                    _ => "block",
                };
                let text = format!("{}: {}", refused.layer, refused.error);
                problems.push(Problem::error(key, text));
                problems
            }
        }
    }
}
