//! `get_url` with the curl and wget of this machine, from a server of our own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use cachesmith::model::blob::Blob;
use cachesmith::model::step::Action;
use cachesmith::model::value::{Map, Value};

use crate::machine::Task;

/// Serves one text under every path but `/missing`, and keeps what was asked.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

fn serve(body: &'static str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut request).unwrap() > 2 {}
            let status = if request.contains("/missing") {
                "404 Not Found"
            } else {
                "200 OK"
            };
            log.lock().unwrap().push(request);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Server { port, asked }
}

impl Server {
    fn task(&self, path: &str, dest: &str, more: &[(&str, Value)]) -> Task {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut values = vec![
            ("url", url.into()),
            ("dest", dest.into()),
            ("use_proxy", false.into()),
        ];
        values.extend(more.iter().cloned());
        Task::new("get_url", &values)
    }
}

/// The first lines of what a fetch tells.
fn told(stdout: &Blob) -> Vec<String> {
    stdout
        .to_lossy()
        .lines()
        .take(3)
        .map(str::to_owned)
        .collect()
}

fn has_a_program() -> bool {
    let found = crate::machine::said(&["sh", "-c", "command -v curl || command -v wget"]);
    !found.is_empty()
}

#[test]
fn a_file_is_fetched_checked_and_replaced() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("a file");
    let name = dest.to_str().unwrap();
    let server = serve("content\n");
    if !has_a_program() {
        let said = server.task("/x", name, &[]).apply();
        assert!(said.stderr.to_lossy().contains("neither curl nor wget"));
        return;
    }
    server
        .task("/x", name, &[("mode", "0600".into())])
        .converge();
    assert_eq!(std::fs::read_to_string(&dest).unwrap(), "content\n");

    // With force the host compares, and replaces what differs.
    let force = [("force", Value::Bool(true)), ("backup", true.into())];
    assert!(
        server
            .task("/x", name, &force)
            .decide()
            .unwrap()
            .changes
            .is_empty()
    );
    std::fs::write(&dest, "something else\n").unwrap();
    server.task("/x", name, &force).converge();
    assert_eq!(std::fs::read_to_string(&dest).unwrap(), "content\n");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2);

    // A checksum that does not fit leaves everything as it was.
    let wrong = format!("sha256:{}", Blob::from("other").sha256());
    let said = server
        .task("/x", name, &[("checksum", wrong.into())])
        .apply();
    assert_eq!(said.code, 1);
    assert!(
        said.stderr.to_lossy().contains("has the checksum"),
        "{}",
        said.stderr.to_lossy()
    );
    let right = format!("sha256:{}", Blob::from("content\n").sha256());
    server
        .task("/x", name, &[("checksum", right.into())])
        .converge();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2);
}

/// The programs that fetching needs, and `more`, in a directory that holds nothing else.
fn programs(place: &std::path::Path, more: &[&str]) -> String {
    let needed = [
        "sh",
        "mktemp",
        "cat",
        "grep",
        "cp",
        "chown",
        "chmod",
        "mv",
        "rm",
        "sync",
        "sha256sum",
        "wc",
    ];
    for name in needed.iter().chain(more) {
        let found = crate::machine::said(&["sh", "-c", "command -v \"$0\"", name]);
        std::os::unix::fs::symlink(found, place.join(name)).unwrap();
    }
    place.to_str().unwrap().to_owned()
}

#[test]
fn wget_does_what_curl_does() {
    if crate::machine::said(&["sh", "-c", "wget --version | grep GNU"]).is_empty() {
        return;
    }
    let server = serve("content\n");
    let header = Map::from_iter([("X-Key".to_owned(), "a \"quoted\" key".into())]);
    let more = [
        ("headers", Value::Map(header)),
        ("url_username", "joe".into()),
        ("url_password", "pass\"word".into()),
    ];
    for (with, code) in [(vec!["wget"], 0), (Vec::new(), 127)] {
        let place = tempfile::tempdir().unwrap();
        let dest = place.path().join("x");
        let path = programs(place.path(), &with);
        let decision = server
            .task("/x", dest.to_str().unwrap(), &more)
            .decide()
            .unwrap();
        let Action::Program { program, .. } = &decision.changes[0].steps[0].action else {
            panic!("{decision:?}");
        };
        let mut program = program.clone();
        program.environment.insert("PATH".to_owned(), path);
        let said = crate::machine::run(&program);
        assert_eq!(said.code, code, "{}", said.stderr.to_lossy());
        assert_eq!(dest.exists(), code == 0);
        if code == 0 {
            assert_eq!(
                told(&said.stdout),
                ["status_code 200", "size 8", "msg OK (8 bytes)"]
            );
        }
    }
    let asked = server.asked.lock().unwrap().join("\n");
    assert!(asked.contains("User-Agent: Wget"), "{asked}");
    assert!(asked.contains("X-Key: a \"quoted\" key"), "{asked}");
    assert!(
        asked.contains("Authorization: Basic am9lOnBhc3Mid29yZA=="),
        "{asked}"
    );
}

#[test]
fn what_is_missing_on_the_server_fails() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("x");
    let server = serve("not found\n");
    let said = server.task("/missing", dest.to_str().unwrap(), &[]).apply();
    assert_ne!(said.code, 0);
    assert_eq!(told(&said.stdout), ["status_code 404"]);
    assert!(!dest.exists());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn headers_and_passwords_reach_the_server() {
    let keeps_secrets = "command -v curl || wget --version | grep GNU";
    if crate::machine::said(&["sh", "-c", keeps_secrets]).is_empty() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("x");
    let server = serve("content\n");
    let header = Map::from_iter([("X-Key".to_owned(), "a \"quoted\" \\ key".into())]);
    let more = [
        ("headers", Value::Map(header)),
        ("url_username", "joe".into()),
        ("url_password", "pass\"word".into()),
    ];
    server.task("/x", dest.to_str().unwrap(), &more).converge();
    let asked = server.asked.lock().unwrap().join("\n");
    assert!(asked.contains("X-Key: a \"quoted\" \\ key"), "{asked}");
    // joe:pass"word
    assert!(
        asked.contains("Authorization: Basic am9lOnBhc3Mid29yZA=="),
        "{asked}"
    );
}
