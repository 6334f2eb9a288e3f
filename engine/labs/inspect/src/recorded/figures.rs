//! Level changes of recorded weights: by their cause, how often each weight oscillates, how far it went on the levels and beneath them.
//!
//! Switches, oscillations and causes as in [`weightscope_math::oscillation`]; path ratio R = Σ|ΔQ(w)| / Σ|Δw| as in arXiv 2502.20853,
//! whose authors call a weight oscillating from 16 on. Between two sessions nothing is compared: the weights may come from a
//! checkpoint.

use weightscope_math::oscillation::attribution::{Flips, attribute};
use weightscope_math::oscillation::tracker::{Totals, Tracker};
use weightscope_math::oscillation::window::Window;
use weightscope_math::quantize::Groups;

use super::placed::Chosen;
use super::{Placed, Track};

/// From this path ratio on a weight is called oscillating (arXiv 2502.20853).
pub(crate) const OSCILLATING_RATIO: f64 = 16.0;

/// One level change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flip {
    pub(crate) frame: usize,
    pub(crate) weight: usize,
    /// It would not have happened under the scale before.
    pub(crate) is_by_scale: bool,
}

/// Figures of the weights of one tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// All level changes, frame after frame.
    pub(crate) flips: Vec<Flip>,
    /// Frames that were compared with the one before.
    pub(crate) compared: usize,
    /// For each weight its figures.
    pub(crate) weights: Vec<OfWeight>,
    /// Frames of the window.
    pub(crate) filled: usize,
}

/// Figures of one weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OfWeight {
    /// Its level is known in some frame.
    pub(crate) is_known: bool,
    /// Oscillations in all, and in the window.
    pub(crate) oscillations: u32,
    pub(crate) recent: u16,
    /// Not-a-number for a weight that never moved.
    pub(crate) path_ratio: f64,
}

/// Computes the figures; `window` frames count for the frequency.
pub(crate) fn figures(
    track: &Track,
    placed: &Placed,
    chosen: Chosen,
    sessions: &[u32],
    window: usize,
) -> Figures {
    let known: Vec<usize> = (0..track.weights.len())
        .filter(|weight| placed.unknown.get(*weight).is_some_and(|unknown| unknown.iter().any(|lost| !lost)))
        .collect();
    let count = known.len();
    let mut figures =
        Figures { weights: vec![OfWeight::default(); track.weights.len()], ..Figures::default() };
    let mut tracker = Tracker::new(count, 0.01, Totals::Dropped);
    let mut recent = Window::new(u16::try_from(window).unwrap_or(u16::MAX), count);
    let mut totals = vec![0_u32; count];
    let of = |series: &[Vec<f32>], frame: usize| -> Vec<f32> {
        known.iter().map(|weight| value(series, *weight, frame).unwrap_or(f32::NAN)).collect()
    };
    let (mut levels, mut scales): (Vec<i8>, Vec<f32>) = (vec![0; count], vec![f32::NAN; count]);
    for frame in 0..sessions.len() {
        let begins = frame == 0 || sessions.get(frame) != sessions.get(frame - 1);
        if begins {
            tracker = Tracker::new(count, 0.01, Totals::Dropped);
        }
        let before = levels.clone();
        for (level, weight) in levels.iter_mut().zip(&known) {
            // A weight that is lost for a frame keeps its level.
            if value(&placed.unknown, *weight, frame) == Some(false) {
                *level = value(&placed.levels, *weight, frame).unwrap_or(*level);
            }
        }
        let seen = tracker.observe(&levels);
        if !begins {
            let weights = of(&track.weights, frame);
            for index in &seen.switched {
                let groups = Groups::rows(count, 1);
                let flips = attribute(&[*index], &before, &scales, &weights, groups, |weight, scale| {
                    chosen.level(weight, scale)
                });
                let weight = known.get(*index as usize).copied().unwrap_or_default();
                figures.flips.push(Flip { frame, weight, is_by_scale: flips.by_scale > 0 });
            }
            figures.compared += 1;
        }
        recent.push(&seen.oscillated);
        for index in &seen.oscillated {
            if let Some(total) = totals.get_mut(*index as usize) {
                *total += 1;
            }
        }
        scales = of(&placed.steps, frame);
    }
    figures.filled = recent.filled();
    for (index, weight) in known.iter().enumerate() {
        if let Some(slot) = figures.weights.get_mut(*weight) {
            *slot = OfWeight {
                is_known: true,
                oscillations: totals.get(index).copied().unwrap_or_default(),
                recent: recent.counts().get(index).copied().unwrap_or_default(),
                path_ratio: path_ratio(track, placed, chosen, *weight, sessions),
            };
        }
    }
    figures
}

/// How far the quantized weight went over how far the weight itself went.
fn path_ratio(track: &Track, placed: &Placed, chosen: Chosen, weight: usize, sessions: &[u32]) -> f64 {
    let (mut quantized, mut latent) = (0.0, 0.0);
    let mut before: Option<(u32, f32, f32)> = None;
    for (frame, session) in sessions.iter().enumerate() {
        let now = (|| {
            if value(&placed.unknown, weight, frame)? {
                return None;
            }
            let level = f32::from(value(&placed.levels, weight, frame)?);
            let step = value(&placed.steps, weight, frame)?;
            Some((*session, value(&track.weights, weight, frame)?, chosen.value(level, step)))
        })();
        if let (Some((session, w, q)), Some((earlier, then_w, then_q))) = (now, before)
            && session == earlier
        {
            latent += f64::from((w - then_w).abs());
            quantized += f64::from((q - then_q).abs());
        }
        before = now.or(before);
    }
    quantized / latent
}

fn value<T: Copy>(series: &[Vec<T>], weight: usize, frame: usize) -> Option<T> {
    series.get(weight)?.get(frame).copied()
}

impl Figures {
    /// Level changes of the last so many frames, by cause.
    pub(crate) fn recent(&self, frames: usize, window: usize) -> Flips {
        let from = frames.saturating_sub(window);
        let mut flips = Flips::default();
        for flip in self.flips.iter().filter(|flip| flip.frame >= from) {
            if flip.is_by_scale {
                flips.by_scale += 1;
            } else {
                flips.by_weight += 1;
            }
        }
        flips
    }

    /// Weights whose level is known.
    pub(crate) fn known(&self) -> usize {
        self.weights.iter().filter(|weight| weight.is_known).count()
    }

    /// Weights whose oscillations per frame of the window lie above a threshold.
    pub(crate) fn above(&self, threshold: f32) -> usize {
        let limit = threshold * self.filled.max(1) as f32;
        self.weights.iter().filter(|weight| weight.is_known && f32::from(weight.recent) > limit).count()
    }
}
