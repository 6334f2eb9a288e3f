//! Special functions in double precision: the normal, Student's t and F distributions and what they stand on.
//!
//! Contract: outside the stated range a function gives not-a-number, never a panic. Results do not depend on the instruction set,
//! only on the platform's logarithm and exponential.

pub mod beta;
pub mod exponential;
pub mod gamma;
pub mod gelu;
pub mod normal;
pub mod student;
pub mod tangent;
