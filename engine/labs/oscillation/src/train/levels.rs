//! Integer levels and scales of a checkpoint, for deployment elsewhere.

use std::collections::BTreeMap;

use crate::config::{Config, Quantizer};
use crate::method::bits::{Bits, LevelRange, Sign};
use crate::method::groups::Groups;
use crate::method::{lsq, statsq};
use weightscope_frame::store::{Artifact, Blob, State};

const PREFIX: &str = "parameters.";

/// For each quantized matrix `NAME.level` (i8), `NAME.scale` (f32, one per row), so that the weight is `multiplier·level'·scale`
/// as the metadata say. The query-key product of a reparameterized network is a function of its two factors and not listed.
pub(super) fn artifact(config: &Config, state: &State) -> Option<Artifact> {
    if !config.quantizes_weights() {
        return None;
    }
    let bits = u8::try_from(config.weight_bits).ok().and_then(|bits| Bits::new(bits).ok())?;
    let mut tensors = BTreeMap::new();
    for (key, blob) in &state.tensors {
        let (Some(name), [rows, columns]) = (key.strip_prefix(PREFIX), blob.shape.as_slice()) else {
            continue;
        };
        let outer = name.starts_with("embed") || name.starts_with("head");
        if !name.ends_with(".weight") || outer {
            continue;
        }
        let Some(weights) = blob.to_f32() else { continue };
        let groups = Groups::rows(*rows, *columns);
        let (levels, scales) = if config.quantizer == Quantizer::Statsq {
            let quantized = statsq::quantize(&weights, groups, bits);
            (quantized.level, quantized.scale)
        } else {
            let Some(steps) = state.tensors.get(&format!("{key}.step")).and_then(Blob::to_f32) else {
                continue;
            };
            let steps: Vec<f32> = steps.into_iter().map(lsq::floored).collect();
            (lsq::levels(&weights, &steps, groups, LevelRange::new(bits, Sign::Signed)), steps)
        };
        let levels: Vec<i8> = levels.iter().map(|level| *level as i8).collect();
        tensors.insert(format!("{name}.level"), Blob::from_i8(blob.shape.clone(), &levels));
        tensors.insert(format!("{name}.scale"), Blob::from_f32(vec![*rows], &scales));
    }
    let half = 1_u32 << (bits.get() - 1);
    let formula = match config.quantizer {
        Quantizer::Statsq => format!(
            "weight = scale * (level + 0.5) / {half}; as integers: (2 * level + 1) with scale / {}",
            2 * half
        ),
        _ => "weight = scale * level".to_owned(),
    };
    let metadata = [
        ("quantizer", config.quantizer.key().to_owned()),
        ("weight_bits", config.weight_bits.to_string()),
        ("formula", formula),
        ("sharing", "one scale per row (output channel)".to_owned()),
        ("program", format!("weightscope {}", weightscope_frame::VERSION)),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    (!tensors.is_empty()).then_some(Artifact { tensors, metadata })
}
