//! Which server is meant by an address.

use std::collections::HashMap;

use super::member::Member;
use crate::model::replication::Endpoint;

/// All servers by the names under which others may know them.
pub(super) struct Directory<'a> {
    members: &'a [Member],
    by_endpoint: HashMap<&'a Endpoint, Vec<usize>>,
    by_place: HashMap<(&'a str, u16), usize>,
}

/// What an address comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Member(usize),
    /// No host of the inventory that was asked has it.
    Nobody,
    /// Several have it, and nothing tells which is meant.
    Several(Vec<usize>),
}

impl<'a> Directory<'a> {
    pub(super) fn of(members: &'a [Member]) -> Self {
        let mut by_endpoint: HashMap<&Endpoint, Vec<usize>> = HashMap::new();
        let mut by_place = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            for endpoint in &member.endpoints {
                by_endpoint.entry(endpoint).or_default().push(index);
            }
            by_place.insert((member.host.as_str(), member.port), index);
        }
        Self {
            members,
            by_endpoint,
            by_place,
        }
    }

    /// The server that `speaker` means by an address. An address that several hosts have, as that of a bridge for
    /// containers, is the one's whose data have the same history.
    pub(super) fn find(&self, speaker: usize, endpoint: &Endpoint) -> Found {
        let own = &self.members[speaker];
        if endpoint.is_loopback() {
            let place = (own.host.as_str(), endpoint.port);
            return self
                .by_place
                .get(&place)
                .map_or(Found::Nobody, |index| Found::Member(*index));
        }
        let others: Vec<usize> = self
            .by_endpoint
            .get(endpoint)
            .into_iter()
            .flatten()
            .copied()
            .filter(|index| *index != speaker)
            .collect();
        match others.as_slice() {
            [] => Found::Nobody,
            [one] => Found::Member(*one),
            several => {
                let same = |index: &&usize| {
                    !own.history.is_empty() && self.members[**index].history == own.history
                };
                let mut related = several.iter().filter(same);
                match (related.next(), related.next()) {
                    (Some(one), None) => Found::Member(*one),
                    _ => Found::Several(others),
                }
            }
        }
    }
}
