//! From columns to standardised features, and back to units: fitted on training rows, stored with the models.
//!
//! Numbers are centred and scaled by mean and population deviation of the training rows; words become one column a word
//! (the most frequent ones, beyond a limit), treated likewise. A word that training never saw is a row of zeros.

use serde::{Deserialize, Serialize};

use crate::base::Matrix;
use weightscope_data::table::{Column, ColumnKind, MISSING, Table};

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
    /// Its deviation; 1 where it is constant.
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
                _ => encoder.add(name, column, train),
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
        encoder.deviation = squares.iter().map(|square| scale((square / count).sqrt())).collect();
        encoder
    }

    fn add(&mut self, name: &str, column: &Column, train: &[usize]) {
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
                self.inputs.push(Input::Numbers { name: name.to_owned(), fill });
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

    /// Names, kinds and words of the input columns, as a reader of another table wants them.
    pub fn wanted(&self) -> Vec<(String, ColumnKind, Vec<String>)> {
        let one = |input: &Input| match input {
            Input::Numbers { name, .. } => (name.clone(), ColumnKind::Numbers, Vec::new()),
            Input::Words { name, words, .. } => (name.clone(), ColumnKind::Words, words.clone()),
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
                    .map(|((v, mean), dev)| ((v - mean) / dev) as f32),
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
