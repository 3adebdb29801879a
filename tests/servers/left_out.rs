//! What is not asked of a server, and why: `left_out.csv`.

use std::sync::LazyLock;

use cachesmith::redis::catalogue::Releases;

use crate::build::Build;

struct Entry {
    check: &'static str,
    directive: &'static str,
    releases: Option<Releases>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    include_str!("left_out.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.splitn(4, ',').collect();
            let [check, directive, releases, reason] = cells[..] else {
                panic!("left_out.csv: {line}");
            };
            assert!(!reason.is_empty(), "left_out.csv has no reason: {line}");
            Entry {
                check,
                directive,
                releases: (!releases.is_empty()).then(|| releases.parse().unwrap()),
            }
        })
        .collect()
});

/// Something that a server does otherwise than the catalogue says.
pub struct Mismatch {
    /// What was looked at: `name`, `default`, `set`, ...
    pub check: &'static str,
    pub directive: String,
    pub what: String,
}

impl Mismatch {
    pub fn new(check: &'static str, directive: &str, what: impl Into<String>) -> Self {
        Self {
            check,
            directive: directive.to_owned(),
            what: what.into(),
        }
    }
}

/// Takes out of what some checks found all that is not to be asked. An entry of which nothing is found is a finding.
pub fn filter(build: &Build, checks: &[&str], found: &[Mismatch]) -> Vec<String> {
    let entries: Vec<&Entry> = ENTRIES
        .iter()
        .filter(|entry| {
            let releases = entry.releases.as_ref();
            checks.contains(&entry.check)
                && releases.is_none_or(|releases| releases.contains(&build.server))
        })
        .collect();
    let covers = |entry: &Entry, found: &Mismatch| {
        entry.check == found.check && entry.directive == found.directive
    };
    let needless = entries
        .iter()
        .filter(|entry| !found.iter().any(|found| covers(entry, found)))
        .map(|entry| {
            format!(
                "{}: {}: left_out.csv need not leave it out",
                entry.check, entry.directive
            )
        });
    let wrong = found
        .iter()
        .filter(|found| !entries.iter().any(|entry| covers(entry, found)))
        .map(|found| format!("{}: {}: {}", found.check, found.directive, found.what));
    wrong.chain(needless).collect()
}
