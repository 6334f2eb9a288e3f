//! What is measured: the record of a run, as channels of plain data.
//!
//! Contract: screen, figure and file read the same [`Record`]; copying one is cheap (shared chunks) and the copy never changes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod channel;
mod chunks;
mod column;
mod control;
pub mod declared;
mod frames;
mod handle;
mod metric;
mod packed;
mod points;
mod series;
mod view;

pub use channel::{Channel, Component, Data, Mark, Marks, Vector};
pub use chunks::Chunks;
pub use control::{ControlKind, ControlSpec, ControlValue, Controls, Matters};
pub use frames::{
    BandLine, Bands, Bars, Cell, Curve, Dot, GROUP_SEPARATOR, Graph, Grid, Histograms, MOST_FRAMES, Ranks,
    Table, Timeline,
};
pub use handle::{Coordinate, Handle};
pub use metric::Metric;
pub use series::{Detail, Point, Query, Series};
pub use view::{
    ActionSpec, Acts, AxisScale, AxisSpec, Pick, Quantity, Reference, ReferenceAxis, ReferenceStyle,
    ViewKind, ViewSpec,
};

/// All channels of a run, in the order in which they first appeared.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    channels: Vec<Arc<Channel>>,
    index: BTreeMap<String, usize>,
}

impl Record {
    /// All channels.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().map(AsRef::as_ref)
    }

    /// The channel with this id.
    pub fn get(&self, id: &str) -> Option<&Channel> {
        self.index.get(id).and_then(|index| self.channels.get(*index)).map(AsRef::as_ref)
    }

    /// The channels that a view's list of ids and `family/*` patterns names, in the list's order.
    pub fn select<'a>(&'a self, patterns: &'a [String]) -> Vec<&'a Channel> {
        let mut found = Vec::new();
        for pattern in patterns {
            match pattern.strip_suffix('*') {
                Some(family) => {
                    found.extend(self.channels().filter(|channel| channel.id.starts_with(family)));
                }
                None => found.extend(self.get(pattern)),
            }
        }
        found
    }

    /// The scalar series of a channel.
    pub fn scalar(&self, id: &str) -> Option<&Series> {
        match &self.get(id)?.data {
            Data::Scalar(series) => Some(series),
            _ => None,
        }
    }

    /// The vector of a channel.
    pub fn vector(&self, id: &str) -> Option<&Vector> {
        match &self.get(id)?.data {
            Data::Vector(vector) => Some(vector),
            _ => None,
        }
    }

    /// Adds a channel, or replaces the one with its id.
    pub fn insert(&mut self, channel: Channel) {
        if let Some(place) = self.index.get(&channel.id).and_then(|index| self.channels.get_mut(*index)) {
            *place = Arc::new(channel);
        } else {
            self.index.insert(channel.id.clone(), self.channels.len());
            self.channels.push(Arc::new(channel));
        }
    }

    /// Keeps only the channels that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&Channel) -> bool) {
        self.channels.retain(|channel| keep(channel));
        let places = self.channels.iter().enumerate();
        self.index = places.map(|(place, channel)| (channel.id.clone(), place)).collect();
    }

    /// The channel with this id for writing; shared copies keep what they have.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Channel> {
        let index = *self.index.get(id)?;
        self.channels.get_mut(index).map(Arc::make_mut)
    }

    /// The channel with this id for writing, declared first if it is new.
    pub fn declare(&mut self, id: &str, declare: impl FnOnce() -> Channel) -> &mut Channel {
        let index = if let Some(index) = self.index.get(id) {
            *index
        } else {
            self.insert(declare());
            self.channels.len() - 1
        };
        // `insert` put the channel at this place or it was there before.
        #[expect(clippy::indexing_slicing, reason = "the index was just looked up or made")]
        let channel = &mut self.channels[index];
        Arc::make_mut(channel)
    }

    /// The steps at which pictures are kept, increasing, over all channels.
    pub fn picture_steps(&self) -> Vec<u64> {
        let steps: BTreeSet<u64> = self.channels().flat_map(|channel| channel.data.picture_steps()).collect();
        steps.into_iter().collect()
    }

    /// Everything but the scalar points (those stand in `metrics.csv`), as CBOR.
    pub fn write_pictures(&self, out: impl io::Write) -> io::Result<()> {
        let channels: Vec<Channel> = self
            .channels()
            .map(|channel| match channel.data {
                Data::Scalar(_) => Channel { data: Data::Scalar(Series::default()), ..describe(channel) },
                _ => channel.clone(),
            })
            .collect();
        // A full disk is told as one.
        ciborium::into_writer(&channels, out).map_err(|error| match error {
            ciborium::ser::Error::Io(error) => error,
            ciborium::ser::Error::Value(text) => io::Error::other(text),
        })
    }

    /// Reads what [`Record::write_pictures`] wrote; scalar channels come back empty.
    pub fn read_pictures(input: impl io::Read) -> io::Result<Self> {
        let channels: Vec<Channel> = ciborium::from_reader(input).map_err(io::Error::other)?;
        let mut record = Self::default();
        channels.into_iter().for_each(|channel| record.insert(channel));
        Ok(record)
    }
}

/// A channel's description without its data (cloning the data only to drop them would cost their size).
fn describe(channel: &Channel) -> Channel {
    Channel {
        id: channel.id.clone(),
        label: channel.label.clone(),
        unit: channel.unit.clone(),
        about: channel.about.clone(),
        clock: channel.clock,
        run: channel.run,
        data: Data::Text(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, data: Data) -> Channel {
        Channel::new(id, id, "", "", data)
    }

    #[test]
    fn pictures_survive_the_file_with_their_odd_numbers() {
        let mut record = Record::default();
        record.insert(channel("loss/train", Data::Scalar([(0.0, 1.0)].into_iter().collect())));
        let series: Series = [(0.0, 1.5), (1.0, f64::NAN), (2.0, f64::INFINITY)].into_iter().collect();
        let component = Component { label: "w".to_owned(), group: "fc1".to_owned(), id: 7, series };
        record.insert(channel("trace", Data::Vector(Vector { components: vec![component] })));
        let mut grids = Timeline::default();
        grids.push(3, Grid { rows: vec!["a".to_owned()], values: vec![f32::NAN, 2.0], ..Grid::default() });
        record.insert(channel("grid", Data::Grid(grids)));
        let mut bytes = Vec::new();
        record.write_pictures(&mut bytes).unwrap();
        let full = record.write_pictures(&mut [0_u8; 4][..]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::WriteZero, "the drive's own word: {full}");
        let back = Record::read_pictures(&bytes[..]).unwrap();
        assert_eq!(back.channels().count(), 3, "all channels are described");
        assert!(back.scalar("loss/train").unwrap().is_empty(), "scalar points stand elsewhere");
        let points: Vec<Point> = back.vector("trace").unwrap().components[0].series.iter().collect();
        assert!(
            points[1].y.is_nan() && points[2].y.is_infinite() && points[0].y == 1.5,
            "exact values: {points:?}"
        );
        let Data::Grid(grids) = &back.get("grid").unwrap().data else { panic!("kind changed") };
        assert!(grids.last().unwrap().1.values[0].is_nan(), "NaN stays NaN");
    }

    #[test]
    fn a_copy_does_not_see_later_points() {
        let mut record = Record::default();
        record.insert(channel("a", Data::Scalar(Series::default())));
        let copy = record.clone();
        if let Some(Channel { data: Data::Scalar(series), .. }) = record.get_mut("a") {
            series.push(0.0, 1.0);
        }
        assert_eq!(
            (copy.scalar("a").unwrap().len(), record.scalar("a").unwrap().len()),
            (0, 1),
            "copy and original"
        );
    }
}
