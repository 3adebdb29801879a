//! Who keeps a host: a run's lease, or a lock that a person set.

use serde::{Deserialize, Serialize};

/// A lease or a lock, as its host tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostLock {
    pub kind: LockKind,
    /// The run that holds a lease.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// Who: `alice@laptop`.
    pub by: String,
    /// What the run does; of a lock, why it was set.
    pub what: String,
    /// Since when, by the host's clock: RFC 3339, UTC. Only for people.
    pub since: String,
    /// Seconds for which it still holds, by what the host's kernel counts. `None`: until it is taken away.
    pub left: Option<u64>,
    /// Whether the script that renewed it last is still at work on the host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub busy: bool,
}

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// A run's, while it changes the host.
    Lease,
    /// A person's, to keep runs away.
    Lock,
}

impl HostLock {
    /// Reads the lines in which a host tells it. What is missing is empty.
    pub fn parse(kind: LockKind, text: &str) -> Self {
        let of = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        Self {
            kind,
            run: of("run"),
            by: of("by"),
            what: of("what"),
            since: of("since"),
            left: match of("left").as_str() {
                "never" => None,
                seconds => Some(seconds.parse().unwrap_or(0)),
            },
            busy: of("busy") == "yes",
        }
    }

    /// Whether it keeps others out now.
    pub fn holds(&self) -> bool {
        self.busy || self.left != Some(0)
    }

    /// Who keeps the host, for a person. The same on all hosts that one run holds or one person locked, so that it is
    /// told once.
    pub fn words(&self) -> String {
        let since = minute(&self.since);
        match self.kind {
            LockKind::Lease if self.run.is_empty() => {
                "it has a lease that cannot be read".to_owned()
            }
            LockKind::Lease => format!(
                "run {} of {} changes it since {since} (`{}`)",
                self.run, self.by, self.what
            ),
            LockKind::Lock => format!("{} locked it on {since}: {}", self.by, self.what),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Vec<String> {
        match self.kind {
            LockKind::Lease => vec![
                format!("wait until that run has ended, or ask {}", self.by),
                "where that run is dead, its lease runs out by itself; `cachesmith unlock <host> --force` breaks it at once"
                    .to_owned(),
            ],
            LockKind::Lock => vec![format!(
                "ask {}; when the reason is gone, `cachesmith unlock <host> --force` takes the lock away",
                self.by
            )],
        }
    }
}

/// `2026-03-02 09:14 UTC`
fn minute(time: &str) -> String {
    match time.get(..16) {
        Some(minute) => format!("{} UTC", minute.replace('T', " ")),
        None => "an unknown time".to_owned(),
    }
}
