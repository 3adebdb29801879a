//! Waves in which no two hosts of a group are changed at the same time.

use std::collections::{BTreeSet, VecDeque};

use super::waves::size;
use crate::model::playbook::Batch;

/// Cuts hosts, each with the number of its group, into waves by `serial`. Hosts of one group keep their order; whoever
/// cannot join a wave because of its group leaves its place in it to the next.
pub fn apart(hosts: &[(String, usize)], serial: &[Batch]) -> Vec<Vec<String>> {
    let mut batches = serial.iter();
    let mut rest: VecDeque<&(String, usize)> = hosts.iter().collect();
    let mut waves = Vec::new();
    while !rest.is_empty() {
        let batch = batches.next().or(serial.last());
        let most = batch.map_or(rest.len(), |batch| size(*batch, hosts.len()));
        let mut groups = BTreeSet::new();
        let mut wave = Vec::new();
        rest.retain(|(host, group)| {
            let joins = wave.len() < most && groups.insert(*group);
            if joins {
                wave.push(host.clone());
            }
            !joins
        });
        waves.push(wave);
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_wave_has_two_of_a_group_and_groups_keep_their_order(
            groups in proptest::collection::vec(0_usize..6, 0..30),
            most in proptest::option::of(1_usize..9),
        ) {
            let hosts: Vec<(String, usize)> = groups.iter().enumerate().map(|(at, group)| (format!("{at:02}"), *group)).collect();
            let serial: Vec<Batch> = most.into_iter().map(Batch::Hosts).collect();
            let waves = apart(&hosts, &serial);
            let of = |host: &String| hosts.iter().find(|(own, _)| own == host).unwrap().1;
            let mut seen: Vec<&String> = waves.iter().flatten().collect();
            for wave in &waves {
                prop_assert!(!wave.is_empty() && most.is_none_or(|most| wave.len() <= most));
                let own: BTreeSet<usize> = wave.iter().map(of).collect();
                prop_assert_eq!(own.len(), wave.len());
            }
            for group in 0..6 {
                let own: Vec<&&String> = seen.iter().filter(|host| of(host) == group).collect();
                prop_assert!(own.is_sorted());
            }
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), hosts.len());
        }
    }
}
