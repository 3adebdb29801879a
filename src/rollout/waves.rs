//! Waves: the hosts that are changed at the same time.

use std::collections::{HashMap, HashSet, VecDeque};

use super::candidate::Candidate;
use crate::model::rolling::Batch;

/// Cuts hosts, which come in their order, into waves by `serial`, as Ansible does: the last batch repeats until all
/// hosts have a wave; a percentage is of all hosts, rounded down, but at least one host. No `serial`: one wave.
///
/// No wave has hosts of two stages, and none has two hosts with the same value of a variable by which they are spread:
/// such a wave is filled with hosts from further behind, and is smaller where there are none. What is left is not left
/// to the end: where a value has as many hosts as there have to be waves, it is in each of them.
pub fn waves(hosts: &[Candidate], serial: &[Batch]) -> Vec<Vec<String>> {
    let mut sizes = Sizes {
        batches: serial
            .iter()
            .map(|batch| size(*batch, hosts.len()))
            .collect(),
        all: hosts.len(),
    };
    let mut stages: Vec<usize> = hosts.iter().map(|host| host.stage).collect();
    stages.sort_unstable();
    stages.dedup();
    let mut waves = Vec::new();
    for stage in stages {
        let own: Vec<&Candidate> = hosts.iter().filter(|host| host.stage == stage).collect();
        let mut rest = Rest::of(&own);
        while !rest.waiting.is_empty() {
            let least = rest.most.max(sizes.waves_for(rest.waiting.len()));
            let size = sizes.next();
            let wave = rest.take(size, least);
            waves.push(
                wave.into_iter()
                    .map(|host| own[host].name.clone())
                    .collect(),
            );
        }
    }
    waves
}

fn size(batch: Batch, hosts: usize) -> usize {
    match batch {
        Batch::Hosts(count) => count,
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number of hosts, never negative and far below 2^52"
        )]
        Batch::Percent(percent) => (hosts as f64 * percent / 100.0) as usize,
    }
    .max(1)
}

/// How many hosts the next waves may have.
struct Sizes {
    batches: VecDeque<usize>,
    all: usize,
}

impl Sizes {
    fn next(&mut self) -> usize {
        if self.batches.len() > 1 {
            return self.batches.pop_front().unwrap_or(self.all);
        }
        self.batches.front().copied().unwrap_or(self.all)
    }

    /// How many waves so many hosts take where nothing keeps them apart.
    fn waves_for(&self, hosts: usize) -> usize {
        let mut rest = hosts;
        for (index, size) in self.batches.iter().enumerate() {
            if rest == 0 {
                return index;
            }
            if index + 1 == self.batches.len() {
                return index + rest.div_ceil(*size);
            }
            rest = rest.saturating_sub(*size);
        }
        usize::from(rest > 0)
    }
}

/// A variable's place, and a value of it.
type Key<'h> = (usize, &'h str);

/// The hosts of a stage that have no wave yet, by their number.
struct Rest<'h> {
    hosts: &'h [&'h Candidate],
    waiting: VecDeque<usize>,
    /// Of each value, its hosts that wait, in their order.
    queues: HashMap<Key<'h>, VecDeque<usize>>,
    /// How many hosts the commonest value has.
    most: usize,
}

impl<'h> Rest<'h> {
    fn of(hosts: &'h [&'h Candidate]) -> Self {
        let mut queues: HashMap<Key<'h>, VecDeque<usize>> = HashMap::new();
        for (number, host) in hosts.iter().enumerate() {
            for key in keys(host) {
                queues.entry(key).or_default().push_back(number);
            }
        }
        let mut rest = Self {
            hosts,
            waiting: (0..hosts.len()).collect(),
            queues,
            most: 0,
        };
        rest.count();
        rest
    }

    fn count(&mut self) {
        self.most = self.queues.values().map(VecDeque::len).max().unwrap_or(0);
    }

    /// Takes the hosts of the next wave out. `least`: how many waves there have to be at least, this one included.
    fn take(&mut self, size: usize, least: usize) -> Vec<usize> {
        if self.queues.is_empty() {
            let size = size.min(self.waiting.len());
            return self.waiting.drain(..size).collect();
        }
        let mut wave = HashSet::new();
        let mut taken = HashSet::new();
        if self.most >= least {
            let mut urgent: Vec<usize> = self
                .queues
                .values()
                .filter(|queue| queue.len() >= least)
                .filter_map(|queue| queue.front().copied())
                .collect();
            urgent.sort_unstable();
            self.choose(urgent, size, &mut wave, &mut taken);
        }
        let values = self
            .queues
            .keys()
            .fold(HashMap::new(), |mut values, (variable, _)| {
                *values.entry(*variable).or_insert(0_usize) += 1;
                values
            });
        // A wave that has every value of a variable takes nobody else.
        let most = values.values().min().copied().unwrap_or(size).min(size);
        self.choose(
            self.waiting.clone(),
            most.max(wave.len()),
            &mut wave,
            &mut taken,
        );
        self.waiting.retain(|host| !wave.contains(host));
        for key in taken {
            if let Some(queue) = self.queues.get_mut(&key) {
                queue.pop_front();
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        self.count();
        let mut wave: Vec<usize> = wave.into_iter().collect();
        wave.sort_unstable();
        wave
    }

    /// Takes of these hosts, in their order, who is the first with each of its values and shares none with the wave.
    fn choose(
        &self,
        hosts: impl IntoIterator<Item = usize>,
        size: usize,
        wave: &mut HashSet<usize>,
        taken: &mut HashSet<Key<'h>>,
    ) {
        for host in hosts {
            if wave.len() >= size {
                return;
            }
            let is_first = |key: &Key<'h>| {
                let queue = self.queues.get(key);
                queue.and_then(VecDeque::front) == Some(&host)
            };
            let own: Vec<Key<'h>> = keys(self.hosts[host]).collect();
            if own.iter().all(|key| !taken.contains(key) && is_first(key)) && wave.insert(host) {
                taken.extend(own);
            }
        }
    }
}

fn keys(host: &Candidate) -> impl Iterator<Item = Key<'_>> {
    host.spread.iter().map(String::as_str).enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(spread: &[&[&str]]) -> Vec<Candidate> {
        spread
            .iter()
            .enumerate()
            .map(|(number, values)| Candidate {
                spread: values.iter().map(|value| (*value).to_owned()).collect(),
                ..Candidate::new(format!("h{number}"))
            })
            .collect()
    }

    fn plain(count: usize) -> Vec<Candidate> {
        (0..count)
            .map(|number| Candidate::new(format!("h{number}")))
            .collect()
    }

    #[test]
    fn serial_cuts_as_ansible_does() {
        let sizes = |count: usize, serial: &[Batch]| {
            waves(&plain(count), serial)
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(5, &[]), [5]);
        assert_eq!(sizes(0, &[]), [0_usize; 0]);
        assert_eq!(sizes(5, &[Batch::Hosts(2)]), [2, 2, 1]);
        assert_eq!(
            sizes(
                10,
                &[Batch::Hosts(1), Batch::Percent(25.0), Batch::Percent(100.0)]
            ),
            [1, 2, 7]
        );
        assert_eq!(sizes(3, &[Batch::Percent(10.0)]), [1, 1, 1]);
    }

    #[test]
    fn a_stage_ends_its_wave() {
        let mut all = plain(6);
        for canary in &mut all[..2] {
            canary.stage = 0;
        }
        for other in &mut all[2..] {
            other.stage = 1;
        }
        let cut = |serial: &[Batch]| waves(&all, serial);
        assert_eq!(cut(&[]), [vec!["h0", "h1"], vec!["h2", "h3", "h4", "h5"]]);
        assert_eq!(
            cut(&[Batch::Hosts(1), Batch::Hosts(3)]),
            [vec!["h0"], vec!["h1"], vec!["h2", "h3", "h4"], vec!["h5"]]
        );
    }

    #[test]
    fn a_wave_is_filled_from_behind_and_takes_a_common_value_in_time() {
        let zones = |letters: &str| {
            let words: Vec<String> = letters.chars().map(String::from).collect();
            let lists: Vec<Vec<&str>> = words.iter().map(|word| vec![word.as_str()]).collect();
            hosts(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        assert_eq!(
            waves(&zones("aabb"), &[Batch::Hosts(2)]),
            [vec!["h0", "h2"], vec!["h1", "h3"]]
        );
        // Without looking ahead the three of zone a would be left for three waves of their own.
        assert_eq!(waves(&zones("bbccaaa"), &[Batch::Hosts(2)]).len(), 4);
        assert_eq!(
            waves(&zones("abab"), &[]),
            [vec!["h0", "h1"], vec!["h2", "h3"]]
        );
    }

    #[test]
    fn two_variables_hold_both_and_who_shares_a_value_keeps_its_order() {
        let all = hosts(&[&["s1", "x"], &["s2", "x"], &["s2", "y"], &["s3", "z"]]);
        // h2 could join h0 by its own values, but h1 of the same shard comes first.
        assert_eq!(
            waves(&all, &[Batch::Hosts(3)]),
            [vec!["h0", "h3"], vec!["h1"], vec!["h2"]]
        );
    }

    fn batches() -> impl Strategy<Value = Vec<Batch>> {
        proptest::collection::vec(
            prop_oneof![
                (1_usize..20).prop_map(Batch::Hosts),
                (1.0_f64..100.0).prop_map(Batch::Percent)
            ],
            0..4,
        )
    }

    proptest! {
        #[test]
        fn every_host_is_in_exactly_one_wave_and_order_is_kept(count in 0_usize..60, serial in batches()) {
            let all = plain(count);
            let names: Vec<String> = all.iter().map(|host| host.name.clone()).collect();
            prop_assert_eq!(waves(&all, &serial).concat(), names);
        }

        #[test]
        fn no_wave_has_a_value_twice_none_is_too_large_and_none_is_lost(
            values in proptest::collection::vec((0_u8..6, 0_u8..4, 0_usize..2), 0..40),
            serial in batches(),
        ) {
            let all: Vec<Candidate> = values.iter().enumerate().map(|(number, (shard, zone, stage))| Candidate {
                stage: *stage,
                spread: vec![format!("s{shard}"), format!("z{zone}")],
                ..Candidate::new(format!("h{number}"))
            }).collect();
            let by_name: HashMap<&str, &Candidate> = all.iter().map(|host| (host.name.as_str(), host)).collect();
            let cut = waves(&all, &serial);
            let mut seen = HashSet::new();
            let largest = serial.iter().map(|batch| size(*batch, all.len())).max().unwrap_or(all.len());
            for wave in &cut {
                prop_assert!(!wave.is_empty() && wave.len() <= largest);
                let mut own = HashSet::new();
                for name in wave {
                    prop_assert!(seen.insert(name.clone()));
                    let host = by_name[name.as_str()];
                    prop_assert_eq!(host.stage, by_name[wave[0].as_str()].stage);
                    for key in keys(host) {
                        prop_assert!(own.insert(key));
                    }
                }
            }
            prop_assert_eq!(seen.len(), all.len());
            // Who shares a value keeps its order, and stages follow each other.
            let place: HashMap<&str, usize> = cut.iter().enumerate()
                .flat_map(|(number, wave)| wave.iter().map(move |name| (name.as_str(), number))).collect();
            for (number, one) in all.iter().enumerate() {
                for other in &all[number + 1..] {
                    if one.stage == other.stage && keys(one).any(|key| keys(other).any(|own| own == key)) {
                        prop_assert!(place[one.name.as_str()] < place[other.name.as_str()]);
                    }
                    if one.stage < other.stage {
                        prop_assert!(place[one.name.as_str()] < place[other.name.as_str()]);
                    }
                }
            }
        }

        #[test]
        fn with_one_variable_there_are_no_more_waves_than_there_have_to_be(
            values in proptest::collection::vec(0_u8..7, 1..50),
            size in 1_usize..9,
        ) {
            let all: Vec<Candidate> = values.iter().enumerate().map(|(number, zone)| Candidate {
                spread: vec![format!("z{zone}")],
                ..Candidate::new(format!("h{number}"))
            }).collect();
            let most = (0..7).map(|zone| values.iter().filter(|value| **value == zone).count()).max().unwrap();
            let expected = most.max(all.len().div_ceil(size));
            prop_assert_eq!(waves(&all, &[Batch::Hosts(size)]).len(), expected);
        }
    }
}
