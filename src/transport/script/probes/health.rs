//! What a host knows of a server that runs on it.

use super::redis::{client_words, split};
use crate::model::probe::{Observation, RedisAddress, ServerHealth, ServerProcess};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::Frame;
use crate::transport::script::library::Part;
use crate::transport::script::nonce::Nonce;

pub(super) fn compile(number: usize, address: &RedisAddress, watch: u32, builder: &mut Builder) {
    builder.need(Part::RedisHealth);
    let local = if is_local(address) { "yes" } else { "no" };
    let mut words = vec![number.to_string(), watch.to_string(), local.to_owned()];
    words.extend(client_words(address));
    builder.call("c_health", words);
}

/// Whether the server is surely one of the host that is asked.
fn is_local(address: &RedisAddress) -> bool {
    address.socket.is_some()
        || address
            .host
            .as_deref()
            .is_none_or(|host| host.starts_with("127.") || ["::1", "localhost"].contains(&host))
}

pub(super) fn parse(number: usize, nonce: &Nonce, frames: &[Frame<'_>]) -> Observation {
    let of = |label: &str| {
        frames
            .iter()
            .find(|frame| frame.label == label && frame.number(0) == Some(number))
    };
    let Some(host) = of("health-host") else {
        return Observation::Failed(String::from(
            "the host said nothing of the server's process",
        ));
    };
    let host = String::from_utf8_lossy(host.body);
    let mut health = ServerHealth {
        oom_kills: count(&host, "oom_kill"),
        memory_total: kibibytes(&host, "MemTotal:"),
        memory_available: kibibytes(&host, "MemAvailable:"),
        most_maps: count(&host, "max_map_count"),
        ..ServerHealth::default()
    };
    if let Some(answer) = of("health-info") {
        let (info, latency) = split(answer.body, &format!("{}:latency\n", nonce.tag));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        health.later = text(info);
        health.latency = text(latency);
    }
    health.process =
        of("health-process").and_then(|frame| process(&String::from_utf8_lossy(frame.body)));
    Observation::ServerHealth(Box::new(health))
}

fn process(text: &str) -> Option<ServerProcess> {
    let word = |name: &str| rest(text, name);
    let events = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("event: ")?.split_once(' ')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    });
    Some(ServerProcess {
        pid: word("pid:")?.parse().ok()?,
        resident: kibibytes(text, "VmRSS:"),
        swapped: kibibytes(text, "VmSwap:"),
        huge_pages: word("THP_enabled:").map(|flag| flag == "1"),
        oom_score_adj: word("oom_score_adj:").and_then(|number| number.parse().ok()),
        open_files: word("open_files:").and_then(|number| match number {
            "unlimited" => Some(u64::MAX),
            number => number.parse().ok(),
        }),
        maps: count(text, "maps:"),
        unit: word("unit:").unwrap_or_default().to_owned(),
        result: word("Result=").unwrap_or_default().to_owned(),
        restarts: count(text, "NRestarts="),
        group_events: events.collect(),
    })
}

/// What stands behind a name at the beginning of a line.
fn rest<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

fn count(text: &str, name: &str) -> Option<u64> {
    rest(text, name)?.parse().ok()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let number = rest(text, name)?.strip_suffix("kB")?.trim();
    number.parse::<u64>().ok()?.checked_mul(1024)
}
