//! The denser grid of a brushed rectangle, as settings of a fork: what a finished run goes on with.
//!
//! Contract: every cell of the run stays; the values half-way between neighbours of the rectangle are added to the axes, over the whole
//! grid, because a grid is all of its columns in all of its rows.

use weightscope_frame::experiment::number;
use weightscope_frame::lab::Picked;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{Controls, Data, Record};

use crate::config::{Config, Load, Origin, Temperature, Values};
use crate::metric::Metric;
use crate::plan::finer;
use crate::run::{REFINE, REGION};

/// Why nothing can be refined now.
pub(super) fn blocked(config: &Config, record: &Record, controls: &Controls, button: &str) -> Option<String> {
    if button != REFINE {
        return None;
    }
    if config.origin == Origin::Zoo {
        return Some(
            "The networks were read from a zoo on disk; none can be trained between them".to_owned(),
        );
    }
    if controls.region(REGION).is_none() {
        return Some("Brush a rectangle first: hold Shift and drag over cells".to_owned());
    }
    let (load, temperature) = added(config, record, controls)?;
    let is_dense = load.is_empty() && temperature.is_empty();
    is_dense
        .then(|| "No value lies between the cells of the rectangle; brush two neighbours or more".to_owned())
}

/// The settings of a fork whose grid is twice as fine in the brushed rectangle.
pub(super) fn forked(config: &Config, record: &Record, controls: &Controls, button: &str) -> Picked {
    let wanted =
        added(config, record, controls).filter(|_| button == REFINE && config.origin == Origin::Train);
    let Some((load, temperature)) = wanted else { return Picked::default() };
    let mut fork = Vec::new();
    if !load.is_empty() {
        let is_range = config.load_values == Values::Range;
        fork.extend(is_range.then(|| ("load_values", "list".to_owned())));
        fork.push((config.load.list_key(), listed(config.load_axis(), load)));
    }
    if !temperature.is_empty() {
        let is_range = config.temperature_values == Values::Range;
        fork.extend(is_range.then(|| ("temperature_values", "list".to_owned())));
        fork.push((config.temperature.list_key(), listed(config.temperature_axis(), temperature)));
    }
    Picked { fork, ..Picked::default() }
}

/// The values that the brushed rectangle adds to the columns and to the rows of the newest picture; none before there is one.
fn added(config: &Config, record: &Record, controls: &Controls) -> Option<(Vec<f64>, Vec<f64>)> {
    let [left, right, bottom, top] = controls.region(REGION)?;
    let Data::Grid(pictures) = &record.get(&Metric::TrainLoss.id())?.data else { return None };
    let (_, picture) = pictures.last()?;
    let fresh = |labels: &[String], span: (f64, f64), whole: bool| -> Vec<f64> {
        let values: Vec<f64> = labels.iter().filter_map(|label| label.parse().ok()).collect();
        finer(&values, span, whole).into_iter().filter(|value| !values.contains(value)).collect()
    };
    let load = fresh(&picture.columns, (left, right), config.load == Load::Width);
    let hot_is_small = config.temperature == Temperature::BatchSize;
    Some((load, fresh(&picture.rows, (bottom, top), hot_is_small)))
}

/// The values of an axis with further ones, as a setting is typed.
fn listed(mut axis: Vec<f64>, more: Vec<f64>) -> String {
    axis.extend(more);
    axis.sort_by(f64::total_cmp);
    let values: Vec<String> = axis.iter().map(|value| number(*value)).collect();
    format!("[{}]", values.join(", "))
}

#[cfg(test)]
mod tests {
    use weightscope_frame::experiment::{Experiment, fork_problems};
    use weightscope_frame::record::{Channel, ControlValue, Grid, Timeline};

    use super::*;

    /// A finished grid of the settings, and a rectangle over some of its cells.
    fn brushed(config: &Config, region: [f64; 4]) -> (Record, Controls) {
        let labels = |values: Vec<f64>| values.iter().map(|value| number(*value)).collect::<Vec<_>>();
        let (columns, rows) = (labels(config.load_axis()), labels(config.temperature_axis()));
        let values = vec![0.5; columns.len() * rows.len()];
        let grid = Grid { rows, columns, values, ..Grid::default() };
        let mut record = Record::default();
        record.insert(Channel { data: Data::Grid(Timeline::one(grid)), ..Metric::TrainLoss.channel() });
        let mut controls = Controls::default();
        controls.set(REGION, ControlValue::Region(region));
        (record, controls)
    }

    /// The settings of the fork that is offered, which the frame takes without a problem.
    fn taken(config: &Config, region: [f64; 4]) -> Config {
        let (record, controls) = brushed(config, region);
        assert_eq!(blocked(config, &record, &controls, REFINE), None, "it can act");
        let mut parent = Experiment::new(crate::OWN.method("phases").unwrap());
        *parent.method.settings_mut::<Config>().unwrap() = config.clone();
        let mut child = parent.clone();
        for (key, typed) in forked(config, &record, &controls, REFINE).fork {
            child.set_typed(key, &typed).unwrap();
        }
        let problems = fork_problems(&child, &parent);
        assert!(problems.is_empty(), "a fork may do this: {problems:?}");
        child.method.settings::<Config>().unwrap().clone()
    }

    #[test]
    fn a_rectangle_doubles_the_grid_there_and_keeps_every_cell() {
        let config = Config { widths: vec![4, 16, 64], batch_sizes: vec![4, 64], ..Config::default() };
        let child = taken(&config, [0.2, 1.8, 0.0, 2.0]);
        assert_eq!(child.widths, [4, 8, 16, 64], "between the first two columns");
        assert_eq!(child.batch_sizes, [4, 16, 64], "between the rows");
        let one_row = taken(&config, [0.0, 3.0, 0.0, 1.0]);
        assert_eq!((one_row.widths, one_row.batch_sizes), (vec![4, 8, 16, 32, 64], vec![4, 64]));
    }

    #[test]
    fn a_range_becomes_a_list_with_all_its_values() {
        let config = Config { load_values: Values::Range, load_count: 6, ..Config::default() };
        let child = taken(&config, [0.0, 2.0, 0.0, 1.0]);
        assert_eq!(child.load_values, Values::List);
        assert_eq!(child.widths, [4, 6, 8, 16, 32, 64, 128]);
    }

    #[test]
    fn what_cannot_be_refined_says_why() {
        let config = Config { widths: vec![4, 5, 6], ..Config::default() };
        let (record, mut controls) = brushed(&config, [0.0, 3.0, 0.0, 1.0]);
        let why = |controls: &Controls| blocked(&config, &record, controls, REFINE).unwrap_or_default();
        assert!(why(&controls).contains("No value lies between"), "{}", why(&controls));
        controls.clear_regions();
        assert!(why(&controls).contains("Brush a rectangle"), "{}", why(&controls));
        let zoo = Config { origin: Origin::Zoo, ..Config::default() };
        assert!(blocked(&zoo, &record, &controls, REFINE).unwrap().contains("zoo"), "of a zoo");
    }
}
