//! What some labs can do besides running: each power a trait of its own, named once among the lab's declarations.

use std::path::Path;

use super::{Lab, Opened, Predicted, Prediction, Product, Reopened};
use crate::run::{Control, RunError};
use crate::store::Artifact;

/// A lab whose finished runs predict for new rows.
pub trait Predicts: Lab {
    /// What a finished run with these settings predicts.
    fn prediction(&self) -> Prediction;
    /// Predictions for a table of new rows from a finished run by a method of the run (`None` takes its best).
    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Predicted, RunError>;
    /// What a file of such predictions shows; none of any other file, which is read no further than it takes to tell.
    fn reopened(file: &Path) -> Option<Result<Reopened, RunError>>;
}

/// A lab that makes something of a run besides its record: folders for other programs and people.
pub trait Makes: Lab {
    /// What can be made of a run with these settings.
    fn products(&self) -> Vec<Product>;
    /// Makes a product (one of [`Makes::products`]) of a run in a new or empty folder.
    fn produce(&self, id: &str, run_folder: &Path, out: &Path, control: &Control) -> Result<(), RunError>;
}

/// A lab that keeps files of its own in the run folder (networks, tables), which a fork need not make again.
pub trait Keeps: Lab {
    /// Gives a fork the files that its parent has made so far. The parent's are only read.
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError>;
}

/// A lab whose runs hold quantized weights.
pub trait Quantizes: Lab {
    /// Integer levels and scales of the weights in the newest checkpoint of a run.
    fn levels(&self, run_folder: &Path) -> Result<Artifact, RunError>;
}

/// A lab that takes files of one's own: dropped on the window, opened there, or named on the command line as `weightscope LAB FILE`.
pub trait Opens: Lab {
    /// The channel of tables that `--table FILE` writes.
    const TABLE: &'static str;
    /// The settings that a file or folder asks for; none if the lab does not take it. `shown` are the settings of the run on the screen,
    /// if it is one of this lab: a second file may be meant to stand beside its first.
    fn opened(shown: Option<&Self>, path: &Path) -> Option<Opened>;
}

type OpenedFn<L> = fn(Option<&L>, &Path) -> Option<Opened>;
type PredictionFn<L> = fn(&L) -> Prediction;
type ProductsFn<L> = fn(&L) -> Vec<Product>;
type PredictFn<L> = fn(&L, &Path, &Path, Option<&str>, &Control) -> Result<Predicted, RunError>;
type ReopenFn = fn(&Path) -> Option<Result<Reopened, RunError>>;
type ProduceFn<L> = fn(&L, &str, &Path, &Path, &Control) -> Result<(), RunError>;
type LevelsFn<L> = fn(&L, &Path) -> Result<Artifact, RunError>;
type CarryFn<L> = fn(&L, &Path, &Path) -> Result<(), RunError>;

/// The powers of a lab: `Powers::NONE.predicts().makes()`; naming one that the lab does not implement does not compile.
pub struct Powers<L: Lab> {
    pub(super) predicts: Option<(PredictionFn<L>, PredictFn<L>, ReopenFn)>,
    pub(super) makes: Option<(ProductsFn<L>, ProduceFn<L>)>,
    pub(super) keeps: Option<CarryFn<L>>,
    pub(super) quantizes: Option<LevelsFn<L>>,
    pub(super) opens: Option<(&'static str, OpenedFn<L>)>,
}

impl<L: Lab> Powers<L> {
    /// No power besides running.
    pub const NONE: Self = Self { predicts: None, makes: None, keeps: None, quantizes: None, opens: None };

    /// With predictions.
    #[must_use]
    pub const fn predicts(self) -> Self
    where
        L: Predicts,
    {
        Self { predicts: Some((L::prediction, L::predict, L::reopened)), ..self }
    }

    /// With products.
    #[must_use]
    pub const fn makes(self) -> Self
    where
        L: Makes,
    {
        Self { makes: Some((L::products, L::produce)), ..self }
    }

    /// With files of one's own.
    #[must_use]
    pub const fn opens(self) -> Self
    where
        L: Opens,
    {
        Self { opens: Some((L::TABLE, L::opened)), ..self }
    }

    /// With levels of quantized weights.
    #[must_use]
    pub const fn quantizes(self) -> Self
    where
        L: Quantizes,
    {
        Self { quantizes: Some(L::levels), ..self }
    }

    /// With files that a fork takes over.
    #[must_use]
    pub const fn keeps(self) -> Self
    where
        L: Keeps,
    {
        Self { keeps: Some(L::carry_over), ..self }
    }
}
