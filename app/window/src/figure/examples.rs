//! Small figures that the tests of several modules share.

use super::axis::Scale;
use super::colormap::{ColorMap, ColorScale};
use super::model::{Axis, Body, Dash, Figure, Heat, Ink, Item, Line, Orientation, Plot, Rule};
use super::provenance::Provenance;

/// Two lines on a logarithmic axis, with a gap, a hidden point and a rule.
pub(super) fn lines() -> Figure {
    let curve =
        |rate: f64| (0..20).map(|i| [f64::from(i) * 50.0, (-rate * f64::from(i)).exp()]).collect::<Vec<_>>();
    let mut broken = curve(0.2);
    broken[7][1] = f64::NAN;
    broken[8][1] = 0.0;
    let plot = Plot::new(Axis::new("step"), Axis::new("loss").unit("nat").scale(Scale::Log))
        .with(Line::new("train", curve(0.35), Ink::Series(0)))
        .with(Line::new("test & <control>", broken, Ink::Series(9)))
        .with(Item::Rule(Rule {
            orientation: Orientation::Horizontal,
            value: 0.01,
            label: "target".to_owned(),
            dash: Dash::Dotted,
            ink: Ink::Muted,
            control: None,
        }));
    let mut provenance = Provenance::new("compander", "loss");
    provenance.version = "0.0.0".to_owned();
    provenance.run_ids = vec!["run-1".to_owned()];
    Figure::new("Loss of two runs", Body::Plot(plot), provenance)
}

/// A heat map of two colours with one row of no data at the top.
pub(super) fn checkerboard() -> Figure {
    let values =
        (0..48).map(|cell| if cell / 8 == 5 { f32::NAN } else { ((cell + cell / 8) % 2) as f32 }).collect();
    let names = (0..6).map(|row| format!("layer {row}")).collect();
    let scale = ColorScale::new(ColorMap::Viridis, (0.0, 1.0));
    let mut plot = Plot::new(Axis::new("column"), Axis::categorical("", names))
        .with(Heat::on_unit_grid(6, 8, values, scale));
    plot.color_bar = Some(super::model::ColorBar { scale, label: "share".to_owned(), unit: String::new() });
    let mut provenance = Provenance::new("oscillation", "layers");
    provenance.version = "0.0.0".to_owned();
    Figure::new("", Body::Plot(plot), provenance)
}
