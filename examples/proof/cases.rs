//! What is run: which hosts, how each is configured, how much is written.

use crate::hosts::{Build, Host};

/// How a server is configured when the load comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// As its package brings it.
    Stock,
    /// As its package brings it, with the guard alone.
    StockGuarded,
    /// After the playbook `redis-cache`, without the guard.
    Hardened,
    /// After the playbook `redis-cache`.
    HardenedGuarded,
}

impl Setup {
    pub fn is_guarded(self) -> bool {
        matches!(self, Self::StockGuarded | Self::HardenedGuarded)
    }

    pub fn is_hardened(self) -> bool {
        matches!(self, Self::Hardened | Self::HardenedGuarded)
    }
}

/// What is done to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The load whose value sizes shift.
    Shift(Setup),
    /// The playbook is applied while the server is full of known keys and clients use it.
    Live(Fill),
}

/// How full the server is, compared with the `maxmemory` that is planned for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// All keys can stay.
    Within,
    /// Some have to go, and the plan says how many.
    Beyond,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub host: Host,
    pub work: Work,
}

impl Case {
    /// A name for files and `--only`.
    pub fn name(&self) -> String {
        let work = match self.work {
            Work::Shift(Setup::Stock) => "stock",
            Work::Shift(Setup::StockGuarded) => "stock-guard",
            Work::Shift(Setup::Hardened) => "hardened",
            Work::Shift(Setup::HardenedGuarded) => "hardened-guard",
            Work::Live(Fill::Within) => "live",
            Work::Live(Fill::Beyond) => "live-beyond",
        };
        format!("{}-{work}", self.host.name)
    }
}

/// Bytes of the values of each phase. Each size belongs to another class of the allocator.
pub const SIZES: &[u64] = &[40, 72, 136, 200, 344, 90];
const QUICK_SIZES: &[u64] = &[40, 136, 344, 90];

pub fn sizes(quick: bool) -> &'static [u64] {
    if quick { QUICK_SIZES } else { SIZES }
}

/// What the whole proof runs: all servers, all setups. The quick one has every kind of claim, on fewer servers.
pub fn cases(hosts: &[Host], quick: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for host in hosts {
        cases.extend(works(host, quick).into_iter().map(|work| Case {
            host: host.clone(),
            work,
        }));
    }
    cases
}

fn works(host: &Host, quick: bool) -> Vec<Work> {
    use Fill::{Beyond, Within};
    use Setup::{Hardened, HardenedGuarded, Stock, StockGuarded};
    let live = |fills: &[Fill]| fills.iter().copied().map(Work::Live).collect::<Vec<_>>();
    let shift = |setups: &[Setup]| setups.iter().copied().map(Work::Shift).collect::<Vec<_>>();
    if quick {
        return match (host.name.as_str(), host.build) {
            ("redis70", _) => [shift(&[Stock, HardenedGuarded]), live(&[Within, Beyond])].concat(),
            ("redis70-defrag" | "valkey81", _) => shift(&[HardenedGuarded]),
            ("valkey81-defrag", _) => live(&[Within]),
            _ => Vec::new(),
        };
    }
    match host.build {
        Build::Debian => [
            shift(&[Stock, StockGuarded, Hardened, HardenedGuarded]),
            live(&[Within, Beyond]),
        ]
        .concat(),
        Build::OwnJemalloc => [shift(&[Hardened, HardenedGuarded]), live(&[Within])].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::read_set;

    fn hosts() -> Vec<Host> {
        read_set(include_str!("../../tests/fleet/sets/proof")).unwrap()
    }

    #[test]
    fn the_whole_proof_has_each_server_in_each_setup() {
        let cases = cases(&hosts(), false);
        let count = |work: Work| cases.iter().filter(|case| case.work == work).count();
        assert_eq!(count(Work::Shift(Setup::Stock)), 3);
        assert_eq!(count(Work::Shift(Setup::HardenedGuarded)), 6);
        assert_eq!(count(Work::Shift(Setup::Hardened)), 6);
        assert_eq!(count(Work::Live(Fill::Within)), 6);
        assert_eq!(count(Work::Live(Fill::Beyond)), 3);
    }

    #[test]
    fn the_quick_proof_has_every_kind_of_claim() {
        let quick = cases(&hosts(), true);
        for work in [
            Work::Shift(Setup::Stock),
            Work::Shift(Setup::HardenedGuarded),
            Work::Live(Fill::Within),
            Work::Live(Fill::Beyond),
        ] {
            assert!(quick.iter().any(|case| case.work == work), "{work:?}");
        }
        let builds = [Build::Debian, Build::OwnJemalloc];
        for build in builds {
            assert!(quick.iter().any(|case| {
                case.host.build == build && case.work == Work::Shift(Setup::HardenedGuarded)
            }));
        }
    }
}
