//! StatsQ and LSQ.

use burn::tensor::Tensor;
use weightscope_engine::labs::oscillation::method::bits::{LevelRange, Sign};
use weightscope_engine::labs::oscillation::method::groups::Groups;
use weightscope_engine::labs::oscillation::method::{boundary, lsq, lsq_tensor, statsq};
use weightscope_engine::math::real::Real;
use weightscope_engine::nn::parameters::read;

use super::{bits, constant, gradient, leaf};
use crate::vector::Case;

/// Scales, positions, levels, values, straight-through gradient, boundary distances of StatsQ, for matrices and rank 3.
pub(super) fn statsq(case: &mut Case) -> Result<(), String> {
    let shape = case.shape("w")?;
    let groups = if shape.len() == 3 { Groups::along(&shape, 1) } else { Groups::along(&shape, 0) };
    let (double, single) = (case.numbers("w")?, case.singles("w")?);
    statsq_on_host(case, "host f64", &double, groups)?;
    statsq_on_host(case, "host f32", &single, groups)?;
    if case.expects("distance_to_boundary") {
        let range = LevelRange::new(bits(case)?, Sign::Signed);
        let positions = statsq::quantize(&double, groups, bits(case)?).position;
        case.check("distance_to_boundary", "host f64", &boundary::distances(&positions, range));
    }
    if shape.len() == 3 { statsq_as_tensor::<3>(case, groups) } else { statsq_as_tensor::<2>(case, groups) }
}

fn statsq_on_host<R: Real + Into<f64>>(
    case: &mut Case,
    path: &str,
    weights: &[R],
    groups: Groups,
) -> Result<(), String> {
    let output = statsq::quantize(weights, groups, bits(case)?);
    case.check("scale", path, &output.scale);
    case.check("level", path, &output.level);
    case.check("wq", path, &output.value);
    if case.expects("pre_round") {
        case.check("pre_round", path, &output.position);
    }
    Ok(())
}

fn statsq_as_tensor<const D: usize>(case: &mut Case, groups: Groups) -> Result<(), String> {
    let weight: Tensor<D> = leaf(case, "w")?;
    let output = statsq::straight_through(weight.clone(), groups, bits(case)?);
    case.check("wq", "tensor", &read(output.clone()));
    if case.expects("grad_w") {
        let gradients = (output * constant(case, "upstream")?).sum().backward();
        case.check("grad_w", "tensor", &gradient(&weight, &gradients)?);
    }
    Ok(())
}

/// LSQ with a step per row of a matrix, or one step for a vector.
pub(super) fn lsq_weight(case: &mut Case) -> Result<(), String> {
    let (input, value) = if case.has("w") { ("w", "wq") } else { ("x", "y") };
    let by_input = format!("grad_{input}");
    let shape = case.shape(input)?;
    let groups = match shape[..] {
        [rows, columns] => Groups::rows(rows, columns),
        _ => Groups::whole(shape.iter().product()),
    };
    let range = LevelRange::new(bits(case)?, Sign::Signed);
    let fields = Fields { input, value, by_input: &by_input };
    let (double, double_steps) = (case.numbers(input)?, case.numbers("step")?);
    let (single, single_steps) = (case.singles(input)?, case.singles("step")?);
    lsq_on_host(case, "host f64", &fields, (&double, &double_steps), groups, range)?;
    lsq_on_host(case, "host f32", &fields, (&single, &single_steps), groups, range)?;
    if case.expects("qn") {
        case.check_number("qn", "range", f64::from(range.lowest));
        case.check_number("qp", "range", f64::from(range.highest));
    }
    case.check_number("grad_scale", "host f64", lsq::gradient_scale(range, groups));
    if case.expects("init_step") {
        case.check("init_step", "host f64", &lsq::initial_step(&double, groups, range, Sign::Signed));
        case.check("init_step", "host f32", &lsq::initial_step(&single, groups, range, Sign::Signed));
    }
    if shape.len() == 2 {
        lsq_as_tensor::<2>(case, &fields, groups, range)
    } else {
        lsq_as_tensor::<1>(case, &fields, groups, range)
    }
}

/// Names of the fields of an LSQ vector.
struct Fields<'a> {
    input: &'a str,
    value: &'a str,
    by_input: &'a str,
}

fn lsq_on_host<R: Real + Into<f64>>(
    case: &mut Case,
    path: &str,
    fields: &Fields<'_>,
    (input, steps): (&[R], &[R]),
    groups: Groups,
    range: LevelRange,
) -> Result<(), String> {
    let upstream: Vec<R> = case.numbers("upstream")?.into_iter().map(R::from_f64).collect();
    let output = lsq::quantize(input, steps, groups, range);
    let (by_input, by_step) = output.gradients(&upstream, groups);
    case.check("level", path, &lsq::levels(input, steps, groups, range));
    case.check(fields.value, path, &output.value);
    case.check(fields.by_input, path, &by_input);
    case.check("grad_step", path, &by_step);
    Ok(())
}

fn lsq_as_tensor<const D: usize>(
    case: &mut Case,
    fields: &Fields<'_>,
    groups: Groups,
    range: LevelRange,
) -> Result<(), String> {
    let (input, step): (Tensor<D>, Tensor<1>) = (leaf(case, fields.input)?, leaf(case, "step")?);
    let output = lsq_tensor::quantize(input.clone(), step.clone(), groups, range);
    case.check(fields.value, "tensor", &read(output.clone()));
    let gradients = (output * constant(case, "upstream")?).sum().backward();
    case.check(fields.by_input, "tensor", &gradient(&input, &gradients)?);
    case.check("grad_step", "tensor", &gradient(&step, &gradients)?);
    Ok(())
}

/// LSQ of an activation `[batch, tokens, channels]` with a step per token and shifts per channel.
pub(super) fn lsq_activation(case: &mut Case) -> Result<(), String> {
    let shape = case.dims::<3>("x")?;
    let groups = Groups::along(&shape, 1);
    let sign = if case.number("all_positive")? == 0.0 { Sign::Signed } else { Sign::AllPositive };
    let range = LevelRange::new(bits(case)?, sign);
    activation_on_host(case, groups, range, sign)?;

    let x: Tensor<3> = leaf(case, "x")?;
    let step: Tensor<1> = leaf(case, "step")?;
    let (before, after): (Tensor<1>, Tensor<1>) = (leaf(case, "bias_before")?, leaf(case, "bias_after")?);
    let output =
        lsq_tensor::quantize_shifted(x.clone(), step.clone(), before.clone(), after.clone(), groups, range);
    case.check("y", "tensor", &read(output.clone()));
    let gradients = (output * constant(case, "upstream")?).sum().backward();
    case.check("grad_x", "tensor", &gradient(&x, &gradients)?);
    case.check("grad_step", "tensor", &gradient(&step, &gradients)?);
    case.check("grad_bias_before", "tensor", &gradient(&before, &gradients)?);
    case.check("grad_bias_after", "tensor", &gradient(&after, &gradients)?);
    Ok(())
}

fn activation_on_host(case: &mut Case, groups: Groups, range: LevelRange, sign: Sign) -> Result<(), String> {
    let (before, after) = (case.numbers("bias_before")?, case.numbers("bias_after")?);
    let channels = before.len();
    let mut input = case.numbers("x")?;
    input.iter_mut().enumerate().for_each(|(index, value)| *value += before[index % channels]);
    let (steps, upstream) = (case.numbers("step")?, case.numbers("upstream")?);
    let mut output = lsq::quantize(&input, &steps, groups, range);
    let (by_input, by_step) = output.gradients(&upstream, groups);
    output.value.iter_mut().enumerate().for_each(|(index, value)| *value += after[index % channels]);
    let per_channel = |gradient: &[f64]| -> Vec<f64> {
        (0..channels).map(|channel| gradient.iter().skip(channel).step_by(channels).sum()).collect()
    };
    case.check("level", "host f64", &lsq::levels(&input, &steps, groups, range));
    case.check("y", "host f64", &output.value);
    case.check("grad_x", "host f64", &by_input);
    case.check("grad_step", "host f64", &by_step);
    case.check("grad_bias_before", "host f64", &per_channel(&by_input));
    case.check("grad_bias_after", "host f64", &per_channel(&upstream));
    case.check("init_step", "host f64", &lsq::initial_step(&input, groups, range, sign));
    case.check_number("grad_scale", "host f64", lsq::gradient_scale(range, groups));
    Ok(())
}
