//! Versions in which defragmentation is known to do harm.

use std::fmt;

use crate::redis::version::{Flavour, Server, Version};

/// What to do about a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Do not enable defragmentation.
    Refuse,
    /// Enable it, but say so.
    Warn,
}

/// What a server is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deployment {
    pub cluster: bool,
    /// Whether it replicates another server, or may come to.
    pub replica: bool,
}

/// Which servers a risk is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Anywhere,
    Cluster,
    Replica,
}

/// A fault of some versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    flavour: Flavour,
    /// The first version with the fault.
    from: Version,
    /// The first version without it; nothing if none is known.
    until: Option<Version>,
    place: Where,
    pub severity: Severity,
    /// What happens, a sentence without a full stop.
    pub problem: &'static str,
    /// What to do instead of an update, if there is something.
    pub remedy: Option<&'static str>,
    /// Where it was reported.
    pub source: &'static str,
}

const fn redis(
    from: (u32, u32, u32),
    until: (u32, u32, u32),
    problem: &'static str,
    source: &'static str,
) -> Risk {
    risk(Flavour::Redis, from, until, problem, source)
}

const fn valkey(
    from: (u32, u32, u32),
    until: (u32, u32, u32),
    problem: &'static str,
    source: &'static str,
) -> Risk {
    risk(Flavour::Valkey, from, until, problem, source)
}

const fn risk(
    flavour: Flavour,
    from: (u32, u32, u32),
    until: (u32, u32, u32),
    problem: &'static str,
    source: &'static str,
) -> Risk {
    Risk {
        flavour,
        from: Version::new(from.0, from.1, from.2),
        until: Some(Version::new(until.0, until.1, until.2)),
        place: Where::Anywhere,
        severity: Severity::Refuse,
        problem,
        remedy: None,
        source,
    }
}

impl Risk {
    const fn only(self, place: Where) -> Self {
        Self { place, ..self }
    }

    const fn warn(self) -> Self {
        Self {
            severity: Severity::Warn,
            ..self
        }
    }

    const fn remedy(self, remedy: &'static str) -> Self {
        Self {
            remedy: Some(remedy),
            ..self
        }
    }

    fn concerns(&self, server: &Server, deployment: Deployment) -> bool {
        let here = match self.place {
            Where::Anywhere => true,
            Where::Cluster => deployment.cluster,
            Where::Replica => deployment.replica,
        };
        let fixed = self.until.is_some_and(|until| server.version >= until);
        here && self.flavour == server.flavour && server.version >= self.from && !fixed
    }
}

/// `Redis 7.2.0 to before 7.2.6: ... (redis#13307); ...`
impl fmt::Display for Risk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} from {}", self.flavour, self.from)?;
        if let Some(until) = self.until {
            write!(formatter, " to before {until}")?;
        }
        write!(formatter, ": {} ({})", self.problem, self.source)?;
        self.remedy
            .map_or(Ok(()), |remedy| write!(formatter, "; {remedy}"))
    }
}

/// The known faults.
pub const RISKS: [Risk; 13] = [
    redis(
        (5, 0, 0),
        (6, 0, 0),
        "it may take up to 75% of a core by default, and may never stop",
        "redis#5603",
    )
    .warn()
    .remedy("set active-defrag-cycle-min 1 and active-defrag-cycle-max 25"),
    redis(
        (6, 0, 0),
        (6, 0, 4),
        "it may come to a standstill",
        "release notes of 6.0.4",
    )
    .warn(),
    redis(
        (6, 0, 0),
        (7, 0, 0),
        "primaries of a cluster failed over one after another when it was enabled on all",
        "redis#8706",
    )
    .only(Where::Cluster)
    .warn()
    .remedy("enable it on one node at a time and wait in between"),
    redis(
        (7, 2, 0),
        (7, 2, 6),
        "the server crashes when it is switched off and on again, and in a cluster on FLUSHDB ASYNC",
        "redis#13307",
    ),
    redis(
        (7, 4, 0),
        (7, 4, 6),
        "the server may crash while it defragments channels, scripts or streams",
        "redis#14330, redis#14319, redis#14323",
    ),
    redis(
        (8, 0, 0),
        (8, 0, 4),
        "the server may crash while it defragments channels, scripts or streams",
        "redis#14330, redis#14319, redis#14323",
    ),
    redis(
        (8, 2, 0),
        (8, 2, 2),
        "the server may crash while it defragments channels, scripts or streams",
        "redis#14330, redis#14319, redis#14323",
    ),
    redis(
        (8, 0, 0),
        (8, 2, 1),
        "a replica crashes when it drops its data for a full synchronization",
        "redis#14267, redis#14274",
    )
    .only(Where::Replica),
    valkey(
        (7, 2, 0),
        (7, 2, 9),
        "a node of a cluster crashes on FLUSHDB",
        "valkey#1872",
    )
    .only(Where::Cluster),
    valkey(
        (7, 2, 9),
        (8, 0, 0),
        "a crash of cluster nodes was reported for 7.2.11",
        "valkey#1872",
    )
    .only(Where::Cluster)
    .warn(),
    valkey(
        (8, 0, 0),
        (8, 0, 2),
        "FLUSHDB and the eviction of scripts corrupt memory while it runs",
        "release notes of 8.0.2",
    ),
    valkey(
        (8, 1, 0),
        (8, 1, 1),
        "a build with the system's jemalloc asserts when it starts",
        "valkey#1585",
    ),
    valkey(
        (8, 1, 0),
        (9, 0, 0),
        "the server asserts when it meets an allocation of 4 GiB or more",
        "valkey#2353",
    )
    .warn(),
];

/// The known faults of a server.
#[must_use]
pub fn risks(server: &Server, deployment: Deployment) -> Vec<&'static Risk> {
    RISKS
        .iter()
        .filter(|risk| risk.concerns(server, deployment))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severities(server: Server, deployment: Deployment) -> (usize, usize) {
        let risks = risks(&server, deployment);
        let refused = risks
            .iter()
            .filter(|risk| risk.severity == Severity::Refuse)
            .count();
        (refused, risks.len() - refused)
    }

    #[test]
    fn risks_end_with_the_version_that_fixes_them() {
        let alone = Deployment::default();
        let cluster = Deployment {
            cluster: true,
            replica: false,
        };
        let replica = Deployment {
            cluster: false,
            replica: true,
        };
        for (server, deployment, expected) in [
            (Server::redis(5, 0, 14), alone, (0, 1)),
            (Server::redis(6, 0, 3), alone, (0, 1)),
            (Server::redis(6, 2, 16), alone, (0, 0)),
            (Server::redis(6, 2, 16), cluster, (0, 1)),
            (Server::redis(7, 0, 15), cluster, (0, 0)),
            (Server::redis(7, 2, 5), alone, (1, 0)),
            (Server::redis(7, 2, 6), alone, (0, 0)),
            (Server::redis(7, 4, 5), alone, (1, 0)),
            (Server::redis(8, 0, 2), alone, (1, 0)),
            (Server::redis(8, 0, 6), alone, (0, 0)),
            (Server::redis(8, 0, 6), replica, (1, 0)),
            (Server::redis(8, 2, 2), replica, (0, 0)),
            (Server::valkey(7, 2, 8), alone, (0, 0)),
            (Server::valkey(7, 2, 8), cluster, (1, 0)),
            (Server::valkey(7, 2, 11), cluster, (0, 1)),
            (Server::valkey(8, 0, 1), alone, (1, 0)),
            (Server::valkey(8, 1, 1), alone, (0, 1)),
            (Server::valkey(9, 1, 2), cluster, (0, 0)),
        ] {
            assert_eq!(
                severities(server, deployment),
                expected,
                "{server} {deployment:?}"
            );
        }
    }

    #[test]
    fn a_risk_reads_well() {
        let server = Server::redis(5, 0, 14);
        assert_eq!(
            risks(&server, Deployment::default())[0].to_string(),
            "Redis from 5.0.0 to before 6.0.0: it may take up to 75% of a core by default, and may never stop \
             (redis#5603); set active-defrag-cycle-min 1 and active-defrag-cycle-max 25"
        );
    }
}
