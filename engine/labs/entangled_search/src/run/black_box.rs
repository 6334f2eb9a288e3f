//! Searches on a table without networks, repeated: evolution, random, local search.

use std::collections::{BTreeMap, BTreeSet};

use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::stream;

use super::{Run, tables};
use crate::channels as ch;
use crate::config::{Config, Searcher};
use crate::method::black_box;
use crate::truth::Truth;

/// No column holds the seconds.
pub(crate) const NO_COLUMN: &str = "none";

/// One repeat of a search.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Searched {
    /// Evaluations, seconds, regret, each time that the best got better.
    pub(crate) better: Vec<(usize, f64, f64)>,
    /// Row of the best.
    pub(crate) row: usize,
    pub(crate) evaluations: usize,
}

impl Searched {
    /// Regret after so many evaluations.
    pub(crate) fn regret(&self, evaluations: usize) -> Option<f64> {
        self.better.iter().take_while(|(spent, ..)| *spent <= evaluations).last().map(|(.., regret)| *regret)
    }
}

/// All repeats that are done: searcher by searcher.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Searches {
    pub(crate) done: Vec<Searched>,
}

/// A table that can be searched, and its column of costs.
pub(super) fn check(config: &Config, truth: Option<&Truth>) -> Result<(), RunError> {
    let Some(truth) = truth else {
        let problem = Problem::error("table", "there is no table to search")
            .allowing("shipped, or the path of a CSV file");
        return Err(RunError::Problems(vec![problem]));
    };
    let names: Vec<&str> = truth.columns.iter().map(|(name, _)| name.as_str()).collect();
    if config.cost_column == NO_COLUMN || names.contains(&config.cost_column.as_str()) {
        return Ok(());
    }
    let why = format!("the table has no column \"{}\"", config.cost_column);
    let allowed = std::iter::once(NO_COLUMN).chain(names).collect::<Vec<_>>().join(", ");
    Err(RunError::Problems(vec![Problem::error("cost_column", why).allowing(allowed)]))
}

/// Rows by their options, 0 where a decision means nothing.
struct Rows {
    places: BTreeMap<Vec<usize>, usize>,
    /// Which decisions mean something, in each way that occurs.
    kinds: Vec<Vec<bool>>,
    counts: Vec<usize>,
}

impl Rows {
    fn new(truth: &Truth) -> Self {
        let plain = |picks: &Vec<Option<usize>>| picks.iter().map(|pick| pick.unwrap_or(0)).collect();
        let rows = &truth.table.rows;
        let kinds: BTreeSet<Vec<bool>> =
            rows.iter().map(|row| row.picks.iter().map(Option::is_some).collect()).collect();
        // Of two ways in which a row could be meant, the one with most decisions comes first.
        let mut kinds: Vec<Vec<bool>> = kinds.into_iter().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.iter().filter(|own| **own).count()));
        Self {
            places: rows.iter().map(|row| plain(&row.picks)).zip(0..).collect(),
            kinds,
            counts: truth.decisions.iter().map(|decision| decision.options.len()).collect(),
        }
    }

    /// The row that these options mean.
    fn canonical(&self, truth: &Truth, picks: &[usize]) -> Option<Vec<usize>> {
        self.kinds.iter().find_map(|kind| {
            let own: Vec<usize> =
                picks.iter().zip(kind).map(|(pick, active)| if *active { *pick } else { 0 }).collect();
            let row = truth.table.rows.get(*self.places.get(&own)?)?;
            row.picks.iter().map(Option::is_some).eq(kind.iter().copied()).then_some(own)
        })
    }
}

fn searcher(kind: Searcher) -> black_box::Searcher {
    match kind {
        Searcher::Evolution => black_box::Searcher::Evolution,
        Searcher::RandomTraining => black_box::Searcher::Random,
        Searcher::LocalSearch => black_box::Searcher::LocalSearch,
    }
}

/// Searches, one job for each repeat.
pub(super) fn search(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let (config, seed) = (run.settings, run.context.seed);
    let Some(truth) = run.state.truth.clone() else { return Ok(()) };
    let (rows, accuracies) = (Rows::new(&truth), truth.table.accuracies());
    let best = accuracies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let costs = truth.columns.iter().find(|(name, _)| *name == config.cost_column).map(|(_, column)| column);
    let (each, done) = (config.repeats as usize, run.state.searches.done.len());
    let total = (config.searchers.len() * each).saturating_sub(done);
    let work = |place: usize| -> Result<Searched, RunError> {
        let kind = config.searchers.get(place / each.max(1)).copied().unwrap_or(Searcher::Evolution);
        let mut random = stream(seed, &format!("{}/{}", kind.key(), place % each.max(1)));
        let mut found = Searched { better: Vec::new(), row: 0, evaluations: 0 };
        let (mut most, mut seconds) = (f64::NEG_INFINITY, 0.0);
        let score = |picks: &[usize]| {
            let row = rows.places.get(picks).copied().unwrap_or(0);
            let accuracy = accuracies.get(row).copied().unwrap_or(f64::NAN);
            seconds += costs.map_or(1.0, |column| column.get(row).copied().unwrap_or(0.0));
            found.evaluations += 1;
            if accuracy > most {
                (most, found.row) = (accuracy, row);
                found.better.push((found.evaluations, seconds, best - accuracy));
            }
            Ok::<f64, RunError>(accuracy)
        };
        let canonical = |picks: &[usize]| rows.canonical(&truth, picks);
        let budget = config.table_evaluations as usize;
        black_box::search(searcher(kind), &rows.counts, &canonical, budget, &mut random, score)?;
        Ok(found)
    };
    run.jobs::<Searched, ()>(
        &Jobs::new("search", total),
        |number, job| job.check().and_then(|()| work(done + number)),
        |run, news| {
            let News::Next(number, found) = news else { return Ok(()) };
            let place = done + number;
            let kind = config.searchers.get(place / each.max(1)).copied().unwrap_or(Searcher::Evolution);
            run.begin_step((place / each.max(1)) as f64)?;
            let last = found.better.last().map_or(f64::NAN, |(.., regret)| *regret);
            run.scalar(&ch::BEST_SO_FAR.labelled(kind.key(), kind.label()), last);
            run.state.searches.done.push(found);
            if number + 1 == total {
                tables::enter(run)?;
                super::results::report(run)?;
            }
            run.end_step()
        },
    )
}

/// Median of numbers; none of an empty list.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count.is_multiple_of(2) => Some(0.5 * (values.get(middle - 1)? + values.get(middle)?)),
        _ => values.get(middle).copied(),
    }
}

/// The repeats of each searcher that are done.
pub(super) fn by_searcher<'a>(config: &'a Config, searches: &'a Searches) -> Vec<(Searcher, &'a [Searched])> {
    let each = (config.repeats as usize).max(1);
    config.searchers.iter().copied().zip(searches.done.chunks(each)).collect()
}
