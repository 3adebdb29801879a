//! A client that reads known keys and writes some of its own, at a pace, and goes on whatever happens: it counts the
//! errors that it sees, and how long the server was away.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::known;
use crate::latency::{Latencies, Summary};
use crate::numbers::Numbers;
use crate::resp::{Connection, Reply, Target};
use crate::run::Run;
use crate::watch::{self, Sample};

pub struct Pace {
    pub keys: u64,
    pub size: usize,
    pub connections: u64,
    /// Between two requests of a connection.
    pub pause: Duration,
    pub seed: u64,
}

#[derive(Default)]
struct Seen {
    reads: u64,
    writes: u64,
    misses: u64,
    longest_away: Duration,
    latencies: Latencies,
}

#[derive(Serialize)]
pub struct Report {
    /// Product and version.
    pub server: String,
    pub ended: String,
    pub reads: u64,
    pub writes: u64,
    /// Known keys that were not there, or held something else.
    pub misses: u64,
    /// Errors that clients saw, by their first word; `disconnected` and `refused` for connections.
    pub errors: std::collections::BTreeMap<String, u64>,
    /// The longest time that a connection had no answer, in milliseconds.
    pub longest_away_ms: f64,
    pub latencies: Summary,
    pub lateness: Summary,
    pub samples: Vec<Sample>,
}

/// Runs until standard input ends or the time is up.
///
/// # Errors
///
/// Where the server cannot be reached to begin with.
pub fn steady(target: &Target, run: &Run, pace: &Pace) -> Result<Report, String> {
    let mut first = Connection::open(target).map_err(|error| error.to_string())?;
    let server = watch::server(&mut first)?;
    // Not in the scope below: nobody can end a thread that reads, but the program ends it.
    let (closed, input_closed) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut ignored = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut ignored);
        let _ = closed.send(());
    });
    Ok(thread::scope(|scope| {
        let samples = scope.spawn(|| watch::samples(target, run));
        let lateness = scope.spawn(|| watch::lateness(run));
        let clients: Vec<_> = (0..pace.connections)
            .map(|stream| scope.spawn(move || client(target, run, pace, stream)))
            .collect();
        while run.goes_on() {
            if input_closed.recv_timeout(Duration::from_millis(20)).is_ok() {
                run.end("complete");
            }
        }
        let mut all = Seen::default();
        for client in clients {
            let seen = client.join().unwrap_or_default();
            all.reads += seen.reads;
            all.writes += seen.writes;
            all.misses += seen.misses;
            all.longest_away = all.longest_away.max(seen.longest_away);
            all.latencies.merge(seen.latencies);
        }
        Report {
            server,
            ended: run.reason(),
            reads: all.reads,
            writes: all.writes,
            misses: all.misses,
            errors: run.errors(),
            longest_away_ms: all.longest_away.as_secs_f64() * 1000.0,
            latencies: all.latencies.summary(),
            lateness: lateness.join().unwrap_or_default().summary(),
            samples: samples.join().unwrap_or_default(),
        }
    }))
}

fn client(target: &Target, run: &Run, pace: &Pace, stream: u64) -> Seen {
    let mut numbers = Numbers::new(pace.seed, stream);
    let mut seen = Seen::default();
    let mut connection = None;
    let mut answered = Instant::now();
    while !run.ended() {
        let Some(open) = &mut connection else {
            match Connection::open(target) {
                Ok(open) => connection = Some(open),
                Err(_) => run.count_error("refused"),
            }
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        let began = Instant::now();
        match request(open, pace, &mut numbers, &mut seen) {
            Ok(Reply::Error(text)) => run.count_error(&text),
            Ok(_) => {}
            Err(_) => {
                run.count_error("disconnected");
                connection = None;
                continue;
            }
        }
        seen.latencies.add(0, began.elapsed());
        seen.longest_away = seen.longest_away.max(answered.elapsed());
        answered = Instant::now();
        thread::sleep(pace.pause);
    }
    seen
}

/// Nine reads for each write.
fn request(
    connection: &mut Connection,
    pace: &Pace,
    numbers: &mut Numbers,
    seen: &mut Seen,
) -> std::io::Result<Reply> {
    let number = numbers.draw();
    if number.is_multiple_of(10) {
        seen.writes += 1;
        let key = format!("steady:{}", number % 10_000);
        return connection.ask(&[b"SET", key.as_bytes(), b"written", b"EX", b"600"]);
    }
    seen.reads += 1;
    let index = number % pace.keys.max(1);
    let reply = connection.ask(&[b"GET", known::key(index).as_bytes()])?;
    let found = matches!(&reply, Reply::Bulk(bytes) if *bytes == known::value(index, pace.size));
    seen.misses += u64::from(!found && !matches!(reply, Reply::Error(_)));
    Ok(reply)
}
