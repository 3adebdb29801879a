//! What is watched beside the load, on connections of its own: INFO at a steady pace, the waiting time of single
//! commands, and how late this machine is by itself.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::latency::Latencies;
use crate::resp::{Connection, Reply, Target};
use crate::run::Run;

const SAMPLE_EVERY: Duration = Duration::from_millis(200);
const PROBE_EVERY: Duration = Duration::from_millis(2);

/// What INFO said at a moment. Memory in bytes.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Sample {
    /// Milliseconds since the load began.
    pub at_ms: u64,
    pub phase: usize,
    pub process_id: u64,
    pub used_memory: u64,
    pub used_memory_dataset: u64,
    pub used_memory_rss: u64,
    pub allocator_allocated: u64,
    pub allocator_active: u64,
    pub active_defrag_running: u64,
    pub maxmemory: u64,
    pub evicted_keys: u64,
    pub expired_keys: u64,
}

impl Sample {
    /// # Errors
    ///
    /// Where the server is gone or refuses INFO.
    pub fn take(connection: &mut Connection, run: &Run) -> Result<Self, String> {
        let text = match connection.ask(&[b"INFO"]) {
            Ok(Reply::Bulk(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(other) => return Err(format!("INFO was answered with {other:?}")),
            Err(error) => return Err(error.to_string()),
        };
        let mut sample = Self {
            at_ms: run.milliseconds(),
            phase: run.phase(),
            ..Self::default()
        };
        for (name, value) in text
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'))
        {
            let Ok(value) = value.parse() else { continue };
            let field = match name {
                "process_id" => &mut sample.process_id,
                "used_memory" => &mut sample.used_memory,
                "used_memory_dataset" => &mut sample.used_memory_dataset,
                "used_memory_rss" => &mut sample.used_memory_rss,
                "allocator_allocated" => &mut sample.allocator_allocated,
                "allocator_active" => &mut sample.allocator_active,
                "active_defrag_running" => &mut sample.active_defrag_running,
                "maxmemory" => &mut sample.maxmemory,
                "evicted_keys" => &mut sample.evicted_keys,
                "expired_keys" => &mut sample.expired_keys,
                _ => continue,
            };
            *field = value;
        }
        Ok(sample)
    }
}

/// INFO every 200 ms until the run ends. A server that is away for a moment leaves a gap.
pub fn samples(target: &Target, run: &Run) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut connection = None;
    let mut next = Instant::now();
    while !run.ended() {
        if connection.is_none() {
            connection = Connection::open(target).ok();
        }
        if let Some(open) = &mut connection {
            match Sample::take(open, run) {
                Ok(sample) => samples.push(sample),
                Err(_) => connection = None,
            }
        }
        next += SAMPLE_EVERY;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    samples
}

/// A single GET or SET every 2 ms: what a client waits that has nothing to do with the load.
pub fn probe(target: &Target, run: &Run) -> Latencies {
    let mut latencies = Latencies::default();
    let mut connection = None;
    let mut writes = false;
    while !run.ended() {
        if connection.is_none() {
            connection = Connection::open(target).ok();
        }
        if let Some(open) = &mut connection {
            let words: &[&[u8]] = if writes {
                &[b"SET", b"churn:probe", b"1"]
            } else {
                &[b"GET", b"churn:probe"]
            };
            writes = !writes;
            let (phase, began) = (run.phase(), Instant::now());
            match open.ask(words) {
                Ok(_) => latencies.add(phase, began.elapsed()),
                Err(_) => connection = None,
            }
        }
        thread::sleep(PROBE_EVERY);
    }
    latencies
}

/// By how much this machine wakes a sleeping thread too late: no waiting time below these means anything.
pub fn lateness(run: &Run) -> Latencies {
    let mut latencies = Latencies::default();
    while !run.ended() {
        let (phase, began) = (run.phase(), Instant::now());
        thread::sleep(PROBE_EVERY);
        latencies.add(phase, began.elapsed().saturating_sub(PROBE_EVERY));
    }
    latencies
}

/// Product and version of a server, such as `Valkey 8.1.1`.
///
/// # Errors
///
/// Where the server is gone or does not say.
pub fn server(connection: &mut Connection) -> Result<String, String> {
    let Ok(Reply::Bulk(bytes)) = connection.ask(&[b"INFO", b"server"]) else {
        return Err("the server does not say what it is".to_owned());
    };
    let text = String::from_utf8_lossy(&bytes);
    let version = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(|version| version.trim().to_owned())
    };
    // Valkey gives a `redis_version` too: the last one that it is compatible with.
    version("valkey_version:")
        .map(|version| format!("Valkey {version}"))
        .or_else(|| version("redis_version:").map(|version| format!("Redis {version}")))
        .ok_or_else(|| "the server does not say what it is".to_owned())
}
