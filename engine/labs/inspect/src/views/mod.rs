//! What the lab shows: one file a view. The tensor that is looked at is one control of all of them.

mod bits;
mod boundary_strip;
mod change;
mod checkpoints;
mod delta;
mod delta_spectrum;
mod distances;
mod exponents;
mod histogram;
mod intruders;
mod kernel;
mod layers;
mod map;
mod outliers;
mod path;
mod places;
mod quantized_map;
mod recorded;
mod shown;
mod spectrum;
mod trace;

use weightscope_frame::lab::View;

use crate::config::{Config, Spectra};

/// Views of one file, whatever else the run looks at.
const OF_ONE_FILE: [&str; 10] = [
    "layers",
    "histogram",
    "spectrum",
    "map",
    "exponents",
    "bits",
    "quantized_map",
    "outliers",
    "kernel",
    "boundary_strip",
];

/// The views in the order of the tiles; those of a second file or of a folder only where there is one.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    if config.logs() {
        return recorded::EVENTS.map(|view| view(config)).into();
    }
    let mut views: Vec<View<Config>> = Vec::new();
    if config.records() {
        views.extend(recorded::RECORDING.map(|view| {
            let mut view = view(config);
            let of_it = |id: &String| id == recorded::SUBJECT;
            let (spec, subject) = (&mut view.spec, recorded::SUBJECT.to_owned());
            // Views that do not depend on the control are of no tensor.
            let is_of_one = spec.controls.iter().map(|control| &control.id).chain(&spec.derives).any(of_it);
            spec.subject = is_of_one.then_some(subject);
            view
        }));
    }
    if !config.has_tensors() {
        return views;
    }
    let (pair, folder, spectra) =
        (config.compares(), config.checkpoints().is_some(), config.spectra != Spectra::None);
    let all = [
        // The first one has the most room: what changed, or how weights move, where that is asked.
        (pair, change::view as fn(&Config) -> View<Config>),
        (folder, trace::view),
        (folder, path::view),
        (true, layers::view),
        (true, histogram::view),
        (spectra, spectrum::view),
        (pair && spectra, delta_spectrum::view),
        (pair && spectra, intruders::view),
        (pair, delta::view),
        (folder, distances::view),
        (folder, places::view),
        (folder, checkpoints::view),
        (true, map::view),
        (spectra, exponents::view),
        (true, bits::view),
        (true, quantized_map::view),
        (true, outliers::view),
        (true, kernel::view),
        (true, boundary_strip::view),
    ];
    views.extend(all.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, view)| {
        let mut view = view(config);
        // In a folder these are of the first checkpoint, and say so.
        if folder && OF_ONE_FILE.contains(&view.spec.id.as_str()) {
            view.spec.title.push_str(", at start");
        }
        view
    }));
    views
}
