//! What 2 to 8 bits do to one tensor, for each grouping.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, ControlKind, ControlSpec, Data, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;
use weightscope_weights::measure::quantization::BITS;

use super::shown::{TENSOR, curve, row, row_of, scale_words, tensor, words};
use crate::channels as ch;
use crate::config::{Config, Grouping};

/// The control of the figure.
const FIGURE: &str = "figure";
const ERROR: &str = "error";
const ZERO: &str = "zero";
const BOUNDARY: &str = "boundary";

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let option = |key: &str, words: &str| (key.to_owned(), words.to_owned());
    let options = vec![
        option(ERROR, "relative error"),
        option(ZERO, "share at level zero"),
        option(BOUNDARY, "share within 0.05 step of a boundary"),
    ];
    let figure = ControlKind::Choice { options, initial: ERROR.to_owned() };
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("bits", ""),
        y: AxisSpec::new("relative error", "").scale(AxisScale::Log).named_by(ch::SHOWN_FIGURE.id()),
        channels: Grouping::ALL.iter().map(|grouping| ch::SHOWN.id(words(*grouping))).collect(),
        controls: vec![tensor(), ControlSpec::new(FIGURE, "Figure", "What is drawn over the bits.", figure)],
        derives: vec![TENSOR.to_owned(), FIGURE.to_owned()],
        empty: "What 2 to 8 bits do to the chosen tensor appears here. Press Run.".to_owned(),
        help: include_str!("../help/bits.md").to_owned(),
        ..ViewSpec::of("bits", "Bits", ViewKind::Curve, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let (id, figure) = match job.controls.word(FIGURE) {
        Some(ZERO) => (ch::ZERO_LEVEL.id(), "share at level zero"),
        Some(BOUNDARY) => (ch::BOUNDARY.id(), "share at a boundary"),
        _ => (ch::ERRORS.id(), "relative error"),
    };
    let Some(values) = row_of(job.record, id, row(job)) else { return Ok(Vec::new()) };
    let curves = Grouping::ALL.iter().zip(values.chunks(BITS.len())).map(|(grouping, values)| {
        let x = BITS.map(f64::from).to_vec();
        // Zero has no logarithm: the curve has a gap there.
        let y = values.iter().map(|value| if *value > 0.0 { f64::from(*value) } else { f64::NAN });
        curve(words(*grouping), words(*grouping), x, y.collect())
    });
    let axis = Data::Text(format!("{figure} (scale: {})", scale_words(config)));
    let axis = Channel { data: axis, ..ch::SHOWN_FIGURE.channel() };
    Ok(curves.chain([axis]).collect())
}
