//! Which values and which names a server takes when it reads its configuration.

use cachesmith::redis::catalogue::{self, Directive, Kind};
use cachesmith::redis::version::Server;

use crate::answers::shown;
use crate::build::Build;
use crate::left_out::{Mismatch, filter};
use crate::trial;

/// Values that must be taken, and values that must be refused, by what the catalogue says.
#[derive(Default)]
struct Examples {
    good: Vec<String>,
    bad: Vec<String>,
    /// The numbers beyond the bounds: which bound, and the number.
    beyond: Vec<(&'static str, String)>,
}

impl Examples {
    fn of(directive: &Directive, server: &Server) -> Self {
        let text = |values: &[&str]| -> Vec<String> {
            values.iter().map(|value| (*value).to_owned()).collect()
        };
        let mut examples = Self::default();
        match directive.kind {
            Kind::Bool => {
                examples.good = text(&["yes", "no", "YES"]);
                examples.bad = text(&["maybe", "true", "1", "yes no"]);
            }
            Kind::Integer => {
                examples.bounds(directive, server);
                examples.bad.extend(text(&["1kb", "zz", "1 1"]));
            }
            Kind::Memory | Kind::MemoryOrPercent => {
                examples.bounds(directive, server);
                let least = directive.minimum(Some(server)).unwrap_or(0).max(0) / 1024 + 1;
                examples
                    .good
                    .extend([format!("{least}kb"), format!("{least}KB")]);
                examples.bad.extend(text(&["1.5gb", "1gib", "1tb", "zz"]));
                if directive.kind == Kind::MemoryOrPercent {
                    examples.good.extend(text(&["0%", "100%"]));
                    examples.bad.extend(text(&["101%"]));
                } else {
                    examples.bad.push("5%".to_owned());
                }
            }
            Kind::Octal => {
                examples.good = text(&["700", "777"]);
                examples.bad = text(&["1777", "999", "rwx"]);
            }
            Kind::Enum | Kind::Flags => {
                examples.good = text(&directive.values(Some(server)));
                examples.bad = text(&["no-such-word"]);
                let others = directive.values(None);
                let newer = others
                    .iter()
                    .filter(|word| !directive.values(Some(server)).contains(word));
                examples.bad.extend(newer.map(|word| (*word).to_owned()));
            }
            Kind::KeyspaceEvents => {
                examples.good = text(&["\"\"", "AKE", "g$lshzxetm"]);
                examples.bad = text(&["Q"]);
            }
            Kind::Save => {
                examples.good = text(&["\"\"", "900 1"]);
                examples.bad = text(&["900 x", "0 1"]);
            }
            Kind::BufferLimits => {
                examples.good = text(&["normal 0 0 0", "slave 1mb 1mb 60", "replica 1mb 1mb 60"]);
                examples.bad = text(&["nobody 0 0 0", "normal 0 0", "master 0 0 0"]);
            }
            Kind::Text | Kind::Words | Kind::Repeated => {}
        }
        examples
    }

    /// The bounds themselves, and the numbers beyond them.
    fn bounds(&mut self, directive: &Directive, server: &Server) {
        let (minimum, maximum) = (
            directive.minimum(Some(server)),
            directive.maximum(Some(server)),
        );
        for (which, bound, beyond) in [("minimum", minimum, -1), ("maximum", maximum, 1)] {
            let Some(bound) = bound else {
                self.good
                    .push("a bound is missing in the catalogue".to_owned());
                continue;
            };
            // Nothing lies beyond 64 bits: a server makes the largest number of it.
            if bound + beyond <= i128::from(u64::MAX) {
                self.beyond.push((which, (bound + beyond).to_string()));
            }
            // A percentage is stored as a negative number, and not written as one.
            if bound >= 0 || directive.kind == Kind::Integer {
                self.good.push(bound.to_string());
            }
        }
    }
}

pub fn values(build: &Build) -> Vec<String> {
    let mut good = Vec::new();
    let mut wrong = Vec::new();
    let mut asking = trial::Asking::of(build);
    let about = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    for (directive, names) in shown(build) {
        let name = names[0];
        let examples = Examples::of(directive, &build.server);
        good.extend(examples.good.iter().map(|value| format!("{name} {value}")));
        let bad = examples.bad.into_iter().map(|value| ("value", value));
        for (check, value) in bad.chain(examples.beyond) {
            if asking.accepts(directive, name, &value) {
                wrong.push(Mismatch::new(check, name, format!("`{value}` is taken")));
            }
        }
    }
    // Of `activedefrag`, defragmentation.rs asks.
    good.retain(|line| !line.starts_with("activedefrag "));
    for (line, why) in trial::refused(build, &good) {
        let name = about(&line.replace('"', ""));
        wrong.push(Mismatch::new(
            "value",
            &name,
            format!("`{line}` is refused: {why}"),
        ));
    }
    filter(build, &["value", "minimum", "maximum"], &wrong)
}

/// A line for each directive that has no place in CONFIG GET.
const REPEATED: [(&str, &str); 4] = [
    ("include", "/dev/null"),
    ("loadmodule", "/no/such/module.so"),
    ("rename-command", "DEBUG other"),
    ("user", "worker on"),
];

pub fn names(build: &Build) -> Vec<String> {
    let mut wrong = Vec::new();
    for directive in catalogue::all() {
        // Of Sentinels, a cache's server knows nothing.
        if directive.name == "sentinel" || (!build.tls && directive.name.starts_with("tls-")) {
            continue;
        }
        for name in directive.names() {
            let is_known = directive.releases_accepting(name).contains(&build.server);
            let repeated = REPEATED.iter().find(|(repeated, _)| *repeated == name);
            let is_ignored = directive.ignored_by.contains(&build.server);
            let value = match repeated {
                Some((_, value)) => *value,
                None if is_ignored => "no",
                // What is known is asked in other checks; an unknown name is queued for modules by some servers.
                None if is_known || build.server.queues_unknown_directives() => continue,
                None => "1",
            };
            if trial::accepts(build, name, value) != is_known {
                let what = if is_known { "is refused" } else { "is taken" };
                wrong.push(Mismatch::new(
                    "parse",
                    name,
                    format!("`{name} {value}` {what}"),
                ));
            }
        }
    }
    filter(build, &["parse"], &wrong)
}
