//! The window: a pure function of its state and the newest snapshot of a run.
//!
//! Contract: the UI thread never blocks, trains, reads a file or hashes; it holds no lock across a frame. What a person does
//! becomes a command, and commands are applied in one place, after drawing. An idle window does not repaint.

mod adding;
mod app;
mod apply;
mod budget;
mod carried;
mod chooser;
mod command;
mod copying;
mod downloads;
mod drain;
mod drop;
mod escape;
mod estimates;
mod export;
mod form;
mod guide;
mod help;
mod history;
mod identify;
mod inspector;
mod keys;
mod link;
mod log;
mod manage;
mod menus;
mod open_as;
mod opening;
pub mod operations;
mod palette;
mod panels;
mod plot;
mod preview;
mod queue;
mod readout;
mod ready;
mod recent;
mod remember;
mod rescue;
pub mod runs;
mod saving;
mod scrub;
mod session;
mod settings;
mod shortcuts;
mod shown;
mod sides;
mod software;
mod style;
mod takeaway;
mod task;
mod tiles;
mod toasts;
mod undo;
mod watch;
mod welcome;
mod whose;

use std::path::Path;

use anyhow::anyhow;
use weightscope_frame::lab::Catalogue;

pub use app::App;

/// Title of the window.
pub const TITLE: &str = "Weightscope";

/// Size of the window at the first start, and the least one, points.
const FIRST: egui::Vec2 = egui::vec2(1440.0, 900.0);
const LEAST: egui::Vec2 = egui::vec2(1024.0, 680.0);

/// Opens the window over a catalogue and a folder of runs, and returns when it is closed.
pub fn open(catalogue: Catalogue, runs: &Path) -> anyhow::Result<()> {
    if !has_display() {
        return Err(anyhow!(
            "there is no display to open a window on; start it in a desktop session (or with ssh -X), or work without a window: \
             weightscope run oscillation/quick, see weightscope --help"
        ));
    }
    let icon = icon();
    let frame = session::peek(runs).frame.sound();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id("weightscope")
        .with_inner_size(LEAST.max(frame.size.map_or(FIRST, Into::into)))
        .with_min_inner_size(LEAST)
        .with_maximized(frame.maximized);
    if let Some(place) = frame.place {
        viewport = viewport.with_position(place);
    }
    if let Some(icon) = icon {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let runs = runs.to_owned();
    let app = Box::new(move |context: &eframe::CreationContext<'_>| {
        Ok(Box::new(App::new(catalogue, context, &runs)) as Box<dyn eframe::App>)
    });
    eframe::run_native("weightscope", options, app).map_err(|error| refusal(&error))
}

/// Why there is no window, and what to do.
fn refusal(error: &eframe::Error) -> anyhow::Error {
    const WITHOUT: &str = "or work without a window: weightscope run oscillation/quick";
    match error {
        // What winit says of itself names its source files, which help nobody here.
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => {
            anyhow!(
                "no window could be opened: the display does not answer; check DISPLAY and that this session may use it, {WITHOUT}"
            )
        }
        _ => anyhow!(
            "the window could not be opened ({error}); install a Vulkan or OpenGL driver (Debian: mesa-vulkan-drivers), {WITHOUT}"
        ),
    }
}

#[cfg(target_os = "linux")]
fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(not(target_os = "linux"))]
fn has_display() -> bool {
    true
}

fn icon() -> Option<egui::IconData> {
    let image =
        image::load_from_memory(include_bytes!("../../../../assets/icons/weightscope.png")).ok()?.to_rgba8();
    let (width, height) = image.dimensions();
    Some(egui::IconData { rgba: image.into_raw(), width, height })
}
