//! How far a run came on each host.

use std::collections::{BTreeMap, BTreeSet};

use super::intend::Recorded;
use super::reading::RunDetail;
use crate::model::event::{Event, HostStatus};

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// All of its plays came to their end.
    Done,
    Failed,
    Unreachable,
    Interrupted,
    /// Somebody else kept it.
    Refused,
    /// It was worked on, and nothing says how that ended: the run was cut off.
    CutOff,
    /// No wave came to it.
    NotReached,
    /// The run itself took back what it had done.
    RolledBack,
}

/// All hosts of a run, in the order of its plays.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub hosts: Vec<(String, Standing)>,
}

impl RunDetail {
    /// How far it came, from its events; what its plays were meant for is recorded with how it was started.
    pub fn progress(&self) -> Progress {
        let mut plays: Vec<Vec<String>> = self
            .arguments
            .as_ref()
            .map(|arguments| arguments.plays.clone())
            .unwrap_or_default();
        if plays.is_empty() {
            plays = started(&self.events);
        }
        let mut ended: BTreeMap<(usize, &str), HostStatus> = BTreeMap::new();
        let mut begun: BTreeSet<&str> = BTreeSet::new();
        let mut taken_back: BTreeSet<&str> = BTreeSet::new();
        for event in &self.events {
            match event {
                Event::HostReached { host } => {
                    begun.insert(host);
                }
                Event::TaskEnded(report) => {
                    begun.insert(&report.host);
                }
                // What comes behind the plays of the playbook takes them back.
                Event::HostEnded(report) if report.play >= plays.len() => {
                    taken_back.insert(&report.host);
                }
                Event::HostEnded(report) => {
                    ended.insert((report.play, &report.host), report.status);
                }
                // What did not hold behind its wave is not done.
                Event::GateEnded(gate) => {
                    let failed = gate.failures.iter();
                    ended.extend(failed.map(|one| {
                        let place = (gate.play, one.host.as_str());
                        (place, HostStatus::Failed)
                    }));
                }
                _ => {}
            }
        }
        begun.extend(self.recorded.iter().map(Recorded::owner));
        let mut progress = Progress::default();
        let mut known = BTreeSet::new();
        for host in plays.iter().flatten() {
            if !known.insert(host) {
                continue;
            }
            let own = (0..plays.len()).filter(|play| plays[*play].contains(host));
            let statuses: Vec<Option<HostStatus>> = own
                .map(|play| ended.get(&(play, host.as_str())).copied())
                .collect();
            let standing = if taken_back.contains(host.as_str()) {
                Standing::RolledBack
            } else {
                standing(&statuses, begun.contains(host.as_str()))
            };
            progress.hosts.push((host.clone(), standing));
        }
        progress
    }
}

/// `statuses`: how each of its plays ended, in order.
fn standing(statuses: &[Option<HostStatus>], begun: bool) -> Standing {
    let bad = statuses.iter().flatten().find_map(|status| match status {
        HostStatus::Done => None,
        HostStatus::Failed => Some(Standing::Failed),
        HostStatus::Unreachable => Some(Standing::Unreachable),
        HostStatus::Interrupted => Some(Standing::Interrupted),
        HostStatus::Refused => Some(Standing::Refused),
    });
    match bad {
        Some(bad) => bad,
        None if statuses.iter().all(Option::is_some) => Standing::Done,
        None if begun => Standing::CutOff,
        None => Standing::NotReached,
    }
}

/// The hosts of the plays that began.
fn started(events: &[Event]) -> Vec<Vec<String>> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::PlayStarted { hosts, .. } => Some(hosts.clone()),
            _ => None,
        })
        .collect()
}

impl Progress {
    /// The hosts on which something is left to be done.
    pub fn left(&self) -> BTreeSet<String> {
        self.hosts
            .iter()
            .filter(|(_, standing)| *standing != Standing::Done)
            .map(|(host, _)| host.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_done_when_all_of_its_plays_are() {
        use HostStatus::{Done, Failed, Interrupted};
        for (statuses, begun, expected) in [
            (vec![Some(Done), Some(Done)], true, Standing::Done),
            (vec![Some(Done), None], true, Standing::CutOff),
            (vec![None, None], false, Standing::NotReached),
            (vec![Some(Failed), None], true, Standing::Failed),
            (
                vec![Some(Done), Some(Interrupted)],
                true,
                Standing::Interrupted,
            ),
        ] {
            assert_eq!(standing(&statuses, begun), expected, "{statuses:?}");
        }
    }
}
