//! The load that fragments memory: phases that each write values of another size under random keys, as fast as they
//! can be written. What one phase leaves free, the next one cannot use.

use std::thread;
use std::time::Instant;

use serde::Serialize;

use crate::latency::{Latencies, Summary};
use crate::numbers::Numbers;
use crate::resp::{Connection, Reply, Target};
use crate::run::Run;
use crate::watch::{self, Sample};

/// Bytes that a server needs for a key of this load beside its value: the key, its time to live, their objects, and
/// their places in the two tables. About what Redis 7.0 needs; with it, each phase writes as much on every server.
const OVERHEAD: u64 = 110;

pub struct Load {
    /// Bytes of a value, one a phase.
    pub sizes: Vec<usize>,
    /// Bytes that the keys of each phase take on the server, by [`OVERHEAD`].
    pub memory_per_phase: u64,
    /// Requests that are sent together.
    pub pipeline: u64,
    pub connections: u64,
    /// Seconds that a key lives.
    pub time_to_live: u64,
    /// The most that is written in all phases together.
    pub most_sets: u64,
    pub seed: u64,
}

#[derive(Serialize)]
pub struct Phase {
    pub size: usize,
    pub sets: u64,
    pub seconds: f64,
    pub sets_per_second: f64,
    pub batches: Summary,
    pub probes: Summary,
    /// What the server held when the phase ended; nothing where it was gone.
    pub end: Option<Sample>,
}

#[derive(Serialize)]
pub struct Report {
    /// Product and version.
    pub server: String,
    /// `complete`, `time limit`, `count limit`, or why the server was lost.
    pub ended: String,
    pub seconds: f64,
    pub sets: u64,
    /// Errors that clients saw, by their first word.
    pub errors: std::collections::BTreeMap<String, u64>,
    pub batches: Summary,
    pub probes: Summary,
    /// By how much this machine woke an idle thread too late, while all this ran.
    pub lateness: Summary,
    pub phases: Vec<Phase>,
    pub samples: Vec<Sample>,
}

struct Measured {
    size: usize,
    sets: u64,
    seconds: f64,
    end: Option<Sample>,
}

/// # Errors
///
/// Where the server cannot be reached to begin with. One that is lost later ends the run, and the report says so.
pub fn shift(target: &Target, run: &Run, load: &Load) -> Result<Report, String> {
    let open = || Connection::open(target).map_err(|error| error.to_string());
    let mut connections = (0..load.connections)
        .map(|_| open())
        .collect::<Result<Vec<_>, _>>()?;
    let mut asking = open()?;
    let server = watch::server(&mut asking)?;
    let mut batches = Latencies::default();
    let mut measured = Vec::new();
    let (samples, probes, lateness) = thread::scope(|scope| {
        let samples = scope.spawn(|| watch::samples(target, run));
        let probes = scope.spawn(|| watch::probe(target, run));
        let lateness = scope.spawn(|| watch::lateness(run));
        let mut left = load.most_sets;
        for (number, size) in load.sizes.iter().enumerate() {
            run.enter_phase(number);
            let cost = u64::try_from(*size).unwrap_or(1) + OVERHEAD;
            let wanted = load.memory_per_phase / cost;
            let began = Instant::now();
            let (sets, waited) = phase(run, load, &mut connections, wanted.min(left));
            let seconds = began.elapsed().as_secs_f64();
            left -= sets.min(left);
            batches.merge(waited);
            let end = Sample::take(&mut asking, run).ok();
            measured.push(Measured {
                size: *size,
                sets,
                seconds,
                end,
            });
            if left == 0 {
                run.end("count limit");
            }
            if !run.goes_on() {
                break;
            }
        }
        run.end("complete");
        (
            samples.join().unwrap_or_default(),
            probes.join().unwrap_or_default(),
            lateness.join().unwrap_or_default(),
        )
    });
    let phases = measured.into_iter().enumerate();
    Ok(Report {
        server,
        ended: run.reason(),
        seconds: to_seconds(run.milliseconds()),
        errors: run.errors(),
        batches: batches.summary(),
        probes: probes.summary(),
        lateness: lateness.summary(),
        phases: phases
            .map(|(number, one)| Phase {
                size: one.size,
                sets: one.sets,
                seconds: one.seconds,
                sets_per_second: rate(one.sets, one.seconds),
                batches: batches.summary_of(number),
                probes: probes.summary_of(number),
                end: one.end,
            })
            .collect::<Vec<_>>(),
        sets: 0,
        samples,
    }
    .counted())
}

impl Report {
    fn counted(mut self) -> Self {
        self.sets = self.phases.iter().map(|phase| phase.sets).sum();
        self
    }
}

/// One phase on all connections: how much was written, and how long each batch took.
fn phase(run: &Run, load: &Load, connections: &mut [Connection], wanted: u64) -> (u64, Latencies) {
    let share = wanted.div_ceil(load.connections.max(1));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..)
            .zip(connections)
            .map(|(stream, connection)| {
                scope.spawn(move || write(run, load, connection, stream, share))
            })
            .collect();
        let mut all = (0, Latencies::default());
        for writer in writers {
            let (sets, waited) = writer.join().unwrap_or_default();
            all.0 += sets;
            all.1.merge(waited);
        }
        all
    })
}

fn write(
    run: &Run,
    load: &Load,
    connection: &mut Connection,
    stream: u64,
    share: u64,
) -> (u64, Latencies) {
    let number = run.phase();
    let place = u64::try_from(number).unwrap_or_default();
    let size = load.sizes.get(number).copied().unwrap_or(1);
    let value = vec![b'x'; size];
    let time_to_live = load.time_to_live.to_string();
    let mut keys = Numbers::new(load.seed, place * load.connections + stream);
    let mut latencies = Latencies::default();
    let mut sets = 0;
    while sets < share && run.goes_on() {
        let batch = load.pipeline.min(share - sets);
        for _ in 0..batch {
            let key = format!("churn:{:016x}", keys.draw());
            connection.gather(&[
                b"SET",
                key.as_bytes(),
                &value,
                b"EX",
                time_to_live.as_bytes(),
            ]);
        }
        let began = Instant::now();
        let answered = connection.send().and_then(|()| {
            for _ in 0..batch {
                if let Reply::Error(text) = connection.answer()? {
                    run.count_error(&text);
                }
            }
            Ok(())
        });
        latencies.add(number, began.elapsed());
        if let Err(error) = answered {
            run.count_error("disconnected");
            run.end(&format!("the server was lost: {error}"));
            break;
        }
        sets += batch;
    }
    (sets, latencies)
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of a run fit")]
fn to_seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[allow(clippy::cast_precision_loss, reason = "a rate for a person")]
fn rate(sets: u64, seconds: f64) -> f64 {
    (sets as f64 / seconds.max(0.001)).round()
}
