//! What is wrong with a configuration, said before a server refuses to start with it, or starts and misbehaves.

mod lists;
mod memory;
mod together;
mod value;

use serde::Serialize;

use super::row::Directive as Known;
use super::{is_newer_than_catalogue, is_unread, lookup, suggestion};
use crate::model::diagnostic::Severity;
use crate::redis::conf::{Directive, Document};
use crate::redis::version::Server;
use together::check_together;
use value::check_value;

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Quotes that do not close.
    Unreadable,
    /// No release has such a directive.
    Unknown,
    /// Other releases have it, this one does not.
    NotInThisVersion,
    /// This release knows it by another name.
    Renamed,
    /// This release accepts it and does nothing.
    Ignored,
    /// Too many or too few arguments.
    Arguments,
    /// A comment after a value; Redis takes it for more arguments.
    TrailingComment,
    /// A value that is not of the right kind.
    Value,
    /// A memory value in a unit that Redis does not have, or probably not the one that was meant.
    Unit,
    /// A value outside of what the server takes, or outside of what is safe.
    OutOfRange,
    /// Directives that contradict one another.
    Conflict,
    /// A later line of the same directive says something else.
    Overridden,
    /// Files that cannot be included, or not so.
    Include,
    /// Defragmentation where the build cannot, or should not.
    Defragmentation,
}

/// One thing that is wrong with a configuration. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// An error keeps the server from starting or makes it do something else than it says; a warning is a doubt.
    pub severity: Severity,
    pub reason: Reason,
    /// The line it is about, counted from 1.
    pub line: usize,
    /// Another line that it is about, where there is one.
    pub beside: Option<usize>,
    /// The directive's name as written, in lower case; empty where the line cannot be read.
    pub directive: String,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do; one sentence without a full stop. May be empty.
    pub advice: String,
}

impl Finding {
    /// The same, with another line that it is about.
    fn beside(self, line: usize) -> Self {
        Self {
            beside: Some(line),
            ..self
        }
    }
}

/// A finding before it has a place.
pub(super) struct Doubt {
    pub severity: Severity,
    pub reason: Reason,
    pub message: String,
    pub advice: String,
}

impl Doubt {
    pub fn error(reason: Reason, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            reason,
            message: message.into(),
            advice: advice.into(),
        }
    }

    pub fn warning(reason: Reason, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(reason, message, advice)
        }
    }

    pub fn at(self, line: usize, directive: &str) -> Finding {
        let Self {
            severity,
            reason,
            message,
            advice,
        } = self;
        Finding {
            severity,
            reason,
            line,
            beside: None,
            directive: directive.to_owned(),
            message,
            advice,
        }
    }
}

/// Everything that is wrong with a configuration on a server, in the order of its lines. Without a server, only what
/// is wrong everywhere.
#[must_use]
pub fn check(document: &Document, server: Option<&Server>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = document
        .broken()
        .map(|(line, error)| {
            let advice = "close the quote, and put a space after it";
            Doubt::error(Reason::Unreadable, error.to_string(), advice).at(line, "")
        })
        .collect();
    for (line, directive) in document.directives() {
        let mut doubts = Vec::new();
        match lookup(&directive.name) {
            None => doubts.extend(unknown(&directive.name, server)),
            Some(known) => {
                let name_doubt =
                    server.and_then(|server| check_name(known, &directive.name, server));
                if name_doubt.is_none() {
                    check_value(known, directive, server, &mut doubts);
                }
                doubts.extend(name_doubt);
            }
        }
        findings.extend(
            doubts
                .into_iter()
                .map(|doubt| doubt.at(line, &directive.name)),
        );
    }
    check_together(document, server, &mut findings);
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// How the options of the modules begin that Redis 8 is released with (search, time series, Bloom and Cuckoo filters).
/// Packages of distributions come without them.
const MODULE_PREFIXES: [&str; 4] = ["search-", "ts-", "bf-", "cf-"];

/// A name that no release read for the catalogue knows.
fn unknown(name: &str, server: Option<&Server>) -> Option<Doubt> {
    let takes_module_options = server.is_none_or(Server::sets_many_at_once);
    if name.contains('.') && takes_module_options {
        // An option of a module: only the module knows.
        return None;
    }
    if server.is_none_or(Server::queues_unknown_directives)
        && MODULE_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
    {
        return None;
    }
    let advice = suggestion(name)
        .map(|near| format!("did you mean `{near}`?"))
        .unwrap_or_default();
    if let Some(server) = server.filter(|server| is_newer_than_catalogue(server)) {
        let message = format!(
            "`{name}` is not a directive of any release up to the newest known one; {server} may have it"
        );
        return Some(Doubt::warning(Reason::Unknown, message, advice));
    }
    let mut message = format!("`{name}` is not a directive of Redis or Valkey");
    if server.is_some_and(Server::queues_unknown_directives) {
        message.push_str("; this server takes it for a module's option, aborts later and says why only in its log");
    }
    Some(Doubt::error(Reason::Unknown, message, advice))
}

/// A known name that this server does not take, or takes and ignores.
fn check_name(known: &Known, name: &str, server: &Server) -> Option<Doubt> {
    if known.ignored_by.contains(server) {
        let message = format!("{server} accepts `{name}` and does nothing with it");
        return Some(Doubt::warning(Reason::Ignored, message, "remove it"));
    }
    let accepting = known.releases_accepting(name);
    if accepting.contains(server) {
        return None;
    }
    let other = known
        .names()
        .find(|other| known.releases_accepting(other).contains(server));
    Some(match other {
        Some(other) => {
            let message = format!("{server} knows `{name}` as `{other}`");
            Doubt::error(Reason::Renamed, message, format!("write `{other}`"))
        }
        None if is_unread(server)
            && accepting
                .first(server.flavour)
                .is_some_and(|first| first > server.version) =>
        {
            let message = format!(
                "`{name}` is a directive of {accepting}; whether {server} has it already is not known"
            );
            Doubt::warning(
                Reason::NotInThisVersion,
                message,
                "look into its release notes",
            )
        }
        None => {
            let message = format!("{server} has no `{name}`: it is a directive of {accepting}");
            Doubt::error(
                Reason::NotInThisVersion,
                message,
                "leave it out for this version",
            )
        }
    })
}

/// The only argument of a directive as text.
pub(super) fn only_text(directive: &Directive) -> Option<&str> {
    match directive.arguments.as_slice() {
        [only] => only.as_text(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::path::Path;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        /// Without one: what is wrong everywhere.
        server: Option<Server>,
        config: String,
        /// Each as `line severity reason: message (advice)`; `line/other` where two lines are at odds.
        findings: Vec<String>,
    }

    fn shown(finding: &Finding) -> String {
        let Finding {
            severity,
            reason,
            line,
            message,
            advice,
            beside,
            ..
        } = finding;
        let beside = beside.map_or_else(String::new, |line| format!("/{line}"));
        let advice = if advice.is_empty() {
            String::new()
        } else {
            format!(" ({advice})")
        };
        format!("{line}{beside} {severity:?} {reason:?}: {message}{advice}")
    }

    #[test]
    fn check_cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/redis/check");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            let cases: Vec<Case> = serde_saphyr::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for case in cases {
                let findings = check(&Document::parse(&case.config), case.server.as_ref());
                let shown: Vec<String> = findings.iter().map(shown).collect();
                assert_eq!(shown, case.findings, "{}: {}", file.display(), case.config);
                count += 1;
            }
        }
        assert!(count > 20, "only {count} cases");
    }

    #[test]
    fn a_secret_is_in_no_finding() {
        let text = "requirepass hunter2 hunter2\nmasterauth \"hunter2\nuser a on >hunter2\nuser a on >hunter2\nrename-command CONFIG hunter2\n";
        let findings = check(&Document::parse(text), Some(&Server::redis(7, 0, 15)));
        assert!(findings.len() >= 4);
        assert!(
            !format!("{findings:?}").contains("hunter2"),
            "{findings:#?}"
        );
    }
}
