//! The reference's base predictions as input: what needs no training must give its numbers.
