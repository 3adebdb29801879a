//! Which distribution a host runs.

use super::machine::Files;
use crate::model::facts::Distribution;

/// os-release(5), and the files that have a version in full.
pub(super) fn read(files: &Files<'_>) -> Distribution {
    let lines = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| files.get(path))
        .cloned()
        .unwrap_or_default();
    let given = |name: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(unquoted)
    };
    let value = |name: &str| given(name).unwrap_or_default();
    let release = ["/etc/debian_version", "/etc/alpine-release"]
        .iter()
        .find_map(|path| files.get(path)?.first())
        .map(|line| line.trim().to_owned());
    Distribution {
        id: value("ID"),
        version: value("VERSION_ID"),
        codename: given("VERSION_CODENAME").unwrap_or_else(|| in_brackets(&value("VERSION"))),
        name: value("PRETTY_NAME"),
        like: value("ID_LIKE")
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
        release: release.unwrap_or_default(),
    }
}

/// Red Hat and its kin have no word for the code name, but put it in brackets: `9.3 (Plow)`.
fn in_brackets(version: &str) -> String {
    version
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(name, _)| name.to_owned())
        .unwrap_or_default()
}

/// A value of os-release, which is quoted as in shell.
fn unquoted(text: &str) -> String {
    match shlex::split(text.trim()) {
        Some(words) => words.join(" "),
        None => text.trim().trim_matches(['"', '\'']).to_owned(),
    }
}
