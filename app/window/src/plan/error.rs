//! Why a plan cannot be read, in words that a person can act on.

use std::path::PathBuf;

use weightscope_frame::store::StoreError;

/// A plan that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The folder holds none.
    #[error("no plan lies in this folder; make one with `weightscope sweep plan EXPERIMENT --out DIR`: {}", .0.display())]
    None(PathBuf),
    /// `plan.json` is not what a plan is.
    #[error("the plan is damaged, and its runs are untouched; plan again into another folder ({why}): {}", path.display())]
    Damaged {
        /// What the reader stumbled over.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The drive refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}
