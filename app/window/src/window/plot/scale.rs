//! Between data units and the linear axes of `egui_plot`: mapping, grid marks, tick texts.

use egui_plot::GridMark;

use crate::figure::model::Axis;
use crate::figure::told::told;
use crate::figure::{categories, number, ticks};

/// Most letters of a name at an axis.
pub(super) const LONGEST_NAME: usize = 18;

/// Most names of an axis that are compared with each other, and measured, in a frame.
pub(super) const MANY_NAMES: usize = 256;

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
    ((width * SHARE / EACH).max(0.0) as usize).clamp(FEWEST, LONGEST_NAME)
}

/// Grid marks at the figure's own ticks.
pub(super) fn marks(axis: &Axis, (low, high): (f64, f64), room: Room) -> Vec<GridMark> {
    let mapped = Mapped(axis);
    let wanted = room.wanted;
    if let Some(names) = &axis.categories {
        let each = f64::from(room.length.max(1.0)) / (high - low).abs().max(1e-9);
        let stride = ((f64::from(room.name) / each).ceil() as usize).max(1);
        let mark = |(place, _): (f64, &str)| GridMark { value: mapped.to(place), step_size: stride as f64 };
        return categories::ticks(names, stride).into_iter().map(mark).collect();
    }
    let (a, b) = (mapped.from(low), mapped.from(high));
    let found = ticks::ticks(axis.scale, (a.min(b), a.max(b)), wanted);
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

/// The names of an axis as they are written with so many letters at most; none of an axis of numbers, or of one with so many names that
/// to compare them would cost each frame: there each is cut by itself when it is drawn.
pub(super) fn written(axis: &Axis, most: usize) -> Vec<String> {
    let names: Vec<&str> = axis.categories.iter().flatten().map(String::as_str).collect();
    if names.len() > MANY_NAMES {
        return Vec::new();
    }
    told(&names, |name| name.chars().count() <= most)
}

pub(super) fn tick_text(
    axis: &Axis,
    mark: GridMark,
    range: &std::ops::RangeInclusive<f64>,
    room: Room,
    written: &[String],
) -> String {
    let mapped = Mapped(axis);
    if let Some(names) = &axis.categories {
        let place = mapped.from(mark.value);
        let stride = mark.step_size.round().max(1.0) as usize;
        let ticks = categories::ticks(names, stride);
        let Some((_, name)) = ticks.into_iter().find(|(own, _)| (own - place).abs() < 1e-6) else {
            return String::new();
        };
        // The name of a group is none of the names, and of very many names none is written beforehand.
        let own = names.iter().position(|own| own == name).and_then(|place| written.get(place));
        let of_group = || told(&[name], |name| name.chars().count() <= room.letters).concat();
        return own.cloned().unwrap_or_else(of_group);
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
    fn of_very_many_names_each_is_cut_by_itself() {
        let name = |layer: usize| format!("model.layers.{layer}.self_attn.k_proj");
        let axis = |count: usize| Axis::categorical("layer", (0..count).map(name).collect());
        assert_eq!(written(&axis(2), 12), ["0", "1"], "what all share is left out");
        let many = axis(MANY_NAMES + 1);
        assert!(written(&many, 12).is_empty());
        let room = Room { wanted: 5, length: 100.0, name: 10.0, letter: None, letters: 12 };
        let mark = GridMark { value: Mapped(&many).to(7.5), step_size: 1.0 };
        let text = tick_text(&many, mark, &(0.0..=9.0), room, &[]);
        assert!(text.contains('7') && text.chars().count() <= 12, "{text}");
    }

    #[test]
    fn names_leave_room_for_the_drawing_beside_them() {
        assert_eq!(letters_beside(600.0), LONGEST_NAME, "a wide plot has room");
        assert_eq!(letters_beside(140.0), 8, "a third of a narrow one");
        assert_eq!(letters_beside(10.0), 6, "fewer would tell nothing");
    }
}
