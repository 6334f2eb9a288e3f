//! Flexible aggregation of quantile regression models, arXiv 2103.00083.

pub mod base;
pub mod ensemble;
pub mod method;
