//! Exact oscillation counts over the last iterations, for runs too short for a smoothed frequency.
//!
//! Contract: after `t` calls the count of a weight is the number of its events in the last `min(t, length)` calls, exactly.
//! Memory: 2 bytes a weight, and per iteration either 4 bytes an event or one bit a weight, whichever is smaller;
//! events are rare, so the first is the rule.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Events of one iteration in the smaller of two forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Events {
    Listed(Vec<u32>),
    Marked(Vec<u64>),
}

/// Event counts of each weight over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    length: u16,
    counts: Vec<u16>,
    iterations: VecDeque<Events>,
}

impl Window {
    /// A window of `length` iterations (at least 1) over `len` weights.
    pub fn new(length: u16, len: usize) -> Self {
        Self { length: length.max(1), counts: vec![0; len], iterations: VecDeque::new() }
    }

    /// Takes in one iteration: the indices of the weights with an event, each at most once.
    pub fn push(&mut self, events: &[u32]) {
        if self.iterations.len() == usize::from(self.length)
            && let Some(oldest) = self.iterations.pop_front()
        {
            oldest.for_each(|index| self.counts[index] -= 1);
        }
        for index in events {
            self.counts[*index as usize] += 1;
        }
        self.iterations.push_back(Events::new(events, self.counts.len()));
    }

    /// Number of events of each weight in the window.
    pub fn counts(&self) -> &[u16] {
        &self.counts
    }

    /// Number of iterations the window holds so far.
    pub fn filled(&self) -> usize {
        self.iterations.len()
    }

    /// Events per iteration of each weight, over the iterations seen so far; 0 before the first.
    pub fn frequency(&self, weight: usize) -> f32 {
        f32::from(self.counts[weight]) / self.filled().max(1) as f32
    }

    /// Share of weights with a frequency above `threshold`; 0 for no weights.
    pub fn share_above(&self, threshold: f32) -> f64 {
        let limit = threshold * self.filled().max(1) as f32;
        let above = self.counts.iter().filter(|count| f32::from(**count) > limit).count();
        above as f64 / self.counts.len().max(1) as f64
    }
}

impl Events {
    fn new(events: &[u32], len: usize) -> Self {
        if events.len() * 32 <= len {
            return Self::Listed(events.to_vec());
        }
        let mut marks = vec![0_u64; len.div_ceil(64)];
        for index in events {
            marks[*index as usize / 64] |= 1 << (index % 64);
        }
        Self::Marked(marks)
    }

    fn for_each(self, mut act: impl FnMut(usize)) {
        match self {
            Self::Listed(events) => events.into_iter().for_each(|index| act(index as usize)),
            Self::Marked(marks) => {
                for (block, mut mark) in marks.into_iter().enumerate() {
                    while mark != 0 {
                        act(block * 64 + mark.trailing_zeros() as usize);
                        mark &= mark - 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_plain_recount(
            history in prop::collection::vec(prop::collection::vec(any::<bool>(), 130), 1..12),
            sparse in prop::collection::vec(any::<bool>(), 12),
            length in 1_u16..6,
        ) {
            let history: Vec<Vec<u32>> = history.iter().zip(&sparse).map(|(iteration, sparse)| {
                let kept = if *sparse { 3 } else { 130 };
                (0_u32..).zip(iteration).filter(|(_, event)| **event).map(|(index, _)| index).take(kept).collect()
            }).collect();
            let mut window = Window::new(length, 130);
            for (seen, events) in history.iter().enumerate() {
                window.push(events);
                let recent = &history[(seen + 1).saturating_sub(usize::from(length))..=seen];
                for weight in 0..130_u32 {
                    let expected = recent.iter().filter(|events| events.contains(&weight)).count();
                    prop_assert_eq!(usize::from(window.counts()[weight as usize]), expected);
                }
                prop_assert_eq!(window.filled(), recent.len());
            }
        }
    }

    #[test]
    fn share_counts_weights_above_the_threshold_only() {
        let mut window = Window::new(4, 4);
        for events in [&[0, 1][..], &[0], &[], &[0]] {
            window.push(events);
        }
        assert_eq!(window.frequency(0), 0.75);
        assert_eq!(window.share_above(0.25), 0.25);
        assert_eq!(window.share_above(0.2), 0.5);
    }
}
