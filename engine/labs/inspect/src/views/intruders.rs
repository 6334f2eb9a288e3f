//! New directions of a changed matrix: its leading singular vectors by their best match before the change.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::{Declared, Of as _, kinds::OfPoints};
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Dot, Reference, ReferenceAxis, ReferenceStyle,
    Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, row, row_of, tensor};
use super::spectrum::sides;
use crate::channels as ch;
use crate::config::Config;
use crate::run::compared_directions;

/// The control of the threshold.
const THRESHOLD: &str = "intruder_threshold";
/// Where it stands at first.
const AT_FIRST: f64 = 0.5;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let kind = ControlKind::Number { low: 0.0, high: 1.0, initial: AT_FIRST, logarithmic: false };
    let threshold = ControlSpec::new(
        THRESHOLD,
        "Intruder below",
        "A leading direction whose best match has a smaller cosine counts as an intruder; drag the line.",
        kind,
    );
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("singular vector after the change, leading first", ""),
        y: AxisSpec::new("largest |cosine| with one before", "").limits(0.0, 1.05),
        references: vec![
            Reference::new(ReferenceAxis::Y, AT_FIRST, ReferenceStyle::Boundary)
                .label("intruder below")
                .control(THRESHOLD),
        ],
        controls: vec![tensor(), threshold],
        derives: vec![TENSOR.to_owned(), THRESHOLD.to_owned()],
        empty: "The leading directions of the chosen matrix by their best match before the change appear here; vectors have none.".to_owned(),
        help: include_str!("../help/intruders.md").to_owned(),
        tab_of: Some("delta_spectrum".to_owned()),
        ..ViewSpec::of("intruders", "New directions", ViewKind::Scatter, &[&ch::MATCHED, &ch::INTRUDERS])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let overlaps = row_of(job.record, ch::OVERLAPS.id(), row(job)).unwrap_or_default();
    let overlaps: Vec<f64> =
        overlaps.iter().filter(|overlap| overlap.is_finite()).map(|overlap| f64::from(*overlap)).collect();
    if overlaps.is_empty() {
        return Ok(Vec::new());
    }
    let threshold = job.controls.number(THRESHOLD).unwrap_or(AT_FIRST);
    let (mut matched, mut intruders) = (Vec::new(), Vec::new());
    for (place, overlap) in overlaps.iter().enumerate() {
        let dot = Dot::new((place + 1) as f64, *overlap, *overlap, place as u64);
        if *overlap < threshold { intruders.push(dot) } else { matched.push(dot) }
    }
    let among = sides(job, row(job)).map_or_else(String::new, |sides| {
        let (all, compared) = (sides.0.min(sides.1), compared_directions(sides));
        if compared == all { format!("{all}") } else { format!("the leading {compared} of {all}") }
    });
    let channel = |channel: &Declared<OfPoints>, dots: Vec<Dot>, words: &str| {
        let label = format!("{} {words}", dots.len());
        Channel { label, data: Data::Points(Timeline::one(dots)), ..channel.channel() }
    };
    let below = format!("of {} below {threshold:.2}: intruders", overlaps.len());
    Ok(vec![
        channel(&ch::MATCHED, matched, &format!("with a match among {among} before")),
        channel(&ch::INTRUDERS, intruders, &below),
    ])
}
