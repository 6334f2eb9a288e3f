//! The grid as a list of cells in the order of filling: coarse corners first, then every other row and column, then the rest,
//! then what a person asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::{Config, Course, Load, Temperature, Unit};
use weightscope_frame::experiment::number;
use weightscope_population::{Activation, Objective, Protocol, Rates, Schedule, Shape, ShapeError};

/// Everything that differs between cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knobs {
    /// Units of a hidden layer.
    pub width: usize,
    /// Rows in a step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Share of the training rows.
    pub data_share: f64,
    /// Share of moved labels.
    pub label_noise: f64,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    /// Value on the horizontal axis.
    pub(super) load: f64,
    /// Value on the vertical axis.
    pub(super) temperature: f64,
    /// The settings of its networks.
    pub(super) knobs: Knobs,
    /// Row of the picture, cold at the bottom.
    pub(super) row: usize,
    /// Column of the picture.
    pub(super) column: usize,
}

/// A cell by its values on the axes, whatever grid it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Value on the horizontal axis.
    pub(super) load: f64,
    /// Value on the vertical axis.
    pub(super) temperature: f64,
}

impl Place {
    /// The key of the cell among choices and its words there, such as `16 × 32`; nothing reads it apart again.
    pub(super) fn key(&self) -> String {
        cell_key(&number(self.load), &number(self.temperature))
    }
}

/// The key of the cell in the column and the row of these labels.
pub(super) fn cell_key(load: &str, temperature: &str) -> String {
    format!("{load} × {temperature}")
}

impl Cell {
    /// Where the cell stands.
    pub(super) fn place(&self) -> Place {
        Place { load: self.load, temperature: self.temperature }
    }
}

/// The cells of a grid in the order in which they are filled, with the number of networks in each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Values of the columns.
    pub(super) load: Vec<f64>,
    /// Values of the rows, from cold to hot.
    pub(super) temperature: Vec<f64>,
    /// The cells in the order of filling.
    pub(super) cells: Vec<Cell>,
    /// Networks in a cell.
    pub(super) seeds: usize,
}

impl Plan {
    /// The grid of the settings, or the cells of the part that is made, with further cells, in their order, behind it.
    pub(super) fn new(config: &Config, wanted: &[Place]) -> Self {
        let (mut load, mut temperature) = (config.load_axis(), config.temperature_axis());
        let mut order = filling(load.len(), temperature.len());
        // The costly ones first, so that no worker is left alone with one at the end.
        let cost = |(row, column): (usize, usize)| {
            let knobs = knobs(config, load[column], temperature[row]);
            knobs.width * knobs.width * knobs.batch + knobs.width
        };
        order.sort_by_key(|(level, row, column)| {
            (*level, std::cmp::Reverse(cost((*row, *column))), *row, *column)
        });
        let mut places: Vec<Place> = order
            .iter()
            .map(|(_, row, column)| Place { load: load[*column], temperature: temperature[*row] })
            .collect();
        let own = config.part().jobs(places.len());
        places = own.into_iter().filter_map(|place| places.get(place).copied()).collect();
        let fresh = wanted.iter().filter(|cell| !has(&load, &temperature, cell));
        places.extend(fresh);
        let hot_is_small = config.temperature == Temperature::BatchSize;
        load.extend(wanted.iter().map(|cell| cell.load));
        temperature.extend(wanted.iter().map(|cell| cell.temperature));
        load.sort_by(f64::total_cmp);
        load.dedup();
        temperature.sort_by(f64::total_cmp);
        temperature.dedup();
        if hot_is_small {
            temperature.reverse();
        }
        let cells = places
            .iter()
            .map(|place| Cell {
                load: place.load,
                temperature: place.temperature,
                knobs: knobs(config, place.load, place.temperature),
                row: position(&temperature, place.temperature),
                column: position(&load, place.load),
            })
            .collect();
        Self { load, temperature, cells, seeds: config.seeds as usize }
    }

    /// A grid of one cell.
    pub(super) fn single(config: &Config, at: Place) -> Self {
        Self { seeds: config.seeds as usize, ..Self::of_knobs(at, knobs(config, at.load, at.temperature)) }
    }

    /// A grid of one cell whose settings are known, of one network.
    pub(super) fn of_knobs(at: Place, knobs: Knobs) -> Self {
        let cell = Cell { load: at.load, temperature: at.temperature, knobs, row: 0, column: 0 };
        Self { load: vec![at.load], temperature: vec![at.temperature], cells: vec![cell], seeds: 1 }
    }

    /// Networks of the whole grid.
    pub(super) fn networks(&self) -> usize {
        self.cells.len() * self.seeds
    }

    /// Names of the rows and columns.
    pub(super) fn labels(&self) -> (Vec<String>, Vec<String>) {
        let text = |values: &[f64]| values.iter().map(|value| number(*value)).collect();
        (text(&self.temperature), text(&self.load))
    }

    /// Cells in the order of a table: by temperature from the smallest value, then by load.
    pub(super) fn table_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.cells.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&self.cells[*a], &self.cells[*b]);
            a.temperature.total_cmp(&b.temperature).then(a.load.total_cmp(&b.load))
        });
        order
    }
}

fn position(values: &[f64], value: f64) -> usize {
    values.iter().position(|other| *other == value).unwrap_or(0)
}

fn has(load: &[f64], temperature: &[f64], cell: &Place) -> bool {
    load.contains(&cell.load) && temperature.contains(&cell.temperature)
}

/// Level, row and column of each cell.
fn filling(columns: usize, rows: usize) -> Vec<(u8, usize, usize)> {
    let level = |index: usize, count: usize| {
        if index == 0 || index + 1 == count {
            0
        } else if index.is_multiple_of(2) {
            1
        } else {
            2
        }
    };
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (row, column)))
        .map(|(row, column)| (level(row, rows).max(level(column, columns)), row, column))
        .collect()
}

fn knobs(config: &Config, load: f64, temperature: f64) -> Knobs {
    let mut knobs = Knobs {
        width: config.width as usize,
        batch: config.batch_size as usize,
        learning_rate: config.learning_rate,
        weight_decay: config.weight_decay,
        data_share: 1.0,
        label_noise: config.label_noise,
    };
    match config.load {
        Load::Width => knobs.width = load as usize,
        Load::DataShare => knobs.data_share = load,
        Load::LabelNoise => knobs.label_noise = load,
    }
    match config.temperature {
        Temperature::BatchSize => knobs.batch = temperature as usize,
        Temperature::LearningRate => knobs.learning_rate = temperature,
        Temperature::WeightDecay => knobs.weight_decay = temperature,
    }
    knobs
}

impl Knobs {
    /// Name of a network, the same whatever grid it stands in.
    pub fn name(&self, seed: usize) -> String {
        format!(
            "width={}_batch={}_lr={}_wd={}_share={}_noise={}_seed={seed}",
            self.width,
            self.batch,
            number(self.learning_rate),
            number(self.weight_decay),
            number(self.data_share),
            number(self.label_noise),
        )
    }

    /// How its networks are trained on so many rows: smaller shares of the data get more epochs, and large batches enough steps.
    pub fn protocol(&self, config: &Config, rows: usize) -> Protocol {
        let rates = Rates {
            learning_rate: self.learning_rate as f32,
            momentum: config.momentum as f32,
            weight_decay: self.weight_decay as f32,
        };
        let schedule = match config.course {
            Course::Constant => Schedule::Constant,
            Course::LateDrop => Schedule::LateDrop,
            Course::TwoDrops => Schedule::TwoDrops,
            Course::OneCycle => Schedule::OneCycle,
        };
        let mut protocol = Protocol { batch: self.batch, epochs: 1, rates, schedule };
        let per_epoch = protocol.steps_per_epoch(rows).max(1) as u64;
        let share = self.data_share.clamp(1e-6, 1.0);
        let epochs = (config.epochs_min as f64 / share).ceil() as u64;
        protocol.epochs = epochs.max(config.steps_min.div_ceil(per_epoch)) as usize;
        protocol
    }

    /// The network of the cell.
    pub fn shape(&self, config: &Config, inputs: usize, classes: usize) -> Result<Shape, ShapeError> {
        let mut sizes = vec![inputs];
        sizes.extend(std::iter::repeat_n(self.width, config.hidden_layers as usize));
        sizes.push(classes);
        let activation = match config.activation {
            Unit::Relu => Activation::Relu,
            Unit::Tanh => Activation::Tanh,
            Unit::Gelu => Activation::Gelu,
        };
        Shape::new(&sizes, activation, Objective::CrossEntropy)
    }
}

/// Values between neighbours of a brushed rectangle: the cells that make the grid twice as fine there.
pub(super) fn refined(plan: &Plan, config: &Config, columns: (f64, f64), rows: (f64, f64)) -> Vec<Place> {
    let whole_load = config.load == Load::Width;
    let whole_temperature = config.temperature == Temperature::BatchSize;
    let mut wanted = BTreeMap::new();
    for load in finer(&plan.load, columns, whole_load) {
        for temperature in finer(&plan.temperature, rows, whole_temperature) {
            let there = plan.cells.iter().any(|cell| cell.load == load && cell.temperature == temperature);
            if !there {
                wanted.insert((load.to_bits(), temperature.to_bits()), Place { load, temperature });
            }
        }
    }
    wanted.into_values().collect()
}

/// The values of an axis whose cells lie in a brushed span, with one more between each two neighbours: half-way in the logarithm, and a
/// whole number where the axis counts.
pub(super) fn finer(values: &[f64], (low, high): (f64, f64), whole: bool) -> Vec<f64> {
    // A cell spans its index to the next; it belongs to the rectangle if its middle does.
    let inside: Vec<f64> = values
        .iter()
        .enumerate()
        .filter(|(index, _)| (low..=high).contains(&(*index as f64 + 0.5)))
        .map(|(_, value)| *value)
        .collect();
    let mut all = inside.clone();
    for pair in inside.windows(2) {
        let middle = if pair[0] > 0.0 && pair[1] > 0.0 {
            (pair[0] * pair[1]).sqrt()
        } else {
            f64::midpoint(pair[0], pair[1])
        };
        let middle = if whole { middle.round_ties_even() } else { middle };
        if !all.contains(&middle) {
            all.push(middle);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_come_first_and_each_cell_once() {
        let plan = Plan::new(&Config::default(), &[]);
        assert_eq!(plan.cells.len(), 56);
        let corner = |cell: &Cell| [0, 6].contains(&cell.row) && [0, 7].contains(&cell.column);
        assert!(plan.cells.iter().take(4).all(corner), "corners first");
        for row in 0..7 {
            for column in 0..8 {
                let there = plan.cells.iter().filter(|cell| (cell.row, cell.column) == (row, column));
                assert_eq!(there.count(), 1, "{row}, {column}");
            }
        }
        assert_eq!(plan.temperature.first(), Some(&256.0), "the coldest row is at the bottom");
    }

    #[test]
    fn large_batches_get_enough_steps_and_small_shares_more_epochs() {
        let config = Config::default();
        let cell = |width, batch, data_share| Knobs {
            width,
            batch,
            learning_rate: 0.03,
            weight_decay: 0.0,
            data_share,
            label_noise: 0.0,
        };
        assert_eq!(cell(4, 4, 1.0).protocol(&config, 512).epochs, 200);
        assert_eq!(cell(4, 256, 1.0).protocol(&config, 512).epochs, 1000);
        assert_eq!(cell(4, 9999, 1.0).protocol(&config, 512).epochs, 2000);
        assert_eq!(cell(4, 4, 0.5).protocol(&config, 256).epochs, 400);
    }

    #[test]
    fn refining_a_region_adds_the_cells_between() {
        let config = Config { widths: vec![4, 16], batch_sizes: vec![4, 64], ..Config::default() };
        let plan = Plan::new(&config, &[]);
        let wanted = refined(&plan, &config, (0.0, 2.0), (0.0, 2.0));
        assert_eq!(wanted.len(), 5, "{wanted:?}");
        let finer = Plan::new(&config, &wanted);
        assert_eq!((finer.load.len(), finer.temperature.len(), finer.cells.len()), (3, 3, 9));
        assert_eq!(
            finer.cells[..4].iter().map(|cell| cell.knobs).collect::<Vec<_>>(),
            plan.cells.iter().map(|cell| cell.knobs).collect::<Vec<_>>(),
            "what was planned stays in its order"
        );
    }
}
