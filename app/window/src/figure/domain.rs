//! The range that each axis of a plot shows when the author fixed none. The window and the files share it.

use super::axis::Scale;
use super::model::{Axis, Item, Orientation, Plot};

/// Share of the axis left free at each end, so that lines do not touch the frame.
const MARGIN: f64 = 0.04;

/// Shown ranges in data units, lower end first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// Of the horizontal axis.
    pub x: (f64, f64),
    /// Of the vertical axis.
    pub y: (f64, f64),
}

impl Domain {
    /// The ranges of a plot: those of its axes, else the reach of its items.
    pub fn of(plot: &Plot) -> Self {
        Self::reaching(plot, &plot.x, &plot.y)
    }

    /// The ranges of a plot's items on other axes.
    pub fn reaching(plot: &Plot, x: &Axis, y: &Axis) -> Self {
        let mut reach = Reach { x: Extent::new(plot.x.scale), y: Extent::new(plot.y.scale) };
        for item in &plot.items {
            reach.add(item);
        }
        Self { x: reach.x.resolve(x), y: reach.y.resolve(y) }
    }
}

/// What the items cover in one direction.
struct Extent {
    scale: Scale,
    low: f64,
    high: f64,
    /// Ends that no margin may be added to, because a heat map or a bar ends there.
    tight_low: f64,
    tight_high: f64,
}

struct Reach {
    x: Extent,
    y: Extent,
}

impl Reach {
    fn add(&mut self, item: &Item) {
        match item {
            Item::Line(line) => self.points(&line.points),
            Item::Points(points) => self.points(&points.points),
            Item::Band(band) => {
                band.x.iter().for_each(|x| self.x.add(*x));
                band.lower.iter().chain(&band.upper).for_each(|y| self.y.add(*y));
            }
            Item::Area(area) => {
                area.x.iter().for_each(|x| self.x.add_tight(*x));
                area.y.iter().chain([&area.baseline]).for_each(|y| self.y.add(*y));
            }
            Item::Heat(heat) => {
                heat.x_edges.iter().for_each(|x| self.x.add_tight(*x));
                heat.y_edges.iter().for_each(|y| self.y.add_tight(*y));
            }
            Item::Bars(bars) => {
                let (along, across) = match bars.orientation {
                    Orientation::Vertical => (&mut self.x, &mut self.y),
                    Orientation::Horizontal => (&mut self.y, &mut self.x),
                };
                bars.edges.iter().for_each(|edge| along.add_tight(*edge));
                bars.boxes().for_each(|[_, _, _, end]| across.add(end));
                across.add_tight(0.0);
            }
            Item::Rule(rule) => self.along(rule.orientation).add(rule.value),
            Item::Span(span) => {
                self.along(span.orientation).add(span.from);
                self.along(span.orientation).add(span.to);
            }
            Item::Label(label) => self.points(&[label.at]),
            Item::Handle(handle) => self.points(&[handle.at]),
        }
    }

    fn points(&mut self, points: &[[f64; 2]]) {
        for [x, y] in points {
            // A point that one axis cannot show does not stretch the other.
            if self.x.scale.shows(*x) && self.y.scale.shows(*y) {
                self.x.add(*x);
                self.y.add(*y);
            }
        }
    }

    const fn along(&mut self, orientation: Orientation) -> &mut Extent {
        match orientation {
            Orientation::Horizontal => &mut self.y,
            Orientation::Vertical => &mut self.x,
        }
    }
}

impl Extent {
    const fn new(scale: Scale) -> Self {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { scale, low, high, tight_low: low, tight_high: high }
    }

    fn add(&mut self, value: f64) {
        if self.scale.shows(value) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    fn add_tight(&mut self, value: f64) {
        self.add(value);
        if self.scale.shows(value) {
            self.tight_low = self.tight_low.min(value);
            self.tight_high = self.tight_high.max(value);
        }
    }

    fn resolve(&self, axis: &Axis) -> (f64, f64) {
        let scale = axis.scale;
        if let Some(range) = axis.range {
            return scale.sane_range(range);
        }
        let (low, high) = scale.sane_range((self.low, self.high));
        let (from, to) = (scale.to_axis(low), scale.to_axis(high));
        let margin = (to - from) * MARGIN;
        let widened = (
            if self.tight_low <= low { low } else { scale.from_axis(from - margin) },
            if self.tight_high >= high { high } else { scale.from_axis(to + margin) },
        );
        scale.sane_range(widened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::colormap::{ColorMap, ColorScale};
    use crate::figure::model::{Bars, Heat, Ink, Line};

    #[test]
    fn lines_get_a_margin_and_heat_maps_none() {
        let line = Line::new("a", vec![[0.0, 1.0], [10.0, 2.0]], Ink::Series(0));
        let domain = Domain::of(&Plot::new(Axis::new("x"), Axis::new("y")).with(line));
        assert_eq!(domain.x, (-0.4, 10.4));
        let heat = Heat::on_unit_grid(2, 3, vec![0.0; 6], ColorScale::new(ColorMap::Viridis, (0.0, 1.0)));
        let domain = Domain::of(&Plot::new(Axis::new("x"), Axis::new("y")).with(heat));
        assert_eq!(domain, Domain { x: (0.0, 3.0), y: (0.0, 2.0) });
    }

    #[test]
    fn bars_stand_on_zero() {
        let bars = Bars::new("", vec![0.0, 1.0, 2.0], vec![4.0, 5.0], Ink::Muted);
        let domain = Domain::of(&Plot::new(Axis::new("x"), Axis::new("y")).with(bars));
        assert_eq!(domain.y.0, 0.0);
        assert!(domain.y.1 > 5.0);
    }

    #[test]
    fn hidden_points_do_not_stretch_a_logarithmic_plot() {
        let line = Line::new("a", vec![[-50.0, 0.0], [1.0, 1.0], [2.0, 100.0]], Ink::Series(0));
        let plot = Plot::new(Axis::new("x"), Axis::new("y").scale(Scale::Log)).with(line);
        let domain = Domain::of(&plot);
        assert!(domain.x.0 > 0.9 && domain.y.0 > 0.5, "{domain:?}");
        assert_eq!(plot.hidden_points(), 1);
    }

    #[test]
    fn an_empty_plot_has_a_domain() {
        let domain = Domain::of(&Plot::new(Axis::new("x"), Axis::new("y").scale(Scale::Log)));
        assert_eq!(domain, Domain { x: (-0.04, 1.04), y: domain.y });
        assert!(domain.y.0 > 0.0 && domain.y.0 < domain.y.1);
    }
}
