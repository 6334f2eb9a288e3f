//! TangleNAS, arXiv 2312.10440: gradient-based architecture search on entangled weights by superposing weights instead of mixing outputs.
//!
//! The claim: a supernet whose smaller choices are slices of its largest tensors can be searched by gradient at the cost of one forward
//! pass, and its rankings are steadier than those of separate weights.
//!
//! - `method/`: the mathematics, pure

pub mod method;
