//! Set transformer blocks and the encoders of a data set.

use serde_json::{Map, Value};
use weightscope_engine::labs::weight_generation::method::attention::{
    Attention, Induced, Linear, Norm, Pooling, SetPool,
};
use weightscope_engine::labs::weight_generation::method::encoder::{Flat, TwoLevel};
use weightscope_engine::math::linalg::Dense;
use weightscope_engine::math::real::Real;

use super::{list, matrix, refused, sets, words};
use crate::vector::Case;

/// The parameters of a vector, by name.
struct Parameters {
    values: Map<String, Value>,
    heads: usize,
}

impl Parameters {
    fn read(case: &Case) -> Result<Self, String> {
        let values = case.input("params")?.as_object().cloned().ok_or("the parameters are no object")?;
        Ok(Self { values, heads: case.count("heads")? })
    }

    fn rows(&self, name: &str) -> Result<Vec<Vec<f64>>, String> {
        let value = self.values.get(name).cloned().ok_or_else(|| format!("`{name}` is missing"))?;
        // Seeds and points have a leading dimension of one.
        if let Ok(mut deep) = serde_json::from_value::<Vec<Vec<Vec<f64>>>>(value.clone()) {
            return deep.pop().ok_or_else(|| format!("`{name}` is empty"));
        }
        if let Ok(rows) = serde_json::from_value(value.clone()) {
            return Ok(rows);
        }
        Ok(vec![serde_json::from_value(value).map_err(|error| error.to_string())?])
    }

    fn matrix<R: Real>(&self, name: &str) -> Result<Dense<R>, String> {
        let rows = self.rows(name)?;
        let columns = rows.first().map_or(0, Vec::len);
        let values = rows.concat().into_iter().map(R::from_f64).collect();
        Dense::new(rows.len(), columns, values).map_err(words)
    }

    fn linear<R: Real>(&self, name: &str) -> Result<Linear<R>, String> {
        let bias = self.matrix(&format!("{name}.b"))?.into_values();
        Ok(Linear { weight: self.matrix(&format!("{name}.w"))?, bias })
    }

    fn norm<R: Real>(&self, name: &str) -> Result<Norm<R>, String> {
        let values = |part: &str| self.matrix(&format!("{name}.{part}")).map(Dense::into_values);
        Ok(Norm { weight: values("w")?, bias: values("b")? })
    }

    fn attention<R: Real>(&self, name: &str) -> Result<Attention<R>, String> {
        let part = |part: &str| self.linear(&format!("{name}.{part}"));
        let norms = if self.values.contains_key(&format!("{name}.ln0.w")) {
            Some((self.norm(&format!("{name}.ln0"))?, self.norm(&format!("{name}.ln1"))?))
        } else {
            None
        };
        Ok(Attention {
            query: part("q")?,
            key: part("k")?,
            value: part("v")?,
            output: part("o")?,
            norms,
            heads: self.heads,
        })
    }

    fn pool<R: Real>(&self, name: &str) -> Result<SetPool<R>, String> {
        let seeds = self.matrix(&format!("{name}.S"))?;
        Ok(SetPool {
            before: vec![self.attention(&format!("{name}.s0"))?, self.attention(&format!("{name}.s1"))?],
            pooling: Pooling { seeds, attention: self.attention(&format!("{name}.pma"))? },
            after: Vec::new(),
            output: self.linear(&format!("{name}.out"))?,
        })
    }
}

/// One result after another.
fn joined<R: Real>(results: impl Iterator<Item = Result<Dense<R>, String>>) -> Result<Vec<R>, String> {
    let mut values = Vec::new();
    for result in results {
        values.extend(result?.into_values());
    }
    Ok(values)
}

/// Elements that look at each other.
pub(super) fn on_itself(case: &mut Case) -> Result<(), String> {
    on_itself_in::<f32>(case, "single")?;
    on_itself_in::<f64>(case, "double")
}

fn on_itself_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let attention = Parameters::read(case)?.attention::<R>("mab")?;
    if attention.norms.is_some() != case.input("layer_norm")?.as_bool().unwrap_or(false) {
        return Err("the norms do not stand where the vector says".into());
    }
    let found = joined(sets(case, "X")?.iter().map(|x| attention.on_itself(x).map_err(refused)))?;
    case.check("Y", path, &found);
    Ok(())
}

/// Attention through induced points.
pub(super) fn induced(case: &mut Case) -> Result<(), String> {
    induced_in::<f32>(case, "single")?;
    induced_in::<f64>(case, "double")
}

fn induced_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let parameters = Parameters::read(case)?;
    let induced = Induced::<R> {
        points: parameters.matrix("I")?,
        gather: parameters.attention("mab0")?,
        spread: parameters.attention("mab1")?,
    };
    let x = sets(case, "X")?;
    case.check("H", path, &joined(x.iter().map(|x| induced.gathered(x).map_err(refused)))?);
    case.check("Y", path, &joined(x.iter().map(|x| induced.forward(x).map_err(refused)))?);
    Ok(())
}

/// Pooling, which does not see the order.
pub(super) fn pooling(case: &mut Case) -> Result<(), String> {
    pooling_in::<f32>(case, "single")?;
    pooling_in::<f64>(case, "double")
}

fn pooling_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let parameters = Parameters::read(case)?;
    let pooling = Pooling::<R> { seeds: parameters.matrix("S")?, attention: parameters.attention("mab")? };
    let order: Vec<usize> = case.numbers("permutation")?.into_iter().map(|index| index as usize).collect();
    let x = sets::<R>(case, "X")?;
    let permuted = x.iter().map(|x| {
        let rows: Vec<R> = order.iter().flat_map(|row| x.row(*row).to_vec()).collect();
        let x = Dense::new(x.rows(), x.columns(), rows).map_err(words)?;
        pooling.forward(&x).map_err(refused)
    });
    case.check("Y", path, &joined(x.iter().map(|x| pooling.forward(x).map_err(refused)))?);
    case.check("Y_permuted_input", path, &joined(permuted)?);
    Ok(())
}

/// Samples to class tokens to one embedding.
pub(super) fn two_level(case: &mut Case) -> Result<(), String> {
    two_level_in::<f32>(case, "single")?;
    two_level_in::<f64>(case, "double")
}

fn two_level_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let parameters = Parameters::read(case)?;
    let encoder = TwoLevel::<R> { intra: parameters.pool("intra")?, inter: parameters.pool("inter")? };
    let classes = sets(case, "X")?;
    case.check("class_tokens", path, encoder.class_tokens(&classes).map_err(refused)?.values());
    case.check("dataset_embedding", path, &encoder.forward(&classes).map_err(refused)?);
    Ok(())
}

/// The linear map over samples and classes.
pub(super) fn flat(case: &mut Case) -> Result<(), String> {
    flat_in::<f32>(case, "single")?;
    flat_in::<f64>(case, "double")
}

fn flat_in<R: Real + Into<f64>>(case: &mut Case, path: &str) -> Result<(), String> {
    let encoder = Flat::<R> {
        mix: Linear { weight: matrix(case, "W1")?, bias: list(case, "b1")? },
        output: Linear { weight: matrix(case, "W2")?, bias: list(case, "b2")? },
    };
    let map = encoder.forward(&sets(case, "X")?).map_err(refused)?;
    if map.len() != case.count("map_size")?.pow(2) {
        return Err("the map has another size".into());
    }
    case.check("map", path, &map);
    Ok(())
}
