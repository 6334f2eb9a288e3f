//! Dampening, bin regularisation, distillation.

use burn::tensor::Tensor;
use weightscope_engine::labs::oscillation::method::bits::{LevelRange, Sign};
use weightscope_engine::labs::oscillation::method::dampening::{self, Aggregate};
use weightscope_engine::labs::oscillation::method::groups::Groups;
use weightscope_engine::labs::oscillation::method::{distillation, obr};
use weightscope_engine::math::real::Real;
use weightscope_engine::nn::loss::one_hot;
use weightscope_engine::nn::parameters::read;

use super::{bits, constant, gradient, leaf};
use crate::vector::Case;

/// The three aggregates, and the gradients of those that the vector names.
pub(super) fn dampening(case: &mut Case) -> Result<(), String> {
    let (double, double_steps) = (case.numbers("w")?, case.numbers("step")?);
    let (single, single_steps) = (case.singles("w")?, case.singles("step")?);
    let weight = case.number("weight")?;
    let range = LevelRange::new(bits(case)?, Sign::Signed);
    let aggregates =
        [("sum", Aggregate::Sum), ("mean", Aggregate::Mean), ("kernel_mean", Aggregate::KernelMean)];
    for (name, aggregate) in aggregates {
        dampening_on_host(case, "host f64", name, aggregate, (&double, &double_steps), weight)?;
        dampening_on_host(case, "host f32", name, aggregate, (&single, &single_steps), weight)?;
        let latent: Tensor<2> = leaf(case, "w")?;
        let loss =
            dampening::tensor_loss(latent.clone(), constant(case, "step")?, range, aggregate) * weight as f32;
        case.check(name, "tensor", &read(loss.clone()));
        let field = format!("grad_{name}");
        if case.expects(&field) {
            case.check(&field, "tensor", &gradient(&latent, &loss.backward())?);
        }
    }
    Ok(())
}

fn dampening_on_host<R: Real + Into<f64>>(
    case: &mut Case,
    path: &str,
    name: &str,
    aggregate: Aggregate,
    (weights, steps): (&[R], &[R]),
    weight: f64,
) -> Result<(), String> {
    let [rows, columns] = case.dims::<2>("w")?;
    let range = LevelRange::new(bits(case)?, Sign::Signed);
    let (loss, slopes) = dampening::loss(weights, steps, Groups::rows(rows, columns), range, aggregate);
    case.check_number(name, path, weight * loss);
    let field = format!("grad_{name}");
    if case.expects(&field) {
        let slopes: Vec<f64> = slopes.into_iter().map(|slope| weight * slope.into()).collect();
        case.check(&field, path, &slopes);
    }
    Ok(())
}

/// Bin regularisation.
pub(super) fn obr(case: &mut Case) -> Result<(), String> {
    let [rows, columns] = case.dims::<2>("w")?;
    let groups = Groups::rows(rows, columns);
    let range = LevelRange::new(bits(case)?, Sign::Signed);
    let (double, _) = obr::loss(&case.numbers("w")?, &case.numbers("step")?, groups, range);
    case.check_number("loss", "host f64", double);
    let (single, _) = obr::loss(&case.singles("w")?, &case.singles("step")?, groups, range);
    case.check_number("loss", "host f32", single);
    let loss = obr::tensor_loss(leaf(case, "w")?, constant(case, "step")?, range);
    case.check("loss", "tensor", &read(loss));
    Ok(())
}

/// Hard and soft distillation.
pub(super) fn distillation(case: &mut Case) -> Result<(), String> {
    let [batch, classes] = case.dims::<2>("student")?;
    let labels: Vec<usize> = case.numbers("labels")?.into_iter().map(|label| label as usize).collect();
    let student: Tensor<2> = leaf(case, "student")?;
    let labels = Tensor::<1>::from_floats(one_hot(&labels, classes).as_slice(), &student.device())
        .reshape([batch, classes]);
    let losses = distillation::distil(student.clone(), constant(case, "teacher")?, labels);
    case.check("hard", "tensor", &read(losses.hard.clone()));
    case.check("soft", "tensor", &read(losses.soft.clone()));
    case.check("loss", "tensor", &read(losses.total()));
    case.check("grad_student", "tensor", &gradient(&student, &losses.total().backward())?);
    Ok(())
}
