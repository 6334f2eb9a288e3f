//! The mathematics of the lab, pure. A network is one vector: its tensors in order, each row after row.
//!
//! - [`vectors`], [`normalise`]: networks as vectors and chunks, their scales; [`tasks`]: which classes make a task
//! - [`autoencoder`], [`alignment`]: losses of the first two stages; [`attention`], [`encoder`]: what reads a data set
//! - [`schedule`], [`diffusion`], [`sampler`], [`flow`]: noise, the reverse process, and the straight path
//! - [`recipe`]: the recipe's networks on the host; [`images`]: sizes of the convolutional autoencoder; [`refine`]: chunk by chunk; [`evaluate`]: figures over tasks and draws
//! - [`kde`], [`noise`], [`ridge`], [`retrieval`]: what is simpler; [`distance`], [`novelty`]: new or copied
//!
//! Weight matching is shared: [`weightscope_math::matching`].
//! Contract: no file, no clock, no random number but from a given stream; what is compared with reference vectors runs in f32 and f64.
//! Marks in the docs: "established" is read in released code or the paper, "inferred" is a conclusion of this program, "unconfirmed"
//! is known from a summary alone.

pub mod alignment;
pub mod attention;
pub mod autoencoder;
pub mod diffusion;
pub mod distance;
pub mod encoder;
pub mod error;
pub mod evaluate;
pub mod flow;
pub mod images;
pub mod kde;
pub mod noise;
pub mod normalise;
pub mod novelty;
pub mod recipe;
pub mod refine;
pub mod retrieval;
pub mod ridge;
pub mod sampler;
pub mod schedule;
pub mod tasks;
pub mod vectors;

pub use error::GenerationError;
