//! What the colours of a figure say: the quantity, and the limits that hold its data whatever limits were fixed.

use weightscope_frame::record::ViewSpec;

use crate::figure::colormap::ColorMap;
use crate::figure::model::{Body, Figure, Item, PointInk, heading};

/// Name of the quantity with its unit, and its limits; nothing for a figure without a key to its colours, or without a name.
pub fn quantity(spec: &ViewSpec, figure: &Figure) -> Option<(String, (f64, f64))> {
    let Body::Plot(plot) = &figure.body else { return None };
    let bar = plot.color_bar.as_ref()?;
    let name = heading(&bar.label, &bar.unit);
    if name.is_empty() {
        return None;
    }
    let natural = spec.color.as_ref().and_then(|color| color.limits);
    let (low, high) = natural.or_else(|| span(&plot.items))?;
    let reach = low.abs().max(high.abs());
    Some((name, if bar.scale.map == ColorMap::Diverging { (-reach, reach) } else { (low, high) }))
}

/// From the smallest to the largest value that has a colour; nothing if all are equal.
fn span(items: &[Item]) -> Option<(f64, f64)> {
    let mut span = (f64::INFINITY, f64::NEG_INFINITY);
    let mut take = |value: f64| {
        if value.is_finite() {
            span = (span.0.min(value), span.1.max(value));
        }
    };
    for item in items {
        match item {
            Item::Heat(heat) if heat.categories.is_empty() => {
                heat.values.iter().for_each(|value| take(f64::from(*value)));
            }
            Item::Points(points) => {
                if let PointInk::Mapped { values, .. } = &points.ink {
                    values.iter().for_each(|value| take(*value));
                }
            }
            _ => {}
        }
    }
    (span.0 < span.1).then_some(span)
}
