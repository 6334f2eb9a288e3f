//! Quantized networks: which tensors of a network are quantized, and how, on top of [`weightscope_nn`].
//!
//! An iteration is: [`plan::Plan::quantize`] on the host, then a forward pass with [`pass::QuantizedPass`].
//! Contract: the levels and scales in the states are exactly those of the forward pass, so tracking needs no second computation.

pub mod activation;
pub mod build;
pub mod host;
pub mod pass;
pub mod plan;
pub mod weight;

#[cfg(test)]
pub(crate) mod tests;
