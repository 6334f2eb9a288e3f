//! What the panels share: the record's predictions as the controls want to see them, nothing run again.

use crate::channels::{self as ch, channel};
use crate::config::{Config, Conformal};
use crate::method::conformal::{self, Offset, Symmetry};
use crate::method::isotonize::Isotonization;
use crate::method::levels::{Levels, Pair};
use crate::pipeline::finish::operator;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Controls, Data, Grid, Record};

/// Ids of the controls that panels share.
pub(super) mod ids {
    pub(in super::super) const METHOD: &str = "method";
    pub(in super::super) const STAGE: &str = "stage";
    pub(in super::super) const ORDER: &str = "order";
    pub(in super::super) const COVERAGE: &str = "coverage";
    pub(in super::super) const SLICE: &str = "slice";
    pub(in super::super) const WEIGHTED: &str = "weighted";
    pub(in super::super) const PLACE: &str = "place";
    pub(in super::super) const ROW: &str = "row";
    pub(in super::super) const SLICE_BY: &str = "slice_by";
    pub(in super::super) const CLUSTERS: &str = "clusters";
    pub(in super::super) const SECOND: &str = "second";
    pub(in super::super) const COMPARE: &str = "compare";
    pub(in super::super) const UNITS: &str = "units";
}

/// What is done to raw predictions before they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// An operator.
    After(Isotonization),
    /// The run's operator, then calibration.
    Conformal,
}

impl Stage {
    pub(super) fn by_key(key: &str) -> Self {
        match Isotonization::ALL.iter().find(|operator| operator.key() == key) {
            Some(operator) => Self::After(*operator),
            None => Self::Conformal,
        }
    }
}

/// What is looked at: method, stage, level and rows, as the controls stand.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    pub(super) record: &'a Record,
    pub(super) controls: &'a Controls,
    pub(super) meta: ch::Meta,
    pub(super) levels: Levels,
    /// `[rows, features + 1]`, standardised, the observation last.
    rows: &'a [f32],
}

impl<'a> Look<'a> {
    /// `None` before the run has put its rows into the record.
    pub(super) fn new(config: &'a Config, job: &Derive<'a>) -> Option<Self> {
        let meta = ch::Meta::read(job.record)?;
        let levels = Levels::new(meta.levels.clone()).ok()?;
        let rows = &grid(job.record, ch::TEST_ROWS)?.values;
        Some(Self { config, record: job.record, controls: job.controls, meta, levels, rows })
    }

    pub(super) fn method(&self) -> String {
        self.controls
            .word(ids::METHOD)
            .map_or_else(|| self.meta.base_models.first().cloned().unwrap_or_default(), str::to_owned)
    }

    /// The method beside it, if one is chosen.
    pub(super) fn second(&self) -> Option<String> {
        self.controls.word(ids::SECOND).filter(|word| *word != ch::NOBODY).map(str::to_owned)
    }

    pub(super) fn stage(&self) -> Stage {
        Stage::by_key(self.controls.word(ids::STAGE).unwrap_or("sort"))
    }

    /// All methods that have predictions so far, base models first.
    pub(super) fn methods(&self) -> Vec<String> {
        let all = self.meta.base_models.iter().chain(&self.meta.aggregators);
        all.filter(|name| self.record.get(&format!("{}{name}", ch::RAW)).is_some()).cloned().collect()
    }

    /// Number of test rows shown.
    pub(super) fn count(&self) -> usize {
        self.rows.len() / (self.meta.features.len() + 1)
    }

    /// Standardised features of a row.
    pub(super) fn features(&self, row: usize) -> &'a [f32] {
        let width = self.meta.features.len() + 1;
        &self.rows[row * width..(row + 1) * width - 1]
    }

    /// One feature of a row, in its units.
    pub(super) fn feature(&self, row: usize, column: usize) -> f64 {
        self.in_units(column, self.features(row)[column])
    }

    /// A standardised value of a feature in its units.
    pub(super) fn in_units(&self, column: usize, value: f32) -> f64 {
        self.meta.mean[column] + self.meta.deviation[column] * f64::from(value)
    }

    /// Standardised observations.
    pub(super) fn observations(&self) -> Vec<f32> {
        let width = self.meta.features.len() + 1;
        self.rows.iter().skip(width - 1).step_by(width).copied().collect()
    }

    /// True if the person wants the target in its own units.
    pub(super) fn wants_units(&self) -> bool {
        self.controls.switch(ids::UNITS).unwrap_or(true)
    }

    /// The target as an axis names it.
    pub(super) fn target(&self) -> String {
        let name = &self.meta.target.name;
        if self.wants_units() { name.clone() } else { format!("{name}, standardised") }
    }

    /// A standardised target value as the person wants to see it.
    pub(super) fn shown(&self, value: f32) -> f64 {
        if self.wants_units() { self.meta.target.in_units(f64::from(value)) } else { f64::from(value) }
    }

    /// Raw predictions of a method for the test rows.
    pub(super) fn raw(&self, method: &str) -> Option<&'a [f32]> {
        grid(self.record, &format!("{}{method}", ch::RAW)).map(|grid| grid.values.as_slice())
    }

    /// Predictions of a method for the test rows at a stage.
    pub(super) fn predictions(&self, method: &str, stage: Stage) -> Option<Vec<f32>> {
        let m = self.levels.len();
        match stage {
            Stage::After(operator) => {
                let mut q = self.raw(method)?.to_vec();
                operator.apply_rows(&mut q, m);
                Some(q)
            }
            Stage::Conformal => {
                if let Some(done) = grid(self.record, &format!("{}{method}", ch::CALIBRATED)) {
                    return Some(done.values.clone());
                }
                let mut q = self.raw(method)?.to_vec();
                operator(self.config.isotonization).apply_rows(&mut q, m);
                let offsets = self.offsets(method)?;
                conformal::apply(&mut q, &self.levels, &offsets);
                Some(q)
            }
        }
    }

    /// Predictions of a method for one test row at a stage.
    pub(super) fn predictions_of_row(&self, method: &str, row: usize, stage: Stage) -> Option<Vec<f32>> {
        let m = self.levels.len();
        let range = row * m..(row + 1) * m;
        let mut q = self.raw(method)?.get(range.clone())?.to_vec();
        match stage {
            Stage::After(operator) => operator.apply(&mut q),
            Stage::Conformal => {
                if let Some(done) = grid(self.record, &format!("{}{method}", ch::CALIBRATED)) {
                    return Some(done.values.get(range)?.to_vec());
                }
                operator(self.config.isotonization).apply(&mut q);
                conformal::apply(&mut q, &self.levels, &self.offsets(method)?);
            }
        }
        Some(q)
    }

    /// Predictions of a method for the calibration rows after the run's operator, with their observations.
    pub(super) fn calibration(&self, method: &str) -> Option<(Vec<f32>, Vec<f32>)> {
        let rows = &grid(self.record, ch::CALIBRATION_ROWS)?.values;
        let width = self.meta.features.len() + 1;
        let y = rows.iter().skip(width - 1).step_by(width).copied().collect();
        let mut q = grid(self.record, &format!("{}{method}", ch::CALIBRATION))?.values.clone();
        operator(self.config.isotonization).apply_rows(&mut q, self.levels.len());
        Some((q, y))
    }

    /// Offsets of split calibration.
    pub(super) fn offsets(&self, method: &str) -> Option<Vec<Offset>> {
        if let Some(kept) = grid(self.record, &format!("{}{method}", ch::OFFSETS)) {
            let pairs = self.levels.pairs().into_iter().zip(kept.values.chunks_exact(3));
            let offset = |(pair, kept): (Pair, &[f32])| Offset {
                alpha: pair.alpha,
                rank: kept[2] as usize,
                lower: f64::from(kept[0]),
                upper: f64::from(kept[1]),
            };
            return Some(pairs.map(offset).collect());
        }
        let (q, y) = self.calibration(method)?;
        let symmetry = if self.config.conformal == Conformal::SplitAsymmetric {
            Symmetry::Asymmetric
        } else {
            Symmetry::Symmetric
        };
        Some(conformal::calibrate(&q, &y, &self.levels, symmetry))
    }

    /// The interval whose nominal coverage is nearest to the one that is looked at.
    pub(super) fn pair(&self) -> Option<Pair> {
        let wanted = self.controls.number(ids::COVERAGE).unwrap_or(0.8);
        let distance = |pair: &Pair| (1.0 - pair.alpha - wanted).abs();
        self.levels.pairs().into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The feature whose slices are looked at.
    pub(super) fn slice(&self) -> usize {
        let name = self.controls.word(ids::SLICE).unwrap_or_default();
        self.meta.features.iter().position(|feature| feature == name).unwrap_or(0)
    }

    /// The row that is looked at.
    pub(super) fn row(&self) -> usize {
        let row = self.controls.number(ids::ROW).unwrap_or(0.0).max(0.0) as usize;
        row.min(self.count().saturating_sub(1))
    }
}

/// A number in four digits, for words in pictures.
pub(super) fn short(value: f64) -> String {
    const DIGITS: i32 = 4;
    let before = if value == 0.0 { 1 } else { value.abs().log10().floor() as i32 + 1 };
    let decimals = (DIGITS - before).clamp(0, 6) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

/// Words of an axis that depend on the data or the controls.
pub(super) fn axis(id: &str, words: String) -> Channel {
    channel(id, "words of an axis", "", "Names an axis of the view.", Data::Text(words))
}

/// The newest picture of a grid channel.
pub(super) fn grid<'r>(record: &'r Record, id: &str) -> Option<&'r Grid> {
    match &record.get(id)?.data {
        Data::Grid(timeline) => timeline.last().map(|(_, grid)| grid),
        _ => None,
    }
}

/// Positions of `count` values split into `parts` groups of about equal size by their order.
pub(super) fn groups(values: &[f64], parts: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let parts = parts.min(values.len()).max(1);
    (0..parts)
        .map(|part| order[part * order.len() / parts..(part + 1) * order.len() / parts].to_vec())
        .collect()
}
