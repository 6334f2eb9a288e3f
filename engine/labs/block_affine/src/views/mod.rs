//! What the lab shows: one file a view.

mod across;
mod alignment;
mod delta;
mod expressiveness;
mod gradient_norm;
mod guide;
mod layers;
mod loss;
mod merge;
mod methods;
mod rate_map;
mod samples;
mod seeds;
mod spectrum;
mod tradeoff;

use weightscope_frame::lab::View;

use crate::config::{Config, Method};

/// The views in the order of the tiles; what an experiment does not measure is left out.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let adapts = config.adapts();
    let targets = adapts && config.method.has_targets();
    let all = [
        (true, loss::view as fn(&Config) -> View<Config>),
        (true, loss::first_steps),
        (targets, gradient_norm::view),
        (targets, gradient_norm::lines),
        (adapts, rate_map::view),
        (adapts, delta::view),
        (adapts, spectrum::view),
        (adapts, layers::view),
        (targets && config.method.bone().is_some(), guide::view),
        (targets && config.method.bone().is_some(), guide::condition),
        (adapts && config.method != Method::Frozen, alignment::view),
        (config.compares_full(), alignment::with_full),
        (adapts && (config.has_full_beside() || config.method == Method::Full), expressiveness::view),
        (adapts, tradeoff::view),
        (targets, merge::view),
        (config.is_language(), samples::view),
        (!config.is_language(), seeds::view),
        (adapts, methods::view),
        (adapts, methods::text),
    ];
    all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, view)| view(config)).collect()
}
