//! What an exported figure says of how it was drawn, so that the same figure can be drawn again, of the same run or of another.

use std::path::Path;

use anyhow::Context as _;

use super::Dressing;
use crate::figure::provenance::{self, Provenance};
use crate::views::ViewOptions;

/// How an exported figure was drawn.
#[derive(Clone, Debug)]
pub struct Like {
    /// Identifier of the lab.
    pub lab: String,
    /// Its views with what was chosen for each.
    pub views: Vec<(String, ViewOptions)>,
    /// Words, legend, letters.
    pub dressing: Dressing,
}

impl Like {
    /// Reads it from a figure.
    ///
    /// # Errors
    /// If the file cannot be read or is no figure of this program.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("the figure cannot be read: {}", path.display()))?;
        let origin = provenance::read(&bytes).with_context(|| path.display().to_string())?;
        let views = views(&origin);
        let dressing = serde_json::from_value(origin.dressing).unwrap_or_default();
        Ok(Self { lab: origin.lab, views, dressing })
    }
}

/// The views of a figure with what was chosen for each; what cannot be read of an older figure is as the view has it.
pub(crate) fn views(origin: &Provenance) -> Vec<(String, ViewOptions)> {
    let options =
        |value: &serde_json::Value| serde_json::from_value::<ViewOptions>(value.clone()).unwrap_or_default();
    let ids = origin.view.split('+').map(str::to_owned);
    match &origin.view_state {
        serde_json::Value::Array(states) => {
            let states = states.iter().map(options).chain(std::iter::repeat_with(ViewOptions::default));
            ids.zip(states).collect()
        }
        state => ids.map(|id| (id, options(state))).collect(),
    }
}
