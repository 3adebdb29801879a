//! A client that follows the primary: it writes numbers, reads each back, and keeps what was confirmed.
//!
//! A write is confirmed when the server answered OK. A write of which nothing was heard may or may not have been made,
//! and nobody was promised anything.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub struct Client {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Seen {
    pub confirmed: u64,
    /// Numbers whose write was confirmed: `first..` without those that were not.
    numbers: Vec<u64>,
    /// The longest time between two confirmed writes.
    pub longest_stall: Duration,
    /// A number that was confirmed and read back as something else.
    wrong: Vec<u64>,
}

impl Client {
    pub fn start(servers: Vec<String>, password: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || write_and_read(&servers, password, &flag));
        Self { stop, thread }
    }

    pub fn stop(self) -> Seen {
        // Whoever is stalled at the end shows it.
        std::thread::sleep(Duration::from_secs(1));
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client comes to its end")
    }
}

impl Seen {
    /// Confirmed numbers that a server does not have.
    pub fn lost(&self, server: &str, password: &str) -> Vec<u64> {
        let mut connection = Connection::open(server, password).expect("the primary answers");
        let mut lost = self.wrong.clone();
        for number in &self.numbers {
            let name = format!("n:{number}");
            let found = connection
                .ask(&["GET", &name])
                .expect("the primary answers");
            if found != number.to_string() {
                lost.push(*number);
            }
        }
        lost
    }
}

fn write_and_read(servers: &[String], password: &str, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let mut last = Instant::now();
    let mut connection = None;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(open) = &mut connection else {
            connection = primary(servers, password);
            continue;
        };
        number += 1;
        let (name, text) = (format!("n:{number}"), number.to_string());
        match open.ask(&["SET", &name, &text]) {
            Some(answer) if answer == "+OK" => {
                seen.longest_stall = seen.longest_stall.max(last.elapsed());
                last = Instant::now();
                seen.confirmed += 1;
                seen.numbers.push(number);
            }
            _ => {
                connection = None;
                continue;
            }
        }
        match open.ask(&["GET", &name]) {
            Some(found) if found == text => {}
            Some(found) if found.starts_with('-') => connection = None,
            Some(_) => seen.wrong.push(number),
            None => connection = None,
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    seen.longest_stall = seen.longest_stall.max(last.elapsed());
    seen
}

/// Whoever says that it is the primary.
fn primary(servers: &[String], password: &str) -> Option<Connection> {
    servers.iter().find_map(|server| {
        let mut connection = Connection::open(server, password)?;
        // The answer is a list whose first word is the role; what follows it is not read.
        connection.ask(&["ROLE"])?;
        connection.line()?;
        let role = connection.line()?;
        (role == "master").then(|| Connection::open(server, password))?
    })
}

struct Connection {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Connection {
    fn open(server: &str, password: &str) -> Option<Self> {
        let place = format!("{server}:6379").parse().ok()?;
        let stream = TcpStream::connect_timeout(&place, Duration::from_secs(1)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .ok()?;
        let mut connection = Self {
            reader: BufReader::new(stream.try_clone().ok()?),
            writer: stream,
        };
        (connection.ask(&["AUTH", password])? == "+OK").then_some(connection)
    }

    /// The answer: a status or an error with its sign, or a text. `None`: the connection is lost.
    fn ask(&mut self, words: &[&str]) -> Option<String> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.writer.write_all(command.as_bytes()).ok()?;
        let line = self.line()?;
        match line.strip_prefix('$') {
            Some("-1") => Some(String::new()),
            Some(_) => self.line(),
            None => Some(line),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    }
}
