//! Points of a view that a person drags: each coordinate is fixed or stands at a control.

use serde::{Deserialize, Serialize};

use super::Controls;

/// A point that can be dragged, so that a drawn function follows the hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handle {
    /// Words for readers of the accessibility tree and for the file.
    pub label: String,
    /// Horizontal place.
    pub x: Coordinate,
    /// Vertical place.
    pub y: Coordinate,
}

/// One coordinate of a handle, in data units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coordinate {
    /// It stays where it is.
    At(f64),
    /// It stands at a multiple of a control's value; dragging it turns the control.
    Control {
        /// The control, a number.
        id: String,
        /// What the control's value is multiplied with.
        factor: f64,
    },
}

impl Coordinate {
    /// At a multiple of a control's value.
    pub fn control(id: &str, factor: f64) -> Self {
        Self::Control { id: id.to_owned(), factor }
    }

    /// Where it stands; `None` while its control has no number.
    pub fn place(&self, controls: &Controls) -> Option<f64> {
        match self {
            Self::At(value) => Some(*value),
            Self::Control { id, factor } => Some(controls.number(id)? * factor),
        }
    }

    /// The control that it turns and the value that puts it at `place`; `None` if it stays where it is.
    pub fn turned(&self, place: f64) -> Option<(&str, f64)> {
        match self {
            Self::Control { id, factor } if *factor != 0.0 => Some((id, place / factor)),
            _ => None,
        }
    }

    /// The control that it turns, if any.
    pub fn control_id(&self) -> Option<&str> {
        match self {
            Self::At(_) => None,
            Self::Control { id, .. } => Some(id),
        }
    }
}

impl Handle {
    /// A handle with words.
    pub fn new(label: &str, x: Coordinate, y: Coordinate) -> Self {
        Self { label: label.to_owned(), x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ControlValue;

    #[test]
    fn a_handle_stands_at_its_controls_and_turns_them() {
        let mut controls = Controls::default();
        let y = Coordinate::control("amplitude", 0.5);
        assert_eq!(y.place(&controls), None, "before the control has a value");
        controls.set("amplitude", ControlValue::Number(3.0));
        assert_eq!(y.place(&controls), Some(1.5), "half the amplitude");
        assert_eq!(y.turned(2.0), Some(("amplitude", 4.0)), "dragged to 2");
        assert_eq!(Coordinate::At(1.0).turned(2.0), None, "it stays");
        assert_eq!(Coordinate::control("amplitude", 0.0).turned(2.0), None, "no value would do");
    }
}
