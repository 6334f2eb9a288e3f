//! What the description of a model beside its files says of its scales: `quantization_config.weight_block_size` in `config.json`, as the
//! models of `DeepSeek` and others have it.
//!
//! Contract: the description is looked for in the folder of the weights, is no link out of it, and is read up to a limit. One that cannot
//! be used is said, and is no error: the shapes then tell the blocks.

use std::path::Path;

use serde::Deserialize;

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::shards::refuse_link_out;
use crate::source::Stamp;
use crate::text::shown;

const NAME: &str = "config.json";
const LONGEST: u64 = 4 << 20;

/// What is known of the blocks.
pub(super) enum Described {
    /// Nothing lies beside the weights, or it says nothing.
    Nothing,
    /// Rows and columns of a block, and the file that says so.
    Blocks((usize, usize), Stamp),
    /// Why what lies there cannot be used.
    Unusable(String),
}

#[derive(Deserialize)]
struct Config {
    quantization_config: Option<Quantization>,
}

#[derive(Deserialize)]
struct Quantization {
    weight_block_size: Option<serde_json::Value>,
}

impl Described {
    /// Looks beside the weights at `path`, a file or a folder.
    pub(super) fn beside(path: &Path) -> Self {
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        let folder = folder.map_or(Path::new("."), |folder| {
            if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
        });
        match read(folder) {
            Ok(Some((sides, stamp))) => match sides {
                Some(sides) => Self::Blocks(sides, stamp),
                None => Self::Unusable("its weight_block_size is not two numbers above zero".to_owned()),
            },
            Ok(None) | Err(WeightsError::NotFound { .. }) => Self::Nothing,
            Err(WeightsError::Unusable { problem, .. }) => Self::Unusable(problem),
            Err(other) => Self::Unusable(shown(&other.to_string())),
        }
    }

    /// Rows and columns of a block, where they are said.
    pub(super) fn blocks(&self) -> Option<(usize, usize)> {
        match self {
            Self::Blocks(sides, _) => Some(*sides),
            _ => None,
        }
    }

    /// What is to be said of it.
    pub(super) fn sentence(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Blocks((high, wide), _) => {
                Some(format!("{NAME} says that blocks of {high} × {wide} share a scale (weight_block_size)."))
            }
            Self::Unusable(why) => {
                Some(format!("{NAME} does not tell which blocks share a scale, and the shapes do: {why}."))
            }
        }
    }

    /// The file behind it: what is read of the weights depends on it.
    pub(super) fn into_stamp(self) -> Option<Stamp> {
        match self {
            Self::Blocks(_, stamp) => Some(stamp),
            _ => None,
        }
    }
}

/// Two sides, or none where what stands there is something else.
type Sides = Option<(usize, usize)>;

/// What is written there; none where nothing is.
fn read(folder: &Path) -> Result<Option<(Sides, Stamp)>, WeightsError> {
    let path = folder.join(NAME);
    refuse_link_out(folder, &path)?;
    let file = WeightFile::open(&path)?;
    if file.bytes() > LONGEST {
        return Err(WeightsError::unusable("it is longer than such a description is", &path));
    }
    let text = file.read_up_to(0, LONGEST as usize)?;
    let config: Config = serde_json::from_slice(&text)
        .map_err(|error| WeightsError::unusable(format!("it does not read as one ({error})"), &path))?;
    let said = config.quantization_config.and_then(|quantization| quantization.weight_block_size);
    let Some(said) = said.filter(|said| !said.is_null()) else { return Ok(None) };
    let sides = serde_json::from_value::<(usize, usize)>(said).ok();
    Ok(Some((sides.filter(|(high, wide)| *high > 0 && *wide > 0), file.stamp().clone())))
}
