//! Numbers and histograms that a training wrote, gathered while they come.
//!
//! Contract: what an earlier session of a training wrote from the step on at which a later one began is out of date and dropped.
//! Histograms of one name are put on common edges, their values spread evenly inside each bin as they were written.

use std::collections::BTreeMap;

use weightscope_frame::record::declared::{Of as _, kinds::OfCurves};
use weightscope_frame::record::{Channel, Curve, Data, Histograms, Timeline};
use weightscope_logs::events::{Bins, Entry, Session, What};

use crate::channels as ch;

/// Points of a curve that are kept for drawing; of more, each second one, and so on.
const MOST_POINTS: usize = 20_000;
/// Histograms of a name that are kept.
const MOST_HISTOGRAMS: usize = 240;
/// Common bins.
const BINS: usize = 60;

/// What was gathered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged {
    numbers: Vec<(String, Vec<(f64, f64)>)>,
    places: BTreeMap<String, usize>,
    histograms: BTreeMap<String, Vec<(f64, Bins)>>,
    /// Points that were dropped because a later session wrote them again.
    pub(crate) superseded: u64,
}

impl Logged {
    /// Takes a number in.
    pub(crate) fn number(&mut self, name: &str, step: f64, value: f64) {
        let place = *self.places.entry(name.to_owned()).or_insert_with(|| {
            self.numbers.push((name.to_owned(), Vec::new()));
            self.numbers.len() - 1
        });
        let Some((_, points)) = self.numbers.get_mut(place) else { return };
        if points.last().is_some_and(|(last, _)| *last >= step) {
            let kept = points.partition_point(|(earlier, _)| *earlier < step);
            self.superseded += (points.len() - kept) as u64;
            points.truncate(kept);
        }
        points.push((step, value));
    }

    /// Takes entries of an event file in; names of several runs are told apart by the run's name before them.
    pub(crate) fn entries(&mut self, run: &str, entries: Vec<Entry>) {
        let full = |tag: &str| if run == "." { tag.to_owned() } else { format!("{run}/{tag}") };
        for entry in entries {
            let step = entry.step as f64;
            match entry.what {
                What::Scalar { tag, value } => self.number(&full(&tag), step, value),
                What::Histogram { tag, bins } => {
                    let kept = self.histograms.entry(full(&tag)).or_default();
                    kept.retain(|(earlier, _)| *earlier < step);
                    kept.push((step, bins));
                    if kept.len() > MOST_HISTOGRAMS {
                        let mut place = 0_usize;
                        kept.retain(|_| {
                            place += 1;
                            place % 2 == 1
                        });
                    }
                }
                What::Session(Session::Start) => self.begin_again(run, step),
                What::Session(_) | What::Version(_) => {}
            }
        }
    }

    /// A training began again at a step: what was written from there on is out of date.
    pub(crate) fn begin_again(&mut self, run: &str, step: f64) {
        for (name, points) in &mut self.numbers {
            if run == "." || name.strip_prefix(run).is_some_and(|rest| rest.starts_with('/')) {
                let kept = points.partition_point(|(earlier, _)| *earlier < step);
                self.superseded += (points.len() - kept) as u64;
                points.truncate(kept);
            }
        }
    }

    /// Numbers, histograms and points that were taken in.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let points = self.numbers.iter().map(|(_, points)| points.len()).sum();
        (self.numbers.len(), self.histograms.len(), points)
    }

    /// The channels that show it.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        let curves = self.numbers.iter().map(|(name, points)| {
            let stride = points.len().div_ceil(MOST_POINTS).max(1);
            let (x, y) = points.iter().step_by(stride).copied().unzip();
            let member: weightscope_frame::record::declared::Member<OfCurves> = ch::METRICS.member(name);
            Channel { data: Data::Curve(Timeline::one(Curve { x, y, band: None })), ..member.channel() }
        });
        let histograms = self.histograms.iter().map(|(name, kept)| Channel {
            data: Data::Histogram(common(kept)),
            ..ch::LOGGED.member(name).channel()
        });
        curves.chain(histograms).collect()
    }
}

/// Histograms on common edges.
fn common(kept: &[(f64, Bins)]) -> Histograms {
    let filled = || kept.iter().flat_map(|(_, bins)| filled_edges(bins));
    let low = filled().fold(f64::INFINITY, f64::min);
    let high = filled().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        return Histograms::default();
    }
    let width = ((high - low) / BINS as f64).max(f64::MIN_POSITIVE);
    let edges: Vec<f64> = (0..=BINS).map(|edge| low + width * edge as f64).collect();
    let mut counts = Timeline::default();
    for (step, bins) in kept {
        let mut shares = vec![0.0_f64; BINS];
        for (pair, count) in bins.edges.windows(2).zip(&bins.counts) {
            let [left, right] = pair else { continue };
            if *count > 0.0 {
                spread(&mut shares, (left - low) / width, (right - low) / width, *count);
            }
        }
        counts.push(step.max(0.0) as u64, whole(&shares));
    }
    Histograms { edges, counts, markers: Vec::new() }
}

/// Whole counts whose sum is that of the shares: what is cut off in one bin is carried into the next.
fn whole(shares: &[f64]) -> Vec<u32> {
    let (mut sum, mut counted) = (0.0, 0.0);
    let count = |share: &f64| {
        sum += share;
        let now = f64::round(sum) - counted;
        counted += now;
        now as u32
    };
    shares.iter().map(count).collect()
}

/// Ends of the bins that hold anything.
fn filled_edges(bins: &Bins) -> impl Iterator<Item = f64> + '_ {
    let filled = bins.edges.windows(2).zip(&bins.counts).filter(|(_, count)| **count > 0.0);
    filled.flat_map(|(pair, _)| pair.iter().copied())
}

/// Spreads a count evenly between two places, in bins.
fn spread(shares: &mut [f64], left: f64, right: f64, count: f64) {
    let last = shares.len().saturating_sub(1);
    let (first, end) = ((left.max(0.0) as usize).min(last), (right.max(0.0) as usize).min(last));
    for (bin, share) in shares.iter_mut().enumerate().take(end + 1).skip(first) {
        let inside = (right.min(bin as f64 + 1.0) - left.max(bin as f64)).max(0.0);
        let part = if right > left { inside / (right - left) } else { f64::from(u8::from(bin == first)) };
        *share += count * part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_session_takes_the_place_of_what_it_writes_again() {
        let mut logged = Logged::default();
        for (step, value) in [(1.0, 5.0), (2.0, 4.0), (3.0, 3.0), (2.0, 3.5), (3.0, 3.2)] {
            logged.number("loss", step, value);
        }
        assert_eq!(logged.counts(), (1, 0, 3));
        assert_eq!(logged.superseded, 2);
        let Some(Channel { data: Data::Curve(curve), .. }) = logged.channels().pop() else {
            panic!("a curve");
        };
        assert_eq!(curve.last().unwrap().1.y, [5.0, 3.5, 3.2]);
    }

    #[test]
    fn histograms_keep_their_counts_on_common_edges() {
        let of = |edges: &[f64], counts: &[f64]| Bins { edges: edges.to_vec(), counts: counts.to_vec() };
        let kept = [
            (1.0, of(&[-1.0, 0.0, 1.0], &[30.0, 90.0])),
            (2.0, of(&[-3.0, 3.0], &[600.0])),
            (3.0, of(&[0.5, 0.5], &[7.0])),
        ];
        let Histograms { edges, counts, .. } = common(&kept);
        assert_eq!((edges[0], edges.len()), (-3.0, BINS + 1));
        let totals: Vec<u32> = counts.iter().map(|(_, counts)| counts.iter().sum()).collect();
        assert_eq!(totals, [120, 600, 7]);
        assert_eq!(counts.iter().next().unwrap().1[25], 3, "30 in ten bins");
    }
}
