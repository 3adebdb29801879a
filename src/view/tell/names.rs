//! Groups of hosts in words.

use super::words::count;
use crate::view::gather::{HostSet, Hosts, fold};

/// Names hosts for a reader who knows which hosts it is about in all.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub hosts: &'a Hosts,
    /// All hosts of the play or wave.
    pub all: &'a HostSet,
    /// Long lists are told in full.
    pub in_full: bool,
    /// Columns of the page.
    pub width: usize,
}

/// No hosts.
static NONE: HostSet = HostSet::new();

impl<'a> Names<'a> {
    /// For a reader to whom no hosts in particular are known.
    pub fn of_any(hosts: &'a Hosts, width: usize) -> Self {
        Self {
            hosts,
            all: &NONE,
            in_full: false,
            width,
        }
    }
}

impl Names<'_> {
    /// `cache[01-40],tr1`, or `all but cache17` where that is shorter. A long list ends with how many hosts it has.
    pub fn folded(&self, hosts: &HostSet) -> String {
        self.within(hosts, self.width * 3 / 2)
    }

    /// As [`Self::folded`], for a column of a table.
    pub fn narrow(&self, hosts: &HostSet) -> String {
        self.within(hosts, (self.width / 3).max(30))
    }

    fn within(&self, hosts: &HostSet, room: usize) -> String {
        let mut text = self.list(hosts);
        let others: HostSet = self.all.difference(hosts).copied().collect();
        if !others.is_empty() && others.len() < hosts.len() && hosts.is_subset(self.all) {
            let but = format!("all but {}", self.list(&others));
            if but.len() < text.len() {
                text = but;
            }
        }
        if self.in_full || text.len() <= room {
            return text;
        }
        let end = count(hosts.len(), "host");
        // A comma ends what is told, so that no name is cut.
        let mut room = room.saturating_sub(end.len() + 8).max(12);
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        let Some(cut) = text[..room].rfind(',') else {
            return end;
        };
        let head = &text[..cut];
        let is_open = head.rfind('[') > head.rfind(']');
        let bracket = if is_open { "]" } else { "" };
        format!("{head},...{bracket} ({end})")
    }

    fn list(&self, hosts: &HostSet) -> String {
        fold(self.hosts.names(hosts))
    }

    /// `all 40 hosts` or the names. Nothing where there is only one host in all.
    pub fn some(&self, hosts: &HostSet) -> String {
        if hosts == self.all {
            self.everywhere()
        } else {
            self.folded(hosts)
        }
    }

    fn everywhere(&self) -> String {
        match self.all.len() {
            0 | 1 => String::new(),
            number => format!("all {number} hosts"),
        }
    }

    /// For a column of a table; nothing where these are the hosts that were told before.
    pub fn beside(&self, hosts: &HostSet, told: &HostSet) -> String {
        if hosts == told {
            String::new()
        } else {
            self.narrow(hosts)
        }
    }

    /// With how many they are where that is not plain: `12 hosts: cache[01-12]`.
    pub fn counted(&self, hosts: &HostSet) -> String {
        let names = self.some(hosts);
        if hosts.len() < 2 || hosts == self.all || names.ends_with(')') {
            return names;
        }
        let number = count(hosts.len(), "host");
        if names.starts_with("all ") {
            format!("{number}, {names}")
        } else {
            format!("{number}: {names}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_way_is_taken() {
        let mut hosts = Hosts::default();
        let all: HostSet = (1..=90)
            .map(|host| hosts.number(&format!("c{host:02}")))
            .collect();
        let names = Names {
            hosts: &hosts,
            all: &all,
            in_full: false,
            width: 80,
        };
        let only = |wanted: fn(&u32) -> bool| all.iter().copied().filter(wanted).collect();
        assert_eq!(names.some(&all), "all 90 hosts");
        assert_eq!(names.counted(&only(|host| *host < 3)), "3 hosts: c[01-03]");
        assert_eq!(
            names.counted(&only(|host| *host != 4)),
            "89 hosts, all but c05"
        );
        assert_eq!(
            names.narrow(&only(|host| host.is_multiple_of(3))),
            "c[01,04,07,10,...] (30 hosts)"
        );
    }
}
