//! A studio of its own for each test, and requests as they lie on the wire.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use acetate_engine::Cache;
use acetate_studio::{Studio, StudioOptions};
use serde_json::Value;

/// Longest that a test waits for a song.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Running {
    pub host: String,
    pub token: String,
    pub folder: tempfile::TempDir,
    over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

impl Running {
    pub fn new(mixes: &[&Path]) -> Self {
        Self::with(StudioOptions {
            mixes: mixes.iter().map(|mix| mix.to_path_buf()).collect(),
            ..StudioOptions::default()
        })
    }

    /// With options of its own; no cache, and a place for sessions where none is given.
    pub fn with(options: StudioOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = options.session_folder.clone();
        let studio = Studio::open(&StudioOptions {
            cache: Cache::Off,
            session_folder: place.or(Some(folder.path().to_owned())),
            ..options
        })
        .unwrap();
        let address = studio.address();
        let (host, token) = address
            .strip_prefix("http://")
            .unwrap()
            .split_once("/#")
            .unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        Self {
            host: host.to_owned(),
            token: token.to_owned(),
            folder,
            over,
            server: Some(std::thread::spawn(move || {
                studio
                    .serve(move || is_over.load(Ordering::SeqCst))
                    .unwrap();
            })),
        }
    }

    /// Sends exactly these headers.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        // A refusal may come before the body is read.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        parse(&bytes)
    }

    /// As the page asks.
    pub fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let headers = [
            ("Host", self.host.as_str()),
            ("X-Acetate-Token", &self.token),
            ("Content-Type", "application/json"),
        ];
        self.raw(method, path, &headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, b"")
    }

    /// Waits until something is so of a song.
    pub fn wait_until(&self, id: u64, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let song = self.get(&format!("/api/songs/{id}")).json();
            if is_so(&song) {
                return song;
            }
            assert!(begun.elapsed() < PATIENCE, "{song}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Takes a file home, by its ticket.
    pub fn take(&self, id: u64, kind: &str) -> (String, Vec<u8>) {
        let ticket = self.ask("POST", &format!("/api/songs/{id}/files/{kind}"), b"");
        assert_eq!(ticket.status, 200, "{kind}: {}", ticket.text());
        let ticket = ticket.json();
        let host = [("Host", self.host.as_str())];
        let taken = self.raw("GET", ticket["address"].as_str().unwrap(), &host, b"");
        assert_eq!(taken.status, 200, "{kind}");
        (ticket["name"].as_str().unwrap().to_owned(), taken.body)
    }

    /// Waits until a song is in a state.
    pub fn wait_for(&self, id: u64, state: &str) -> Value {
        let begun = Instant::now();
        loop {
            let song = self.get(&format!("/api/songs/{id}")).json();
            if song["state"] == state {
                return song;
            }
            assert!(song["state"] != "failed", "{song}");
            assert!(begun.elapsed() < PATIENCE, "{song}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let ended = self.server.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
            for session in std::fs::read_dir(self.folder.path()).unwrap() {
                let files = std::fs::read_dir(session.unwrap().path()).unwrap();
                let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
                assert_eq!(names, ["session.json"], "a session takes all sound away");
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let is_chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked");
    Answer {
        status,
        headers,
        body: if is_chunked {
            unchunked(body)
        } else {
            body.to_vec()
        },
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&body[..end]), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
    whole
}
