//! Everything a person can do, as one list: menus, toolbar, keys and the palette come from it.

use egui::{Key, KeyboardShortcut, Modifiers};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons;
use weightscope_frame::experiment::Mark;

/// A thing to do that needs no further words. What needs some (which preset, which run) is an [`Action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run,
    PauseOrResume,
    Step,
    StepHundred,
    Cancel,
    Fork,
    Sweep,
    HoldQueue,
    ExportFigure,
    ExportBundle,
    OpenFile,
    TakeAway,
    Predict,
    SaveExperiment,
    RefreshRuns,
    NameRun,
    UseRunSettings,
    PackRun,
    RunMenu,
    DeleteRun,
    DeleteTicked,
    EmptyTrash,
    ToggleSetup,
    ToggleInspector,
    ToggleBottom,
    ToggleScaleY,
    ToggleScaleX,
    ToggleSmoothing,
    Fit,
    Maximise,
    FullScreen,
    LinkSteps,
    CopyPicture,
    ScrubFirst,
    ScrubBack,
    ScrubForward,
    ScrubLive,
    ClearSelection,
    FilterRows,
    CloseTile,
    AddView,
    ResetLayout,
    Undo,
    Redo,
    CopyShellLine,
    HighContrast,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    ThemeDark,
    ThemeLight,
    ThemeSystem,
    Settings,
    Palette,
    Help,
    Shortcuts,
    Quit,
}

impl Command {
    /// All commands, in the order of the palette.
    pub(super) const ALL: &'static [Self] = &[
        Self::Run,
        Self::PauseOrResume,
        Self::Step,
        Self::StepHundred,
        Self::Cancel,
        Self::Fork,
        Self::Sweep,
        Self::HoldQueue,
        Self::ExportFigure,
        Self::ExportBundle,
        Self::OpenFile,
        Self::TakeAway,
        Self::Predict,
        Self::SaveExperiment,
        Self::RefreshRuns,
        Self::NameRun,
        Self::UseRunSettings,
        Self::PackRun,
        Self::RunMenu,
        Self::DeleteRun,
        Self::DeleteTicked,
        Self::EmptyTrash,
        Self::ToggleSetup,
        Self::ToggleInspector,
        Self::ToggleBottom,
        Self::ToggleScaleY,
        Self::ToggleScaleX,
        Self::ToggleSmoothing,
        Self::Fit,
        Self::Maximise,
        Self::FullScreen,
        Self::LinkSteps,
        Self::CopyPicture,
        Self::ScrubFirst,
        Self::ScrubBack,
        Self::ScrubForward,
        Self::ScrubLive,
        Self::ClearSelection,
        Self::FilterRows,
        Self::CloseTile,
        Self::AddView,
        Self::ResetLayout,
        Self::Undo,
        Self::Redo,
        Self::CopyShellLine,
        Self::HighContrast,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::ZoomReset,
        Self::ThemeDark,
        Self::ThemeLight,
        Self::ThemeSystem,
        Self::Settings,
        Self::Palette,
        Self::Help,
        Self::Shortcuts,
        Self::Quit,
    ];

    /// Words and a sentence about it.
    #[expect(clippy::too_many_lines, reason = "one line for each command")]
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Run => ("Run", "Starts the experiment as set up on the left"),
            Self::PauseOrResume => ("Pause or resume", "Holds the run at its next step, or lets it go on"),
            Self::Step => ("Step", "Does one step and holds; views follow at the steps that are recorded"),
            Self::StepHundred => ("Step 100", "Does a hundred steps and holds"),
            Self::Cancel => ("Cancel", "Ends the run; it keeps what it has"),
            Self::Fork => {
                ("Fork…", "Goes on from a checkpoint of the shown run with the form's settings, as a child")
            }
            Self::Sweep => ("Sweep…", "Runs the form for many values and seeds"),
            Self::HoldQueue => {
                ("Pause or resume queue", "Holds all runs and starts none, or lets them go on")
            }
            Self::ExportFigure => ("Export figure…", "Writes the focused view as SVG, PDF, PNG or CSV"),
            Self::ExportBundle => {
                ("Export bundle…", "Writes a folder with the focused view, its data and the experiment")
            }
            Self::OpenFile => {
                ("Open…", "Opens an experiment, a figure with its run, or a table as the data set")
            }
            Self::TakeAway => (
                "Take away…",
                "Predictions of the shown run for new rows, or what its lab makes of it for others",
            ),
            Self::Predict => (
                "Predict new rows…",
                "Predictions of the shown run for the rows of a table, written as a CSV file",
            ),
            Self::SaveExperiment => ("Save experiment…", "Writes the form as an experiment file"),
            Self::RefreshRuns => ("Refresh runs", "Reads the list of runs from disk again"),
            Self::NameRun => ("Name run…", "Gives the shown run a name of its own"),
            Self::UseRunSettings => {
                ("Use settings of shown run", "Puts the settings of the shown run into the form")
            }
            Self::PackRun => ("Pack run as one file…", "Writes the shown run as one file, to be handed on"),
            Self::RunMenu => {
                ("Menu of shown run", "What can be done with the shown run, at its row of the list")
            }
            Self::DeleteRun => ("Delete run", "Moves the shown run to the trash; Undo brings it back"),
            Self::DeleteTicked => {
                ("Delete ticked runs", "Moves all ticked runs to the trash; Undo brings them back")
            }
            Self::EmptyTrash => ("Trash…", "Deleted runs: puts them back, or removes them for good"),
            Self::ToggleSetup => ("Set-up panel", "Shows or hides the settings of the next run"),
            Self::ToggleInspector => {
                ("Inspector", "Shows or hides results, options of the view and the card of the shown run")
            }
            Self::ToggleBottom => ("Runs and log", "Shows or hides the bottom panel"),
            Self::ToggleScaleY => {
                ("Next y scale", "Linear, log, symlog on the vertical axis of the focused view")
            }
            Self::ToggleScaleX => {
                ("Next x scale", "Linear, log, symlog on the horizontal axis of the focused view")
            }
            Self::ToggleSmoothing => {
                ("Smoothing", "Debiased smoothing of the focused view, raw values behind")
            }
            Self::Fit => {
                ("Fit", "Puts the focused view back to what it shows of itself; once more shows all its data")
            }
            Self::Maximise => ("Maximise tile", "Lets the focused tile fill the centre, or puts it back"),
            Self::FullScreen => ("Full screen", "Lets the window fill the screen, or puts it back"),
            Self::LinkSteps => ("Link steps", "Tiles over steps zoom and move together, or each by itself"),
            Self::CopyPicture => {
                ("Copy as picture", "Puts the focused view on the clipboard, as it is printed")
            }
            Self::ScrubFirst => ("First step", "Looks at the first recorded step in all tiles"),
            Self::ScrubBack => ("Step back", "Looks at the recorded step before, while the run goes on"),
            Self::ScrubForward => ("Step forward", "Looks at the recorded step after this one"),
            Self::ScrubLive => ("Live", "Follows the newest step again"),
            Self::ClearSelection => ("Clear selection", "Forgets brushed regions and picked weights"),
            Self::FilterRows => {
                ("Filter rows", "Goes to the words that filter the rows of the focused table")
            }
            Self::AddView => ("Add view…", "Draws any channel of the record in a tile of its own"),
            Self::ResetLayout => ("Reset layout", "Puts the tiles where they were at first"),
            Self::CloseTile => {
                ("Close tile", "Takes the focused tile out of the layout; View, Views brings it back")
            }
            Self::Undo => (
                "Undo",
                "Takes the last change of settings, layout, ticks, notes or controls back, and says which",
            ),
            Self::Redo => ("Redo", "Does again what was undone"),
            Self::CopyShellLine => {
                ("Copy as command", "Copies the command that runs the same without a window")
            }
            Self::HighContrast => ("High contrast", "Text and lines at full contrast"),
            Self::ZoomIn => ("Zoom in", "Makes everything larger, up to 300 %"),
            Self::ZoomOut => ("Zoom out", "Makes everything smaller, down to 50 %"),
            Self::ZoomReset => ("Zoom 100 %", "The size at first"),
            Self::ThemeDark => ("Dark theme", "Light text on dark"),
            Self::ThemeLight => ("Light theme", "Dark text on light"),
            Self::ThemeSystem => ("System theme", "Follows the desktop"),
            Self::Settings => ("Settings…", "Theme, zoom, contrast, motion, workers, notifications"),
            Self::Palette => ("Commands…", "Finds a command by typing"),
            Self::Help => {
                ("Help…", "Finds terms, views, settings, results and commands, with what they mean")
            }
            Self::Shortcuts => ("Shortcuts", "Lists all keys"),
            Self::Quit => ("Quit", "Closes the window; runs in work end and keep what they have"),
        }
    }

    /// True if it opens something.
    pub(super) fn opens(self) -> bool {
        self.words().0.ends_with('…')
    }

    /// True if it takes something away or replaces what was set up: it is never found by letters that are scattered.
    pub(super) const fn takes_away(self) -> bool {
        matches!(
            self,
            Self::Cancel
                | Self::UseRunSettings
                | Self::DeleteRun
                | Self::DeleteTicked
                | Self::EmptyTrash
                | Self::ResetLayout
                | Self::ClearSelection
                | Self::CloseTile
                | Self::Quit
        )
    }

    /// Its keys. Keys without a modifier act only while no text is being typed.
    pub(super) const fn keys(self) -> Option<KeyboardShortcut> {
        let (modifiers, key) = match self {
            Self::Run => (Modifiers::COMMAND, Key::Enter),
            Self::PauseOrResume => (Modifiers::NONE, Key::Space),
            Self::Step => (Modifiers::NONE, Key::Period),
            Self::StepHundred => (Modifiers::SHIFT, Key::Period),
            Self::Cancel => (Modifiers::COMMAND, Key::Period),
            Self::Fork => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::F),
            Self::Sweep => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Enter),
            Self::ExportFigure => (Modifiers::COMMAND, Key::E),
            Self::ExportBundle => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::E),
            Self::OpenFile => (Modifiers::COMMAND, Key::O),
            Self::SaveExperiment => (Modifiers::COMMAND, Key::S),
            Self::RefreshRuns => (Modifiers::NONE, Key::F5),
            Self::NameRun => (Modifiers::NONE, Key::F2),
            Self::RunMenu => (Modifiers::SHIFT, Key::F10),
            Self::DeleteRun => (Modifiers::NONE, Key::Delete),
            Self::DeleteTicked => (Modifiers::SHIFT, Key::Delete),
            Self::ToggleSetup => (Modifiers::COMMAND, Key::B),
            Self::ToggleInspector => (Modifiers::COMMAND.plus(Modifiers::ALT), Key::B),
            Self::ToggleBottom => (Modifiers::COMMAND, Key::J),
            Self::ToggleScaleY => (Modifiers::NONE, Key::L),
            Self::ToggleScaleX => (Modifiers::SHIFT, Key::L),
            Self::ToggleSmoothing => (Modifiers::NONE, Key::S),
            Self::Fit => (Modifiers::NONE, Key::F),
            Self::Maximise => (Modifiers::NONE, Key::M),
            Self::FullScreen => (Modifiers::NONE, Key::F11),
            Self::LinkSteps => (Modifiers::SHIFT, Key::Z),
            Self::ScrubFirst => (Modifiers::NONE, Key::Home),
            Self::ScrubBack => (Modifiers::NONE, Key::OpenBracket),
            Self::ScrubForward => (Modifiers::NONE, Key::CloseBracket),
            Self::ScrubLive => (Modifiers::NONE, Key::End),
            Self::ClearSelection => (Modifiers::NONE, Key::Escape),
            Self::FilterRows => (Modifiers::COMMAND, Key::F),
            Self::Settings => (Modifiers::COMMAND, Key::Comma),
            Self::Palette => (Modifiers::COMMAND, Key::P),
            Self::Help => (Modifiers::NONE, Key::F1),
            Self::Shortcuts => (Modifiers::SHIFT, Key::F1),
            Self::Quit => (Modifiers::COMMAND, Key::Q),
            Self::Undo => (Modifiers::COMMAND, Key::Z),
            Self::Redo => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
            Self::AddView => (Modifiers::COMMAND, Key::T),
            Self::CloseTile => (Modifiers::COMMAND, Key::W),
            Self::CopyShellLine => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C),
            Self::ZoomIn => (Modifiers::COMMAND, Key::Plus),
            Self::ZoomOut => (Modifiers::COMMAND, Key::Minus),
            Self::ZoomReset => (Modifiers::COMMAND, Key::Num0),
            Self::TakeAway
            | Self::UseRunSettings
            | Self::PackRun
            | Self::EmptyTrash
            | Self::CopyPicture
            | Self::Predict
            | Self::HoldQueue
            | Self::HighContrast
            | Self::ResetLayout
            | Self::ThemeDark
            | Self::ThemeLight
            | Self::ThemeSystem => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

    /// Its keys as they stand on a keyboard, for menus and lists.
    pub(super) fn keys_text(self, context: &egui::Context) -> Option<String> {
        let keys = self.keys()?;
        let whole = context.format_shortcut(&keys);
        let sign = match keys.logical_key {
            Key::Escape => "Esc",
            key => key.symbol_or_name(),
        };
        Some(match whole.strip_suffix(keys.logical_key.name()) {
            Some(modifiers) => format!("{modifiers}{sign}"),
            None => whole,
        })
    }

    /// Its icon, where it has a button.
    pub(super) const fn icon(self) -> Option<MaterialIcon> {
        Some(match self {
            Self::Run => icons::ICON_PLAY_ARROW,
            Self::PauseOrResume => icons::ICON_PAUSE,
            Self::Step => icons::ICON_SKIP_NEXT,
            Self::Cancel => icons::ICON_STOP,
            Self::Fork => icons::ICON_CALL_SPLIT,
            Self::ScrubFirst => icons::ICON_FIRST_PAGE,
            Self::ScrubBack => icons::ICON_CHEVRON_LEFT,
            Self::ScrubForward => icons::ICON_CHEVRON_RIGHT,
            Self::ExportFigure => icons::ICON_DOWNLOAD,
            _ => return None,
        })
    }
}

impl Action {
    /// True if it opens a dialog.
    pub(super) fn opens(&self) -> bool {
        match self {
            Self::Do(command) => command.opens() || *command == Command::Shortcuts,
            Self::Export(_) | Self::AddTo(_) | Self::PreviewData | Self::OpenGuide(_) | Self::Explain(_) => {
                true
            }
            _ => false,
        }
    }
}

/// A command with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// A plain command.
    Do(Command),
    /// Puts the form of a lab back as it was left, or that lab's first preset into the form.
    UseLab(&'static str),
    /// Puts a preset into the form.
    UsePreset(&'static str),
    /// Opens a stored run in the views.
    OpenRun(std::path::PathBuf),
    /// Goes on with an interrupted run.
    ResumeRun(std::path::PathBuf),
    /// Takes a tile out of the layout.
    CloseTile(String),
    /// Puts a view's tile into the layout.
    OpenTile(String),
    /// Opens the chooser of channels, for a group of tiles or for the whole centre.
    AddTo(egui_tiles::TileId),
    /// Puts views of channels into the layout, by their ids.
    AddViews(Vec<String>, Option<egui_tiles::TileId>),
    /// Tiles of a quantity share the limits of their colours, or not.
    ShareLimits(String, bool),
    /// Something about the queue.
    Queue(super::queue::QueueAction),
    /// Something about the list of runs.
    Runs(super::runs::RunsAction),
    /// Something is done with runs.
    Manage(super::manage::ManageAction),
    /// Focuses a tile.
    Focus(String),
    /// Opens the export dialog for a view.
    Export(String),
    /// Puts a view on the clipboard as a picture.
    CopyPicture(String),
    /// The steps that a view shows from now on; none for all of them. Linked views follow.
    MoveSteps(String, Option<(f64, f64)>),
    /// Goes to another row of the focused table, as a click on it would.
    GoToRow(super::tiles::Jump),
    /// A click on a view, in its own coordinates.
    Pick(weightscope_frame::record::Pick),
    /// A button of a view.
    Button { view: String, action: String },
    /// Makes a table the data set of another lab, which comes into the form.
    UseDataIn(&'static str, String),
    /// Sets a setting of the form, as typed.
    SetMarked(Mark, String),
    /// Opens the file or run folder with this path.
    OpenPath(std::path::PathBuf),
    /// Looks which of the paths that were opened last are still there.
    LookForRecent,
    /// Forgets what was opened last.
    ClearRecent,
    /// Asks the desktop for a file to open.
    Browse,
    /// Fetches a data set that the program knows by name.
    Download(String),
    /// Ends the download that goes on.
    CancelDownload,
    /// Looks into the table that the form names.
    PreviewData,
    /// A control was turned.
    Turn(String, weightscope_frame::record::ControlValue),
    /// What a column of the table is; none leaves it to be found out.
    SetColumn(String, Option<weightscope_frame::data::table::ColumnChoice>),
    /// Opens the help, with words to look for.
    Explain(String),
    /// Opens a page on what is done outside the program.
    OpenGuide(&'static weightscope_frame::lab::Guide),
    /// The step under the pointer, for all tiles.
    Cursor(Option<f64>),
}
