//! What comes back at the next start, also after the program was killed: form, layouts, options, panels, the run that was open.
//!
//! The file lies beside the runs, is replaced atomically off the UI thread a moment after a change, and is read once before
//! the first frame. A file that cannot be read is put aside, never overwritten unseen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use weightscope_frame::record::Controls;
use weightscope_frame::store::write_atomically;

use super::queue::StoredQueue;
use super::runs::RunsLayout;
use super::settings::Frame;
use super::task::Task;
use super::tiles::{Layout, Shares};
use crate::exporting::Dressing;
use crate::views::ViewOptions;

/// Name of the file in the folder of runs.
const FILE: &str = "session.json";
/// Time between two looks at whether something changed.
const EVERY: Duration = Duration::from_secs(1);

/// What the window takes up again at its next start. Everything optional, so that older files are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    /// The form, as an experiment file.
    pub(super) form: String,
    /// Preset or file that was put into it.
    pub(super) origin: String,
    /// Forms of the other labs, as they were left: file and origin.
    pub(super) forms: BTreeMap<String, (String, String)>,
    /// Folder of the run that was shown.
    pub(super) open: Option<PathBuf>,
    /// Arrangement of the tiles by lab.
    pub(super) layouts: BTreeMap<String, Layout>,
    /// Views that the person put together, by lab.
    pub(super) own_views: BTreeMap<String, Vec<String>>,
    /// Options of the views by lab and view.
    pub(super) options: BTreeMap<String, ViewOptions>,
    /// What figures of the views wear, where that was changed, by view.
    pub(super) dressings: BTreeMap<String, Dressing>,
    /// Controls of the lab that was shown.
    pub(super) controls: Controls,
    /// Columns, order, ticks and colours of the runs table.
    pub(super) runs: RunsLayout,
    /// Colour limits that tiles share.
    pub(super) shares: Shares,
    /// What waited.
    pub(super) queue: Option<StoredQueue>,
    /// Files and folders that were opened last, the newest first.
    pub(super) recent: Vec<PathBuf>,
    /// View with the focus.
    pub(super) focus: String,
    /// Set-up, inspector, bottom panel: open or not.
    pub(super) panels: [bool; 3],
    /// Theme: dark, light or system.
    pub(super) theme: String,
    /// Strong lines and full contrast.
    pub(super) high_contrast: bool,
    /// Zoom of the window.
    pub(super) zoom: f32,
    /// Things move on their way instead of being there at once.
    pub(super) animated: bool,
    /// The desktop is not told when a long run ends.
    pub(super) quiet: bool,
    /// Where the window stands.
    pub(super) frame: Frame,
}

/// Writes the session when it has changed.
#[derive(Default)]
pub(super) struct Keeper {
    path: PathBuf,
    saved: Session,
    looked: Option<Instant>,
    writing: Option<Task<Result<(), String>>>,
}

impl Keeper {
    /// For a folder of runs, with what was read from it.
    pub(super) fn new(root: &Path, read: Session) -> Self {
        Self { path: root.join(FILE), saved: read, ..Self::default() }
    }

    /// True if it is time to look whether something changed.
    pub(super) fn is_due(&self) -> bool {
        self.looked.is_none_or(|at| at.elapsed() >= EVERY)
    }

    /// Saves what changed, off this thread; an error of the last writing.
    pub(super) fn look(&mut self, session: Session, context: &egui::Context) -> Option<String> {
        let failed = self.writing.as_ref().and_then(Task::poll).map(|result| {
            self.writing = None;
            result.unwrap_or_else(|()| Err("the work died".to_owned()))
        });
        self.looked = Some(Instant::now());
        if session != self.saved && self.writing.is_none() {
            self.saved = session.clone();
            let path = self.path.clone();
            self.writing = Task::spawn("session", context, move || write(&path, &session));
        }
        failed.and_then(Result::err)
    }

    /// Saves what changed, at the end of the program.
    pub(super) fn finish(&self, session: &Session) {
        if *session != self.saved {
            // Nobody is left to be told.
            let _ = write(&self.path, session);
        }
    }
}

fn write(path: &Path, session: &Session) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{error}: {}", folder.display()))?;
    }
    let text = serde_json::to_vec(session).map_err(|error| error.to_string())?;
    write_atomically(path, "the session", |out| out.write_all(&text)).map_err(|error| error.to_string())
}

/// The session of the last start, and what is wrong with its file.
pub(super) fn read(root: &Path) -> (Session, Option<String>) {
    let path = root.join(FILE);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (fresh(), None),
        Err(error) => {
            return (
                fresh(),
                Some(format!("The last session could not be read: {error}: {}", path.display())),
            );
        }
    };
    match serde_json::from_slice(&text) {
        Ok(session) => (session, None),
        Err(error) => {
            let aside = path.with_extension("damaged.json");
            let _ = std::fs::rename(&path, &aside);
            let text =
                format!("The last session is damaged ({error}) and was put aside: {}", aside.display());
            (fresh(), Some(text))
        }
    }
}

/// The session of the last start as far as it can be read, for what must be known before there is a window.
pub(super) fn peek(root: &Path) -> Session {
    let text = std::fs::read(root.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_else(|_| fresh())
}

/// The session of a first start.
fn fresh() -> Session {
    Session { panels: [true; 3], zoom: 1.0, ..Session::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_back_and_a_damaged_one_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), (fresh(), None), "a first start");
        let session = Session { origin: "oscillation/quick".to_owned(), zoom: 1.5, ..fresh() };
        write(&folder.path().join(FILE), &session).unwrap();
        assert_eq!(read(folder.path()), (session, None), "as it was");
        std::fs::write(folder.path().join(FILE), "{ \"origin\": ").unwrap();
        let (back, words) = read(folder.path());
        assert!(back == fresh() && words.is_some_and(|words| words.contains("put aside")), "said so");
        assert!(folder.path().join("session.damaged.json").is_file(), "nothing is lost");
    }
}
