//! Model parts that the labs share: named parameters kept on the host, optimizers, schedules, layers and two small networks.
//!
//! Contract: every value lives in [`parameters::Parameters`], one flat vector on the host.
//! A step binds it to a device as leaf tensors, runs a functional forward pass, and reads one flat gradient back.
//! Nothing here calls `Device::default()` or a backend's random generator: devices and randomness are passed in.

pub mod attention;
pub mod elu;
pub mod gelu;
pub mod gradient;
pub mod host;
pub mod init;
pub mod layer;
pub mod loss;
pub mod mlp;
pub mod optimizer;
pub mod parameters;
mod saved;
pub mod schedule;
pub mod softmax;
pub mod transform;
pub mod vit;
