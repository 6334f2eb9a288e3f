//! What architectures are truly worth: a table out of the program, out of a file, or out of trainings of this run.
//!
//! Contract: rows stand in the order of the known architectures of a space, or of the file; what a decision means nothing in is no option.

mod read;
pub(crate) mod write;

use crate::config::{Config, Size, SpaceKind};
use crate::method::space::{self, Decision, Space};
use crate::method::table::{Row, Table};

pub(crate) use read::{from_file, from_text};

/// An architecture of a space of networks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) picks: Vec<usize>,
    pub(crate) active: Vec<bool>,
    pub(crate) name: String,
    pub(crate) size: space::Size,
}

impl Known {
    /// The architecture of these picks.
    pub(crate) fn of(space: &dyn Space<f32>, picks: &[usize]) -> Self {
        let picks = space::canonical(space, picks);
        Self {
            active: space.active(&picks),
            name: space::name_of(space, &picks),
            size: space.size(&picks),
            picks,
        }
    }

    /// Options of the decisions that mean something.
    pub(crate) fn options(&self) -> Vec<Option<usize>> {
        self.picks.iter().zip(&self.active).map(|(pick, active)| active.then_some(*pick)).collect()
    }
}

/// The architectures that are ranked: all, but of the transformer's space so many, the largest among them.
pub(crate) fn known(config: &Config, space: &dyn Space<f32>) -> Vec<Known> {
    let all = space::architectures(space);
    let mut places: Vec<usize> = (0..all.len()).collect();
    let wanted = config.table_architectures as usize;
    if config.space == SpaceKind::Vit && wanted < all.len() {
        weightscope_math::stream(config.data_seed, "table architectures").shuffle(&mut places);
        places.truncate(wanted);
        let largest = space::canonical(space, &space::largest(space));
        if let Some(place) = all.iter().position(|picks| *picks == largest)
            && !places.contains(&place)
        {
            places.pop();
            places.push(place);
        }
        places.sort_unstable();
    }
    places.iter().filter_map(|place| all.get(*place)).map(|picks| Known::of(space, picks)).collect()
}

/// A table with what is known beside accuracies.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Truth {
    /// Decisions with their options.
    pub(crate) decisions: Vec<Decision>,
    /// Architectures with their trainings.
    pub(crate) table: Table,
    /// Sizes and costs by name, one number a row.
    pub(crate) columns: Vec<(String, Vec<f64>)>,
    /// Combinations of options without a row.
    pub(crate) missing: usize,
}

/// Names of the sizes.
pub(crate) const PARAMETERS: &str = "parameters";
const MULTIPLY_ADDS: &str = "multiply_adds";

impl Truth {
    /// A table of known architectures, with the accuracies of their trainings.
    pub(crate) fn of(space: &dyn Space<f32>, known: &[Known], seeds: &[Vec<f64>]) -> Self {
        let row = |(known, seeds): (&Known, &Vec<f64>)| Row {
            name: known.name.clone(),
            picks: known.options(),
            seeds: seeds.clone(),
            parameters: known.size.parameters as f64,
        };
        let column = |of: fn(&Known) -> usize| known.iter().map(|known| of(known) as f64).collect();
        Self {
            decisions: space.decisions().to_vec(),
            table: Table { rows: known.iter().zip(seeds).map(row).collect() },
            columns: vec![
                (PARAMETERS.to_owned(), column(|known| known.size.parameters)),
                (MULTIPLY_ADDS.to_owned(), column(|known| known.size.multiply_adds)),
            ],
            missing: 0,
        }
    }

    /// The shipped table of the space and data of the settings.
    pub(crate) fn shipped(config: &Config) -> Option<Self> {
        if !config.is_of_shipped_table() {
            return None;
        }
        let text = match (config.space, config.size) {
            (SpaceKind::ConvMacro, Size::Small) => {
                include_str!("../../../../../assets/entangled_search/conv_macro_small.csv")
            }
            (SpaceKind::ConvMacro, Size::Full) => {
                include_str!("../../../../../assets/entangled_search/conv_macro_full.csv")
            }
            (SpaceKind::Mlp | SpaceKind::Table, _) => {
                include_str!("../../../../../assets/entangled_search/mlp.csv")
            }
            (SpaceKind::Cell, _) => include_str!("../../../../../assets/entangled_search/cell.csv"),
            (SpaceKind::Vit, _) => return None,
        };
        let mut config = config.clone();
        if config.space == SpaceKind::Table {
            config.space = SpaceKind::Mlp;
            let first = Config::default();
            (config.embedding, config.ratios, config.depths) = (first.embedding, first.ratios, first.depths);
        }
        let space = config.space_of(crate::config::Shape::DIGITS).ok()?;
        from_text(text, Some(&*space))
            .ok()
            .map(|(truth, _)| truth)
            .filter(|truth| !truth.table.rows.is_empty())
    }

    /// Row of an architecture.
    pub(crate) fn place(&self, options: &[Option<usize>]) -> Option<usize> {
        self.table.rows.iter().position(|row| row.picks == options)
    }

    /// Row of the largest architecture: the last option of every decision, or the one with most parameters where that has no row.
    pub(crate) fn largest(&self) -> Option<usize> {
        let last: Vec<Option<usize>> =
            self.decisions.iter().map(|decision| decision.options.len().checked_sub(1)).collect();
        self.place(&last).or_else(|| {
            let sizes: Vec<f64> = self.table.rows.iter().map(|row| row.parameters).collect();
            (!sizes.iter().all(|size| size.is_nan())).then(|| crate::method::kernel::arg_max(&sizes))
        })
    }

    /// Adds the row of an architecture that was trained later.
    pub(crate) fn add(&mut self, known: &Known, seeds: Vec<f64>) {
        for (name, column) in &mut self.columns {
            column.push(match name.as_str() {
                PARAMETERS => known.size.parameters as f64,
                MULTIPLY_ADDS => known.size.multiply_adds as f64,
                _ => f64::NAN,
            });
        }
        self.table.rows.push(Row {
            name: known.name.clone(),
            picks: known.options(),
            seeds,
            parameters: known.size.parameters as f64,
        });
    }

    /// Words of a row's options, none where a decision means nothing.
    pub(crate) fn words(&self, row: &Row) -> Vec<String> {
        let options = row.picks.iter().zip(&self.decisions);
        options
            .map(|(pick, decision)| {
                pick.and_then(|pick| decision.options.get(pick)).cloned().unwrap_or_default()
            })
            .collect()
    }
}
