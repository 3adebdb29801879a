//! Groups of hosts in words.

use super::words::count;
use crate::view::gather::{HostSet, Hosts, fold};

/// Columns that the names of one group may take, where not everything is asked for.
const ROOM: usize = 110;

/// Names hosts for a reader who knows which hosts it is about in all.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub hosts: &'a Hosts,
    /// All hosts of the play or wave.
    pub all: &'a HostSet,
    /// Long lists are told in full.
    pub in_full: bool,
}

impl Names<'_> {
    /// `cache[01-40],tr1`; a long list ends with how many more there are.
    pub fn folded(&self, hosts: &HostSet) -> String {
        let mut text = String::new();
        let mut told = 0;
        for folded in fold(self.hosts.names(hosts)) {
            let is_long = text.len() + folded.text.len() > ROOM;
            if !self.in_full && told > 0 && is_long {
                return format!("{text} and {}", count(hosts.len() - told, "more host"));
            }
            if told > 0 {
                text.push(',');
            }
            text.push_str(&folded.text);
            told += folded.hosts;
        }
        text
    }

    /// `all 40 hosts` or the names. Nothing where there is only one host in all.
    pub fn some(&self, hosts: &HostSet) -> String {
        if self.all.len() <= 1 && hosts == self.all {
            String::new()
        } else if hosts == self.all {
            format!("all {}", count(hosts.len(), "host"))
        } else {
            self.folded(hosts)
        }
    }

    /// As [`Self::some`]; nothing where these are the hosts that were told before.
    pub fn beside(&self, hosts: &HostSet, told: &HostSet) -> String {
        if hosts == told {
            String::new()
        } else {
            self.folded(hosts)
        }
    }

    /// With how many they are where that is not plain: `12 hosts: cache[01-12]`.
    pub fn counted(&self, hosts: &HostSet) -> String {
        if hosts.len() > 1 && hosts != self.all {
            format!("{}: {}", count(hosts.len(), "host"), self.folded(hosts))
        } else {
            self.some(hosts)
        }
    }
}
