//! A throwaway instance: no port, a socket and a folder of its own, ended with the test.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::build::Build;
use crate::resp::{Connection, Reply};

pub struct Instance {
    process: Child,
    connection: Connection,
    // Removed after the process has ended.
    _folder: tempfile::TempDir,
}

impl Instance {
    /// With the server's own defaults for all but where it listens and writes.
    pub fn start(build: &Build) -> Self {
        Self::start_with(build, &[])
    }

    /// Lets everything be changed that can be: some directives are protected from Redis 7.0 on.
    pub fn start_open(build: &Build) -> Self {
        if build.is_old() {
            Self::start(build)
        } else {
            Self::start_with(build, &["--enable-protected-configs", "yes"])
        }
    }

    fn start_with(build: &Build, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let mut process = Command::new(&build.program)
            .current_dir(folder.path())
            .args(["--port", "0", "--unixsocket", "s"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.path().join("log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let mut connection = loop {
            if let Ok(connection) = Connection::open(&socket) {
                break connection;
            }
            let ended = process.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < Duration::from_secs(60),
                "{} does not start: {}",
                build.name(),
                std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(connection.ask(&["PING"]).text(), "PONG");
        Self {
            process,
            connection,
            _folder: folder,
        }
    }

    pub fn ask(&mut self, words: &[&str]) -> Reply {
        self.connection.ask(words)
    }

    /// Names and values that CONFIG GET answers to a pattern.
    pub fn config(&mut self, pattern: &str) -> Vec<(String, String)> {
        let Reply::List(items) = self.ask(&["CONFIG", "GET", pattern]) else {
            panic!("no list for {pattern}");
        };
        items
            .chunks(2)
            .map(|pair| (pair[0].text().to_owned(), pair[1].text().to_owned()))
            .collect()
    }

    pub fn value(&mut self, name: &str) -> Option<String> {
        self.config(name).pop().map(|(_, value)| value)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
