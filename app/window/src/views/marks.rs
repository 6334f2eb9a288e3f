//! Events of a channel over steps, told apart by colour and shape.

use weightscope_frame::record::{Mark, Marks, ViewSpec};

use super::axis;
use super::options::ViewOptions;
use crate::figure::model::{Ink, Marker, Plot, Points};

/// Events over steps, told apart by colour and shape.
pub(super) fn marks(spec: &ViewSpec, events: &Marks, options: &ViewOptions) -> Plot {
    const SHAPES: [Marker; 4] = [Marker::Circle, Marker::Diamond, Marker::Up, Marker::Square];
    let limit = options.step.map_or(f64::INFINITY, |step| step as f64);
    let values = || events.marks.iter().map(|mark| f64::from(mark.value));
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, events.marks.iter().map(|mark| mark.step)),
        axis(&spec.y, options.y_scale, options, values()),
    );
    for (category, name) in events.categories.iter().enumerate() {
        let of = |mark: &&Mark| usize::from(mark.category) == category && mark.step <= limit;
        let points =
            events.marks.iter().filter(|mark| of(mark)).map(|mark| [mark.step, f64::from(mark.value)]);
        let points = Points::new(name.clone(), points.collect(), Ink::Series(category));
        plot = plot.with(Points {
            marker: SHAPES.get(category % SHAPES.len()).copied().unwrap_or_default(),
            size: 0.8,
            ..points
        });
    }
    plot
}
