//! What models learn from: texts as tokens, and small tables for perceptrons.

pub(crate) mod tables;
pub(crate) mod text;

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::RunError;

use crate::base;
use crate::config::{Config, Task};
use tables::Tables;
use text::Corpus;

/// What a run learns from.
#[derive(Debug)]
pub(crate) enum Material {
    /// A text to learn, and the text of the base, on which forgetting is measured, if there is one.
    Text {
        /// What is learned.
        corpus: Corpus,
        /// Text of the base.
        before: Option<Corpus>,
    },
    /// Digits or points.
    Tables(Tables),
}

impl Material {
    /// Reads what the settings name.
    pub(crate) fn open(config: &Config) -> Result<Self, Vec<Problem>> {
        if !config.is_language() {
            let tables = Tables::open(config);
            return tables.map(Self::Tables).map_err(|error| error.into_problems("task", "task"));
        }
        let corpus = Corpus::open(config)?;
        let before = match config.task {
            Task::Text if config.vocabulary == crate::config::Vocabulary::Printable => {
                Some(Corpus::of_text(&config.base_text, "base_text", config.context as usize)?)
            }
            _ => None,
        };
        Ok(Self::Text { corpus, before })
    }

    /// What was read.
    pub(crate) fn reads(&self) -> Vec<Read> {
        match self {
            Self::Text { corpus, before } => std::iter::once(&corpus.read)
                .chain(before.iter().map(|corpus| &corpus.read))
                .cloned()
                .collect(),
            Self::Tables(tables) => tables.reads(),
        }
    }
}

/// What is read from the files that the settings name, or what is wrong with them.
pub(crate) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    let material = Material::open(config)?;
    let mut reads = material.reads();
    if let Some(opened) = base::open(config)? {
        problems_of_base(config, &opened, &material)?;
        reads.push(read_of_base(config, &opened));
    }
    Ok(reads)
}

/// What was read of a base.
pub(crate) fn read_of_base(config: &Config, opened: &base::Opened) -> Read {
    Read {
        place: if config.base == "shipped" {
            format!("shipped base ({})", opened.source)
        } else {
            config.base.clone()
        },
        bytes: (config.base != "shipped").then_some(opened.bytes as u64),
        form: format!("base model, {} parameters", opened.layout.len()),
        hash: opened.hash.clone(),
        rows: opened.layout.len(),
        ..weightscope_data::Read::default()
    }
}

/// What does not fit together: an opened base with adapters, contexts and tokens.
fn problems_of_base(config: &Config, opened: &base::Opened, material: &Material) -> Result<(), Vec<Problem>> {
    let mut problems = config.adapter_problems(&opened.architecture);
    let vocabulary = opened.architecture.vocabulary();
    if let Material::Text { corpus, .. } = material {
        let (largest, what) = (corpus.largest(), corpus.key);
        if largest >= vocabulary && config.vocabulary == crate::config::Vocabulary::Ids {
            let text = format!("the token {largest} is not in the base's vocabulary of {vocabulary}");
            problems.push(Problem::error(what, text).allowing(format!("tokens below {vocabulary}")));
        } else if config.vocabulary == crate::config::Vocabulary::Printable && vocabulary != text::LETTERS {
            let letters = text::LETTERS;
            let text = format!(
                "the base has a vocabulary of {vocabulary} tokens, not of {letters} characters; give token ids of its own tokenizer"
            );
            problems.push(Problem::error("vocabulary", text).allowing("ids"));
        }
    }
    if let base::Architecture::Gpt(model) = &opened.architecture {
        let (context, most) = (config.context, model.context);
        if context > most as u64 {
            let text = format!("the base has positions for {most} tokens, not {context}");
            problems.push(Problem::error("context", text).allowing(format!("4 to {most}")));
        }
    }
    if problems.iter().any(Problem::is_error) { Err(problems) } else { Ok(()) }
}

/// Problems as the reason of a run that cannot begin.
pub(crate) fn refused(problems: Vec<Problem>) -> RunError {
    RunError::Problems(problems)
}
