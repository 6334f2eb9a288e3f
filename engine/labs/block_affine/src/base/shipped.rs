//! Where the weights of a base come from: part of the program, a file that this lab made, or a folder.

use std::path::Path;
use std::sync::Arc;

use safetensors::SafeTensors;
use weightscope_frame::experiment::Problem;
use weightscope_frame::store::{Artifact, Blob};

use super::{Architecture, MOST_PARAMETERS, folder};
use crate::compute::layout::Layout;
use crate::config::{Config, Model};

/// Under this key a file says what the model is.
const ARCHITECTURE: &str = "architecture";

/// A base with its weights.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Kind and sizes.
    pub(crate) architecture: Architecture,
    /// Where tensors lie.
    pub(crate) layout: Arc<Layout>,
    /// All weights.
    pub(crate) weights: Vec<f32>,
    /// Where it came from, in words.
    pub(crate) source: String,
    /// blake3 of the file, hexadecimal.
    pub(crate) hash: String,
    /// Size of the file in bytes.
    pub(crate) bytes: usize,
}

/// The file of a shipped base.
fn asset(model: Model) -> &'static [u8] {
    match model {
        Model::Rwkv => include_bytes!("../../../../../assets/bases/rwkv.safetensors"),
        Model::Gpt => include_bytes!("../../../../../assets/bases/gpt.safetensors"),
        Model::Llama | Model::Mlp => include_bytes!("../../../../../assets/bases/llama.safetensors"),
    }
}

/// The base that the settings name; `None` if it is trained in the run.
pub(crate) fn open(config: &Config) -> Result<Option<Opened>, Vec<Problem>> {
    if config.trains_base() {
        return Ok(None);
    }
    let refuse = |why: String| vec![Problem::error("base", why)];
    if config.base == "shipped" {
        let opened = read(asset(config.model), "the shipped base").map_err(refuse)?;
        return Ok(Some(opened));
    }
    let path = Path::new(&config.base);
    let opened = if path.is_dir() {
        folder::open(path).map_err(refuse)?
    } else {
        let bytes = std::fs::read(path).map_err(|error| {
            refuse(format!(
                "the base cannot be read ({error}); choose shipped, train, or the path of a base: {}",
                path.display()
            ))
        })?;
        read(&bytes, &path.display().to_string()).map_err(refuse)?
    };
    let is_kind = matches!(
        (&opened.architecture, config.model),
        (Architecture::Llama(..), Model::Llama)
            | (Architecture::Rwkv(_), Model::Rwkv)
            | (Architecture::Gpt(_), Model::Gpt)
    );
    if !is_kind {
        let found = opened.architecture.words();
        let kind = found.get("kind").and_then(|kind| kind.as_str()).unwrap_or("?").to_owned();
        let text =
            format!("the base is a model of kind {kind}, and the setting model says {}", config.model.key());
        return Err(vec![Problem::error("base", text.clone()), Problem::error("model", text).allowing(kind)]);
    }
    Ok(Some(opened))
}

/// A base from a file that this lab made.
fn read(bytes: &[u8], place: &str) -> Result<Opened, String> {
    let whole = |why: &str| {
        format!("the base is no base of this lab ({why}); make one with a pretrain preset: {place}")
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| whole(&error.to_string()))?;
    let words = header.metadata().as_ref().and_then(|words| words.get(ARCHITECTURE));
    let words = words.ok_or_else(|| whole("it does not say what the model is"))?;
    let words: serde_json::Value = serde_json::from_str(words).map_err(|error| whole(&error.to_string()))?;
    let architecture = Architecture::from_words(&words).ok_or_else(|| whole("its kind is not known"))?;
    let source = header.metadata().as_ref().and_then(|words| words.get("made_by")).cloned();
    let layout = architecture.layout();
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| whole(&error.to_string()))?;
    let weights = gather(&layout, place, |name| tensors.tensor(name).ok())?;
    Ok(Opened {
        architecture,
        layout,
        weights,
        source: source.unwrap_or_else(|| place.to_owned()),
        hash: blake3::hash(bytes).to_hex().to_string(),
        bytes: bytes.len(),
    })
}

/// All tensors of a layout, each by its name, as one vector of finite numbers.
pub(super) fn gather<'t>(
    layout: &Layout,
    place: &str,
    tensor: impl Fn(&str) -> Option<safetensors::tensor::TensorView<'t>>,
) -> Result<Vec<f32>, String> {
    if layout.len() > MOST_PARAMETERS {
        let count = layout.len();
        return Err(format!("the base has {count} parameters, more than {MOST_PARAMETERS}: {place}"));
    }
    let mut weights = Vec::with_capacity(layout.len());
    for one in &layout.0 {
        let found =
            tensor(&one.name).ok_or_else(|| format!("the base has no tensor {}: {place}", one.name))?;
        let shape: Vec<usize> = found.shape().to_vec();
        let needed = if one.rows == 1 { vec![one.columns] } else { vec![one.rows, one.columns] };
        if shape != needed && shape != [one.rows, one.columns] {
            return Err(format!("{} of the base has the shape {shape:?}, not {needed:?}: {place}", one.name));
        }
        let values = numbers(&found).ok_or_else(|| {
            format!(
                "{} of the base holds numbers of type {:?}, not F32, F16 or BF16: {place}",
                one.name,
                found.dtype()
            )
        })?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(format!(
                "{} of the base holds a value that is not finite, at {at}: {place}",
                one.name
            ));
        }
        weights.extend(values);
    }
    Ok(weights)
}

/// Numbers of a tensor in single precision.
fn numbers(tensor: &safetensors::tensor::TensorView<'_>) -> Option<Vec<f32>> {
    use safetensors::Dtype;
    let bytes = tensor.data();
    Some(match tensor.dtype() {
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F64 => {
            bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()
        }
        Dtype::BF16 => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|bytes| f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16))
            .collect(),
        Dtype::F16 => bytes.as_chunks::<2>().0.iter().map(|bytes| half(u16::from_le_bytes(*bytes))).collect(),
        _ => return None,
    })
}

/// A half-precision number.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

/// A base as a file that [`open`] reads; `made_by` says how.
pub(crate) fn saved(architecture: &Architecture, weights: &[f32], made_by: &str) -> Artifact {
    let layout = architecture.layout();
    let blob = |place: &crate::compute::layout::Place| {
        let shape = if place.rows == 1 { vec![place.columns] } else { vec![place.rows, place.columns] };
        let values = weights.get(place.range.clone()).unwrap_or_default();
        (place.name.clone(), Blob::from_f32(shape, values))
    };
    let metadata = [
        (ARCHITECTURE.to_owned(), architecture.words().to_string()),
        ("made_by".to_owned(), made_by.to_owned()),
        ("orientation".to_owned(), "weights [outputs, inputs], as in PyTorch".to_owned()),
    ];
    Artifact { tensors: layout.0.iter().map(blob).collect(), metadata: metadata.into() }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn half_precision_is_read() {
        assert_eq!((half(0x3c00), half(0xc000), half(0x3555)), (1.0, -2.0, 0.333_251_95));
        assert_eq!((half(0x0001), half(0x7c00)), (5.960_464_5e-8, f32::INFINITY));
        assert!(half(0x7e00).is_nan());
    }
}
