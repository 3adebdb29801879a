//! The order in which hosts are cut into waves.

use std::cmp::Ordering;

use super::candidate::Candidate;
use crate::model::rolling::Order;

/// Puts hosts, which come in the inventory's order, into another. `seed` decides how they are shuffled: the same seed
/// shuffles the same names alike.
pub fn order(hosts: &mut [Candidate], order: &Order, seed: u64) {
    match order {
        Order::Inventory => {}
        Order::ReverseInventory => hosts.reverse(),
        Order::Sorted => hosts.sort_by(|one, other| one.name.cmp(&other.name)),
        Order::ReverseSorted => hosts.sort_by(|one, other| other.name.cmp(&one.name)),
        Order::Shuffle => {
            hosts.sort_by_cached_key(|host| (mix(seed, &host.name), host.name.clone()));
        }
        Order::By(_) => hosts.sort_by(|one, other| compare(&one.by, &other.by)),
    }
    hosts.sort_by_key(|host| host.stage);
}

/// Compares values one after another: numbers by size, before words.
fn compare(one: &[String], other: &[String]) -> Ordering {
    one.iter()
        .zip(other)
        .map(
            |(one, other)| match (one.parse::<i64>(), other.parse::<i64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        )
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// A number for a name that looks like chance (FNV-1a, its bits spread as in SplitMix64): the same on every machine and
/// in every version.
fn mix(seed: u64, name: &str) -> u64 {
    let hash = name
        .bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let spread = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let spread = (spread ^ (spread >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    spread ^ (spread >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rolling::Named;
    use crate::model::source::{At, Source};

    fn named() -> Order {
        let at = At::start(&Source::new("test", ""));
        Order::By(vec![Named {
            name: "zone".to_owned(),
            at,
        }])
    }

    fn ordered(kind: &Order, hosts: &[(&str, usize, &str)]) -> Vec<String> {
        let mut hosts: Vec<Candidate> = hosts
            .iter()
            .map(|(name, stage, by)| Candidate {
                stage: *stage,
                by: vec![(*by).to_owned()],
                ..Candidate::new(*name)
            })
            .collect();
        order(&mut hosts, kind, 7);
        hosts.into_iter().map(|host| host.name).collect()
    }

    #[test]
    fn hosts_are_ordered_by_word_by_value_and_by_stage() {
        let hosts = [
            ("b", 1, "z10"),
            ("c", 1, "z1"),
            ("a", 1, "z1"),
            ("d", 0, "z10"),
        ];
        assert_eq!(ordered(&Order::Inventory, &hosts), ["d", "b", "c", "a"]);
        assert_eq!(
            ordered(&Order::ReverseInventory, &hosts),
            ["d", "a", "c", "b"]
        );
        assert_eq!(ordered(&Order::Sorted, &hosts), ["d", "a", "b", "c"]);
        assert_eq!(ordered(&Order::ReverseSorted, &hosts), ["d", "c", "b", "a"]);
        assert_eq!(ordered(&named(), &hosts), ["d", "c", "a", "b"]);
        let numbers = [("a", 0, "10"), ("b", 0, "9"), ("c", 0, "x")];
        assert_eq!(ordered(&named(), &numbers), ["b", "a", "c"]);
    }

    #[test]
    fn shuffling_is_the_same_for_a_seed_and_another_for_another() {
        let names: Vec<String> = (0..40).map(|number| format!("h{number}")).collect();
        let shuffled = |seed| {
            let mut hosts: Vec<Candidate> = names.iter().map(Candidate::new).collect();
            order(&mut hosts, &Order::Shuffle, seed);
            hosts.into_iter().map(|host| host.name).collect::<Vec<_>>()
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        assert_ne!(shuffled(1), names);
    }
}
