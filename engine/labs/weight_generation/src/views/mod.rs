//! What the lab shows: one file a view, or a few that belong together.

mod alignment;
mod conditions;
mod denoising;
mod fine_tuning;
mod funnel;
mod latent_map;
mod methods;
mod models;
mod novelty;
mod refinement;
mod scale;
mod tiles;
mod training;

use weightscope_frame::lab::View;
use weightscope_frame::record::{Data, Record};

use crate::channels as ch;
use crate::config::{Autoencoder, Config, Generator, Refine};

/// The control that chooses a task.
pub(super) const TASK: &str = "task";

/// The views in the order of the tiles; what a run does not do is not shown.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let process = config.generator != Generator::Replica;
    let all = [
        (true, funnel::view as fn(&Config) -> View<Config>),
        (true, latent_map::view),
        (process, denoising::view),
        (process, denoising::accuracy),
        (true, methods::view),
        (true, methods::table),
        (true, fine_tuning::view),
        (true, tiles::view),
        (true, novelty::view),
        (true, novelty::distances),
        (true, conditions::view),
        (process, conditions::between),
        (!config.hidden_widths.is_empty(), alignment::view),
        (true, alignment::barrier),
        (process || config.autoencoder != Autoencoder::None, training::view),
        (config.autoencoder != Autoencoder::None, training::reconstruction),
        (config.refine == Refine::Sequential, refinement::view),
        (true, scale::view),
        (true, models::view),
    ];
    all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, view)| view(config)).collect()
}

/// The choices of the evaluated tasks, as recorded.
fn tasks(record: &Record) -> &[(String, String)] {
    match record.get(ch::TASKS.id()).map(|channel| &channel.data) {
        Some(Data::Choices(choices)) => choices,
        _ => &[],
    }
}
