//! What passes by hand on the host are made of: products, convolutions, norms, attention, elementwise functions, and the memory that they work in.
//!
//! A model is a list of named matrices in one flat vector ([`layout`]). A pass ([`pass`]) takes such a vector and gives, where it is
//! asked for, the gradient in a vector of the same layout; what stands between weights and what is optimised (adapters, quantizers)
//! changes the vector that a pass takes, and turns the gradient afterwards.
//! - [`number`]: the two precisions and their vectorised operations, compiled for several instruction sets; [`ops`]: those operations
//! - [`pass`]: linear layers, norms, embeddings and memory; [`attention`]: causal attention over rows of tokens;
//!   [`convolution`]: convolution of images
//! - [`quantize`]: quantizers of activations
//!
//! Contract: on the CPU only; every sum has an order that depends on the sizes alone, so that the number of threads changes no bit. Single
//! precision trains; double precision is there to check gradients against differences, and for Hessian products. Lengths that do not fit
//! each other are the caller's fault.

pub mod attention;
pub mod convolution;
pub mod layout;
pub mod number;
pub mod ops;
pub mod pass;
pub mod quantize;
