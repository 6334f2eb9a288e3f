//! The mathematics of the lab, pure: numbers in, numbers out.
//!
//! - [`form`]: the function Ψ, one file a form; [`start`]: latent weights and parameters before the first step
//! - [`distribution`], [`saliency`]: how weights are spread and used; [`thinning`]: which weights are removed
//! - [`motion`], [`revival`]: which weights move, and where to; [`gain`]: paired differences with their interval
//! - [`mapped`]: the histogram of Ψ(v) from that of v; [`labels`]: labels that are drawn again

pub mod distribution;
pub mod form;
pub mod gain;
pub mod labels;
pub mod mapped;
pub mod motion;
pub mod revival;
pub mod saliency;
pub mod start;
pub mod thinning;
