//! How adapters start, and the weights that stay frozen beside them.

use weightscope_math::Stream;
use weightscope_math::linalg::Dense;

use super::products::norm;
use super::{Adapters, Kind, Layer, Refused, Scratch};
use crate::config::Method;
use crate::method::initial::{STABLE_GAMMA, lora_ga, olora, pissa};
use crate::method::lora::Factors;

/// Mean gradient by the weights, for starts that read it.
pub(crate) type Gradients<'a> = Option<&'a [f32]>;

impl Adapters {
    /// What is trained at step 0.
    pub(crate) fn start(
        &self,
        base: &[f32],
        gradients: Gradients<'_>,
        random: &mut Stream,
    ) -> Result<Vec<f32>, Refused> {
        if self.method == Method::Full {
            return Ok(base.to_vec());
        }
        let mut own = vec![0.0; self.length];
        if self.method == Method::Frozen {
            return Ok(own);
        }
        for layer in &self.layers {
            let refused = |error| Refused { layer: layer.name.clone(), error };
            let weight = dense(layer, base.get(layer.place.clone()).unwrap_or_default()).map_err(refused)?;
            let gradient = match gradients {
                Some(all) => {
                    Some(dense(layer, all.get(layer.place.clone()).unwrap_or_default()).map_err(refused)?)
                }
                None => None,
            };
            let factors = factors(self.method, layer, &weight, gradient.as_ref(), random).map_err(refused)?;
            let Some(values) = own.get_mut(layer.own.clone()) else { continue };
            if let Some(factors) = factors {
                let both = factors.a.values().iter().chain(factors.b.values());
                values.iter_mut().zip(both).for_each(|(value, own)| *value = *own);
            }
            if let Kind::Dora(lora) = layer.kind {
                for (row, (length, values)) in
                    values[lora.parameters()..].iter_mut().zip(weight.each_row()).enumerate()
                {
                    *length = norm(values);
                    if *length <= 0.0 {
                        return Err(refused(crate::method::error::AdapterError::NoDirection { row }));
                    }
                }
            }
        }
        Ok(own)
    }

    /// The weights that stay frozen: those of the base, without what a start was cut out of them.
    pub(crate) fn frozen(&self, base: &[f32], start: &[f32], scratch: &mut Scratch) -> Vec<f32> {
        let mut frozen = base.to_vec();
        if self.method.cuts_weights() {
            let mut cut = vec![0.0; base.len()];
            self.updates(base, start, &mut cut, scratch);
            for layer in &self.layers {
                let place = layer.place.clone();
                frozen[place.clone()].iter_mut().zip(&cut[place]).for_each(|(value, cut)| *value -= *cut);
            }
        }
        frozen
    }
}

fn dense(layer: &Layer, values: &[f32]) -> Result<Dense<f32>, crate::method::AdapterError> {
    Ok(Dense::new(layer.outputs, layer.inputs, values.to_vec())?)
}

/// A and B of a low-rank start; none for methods that start at zero.
fn factors(
    method: Method,
    layer: &Layer,
    weight: &Dense<f32>,
    gradient: Option<&Dense<f32>>,
    random: &mut Stream,
) -> Result<Option<Factors<f32>>, crate::method::AdapterError> {
    let (Kind::Lora(lora) | Kind::Dora(lora)) = layer.kind else { return Ok(None) };
    let (rank, scale) = (lora.rank(), lora.scale());
    Ok(Some(match (method, gradient) {
        (Method::Pissa, _) => pissa(weight, rank, scale)?.factors,
        (Method::Olora, _) => olora(weight, rank, scale)?.factors,
        (Method::LoraGa, Some(gradient)) => lora_ga(weight, gradient, rank, scale, STABLE_GAMMA)?.factors,
        _ => lora.start(random)?,
    }))
}
