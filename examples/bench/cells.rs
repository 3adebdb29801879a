//! What is measured: how many hosts, over which link, in which phase.

use serde::Serialize;

/// What is done to the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The whole job, on hosts that have nothing of it.
    Apply,
    /// The same once more: nothing is to be changed.
    Again,
    /// A dry run in which one value is another.
    Dry,
}

impl Phase {
    pub const ALL: [Self; 3] = [Self::Apply, Self::Again, Self::Dry];

    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Again => "again",
            Self::Dry => "dry",
        }
    }
}

/// The way to the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The loopback.
    Near,
    /// Through a proxy that holds every byte for 25 ms in each direction.
    Far,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub hosts: usize,
    pub link: Link,
    pub phase: Phase,
    /// Pairs of runs.
    pub repetitions: usize,
}

impl Cell {
    /// A name for files and `--only`.
    pub fn name(&self) -> String {
        let far = match self.link {
            Link::Near => "",
            Link::Far => "far-",
        };
        format!("{}-{far}{}", self.hosts, self.phase.name())
    }

    /// How many hosts are worked on at once, by every tool.
    pub fn forks(&self) -> usize {
        self.hosts.min(50)
    }
}

/// All cells, or those of one number of hosts alone.
pub fn cells(quick: bool, hosts: Option<usize>) -> Vec<Cell> {
    use Link::{Far, Near};
    let fields = match (hosts, quick) {
        (Some(hosts), _) => vec![(hosts, Near, 1)],
        (None, true) => vec![(10, Near, 3), (50, Near, 2), (10, Far, 2)],
        (None, false) => vec![
            (10, Near, 7),
            (50, Near, 5),
            (200, Near, 3),
            (1, Far, 3),
            (10, Far, 5),
        ],
    };
    let cells = fields.iter().flat_map(|(hosts, link, repetitions)| {
        Phase::ALL.map(|phase| Cell {
            hosts: *hosts,
            link: *link,
            phase,
            repetitions: *repetitions,
        })
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_name_of_its_own() {
        for quick in [false, true] {
            let mut names: Vec<String> = cells(quick, None).iter().map(Cell::name).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
