//! Statistics of samples in double precision.
//!
//! Contract: a function of one list gives `None` where there is nothing to say (no values, nothing varies, a value that is not finite);
//! a function of two lists or with settings gives a [`crate::MathError`]. [`order`] alone takes values as they come.

pub mod correlation;
pub mod distance;
pub mod histogram;
pub mod inequality;
pub mod interval;
pub mod moments;
pub mod order;
pub mod power_law;
pub mod rank;

/// A sorted copy.
fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
