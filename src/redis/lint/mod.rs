//! What is wrong with a configuration file before any host sees it: the check that a plan makes, for a file and a
//! version, with everything that its `include` lines bring along.

mod place;
mod reading;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::capability::{Defragmentation, Deployment, risks};
use super::catalogue::{self, Finding, Reason};
use super::conf::{Document, Effective, Value};
use super::version::Server;
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::source::{At, Source};
pub use reading::{Included, Reading};

/// A server that the file is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Nothing: what is wrong for every version.
    pub server: Option<Server>,
    /// Whether its build can defragment.
    pub defragmentation: Defragmentation,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub finding: Finding,
    pub at: At,
    /// The other line that it is about.
    pub beside: Option<At>,
    /// The servers that it is wrong for; empty: for all that were asked about.
    pub servers: Vec<Server>,
}

impl Found {
    /// For a person.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let mut summary = self.finding.message.clone();
        let unnamed: Vec<String> = self
            .servers
            .iter()
            .map(ToString::to_string)
            .filter(|server| !summary.contains(server))
            .collect();
        if !unnamed.is_empty() {
            summary = format!("{summary} ({})", unnamed.join(", "));
        }
        let mut diagnostic = match self.finding.severity {
            Severity::Error => Diagnostic::error(summary),
            Severity::Warning => Diagnostic::warning(summary),
        }
        .at(&self.at);
        if let Some(beside) = &self.beside {
            diagnostic = diagnostic.related(beside, "the other one");
        }
        diagnostic.help(self.finding.advice.as_str())
    }
}

/// What to do where the finding itself has no advice.
fn way_out(finding: &Finding, server: Option<&Server>) -> String {
    let name = &finding.directive;
    let known = catalogue::lookup(name);
    let bounds = known.and_then(|known| Some((known.minimum(server)?, known.maximum(server)?)));
    match (finding.reason, known.map(|known| known.kind), bounds) {
        (Reason::OutOfRange | Reason::Value | Reason::Unit, _, _)
            if finding.message.contains('%') =>
        {
            "write a number of bytes, or a percentage from 0% to 100%".to_owned()
        }
        (Reason::OutOfRange | Reason::Value | Reason::Unit, _, Some((minimum, maximum))) => {
            format!("`{name}` takes {minimum} to {maximum}")
        }
        (Reason::Value, Some(catalogue::Kind::Bool), _) => "write `yes` or `no`".to_owned(),
        (Reason::Arguments, ..) => "put quotes around a value with spaces in it".to_owned(),
        (Reason::Unknown, ..) => "correct the name, or remove the line".to_owned(),
        _ => "correct the line, or remove it".to_owned(),
    }
}

/// Everything that is wrong, in the order of the lines as the server reads them; what is wrong for several servers is
/// told once.
#[must_use]
pub fn lint(reading: &Reading, targets: &[Target]) -> Vec<Found> {
    let mut found: Vec<(Finding, Vec<Server>)> = Vec::new();
    for target in targets {
        let server = target.server.as_ref();
        let mut findings = catalogue::check(&reading.document, server);
        findings.extend(reading.troubles(server));
        findings.extend(defragmentation(&reading.document, target));
        for finding in findings {
            match found.iter_mut().find(|(known, _)| *known == finding) {
                Some((_, servers)) => servers.extend(target.server),
                None => found.push((finding, target.server.into_iter().collect())),
            }
        }
    }
    found.sort_by_key(|(finding, _)| finding.line);
    found
        .into_iter()
        .map(|(mut finding, servers)| {
            if finding.advice.is_empty() {
                finding.advice = way_out(&finding, servers.first());
            }
            Found {
                at: reading.place(&finding),
                beside: finding.beside.map(|line| reading.whole_line(line)),
                servers: if servers.len() == targets.len() {
                    Vec::new()
                } else {
                    servers
                },
                finding,
            }
        })
        .collect()
}

/// `activedefrag yes`: fatal where the build cannot, and known to do harm in some versions.
fn defragmentation(document: &Document, target: &Target) -> Vec<Finding> {
    let effective = Effective::of_document(document);
    let is = |name: &str| {
        effective
            .named(name)
            .is_some_and(|setting| setting.value == Value::Bool(true))
    };
    let Some(line) = effective
        .named("activedefrag")
        .filter(|_| is("activedefrag"))
        .and_then(|setting| setting.lines.last().copied())
    else {
        return Vec::new();
    };
    let finding = |severity, message: &str, advice: &str| Finding {
        severity,
        reason: Reason::Defragmentation,
        line,
        beside: None,
        directive: "activedefrag".to_owned(),
        message: message.to_owned(),
        advice: advice.to_owned(),
    };
    match target.defragmentation {
        Defragmentation::Unsupported => vec![finding(
            Severity::Error,
            "with `activedefrag yes` a server that cannot defragment does not start",
            "write `activedefrag no`, or move to a build with its own jemalloc",
        )],
        Defragmentation::Unknown => vec![finding(
            Severity::Warning,
            "with `activedefrag yes` a server that cannot defragment does not start: every package of Debian and Ubuntu is one",
            "say `--defrag yes` if the build is proven to (`cachesmith facts` tells), `--defrag no` if it is not",
        )],
        Defragmentation::Supported => {
            let replicates = effective
                .named("replicaof")
                .is_some_and(|setting| setting.value != Value::Words(Vec::new()));
            let deployment = Deployment {
                cluster: is("cluster-enabled"),
                replica: replicates,
            };
            let known = target.server.map(|server| risks(&server, deployment));
            known
                .into_iter()
                .flatten()
                .map(|risk| {
                    let message = format!("defragmentation is risky in this version: {risk}");
                    finding(
                        Severity::Warning,
                        &message,
                        "update the server, or write `activedefrag no`",
                    )
                })
                .collect()
        }
    }
}

/// Where the lines of a reading come from.
type Places = Vec<(Arc<Source>, usize)>;

/// Servers that a text names: `redis 8.0`, `valkey-8.1.1`.
///
/// # Errors
/// What is wrong with it, a sentence without a full stop.
pub fn server_of(text: &str) -> Result<Server, String> {
    let lower = text.trim().to_ascii_lowercase();
    let wanted =
        || format!("`{text}` is no server; write `redis 8.0`, `redis 7.0.15` or `valkey 8.1`");
    let (flavour, version) = lower
        .split_once([' ', '-', ':', '=', '@'])
        .ok_or_else(wanted)?;
    let flavour = match flavour {
        "redis" => super::version::Flavour::Redis,
        "valkey" => super::version::Flavour::Valkey,
        _ => return Err(wanted()),
    };
    let version = version.trim().trim_start_matches('v');
    let version = version.parse().map_err(|_| wanted())?;
    Ok(Server::new(flavour, version))
}

/// Servers without the ones that are named twice.
#[must_use]
pub fn distinct(servers: Vec<Server>) -> Vec<Server> {
    let mut seen = BTreeSet::new();
    servers
        .into_iter()
        .filter(|server| seen.insert((server.flavour, server.version)))
        .collect()
}
