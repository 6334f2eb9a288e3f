//! Who has a run, or a task of a sweep, in work: a file made by one process at a time, on whatever machine.
//!
//! Contract: the file appears whole, once (a hard link, which exists or does not). On one machine an owner lives as long as its process
//! does. Of another machine nothing is known but its heartbeat: it writes the file again every few seconds, and is taken for gone when the
//! file is older than [`SILENCE`], by the clock of the drive that both write to, never by the clocks of the machines. An owner that
//! finds another in its place has lost what it had, and may write nothing more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::run::now_text;

/// Time between two heartbeats.
const BEAT: Duration = Duration::from_secs(5);
/// A heartbeat that is older than this comes no more.
pub const SILENCE: Duration = Duration::from_mins(1);
/// Two heartbeats and a little: who has not moved by then does not.
const WATCH: Duration = Duration::from_millis(11_500);
/// Least time between two looks while another owner is waited for.
const LOOK: Duration = Duration::from_secs(1);
/// Owners that may vanish under one attempt to follow them.
const MOST_TRIES: usize = 20;

/// A process that has something in work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Name of its machine.
    pub host: String,
    /// Its process number there.
    pub pid: u32,
    /// When it began, RFC 3339, for people.
    pub since: String,
    /// The job that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Boot and process namespace: where `pid` means something. Empty where that cannot be known.
    space: String,
    /// When the process started, in ticks since the boot, so that another process of the same number is not taken for it.
    start: u64,
}

impl Owner {
    /// This process.
    fn me(job: Option<&str>) -> Self {
        let pid = std::process::id();
        Self {
            host: host(),
            pid,
            since: now_text(),
            job: job.map(str::to_owned),
            space: space(),
            start: process(pid).map_or(0, |(_, start)| start),
        }
    }

    /// In words, for messages.
    pub fn words(&self) -> String {
        let job = self.job.as_ref().map_or_else(String::new, |job| format!(", job {job}"));
        format!("{} (process {}{job}) since {}", self.host, self.pid, self.since)
    }
}

/// What a look at an owner's file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody has the task.
    Nobody,
    /// It lives.
    Alive(Owner),
    /// Its process is stopped.
    Stopped(Owner),
    /// Its heartbeat is ahead of the drive's clock: a clock was set back, and only watching tells whether it lives.
    Ahead(Owner),
    /// It is gone and has left its file.
    Gone(Owner),
}

/// Why a task cannot be taken.
#[derive(Debug)]
pub enum Refusal {
    /// Somebody else has it.
    Busy(Owner),
    /// The file cannot be written.
    Storage(io::Error),
}

/// The clock of the drive on which a folder lies, read once: what a file that is written now is dated.
#[derive(Clone, Copy, Debug)]
pub struct DriveClock(SystemTime);

impl DriveClock {
    /// Writes a file and reads its date. Where nothing may be written, this machine's clock must do.
    pub fn read(states: &Path) -> Self {
        let path = states.join(format!(".clock-{}", unique()));
        let dated = File::create(&path).and_then(|mut file| {
            file.write_all(b".")?;
            file.metadata()?.modified()
        });
        let _ = fs::remove_file(&path);
        Self(dated.unwrap_or_else(|_| SystemTime::now()))
    }
}

/// Whom an owner's file names, alive or not.
pub(super) fn named(path: &Path) -> Option<Owner> {
    fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

/// Looks at an owner's file.
pub fn look(path: &Path, clock: DriveClock) -> Seen {
    let Ok(bytes) = fs::read(path) else { return Seen::Nobody };
    // One that cannot be read (a drive that went away in the middle) is somebody all the same, by its heartbeat.
    let owner: Owner = serde_json::from_slice(&bytes).unwrap_or_default();
    if !owner.space.is_empty() && owner.space == space() && owner.host == host() {
        return match process(owner.pid) {
            Some((_, start)) if start != owner.start => Seen::Gone(owner),
            Some(('T', _)) => Seen::Stopped(owner),
            Some(('Z' | 'X', _)) | None => Seen::Gone(owner),
            Some(_) => Seen::Alive(owner),
        };
    }
    let Ok(beaten) = fs::metadata(path).and_then(|data| data.modified()) else { return Seen::Nobody };
    match clock.0.duration_since(beaten) {
        Ok(silence) if silence > SILENCE => Seen::Gone(owner),
        Err(ahead) if ahead.duration() > SILENCE => Seen::Ahead(owner),
        _ => Seen::Alive(owner),
    }
}

/// Takes what a file stands for, at once or within `patience` if somebody else has it: whoever was queued again after its machine went down may have to
/// wait until the heartbeat of that machine has been silent for long enough.
///
/// `lost` is called, on a thread of its own, when another owner is found in its place.
///
/// # Errors
/// Somebody else has it, or the file cannot be written.
pub fn take(
    path: &Path,
    job: Option<&str>,
    patience: Duration,
    lost: impl Fn() + Send + Sync + 'static,
) -> Result<Held, Refusal> {
    let states = path.parent().unwrap_or(Path::new("."));
    let content = serde_json::to_vec(&Owner::me(job)).map_err(|error| Refusal::Storage(error.into()))?;
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        if appear(path, &content).map_err(Refusal::Storage)? {
            return Held::new(path, content, Box::new(lost)).map_err(Refusal::Storage);
        }
        let before = fs::read(path).unwrap_or_default();
        match look(path, DriveClock::read(states)) {
            Seen::Nobody => tries += 1,
            Seen::Gone(_) => {
                set_aside(path, &before).map_err(Refusal::Storage)?;
                tries += 1;
            }
            Seen::Ahead(owner) => {
                if moves(path) {
                    return Err(Refusal::Busy(owner));
                }
                set_aside(path, &before).map_err(Refusal::Storage)?;
                tries += 1;
            }
            Seen::Alive(owner) | Seen::Stopped(owner) => {
                if begun.elapsed() >= patience || tries >= MOST_TRIES {
                    return Err(Refusal::Busy(owner));
                }
                std::thread::sleep(LOOK);
            }
        }
        if tries >= MOST_TRIES {
            let text = "the file of its owner comes and goes; are several programs started for it at once?";
            return Err(Refusal::Storage(io::Error::other(text)));
        }
    }
}

/// Something that this process owns; its heart beats until it is dropped.
#[derive(Debug)]
pub struct Held {
    mine: Arc<Mine>,
    heart: Option<JoinHandle<()>>,
}

/// The file of an owner, as it must be found.
pub struct Mine {
    path: PathBuf,
    content: Vec<u8>,
    lost: Box<dyn Fn() + Send + Sync>,
    beaten: Mutex<Instant>,
    ended: Mutex<bool>,
    wake: Condvar,
}

impl std::fmt::Debug for Mine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Mine").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Held {
    fn new(path: &Path, content: Vec<u8>, lost: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (beaten, ended, wake) = (Mutex::new(Instant::now()), Mutex::new(false), Condvar::new());
        let mine = Arc::new(Mine { path: path.to_owned(), content, lost, beaten, ended, wake });
        let beating = Arc::clone(&mine);
        let heart = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || beating.beat());
        if heart.is_err() {
            mine.leave();
        }
        Ok(Self { mine, heart: Some(heart?) })
    }

    /// The file itself, for whoever asks after a pause whether it is still the own one.
    pub fn mine(&self) -> Arc<Mine> {
        Arc::clone(&self.mine)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.mine.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.mine.wake.notify_all();
        if let Some(heart) = self.heart.take() {
            let _ = heart.join();
        }
        self.mine.leave();
    }
}

impl Mine {
    fn beat(&self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !*ended {
            ended = self.wake.wait_timeout(ended, BEAT).unwrap_or_else(PoisonError::into_inner).0;
            if !*ended {
                self.check();
            }
        }
    }

    /// Beats once, and says so if another owner is found.
    pub fn check(&self) {
        if !self.renew() {
            (self.lost)();
        }
        *self.beaten.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The same if the heart has missed beats: the process stood still, and what it had may be another's by now.
    pub fn check_if_late(&self) {
        let silence = self.beaten.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if silence > 3 * BEAT {
            self.check();
        }
    }

    /// Writes the same bytes again, which dates the file; false if it is another owner's. A drive that does not answer is no answer.
    fn renew(&self) -> bool {
        let opened = OpenOptions::new().read(true).write(true).open(&self.path);
        let renewed = opened.and_then(|mut file| {
            let mut found = Vec::new();
            file.read_to_end(&mut found)?;
            if found != self.content {
                return Ok(false);
            }
            file.rewind()?;
            file.write_all(&self.content)?;
            Ok(true)
        });
        match renewed {
            Ok(own) => own,
            // Somebody has cleaned up: it is put back unless there is another by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                appear(&self.path, &self.content).unwrap_or(true)
            }
            Err(_) => true,
        }
    }

    fn leave(&self) {
        if fs::read(&self.path).is_ok_and(|found| found == self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the file with its content at once; false if there is one.
fn appear(path: &Path, content: &[u8]) -> io::Result<bool> {
    let whole = path.with_extension(format!("owner-{}", unique()));
    let linked = fs::write(&whole, content).and_then(|()| fs::hard_link(&whole, path));
    let _ = fs::remove_file(&whole);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Drives without hard links; a program that dies in between leaves a file that counts by its date.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
        {
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => file.write_all(content).map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Removes the file of an owner that is gone, and of no other: of several that try, the rename lets one through, and what it got is
/// looked at again.
fn set_aside(path: &Path, gone: &[u8]) -> io::Result<()> {
    let aside = path.with_extension(format!("gone-{}", unique()));
    match fs::rename(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    if fs::read(&aside).is_ok_and(|found| found != gone) {
        let _ = fs::hard_link(&aside, path);
    }
    let _ = fs::remove_file(&aside);
    Ok(())
}

/// True if the heart behind a file beats while it is watched.
fn moves(path: &Path) -> bool {
    let beat = || fs::metadata(path).and_then(|data| data.modified()).ok();
    let (before, begun) = (beat(), Instant::now());
    while begun.elapsed() < WATCH {
        std::thread::sleep(Duration::from_millis(250));
        if beat() != before {
            return true;
        }
    }
    false
}

/// Name of this machine.
pub fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Boot and process namespace of this process: two processes of one space see each other's numbers.
fn space() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let namespace = fs::read_link("/proc/self/ns/pid");
    match (boot, namespace) {
        (Ok(boot), Ok(namespace)) => format!("{} {}", boot.trim(), namespace.display()),
        _ => String::new(),
    }
}

/// State and start of a process of this machine: third and 22nd field of `/proc/PID/stat`, whose second may hold blanks and brackets.
fn process(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// A word that no other process on any machine uses for a file.
fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let host: String = host().chars().filter(char::is_ascii_alphanumeric).collect();
    let instant = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{host}-{}-{instant}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An owner on another machine, as it would have written its file.
    fn elsewhere(path: &Path, age: Duration) {
        let owner = Owner { host: "node-7".to_owned(), pid: 1, ..Owner::default() };
        fs::write(path, serde_json::to_vec(&owner).unwrap()).unwrap();
        let beaten = SystemTime::now() - age;
        File::options().write(true).open(path).unwrap().set_modified(beaten).unwrap();
    }

    #[test]
    fn one_at_a_time_and_the_next_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".owner");
        let held = take(&path, None, Duration::ZERO, || ()).unwrap();
        let again = take(&path, None, Duration::ZERO, || ());
        assert!(matches!(again, Err(Refusal::Busy(owner)) if owner.pid == std::process::id()));
        drop(held);
        assert!(!path.exists(), "nothing is left behind");
        drop(take(&path, None, Duration::ZERO, || ()).unwrap());
    }

    #[test]
    fn an_owner_elsewhere_lives_by_its_heartbeat() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".owner");
        elsewhere(&path, SILENCE / 2);
        let refused = take(&path, None, Duration::ZERO, || ());
        assert!(matches!(refused, Err(Refusal::Busy(owner)) if owner.host == "node-7"));
        elsewhere(&path, SILENCE * 2);
        assert!(matches!(look(&path, DriveClock::read(folder.path())), Seen::Gone(_)));
        drop(take(&path, None, Duration::ZERO, || ()).unwrap());
    }

    #[test]
    fn who_was_replaced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".owner");
        let lost = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = Arc::clone(&lost);
        let held =
            take(&path, None, Duration::ZERO, move || told.store(true, std::sync::atomic::Ordering::SeqCst))
                .unwrap();
        held.mine().check();
        assert!(!lost.load(std::sync::atomic::Ordering::SeqCst), "it is still its own");
        elsewhere(&path, Duration::ZERO);
        held.mine().check();
        assert!(lost.load(std::sync::atomic::Ordering::SeqCst));
        drop(held);
        assert!(path.exists(), "the other's file is left alone");
    }
}
