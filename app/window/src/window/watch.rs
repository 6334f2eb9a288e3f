//! What the program is at that it could die of, for its next start: the run that is being opened, the views that are computed or drawn.
//!
//! Contract: an entry stands while that work goes on, and stays where the program dies in it. What ends the program between works, such
//! as a signal, leaves no entry, so that nothing is blamed for it. Entries of another boot count for nothing: a power cut is no fault of a
//! view, and may bring back what had been taken back.
//!
//! Entries are a line in the file whose lock says that a program is in work. The UI thread writes it where something new is done (a run is
//! opened, a view is turned) or when it panics, never in each frame.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Something that the program is at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Work {
    /// Folder of the run.
    pub(super) run: PathBuf,
    /// The view of it; none for the run as a whole.
    pub(super) view: Option<String>,
}

/// The line in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Line {
    /// The boot it was written in; empty where that cannot be known.
    boot: String,
    works: Vec<Work>,
}

/// Where works are entered, shared by the window and the threads that compute for it.
#[derive(Clone, Default)]
pub(super) struct Watch {
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    /// None in a window beside another one, where there are no locks, and after the end.
    file: Option<File>,
    boot: String,
    works: Vec<Work>,
}

impl Watch {
    /// Over the locked file, with what a program that died had been at: nothing where it ended well.
    pub(super) fn over(file: Option<File>) -> (Self, Vec<Work>) {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self::of_boot(file, boot.trim())
    }

    fn of_boot(mut file: Option<File>, boot: &str) -> (Self, Vec<Work>) {
        let mut text = String::new();
        let read = file.as_mut().map(|file| file.read_to_string(&mut text));
        let whole = matches!(read, Some(Ok(_)));
        // What is no such line says nothing: the file is empty at first, and a power cut may leave anything.
        let line: Line =
            text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let left = if whole && line.boot == boot { line.works } else { Vec::new() };
        let mut book = Book { file, boot: boot.to_owned(), works: Vec::new() };
        book.write();
        (Self { book: Arc::new(Mutex::new(book)) }, left)
    }

    /// True while this program holds the lock.
    pub(super) fn is_held(&self) -> bool {
        self.lock().file.is_some()
    }

    /// Enters work on a run, or on a view of it, until the answer is dropped. A run without a folder is not opened again, so nothing is
    /// to be known of it.
    pub(super) fn working(&self, run: Option<&Path>, view: Option<&str>) -> Option<Working> {
        let work = Work { run: run?.to_owned(), view: view.map(str::to_owned) };
        let mut book = self.lock();
        book.works.push(work.clone());
        book.write();
        drop(book);
        Some(Working { watch: self.clone(), work })
    }

    /// Watches the drawing of a view until the answer is dropped: it is entered only if that panics, which ends the program.
    pub(super) fn drawing<'a>(&self, run: Option<&'a Path>, view: &'a str) -> Option<Drawing<'a>> {
        Some(Drawing { watch: self.clone(), run: run?, view })
    }

    /// Enters for good what the program dies of this moment.
    pub(super) fn dies_of(&self, run: &Path, view: Option<&str>) {
        // Its end is no entry of somebody who takes it back.
        std::mem::forget(self.working(Some(run), view));
    }

    /// The program ends as it should: nothing stands any more.
    pub(super) fn clear(&self) {
        let mut book = self.lock();
        book.works.clear();
        book.write();
    }

    /// Gives the lock back and leaves the entries as they are.
    pub(super) fn close(&self) {
        self.lock().file = None;
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn write(&mut self) {
        let Some(file) = &mut self.file else { return };
        let line = Line { boot: self.boot.clone(), works: self.works.clone() };
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        // What stands behind the line is what is left of a longer one.
        text.push(b'\n');
        // Without it the next start knows less; nobody has to be told.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&text));
    }
}

/// Work that goes on until this is dropped.
pub(super) struct Working {
    watch: Watch,
    work: Work,
}

impl Drop for Working {
    /// Also in a panic: on a thread of its own it ends the work, not the program.
    fn drop(&mut self) {
        let mut book = self.watch.lock();
        if let Some(at) = book.works.iter().position(|work| *work == self.work) {
            book.works.remove(at);
            book.write();
        }
    }
}

/// A view that is being drawn on the UI thread.
pub(super) struct Drawing<'a> {
    watch: Watch,
    run: &'a Path,
    view: &'a str,
}

impl Drop for Drawing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.watch.dies_of(self.run, Some(self.view));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, boot: &str) -> (Watch, Vec<Work>) {
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path).unwrap();
        Watch::of_boot(Some(file), boot)
    }

    fn work(view: Option<&str>) -> Work {
        Work { run: PathBuf::from("run"), view: view.map(str::to_owned) }
    }

    #[test]
    fn work_stands_while_it_goes_on_and_where_the_program_dies_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let run = Some(Path::new("run"));
        let (watch, left) = open(&path, "a");
        assert!(left.is_empty(), "a first start");
        let whole = watch.working(run, None);
        let view = watch.working(run, Some("loss"));
        assert!(watch.working(None, Some("loss")).is_none(), "of a run without a folder nothing is known");
        watch.close();
        let (watch, left) = open(&path, "a");
        assert_eq!(left, [work(None), work(Some("loss"))], "it died in both");
        drop((whole, view));
        let done = watch.working(run, Some("a view with a long name"));
        drop(done);
        watch.close();
        assert!(open(&path, "a").1.is_empty(), "it was done, and nothing is left of the longer line");
    }

    #[test]
    fn entries_of_another_boot_and_broken_ones_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let run = Some(Path::new("run"));
        let (watch, _) = open(&path, "a");
        let work = watch.working(run, None);
        watch.close();
        assert!(open(&path, "b").1.is_empty(), "the machine was started anew");
        drop(work);
        for text in ["", "{", "{\"boot\":\"a\",\"works\":[{\"run\":\"ru"] {
            std::fs::write(&path, text).unwrap();
            assert!(open(&path, "a").1.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_panic_blames_the_view_that_was_drawn_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (watch, _) = open(&path, "a");
        let inner = watch.clone();
        let draw = move || {
            let run = Path::new("run");
            drop(inner.drawing(Some(run), "first"));
            let _second = inner.drawing(Some(run), "second");
            let _work = inner.working(Some(run), Some("third"));
            panic!("as a view may");
        };
        let died = std::thread::Builder::new().name("draws".to_owned()).spawn(draw).unwrap();
        assert!(died.join().is_err(), "it panicked");
        watch.close();
        assert_eq!(open(&path, "a").1, [work(Some("second"))], "the one in hand");
    }
}
