//! A connection to a server that speaks RESP2: requests are gathered, sent together, and answered one by one.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The variable that holds the password, so that it stands in no process list.
pub const PASSWORD_VARIABLE: &str = "CHURN_PASSWORD";

/// How long an answer may take before the server counts as gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a server is, and how to get in.
#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    password: Option<String>,
}

impl Target {
    /// # Errors
    ///
    /// Where the address is no `HOST:PORT` of this network.
    pub fn new(address: &str) -> io::Result<Self> {
        let found = address.to_socket_addrs()?.next();
        let address = found.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{address}` has no address"),
            )
        })?;
        Ok(Self {
            address,
            password: env::var(PASSWORD_VARIABLE)
                .ok()
                .filter(|word| !word.is_empty()),
        })
    }
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    Status,
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nothing,
}

pub struct Connection {
    reader: BufReader<TcpStream>,
    requests: Vec<u8>,
    line: Vec<u8>,
}

impl Connection {
    /// # Errors
    ///
    /// Where nobody listens, or the password is refused.
    pub fn open(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&target.address, Duration::from_secs(2))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Self {
            reader: BufReader::with_capacity(64 * 1024, stream),
            requests: Vec::new(),
            line: Vec::new(),
        };
        if let Some(password) = &target.password {
            match connection.ask(&[b"AUTH", password.as_bytes()])? {
                Reply::Error(text) => {
                    return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
                }
                _ => return Ok(connection),
            }
        }
        Ok(connection)
    }

    /// Adds a request to those that are sent next.
    pub fn gather(&mut self, words: &[&[u8]]) {
        // Writing to a Vec cannot fail.
        let _ = write!(self.requests, "*{}\r\n", words.len());
        for word in words {
            let _ = write!(self.requests, "${}\r\n", word.len());
            self.requests.extend_from_slice(word);
            self.requests.extend_from_slice(b"\r\n");
        }
    }

    /// Sends what was gathered. Each request has an answer then, to be taken with [`Self::answer`].
    pub fn send(&mut self) -> io::Result<()> {
        let sent = self.reader.get_mut().write_all(&self.requests);
        self.requests.clear();
        sent
    }

    pub fn ask(&mut self, words: &[&[u8]]) -> io::Result<Reply> {
        self.gather(words);
        self.send()?;
        self.answer()
    }

    pub fn answer(&mut self) -> io::Result<Reply> {
        self.line.clear();
        self.reader.read_until(b'\n', &mut self.line)?;
        let line = self
            .line
            .strip_suffix(b"\r\n")
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let (kind, rest) = line.split_first().ok_or(io::ErrorKind::InvalidData)?;
        match kind {
            b'+' => Ok(Reply::Status),
            b'-' => Ok(Reply::Error(String::from_utf8_lossy(rest).into_owned())),
            b':' => Ok(Reply::Integer(number(rest)?)),
            b'$' => match usize::try_from(number(rest)?) {
                Ok(length) => self.bulk(length),
                Err(_) => Ok(Reply::Nothing),
            },
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn bulk(&mut self, length: usize) -> io::Result<Reply> {
        let mut bytes = vec![0; length + 2];
        self.reader.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Reply::Bulk(bytes))
    }
}

fn number(text: &[u8]) -> io::Result<i64> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// A server that answers with what it is given, and what it was asked.
    fn answered(answer: &'static [u8]) -> (io::Result<Reply>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; 64];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(answer).unwrap();
            asked.truncate(length);
            asked
        });
        let target = Target {
            address,
            password: None,
        };
        let reply = Connection::open(&target).and_then(|mut open| open.ask(&[b"GET", b"key"]));
        (reply, server.join().unwrap())
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        let (reply, asked) = answered(b"$3\r\na\r\n\r\n");
        assert_eq!(reply.unwrap(), Reply::Bulk(b"a\r\n".to_vec()));
        assert_eq!(asked, b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
        assert_eq!(answered(b"$-1\r\n").0.unwrap(), Reply::Nothing);
        assert_eq!(answered(b"+OK\r\n").0.unwrap(), Reply::Status);
        assert_eq!(answered(b":-7\r\n").0.unwrap(), Reply::Integer(-7));
        let error = answered(b"-OOM no memory\r\n").0.unwrap();
        assert_eq!(error, Reply::Error("OOM no memory".to_owned()));
    }

    #[test]
    fn a_server_that_goes_away_is_an_error() {
        assert!(answered(b"").0.is_err());
        assert!(answered(b"$10\r\nhalf").0.is_err());
        assert!(answered(b"+OK").0.is_err());
    }
}
