//! One figure of the spread of the weights over steps, with the twin.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::{Family, Of as _, kinds::OfScalars};
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Reference, ReferenceAxis, ReferenceStyle, ViewKind,
    ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;

/// Controls.
const FIGURE: &str = "figure";
const PART: &str = "part";

/// Key, words, channels.
const FIGURES: [(&str, &str, &Family<OfScalars>); 3] = [
    ("near_zero", "share with |w| < 0.1 std", &ch::NEAR_ZERO),
    ("kurtosis", "kurtosis", &ch::KURTOSIS),
    ("largest", "largest |w| / std", &ch::LARGEST),
];

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let options = FIGURES.iter().map(|(key, words, _)| ((*key).to_owned(), (*words).to_owned())).collect();
    let mut channels = vec![ch::FIGURE.id(ch::COMPANDER)];
    if config.has_twin() {
        channels.push(ch::FIGURE.id(ch::TWIN));
    }
    View::new(ViewSpec {
        channels,
        y: AxisSpec::new("share with |w| < 0.1 std", "").named_by(ch::FIGURE_WORDS.id()),
        controls: vec![
            ControlSpec::new(
                FIGURE,
                "Figure",
                "Which figure of the weights is drawn.",
                ControlKind::Choice { options, initial: "near_zero".to_owned() },
            ),
            ControlSpec::new(
                PART,
                "Part",
                "All layers, each in its own standard deviation, or one of them.",
                ControlKind::ChoiceFrom { channel: ch::WHOLE.id().to_owned() },
            ),
        ],
        references: vec![Reference::new(ReferenceAxis::X, 0.0, ReferenceStyle::Boundary).label("start")],
        derives: vec![FIGURE.to_owned(), PART.to_owned()],
        empty: "Near-zero share, kurtosis and largest weight over steps appear here. Press Run.".to_owned(),
        dashed: vec![ch::FIGURE.id(ch::TWIN)],
        help: include_str!("../help/distribution.md").to_owned(),
        ..ViewSpec::of("distribution", "Spread of the weights", ViewKind::Lines, &[&ch::FIGURE])
    })
    .derived(derive)
}

/// The chosen series under one name for both arms.
fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let chosen = job.controls.word(FIGURE).unwrap_or("near_zero");
    let Some((_, words, family)) = FIGURES.iter().find(|(key, ..)| *key == chosen) else {
        return Ok(Vec::new());
    };
    let part = job.controls.word(PART).unwrap_or(ch::ALL_LAYERS);
    let mut channels = Vec::new();
    for (arm, label) in [(ch::COMPANDER, "compander"), (ch::TWIN, "twin")] {
        if let Some(series) = job.record.scalar(&family.id(&format!("{arm}/{part}"))) {
            let empty = ch::FIGURE.labelled(arm, label).channel();
            channels.push(Channel { data: Data::Scalar(series.clone()), ..empty });
        }
    }
    channels.push(Channel { data: Data::Text((*words).to_owned()), ..ch::FIGURE_WORDS.channel() });
    Ok(channels)
}
