//! Figures of one tensor or of two.
