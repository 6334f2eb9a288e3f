//! Small curves of the table: read from `metrics.csv` off the UI thread when a row is first seen, then kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use egui::Context;
use weightscope_frame::store;

use super::model::Row;
use crate::window::task::Task;

/// Points of a small curve: enough for its width, in pairs of least and largest.
const POINTS: usize = 64;
/// Runs read at once.
const BATCH: usize = 16;

/// What a small curve was read for.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    metric: Option<String>,
    step: u64,
    ended: Option<String>,
}

/// A small curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spark {
    /// Channel.
    pub(super) metric: String,
    /// x from 0 to 1, y from 0 to 1; a break where a value is not finite.
    pub(super) points: Vec<[f32; 2]>,
    /// Smallest and largest value.
    pub(super) range: (f64, f64),
    /// Channels that the run has.
    channels: BTreeSet<String>,
}

type Batch = Vec<(PathBuf, Key, Spark)>;

/// The small curves of the table of runs, read when a row is first seen and kept until the run changes.
#[derive(Default)]
pub(super) struct Sparks {
    cache: BTreeMap<PathBuf, (Key, Spark)>,
    wanted: Vec<(PathBuf, Key)>,
    reading: Option<Task<Batch>>,
    /// Channels of all runs that were read.
    pub(super) channels: BTreeSet<String>,
}

impl Sparks {
    /// The small curve of a row, if it is there; else it will be read.
    pub(super) fn get(&mut self, row: &Row, metric: Option<&String>) -> Option<&Spark> {
        let manifest = &row.manifest;
        let fresh = |key: &Key| {
            key.step == manifest.step && key.ended == manifest.ended && key.metric.as_ref() == metric
        };
        if !self.cache.get(&row.path).is_some_and(|(key, _)| fresh(key)) && self.wanted.len() < BATCH {
            let key = Key { metric: metric.cloned(), step: manifest.step, ended: manifest.ended.clone() };
            self.wanted.push((row.path.clone(), key));
        }
        // An older curve is better than none while the new one is read.
        self.cache.get(&row.path).map(|(_, spark)| spark)
    }

    /// Takes what was read and starts what was asked for in this frame.
    pub(super) fn follow(&mut self, context: &Context) {
        if let Some(result) = self.reading.as_ref().and_then(Task::poll) {
            self.reading = None;
            for (path, key, spark) in result.unwrap_or_default() {
                self.channels.extend(spark.channels.iter().cloned());
                self.cache.insert(path, (key, spark));
            }
        }
        let wanted = std::mem::take(&mut self.wanted);
        if self.reading.is_none() && !wanted.is_empty() {
            self.reading = Task::spawn("small curves", context, move || {
                wanted.into_iter().map(|(path, key)| (path.clone(), key.clone(), read(&path, &key))).collect()
            });
        }
    }
}

fn read(path: &std::path::Path, key: &Key) -> Spark {
    let Ok(rows) = store::read_metrics(path) else { return Spark::default() };
    let channels: BTreeSet<String> = rows.iter().map(|row| row.channel.clone()).collect();
    let chosen = key.metric.clone().filter(|metric| channels.contains(metric)).or_else(|| telling(&channels));
    let Some(metric) = chosen else { return Spark { channels, ..Spark::default() } };
    let values: Vec<(f64, f64)> =
        rows.iter().filter(|row| row.channel == metric).map(|row| (row.step as f64, row.value)).collect();
    let (points, range) = small(&values);
    Spark { metric, points, range, channels }
}

/// The channel that tells most about a run: a test loss, else a loss, else the first.
fn telling(channels: &BTreeSet<String>) -> Option<String> {
    let find = |words: &[&str]| channels.iter().find(|id| words.iter().all(|word| id.contains(word)));
    find(&["loss", "test"])
        .or_else(|| find(&["loss", "train"]))
        .or_else(|| find(&["loss"]))
        .or_else(|| channels.first())
        .cloned()
}

/// Least and largest value of each of a few columns, in the unit square.
fn small(values: &[(f64, f64)]) -> (Vec<[f32; 2]>, (f64, f64)) {
    let finite = || values.iter().filter(|(_, y)| y.is_finite());
    let range =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, y)| (low.min(*y), high.max(*y)));
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return (Vec::new(), (0.0, 0.0)) };
    if finite().next().is_none() {
        return (Vec::new(), (f64::NAN, f64::NAN));
    }
    let width = (last.0 - first.0).max(f64::MIN_POSITIVE);
    let height = if range.1 > range.0 { range.1 - range.0 } else { 1.0 };
    let place = |(x, y): (f64, f64)| {
        let y = if range.1 > range.0 { (y - range.0) / height } else { 0.5 };
        [((x - first.0) / width) as f32, y as f32]
    };
    let mut points = Vec::with_capacity(POINTS + 2);
    for column in values.chunks(values.len().div_ceil(POINTS / 2).max(1)) {
        let least = column.iter().filter(|(_, y)| y.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1));
        let largest = column.iter().filter(|(_, y)| y.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1));
        let mut pair: Vec<&(f64, f64)> = least.into_iter().chain(largest).collect();
        pair.sort_by(|a, b| a.0.total_cmp(&b.0));
        pair.dedup();
        points.extend(pair.into_iter().map(|point| place(*point)));
    }
    (points, range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_becomes_few_points_and_keeps_its_spike() {
        let mut values: Vec<(f64, f64)> = (0..10_000).map(|step| (f64::from(step), 1.0)).collect();
        values[5_432].1 = 9.0;
        values[7] = (7.0, f64::NAN);
        let (points, range) = small(&values);
        assert!(points.len() <= POINTS + 2, "{} points", points.len());
        assert_eq!(range, (1.0, 9.0), "without what is not finite");
        assert!(points.iter().any(|[_, y]| *y == 1.0), "the spike is there");
        assert_eq!(small(&[]).0.len(), 0, "nothing recorded");
        assert_eq!(small(&[(0.0, 3.0)]).0, [[0.0, 0.5]], "one value lies in the middle");
    }

    #[test]
    fn the_telling_channel_is_a_test_loss() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>();
        assert_eq!(
            telling(&set(&["accuracy/test", "loss/test", "loss/train"])).as_deref(),
            Some("loss/test"),
            ""
        );
        assert_eq!(telling(&set(&["alpha", "beta"])).as_deref(), Some("alpha"), "else the first");
    }
}
