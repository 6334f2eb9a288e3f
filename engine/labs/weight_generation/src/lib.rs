//! Weight generation: diffusion over the weights of networks, conditioned on a data set (D2NWG, arXiv 2402.18153), beside everything
//! that is simpler.
//!
//! The claim: the distribution of trained weights given a data set can be learned, so that networks for new data sets come out of noise
//! without training. Whether that is more than retrieval, an average or a linear map from data to weights is measured here.
//!
//! - [`method`]: the mathematics, pure: vectors of weights, losses, encoders, diffusion, baselines, novelty

pub mod method;
