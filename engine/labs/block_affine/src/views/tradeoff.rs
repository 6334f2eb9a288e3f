//! Parameters against loss or forgetting, over several runs; the size of a dot says what it costs.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisScale, AxisSpec, Channel, ControlKind, ControlSpec, Data, Dot, Metric, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::across;
use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

const AXIS: &str = "tradeoff_axis";
const SIZE: &str = "tradeoff_size";

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let option = |key: &str, words: &str| (key.to_owned(), words.to_owned());
    let axes = vec![
        option("loss", "validation loss"),
        option("forgetting", "forgetting"),
        option("gradient", "gradient norm at the start"),
    ];
    let sizes = vec![
        option("seconds", "seconds a step"),
        option("memory", "memory"),
        option("init", "initialisation"),
    ];
    let choice = |options, initial: &str| ControlKind::Choice { options, initial: initial.to_owned() };
    View::new(ViewSpec {
        across: true,
        x: AxisSpec::new("trainable parameters", "").scale(AxisScale::Log),
        y: AxisSpec::new("validation loss", "nat").named_by(ch::TRADEOFF_AXIS.id()),
        color: Some(AxisSpec::new("learning rate", "").scale(AxisScale::Log)),
        controls: vec![
            ControlSpec::new(AXIS, "Vertical", "What stands on the vertical axis.", choice(axes, "loss")),
            ControlSpec::new(SIZE, "Size", "What the size of a dot says.", choice(sizes, "seconds")),
        ],
        derives: vec![AXIS.to_owned(), SIZE.to_owned()],
        note: Some(ch::LEFT_OUT.id().to_owned()),
        empty: "Parameters and loss of this run and of the ticked ones appear here when they are done."
            .to_owned(),
        help: include_str!("../help/tradeoff.md").to_owned(),
        ..ViewSpec::of("tradeoff", "Trade-off", ViewKind::Scatter, &[&ch::TRADEOFF])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let (arms, left_out) = across::arms(config, job)?;
    let (axis, words): (&Metric, &str) = match job.controls.word(AXIS) {
        Some("forgetting") => (&metrics::FORGETTING, "forgetting (nat)"),
        Some("gradient") => (&metrics::INITIAL_GRADIENT_NORM, "gradient norm at the start"),
        _ => (&metrics::VALIDATION_LOSS, "validation loss (nat)"),
    };
    let size: &Metric = match job.controls.word(SIZE) {
        Some("memory") => &metrics::PEAK_MEBIBYTES,
        Some("init") => &metrics::INIT_SECONDS,
        _ => &metrics::STEP_SECONDS,
    };
    let largest = arms.iter().map(|arm| arm.result(size)).fold(0.0, f64::max);
    let mut number = 0;
    let mut channels: Vec<Channel> = left_out.channel().into_iter().collect();
    for (words, arms) in across::by_method(&arms) {
        let mut dots = Vec::new();
        for arm in arms {
            let (x, y) = (arm.result(&metrics::TRAINABLE_PARAMETERS), arm.result(axis));
            number += 1;
            if x > 0.0 && y.is_finite() {
                let share = arm.result(size) / largest;
                let scaled = if share.is_finite() { 0.6 + 1.6 * share } else { 1.0 };
                dots.push(Dot::new(x, y, arm.config.learning_rate, number).sized(scaled as f32));
            }
        }
        let member = words.to_lowercase().replace(' ', "_");
        let empty = ch::TRADEOFF.labelled(&member, &words).channel();
        channels.push(Channel { data: Data::Points(Timeline::one(dots)), ..empty });
    }
    channels.push(Channel { data: Data::Text(words.to_owned()), ..ch::TRADEOFF_AXIS.channel() });
    Ok(channels)
}
