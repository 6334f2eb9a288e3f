//! Between data units and the linear axes of `egui_plot`: mapping, grid marks, tick texts.

use egui_plot::GridMark;

use super::names::Names;
use crate::figure::model::Axis;
use crate::figure::{number, ticks};

/// Most letters of a name below a plot.
pub(super) const LONGEST_NAME: usize = 18;
/// Most letters of a name beside a plot, where there is more room.
const LONGEST_BESIDE: usize = 34;

/// An axis as `egui_plot` sees it: scaled, and turned over if inverted.
pub(super) struct Mapped<'a>(pub(super) &'a Axis);

impl Mapped<'_> {
    pub(super) fn to(&self, value: f64) -> f64 {
        let place = self.0.scale.to_axis(value);
        if self.0.inverted { -place } else { place }
    }

    /// A place below everything that a logarithmic axis shows.
    pub(super) fn floor(&self) -> f64 {
        const FAR_BELOW: f64 = 1e-300;
        self.to(FAR_BELOW)
    }

    pub(super) fn from(&self, place: f64) -> f64 {
        self.0.scale.from_axis(if self.0.inverted { -place } else { place })
    }
}

/// How many labels an axis has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Ticks, about.
    pub(super) wanted: usize,
    /// Length of the axis, points.
    pub(super) length: f32,
    /// What one name takes of it; with too many of them every second, third … is written.
    pub(super) name: f32,
    /// What a letter of a number takes of it; numbers above each other take as much as names.
    pub(super) letter: Option<f32>,
    /// Most letters of a name.
    pub(super) letters: usize,
}

/// Most letters of a name beside a plot of this width, which keeps more than half of it for the drawing.
pub(super) fn letters_beside(width: f32) -> usize {
    /// Width of a letter, and the share of the plot that names may take.
    const EACH: f32 = 5.6;
    const SHARE: f32 = 0.35;
    /// Fewer letters tell nothing.
    const FEWEST: usize = 6;
    ((width * SHARE / EACH).max(0.0) as usize).clamp(FEWEST, LONGEST_BESIDE)
}

/// Grid marks at the figure's own ticks.
pub(super) fn marks(axis: &Axis, names: &Names, (low, high): (f64, f64), room: Room) -> Vec<GridMark> {
    let mapped = Mapped(axis);
    let wanted = room.wanted;
    let (a, b) = (mapped.from(low), mapped.from(high));
    let range = (a.min(b), a.max(b));
    if axis.categories.is_some() {
        let each = f64::from(room.length.max(1.0)) / (high - low).abs().max(1e-9);
        let stride = ((f64::from(room.name) / each).ceil() as usize).max(1);
        let mark = |(place, _): (f64, &str)| GridMark { value: mapped.to(place), step_size: stride as f64 };
        return names.ticks(axis, stride, range).into_iter().map(mark).collect();
    }
    let found = ticks::ticks(axis.scale, range, wanted);
    let major: Vec<f64> = found
        .iter()
        .filter(|tick| tick.kind == ticks::TickKind::Major)
        .map(|tick| mapped.to(tick.value))
        .filter(|place| (low..=high).contains(place))
        .collect();
    // One step size for all, so that all lines are drawn alike; egui_plot drops labels that it thinks too close, all of them at once.
    let gap = major.windows(2).map(|pair| match pair {
        [a, b] => (b - a).abs(),
        _ => f64::INFINITY,
    });
    let gap = gap.fold(high - low, f64::min);
    let widest = found.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0);
    let label = room.letter.map_or(room.name, |letter| widest as f32 * letter + letter);
    let each = gap / (high - low).max(1e-300) * f64::from(room.length);
    let stride = ((f64::from(label) / each.max(1e-9)).ceil() as usize).clamp(1, major.len().max(1));
    let step_size = gap * stride as f64;
    // Of three that are too close the middle one says more than the ends.
    let first = major.len().saturating_sub(1) % stride / 2;
    major.into_iter().skip(first).step_by(stride).map(|value| GridMark { value, step_size }).collect()
}

/// What is written at a mark.
pub(super) fn tick_text(
    axis: &Axis,
    mark: GridMark,
    range: &std::ops::RangeInclusive<f64>,
    room: Room,
    names: &Names,
) -> String {
    let mapped = Mapped(axis);
    if axis.categories.is_some() {
        let place = mapped.from(mark.value);
        let stride = mark.step_size.round().max(1.0) as usize;
        return names.text(axis, stride, place, room.letters);
    }
    let (a, b) = (mapped.from(*range.start()), mapped.from(*range.end()));
    let wanted = mapped.from(mark.value);
    let tolerance = (b - a).abs() * 1e-6;
    ticks::ticks(axis.scale, (a.min(b), a.max(b)), room.wanted)
        .into_iter()
        .find(|tick| (tick.value - wanted).abs() <= tolerance.max(wanted.abs() * 1e-9))
        .map_or_else(|| number::significant(wanted, 4), |tick| tick.label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_leave_room_for_the_drawing_beside_them() {
        assert_eq!(letters_beside(600.0), LONGEST_BESIDE, "a wide plot has room");
        assert_eq!(letters_beside(140.0), 8, "a third of a narrow one");
        assert_eq!(letters_beside(10.0), 6, "fewer would tell nothing");
    }
}
