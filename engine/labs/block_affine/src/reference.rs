//! The claims beside our figures.

use weightscope_frame::lab::{Comparability, ReferenceRow};

use crate::metrics;

/// Why no figure of a large model can be compared.
const SIZE: &str = "not comparable: model and data; a desk model of 0.1 M parameters on characters, not Llama2-7B on MetaMathQA";

/// The lines of the reproduction card.
pub(super) fn rows() -> Vec<ReferenceRow> {
    let row = |quantity, published, source, result, why| ReferenceRow {
        quantity,
        published,
        source,
        result,
        value: None,
        comparability: Comparability::NotComparable(why),
    };
    let loss = Some(metrics::VALIDATION_LOSS.name);
    vec![
        row(
            "GSM8K, Llama2-7B: LoRA, OLoRA, PiSSA, Bone (weight-guided, our bone_col)",
            "38.97, 41.93, 43.52, 49.36",
            "table image of October 2024 (arXiv 2409.15371, versions 1 to 3)",
            loss,
            SIZE,
        ),
        row(
            "MATH, Llama2-7B: LoRA, OLoRA, PiSSA, Bone (weight-guided)",
            "0.44, 6.48, 6.92, 8.88",
            "table image of October 2024; the abstract writes 8.8",
            loss,
            SIZE,
        ),
        row(
            "GSM8K, Llama2-7B: LoRA, OLoRA, PiSSA, Bone (now without a guide, our miss)",
            "40.75, 42.93, 43.89, 48.16",
            "table image of December 2024 (version 4 and later); version 12 gives the second to DoRA",
            loss,
            SIZE,
        ),
        row(
            "MATH, Llama2-7B: LoRA, OLoRA, PiSSA, Bone (now without a guide)",
            "5.22, 6.51, 6.92, 8.58",
            "table image of December 2024",
            loss,
            SIZE,
        ),
        row(
            "GSM8K and MATH, RWKV6-7B: LoRA, PiSSA, Bone",
            "38.13/6.06, 40.48/6.12, 41.73/6.52",
            "tables of the paper, 88.1 M trained",
            loss,
            SIZE,
        ),
        row(
            "test accuracy, Llama-3.2-3B: LoRA r32, rsLoRA r64, DoRA, MiSS, Bat (our bone_col), full",
            ".478, .513, .469, .487, .504, .472",
            "method comparison of huggingface/peft, MetaMathQA, 5000 steps, rate 1e-4 (full 1e-5)",
            loss,
            SIZE,
        ),
        row(
            "seconds of training there: LoRA r32, MiSS, Bat, full",
            "942, 897, 1409, 2147",
            "method comparison of huggingface/peft",
            Some(metrics::STEP_SECONDS.name),
            "not comparable: here all methods form the whole weights in each step, so they cost nearly the same",
        ),
        row(
            "initial gradient norm, Llama2-7B, rank 32 to 256: LoRA, PiSSA, Bone, full",
            "about 2 to 6, 9 to 16, 27 to 24, 25",
            "figure of the paper",
            Some(metrics::INITIAL_GRADIENT_NORM.name),
            "the claim shows here at desk size: Bone-col is near full fine-tuning at every block, LoRA far below and growing with rank; the numbers belong to another model",
        ),
        row(
            "faster convergence at one small rate",
            "loss falls faster than LoRA's and PiSSA's in the first hundred steps",
            "abstract and figure of the paper",
            Some(metrics::TRAIN_LOSS_50.name),
            "the claim shows here at the common rate of 1e-3, on both architectures: run block_affine/llama and block_affine/rwkv",
        ),
        row(
            "superior data fitting",
            "lower loss and higher scores than LoRA and its relatives",
            "abstract of the paper",
            Some(metrics::SELECTION_LOSS.name),
            "at the common rate yes; with each method's own best rate no: plain LoRA is level or ahead (run block_affine/rates; arXiv 2602.04998 finds the same for large models)",
        ),
        row(
            "no costly initialisation",
            "matrices of zeros",
            "abstract of the paper",
            Some(metrics::INIT_SECONDS.name),
            "shows here: a start of zeros takes no decomposition; compare with PiSSA, OLoRA and LoRA-GA",
        ),
        ReferenceRow {
            quantity: "desk protocol in PyTorch: validation loss of Bone-col, llama base, genesis, rate 1e-3",
            published: "1.912 (before 2.437; LoRA 1.960, PiSSA 1.940, MiSS 1.917, LoRA+ 1.793)",
            source: "own measurement in PyTorch, one base seed",
            result: loss,
            value: None,
            comparability: Comparability::NotComparable(
                "another base of the same recipe: levels differ by about 0.1, the order is what is compared",
            ),
        },
    ]
}
