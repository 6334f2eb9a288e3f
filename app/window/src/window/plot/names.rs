//! The names of an axis, as each frame needs them: what depends on all of them is found once, since an axis may have 100,000.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use egui::Ui;

use super::text_width;
use crate::figure::categories::{self, Groups, Named};
use crate::figure::model::Axis;
use crate::figure::told::told;

/// Most names of an axis that are compared with each other, and measured.
const MANY_NAMES: usize = 256;

/// What is known of the names of one axis; its methods are asked with that axis.
#[derive(Default)]
pub(super) struct Names {
    groups: Groups,
    /// The names as they were written last, and with how many letters at most.
    written: RefCell<Option<(usize, Rc<[String]>)>>,
    /// Of very many names, the places of those that had ticks last.
    ticked: RefCell<Vec<usize>>,
    /// Those places, and the names there as they were written last, with how many letters at most.
    told: RefCell<(usize, Vec<usize>, Vec<String>)>,
    /// The width of the longest of them as it was measured last, and how.
    widest: Cell<Option<(Measured, f32)>>,
}

/// What the width of a name depends on besides its letters.
#[derive(Clone, Copy, PartialEq)]
struct Measured {
    letters: usize,
    size: f32,
    pixels_per_point: f32,
}

impl Names {
    /// What is known of the names of this axis; nothing of an axis of numbers.
    pub(super) fn of(axis: &Axis) -> Self {
        Self { groups: axis.categories.as_deref().map(Groups::of).unwrap_or_default(), ..Self::default() }
    }

    /// Places and names of the ticks within a range of the axis, where each wants the room of `stride` intervals.
    pub(super) fn ticks<'a>(&self, axis: &'a Axis, stride: usize, range: (f64, f64)) -> Vec<(f64, &'a str)> {
        let ticks = categories::ticks_within(all(axis), &self.groups, stride, range);
        if all(axis).len() > MANY_NAMES {
            *self.ticked.borrow_mut() =
                ticks.iter().take(MANY_NAMES).map(|(place, _)| *place as usize).collect();
        }
        ticks
    }

    /// What is written at the tick at a place, with so many letters at most; nothing where no tick stands.
    pub(super) fn text(&self, axis: &Axis, stride: usize, place: f64, letters: usize) -> String {
        // Names of groups are cut by themselves.
        let alone = |name: &str| told(&[name], |name| name.chars().count() <= letters).concat();
        match categories::named_at(all(axis), &self.groups, stride, place) {
            Some(Named::One(index)) => {
                let known = self.written(axis, letters).get(index).cloned();
                let known = known.or_else(|| self.told(axis, index, letters));
                known.or_else(|| all(axis).get(index).map(|name| alone(name))).unwrap_or_default()
            }
            Some(Named::Group(name)) => alone(name),
            None => String::new(),
        }
    }

    /// Width of the longest name, written with so many letters at most; nothing for an axis of numbers.
    pub(super) fn widest(&self, ui: &Ui, axis: &Axis, letters: usize) -> f32 {
        let size = egui::TextStyle::Small.resolve(ui.style()).size;
        let measured = Measured { letters, size, pixels_per_point: ui.ctx().pixels_per_point() };
        if let Some((_, width)) = self.widest.get().filter(|(known, _)| *known == measured) {
            return width;
        }
        let names = all(axis);
        let width = if names.len() <= MANY_NAMES {
            self.written(axis, letters).iter().map(|name| text_width(ui, name)).fold(0.0, f32::max)
        } else {
            // Of very many names some tell how wide they are.
            let some = names.iter().step_by(names.len().div_ceil(MANY_NAMES));
            let cut = some.map(|name| name.chars().take(letters).collect::<String>());
            cut.map(|name| text_width(ui, &name)).fold(0.0, f32::max)
        };
        self.widest.set(Some((measured, width)));
        width
    }

    /// A name as it is told from the others that have ticks now; nothing if it has none.
    fn told(&self, axis: &Axis, index: usize, letters: usize) -> Option<String> {
        let ticked = self.ticked.borrow();
        let place = ticked.iter().position(|own| *own == index)?;
        let mut known = self.told.borrow_mut();
        if known.0 != letters || known.1 != *ticked {
            let names: Vec<&str> =
                ticked.iter().filter_map(|index| all(axis).get(*index)).map(String::as_str).collect();
            *known = (letters, ticked.clone(), told(&names, |name| name.chars().count() <= letters));
        }
        known.2.get(place).cloned()
    }

    /// The names as they are written with so many letters at most; none of an axis of numbers, or of one with so many names that they are
    /// not compared with each other.
    fn written(&self, axis: &Axis, letters: usize) -> Rc<[String]> {
        let known = self.written.borrow().as_ref().filter(|(known, _)| *known == letters).cloned();
        if let Some((_, names)) = known {
            return names;
        }
        let names: Vec<&str> = match all(axis) {
            many if many.len() > MANY_NAMES => Vec::new(),
            some => some.iter().map(String::as_str).collect(),
        };
        let names: Rc<[String]> = told(&names, |name| name.chars().count() <= letters).into();
        *self.written.borrow_mut() = Some((letters, Rc::clone(&names)));
        names
    }
}

fn all(axis: &Axis) -> &[String] {
    axis.categories.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(count: usize) -> Axis {
        let name = |layer: usize| format!("model.layers.{layer}.self_attn.k_proj");
        Axis::categorical("layer", (0..count).map(name).collect())
    }

    #[test]
    fn of_very_many_names_those_with_ticks_are_told_from_each_other() {
        let few = axis(2);
        let names = Names::of(&few);
        assert_eq!(*names.written(&few, 12), ["0", "1"], "what all share is left out");
        assert_eq!(names.text(&few, 1, 1.5, 12), "1");
        assert_eq!(names.text(&few, 1, 1.5, 40), "model.layers.1.self_attn.k_proj", "with more room");
        let many = axis(MANY_NAMES + 1);
        let names = Names::of(&many);
        assert!(names.written(&many, 12).is_empty());
        let text = names.text(&many, 1, 7.5, 12);
        assert!(text.contains('7') && text.chars().count() <= 12, "by itself: {text}");
        let ticks = names.ticks(&many, 50, (0.0, 257.0));
        assert_eq!(ticks.len(), 6);
        let texts: Vec<String> = ticks.iter().map(|(place, _)| names.text(&many, 50, *place, 4)).collect();
        assert_eq!(texts, ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(names.text(&many, 2, 7.5, 12), "", "no tick stands there");
    }
}
