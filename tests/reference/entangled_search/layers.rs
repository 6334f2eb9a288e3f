//! Superposed linear layers, convolutions and tables, by the layer that the supernets are built of.

use weightscope_engine::compute::number::Number;
use weightscope_engine::labs::entangled_search::method::space::layer::{
    Bias, Factor, Layer, Slice, joint_options,
};
use weightscope_engine::labs::entangled_search::method::space::{Mixing, Pass};
use weightscope_engine::labs::entangled_search::method::tape::{Convolution, Node, Parts, Region, Tape};

use super::{both, check_gradients, check_values, counts, text, variable};
use crate::vector::Case;

/// Slices of a tensor by leading lengths.
fn leading(shape: &[usize], boxes: &[Vec<usize>]) -> Result<Parts, String> {
    let regions: Vec<Region> = boxes.iter().map(|lengths| Region::leading(lengths)).collect();
    Parts::new(shape, regions.iter().map(Some)).map_err(text)
}

/// A layer with its factors, each an input with its weights.
struct Test<'a> {
    layer: Layer,
    /// Weights of the factors and the field of their gradient.
    factors: &'a [(&'a str, &'a str)],
    bias: bool,
}

impl Test<'_> {
    /// Runs the layer superposed, compares output and gradients; then by output mixing, which must agree in all but the weights.
    fn run<T: Number>(&self, case: &mut Case) -> Result<(), String> {
        let mut tape = Tape::<T>::new();
        let mut weights = Vec::new();
        for (key, _) in self.factors {
            weights.push(variable(&mut tape, case, key)?);
        }
        let (x, weight) = (variable(&mut tape, case, "x")?, variable(&mut tape, case, "W")?);
        let mut tensors = vec![weight];
        if self.bias {
            tensors.push(variable(&mut tape, case, "b")?);
        }
        for mixing in [Mixing::Superposed, Mixing::Output] {
            let (weights, tensors) = (&weights, &tensors);
            let mut pass = Pass::new(&mut tape, mixing, weights, &[], tensors);
            let y = self.layer.apply(&mut pass, x).map_err(text)?;
            check_values(case, "y", &tape, y);
            let mut fields = vec![("grad_W", weight)];
            let bias = tensors.get(1).filter(|_| case.expects("grad_b"));
            fields.extend(bias.map(|bias| ("grad_b", *bias)));
            if case.expects("grad_x") {
                fields.push(("grad_x", x));
            }
            if mixing == Mixing::Superposed {
                fields.extend(self.factors.iter().zip(weights).map(|((_, field), node)| (*field, *node)));
            }
            check_gradients(case, &tape, y, &fields)?;
        }
        Ok(())
    }
}

/// Compares superposed weight and bias, made of the boxes of the joint options.
fn check_mixed<T: Number>(
    case: &mut Case,
    factors: &[&str],
    weight: &Parts,
    bias: Option<&Parts>,
) -> Result<(), String> {
    let mut tape = Tape::<T>::new();
    let mut nodes = Vec::new();
    for key in factors {
        nodes.push(variable(&mut tape, case, key)?);
    }
    let joint = tape.joint(&nodes);
    if case.expects("combi_weights") {
        check_values(case, "combi_weights", &tape, joint);
    }
    let own = variable(&mut tape, case, "W")?;
    let mixed = tape.superpose(own, joint, weight).map_err(text)?;
    check_values(case, "W_mix", &tape, mixed);
    if let Some(parts) = bias {
        let own = variable(&mut tape, case, "b")?;
        let mixed = tape.superpose(own, joint, parts).map_err(text)?;
        check_values(case, "b_mix", &tape, mixed);
    }
    Ok(())
}

fn factor(decision: usize, options: usize) -> Factor {
    Factor { decision, options }
}

pub(super) fn width_mask(case: &mut Case) -> Result<(), String> {
    let (choices, weights) = (counts(case, "choices")?, case.numbers("weights")?);
    let most = choices.last().copied().unwrap_or(0);
    let boxes: Vec<Vec<usize>> = choices.iter().map(|width| vec![*width]).collect();
    case.check("mask", "tail sums", &leading(&[most], &boxes)?.mask(&weights));
    Ok(())
}

both!(linear_out, linear_out_in);

fn linear_out_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let widths = counts(case, "out_choices")?;
    let [rows, columns] = case.dims("W")?;
    let layer = Layer::new("out", &[rows, columns], None, Bias::Mixed, &[factor(0, widths.len())], |picks| {
        Some(Slice { outputs: widths[picks[0]], inputs: columns, kernel: 1 })
    });
    Test { layer: layer.map_err(text)?, factors: &[("weights", "grad_weights")], bias: true }
        .run::<T>(case)?;
    let weight =
        leading(&[rows, columns], &widths.iter().map(|width| vec![*width, columns]).collect::<Vec<_>>())?;
    let bias = leading(&[rows], &widths.iter().map(|width| vec![*width]).collect::<Vec<_>>())?;
    check_mixed::<T>(case, &["weights"], &weight, Some(&bias))
}

both!(linear_head, linear_head_in);

fn linear_head_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let widths = counts(case, "in_choices")?;
    let [rows, columns] = case.dims("W")?;
    let layer =
        Layer::new("head", &[rows, columns], None, Bias::Whole, &[factor(0, widths.len())], |picks| {
            Some(Slice { outputs: rows, inputs: widths[picks[0]], kernel: 1 })
        });
    Test { layer: layer.map_err(text)?, factors: &[("weights", "grad_weights")], bias: true }
        .run::<T>(case)?;
    let weight =
        leading(&[rows, columns], &widths.iter().map(|width| vec![rows, *width]).collect::<Vec<_>>())?;
    check_mixed::<T>(case, &["weights"], &weight, None)
}

both!(up, up_in);

fn up_in<T: Number>(case: &mut Case) -> Result<(), String> {
    feed_forward::<T>(case, |embed, hidden| [hidden, embed])
}

both!(down, down_in);

fn down_in<T: Number>(case: &mut Case) -> Result<(), String> {
    feed_forward::<T>(case, |embed, hidden| [embed, hidden])
}

/// Embedding is the slow factor; `shape` gives rows and columns of a slice.
fn feed_forward<T: Number>(case: &mut Case, shape: fn(usize, usize) -> [usize; 2]) -> Result<(), String> {
    let (embed, ratio) = (counts(case, "embed_choices")?, case.numbers("ratio_choices")?);
    let full: [usize; 2] = case.dims("W")?;
    let sides = |picks: &[usize]| {
        let e = embed[picks[0]];
        shape(e, (e as f64 * ratio[picks[1]]) as usize)
    };
    let factors = [factor(0, embed.len()), factor(1, ratio.len())];
    let layer = Layer::new("feed forward", &full, None, Bias::Mixed, &factors, |picks| {
        let [outputs, inputs] = sides(picks);
        Some(Slice { outputs, inputs, kernel: 1 })
    });
    let names = [("w_embed", "grad_w_embed"), ("w_ratio", "grad_w_ratio")];
    Test { layer: layer.map_err(text)?, factors: &names, bias: true }.run::<T>(case)?;
    let joint = joint_options(&[embed.len(), ratio.len()]);
    let weight = leading(&full, &joint.iter().map(|picks| sides(picks).to_vec()).collect::<Vec<_>>())?;
    let bias =
        leading(&full[..1], &joint.iter().map(|picks| sides(picks)[..1].to_vec()).collect::<Vec<_>>())?;
    check_mixed::<T>(case, &["w_embed", "w_ratio"], &weight, Some(&bias))
}

/// Slices of a kernel: leading channels and the centre.
fn centred(full: [usize; 4], slices: &[[usize; 3]]) -> Result<Parts, String> {
    let side = full[2];
    let region = |[outputs, inputs, kernel]: &[usize; 3]| {
        let margin = (side - kernel) / 2;
        Region::new(vec![(0, *outputs), (0, *inputs), (margin, *kernel), (margin, *kernel)])
    };
    let regions: Vec<Region> = slices.iter().map(region).collect();
    Parts::new(&full, regions.iter().map(Some)).map_err(text)
}

both!(kernel, kernel_in);

fn kernel_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let full: [usize; 4] = case.dims("W")?;
    one_kernel::<T>(case, Convolution::plain(full[2] / 2))
}

both!(depthwise, depthwise_in);

fn depthwise_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let full: [usize; 4] = case.dims("W")?;
    let (padding, dilation) = (case.count("padding")?, case.count("dilation")?);
    one_kernel::<T>(case, Convolution { padding, dilation, groups: full[0] })
}

fn one_kernel<T: Number>(case: &mut Case, way: Convolution) -> Result<(), String> {
    let (full, kernels): ([usize; 4], _) = (case.dims("W")?, counts(case, "kernel_choices")?);
    let layer = Layer::new("conv", &full, Some(way), Bias::None, &[factor(0, kernels.len())], |picks| {
        Some(Slice { outputs: full[0], inputs: full[1], kernel: kernels[picks[0]] })
    });
    Test { layer: layer.map_err(text)?, factors: &[("weights", "grad_weights")], bias: false }
        .run::<T>(case)?;
    let slices: Vec<[usize; 3]> = kernels.iter().map(|kernel| [full[0], full[1], *kernel]).collect();
    check_mixed::<T>(case, &["weights"], &centred(full, &slices)?, None)
}

both!(fixed_out, fixed_out_in);

fn fixed_out_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let (full, widths): ([usize; 4], _) = (case.dims("W")?, counts(case, "in_choices")?);
    let way = Some(Convolution::plain(0));
    let layer = Layer::new("conv", &full, way, Bias::Whole, &[factor(0, widths.len())], |picks| {
        Some(Slice { outputs: full[0], inputs: widths[picks[0]], kernel: full[2] })
    });
    Test { layer: layer.map_err(text)?, factors: &[("w_in", "grad_w_in")], bias: true }.run::<T>(case)?;
    let slices: Vec<[usize; 3]> = widths.iter().map(|width| [full[0], *width, full[2]]).collect();
    check_mixed::<T>(case, &["w_in"], &centred(full, &slices)?, None)
}

/// A layer of three decisions, its slices, and the numbers of their options.
type Macro = (Layer, Vec<[usize; 3]>, [usize; 3]);

/// The layer of three decisions, its slices, and the numbers of their options.
fn macro_layer(case: &Case) -> Result<Macro, String> {
    let full: [usize; 4] = case.dims("W")?;
    let lists = [counts(case, "in_choices")?, counts(case, "out_choices")?, counts(case, "kernel_choices")?];
    let numbers = [lists[0].len(), lists[1].len(), lists[2].len()];
    let at = |picks: &[usize]| [lists[1][picks[1]], lists[0][picks[0]], lists[2][picks[2]]];
    let factors: Vec<Factor> =
        numbers.iter().enumerate().map(|(place, count)| factor(place, *count)).collect();
    let way = Some(Convolution::plain(full[2] / 2));
    let layer = Layer::new("conv", &full, way, Bias::Mixed, &factors, |picks| {
        let [outputs, inputs, kernel] = at(picks);
        Some(Slice { outputs, inputs, kernel })
    });
    let slices = joint_options(&numbers).iter().map(|picks| at(picks)).collect();
    Ok((layer.map_err(text)?, slices, numbers))
}

both!(three_ways, three_ways_in);

fn three_ways_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let (layer, slices, _) = macro_layer(case)?;
    let names = [("w_in", "grad_w_in"), ("w_out", "grad_w_out"), ("w_kernel", "grad_w_kernel")];
    Test { layer, factors: &names, bias: true }.run::<T>(case)?;
    let full: [usize; 4] = case.dims("W")?;
    let bias = leading(&full[..1], &slices.iter().map(|slice| vec![slice[0]]).collect::<Vec<_>>())?;
    check_mixed::<T>(case, &["w_in", "w_out", "w_kernel"], &centred(full, &slices)?, Some(&bias))
}

both!(slice, slice_in);

fn slice_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let (layer, _, numbers) = macro_layer(case)?;
    let picks =
        joint_options(&numbers).get(case.count("combi_index")?).cloned().ok_or("no such joint option")?;
    let mut tape = Tape::<T>::new();
    let x = variable(&mut tape, case, "x")?;
    let tensors: Vec<Node> = vec![variable(&mut tape, case, "W")?, variable(&mut tape, case, "b")?];
    let (mixing, picks_of) = (Mixing::Slice, picks.as_slice());
    let mut pass = Pass::new(&mut tape, mixing, &[], picks_of, &tensors);
    let y = layer.apply(&mut pass, x).map_err(text)?;
    check_values(case, "y", &tape, y);
    for (field, pick) in ["in_index", "out_index", "kernel_index"].into_iter().zip(picks) {
        case.check(field, "joint option", &[pick as f64]);
    }
    Ok(())
}

both!(token_embedding, token_embedding_in);

fn token_embedding_in<T: Number>(case: &mut Case) -> Result<(), String> {
    let widths = counts(case, "embed_choices")?;
    let full: [usize; 2] = case.dims("W")?;
    let mut tape = Tape::<T>::new();
    let (table, weights) = (variable(&mut tape, case, "W")?, variable(&mut tape, case, "weights")?);
    let parts = leading(&full, &widths.iter().map(|width| vec![full[0], *width]).collect::<Vec<_>>())?;
    let mixed = tape.superpose(table, weights, &parts).map_err(text)?;
    check_values(case, "W_mix", &tape, mixed);
    let y = tape.rows(mixed, &counts(case, "ids")?).map_err(text)?;
    check_values(case, "y", &tape, y);
    Ok(())
}
