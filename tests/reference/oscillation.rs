//! Vectors of the oscillation lab: quantizers, tracker, freezing, annealing, query-key product, losses.
//!
//! Every field is compared on the host in double precision, and in single precision on the host and through tensors where these exist.

mod attention;
mod losses;
mod quantizers;
mod tracking;

use burn::tensor::{Device, Tensor, TensorData};
use weightscope_engine::labs::oscillation::method::bits::Bits;

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "oscillation", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "statsq_weight" | "statsq_rank3" | "statsq_ties" => quantizers::statsq,
        "lsq_weight" | "lsq_per_tensor" => quantizers::lsq_weight,
        "lsq_activation_signed" | "lsq_activation_unsigned" => quantizers::lsq_activation,
        "tracker_no_freeze" => tracking::tracker,
        "tracker_freeze_ema" | "tracker_freeze_last" => tracking::freezing,
        "cosine_threshold_schedule" => tracking::schedules,
        "toy_ste_regression" => tracking::toy,
        "cga_freeze" => tracking::cga_step,
        "cga_counts" => tracking::cga_counts,
        "qkr_forward" => attention::qkr,
        "dampening_loss" => losses::dampening,
        "obr_loss" => losses::obr,
        "kd_soft_plus_hard" => losses::distillation,
        _ => return None,
    })
}

/// The bit width of a vector.
fn bits(case: &Case) -> Result<Bits, String> {
    let bits = u8::try_from(case.count("bits")?).map_err(|error| error.to_string())?;
    Bits::new(bits).map_err(|error| error.to_string())
}

/// An input as a tensor that requires its gradient.
fn leaf<const D: usize>(case: &Case, key: &str) -> Result<Tensor<D>, String> {
    Ok(constant(case, key)?.require_grad())
}

/// An input as a constant tensor on the differentiable CPU device.
fn constant<const D: usize>(case: &Case, key: &str) -> Result<Tensor<D>, String> {
    let data = TensorData::new(case.singles(key)?, case.dims::<D>(key)?);
    Ok(Tensor::from_data(data, &Device::flex().autodiff()))
}

/// The gradient of a leaf.
fn gradient<const D: usize>(
    leaf: &Tensor<D>,
    gradients: &burn::tensor::Gradients,
) -> Result<Vec<f32>, String> {
    let gradient = leaf.grad(gradients).ok_or("a leaf has no gradient")?;
    Ok(weightscope_engine::nn::parameters::read(gradient))
}
