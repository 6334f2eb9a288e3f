//! Forward and backward passes of the base models, by hand, on the host: what trains.
//!
//! A model is a list of named matrices in one flat vector ([`layout`]). A pass takes such a vector, rows of tokens and targets, and gives
//! the loss and, where it is asked for, the gradient in a vector of the same layout. Adapters do not appear here: they change the vector
//! that a pass takes, and turn the gradient by a matrix into one by their own parameters.
//! What passes are made of (products, norms, attention, memory) is shared: `weightscope_compute`.
//! - [`llama`], [`rwkv`], [`gpt`], [`mlp`]: the models; [`model`]: one of them, batches, parts of a batch on all workers
//!
//! Contract: on the CPU only ([`device`](crate::device) has the same as tensors); every sum has an order that depends on the sizes alone,
//! so that the number of threads changes no bit. Single precision trains; double precision is there to check gradients against differences.

pub(crate) mod gpt;
pub(crate) mod llama;
pub(crate) mod mlp;
pub(crate) mod model;
pub(crate) mod rotary;
pub(crate) mod rwkv;

pub(crate) use weightscope_compute::{attention, layout, number, ops, pass};
