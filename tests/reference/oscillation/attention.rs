//! Query-key reparameterization, with and without quantized activations.

use burn::tensor::Tensor;
use weightscope_engine::labs::oscillation::method::bits::{LevelRange, Sign};
use weightscope_engine::labs::oscillation::method::groups::Groups;
use weightscope_engine::labs::oscillation::method::qkr::{self, ProductShape};
use weightscope_engine::labs::oscillation::method::{lsq_tensor, statsq};
use weightscope_engine::math::real::Real;
use weightscope_engine::nn::parameters::read;
use weightscope_engine::nn::softmax::scaled_softmax;

use super::{bits, constant, gradient, leaf};
use crate::vector::Case;

/// The forward pass, and the gradients where the vector has an upstream one.
pub(super) fn qkr(case: &mut Case) -> Result<(), String> {
    let [_, width] = case.dims::<2>("wq")?;
    let shape = ProductShape { width, heads: case.count("heads")? };
    let bits = bits(case)?;
    if case.expects("w_qk") {
        let double = (case.numbers("wq")?, case.numbers("wk")?);
        product_on_host(case, "host f64", (&double.0, &double.1), shape)?;
        let single = (case.singles("wq")?, case.singles("wk")?);
        product_on_host(case, "host f32", (&single.0, &single.1), shape)?;
    }

    let (query, key): (Tensor<2>, Tensor<2>) = (leaf(case, "wq")?, leaf(case, "wk")?);
    let product = qkr::quantized_product(query.clone(), key.clone(), shape, bits);
    if case.expects("w_qk_quantized") {
        case.check("w_qk_quantized", "tensor", &read(product.clone()));
    }
    let input = quantized(case, "x", constant(case, "x")?, None)?;
    let projected = quantized(case, "z", qkr::project(input.clone(), product), Some(shape.heads))?;
    let logits = qkr::logits(input.clone(), projected, shape.heads);
    case.check("logits_unscaled", "tensor", &read(logits.clone()));
    let scale = 1.0 / (shape.head_width() as f32).sqrt();
    if case.expects("softmax_scale") {
        case.check("softmax_scale", "tensor", &[scale]);
    }
    case.check("attention", "tensor", &read(scaled_softmax(logits.clone(), scale)));
    if case.expects("logits_float") {
        let float = qkr::tensor_product(query.clone(), key.clone(), shape);
        let float = qkr::logits(input.clone(), qkr::project(input, float), shape.heads);
        case.check("logits_float", "tensor", &read(float));
    }
    if case.expects("grad_wq") {
        let gradients = (logits * constant(case, "upstream_logits_unscaled")?).sum().backward();
        case.check("grad_wq", "tensor", &gradient(&query, &gradients)?);
        case.check("grad_wk", "tensor", &gradient(&key, &gradients)?);
    }
    Ok(())
}

fn product_on_host<R: Real + Into<f64>>(
    case: &mut Case,
    path: &str,
    (query, key): (&[R], &[R]),
    shape: ProductShape,
) -> Result<(), String> {
    let product = qkr::product(query, key, shape);
    let output = statsq::quantize(&product, shape.groups(), bits(case)?);
    case.check("w_qk", path, &product);
    case.check("scale", path, &output.scale);
    case.check("level", path, &output.level);
    case.check("w_qk_quantized", path, &output.value);
    Ok(())
}

/// Shifts and quantizes an activation if the vector has steps for it: per token, or per token and head.
fn quantized(
    case: &mut Case,
    name: &str,
    activation: Tensor<3>,
    heads: Option<usize>,
) -> Result<Tensor<3>, String> {
    if !case.has(&format!("{name}_step")) {
        return Ok(activation);
    }
    let [batch, tokens, channels] = activation.dims();
    let heads = heads.unwrap_or(1);
    let groups = Groups { outer: batch, count: tokens * heads, inner: channels / heads };
    let step = constant(case, &format!("{name}_step"))?;
    let before = constant(case, &format!("{name}_shift_before"))?;
    let after = constant(case, &format!("{name}_shift_after"))?;
    let range = LevelRange::new(bits(case)?, Sign::Signed);
    let output = lsq_tensor::quantize_shifted(activation, step, before, after, groups, range);
    case.check(&format!("{name}_quantized"), "tensor", &read(output.clone()));
    Ok(output)
}
