//! The switches at every boot.

use super::Switch;
use crate::model::blob::Blob;
use crate::model::probe::Probe;
use crate::module::shared::attributes;
use crate::module::shared::file_change::{FileWish, file_change};
use crate::module::shared::target::{Links, Target};
use crate::module::{Check, CheckStatus, Decision, Look, Stop};

/// The file that sets the switches at boot (`tmpfiles.d(5)`).
const FILE: &str = "/etc/tmpfiles.d/60-cachesmith-thp.conf";
const OTHERS: &str = "/etc/tmpfiles.d/*.conf";
const HEAD: &str = "# Transparent huge pages, set at every boot.\n";

/// What has to be asked about it.
pub(super) fn probes() -> [Probe; 2] {
    [
        Probe::Content(FILE.to_owned()),
        Probe::Glob(OTHERS.to_owned()),
    ]
}

/// Makes the file as it has to be, and warns of others that set a switch otherwise.
pub(super) fn keep(
    switches: &[Switch],
    look: &Look<'_>,
    decision: &mut Decision,
) -> Result<(), Stop> {
    let target = Target::find(look, FILE, Links::Replace)?;
    let before = target
        .content()?
        .map(|content| content.to_lossy().into_owned())
        .unwrap_or_default();
    // A switch that this task does not name stays as an earlier one kept it.
    let mut lines: Vec<String> = before
        .lines()
        .filter(|line| {
            written(line)
                .is_some_and(|(path, _)| switches.iter().all(|switch| switch.path() != path))
        })
        .map(str::to_owned)
        .collect();
    lines.extend(switches.iter().map(Switch::line));
    lines.sort_by(|left, right| right.cmp(left));
    let after = format!("{HEAD}{}\n", lines.join("\n"));
    if after != before {
        let attributes = attributes::Wanted::default().resolve(look)?;
        let wish = FileWish::new(Some(Blob::from(after)), &attributes);
        decision.changes.extend(file_change(&target, wish)?.change);
    }
    for (path, content) in look.glob(OTHERS)? {
        if path == FILE {
            continue;
        }
        for (switch, value) in switches.iter().flat_map(|switch| {
            content
                .to_lossy()
                .lines()
                .filter_map(written)
                .filter(|(other, value)| *other == switch.path() && *value != switch.wanted)
                .map(|(_, value)| (switch, value.to_owned()))
                .collect::<Vec<_>>()
        }) {
            decision.checks.push(Check {
                name: format!("transparent_hugepage {} after the next boot", switch.name),
                status: CheckStatus::Warned,
                expected: switch.wanted.clone(),
                found: format!("perhaps {value}: {path} sets it too"),
                advice: Some(format!("take the line out of {path}")),
            });
        }
    }
    Ok(())
}

/// The path and the word that a line writes at boot.
fn written(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let path = words.next()?;
    let value = words.nth(4)?;
    kind.starts_with('w').then_some((path, value))
}

/// Without systemd nothing reads the file.
pub(super) fn not_kept() -> Check {
    Check {
        name: "transparent huge pages after the next boot".to_owned(),
        status: CheckStatus::Warned,
        expected: "as they are now".to_owned(),
        found: "the kernel's default: this host has no systemd-tmpfiles".to_owned(),
        advice: Some(
            "put transparent_hugepage=madvise on the kernel's command line, or say `persist: no`"
                .to_owned(),
        ),
    }
}
