//! Heads: the rule of the released code for language models, and the aligned rule.

use weightscope_engine::compute::number::Number;
use weightscope_engine::labs::entangled_search::method::heads;
use weightscope_engine::labs::entangled_search::method::space::layer::{Bias, Factor, Layer, Slice};
use weightscope_engine::labs::entangled_search::method::space::{Mixing, Pass};
use weightscope_engine::labs::entangled_search::method::tape::{Attention, Node, Tape};

use super::{both, check_gradients, check_values, counts, load, text, variable, wide};
use crate::vector::Case;

both!(published, published_in);

fn published_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let mut tape = Tape::<T>::new();
    let mut inputs = [None; 3];
    for (place, key) in inputs.iter_mut().zip(["q", "k", "v"]) {
        *place = Some(variable(&mut tape, case, key)?);
    }
    let [Some(q), Some(k), Some(v)] = inputs else { return Err("three inputs".into()) };
    let (w_heads, w_embed) = (variable(&mut tape, case, "w_heads")?, variable(&mut tape, case, "w_embed")?);
    let joint = tape.joint(&[w_heads, w_embed]);
    check_values(case, "combi_weights", &tape, joint);
    let (heads, embed) = (counts(case, "head_choices")?, counts(case, "embed_choices")?);
    let y = heads::published(&mut tape, [q, k, v], &heads, &embed, joint).map_err(text)?;
    check_values(case, "y", &tape, y);
    let fields =
        [("grad_q", q), ("grad_k", k), ("grad_v", v), ("grad_w_heads", w_heads), ("grad_w_embed", w_embed)];
    check_gradients(case, &tape, y, &fields)
}

/// Queries, keys, values and projection over embedding (slow) and heads.
struct Aligned {
    layers: Vec<Layer>,
    way: Attention,
}

impl Aligned {
    fn new(case: &Case) -> Result<Self, String> {
        let (heads, embed) = (counts(case, "head_choices")?, counts(case, "embed_choices")?);
        let size = case.count("head_dim")?;
        let [rows, columns] = case.dims("Wq")?;
        let factors =
            [(0, embed.len()), (1, heads.len())].map(|(decision, options)| Factor { decision, options });
        let into = |name: &str| {
            Layer::new(name, &[rows, columns], None, Bias::Mixed, &factors, |picks| {
                Some(Slice { outputs: size * heads[picks[1]], inputs: embed[picks[0]], kernel: 1 })
            })
        };
        let out = Layer::new("o", &[columns, rows], None, Bias::Mixed, &factors, |picks| {
            Some(Slice { outputs: embed[picks[0]], inputs: size * heads[picks[1]], kernel: 1 })
        });
        let layers =
            [into("q"), into("k"), into("v"), out].into_iter().collect::<Result<_, _>>().map_err(text)?;
        let way = Attention { heads: rows / size, scale: 1.0 / (size as f64).sqrt(), causal: false };
        Ok(Self { layers, way })
    }

    fn run<T: Number>(
        &self,
        case: &Case,
        mixing: Mixing,
        x: (Vec<usize>, Vec<T>),
        weights: &[Vec<f64>; 2],
    ) -> Result<Vec<f64>, String> {
        let mut tape = Tape::<T>::new();
        let x = tape.constant(&x.0, x.1).map_err(text)?;
        let mut decisions = Vec::new();
        for row in weights {
            let row: Vec<T> = row.iter().map(|weight| T::from_f64(*weight)).collect();
            decisions.push(tape.variable(&[row.len()], row).map_err(text)?);
        }
        let mut tensors: Vec<Node> = Vec::new();
        for key in ["Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo"] {
            tensors.push(variable(&mut tape, case, key)?);
        }
        let (weights, tensors) = (&decisions, &tensors);
        let mut pass = Pass::new(&mut tape, mixing, weights, &[0, 0], tensors);
        let [q, k, v, out] = self.layers.as_slice() else { return Err("four layers".into()) };
        let (q, k, v) = (q.apply(&mut pass, x), k.apply(&mut pass, x), v.apply(&mut pass, x));
        let heads = if mixing == Mixing::Slice { 1 } else { self.way.heads };
        let way = Attention { heads, ..self.way };
        let mixed =
            pass.tape.attend(q.map_err(text)?, k.map_err(text)?, v.map_err(text)?, way).map_err(text)?;
        let y = out.apply(&mut pass, mixed).map_err(text)?;
        Ok(wide(tape.values(y)))
    }
}

both!(aligned, aligned_in);

fn aligned_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let test = Aligned::new(case)?;
    let soft = [case.numbers("w_embed")?, case.numbers("w_heads")?];
    let hard = [vec![1.0, 0.0], vec![1.0, 0.0]];
    let path = std::any::type_name::<T>();
    let shape = case.shape("x")?;
    let y = test.run::<T>(case, Mixing::Superposed, (shape.clone(), load(case, "x")?), &soft)?;
    case.check("y", path, &y);
    let masked: Vec<T> = load(case, "x_onehot")?;
    let y = test.run::<T>(case, Mixing::Superposed, (shape.clone(), masked.clone()), &hard)?;
    case.check("y_onehot_first", path, &y);
    let width = counts(case, "embed_choices")?.first().copied().unwrap_or(0);
    let full = shape.last().copied().unwrap_or(1);
    let narrow: Vec<T> = masked.chunks(full).flat_map(|row| row[..width].to_vec()).collect();
    let narrow_shape = vec![shape[0], shape[1], width];
    let y = test.run::<T>(case, Mixing::Slice, (narrow_shape, narrow), &hard)?;
    case.check("y_standalone_first", path, &y);
    Ok(())
}
