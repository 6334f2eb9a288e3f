//! Vectors of the search lab: samplers, superposition, normalisations, attention, extraction, the two-level loop, figures of a table.
//!
//! What runs on a tape is compared in double and in single precision; samplers and figures of a table are in double precision only.

mod attention;
mod figures;
mod layers;
mod networks;
mod norms;
mod samplers;

use weightscope_engine::compute::number::Number;
use weightscope_engine::labs::entangled_search::method::tape::{Gradients, Node, Tape};

use crate::vector::{Area, Case, Runner};

/// The area.
pub(crate) const AREA: Area = Area { name: "entangled_search", runner };

fn runner(kind: &str) -> Option<Runner> {
    Some(match kind {
        "sampler_softmax" => samplers::softmax,
        "sampler_sparsemax" => samplers::sparsemax,
        "sampler_drnas" => samplers::dirichlet,
        "sampler_gdas_hi" | "sampler_gdas_lo" => samplers::gumbel,
        "gdas_tau_schedule" => samplers::temperature,
        "discretise" => samplers::discretise,
        "width_mask" => layers::width_mask,
        "linear_out" => layers::linear_out,
        "linear_head" => layers::linear_head,
        "combi_linear_up" => layers::up,
        "combi_linear_down" => layers::down,
        "combi_conv3" => layers::three_ways,
        "conv_kernel" => layers::kernel,
        "conv_depthwise_dilated" => layers::depthwise,
        "conv_fixed_out" => layers::fixed_out,
        "gdas_slice_conv" => layers::slice,
        "token_embedding" => layers::token_embedding,
        "layernorm_code" => norms::published,
        "layernorm_exact" => norms::exact,
        "batchnorm_mix" => norms::batch,
        "depth_mix" => networks::depth,
        "extraction_equality" => networks::extraction,
        "bilevel_two_steps" => networks::two_steps,
        "darts_second_order" => networks::second_order,
        "attention_gpt_code" => attention::published,
        "attention_head_aligned" => attention::aligned,
        "monitors" => figures::monitors,
        "desk_table_sample" => figures::table,
        _ => return None,
    })
}

/// An error as a sentence.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// An input in this precision.
fn load<T: Number>(case: &Case, key: &str) -> Result<Vec<T>, String> {
    Ok(case.numbers(key)?.into_iter().map(T::from_f64).collect())
}

/// Whole numbers.
fn counts(case: &Case, key: &str) -> Result<Vec<usize>, String> {
    Ok(case.numbers(key)?.into_iter().map(|number| number as usize).collect())
}

/// An input as a variable of its shape.
fn variable<T: Number>(tape: &mut Tape<T>, case: &Case, key: &str) -> Result<Node, String> {
    tape.variable(&case.shape(key)?, load(case, key)?).map_err(text)
}

/// Values in double precision.
fn wide<T: Number>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}

/// Compares values of a node.
fn check_values<T: Number>(case: &mut Case, field: &str, tape: &Tape<T>, node: Node) {
    case.check(field, std::any::type_name::<T>(), &wide(tape.values(node)));
}

/// Compares gradients of Σ upstream·y.
fn check_gradients<T: Number>(
    case: &mut Case,
    tape: &Tape<T>,
    y: Node,
    fields: &[(&str, Node)],
) -> Result<(), String> {
    let gradients: Gradients<T> = tape.backward(y, &load(case, "upstream")?).map_err(text)?;
    for (field, node) in fields {
        case.check(field, std::any::type_name::<T>(), &wide(&gradients.of(tape, *node)));
    }
    Ok(())
}

/// Both precisions of a test.
macro_rules! both {
    ($name:ident, $generic:ident) => {
        pub(super) fn $name(case: &mut Case) -> Result<(), String> {
            $generic::<f64>(case)?;
            $generic::<f32>(case)
        }
    };
}
use both;
