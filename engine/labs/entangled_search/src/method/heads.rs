//! The rule of the released code for heads in the language-model space (established; not exact).
//!
//! The head size is e/h. For every number of heads h: the q, k, v of each embedding option are split into h heads, padded inside each head to
//! E/h and mixed with `c[(h, e)]`; attention with scale (E/h)^−½; outputs are summed over h without a further weight. So it needs one pass for
//! each number of heads, weights enter the logits squared, and one-hot weights on e < E do not give the stand-alone network.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::tape::{Attention, Node, Tape, unfit};

/// The mixture of q, k, v `[rows, tokens, E]` over the options, causal. `joint` holds the weights of heads (slow) and embedding. Refuses heads
/// that do not divide.
pub fn published<T: Number>(
    tape: &mut Tape<T>,
    inputs: [Node; 3],
    heads: &[usize],
    embed: &[usize],
    joint: Node,
) -> Result<Node, MathError> {
    let most = embed.last().copied().unwrap_or(0);
    let [q, _, _] = inputs;
    let shape = tape.shape(q).to_vec();
    let mut sum: Option<Node> = None;
    for (place, count) in heads.iter().enumerate() {
        let divides = *count > 0 && embed.iter().chain([&most]).all(|width| width % count == 0);
        if !divides || shape.last() != Some(&most) {
            return Err(unfit("heads", format!("a divisor of {embed:?}, inputs of width {most}"), count));
        }
        let mut mixed = Vec::with_capacity(3);
        for input in inputs {
            let mut parts = Vec::with_capacity(embed.len());
            for (option, width) in embed.iter().enumerate() {
                let padded = tape.columns(input, padded_heads(*count, *width, most))?;
                parts.push((place * embed.len() + option, padded, None));
            }
            mixed.push(tape.mix(&shape, joint, &parts)?);
        }
        let scale = 1.0 / ((most / count) as f64).sqrt();
        let way = Attention { heads: *count, scale, causal: true };
        let [q, k, v] = mixed.as_slice() else { return Err(unfit("attention", 3, mixed.len())) };
        let y = tape.attend(*q, *k, *v, way)?;
        sum = Some(match sum {
            Some(sum) => tape.add(sum, y)?,
            None => y,
        });
    }
    sum.ok_or_else(|| unfit("heads", "at least one option", 0))
}

/// Where each of `most` columns comes from when `width` leading columns are split into heads and padded inside each head.
fn padded_heads(heads: usize, width: usize, most: usize) -> Vec<Option<usize>> {
    let (own, full) = (width / heads, most / heads);
    (0..most).map(|column| (column % full < own).then(|| column / full * own + column % full)).collect()
}
