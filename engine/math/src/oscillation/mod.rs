//! Oscillation of quantized weights: level changes counted, told apart by their cause, and kept over a window.
//!
//! - [`tracker`]: switches, oscillations and their smoothed frequency; [`window`]: exact counts over the last iterations
//! - [`attribution`]: was it the weight or the scale that moved
//!
//! Contract: one arithmetic for labs that train and labs that only look. Levels come in iteration after iteration.

pub mod attribution;
pub mod tracker;
pub mod window;
