//! Makes weight files of every kind that is read, without Python, for tests: good ones, odd ones and broken ones.
//!
//! Contract: compiled for tests and with the feature `kit` only. Panics on what a test would not do.
#![expect(clippy::unwrap_used, reason = "a test's file that cannot be written ends the test")]

mod checkpoint;
mod files;
mod pickle;
mod zip;

pub use checkpoint::{Checkpoint, write_tar};
pub use files::{npy, raw_safetensors, safetensors, sparse_safetensors};
pub use pickle::Py;
pub use zip::{Zip, archive};

/// Values as their little-endian bytes.
pub fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `count` values that differ from each other: a fixed sequence of a linear congruence, between -1 and 1.
pub fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 40) as f32) / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}
