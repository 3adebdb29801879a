use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::model::probe::{Observation, Probe};
use crate::transport::script::{compile_probes, parse_observations};

/// Shells that hosts have; those that this machine lacks are left out, but there is always one.
fn shells() -> Vec<Vec<&'static str>> {
    let all = [vec!["dash"], vec!["bash", "--posix"], vec!["busybox", "sh"]];
    let is_there = |shell: &[&str]| {
        let tried = Command::new(shell[0])
            .args(&shell[1..])
            .args(["-c", ":"])
            .output();
        tried.is_ok_and(|output| output.status.success())
    };
    let mut shells: Vec<_> = all.into_iter().filter(|shell| is_there(shell)).collect();
    if shells.is_empty() {
        shells.push(vec!["sh"]);
    }
    shells
}

/// Runs shell text that comes from standard input, as on a host. Returns what it printed.
fn run(shell: &[&str], text: &str, path: &str) -> String {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .arg("-s")
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{shell:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn usual_path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

#[test]
fn every_shell_tells_the_same() {
    let mut told: Vec<Facts> = Vec::new();
    for shell in shells() {
        // What follows must still be there for the shell to read, and no variable may have been left behind.
        let text = format!(
            "set -eu\ncount=mine\n{}\necho \"$count\" after\n",
            snippet(FactParts::ALL)
        );
        let answer = run(&shell, &text, &usual_path());
        assert!(answer.ends_with("mine after\n"), "{shell:?}");
        let facts = parse(answer.as_bytes(), FactParts::ALL);
        assert_eq!(facts.missing.get("facts"), None, "{shell:?}");
        assert!(facts.memory.total > 0 && facts.processors > 0 && facts.page_size >= 4096);
        assert!(facts.clock > 1_700_000_000 && facts.uptime > 0);
        assert!(!facts.kernel.is_empty() && !facts.user.name.is_empty());
        told.push(facts);
    }
    for facts in &told[1..] {
        let first = &told[0];
        assert_eq!(facts.memory.total, first.memory.total);
        assert_eq!(facts.memory.limits, first.memory.limits);
        assert_eq!(facts.kernel_values, first.kernel_values);
        assert_eq!(facts.distribution, first.distribution);
        assert_eq!(facts.virtualization, first.virtualization);
        assert_eq!(facts.user, first.user);
    }
}

/// Parts that are not asked cost nothing, and the others are whole.
#[test]
fn a_part_can_be_left_out() {
    for parts in [FactParts::NONE, FactParts::MOUNTS, FactParts::NETWORK] {
        assert!(!snippet(parts).contains("redis-server"), "{parts:?}");
        for shell in shells() {
            let answer = run(&shell, snippet(parts), &usual_path());
            let facts = parse(answer.as_bytes(), parts);
            assert_eq!(facts.missing.get("facts"), None, "{shell:?} {parts:?}");
            assert!(facts.memory.total > 0 && !facts.user.name.is_empty());
            assert_eq!(facts.mounts.is_empty(), !parts.mounts, "{parts:?}");
            assert_eq!(facts.interfaces.is_empty(), !parts.network, "{parts:?}");
            assert_eq!(facts.parts, parts);
        }
    }
}

/// As one question among others, in the script that hosts get.
#[test]
fn facts_travel_with_other_probes() {
    let probes = [
        Probe::Facts,
        Probe::BootId,
        Probe::KernelValue("vm.swappiness".to_owned()),
    ];
    let script = compile_probes(&probes);
    let text = std::str::from_utf8(script.text()).unwrap();
    for shell in shells() {
        let answer = run(&shell, text, &usual_path());
        let answers = parse_observations(&script, &probes, answer.as_bytes()).unwrap();
        let [
            Observation::Facts(facts),
            Observation::BootId(boot),
            Observation::KernelValue(value),
        ] = &answers[..]
        else {
            panic!("{shell:?}: {answers:?}");
        };
        assert_eq!(facts.missing.get("facts"), None, "{shell:?}");
        assert_eq!(facts.boot_id, *boot);
        assert_eq!(
            facts.kernel_values.get("vm.swappiness"),
            value.value.as_ref()
        );
    }
}

/// A program that never answers costs its time limit and its fact, no more.
#[test]
fn a_program_that_hangs_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("ip");
    fs::write(&program, "#!/bin/sh\nexec sleep 300\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), usual_path());
    let start = Instant::now();
    let facts = parse(
        run(&["sh"], snippet(FactParts::ALL), &path).as_bytes(),
        FactParts::ALL,
    );
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    assert!(
        start.elapsed() >= Duration::from_secs(3),
        "the program was not even asked"
    );
    assert_eq!(facts.missing.get("facts"), None);
    assert!(facts.memory.total > 0);
    if Path::new("/proc/net/fib_trie").exists() {
        // The kernel's own lists stand in for it. Other interfaces may come and go meanwhile.
        let plain = parse(
            run(&["sh"], snippet(FactParts::ALL), &usual_path()).as_bytes(),
            FactParts::ALL,
        );
        let ipv4 = |facts: &Facts| {
            let mut list: Vec<_> = facts
                .addresses
                .iter()
                .filter(|address| address.default && !address.address.contains(':'))
                .map(|address| {
                    (
                        address.interface.clone(),
                        address.address.clone(),
                        address.prefix,
                    )
                })
                .collect();
            list.sort();
            list
        };
        assert_eq!(ipv4(&facts), ipv4(&plain));
    }
}

#[test]
fn passwords_are_masked() {
    let config = "requirepass\nhunter2\nmasterauth\n\nMasterAuth\nhunter2\nport\n6379\ntls-key-file-pass\nhunter2\n";
    let masked = settings::masked(config);
    assert!(!masked.contains("hunter2"), "{masked}");
    assert!(
        masked.contains("requirepass\n(secret)\nmasterauth\n\n"),
        "an empty one stays visible: {masked}"
    );
    assert!(masked.contains("port\n6379\n"));
}

/// An answer that holds the frame's own signs inside a value, and noise between two records.
#[test]
fn bytes_of_any_kind_come_through() {
    let mut answer = b"Welcome!\n\x1ehostname 9\nca\x1eche\n\xff1\nnoise\n".to_vec();
    answer.extend_from_slice(b"\x1ebroken line\n\x1efqdn 5\na.b.c\n\x1eend 0\n\n");
    let facts = parse(&answer, FactParts::ALL);
    assert_eq!(facts.hostname, "ca\u{1e}che\n\u{fffd}1");
    assert_eq!(facts.fqdn, "a.b.c");
    assert_eq!(facts.missing.get("facts"), None);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in "(files|routes|routes6|addresses|mounts|sizes|limits|units|configuration|candidates|packages|texts|answer|status|accounts|clock|process|program)",
        body in "\\PC{0,80}(\n\\PC{0,40}){0,6}",
    ) {
        let _ = parse(&bytes, FactParts::ALL);
        let group = format!("\x1eprogram 1\na\n\x1eprocess 1\n7\n\x1estatus 6\nUid: 1\n\x1e{name} {}\n{body}\n", body.len());
        let _ = parse(group.as_bytes(), FactParts::ALL);
    }
}
