//! As much of the servers' protocol as the tests speak.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What a server answers; an error is its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Text(String),
    Error(String),
    List(Vec<Reply>),
    Nothing,
}

impl Reply {
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Error(text) => text,
            _ => "",
        }
    }
}

pub struct Connection(BufReader<UnixStream>);

impl Connection {
    pub fn open(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn ask(&mut self, words: &[&str]) -> Reply {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        self.read().unwrap()
    }

    fn read(&mut self) -> std::io::Result<Reply> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at(1.min(line.len()));
        Ok(match kind {
            "-" => Reply::Error(rest.to_owned()),
            "$" => match rest.parse::<usize>() {
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    self.0.read_exact(&mut bytes)?;
                    bytes.truncate(length);
                    Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
                }
                Err(_) => Reply::Nothing,
            },
            "*" => {
                let length = rest.parse().unwrap_or(0);
                let items: std::io::Result<_> = (0..length).map(|_| self.read()).collect();
                Reply::List(items?)
            }
            _ => Reply::Text(rest.to_owned()),
        })
    }
}
