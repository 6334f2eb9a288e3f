//! Directions: a step beside the negative gradient, the update beside that of full fine-tuning, the run's own or that of a ticked run.

use std::collections::BTreeMap;

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, Curve, Data, Grid, Record, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;
use weightscope_frame::store;

use super::across;
use crate::channels as ch;
use crate::config::{Config, Method};

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("cosine", "").limits(-1.0, 1.0),
        empty: "Cosines of directions appear here with the first step of the adaptation.".to_owned(),
        help: include_str!("../help/alignment.md").to_owned(),
        ..ViewSpec::of("alignment", "Alignment", ViewKind::Lines, &[&ch::ALIGNMENT])
    })
}

/// Updates of this run and of the ticked ones beside that of full fine-tuning.
pub(super) fn with_full(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        across: true,
        x: AxisSpec::new("step", ""),
        y: AxisSpec::new("cosine of ΔW with full's", "").limits(-1.0, 1.0),
        note: Some(ch::LEFT_OUT.id().to_owned()),
        tab_of: Some("alignment".to_owned()),
        empty: "Tick a run of full fine-tuning on the same base, or run with \"Full beside\": the cosine of each update with that one's appears here.".to_owned(),
        help: include_str!("../help/alignment.md").to_owned(),
        ..ViewSpec::of("alignment_full", "Alignment with full", ViewKind::Curve, &[&ch::ALONG_FULL])
    })
    .derived(derive)
}

/// The pictures of the updates, by matrix.
fn updates(record: &Record) -> BTreeMap<&str, &Timeline<Grid>> {
    let pictures = record.channels().filter_map(|channel| match &channel.data {
        Data::Grid(grids) => ch::DELTA.name(&channel.id).map(|name| (name, grids)),
        _ => None,
    });
    pictures.collect()
}

/// The base's weights in their pictures; runs that have the same ones started from the same base. The lines of blocks in a picture are
/// those of a method, not of the base.
fn weights(record: &Record) -> BTreeMap<&str, &[f32]> {
    let pictures = record.channels().filter_map(|channel| match &channel.data {
        Data::Grid(grids) => {
            ch::WEIGHT.name(&channel.id).zip(grids.last().map(|(_, grid)| grid.values.as_slice()))
        }
        _ => None,
    });
    pictures.collect()
}

/// Cosine of the updates of a run with those of another, over the steps of which both have pictures of all matrices.
fn along(own: &Record, full: &Record) -> Curve {
    let (own, full) = (updates(own), updates(full));
    let mut curve = Curve::default();
    let steps = own.values().next().map(|grids| grids.iter().map(|(step, _)| step).collect::<Vec<u64>>());
    for step in steps.unwrap_or_default() {
        let exactly = |grids: &&Timeline<Grid>| {
            grids.at(step).filter(|(at, _)| *at == step).map(|(_, grid)| grid.values.clone())
        };
        let pairs = own.iter().map(|(name, grids)| exactly(grids).zip(full.get(name).and_then(exactly)));
        let Some(pairs) = pairs.collect::<Option<Vec<(Vec<f32>, Vec<f32>)>>>() else { continue };
        let (mut product, mut first, mut second) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (a, b) in pairs.iter().flat_map(|(own, full)| own.iter().zip(full)) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            (product, first, second) = (product + a * b, first + a * a, second + b * b);
        }
        let cosine = product / (first * second).sqrt();
        if cosine.is_finite() {
            curve.x.push(step as f64);
            curve.y.push(cosine);
        }
    }
    curve
}

/// What was measured beside the run itself.
fn beside(record: &Record) -> Option<Curve> {
    let Data::Scalar(series) = &record.get(&ch::ALIGNMENT.id(ch::FULL))?.data else { return None };
    let (x, y) = series.iter().map(|point| (point.x, point.y)).unzip();
    Some(Curve { x, y, band: None })
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let mut runs: Vec<(usize, Config, Record)> = vec![(0, config.clone(), job.record.clone())];
    let is_full = |config: &Config| config.method == Method::Full;
    let peers: Vec<_> = (1..)
        .zip(job.peers)
        .filter_map(|(place, peer)| Some((place, across::settings(&peer.experiment)?, peer)))
        .filter(|(_, other, _)| (other.task, other.model) == (config.task, config.model))
        .collect();
    // Beside full fine-tuning each run is read, without it those that trained their own beside them.
    let is_any_full = is_full(config) || peers.iter().any(|(_, other, _)| is_full(other));
    let mut left_out = across::LeftOut::default();
    for (place, other, peer) in
        peers.into_iter().filter(|(_, other, _)| is_any_full || other.has_full_beside())
    {
        job.control.check()?;
        match store::read_record(&peer.folder) {
            Ok((record, damage)) => {
                damage.iter().for_each(|why| left_out.add(peer, why));
                runs.push((place, other, record));
            }
            Err(why) => left_out.add(peer, &why),
        }
    }
    let base = weights(job.record);
    let same_base = |record: &Record| weights(record) == base;
    // Of several the one at the rate of the run that is shown.
    let full = runs.iter().filter(|(_, other, record)| is_full(other) && same_base(record));
    let full = full.min_by_key(|(_, other, _)| other.learning_rate != config.learning_rate);
    let mut channels: Vec<Channel> = left_out.channel().into_iter().collect();
    for (number, (place, other, record)) in
        runs.iter().enumerate().filter(|(_, (_, other, _))| !is_full(other))
    {
        job.control.check()?;
        let curve = match full {
            Some((_, _, full)) if same_base(record) => along(record, full),
            _ => beside(record).unwrap_or_default(),
        };
        if !curve.x.is_empty() {
            let words = format!("{}, rate {:e}", other.method.short(), other.learning_rate);
            let empty = ch::ALONG_FULL.labelled(&number.to_string(), &words).channel();
            channels.push(Channel { run: Some(*place), data: Data::Curve(Timeline::one(curve)), ..empty });
        }
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record with one matrix, and its updates by step.
    fn record(updates: &[(u64, [f32; 2])]) -> Record {
        let grid = |values: [f32; 2]| Grid { values: values.to_vec(), ..Grid::default() };
        let mut timeline = Timeline::default();
        updates.iter().for_each(|(step, values)| timeline.push(*step, grid(*values)));
        let mut record = Record::default();
        let empty = ch::DELTA.labelled("q", "ΔW, q").channel();
        record.insert(Channel { data: Data::Grid(timeline), ..empty });
        record
    }

    #[test]
    fn a_base_is_told_by_its_weights_whatever_the_blocks_of_the_method() {
        let based = |values: [f32; 4], block: Option<(usize, usize)>| {
            let mut record = Record::default();
            let grid = Grid { values: values.to_vec(), block, ..Grid::default() };
            let empty = ch::WEIGHT.labelled("q", "W, q").channel();
            record.insert(Channel { data: Data::Grid(Timeline::one(grid)), ..empty });
            record
        };
        let (bone, full) = (based([1.0, 2.0, 3.0, 4.0], Some((2, 2))), based([1.0, 2.0, 3.0, 4.0], None));
        assert_eq!(weights(&bone), weights(&full));
        assert_ne!(weights(&bone), weights(&based([1.0, 2.0, 3.0, 5.0], Some((2, 2)))));
    }

    #[test]
    fn updates_are_compared_at_the_steps_that_both_have() {
        let own = record(&[(0, [0.0, 0.0]), (10, [1.0, 0.0]), (20, [1.0, 1.0]), (30, [1.0, 0.0])]);
        let full = record(&[(0, [0.0, 0.0]), (10, [0.0, 2.0]), (20, [2.0, 2.0])]);
        let curve = along(&own, &full);
        assert_eq!(
            curve.x,
            [10.0, 20.0],
            "not at the start, where nothing was changed, nor where one has none"
        );
        assert!(curve.y[0].abs() < 1e-12 && (curve.y[1] - 1.0).abs() < 1e-12, "{:?}", curve.y);
    }
}
