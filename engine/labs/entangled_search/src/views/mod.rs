//! What the lab shows: one file a view.

mod alarms;
mod any_time;
mod architecture;
mod architectures;
mod chosen;
mod cka;
mod costs;
mod decisions;
mod flips;
mod gap;
mod main_effects;
mod mask;
mod methods;
mod pareto;
mod plane;
mod rank;
mod ranking;
mod simplex;

use weightscope_frame::lab::View;
use weightscope_frame::record::{Cell, Data, Record, Table};

use crate::config::{Config, Finish, Task};
use crate::method::space::Mixing;

/// Channels of tables by their id.
fn table<'a>(record: &'a Record, id: &str) -> Option<&'a Table> {
    match &record.get(id)?.data {
        Data::Table(timeline) => timeline.last().map(|(_, table)| table),
        _ => None,
    }
}

/// The number in a cell.
fn number(cell: Option<&Cell>) -> f64 {
    match cell {
        Some(Cell::Number(number)) => *number,
        _ => f64::NAN,
    }
}

/// The words in a cell.
fn words(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(number)) => number.to_string(),
        None => String::new(),
    }
}

/// True if a table of accuracies is to be expected.
fn has_truth(config: &Config) -> bool {
    config.task != Task::Costs || !config.has_networks()
}

/// True if there will be one for certain, so far as settings say.
fn knows_truth(config: &Config) -> bool {
    has_truth(config)
        && (config.table != "shipped" || config.computes_table() || config.is_of_shipped_table())
}

/// The views in the order of the tiles; what a run cannot show is left out.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let searches = config.searches();
    let supernet = searches && config.trains_supernet();
    let learns = supernet && config.sampler() != crate::method::sampler::Sampler::Uniform;
    let entangled = config.mixing() != Mixing::Separate;
    let truth = knows_truth(config);
    let costs = config.has_networks() && config.task == Task::Costs;
    let trained = matches!(config.finish, Finish::FineTune | Finish::Retrain);
    let three = config.decisions().iter().any(|decision| decision.options.len() > 2);
    let all = [
        (learns, architecture::view as fn(&Config) -> View<Config>),
        (learns && three, simplex::view),
        (learns, decisions::view),
        (learns && entangled, mask::view),
        (searches, chosen::view),
        (learns, flips::view),
        (learns, gap::view),
        (supernet && truth, ranking::view),
        (supernet && truth, rank::view),
        ((searches || !config.has_networks()) && truth, any_time::view),
        (truth && !costs, pareto::view),
        (truth && !costs, main_effects::view),
        (costs || supernet, costs::view),
        (learns, plane::view),
        (searches && trained, cka::view),
        (supernet, alarms::view),
        (!costs, architectures::view),
        (searches || !config.has_networks(), methods::view),
    ];
    all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, view)| view(config)).collect()
}
