//! What was turned before a figure was drawn: thresholds, stages, levels that do not stand where the settings have them.

use weightscope_frame::record::{ControlKind, ControlSpec, ControlValue, Controls, ViewSpec};

use super::{Resolution, ViewOptions};

/// Most controls that the note names.
const MOST: usize = 4;

/// The note of a figure that depends on turned controls; `None` if all stand where they stood at first. Rows, rectangles and words
/// choose what is looked at and change no number: they are not told. On the screen a view's own controls stand beside it, and a note
/// that comes while one is dragged would move the plot: there only those of other views are told.
pub(super) fn note(spec: &ViewSpec, options: &ViewOptions) -> Option<String> {
    let controls = &options.controls;
    let own = if options.resolution == Resolution::Full { spec.controls.as_slice() } else { &[] };
    let all = own.iter().chain(&spec.turned_elsewhere);
    let turned: Vec<String> = all
        .filter(|control| control.is_live(controls))
        .filter_map(|control| words(control, controls))
        .collect();
    let more = turned.len().saturating_sub(MOST);
    let named = turned.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!turned.is_empty()).then(|| format!("turned: {named}{rest}"))
}

fn words(control: &ControlSpec, controls: &Controls) -> Option<String> {
    let label = &control.label;
    match (&control.kind, controls.0.get(&control.id)?) {
        (ControlKind::Number { initial, .. }, ControlValue::Number(value)) if value != initial => {
            Some(format!("{label} {} instead of {}", short(*value), short(*initial)))
        }
        (ControlKind::Switch { initial }, ControlValue::Switch(value)) if value != initial => {
            Some(format!("{label} {}", if *value { "on" } else { "off" }))
        }
        (ControlKind::Choice { options, initial }, ControlValue::Word(word)) if word != initial => {
            let shown = options.iter().find(|(key, _)| key == word).map(|(_, words)| words)?;
            Some(format!("{label} {shown}"))
        }
        _ => None,
    }
}

/// Four significant digits without zeros behind them.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let places = 10.0_f64.powf(3.0 - value.abs().log10().floor());
    ((value * places).round() / places).to_string().replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::ViewKind;

    #[test]
    fn a_dragged_threshold_stands_in_every_figure_that_follows_it() {
        let number = ControlKind::Number { low: 0.0, high: 9.0, initial: 1.0, logarithmic: false };
        let threshold = ControlSpec::new("loss", "loss >", "Above it a cell is hot.", number);
        let spec = ViewSpec {
            derives: vec!["loss".to_owned()],
            turned_elsewhere: vec![threshold],
            ..ViewSpec::new("cells", "Cells", ViewKind::Table, &[])
        };
        let mut options = ViewOptions::default();
        assert_eq!(note(&spec, &options), None, "not turned");
        options.controls.set("loss", ControlValue::Number(1.0));
        assert_eq!(note(&spec, &options), None, "back where it was");
        options.controls.set("loss", ControlValue::Number(0.25));
        assert_eq!(note(&spec, &options).unwrap(), "turned: loss > 0.25 instead of 1");
    }

    #[test]
    fn on_the_screen_a_views_own_controls_are_seen_and_not_told() {
        let number = ControlKind::Number { low: 0.0, high: 9.0, initial: 1.0, logarithmic: false };
        let own = ControlSpec::new("loss", "loss >", "Above it a cell is hot.", number);
        let spec = ViewSpec { controls: vec![own], ..ViewSpec::new("cells", "Cells", ViewKind::Table, &[]) };
        let mut options = ViewOptions::default();
        options.controls.set("loss", ControlValue::Number(0.25));
        assert!(note(&spec, &options).is_some(), "a file has no controls beside it");
        options.resolution = Resolution::Screen { from: 0.0, to: 1.0, columns: 100 };
        assert_eq!(note(&spec, &options), None);
    }
}
