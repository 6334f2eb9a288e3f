//! Small tables for perceptrons: digits, digits turned by 45°, odd and even digits, and the sine task.
//!
//! Contract: what a repeat gets depends on its seed alone.

use weightscope_data::{self as data, Dataset, OpenOptions, Read};
use weightscope_frame::run::{RunError, default_cache_folder};
use weightscope_math::stream;

use crate::config::{Config, Task};
use crate::method::toy;

/// Side of a digit's image.
const SIDE: usize = 8;
/// Largest pixel value.
const BRIGHTEST: f32 = 16.0;
/// One row of so many is a test row.
const TESTED: usize = 5;

/// Rows with classes or values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// Features, row by row.
    pub(crate) x: Vec<f32>,
    /// A class for each row; empty for values.
    pub(crate) classes: Vec<u32>,
    /// A value for each row; empty for classes.
    pub(crate) values: Vec<f32>,
}

impl Rows {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.classes.len().max(self.values.len())
    }

    /// Some of the rows.
    pub(crate) fn some(&self, places: &[usize]) -> Self {
        let width = self.x.len() / self.len().max(1);
        let x = places.iter().flat_map(|row| &self.x[row * width..(row + 1) * width]).copied().collect();
        let of = |list: &[f32]| places.iter().filter_map(|row| list.get(*row).copied()).collect();
        Self {
            x,
            classes: places.iter().filter_map(|row| self.classes.get(*row).copied()).collect(),
            values: of(&self.values),
        }
    }
}

/// What one network learns first and then, each with rows that judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trial {
    /// Rows that make the base.
    pub(crate) base: Rows,
    /// Rows that judge the base.
    pub(crate) base_test: Rows,
    /// Rows that adapt it.
    pub(crate) train: Rows,
    /// Rows that judge the adapted one.
    pub(crate) test: Rows,
}

/// The data of a task.
#[derive(Debug)]
pub(crate) struct Tables {
    task: Task,
    digits: Option<Dataset>,
}

impl Tables {
    /// Opens what the task needs.
    pub(crate) fn open(config: &Config) -> Result<Self, RunError> {
        let digits = if config.task == Task::Sine {
            None
        } else {
            let options = OpenOptions {
                label_column: Some("label".to_owned()),
                cache_dir: default_cache_folder(),
                ..OpenOptions::default()
            };
            Some(data::open("digits", &options)?)
        };
        Ok(Self { task: config.task, digits })
    }

    /// What was read.
    pub(crate) fn reads(&self) -> Vec<Read> {
        self.digits.iter().map(|digits| digits.read().clone()).collect()
    }

    /// The rows of one network.
    pub(crate) fn trial(&self, seed: u64) -> Result<Trial, RunError> {
        let Some(digits) = &self.digits else { return Ok(sine(seed)) };
        let labels = digits.labels()?;
        let mut order: Vec<usize> = (0..labels.len()).collect();
        stream(seed, "test rows").shuffle(&mut order);
        let (test, train) = order.split_at(labels.len() / TESTED);
        let images: Vec<f32> = digits.features().iter().map(|pixel| pixel / BRIGHTEST).collect();
        let all = |places: &[usize], turned: bool, wanted: &dyn Fn(u32) -> Option<u32>| {
            let mut rows = Rows::default();
            for place in places {
                let Some(class) = labels.get(*place).copied().and_then(wanted) else { continue };
                let image = images.get(place * SIDE * SIDE..(place + 1) * SIDE * SIDE).unwrap_or_default();
                rows.x.extend(if turned { rotated(image) } else { image.to_vec() });
                rows.classes.push(class);
            }
            rows
        };
        Ok(match self.task {
            Task::OddEvenDigits => {
                let odd = |class: u32| (class % 2 == 1).then_some(class / 2);
                let even = |class: u32| class.is_multiple_of(2).then_some(class / 2);
                Trial {
                    base: all(train, false, &odd),
                    base_test: all(test, false, &odd),
                    train: all(train, false, &even),
                    test: all(test, false, &even),
                }
            }
            _ => Trial {
                base: all(train, false, &Some),
                base_test: all(test, false, &Some),
                train: all(train, true, &Some),
                test: all(test, true, &Some),
            },
        })
    }
}

/// An image turned by 45° around its middle, between neighbouring pixels linearly; what comes from outside is dark.
fn rotated(image: &[f32]) -> Vec<f32> {
    let pixel = |row: isize, column: isize| -> f32 {
        let inside = (0..SIDE as isize).contains(&row) && (0..SIDE as isize).contains(&column);
        if inside { image.get(row as usize * SIDE + column as usize).copied().unwrap_or(0.0) } else { 0.0 }
    };
    let middle = (SIDE as f32 - 1.0) / 2.0;
    let (sin, cos) = std::f32::consts::FRAC_PI_4.sin_cos();
    let mut turned = Vec::with_capacity(SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (y, x) = (row as f32 - middle, column as f32 - middle);
            let (from_y, from_x) = (cos * y - sin * x + middle, sin * y + cos * x + middle);
            let (top, left) = (from_y.floor(), from_x.floor());
            let (down, right) = (from_y - top, from_x - left);
            let (top, left) = (top as isize, left as isize);
            turned.push(
                (1.0 - down) * ((1.0 - right) * pixel(top, left) + right * pixel(top, left + 1))
                    + down * ((1.0 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1)),
            );
        }
    }
    turned
}

fn sine(seed: u64) -> Trial {
    let rows = |pairs: Vec<(f64, f64)>| Rows {
        x: pairs.iter().map(|(x, _)| *x as f32).collect(),
        classes: Vec::new(),
        values: pairs.iter().map(|(_, y)| *y as f32).collect(),
    };
    Trial {
        base: rows(toy::Target::Base.training(&mut stream(seed, "points of the base"))),
        base_test: rows(toy::Target::Base.validation()),
        train: rows(toy::Target::Adapted.training(&mut stream(seed, "points"))),
        test: rows(toy::Target::Adapted.validation()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_keeps_the_middle_and_eight_of_them_are_whole() {
        let mut image = vec![0.0; SIDE * SIDE];
        for (place, value) in [(27, 1.0), (28, 1.0), (35, 1.0), (36, 1.0)] {
            image[place] = value;
        }
        let once = rotated(&image);
        assert!((once.iter().sum::<f32>() - 4.0).abs() < 0.5, "{}", once.iter().sum::<f32>());
        assert!(once[27] > 0.7 && (once[27] - once[36]).abs() < 1e-5);
        // A bar lies across after two turns.
        let mut bar = vec![0.0; SIDE * SIDE];
        (1..7).for_each(|row| (bar[row * SIDE + 3], bar[row * SIDE + 4]) = (1.0, 1.0));
        let twice = rotated(&rotated(&bar));
        assert!(twice[3 * SIDE + 1] > 0.4 && twice[SIDE + 3] < 0.4, "{twice:?}");
    }

    #[test]
    fn trials_hold_the_digits_of_their_task_and_follow_the_seed() {
        let tables = |task| Tables::open(&Config { task, ..Config::default() }).unwrap();
        let turned = tables(Task::RotatedDigits).trial(3).unwrap();
        assert_eq!((turned.train.len(), turned.test.len()), (1438, 359));
        assert_eq!(turned.base.classes, turned.train.classes);
        assert_ne!(turned.base.x, turned.train.x);
        assert_eq!(turned, tables(Task::RotatedDigits).trial(3).unwrap());
        let odd = tables(Task::OddEvenDigits).trial(3).unwrap();
        assert_eq!(odd.base.len() + odd.train.len(), 1438);
        assert!(odd.base.classes.iter().all(|class| *class < 5) && odd.base.len() > 600);
        let sine = tables(Task::Sine).trial(3).unwrap();
        assert_eq!((sine.train.len(), sine.test.len(), sine.train.x.len()), (50, 100, 50));
        assert_ne!(sine, tables(Task::Sine).trial(4).unwrap());
    }
}
