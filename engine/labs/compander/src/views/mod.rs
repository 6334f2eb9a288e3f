//! What the lab shows: one file a view.

mod accuracy;
mod arms;
mod arms_text;
mod distribution;
mod function;
mod gain;
mod motion;
mod networks;
mod noise;
mod norms;
mod parameters;
mod participation;
mod perturbation;
mod pruning;
mod revival;
mod saliency;
mod weights;

use weightscope_frame::lab::View;

use crate::config::Config;

/// The views in the order of the tiles; without a function or without a twin those that compare are left out.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let (compands, twin) = (config.compands(), config.has_twin());
    let all = [
        (compands, function::view as fn(&Config) -> View<Config>),
        (true, weights::view),
        (true, distribution::view),
        (true, accuracy::view),
        (twin, gain::view),
        (true, saliency::view),
        (true, participation::view),
        (true, pruning::view),
        (true, noise::view),
        (true, perturbation::view),
        (true, motion::view),
        (true, revival::view),
        (compands, parameters::view),
        (true, norms::view),
        (true, networks::view),
        (twin, arms::view),
        (twin, arms_text::view),
    ];
    all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, view)| view(config)).collect()
}
