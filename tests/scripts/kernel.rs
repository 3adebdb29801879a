//! Kernel values, asked and set.

use std::fs;
use std::path::Path;

use cachesmith::model::probe::{KernelValue, Observation, Probe};
use cachesmith::model::step::{Action, Guard, Outcome, Step, StepStatus};

use crate::host::{Host, hosts, is_root, told};

fn ask(host: &Host, key: &str) -> KernelValue {
    match host.observe_one(Probe::KernelValue(key.into())) {
        Observation::KernelValue(value) => value,
        other => panic!("{}: {other:?}", host.name),
    }
}

fn set(host: &Host, key: &str, value: &str) -> Outcome {
    host.carry_out_one(Step::new(Action::KernelValue {
        key: key.into(),
        value: value.into(),
    }))
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn values_are_whole_and_folded() {
    for host in hosts() {
        // More than one digit, and more than one word with tabs between them.
        let map_count = ask(&host, "vm.max_map_count");
        assert_eq!(map_count.value.unwrap(), read("/proc/sys/vm/max_map_count"));
        assert_eq!(map_count.writable, is_root());
        let range = ask(&host, "net.ipv4.ip_local_port_range").value.unwrap();
        assert_eq!(range, read("/proc/sys/net/ipv4/ip_local_port_range"));
        assert_eq!(
            ask(&host, "net/ipv4/conf/lo/rp_filter").value,
            ask(&host, "net.ipv4.conf.lo.rp_filter").value
        );
        assert_eq!(ask(&host, "vm.no_such_key"), KernelValue::default());
        let switch = "/sys/kernel/mm/transparent_hugepage/enabled";
        if Path::new(switch).exists() {
            assert_eq!(ask(&host, switch).value.unwrap(), read(switch));
        }
        for key in ["", "vm..x", "vm./../x", "/etc/../x"] {
            let answer = host.observe_one(Probe::KernelValue(key.into()));
            assert!(
                matches!(answer, Observation::Failed(_)),
                "{key}: {answer:?}"
            );
        }
        let not_root = host.as_nobody();
        let value = ask(&not_root, "vm.max_map_count");
        assert!(value.value.is_some() && !value.writable, "{}", host.name);
    }
}

/// In a network namespace of its own, so that this machine keeps its values.
fn apart(host: &Host, steps: &[Step]) -> Vec<Outcome> {
    host.carry_out_wrapped(&["unshare", "-n", "-m"], steps)
}

#[test]
fn values_are_written_and_read_back() {
    assert!(is_root(), "kernel values can only be set by root");
    let step = |key: &str, value: &str| {
        Step::new(Action::KernelValue {
            key: key.into(),
            value: value.into(),
        })
    };
    for host in hosts() {
        let range = "net.ipv4.ip_local_port_range";
        let guard = |value: &str| Guard::KernelValue {
            key: range.into(),
            value: value.into(),
        };
        let outcomes = apart(
            &host,
            &[
                step("net.core.somaxconn", "511"),
                step(range, "20000  40000"),
                step(range, "20001\t40001").guarded(guard("20000 40000")),
                step(range, "1 2").guarded(guard("20000 40000")),
            ],
        );
        for outcome in &outcomes[..3] {
            assert_eq!(outcome.status, StepStatus::Done, "{}", told(outcome));
        }
        assert_eq!(outcomes[3].status, StepStatus::GuardFailed);
        assert!(
            outcomes[3].stderr.to_lossy().contains("20001 40001"),
            "{}",
            told(&outcomes[3])
        );
    }
}

#[test]
fn refusals_say_why() {
    for host in hosts() {
        let cases = [
            ("vm.no_such_key", "1", "no such value"),
            ("vm.swappiness", "many", "refuses 'many'"),
            ("vm.overcommit_memory", "77", "refuses '77'"),
            ("vm..x", "1", "not the name"),
        ];
        for (key, value, words) in cases {
            let outcome = set(&host, key, value);
            assert_eq!(outcome.status, StepStatus::Failed);
            assert!(
                outcome.stderr.to_lossy().contains(words),
                "{} {}",
                host.name,
                told(&outcome)
            );
        }
        let outcome = set(&host.as_nobody(), "vm.swappiness", "1");
        assert!(
            outcome.stderr.to_lossy().contains("only root"),
            "{} {}",
            host.name,
            told(&outcome)
        );
    }
}

/// As in a container: the file system of kernel values is read-only.
#[test]
fn a_read_only_proc_is_a_host_level_setting() {
    assert!(is_root(), "mounts can only be made by root");
    let read_only = [
        "unshare",
        "-m",
        "sh",
        "-c",
        "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec \"$@\"",
        "sh",
    ];
    for host in hosts() {
        let step = Step::new(Action::KernelValue {
            key: "vm.swappiness".into(),
            value: read("/proc/sys/vm/swappiness"),
        });
        let outcome = host.carry_out_wrapped(&read_only, &[step]).remove(0);
        assert_eq!(outcome.status, StepStatus::Failed);
        let words = outcome.stderr.to_lossy().into_owned();
        assert!(
            words.contains("read-only /proc/sys") && words.contains("host-level"),
            "{}: {words}",
            host.name
        );
        let probes = [Probe::KernelValue("vm.swappiness".into())];
        let answer = host.observe_wrapped(&read_only, &probes).remove(0);
        let Observation::KernelValue(value) = answer else {
            panic!("{answer:?}");
        };
        assert!(!value.writable && value.value.is_some(), "{}", host.name);
    }
}

/// A switch such as that for huge pages, stood in for by a file of the same form.
#[test]
fn switches_are_compared_by_their_chosen_word() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("enabled");
        fs::write(&path, "always [madvise] never\n").unwrap();
        let key = path.to_str().unwrap().to_owned();
        for (value, status) in [
            ("madvise", StepStatus::Done),
            ("always [madvise] never", StepStatus::Done),
            ("never", StepStatus::GuardFailed),
            ("always madvise [never]", StepStatus::GuardFailed),
        ] {
            fs::write(&path, "always [madvise] never\n").unwrap();
            let guard = Guard::KernelValue {
                key: key.clone(),
                value: value.into(),
            };
            let action = Action::KernelValue {
                key: key.clone(),
                value: "never".into(),
            };
            let outcome = host.carry_out_one(Step::new(action).guarded(guard));
            assert_eq!(outcome.status, status, "{} {}", host.name, told(&outcome));
        }
        let value = ask(&host, &key).value.unwrap();
        assert_eq!(value, "always [madvise] never");
    }
}
