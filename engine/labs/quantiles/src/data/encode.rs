//! From columns to standardised features, and back to units: fitted on training rows, stored with the models.
//!
//! Numbers are centred and scaled by mean and population deviation of the training rows; words become one column a word
//! (the most frequent ones, beyond a limit), treated likewise. A word that training never saw is none of them. A column of one value has no
//! weight: noise is never scaled up.

use serde::{Deserialize, Serialize};

use crate::base::Matrix;
use weightscope_data::standardize::is_constant;
use weightscope_data::table::{CellFormat, Column, MISSING, Table, Wanted};

/// Words of a column that get a column of their own.
const MOST_WORDS: usize = 64;

/// One column of the table as it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Numbers.
    Numbers {
        /// Name.
        name: String,
        /// Stands in for a missing value.
        fill: f64,
        /// How its cells are written.
        #[serde(default)]
        format: CellFormat,
        /// Smallest and largest number of the training rows; none for a run of an older program.
        #[serde(default)]
        range: Option<(f64, f64)>,
    },
    /// Words.
    Words {
        /// Name.
        name: String,
        /// All words, ascending.
        words: Vec<String>,
        /// Codes that get a column.
        kept: Vec<u32>,
        /// Code that stands in for a missing one.
        fill: u32,
    },
}

/// Name and scale of a column of numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Name of the column.
    pub name: String,
    /// Mean over the training rows.
    pub mean: f64,
    /// Population standard deviation over the training rows; 1 where the column is constant.
    pub deviation: f64,
}

impl Scale {
    /// A standardised value in units.
    pub fn in_units(&self, value: f64) -> f64 {
        self.mean + self.deviation * value
    }
}

/// How a table becomes standardised numbers, learned from the training rows alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    /// The inputs in the order of the table.
    pub inputs: Vec<Input>,
    /// The target.
    pub target: Scale,
    /// Names of the encoded columns.
    pub names: Vec<String>,
    /// Mean of each encoded column.
    pub mean: Vec<f64>,
    /// Its deviation; 0 where it is constant.
    pub deviation: Vec<f64>,
}

impl Encoder {
    /// Fits on these rows of a table; `target` is the position of the target column, which is known to hold numbers.
    pub fn fit(table: &Table, target: usize, train: &[usize]) -> Self {
        let mut encoder = Self::default();
        for (index, (name, column)) in table.names.iter().zip(&table.columns).enumerate() {
            match column {
                Column::Numbers(values) if index == target => {
                    let (mean, deviation) = moments(train.iter().map(|row| values[*row]));
                    encoder.target = Scale { name: name.clone(), mean, deviation };
                }
                _ => {
                    let format = table.formats.get(index).cloned().unwrap_or_default();
                    encoder.add(name, column, format, train);
                }
            }
        }
        let columns = encoder.names.len();
        (encoder.mean, encoder.deviation) = (vec![0.0; columns], vec![1.0; columns]);
        let mut row_values = vec![0.0; columns];
        let (mut sums, mut squares) = (vec![0.0; columns], vec![0.0; columns]);
        let used = encoder.columns(table);
        for row in train {
            encoder.row(&used, *row, &mut row_values);
            sums.iter_mut().zip(&row_values).for_each(|(sum, value)| *sum += value);
        }
        let count = train.len().max(1) as f64;
        encoder.mean = sums.iter().map(|sum| sum / count).collect();
        for row in train {
            encoder.row(&used, *row, &mut row_values);
            for ((square, value), mean) in squares.iter_mut().zip(&row_values).zip(&encoder.mean) {
                *square += (value - mean).powi(2);
            }
        }
        let deviation = squares.iter().map(|square| (square / count).sqrt());
        let deviation = deviation.zip(&encoder.mean);
        encoder.deviation = deviation
            .map(|(deviation, mean)| if is_constant(*mean, deviation) { 0.0 } else { deviation })
            .collect();
        encoder
    }

    fn add(&mut self, name: &str, column: &Column, format: CellFormat, train: &[usize]) {
        match column {
            Column::Numbers(values) => {
                let mut present: Vec<f64> =
                    train.iter().map(|row| values[*row]).filter(|value| value.is_finite()).collect();
                let middle = present.len() / 2;
                let fill = if present.is_empty() {
                    0.0
                } else {
                    *present.select_nth_unstable_by(middle, f64::total_cmp).1
                };
                self.names.push(name.to_owned());
                let extent = |range: Option<(f64, f64)>, value: &f64| {
                    Some(range.map_or((*value, *value), |(low, high)| (low.min(*value), high.max(*value))))
                };
                let range = present.iter().fold(None, extent);
                self.inputs.push(Input::Numbers { name: name.to_owned(), fill, format, range });
            }
            Column::Words { names, codes } => {
                let mut counts = vec![0_usize; names.len()];
                train
                    .iter()
                    .map(|row| codes[*row])
                    .filter(|code| *code != MISSING)
                    .for_each(|code| counts[code as usize] += 1);
                let mut order: Vec<u32> = (0..names.len() as u32).collect();
                order.sort_by_key(|code| std::cmp::Reverse(counts[*code as usize]));
                let fill = order.first().copied().unwrap_or(MISSING);
                order.truncate(MOST_WORDS);
                order.sort_unstable();
                self.names.extend(order.iter().map(|code| format!("{name} = {}", names[*code as usize])));
                self.inputs.push(Input::Words {
                    name: name.to_owned(),
                    words: names.clone(),
                    kept: order,
                    fill,
                });
            }
        }
    }

    /// The input columns, as a reader of another table wants them.
    pub fn wanted(&self) -> Vec<Wanted> {
        let one = |input: &Input| match input {
            Input::Numbers { name, format, .. } => {
                Wanted { name: name.clone(), words: None, format: format.clone() }
            }
            Input::Words { name, words, .. } => {
                Wanted { name: name.clone(), words: Some(words.clone()), format: CellFormat::default() }
            }
        };
        self.inputs.iter().map(one).collect()
    }

    /// Standardised features of these rows.
    pub fn features(&self, table: &Table, rows: &[usize]) -> Matrix {
        let columns = self.names.len();
        let used = self.columns(table);
        let mut values = Vec::with_capacity(rows.len() * columns);
        let mut row_values = vec![0.0; columns];
        for row in rows {
            self.row(&used, *row, &mut row_values);
            values.extend(
                row_values
                    .iter()
                    .zip(&self.mean)
                    .zip(&self.deviation)
                    .map(|((v, mean), dev)| if *dev == 0.0 { 0.0 } else { ((v - mean) / dev) as f32 }),
            );
        }
        Matrix { columns, values }
    }

    /// The table's columns in the order of the inputs.
    fn columns<'t>(&self, table: &'t Table) -> Vec<Option<&'t Column>> {
        let name = |input: &Input| match input {
            Input::Numbers { name, .. } | Input::Words { name, .. } => table.position(name),
        };
        self.inputs.iter().map(|input| name(input).and_then(|index| table.columns.get(index))).collect()
    }

    /// One row, encoded but not standardised.
    fn row(&self, columns: &[Option<&Column>], row: usize, out: &mut [f64]) {
        let mut place = 0;
        for (input, column) in self.inputs.iter().zip(columns) {
            match (input, column) {
                (Input::Numbers { fill, .. }, Some(Column::Numbers(values))) => {
                    let value = values[row];
                    out[place] = if value.is_nan() { *fill } else { value };
                    place += 1;
                }
                (Input::Words { kept, fill, .. }, Some(Column::Words { codes, .. })) => {
                    let code = if codes[row] == MISSING { *fill } else { codes[row] };
                    for (slot, own) in out[place..].iter_mut().zip(kept) {
                        *slot = f64::from(u8::from(*own == code));
                    }
                    place += kept.len();
                }
                (Input::Numbers { fill, .. }, _) => {
                    out[place] = *fill;
                    place += 1;
                }
                (Input::Words { kept, .. }, _) => {
                    out[place..place + kept.len()].fill(0.0);
                    place += kept.len();
                }
            }
        }
    }

    /// Names of the columns of which a row lies far outside the training rows: by more than half their range, or in a column of one value
    /// by anything.
    pub fn outside(&self, table: &Table, row: usize) -> Vec<&str> {
        let far = |input: &Input| match input {
            Input::Numbers { name, range: Some((low, high)), .. } => {
                let values = table.position(name).and_then(|place| table.columns.get(place));
                let Some(Column::Numbers(values)) = values else { return false };
                let room = (high - low) / 2.0;
                let value = values.get(row).copied().unwrap_or(f64::NAN);
                if is_constant(f64::midpoint(*low, *high), room) {
                    let middle = f64::midpoint(*low, *high);
                    !value.is_nan() && !is_constant(middle, (value - middle).abs())
                } else {
                    value < low - room || value > high + room
                }
            }
            _ => false,
        };
        self.inputs
            .iter()
            .filter(|input| far(input))
            .map(|input| match input {
                Input::Numbers { name, .. } | Input::Words { name, .. } => name.as_str(),
            })
            .collect()
    }

    /// A standardised feature in its own units.
    pub fn in_units(&self, column: usize, value: f32) -> f64 {
        self.mean[column] + self.deviation[column] * f64::from(value)
    }
}

/// Mean and population deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let square = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, scale(square.sqrt()))
}

/// A deviation of zero divides by one.
fn scale(deviation: f64) -> f64 {
    if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 }
}
