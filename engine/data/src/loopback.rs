//! A small HTTP server on the loopback address for tests of downloads: one file, one planned behaviour per
//! connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with one connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    /// Answers as it should, ranges included.
    Serve,
    /// Announces everything, then closes the connection after so many bytes.
    CutAfter(usize),
    /// Always sends the whole file.
    IgnoreRange,
    /// Sends other bytes of the same length.
    WrongContent,
    /// Answers with 404.
    NotFound,
}

/// A server that answers as many connections as it was given behaviours, then no more.
pub(super) struct Server {
    address: SocketAddr,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    pub(super) fn start(content: Vec<u8>, behaviours: &[Behaviour]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (seen, behaviours) = (Arc::clone(&ranges), behaviours.to_vec());
        let serve = move || {
            for behaviour in behaviours {
                let (connection, _) = listener.accept().unwrap();
                let range = read_range(&connection);
                seen.lock().unwrap().push(range.clone());
                // A client that cancels closes the connection first.
                let _ = answer(connection, &content, behaviour, range.as_deref());
            }
        };
        std::thread::Builder::new().name("loopback server".into()).spawn(serve).unwrap();
        Self { address, ranges }
    }

    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn url(&self, file: &str) -> String {
        format!("{}/{file}", self.base())
    }

    /// The `Range` header of each connection so far.
    pub(super) fn ranges(&self) -> Vec<Option<String>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn read_range(connection: &TcpStream) -> Option<String> {
    let lines = BufReader::new(connection).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
    let headers: Vec<String> = lines.collect();
    headers.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("range").then(|| value.trim().to_owned())
    })
}

fn answer(
    mut connection: TcpStream,
    content: &[u8],
    behaviour: Behaviour,
    range: Option<&str>,
) -> std::io::Result<()> {
    let total = content.len();
    let start = match (behaviour, range) {
        (Behaviour::IgnoreRange | Behaviour::WrongContent, _) | (_, None) => 0,
        (_, Some(range)) => range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap(),
    };
    let (status, body) = match behaviour {
        Behaviour::NotFound => ("404 Not Found", Vec::new()),
        Behaviour::WrongContent => ("200 OK", vec![0; total]),
        _ if start >= total => ("416 Range Not Satisfiable", Vec::new()),
        _ if start > 0 => ("206 Partial Content", content[start..].to_vec()),
        _ => ("200 OK", content.to_vec()),
    };
    write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len())?;
    if start > 0 && start < total {
        write!(connection, "Content-Range: bytes {start}-{}/{total}\r\n", total - 1)?;
    }
    connection.write_all(b"\r\n")?;
    match behaviour {
        Behaviour::CutAfter(bytes) => connection.write_all(&body[..bytes.min(body.len())]),
        _ => connection.write_all(&body),
    }
}
