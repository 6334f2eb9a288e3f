//! What is done with runs besides showing them: named, handed on as one file, thrown away and brought back.
//!
//! - `action`: what a person asks for, applied in one place; `errand`: what is done off the UI thread, and what it came to
//! - `describe`: name, note and tags in a dialog; `trash`: what was deleted last
//! - `packing`: a run as one file; `lacking`: where the data of a run are that came without them
//!
//! Contract: a run in work or in the queue is never deleted; what was deleted comes back until the trash is emptied.

mod action;
mod describe;
mod errand;
mod lacking;
mod packing;
mod trash;

use std::path::{Path, PathBuf};

use egui::Context;

pub(super) use self::action::ManageAction;
pub(super) use self::describe::About;
use self::describe::Describing;
use self::errand::Errands;
pub(super) use self::lacking::Lacking;
use self::packing::Packing;
use self::trash::{Deleted, Trash};
use super::app::App;
use super::command::{Action, Command};

/// Dialogs about runs, and what is on its way.
#[derive(Default)]
pub(super) struct Manage {
    errands: Errands,
    describing: Option<Describing>,
    packing: Option<Packing>,
    trash: Option<Trash>,
    pub(super) lacking: Option<Lacking>,
    /// What was deleted, the last one at the end.
    deleted: Vec<Deleted>,
    /// The run that is shown again once it is back.
    reopened: Option<PathBuf>,
    /// What is to be done once a run is shown.
    then: Option<(PathBuf, Command)>,
}

impl Manage {
    /// Another run is shown: what waited for one that was asked for before is not wanted any more.
    pub(super) fn wait_for(&mut self, path: &Path) {
        self.then.take_if(|(wanted, _)| wanted != path);
    }

    /// True while a run is on its way into the trash.
    pub(super) fn is_going(&self, path: &Path) -> bool {
        self.deleted.iter().any(|act| act.takes(path))
    }

    /// True while something is done with runs off the UI thread.
    pub(super) fn is_busy(&self) -> bool {
        self.errands.is_busy()
    }

    /// The dialog in front, by whether it is open.
    pub(super) fn front(&mut self) -> Option<&mut bool> {
        let dialogs = [
            self.lacking.as_mut().map(|dialog| &mut dialog.open),
            self.trash.as_mut().map(|dialog| &mut dialog.open),
            self.packing.as_mut().map(|dialog| &mut dialog.open),
            self.describing.as_mut().map(|dialog| &mut dialog.open),
        ];
        dialogs.into_iter().flatten().find(|open| **open)
    }
}

impl App {
    /// The dialogs about runs.
    pub(super) fn manage_ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        let manage = &mut self.manage;
        if let Some(dialog) = &mut manage.describing {
            dialog.ui(context, actions);
        }
        if let Some(dialog) = &mut manage.packing {
            dialog.ui(context);
        }
        if let Some(dialog) = &mut manage.trash {
            dialog.ui(context, actions);
        }
        if let Some(dialog) = &mut manage.lacking {
            dialog.ui(context, self.catalogue);
        }
        manage.describing.take_if(|dialog| !dialog.open);
        manage.trash.take_if(|dialog| !dialog.open);
        manage.packing.take_if(|dialog| !dialog.open && !dialog.is_busy());
        manage.lacking.take_if(|dialog| !dialog.open && !dialog.is_busy());
    }

    /// Carries out what waited for a run to be shown.
    pub(super) fn after_showing(&mut self, context: &Context) {
        let shown = self.shown.as_ref().and_then(|shown| shown.folder.as_deref());
        let due = self.manage.then.take_if(|(path, _)| Some(path.as_path()) == shown);
        if let Some((_, command)) = due {
            self.carry_out(command, context);
        }
    }
}
