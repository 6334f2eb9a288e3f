//! Whether a command can act now, and why not: the one place that menus, toolbar, keys and palette ask.

use std::borrow::Cow;

use super::app::App;
use super::command::Command;
use super::runs::unforkable;
use super::sides::Side;
use super::takeaway;

/// Why a command cannot act now, in words for a hover.
pub(super) type Why = Cow<'static, str>;

impl Command {
    /// Whether it can act now. Reads state in memory only.
    pub(super) fn ready(self, app: &App) -> Result<(), Why> {
        match self {
            Self::Run => app.form.blocker().map_or(Ok(()), |problem| Err(Cow::Owned(problem.to_string()))),
            Self::PauseOrResume | Self::Step | Self::StepHundred | Self::Cancel => {
                need(app.is_live(), "The shown run is not in work")
            }
            Self::Fork => {
                let shown = app.shown.as_ref().filter(|shown| shown.folder.is_some());
                let shown = shown.ok_or("Open a run first; a child goes on from its checkpoint")?;
                let why = unforkable(shown.status, shown.snapshot.progress.step);
                why.map_or(Ok(()), |why| Err(Cow::Borrowed(why)))
            }
            Self::NameRun | Self::UseRunSettings | Self::PackRun | Self::RunMenu | Self::DeleteRun => need(
                app.folder().is_some_and(|path| app.runs.row(path).is_some()),
                "Show a run of the list first",
            ),
            Self::DeleteTicked => need(app.runs.any_ticked(), "Tick runs in the list first"),
            Self::Predict => {
                let shown = app.shown.as_ref().ok_or("Open a finished run first")?;
                let predicts = shown.experiment.method.prediction().is_some();
                need(predicts, "Runs of this lab predict nothing for new rows")?;
                takeaway::ready(Some(shown)).map_err(Cow::Borrowed)
            }
            Self::TakeAway => takeaway::ready(app.shown.as_ref()).map_err(Cow::Borrowed),
            Self::ExportFigure
            | Self::ExportBundle
            | Self::Fit
            | Self::ToggleScaleY
            | Self::ToggleScaleX
            | Self::ToggleSmoothing
            | Self::Maximise
            | Self::CopyPicture
            | Self::CloseTile => focused(app),
            Self::FilterRows => need(app.focuses_table(), "Click a table first"),
            Self::ScrubFirst | Self::ScrubBack | Self::ScrubForward => {
                need(app.scrub.has_past() && app.shown.is_some(), "No past steps are recorded")
            }
            Self::ScrubLive => need(app.scrub.at().is_some(), "The newest step is shown already"),
            Self::ClearSelection | Self::ResetLayout => need(app.shown.is_some(), "No run is shown"),
            Self::AddView => need(app.shown.is_some(), "Open a run first; its channels become views"),
            Self::Undo => need(app.can_go_in_history(true), "Nothing to undo"),
            Self::Redo => need(app.can_go_in_history(false), "Nothing to redo"),
            _ => Ok(()),
        }
    }
}

impl Command {
    /// For what is on or off: whether it is on.
    pub(super) fn is_on(self, app: &App, context: &egui::Context) -> Option<bool> {
        use egui::ThemePreference::{Dark, Light, System};
        let theme = context.options(|options| options.theme_preference);
        let narrow = app.is_narrow();
        Some(match self {
            Self::ToggleSetup => app.panels.shows(Side::Setup, narrow),
            Self::ToggleInspector => app.panels.shows(Side::Inspector, narrow),
            Self::ToggleBottom => app.panels.bottom,
            Self::Maximise => app.maximised,
            Self::HoldQueue => app.queue.held,
            Self::HighContrast => app.high_contrast,
            Self::ThemeDark => theme == Dark,
            Self::ThemeLight => theme == Light,
            Self::ThemeSystem => theme == System,
            Self::ToggleSmoothing => {
                app.tiles.get(&app.focus).is_some_and(|tile| tile.options.smoothing > 0.0)
            }
            _ => return None,
        })
    }
}

fn need(holds: bool, why: &'static str) -> Result<(), Why> {
    if holds { Ok(()) } else { Err(Cow::Borrowed(why)) }
}

/// A view of the shown run has the focus.
fn focused(app: &App) -> Result<(), Why> {
    let shown = app.shown.as_ref().ok_or("Open a run first")?;
    let has_tile = app.layout.as_ref().is_some_and(|layout| layout.has(&app.focus));
    need(has_tile && shown.view(&app.focus).is_some(), "Click a view first")
}
