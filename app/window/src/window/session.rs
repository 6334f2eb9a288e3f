//! What comes back at the next start, also after the program was killed: form, layouts, options, panels, the run that was open.
//!
//! The file lies beside the runs, is replaced atomically off the UI thread a moment after a change, and is read once before
//! the first frame. A file that cannot be read is put aside, never overwritten unseen.
//!
//! The file says, too, that a program is in work; it is taken back at its end. Where it still stands there at the next start, that program
//! died with the run open that the file names. Whether it died of that run or of a view says [`Watch`]; from both follows [`Care`].

use std::collections::BTreeMap;
use std::fs::File;
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
use super::watch::{Watch, Working};
use crate::exporting::Dressing;
use crate::views::ViewOptions;

/// Name of the file in the folder of runs.
const FILE: &str = "session.json";
/// Name of the file whose lock the program holds while it is in work.
const LOCK: &str = "session.lock";
/// Time between two looks at whether something changed.
const EVERY: Duration = Duration::from_secs(1);
/// A run that was open for so long is not why a program dies that dies later.
const STEADY: Duration = Duration::from_mins(1);
/// Frames that must have been drawn of a run until it has been opened: the adapter shows a frame after it was drawn.
const FRAMES: u8 = 2;

/// What the window takes up again at its next start. Everything optional, so that older files are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
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
    /// Edges of lines and boxes are not smoothed, which a software adapter paints in half the time.
    pub(super) plain_edges: bool,
    /// The desktop is not told when a long run ends.
    pub(super) quiet: bool,
    /// Where the window stands.
    pub(super) frame: Frame,
    /// A program was in work when this was written; taken back when it ends.
    pub(super) running: bool,
    /// Programs in a row that died soon after they had opened the run that is open.
    pub(super) crashes: u32,
}

/// How the run is opened that was open at the last end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// The last program ended as it should, or died of something else.
    AsItWas,
    /// It died at work on these views: without them.
    Without(Vec<String>),
    /// It died of the run, and the one before died of it too: not at all.
    NotAtAll(PathBuf),
}

/// Writes the session when it has changed.
pub(super) struct Keeper {
    path: PathBuf,
    saved: Session,
    looked: Option<Instant>,
    writing: Option<Task<Result<(), String>>>,
    /// The run that the start was careful with, how many programs died with it, and since when it is open.
    careful: Option<(PathBuf, u32, Instant)>,
    /// Its lock is held until the program ends, however it ends; not if another window has it, nor where there are no locks.
    watch: Watch,
    /// The run that is being opened, and how many frames were drawn of it.
    opening: Option<(Working, u8)>,
    ended: bool,
}

impl Keeper {
    /// For a folder of runs, with what was read from it, which is changed to what may be opened again.
    ///
    /// Says at once in the file that a program is in work, so that one that dies while it opens the run leaves word. Call it before the
    /// first frame.
    pub(super) fn new(root: &Path, session: &mut Session) -> (Self, Care) {
        let (watch, works) = Watch::over(lock(&root.join(LOCK)));
        let mut at = works.into_iter().filter(|work| session.open.as_ref() == Some(&work.run)).peekable();
        // Without the lock it may be open this moment in another window: nothing died.
        let died = session.running && watch.is_held() && at.peek().is_some();
        let mut views: Vec<String> = at.filter_map(|work| work.view).collect();
        views.sort_unstable();
        views.dedup();
        session.crashes = if died { session.crashes.saturating_add(1) } else { 0 };
        session.running = true;
        let care = match (session.crashes, session.open.take_if(|_| session.crashes > 1)) {
            (0, _) => Care::AsItWas,
            (_, Some(path)) => Care::NotAtAll(path),
            (_, None) if views.is_empty() => Care::AsItWas,
            (_, None) => Care::Without(views),
        };
        if session.open.is_none() {
            session.crashes = 0;
        }
        let careful = session.open.clone().map(|path| (path, session.crashes, Instant::now()));
        let path = root.join(FILE);
        let saved = session.clone();
        let keeper =
            Self { path, saved, looked: None, writing: None, careful, watch, opening: None, ended: false };
        if keeper.watch.is_held() && keeper.path.is_file() {
            // A failure is told when the next change is written.
            let _ = write(&keeper.path, session);
        }
        (keeper, care)
    }

    /// Where works are entered that the program could die of.
    pub(super) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// A run is being opened from now on, until [`Keeper::has_drawn`] has seen it.
    pub(super) fn opens(&mut self, run: &Path) {
        self.opening = self.watch.working(Some(run), None).map(|working| (working, 0));
    }

    /// A frame was drawn, of the run that was opened or without it while that is still being read; true if another one is to be drawn to
    /// know that it can be shown.
    pub(super) fn has_drawn(&mut self, is_read: bool) -> bool {
        let Some((_, frames)) = self.opening.as_mut().filter(|_| is_read) else { return false };
        *frames += 1;
        let more = *frames < FRAMES;
        if !more {
            self.opening = None;
        }
        more
    }

    /// The run that was to be opened again at the start.
    pub(super) fn restored(&self) -> Option<&Path> {
        self.careful.as_ref().map(|(path, ..)| path.as_path())
    }

    /// Programs in a row that died with this run open, for the file.
    pub(super) fn crashes(&self, open: Option<&Path>) -> u32 {
        let careful = self
            .careful
            .as_ref()
            .filter(|(path, _, since)| Some(path.as_path()) == open && since.elapsed() < STEADY);
        careful.map_or(0, |(_, crashes, _)| *crashes)
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

    /// Saves what changed, and that the program has ended.
    pub(super) fn finish(&mut self, session: &Session) {
        self.saved = session.clone();
        self.end();
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        // What is on its way would overwrite it.
        while self.writing.as_ref().is_some_and(|writing| writing.poll().is_none()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // While another window is in work, it stays said.
        let is_last =
            self.watch.is_held() || self.path.parent().is_some_and(|root| lock(&root.join(LOCK)).is_some());
        self.watch.clear();
        self.saved.running = !is_last;
        // Nobody is left to be told.
        let _ = write(&self.path, &self.saved);
    }
}

impl Drop for Keeper {
    /// Also where nobody said that it ends; a program that dies leaves the file as it is.
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whatever it was: this run was open.
            self.saved.open.iter().for_each(|open| self.watch.dies_of(open, None));
        } else if self.path.is_file() {
            self.end();
        }
        self.watch.close();
    }
}

/// The lock of a program in work; none if another has it, or where there are no locks.
fn lock(path: &Path) -> Option<File> {
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path).ok()?;
    file.try_lock().ok().map(|()| file)
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

    /// What a start over this folder makes of the file, and the keeper that it holds.
    fn started(root: &Path) -> (Keeper, Care, Session) {
        let (mut session, damage) = read(root);
        assert_eq!(damage, None, "the file can be read");
        let (keeper, care) = Keeper::new(root, &mut session);
        (keeper, care, session)
    }

    /// Ends without an end, as a killed program does, in the middle of these works.
    fn die(mut keeper: Keeper, run: &Path, works: &[Option<&str>]) {
        keeper.path = PathBuf::new();
        works.iter().for_each(|view| keeper.watch.dies_of(run, *view));
    }

    #[test]
    fn a_run_that_programs_die_of_is_opened_with_care() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        write(&folder.path().join(FILE), &Session { open: Some(run.clone()), ..fresh() }).unwrap();
        let (keeper, care, _) = started(folder.path());
        assert_eq!(care, Care::AsItWas, "after a good end");
        die(keeper, &run, &[None, Some("loss"), Some("loss")]);
        let (keeper, care, session) = started(folder.path());
        assert_eq!(
            (care, session.open),
            (Care::Without(vec!["loss".to_owned()]), Some(run.clone())),
            "of a view"
        );
        assert_eq!(keeper.crashes(Some(&run)), 1, "kept while the run is open");
        assert_eq!(keeper.crashes(Some(folder.path())), 0, "of no other run");
        die(keeper, &run, &[None]);
        let (keeper, care, session) = started(folder.path());
        assert_eq!((care, session.open), (Care::NotAtAll(run), None), "and again");
        drop(keeper);
        let (_keeper, care, _) = started(folder.path());
        assert_eq!(care, Care::AsItWas, "that one ended well");
    }

    #[test]
    fn a_program_that_is_killed_between_works_died_of_nothing_that_was_open() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        write(&folder.path().join(FILE), &Session { open: Some(run.clone()), ..fresh() }).unwrap();
        for _ in 0..3 {
            let (mut keeper, care, session) = started(folder.path());
            assert_eq!((care, session.open), (Care::AsItWas, Some(run.clone())), "as it was");
            keeper.opens(&run);
            assert!(!keeper.has_drawn(false), "while it is read others wake the window");
            assert!(keeper.has_drawn(true), "one frame is drawn, not shown");
            assert!(!keeper.has_drawn(true) && !keeper.has_drawn(true), "now it is there");
            drop(keeper.watch.working(Some(&run), Some("loss")));
            die(keeper, &run, &[]);
        }
    }

    #[test]
    fn a_run_in_whose_opening_a_program_died_is_tried_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        write(&folder.path().join(FILE), &Session { open: Some(run.clone()), ..fresh() }).unwrap();
        let mut cares = Vec::new();
        for _ in 0..3 {
            let (mut keeper, care, _) = started(folder.path());
            cares.push(care);
            keeper.opens(&run);
            std::mem::forget(keeper.opening.take());
            die(keeper, &run, &[]);
        }
        assert_eq!(cares, [Care::AsItWas, Care::AsItWas, Care::NotAtAll(run)], "no view is blamed");
    }

    #[test]
    fn a_good_end_and_a_second_window_are_no_crashes() {
        let folder = tempfile::tempdir().unwrap();
        let open = Some(folder.path().join("run"));
        write(&folder.path().join(FILE), &Session { open, ..fresh() }).unwrap();
        let (first, ..) = started(folder.path());
        let (second, care, _) = started(folder.path());
        assert_eq!(care, Care::AsItWas, "the first is in work, not dead");
        drop(second);
        drop(first);
        assert!(!read(folder.path()).0.running, "taken back");
        assert_eq!(started(folder.path()).1, Care::AsItWas, "both ended well");
    }

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
