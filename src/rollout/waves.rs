//! Waves: the hosts that are changed at the same time.

use crate::model::playbook::Batch;

/// Cuts hosts into waves by `serial`, as Ansible does: the last batch repeats until all hosts have a wave; a
/// percentage is of all hosts, rounded down, but at least one host. No `serial`: one wave.
pub fn waves(hosts: &[String], serial: &[Batch]) -> Vec<Vec<String>> {
    let Some(last) = serial.last() else {
        return vec![hosts.to_vec()];
    };
    let mut rest = hosts;
    let mut batches = serial.iter();
    let mut waves = Vec::new();
    while !rest.is_empty() {
        let size = size(*batches.next().unwrap_or(last), hosts.len()).min(rest.len());
        let (wave, others) = rest.split_at(size);
        waves.push(wave.to_vec());
        rest = others;
    }
    waves
}

pub(super) fn size(batch: Batch, hosts: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("h{number}")).collect()
    }

    #[test]
    fn serial_cuts_as_ansible_does() {
        let sizes = |count: usize, serial: &[Batch]| {
            waves(&names(count), serial)
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(5, &[]), [5]);
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

    proptest! {
        #[test]
        fn every_host_is_in_exactly_one_wave_and_order_is_kept(
            count in 0_usize..60,
            serial in proptest::collection::vec(
                prop_oneof![(1_usize..20).prop_map(Batch::Hosts), (1.0_f64..100.0).prop_map(Batch::Percent)], 0..4),
        ) {
            let hosts = names(count);
            let waves = waves(&hosts, &serial);
            prop_assert_eq!(waves.concat(), hosts);
        }
    }
}
