//! What views share: the record's predictions as the controls want to see them, nothing run again.

use super::controls::{self, NOBODY, ShownStage, ids};
use super::facts::Facts;
use super::order::Order;
use crate::base::Kind;
use crate::channels as ch;
use crate::config::{Config, Conformal};
use crate::method::conformal::{self, Offset, Symmetry};
use crate::method::isotonize::Isotonization;
use crate::method::levels::{Levels, Pair};
use crate::names::Method;
use crate::pipeline::calibration::operator;
use crate::scores::Stage;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::declared::{Of, PictureKind};
use weightscope_frame::record::{Channel, Controls, Data, Grid, Record};
use weightscope_frame::run::RunError;

/// What is looked at: method, stage, level and rows, as the controls stand.
pub(super) struct Look<'a> {
    pub(super) config: &'a Config,
    pub(super) record: &'a Record,
    pub(super) controls: &'a Controls,
    pub(super) facts: Facts,
    /// `[rows, features + 1]`, standardised, the observation last.
    rows: &'a [f32],
}

/// The channels of a view that looks at the run that is shown; none before the run has put its rows into the record.
pub(super) fn at(
    config: &Config,
    job: &Derive<'_>,
    channels: impl FnOnce(&Look<'_>) -> Vec<Channel>,
) -> Result<Vec<Channel>, RunError> {
    job.control.check()?;
    Ok(Look::new(config, job.record, job.controls).map_or_else(Vec::new, |look| channels(&look)))
}

impl<'a> Look<'a> {
    /// `None` before the run has put its rows into the record.
    pub(super) fn new(config: &'a Config, record: &'a Record, controls: &'a Controls) -> Option<Self> {
        let facts = Facts::read(config, record)?;
        let rows = &grid(record, ch::TEST_ROWS.id())?.values;
        Some(Self { config, record, controls, facts, rows })
    }

    pub(super) fn levels(&self) -> &Levels {
        &self.facts.levels
    }

    /// The method that is looked at; the first base model before the control is turned.
    pub(super) fn method(&self) -> Method {
        let first = self.facts.base_models.first().copied().unwrap_or(Kind::Linear);
        self.controls.word(ids::METHOD).and_then(Method::by_key).unwrap_or(Method::Base(first))
    }

    /// The method beside it, if one is chosen.
    pub(super) fn second(&self) -> Option<Method> {
        self.controls.word(ids::SECOND).filter(|word| *word != NOBODY).and_then(Method::by_key)
    }

    /// The stage that is shown.
    pub(super) fn stage(&self) -> Stage {
        let is_calibrated = |method: &Method| {
            [ch::CALIBRATED.id(method.key()), ch::OFFSETS.id(method.key())]
                .iter()
                .any(|id| self.record.get(id).is_some())
        };
        let methods = self.methods();
        let all = !methods.is_empty() && methods.iter().all(is_calibrated);
        ShownStage::of(self.controls).stage(self.config, all)
    }

    /// What rows are ordered by.
    pub(super) fn order(&self) -> Order {
        let key = self.controls.word(ids::ORDER).unwrap_or_default();
        Order::by_key(key, self.facts.features.iter().map(|feature| feature.name.as_str()))
    }

    /// All methods that have predictions so far, base models first.
    pub(super) fn methods(&self) -> Vec<Method> {
        let models = self.facts.base_models.iter().copied().map(Method::Base);
        let all = models.chain(self.facts.aggregators.iter().copied().map(Method::Joined));
        all.filter(|method| self.record.get(&ch::RAW.id(method.key())).is_some()).collect()
    }

    /// Number of test rows shown.
    pub(super) fn count(&self) -> usize {
        self.rows.len() / (self.facts.features.len() + 1)
    }

    /// Standardised features of a row.
    pub(super) fn features(&self, row: usize) -> &'a [f32] {
        let width = self.facts.features.len() + 1;
        &self.rows[row * width..(row + 1) * width - 1]
    }

    /// One feature of a row, in its units.
    pub(super) fn feature(&self, row: usize, column: usize) -> f64 {
        self.in_units(column, self.features(row)[column])
    }

    /// A standardised value of a feature in its units.
    pub(super) fn in_units(&self, column: usize, value: f32) -> f64 {
        self.facts.features[column].in_units(f64::from(value))
    }

    /// Standardised observations.
    pub(super) fn observations(&self) -> Vec<f32> {
        let width = self.facts.features.len() + 1;
        self.rows.iter().skip(width - 1).step_by(width).copied().collect()
    }

    /// True if the person wants the target in its own units.
    pub(super) fn wants_units(&self) -> bool {
        self.controls.switch(ids::UNITS).unwrap_or(true)
    }

    /// The target as an axis names it.
    pub(super) fn target(&self) -> String {
        let name = &self.facts.target.name;
        if self.wants_units() { name.clone() } else { format!("{name}, standardised") }
    }

    /// A standardised target value as the person wants to see it.
    pub(super) fn shown(&self, value: f32) -> f64 {
        if self.wants_units() { self.facts.target.in_units(f64::from(value)) } else { f64::from(value) }
    }

    /// Raw predictions of a method for the test rows.
    pub(super) fn raw(&self, method: Method) -> Option<&'a [f32]> {
        grid(self.record, &ch::RAW.id(method.key())).map(|grid| grid.values.as_slice())
    }

    /// Predictions of a method for the test rows at a stage.
    pub(super) fn predictions(&self, method: Method, stage: Stage) -> Option<Vec<f32>> {
        let m = self.levels().len();
        let calibrated = stage == Stage::Conformal;
        if let Some(done) = grid(self.record, &ch::CALIBRATED.id(method.key())).filter(|_| calibrated) {
            return Some(done.values.clone());
        }
        let mut q = self.raw(method)?.to_vec();
        self.operator(stage).apply_rows(&mut q, m);
        if calibrated {
            conformal::apply(&mut q, self.levels(), &self.offsets(method)?);
        }
        Some(q)
    }

    /// Predictions of a method for one test row at a stage.
    pub(super) fn predictions_of_row(&self, method: Method, row: usize, stage: Stage) -> Option<Vec<f32>> {
        let m = self.levels().len();
        let range = row * m..(row + 1) * m;
        let calibrated = stage == Stage::Conformal;
        if let Some(done) = grid(self.record, &ch::CALIBRATED.id(method.key())).filter(|_| calibrated) {
            return Some(done.values.get(range)?.to_vec());
        }
        let mut q = self.raw(method)?.get(range)?.to_vec();
        self.operator(stage).apply(&mut q);
        if calibrated {
            conformal::apply(&mut q, self.levels(), &self.offsets(method)?);
        }
        Some(q)
    }

    /// The operator of a stage; before calibration it is the run's.
    fn operator(&self, stage: Stage) -> Isotonization {
        stage.operator().unwrap_or_else(|| operator(self.config.isotonization))
    }

    /// Predictions of a method for the calibration rows after the run's operator, with their observations.
    pub(super) fn calibration(&self, method: Method) -> Option<(Vec<f32>, Vec<f32>)> {
        let rows = &grid(self.record, ch::CALIBRATION_ROWS.id())?.values;
        let width = self.facts.features.len() + 1;
        let y = rows.iter().skip(width - 1).step_by(width).copied().collect();
        let mut q = grid(self.record, &ch::CALIBRATION.id(method.key()))?.values.clone();
        operator(self.config.isotonization).apply_rows(&mut q, self.levels().len());
        Some((q, y))
    }

    /// Offsets of split calibration.
    pub(super) fn offsets(&self, method: Method) -> Option<Vec<Offset>> {
        if let Some(kept) = grid(self.record, &ch::OFFSETS.id(method.key())) {
            return Some(offsets_of_grid(kept, &self.levels().pairs()));
        }
        let (q, y) = self.calibration(method)?;
        let symmetry = if self.config.conformal == Conformal::SplitAsymmetric {
            Symmetry::Asymmetric
        } else {
            Symmetry::Symmetric
        };
        Some(conformal::calibrate(&q, &y, self.levels(), symmetry))
    }

    /// The interval whose nominal coverage is nearest to the one that is looked at.
    pub(super) fn pair(&self) -> Option<Pair> {
        let wanted = self.controls.number(ids::COVERAGE).unwrap_or(controls::FIRST_COVERAGE);
        let distance = |pair: &Pair| (1.0 - pair.alpha - wanted).abs();
        self.levels().pairs().into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The feature whose slices are looked at.
    pub(super) fn slice(&self) -> usize {
        let name = self.controls.word(ids::SLICE).unwrap_or_default();
        self.facts.features.iter().position(|feature| feature.name == name).unwrap_or(0)
    }

    /// The row that is looked at.
    pub(super) fn row(&self) -> usize {
        let row = self.controls.number(ids::ROW).unwrap_or(0.0).max(0.0) as usize;
        row.min(self.count().saturating_sub(1))
    }
}

/// The newest picture of a recorded channel, if it has one.
pub(super) fn newest<K: PictureKind>(record: &Record, channel: &impl Of<K>) -> Option<K::Picture>
where
    K::Picture: Clone,
{
    let mut data = record.get(&channel.id())?.data.clone();
    K::timeline(&mut data)?.last().map(|(_, picture)| picture.clone())
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

/// Columns of the offsets that the record keeps: by how much the ends of an interval move, and the rank of the score behind it.
const OFFSET_COLUMNS: [&str; 3] = ["below", "above", "rank"];

/// Offsets as the record keeps them, a row for each interval.
pub(crate) fn grid_of_offsets(offsets: &[Offset]) -> Grid {
    let row = |one: &Offset| [one.lower as f32, one.upper as f32, one.rank as f32];
    let columns = OFFSET_COLUMNS.map(str::to_owned).to_vec();
    Grid { columns, values: offsets.iter().flat_map(row).collect(), ..Grid::default() }
}

/// The offsets of these intervals from the record.
fn offsets_of_grid(kept: &Grid, pairs: &[Pair]) -> Vec<Offset> {
    let rows = pairs.iter().zip(kept.values.chunks_exact(OFFSET_COLUMNS.len()));
    let offset = |(pair, row): (&Pair, &[f32])| match row {
        [lower, upper, rank] => Some(Offset {
            alpha: pair.alpha,
            rank: *rank as usize,
            lower: f64::from(*lower),
            upper: f64::from(*upper),
        }),
        _ => None,
    };
    rows.filter_map(offset).collect()
}
