//! The tags of a run, and what each of them is for.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::Other;

/// Bytes of tags that are remembered.
const MOST_TAG_BYTES: usize = 16 << 20;

/// Which part of TensorBoard a value is for, as its metadata say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plugin {
    Scalars,
    Histograms,
    Counted(Other),
}

impl Plugin {
    pub(crate) fn named(name: &[u8]) -> Self {
        match name {
            b"scalars" => Self::Scalars,
            b"histograms" => Self::Histograms,
            b"images" => Self::Counted(Other::Image),
            b"audio" => Self::Counted(Other::Audio),
            b"text" => Self::Counted(Other::Text),
            b"hparams" => Self::Counted(Other::Hparams),
            b"pr_curves" => Self::Counted(Other::PrCurve),
            b"mesh" => Self::Counted(Other::Mesh),
            b"custom_scalars" => Self::Counted(Other::Layout),
            b"graphs" | b"graph_run_metadata" | b"graph_run_metadata_graph" | b"graph_keras_model" => {
                Self::Counted(Other::Graph)
            }
            _ => Self::Counted(Other::Tensor),
        }
    }
}

/// The tags of one run, each with what its first value said it is for: writers say it once and leave it out afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    known: HashMap<Arc<str>, Option<Plugin>>,
    bytes: usize,
}

impl Tags {
    /// The tag as all its entries hold it, and what its values are for.
    pub(crate) fn look(&mut self, name: &str, said: Option<Plugin>) -> (Arc<str>, Option<Plugin>) {
        if said.is_none()
            && let Some((tag, plugin)) = self.known.get_key_value(name)
        {
            return (Arc::clone(tag), *plugin);
        }
        let tag = self.known.get_key_value(name).map_or_else(|| Arc::from(name), |(tag, _)| Arc::clone(tag));
        if let Some(plugin) = self.known.get_mut(name) {
            // A program that began again says it again; what was said first counts, as in TensorBoard.
            *plugin = plugin.or(said);
            return (tag, *plugin);
        }
        if self.bytes < MOST_TAG_BYTES {
            self.bytes += name.len() + 64;
            self.known.insert(Arc::clone(&tag), said);
        }
        (tag, said)
    }
}
