//! The zoo and generated networks in the plane in which the zoo varies most.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, ControlKind, ControlSpec, Data, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;

const COLOUR: &str = "colour";

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let options = [("accuracy", "Accuracy"), ("task", "Task, by its number")];
    let options = options.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
    View::new(ViewSpec {
        channels: vec![ch::LATENT_MAP.id("zoo"), ch::LATENT_MAP.id("generated")],
        x: AxisSpec::new("first direction", ""),
        y: AxisSpec::new("second direction", ""),
        color: Some(AxisSpec::new("accuracy or task", "")),
        overlays: vec![ch::TRAJECTORY.id("first")],
        controls: vec![ControlSpec::new(
            COLOUR,
            "Colour",
            "What the colour of a dot says.",
            ControlKind::Choice { options, initial: "accuracy".to_owned() },
        )],
        derives: vec![COLOUR.to_owned()],
        empty: "The latents of the zoo and of generated networks appear here with the evaluation.".to_owned(),
        help: include_str!("../help/latent_map.md").to_owned(),
        ..ViewSpec::of("latent_map", "Latent map", ViewKind::Scatter, &[&ch::LATENT_MAP])
    })
    .derived(derive)
}

/// The recorded points of the chosen colour.
fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let colour = job.controls.word(COLOUR).unwrap_or("accuracy");
    let mut channels = Vec::new();
    for (name, label) in [("zoo", "zoo"), ("generated", "generated, first draw")] {
        let id = ch::LATENTS.id(&format!("{name}_{colour}"));
        if let Some(Data::Points(points)) = job.record.get(&id).map(|channel| &channel.data) {
            let empty = ch::LATENT_MAP.labelled(name, label).channel();
            channels.push(Channel { data: Data::Points(points.clone()), ..empty });
        }
    }
    Ok(channels)
}
