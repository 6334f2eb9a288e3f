//! The phase diagram: the phases or one metric over load and temperature, with borders.

use weightscope_frame::lab::View;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{ActionSpec, Acts, ControlKind, ControlSpec, ViewKind, ViewSpec};

use super::{axes, refine, select, thresholds};
use crate::channels as ch;
use crate::config::Config;
use crate::control;
use crate::derive::{channels as dc, diagram};
use crate::metric::Metric;
use crate::run::{REFINE, REGION};

/// The phases or one metric over load and temperature, with borders; a click chooses a cell.
pub(super) fn view(config: &Config) -> View<Config> {
    let metrics = Metric::ALL.iter().map(|metric| metric.id().into_owned());
    let certainty = [dc::CONFIDENCE.id().to_owned(), dc::STUCK.id().to_owned()];
    let mut controls = vec![control::cell(), thresholds::borders()];
    controls.extend(thresholds::controls(config));
    controls.push(ControlSpec::new(
        REGION,
        "region",
        "The brushed rectangle: what is refined, or the line of a transect.",
        ControlKind::Region,
    ));
    let (x, y) = axes(config);
    let spec = ViewSpec::of("diagram", "Phase diagram", ViewKind::Grid, &[&ch::PHASE]);
    View::new(ViewSpec {
        channels: spec.channels.iter().cloned().chain(metrics).chain(certainty).collect(),
        one_channel: true,
        x,
        y,
        overlays: vec![dc::BORDERS.id().to_owned()],
        actions: vec![ActionSpec {
            id: REFINE.to_owned(),
            label: "Refine here".to_owned(),
            about: "Cells between those of the brushed rectangle join the queue of the running experiment; of one that ended a fork with the denser grid is offered."
                .to_owned(),
            acts: Acts::InWorkOrFork,
        }],
        controls,
        derives: thresholds::ids_with_borders(config),
        empty: "The grid of load and temperature fills here, coarse corners first. Press Run.".to_owned(),
        help: include_str!("../help/diagram.md").to_owned(),
        ..spec
    })
    .derived(|config, job| Ok(diagram::channels(config, job)))
    .clicked(select::cell)
    .buttons(refine::forked)
    .blocked_by(refine::blocked)
}
