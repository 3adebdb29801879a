//! Failures with the same cause.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use indexmap::IndexMap;

use super::hosts::{Groups, Host, HostSet, size};
use super::own_name::HOST;
use crate::model::event::ShownFailure;

/// What stands in a message of several hosts for what is different on each.
const ADDRESS: &str = "<address>";
const FINGERPRINT: &str = "<fingerprint>";

/// Failures that say the same, but for names and addresses.
#[derive(Debug)]
pub struct Cause {
    /// As the first host said it.
    first: ShownFailure,
    /// As all say it.
    common: ShownFailure,
    /// Whether they do not all say the same, word for word.
    differs: bool,
    /// Which tasks failed so, and where. Outside of tasks the name is empty.
    pub places: Groups<Place>,
}

/// The task that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub task: String,
    /// `file:line:column`.
    pub at: String,
}

impl Cause {
    /// What is said.
    pub fn failure(&self) -> &ShownFailure {
        if self.differs {
            &self.common
        } else {
            &self.first
        }
    }

    pub fn hosts(&self) -> HostSet {
        self.places.0.values().flatten().copied().collect()
    }
}

/// All causes, in the order in which they came up.
#[derive(Debug, Default)]
pub struct Causes(IndexMap<ShownFailure, Cause>);

impl Causes {
    pub fn add(&mut self, failure: &ShownFailure, place: Place, host: Host, name: &str) {
        let common = ShownFailure {
            message: mask(&failure.message, name),
            help: failure.help.iter().map(|help| mask(help, name)).collect(),
        };
        let cause = self.0.entry(common.clone()).or_insert_with(|| Cause {
            first: failure.clone(),
            common,
            differs: false,
            places: Groups::default(),
        });
        cause.differs |= cause.first != *failure;
        cause.places.add(place, host);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cause that concerns most hosts first.
    pub fn by_size(&self) -> Vec<&Cause> {
        let mut causes: Vec<&Cause> = self.0.values().collect();
        causes.sort_by_cached_key(|cause| size(&cause.hosts()));
        causes
    }

    pub fn hosts(&self) -> HostSet {
        self.0.values().flat_map(Cause::hosts).collect()
    }
}

/// A message without what is different on each host: its name, addresses, fingerprints of keys.
fn mask(text: &str, name: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_of_word) {
        masked.push_str(&rest[..begin]);
        rest = &rest[begin..];
        let end = rest
            .find(|letter| !is_of_word(letter))
            .unwrap_or(rest.len());
        masked.push_str(&mask_word(&rest[..end], name));
        rest = &rest[end..];
    }
    masked.push_str(rest);
    masked
}

/// Letters of names, addresses and fingerprints.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | ':' | '-' | '_' | '+' | '/')
}

fn mask_word(word: &str, name: &str) -> String {
    let core = word.trim_end_matches(['.', ':', '-']);
    let end = &word[core.len()..];
    let (head, port) = match core.rsplit_once(':') {
        Some((head, port)) if port.parse::<u16>().is_ok() => (head, &core[head.len()..]),
        _ => (core, ""),
    };
    if !name.is_empty() && core == name {
        return format!("{HOST}{end}");
    }
    if !name.is_empty() && head == name {
        return format!("{HOST}{port}{end}");
    }
    if core.starts_with("SHA256:") {
        return format!("{FINGERPRINT}{end}");
    }
    if core.parse::<IpAddr>().is_ok_and(tells_a_host) {
        return format!("{ADDRESS}{end}");
    }
    if head
        .parse::<Ipv4Addr>()
        .is_ok_and(|address| tells_a_host(address.into()))
    {
        return format!("{ADDRESS}{port}{end}");
    }
    word.to_owned()
}

/// Whether an address is one host's own: the loopback and "any" addresses mean the same everywhere.
fn tells_a_host(address: IpAddr) -> bool {
    !address.is_loopback()
        && !address.is_unspecified()
        && address != IpAddr::V6(Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_by_host_is_masked() {
        for (text, expected) in [
            (
                "no connection to 10.0.0.7 port 22 within 10 s: it does not answer",
                "no connection to <address> port 22 within 10 s: it does not answer",
            ),
            ("10.0.0.7:22 refuses", "<address>:22 refuses"),
            ("cache07: no", "<host>: no"),
            ("cache071 is another", "cache071 is another"),
            ("cache07.", "<host>."),
            ("it shows SHA256:abc+/d.", "it shows <fingerprint>."),
            ("[2001:db8::1]:22", "[<address>]:22"),
            ("bind 127.0.0.1 fails", "bind 127.0.0.1 fails"),
            ("version 7.0.15 of 1.2", "version 7.0.15 of 1.2"),
        ] {
            assert_eq!(mask(text, "cache07"), expected);
        }
    }

    #[test]
    fn one_cause_of_many_hosts_is_one() {
        let mut causes = Causes::default();
        for (host, name) in [(1, "c1"), (2, "c2")] {
            let failure = ShownFailure {
                message: format!("no way to 10.0.0.{host}"),
                help: vec![],
            };
            causes.add(&failure, Place::default(), host, name);
        }
        let cause = causes.by_size();
        assert_eq!(cause.len(), 1);
        assert_eq!(cause[0].failure().message, "no way to <address>");
        assert_eq!(cause[0].hosts().len(), 2);
    }
}
