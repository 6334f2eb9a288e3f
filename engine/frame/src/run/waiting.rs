//! Points of a vector channel on their way into the record.
//!
//! A point at a time, sixty-four series cost a step more than their arithmetic: each push looks at memory that the step has
//! long driven out of the cache. So points wait here and enter the series many at once.
//! Contract: [`Waiting::settle`] moves all of them, in the order in which they came, to the bit; a component must have joined before its first point.

use crate::record::{Channel, Data, Record};

/// Points that may wait: 16 kB, half of the smallest cache.
const MOST: usize = 1024;

/// Points of one vector channel that have not entered their series yet.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    channel: String,
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    step: f64,
    component: u32,
    value: f32,
}

impl Waiting {
    /// Takes a point in; those of another channel, and those of a full list, enter the record first.
    pub(super) fn push(&mut self, record: &mut Record, channel: &str, component: u32, step: u64, value: f32) {
        if self.points.len() >= MOST || self.channel != channel {
            self.settle(record);
            channel.clone_into(&mut self.channel);
        }
        self.points.push(Point { step: step as f64, component, value });
    }

    /// Moves all points into the record.
    pub(super) fn settle(&mut self, record: &mut Record) {
        if self.points.is_empty() {
            return;
        }
        if let Some(Channel { data: Data::Vector(vector), .. }) = record.get_mut(&self.channel) {
            for point in &self.points {
                if let Some(component) = vector.components.get_mut(point.component as usize) {
                    component.series.push(point.step, f64::from(point.value));
                }
            }
        }
        self.points.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Component, Series, Vector};

    fn record() -> Record {
        let mut record = Record::default();
        for id in ["a", "b"] {
            let component =
                |id| Component { label: String::new(), group: String::new(), id, series: Series::default() };
            let vector = Vector { components: vec![component(0), component(1)] };
            record.insert(Channel::new(id, "", "", "", Data::Vector(vector)));
        }
        record
    }

    fn points(record: &Record, channel: &str, component: usize) -> Vec<(f64, f64)> {
        let vector = record.vector(channel).unwrap();
        vector.components[component].series.iter().map(|point| (point.x, point.y)).collect()
    }

    #[test]
    fn all_points_arrive_in_order_however_many_wait() {
        let (mut record, mut waiting) = (record(), Waiting::default());
        for step in 0..3000 {
            waiting.push(&mut record, "a", 0, step, step as f32);
            waiting.push(&mut record, "a", 1, step, -1.5);
        }
        waiting.settle(&mut record);
        let expected: Vec<(f64, f64)> = (0..3000).map(|step| (f64::from(step), f64::from(step))).collect();
        assert_eq!(points(&record, "a", 0), expected);
        assert_eq!(points(&record, "a", 1).len(), 3000);
    }

    #[test]
    fn another_channel_sends_the_first_on_its_way() {
        let (mut record, mut waiting) = (record(), Waiting::default());
        waiting.push(&mut record, "a", 0, 1, 2.0);
        waiting.push(&mut record, "b", 1, 1, 3.0);
        assert_eq!(points(&record, "a", 0), [(1.0, 2.0)], "settled by the change of channel");
        assert!(points(&record, "b", 1).is_empty(), "still waiting");
        waiting.settle(&mut record);
        assert_eq!(points(&record, "b", 1), [(1.0, 3.0)]);
    }
}
