//! Block-affine fine-tuning: Bone (Kang, arXiv 2409.15371) and its family against LoRA, PiSSA, OLoRA, LoRA-GA and LoRA+.
//!
//! The claim: an update that is made of square blocks, each guided by the frozen weights under it, learns faster than low-rank updates
//! with the same number of trainable parameters. "Bone" is a name that moved: versions 1 to 3 of the paper mean the weight-guided
//! forms (here `bone_col` and `bone_row`), versions 4 and later the affine part alone (here `miss`). So the word never stands alone.
//!
//! - [`method`]: the mathematics, pure: adapters, their initialisations, gradients, merging, conversions, diagnostics, base models

pub mod method;
