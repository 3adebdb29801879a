//! Recorded hosts: what their programs say, and what it means (see `recorded/README.md`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cachesmith::model::probe::{Observation, Probe};
use serde::Deserialize;

use crate::host::{executable, hosts};
use crate::minimal::Minimal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Whether the host has busybox and the recorded programs alone.
    #[serde(default)]
    minimal: bool,
    /// Applets of busybox that a minimal host lacks.
    #[serde(default)]
    without: Vec<String>,
    /// Files of a minimal host.
    #[serde(default)]
    files: BTreeMap<String, String>,
    probes: Vec<Probe>,
    expected: Vec<Observation>,
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/recorded");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

/// Puts the recorded programs into a directory.
fn install(case: &Path, directory: &Path) {
    let programs = case.join("programs");
    if programs.is_dir() {
        for entry in fs::read_dir(programs).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let target = directory.join(path.file_name().unwrap());
            let _ = fs::remove_file(&target);
            executable(&target, &text);
        }
    }
}

fn compare(what: &str, case: &Case, answers: &[Observation]) {
    for ((probe, answer), expected) in case.probes.iter().zip(answers).zip(&case.expected) {
        assert_eq!(answer, expected, "{what}: {probe:?}");
    }
}

#[test]
fn recorded_hosts_are_understood() {
    let cases = cases();
    assert!(!cases.is_empty());
    for folder in cases {
        let text = fs::read_to_string(folder.join("case.yml")).unwrap();
        let case: Case = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert_eq!(
            case.probes.len(),
            case.expected.len(),
            "{}",
            folder.display()
        );
        let name = folder.file_name().unwrap().to_string_lossy();
        if case.minimal {
            let host = Minimal::without(&case.without);
            install(&folder, &host.root().join("bin"));
            for (path, content) in &case.files {
                host.write(path, content);
            }
            compare(
                &format!("{name} (minimal)"),
                &case,
                &host.observe(&case.probes),
            );
            continue;
        }
        for host in hosts() {
            let directory = tempfile::tempdir().unwrap();
            install(&folder, directory.path());
            let answers = host.with_programs(directory.path()).observe(&case.probes);
            compare(&format!("{name} ({})", host.name), &case, &answers);
        }
    }
}
