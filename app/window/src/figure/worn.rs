//! What the series of a plot wear, name and colour, and what stays of an item when some of them are hidden.

use std::collections::BTreeSet;

use super::model::{Ink, Item, PointInk, Points};

impl Item {
    /// Its colour, if that is one for all of it.
    pub(crate) fn ink(&self) -> Option<Ink> {
        match self {
            Self::Line(line) => Some(line.ink),
            Self::Band(band) => Some(band.ink),
            Self::Area(area) => Some(area.ink),
            Self::Bars(bars) => Some(bars.ink),
            Self::Points(Points { ink: PointInk::One(ink), .. }) => Some(*ink),
            _ => None,
        }
    }

    /// The same item under other words, if it has a name.
    pub(crate) fn rename(&mut self, name: &str) {
        let own = match self {
            Self::Line(line) => &mut line.name,
            Self::Points(points) => &mut points.name,
            Self::Band(band) => &mut band.name,
            Self::Area(area) => &mut area.name,
            Self::Bars(bars) => &mut bars.name,
            Self::Heat(_) | Self::Rule(_) | Self::Span(_) | Self::Label(_) | Self::Handle(_) => return,
        };
        name.clone_into(own);
    }

    /// The same item in another colour, if it has one.
    pub(crate) fn recolor(&mut self, ink: Ink) {
        match self {
            Self::Line(line) => line.ink = ink,
            Self::Band(band) => band.ink = ink,
            Self::Area(area) => area.ink = ink,
            Self::Bars(bars) => bars.ink = ink,
            Self::Points(points) => {
                if let PointInk::One(own) = &mut points.ink {
                    *own = ink;
                }
            }
            _ => {}
        }
    }

    /// The item without what belongs to hidden series, `all` being the items of its plot; nothing if all of it does.
    ///
    /// What has no name of its own (the raw values behind a smoothed line, the band of a mean) goes with the named lines in its colour.
    pub(super) fn without(&self, hidden: &BTreeSet<String>, all: &[Self]) -> Option<Self> {
        let name = self.name();
        if hidden.contains(name) {
            return None;
        }
        let ink = match self {
            Self::Line(line) => Some(line.ink),
            Self::Band(band) => Some(band.ink),
            _ => None,
        };
        if let Some(ink) = ink.filter(|_| name.is_empty()) {
            let mut like = all.iter().filter_map(|item| match item {
                Self::Line(line) if line.ink == ink && !line.name.is_empty() => Some(&line.name),
                _ => None,
            });
            let first = like.next();
            if first.is_some_and(|name| hidden.contains(name)) && like.all(|name| hidden.contains(name)) {
                return None;
            }
        }
        match self {
            Self::Points(points) if !points.owners.is_empty() => Some(points.without(hidden).into()),
            item => Some(item.clone()),
        }
    }
}

/// The values at some places.
fn of<T: Clone>(all: &[T], kept: &[usize]) -> Vec<T> {
    kept.iter().filter_map(|index| all.get(*index).cloned()).collect()
}

impl Points {
    /// Those whose owners are not hidden.
    fn without(&self, hidden: &BTreeSet<String>) -> Self {
        let stays = |index: usize| self.owners.get(index).is_none_or(|owner| !hidden.contains(owner));
        let kept: Vec<usize> = (0..self.points.len()).filter(|index| stays(*index)).collect();
        let ink = match &self.ink {
            PointInk::Mapped { values, scale } => {
                PointInk::Mapped { values: of(values, &kept), scale: *scale }
            }
            one @ PointInk::One(_) => one.clone(),
        };
        Self {
            name: self.name.clone(),
            points: of(&self.points, &kept),
            sizes: of(&self.sizes, &kept),
            ink,
            owners: of(&self.owners, &kept),
            words: of(&self.words, &kept),
            ..*self
        }
    }
}
