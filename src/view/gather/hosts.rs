//! Hosts by number, so that a group of hosts costs little memory.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

/// A host's number in [`Hosts`].
pub type Host = u32;

/// Some hosts.
pub type HostSet = BTreeSet<Host>;

/// All names that have been heard of.
#[derive(Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
    numbers: HashMap<String, Host>,
}

impl Hosts {
    /// The number of a name.
    pub fn number(&mut self, name: &str) -> Host {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = Host::try_from(self.names.len()).unwrap_or(Host::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The numbers of names.
    pub fn numbers<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) -> HostSet {
        names.into_iter().map(|name| self.number(name)).collect()
    }

    pub fn name(&self, host: Host) -> &str {
        usize::try_from(host)
            .ok()
            .and_then(|number| self.names.get(number))
            .map_or("", String::as_str)
    }

    pub fn names<'a>(&'a self, hosts: &'a HostSet) -> impl Iterator<Item = &'a str> {
        hosts.iter().map(|host| self.name(*host))
    }
}

/// The hosts of each of several different things, in the order in which those were first heard of.
#[derive(Debug)]
pub struct Groups<K>(pub IndexMap<K, HostSet>);

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<K: std::hash::Hash + Eq> Groups<K> {
    pub fn add(&mut self, key: K, host: Host) {
        self.0.entry(key).or_default().insert(host);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All groups, the largest first; of equal ones that with the first host.
    pub fn by_size(&self) -> Vec<(&K, &HostSet)> {
        let mut groups: Vec<(&K, &HostSet)> = self.0.iter().collect();
        groups.sort_by_key(|(_, hosts)| size(hosts));
        groups
    }
}

/// Sorts groups of hosts: the largest first, of equal ones that with the first host.
pub fn size(hosts: &HostSet) -> (std::cmp::Reverse<usize>, Option<Host>) {
    (std::cmp::Reverse(hosts.len()), hosts.first().copied())
}
