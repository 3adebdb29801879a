//! Server programs on disk, the packages that own them, and the packages that would bring one.

use super::record::{Group, Records};
use crate::model::facts::{Facts, RedisBinary, RedisCandidate};

/// The refusals of builds that cannot defragment: of Redis 6 and later and Valkey, and of Redis 4 and 5.
const REFUSALS: [&str; 2] = [
    "Active defragmentation cannot be enabled",
    "active defrag can",
];

/// The name of a directive that every server since 4.0 has: it shows that texts could be found in the program.
const CONTROL: &str = "active-defrag-cycle-min";

/// Packages that own a program of this name, the most telling first.
const OWNERS: [(&str, &[&str]); 2] = [
    (
        "redis-server",
        &["redis-server", "redis-tools", "redis", "redis7", "redis6"],
    ),
    (
        "valkey-server",
        &["valkey-server", "valkey-tools", "valkey"],
    ),
];

pub(super) fn read(records: &Records, facts: &mut Facts) {
    let packages = packages(records.get("packages").unwrap_or_default());
    facts.redis_binaries = records
        .groups("program")
        .map(|group| binary(group, &packages))
        .collect();
    for binary in &facts.redis_binaries {
        let answered = binary.refuses_defragmentation.is_some() || !binary.parser_answer.is_empty();
        if binary.version_line.is_empty() {
            let reason =
                "it did not print its version within 5 seconds, or may not be run".to_owned();
            facts
                .missing
                .insert(format!("version of {}", binary.path), reason);
        }
        if !answered {
            let reason = "the program could not be read, and its parser did not tell".to_owned();
            facts
                .missing
                .insert(format!("defragmentation of {}", binary.path), reason);
        }
    }
    facts.redis_candidates = candidates(records.get("candidates").unwrap_or_default());
}

fn binary(group: Group<'_>, packages: &[(&str, &str)]) -> RedisBinary {
    let resolved = without_deleted(group.get("resolved")).to_owned();
    let path = match group.get("program") {
        // A program that runs and is not where people would look: the file behind it.
        path if path.starts_with("/proc/") => resolved.clone(),
        path => path.to_owned(),
    };
    let texts = group.get("texts");
    let refuses = texts
        .lines()
        .any(|text| REFUSALS.iter().any(|refusal| text.starts_with(refusal)));
    let could_be_read = texts.lines().any(|text| text == CONTROL);
    RedisBinary {
        refuses_defragmentation: (refuses || could_be_read).then_some(refuses),
        parser_answer: refused_line(group.get("refusal")).to_owned(),
        libraries: libraries(texts),
        version_line: group
            .get("version")
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        package: owner(&path, packages),
        path,
        resolved,
    }
}

/// What the kernel appends to the name of a program whose file was replaced.
pub(super) fn without_deleted(path: &str) -> &str {
    path.strip_suffix(" (deleted)").unwrap_or(path)
}

/// The line that shows which of two options a parser refused.
fn refused_line(message: &str) -> &str {
    message
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with(">>>") && line.contains("activedefrag"))
        .unwrap_or_default()
}

fn libraries(texts: &str) -> Vec<String> {
    let mut names: Vec<String> = texts
        .lines()
        .filter(|text| text.starts_with("lib"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Installed packages and versions, from dpkg, rpm or apk.
fn packages(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["installed", name, version] => Some((name, version)),
                // apk: `redis-7.2.4-r0 x86_64 {redis} (BSD-3-Clause) [installed]`
                [name, .., "[installed]"] => {
                    let (rest, _release) = name.rsplit_once('-')?;
                    let (package, _version) = rest.rsplit_once('-')?;
                    Some((package, name.strip_prefix(package)?.strip_prefix('-')?))
                }
                _ => None,
            }
        })
        .collect()
}

/// The package with its version that owns a program; empty for programs outside of the places of packages.
fn owner(path: &str, packages: &[(&str, &str)]) -> String {
    let Some((directory, name)) = path.rsplit_once('/') else {
        return String::new();
    };
    if !matches!(directory, "/usr/bin" | "/bin" | "/usr/sbin" | "/sbin") {
        return String::new();
    }
    OWNERS
        .iter()
        .filter(|(program, _)| *program == name)
        .flat_map(|(_, names)| names.iter())
        .find_map(|name| packages.iter().find(|(package, _)| package == name))
        .map(|(package, version)| format!("{package} {version}"))
        .unwrap_or_default()
}

/// Records of `apt-cache show`: paragraphs of Package, Version and Depends.
fn candidates(text: &str) -> Vec<RedisCandidate> {
    let mut candidates: Vec<RedisCandidate> = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            paragraph
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let (Some(package), Some(version)) = (field("Package"), field("Version")) else {
            continue;
        };
        if candidates.iter().any(|known| known.package == package) {
            continue;
        }
        let depends = field("Depends").unwrap_or_default();
        candidates.push(RedisCandidate {
            package: package.to_owned(),
            version: version.to_owned(),
            depends: depends
                .split([',', '|'])
                .filter_map(|word| word.split_ascii_whitespace().next())
                .map(|word| word.split(':').next().unwrap_or(word).to_owned())
                .collect(),
        });
    }
    candidates
}
