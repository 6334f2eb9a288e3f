//! Fetching one file over HTTP so that it can be stopped, resumed and trusted.
//!
//! Contract: bytes are collected in `NAME.part` beside the destination. A part that is already there is continued
//! with an HTTP range request; a server that does not know ranges starts anew. Only a file whose MD5 is the
//! published one gets its real name, so a file under its real name is whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use md5::{Digest as _, Md5};
use ureq::http::StatusCode;
use ureq::{Agent, Body};

use super::error::DataError;
use super::source::io_error;

/// How often a broken connection is taken up again before giving up.
const ATTEMPTS: usize = 4;
const CHUNK_BYTES: usize = 1 << 16;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Also the longest time for which a silent server delays a cancellation.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Name of the file that is being fetched.
    pub file: &'a str,
    /// Bytes of it that are here, those of an earlier attempt included.
    pub received_bytes: u64,
    /// Its length, if the server tells.
    pub total_bytes: Option<u64>,
}

/// One file to fetch.
pub(super) struct Fetch<'a> {
    pub(super) url: &'a str,
    pub(super) destination: &'a Path,
    /// The published checksum, hexadecimal in lower case.
    pub(super) md5: &'a str,
}

/// Told of every received block.
pub(super) type OnProgress<'a> = &'a mut dyn FnMut(Progress<'_>);

/// Fetches the file unless it is there already with the right checksum.
pub(super) fn fetch(
    request: &Fetch<'_>,
    on_progress: OnProgress<'_>,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), DataError> {
    let destination = request.destination;
    if destination.is_file() && md5_of(destination)? == request.md5 {
        return Ok(());
    }
    let part = part_path(destination);
    receive_all(request, &part, on_progress, cancelled)?;
    let found = md5_of(&part)?;
    if found != request.md5 {
        fs::remove_file(&part).map_err(io_error("delete the damaged download", &part))?;
        return Err(DataError::Checksum {
            url: request.url.to_owned(),
            expected: request.md5.to_owned(),
            found,
            path: destination.to_path_buf(),
        });
    }
    fs::rename(&part, destination).map_err(io_error("give the finished download its name", destination))
}

/// Where the bytes of an unfinished file lie.
pub(super) fn part_path(destination: &Path) -> PathBuf {
    let mut name: OsString = destination.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// How one connection ended.
enum Outcome {
    Complete,
    /// The part cannot be continued: delete it and ask for the whole file.
    StartAnew,
    Broken {
        cause: String,
    },
}

fn receive_all(
    request: &Fetch<'_>,
    part: &Path,
    on_progress: OnProgress<'_>,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), DataError> {
    let agent = agent(request.url);
    let mut last_cause = String::new();
    for _ in 0..ATTEMPTS {
        if cancelled() {
            return Err(DataError::Cancelled { path: part.to_path_buf() });
        }
        match receive(&agent, request, part, on_progress, cancelled)? {
            Outcome::Complete => return Ok(()),
            Outcome::StartAnew => {
                fs::remove_file(part).map_err(io_error("delete the unusable download", part))?;
                "the server refused to go on where the last download ended".clone_into(&mut last_cause);
            }
            Outcome::Broken { cause } => last_cause = cause,
        }
    }
    Err(DataError::Interrupted {
        url: request.url.to_owned(),
        cause: last_cause,
        received_bytes: length_of(part),
        path: part.to_path_buf(),
    })
}

/// Makes one connection and appends what it brings to the part.
fn receive(
    agent: &Agent,
    request: &Fetch<'_>,
    part: &Path,
    on_progress: OnProgress<'_>,
    cancelled: &dyn Fn() -> bool,
) -> Result<Outcome, DataError> {
    let unreachable = |cause: String| DataError::Unreachable {
        url: request.url.to_owned(),
        cause,
        path: request.destination.to_path_buf(),
    };
    let have_bytes = length_of(part);
    let mut get = agent.get(request.url);
    if have_bytes > 0 {
        get = get.header("Range", format!("bytes={have_bytes}-"));
    }
    let response = get.call().map_err(|error| unreachable(error.to_string()))?;
    let start_bytes = match response.status() {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if range_start(&response) == Some(have_bytes) => have_bytes,
        // A range that does not fit comes from a part that is no beginning of this file.
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if have_bytes > 0 => {
            return Ok(Outcome::StartAnew);
        }
        status => return Err(unreachable(format!("the server answered {status}"))),
    };
    let total_bytes = response.body().content_length().map(|rest| start_bytes + rest);
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(start_bytes == 0)
        .append(start_bytes > 0)
        .open(part);
    let mut transfer = Transfer {
        reader: response.into_body().into_reader(),
        file: file.map_err(io_error("write the download", part))?,
        part,
        received_bytes: start_bytes,
        total_bytes,
    };
    let name = request.destination.file_name().unwrap_or_default().to_string_lossy();
    transfer.run(&name, on_progress, cancelled)
}

/// A body on its way into the part.
struct Transfer<'a, R> {
    reader: R,
    file: File,
    part: &'a Path,
    received_bytes: u64,
    total_bytes: Option<u64>,
}

impl<R: Read> Transfer<'_, R> {
    fn run(
        &mut self,
        file_name: &str,
        on_progress: OnProgress<'_>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, DataError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            on_progress(Progress {
                file: file_name,
                received_bytes: self.received_bytes,
                total_bytes: self.total_bytes,
            });
            if cancelled() {
                return Err(DataError::Cancelled { path: self.part.to_path_buf() });
            }
            let received = match self.reader.read(&mut chunk) {
                Ok(0) => return Ok(self.end()),
                Ok(count) => chunk.get(..count).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Outcome::Broken { cause: error.to_string() }),
            };
            self.file.write_all(received).map_err(io_error("write the download", self.part))?;
            self.received_bytes += received.len() as u64;
        }
    }

    fn end(&self) -> Outcome {
        match self.total_bytes {
            Some(total) if self.received_bytes < total => {
                Outcome::Broken { cause: "the server closed the connection too early".to_owned() }
            }
            _ => Outcome::Complete,
        }
    }
}

fn agent(url: &str) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_per_read(Some(READ_TIMEOUT));
    // No proxy can reach a server on this computer for us.
    let is_local = url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
    if is_local { config.proxy(None).build().into() } else { config.build().into() }
}

/// The first byte that a partial answer brings: `Content-Range: bytes 500-999/1000`.
fn range_start(response: &ureq::http::Response<Body>) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

fn length_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// The MD5 of a file, hexadecimal. It guards against damage, which is all the publishers' checksums can do.
fn md5_of(path: &Path) -> Result<String, DataError> {
    use std::fmt::Write as _;
    let read_error = |cause| io_error("check the download", path)(cause);
    let mut file = File::open(path).map_err(read_error)?;
    let (mut hasher, mut chunk) = (Md5::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut chunk).map_err(read_error)? {
            0 => break,
            count => hasher.update(chunk.get(..count).unwrap_or_default()),
        }
    }
    Ok(hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loopback::{Behaviour, Server};
    use std::cell::{Cell, RefCell};

    const NEVER: &dyn Fn() -> bool = &|| false;

    fn content() -> Vec<u8> {
        (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
    }

    struct Setup {
        folder: tempfile::TempDir,
        server: Server,
        md5: String,
    }

    impl Setup {
        fn new(behaviours: &[Behaviour]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let original = folder.path().join("original");
            fs::write(&original, content()).unwrap();
            Self { md5: md5_of(&original).unwrap(), server: Server::start(content(), behaviours), folder }
        }

        fn destination(&self) -> PathBuf {
            self.folder.path().join("data.gz")
        }

        fn part(&self) -> PathBuf {
            part_path(&self.destination())
        }

        fn fetch(&self, on_progress: OnProgress<'_>, cancelled: &dyn Fn() -> bool) -> Result<(), DataError> {
            let url = self.server.url("data.gz");
            let request = Fetch { url: &url, destination: &self.destination(), md5: &self.md5 };
            fetch(&request, on_progress, cancelled)
        }

        fn fetch_quietly(&self) -> Result<(), DataError> {
            self.fetch(&mut |_| {}, NEVER)
        }

        fn is_whole(&self) -> bool {
            fs::read(self.destination()).unwrap() == content() && !self.part().exists()
        }
    }

    #[test]
    fn fetches_and_reports_progress_once() {
        let setup = Setup::new(&[Behaviour::Serve]);
        let seen = RefCell::new(Vec::new());
        setup
            .fetch(
                &mut |progress| {
                    assert_eq!((progress.file, progress.total_bytes), ("data.gz", Some(1_200_000)));
                    seen.borrow_mut().push(progress.received_bytes);
                },
                NEVER,
            )
            .unwrap();
        assert!(setup.is_whole());
        assert!(seen.borrow().is_sorted());
        assert_eq!((seen.borrow().first(), seen.borrow().last()), (Some(&0), Some(&1_200_000)));
        // The second time nothing is asked of the server.
        setup.fetch_quietly().unwrap();
        assert_eq!(setup.server.ranges(), [None]);
    }

    #[test]
    fn a_broken_connection_is_taken_up_where_it_ended() {
        let setup = Setup::new(&[Behaviour::CutAfter(500_000), Behaviour::Serve]);
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
        assert_eq!(setup.server.ranges(), [None, Some("bytes=500000-".to_owned())]);
    }

    #[test]
    fn a_part_of_an_earlier_attempt_is_continued() {
        let setup = Setup::new(&[Behaviour::Serve]);
        fs::write(setup.part(), &content()[..700_000]).unwrap();
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
        assert_eq!(setup.server.ranges(), [Some("bytes=700000-".to_owned())]);
    }

    #[test]
    fn a_server_without_ranges_starts_anew() {
        let setup = Setup::new(&[Behaviour::IgnoreRange]);
        fs::write(setup.part(), [0; 1000]).unwrap();
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
    }

    #[test]
    fn a_part_longer_than_the_file_is_thrown_away() {
        let setup = Setup::new(&[Behaviour::Serve, Behaviour::Serve]);
        fs::write(setup.part(), vec![0; 2_000_000]).unwrap();
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
        assert_eq!(setup.server.ranges(), [Some("bytes=2000000-".to_owned()), None]);
    }

    #[test]
    fn a_connection_that_keeps_breaking_leaves_the_part() {
        let setup = Setup::new(&[Behaviour::CutAfter(10_000); ATTEMPTS]);
        let text = setup.fetch_quietly().unwrap_err().to_string();
        assert!(text.contains(" broke off after 40000 bytes: "), "{text}");
        assert!(
            text.ends_with(&format!("they are kept, try again to go on: {}", setup.part().display())),
            "{text}"
        );
        assert_eq!(fs::read(setup.part()).unwrap(), content()[..40_000]);
    }

    #[test]
    fn wrong_content_is_deleted_and_reported() {
        let setup = Setup::new(&[Behaviour::WrongContent]);
        let text = setup.fetch_quietly().unwrap_err().to_string();
        assert!(
            text.contains(&format!(", not the published {}; it was deleted, try again", setup.md5)),
            "{text}"
        );
        assert!(text.ends_with(&setup.destination().display().to_string()), "{text}");
        assert!(!setup.part().exists() && !setup.destination().exists());
    }

    #[test]
    fn a_refusal_is_reported() {
        let setup = Setup::new(&[Behaviour::NotFound]);
        let text = setup.fetch_quietly().unwrap_err().to_string();
        assert!(
            text.contains("data.gz: the server answered 404 Not Found; check the network connection"),
            "{text}"
        );
        assert!(!setup.part().exists());
    }

    #[test]
    fn a_cancelled_download_keeps_its_part_and_goes_on_later() {
        let setup = Setup::new(&[Behaviour::Serve, Behaviour::Serve]);
        let received = Cell::new(0);
        let error = setup
            .fetch(&mut |progress| received.set(progress.received_bytes), &|| received.get() > 200_000)
            .unwrap_err();
        assert!(
            error.to_string().starts_with("the download was cancelled; what came so far is kept"),
            "{error}"
        );
        assert_eq!(length_of(&setup.part()), received.get());
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
        assert_eq!(setup.server.ranges()[1], Some(format!("bytes={}-", received.get())));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_reported() {
        let setup = Setup::new(&[Behaviour::Serve]);
        let (url, destination) =
            (setup.server.url("data.gz"), setup.folder.path().join("no/such/folder/data.gz"));
        let request = Fetch { url: &url, destination: &destination, md5: &setup.md5 };
        let text = fetch(&request, &mut |_| {}, NEVER).unwrap_err().to_string();
        assert!(text.starts_with("could not write the download: No such file or directory"), "{text}");
        assert!(text.ends_with("no/such/folder/data.gz.part"), "{text}");
    }

    #[test]
    fn a_damaged_file_under_its_real_name_is_fetched_again() {
        let setup = Setup::new(&[Behaviour::Serve]);
        fs::write(setup.destination(), b"damaged").unwrap();
        setup.fetch_quietly().unwrap();
        assert!(setup.is_whole());
    }

    #[test]
    fn the_checksum_is_md5() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        // RFC 1321, appendix A.5.
        assert_eq!(md5_of(&path).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
    }
}
