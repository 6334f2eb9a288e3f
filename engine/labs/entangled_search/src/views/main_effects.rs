//! Mean accuracy of each option, share of the variance of each decision, and the learned weights beside them.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Bars, Channel, ControlKind, ControlSpec, Data, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use super::{number, table, words};
use crate::channels as ch;
use crate::config::Config;

/// The control.
const EFFECT: &str = "effect";
const MEANS: &str = "means";
const SHARES: &str = "shares";
const WEIGHTS: &str = "weights";

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let mut options = vec![
        (SHARES.to_owned(), "Shares of the variance".to_owned()),
        (MEANS.to_owned(), "Means above the worst option".to_owned()),
    ];
    if config.searches() && config.trains_supernet() {
        options.push((WEIGHTS.to_owned(), "Learned weights".to_owned()));
    }
    View::new(ViewSpec {
        x: AxisSpec::new("share of the variance", "").named_by(ch::EFFECTS_WORDS.id()),
        y: AxisSpec::new("decision", ""),
        controls: vec![ControlSpec::new(
            EFFECT,
            "Figure",
            "What the bars show of decisions and options.",
            ControlKind::Choice { options, initial: SHARES.to_owned() },
        )],
        derives: vec![EFFECT.to_owned()],
        empty: "What each decision explains of the table appears here.".to_owned(),
        help: include_str!("../help/main_effects.md").to_owned(),
        ..ViewSpec::of("main_effects", "Main effects", ViewKind::Bars, &[&ch::EFFECTS])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(table) = table(job.record, ch::MEANS.id()) else { return Ok(Vec::new()) };
    let chosen = job.controls.word(EFFECT).unwrap_or(SHARES);
    let (mut labels, mut values) = (Vec::new(), Vec::new());
    for row in &table.rows {
        let decision = words(row.first());
        if chosen == SHARES {
            if labels.last() != Some(&decision) {
                labels.push(decision);
                values.push(number(row.get(3)));
            }
        } else {
            labels.push(format!("{decision} {}", words(row.get(1))));
            values.push(number(row.get(if chosen == MEANS { 2 } else { 4 })));
        }
    }
    if chosen == MEANS {
        // Bars begin at 0; of accuracies that differ by hundredths only the difference can be seen.
        let least = values.iter().copied().filter(|value| value.is_finite()).fold(f64::INFINITY, f64::min);
        values.iter_mut().for_each(|value| *value -= least);
    }
    let text = match chosen {
        MEANS => "mean accuracy above that of the worst option",
        WEIGHTS => "learned weight",
        _ => "share of the variance",
    };
    let bars = Bars { labels, series: vec![(text.to_owned(), values)], ..Bars::default() };
    let drawn = Channel { data: Data::Bars(Timeline::one(bars)), ..ch::EFFECTS.channel() };
    Ok(vec![drawn, Channel { data: Data::Text(text.to_owned()), ..ch::EFFECTS_WORDS.channel() }])
}
