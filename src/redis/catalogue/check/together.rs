//! What is wrong between directives that are right one by one.

use std::collections::{BTreeSet, HashMap};

use super::{Doubt, Finding, Reason};
use crate::redis::catalogue::{Kind, lookup};
use crate::redis::conf::{Directive, Document, Effective, Identity, Setting, Value};
use crate::redis::version::Server;

/// Commands that a Sentinel needs under their own names, and this program too.
const NEEDED_COMMANDS: [&str; 12] = [
    "client",
    "config",
    "exec",
    "info",
    "multi",
    "ping",
    "publish",
    "replicaof",
    "role",
    "script",
    "slaveof",
    "subscribe",
];

/// Looks at the configuration as a whole.
pub(super) fn check_together(
    document: &Document,
    server: Option<&Server>,
    findings: &mut Vec<Finding>,
) {
    let effective = Effective::of_document(document);
    let whole = Whole {
        effective: &effective,
        server,
    };
    findings.extend(whole.above(
        "active-defrag-threshold-lower",
        "active-defrag-threshold-upper",
        true,
        "defragmentation never does more than its least",
    ));
    findings.extend(whole.above(
        "active-defrag-cycle-min",
        "active-defrag-cycle-max",
        false,
        "the least effort is above the most",
    ));
    findings.extend(whole.conflicts());
    findings.extend(repeated_once_only(document));
    let doubted: BTreeSet<usize> = findings.iter().map(|finding| finding.line).collect();
    findings.extend(overridden(document, &doubted));
    for setting in effective
        .settings()
        .filter(|setting| setting.identity.name == "rename-command")
    {
        findings.extend(needed_command(setting));
    }
}

struct Whole<'a> {
    effective: &'a Effective,
    server: Option<&'a Server>,
}

impl Whole<'_> {
    /// The number that holds, by the file or by default.
    fn number(&self, name: &str) -> Option<i128> {
        match self.effective.named(name).map(|setting| &setting.value) {
            Some(Value::Integer(number)) => Some(*number),
            Some(_) => None,
            None => lookup(name)?.default(self.server)?.parse().ok(),
        }
    }

    /// Whether one number that should be below another is not. Nothing is said of defaults alone.
    fn above(&self, low: &str, high: &str, equal_too: bool, effect: &str) -> Option<Finding> {
        let line = [low, high]
            .iter()
            .filter_map(|name| self.line(name))
            .max()?;
        let (lower, upper) = (self.number(low)?, self.number(high)?);
        if lower < upper || (lower == upper && !equal_too) {
            return None;
        }
        let message = format!("`{low}` is {lower} and `{high}` is {upper}: {effect}");
        let doubt = Doubt::error(
            Reason::Conflict,
            message,
            format!("put `{low}` below `{high}`"),
        );
        Some(doubt.at(line, low))
    }

    fn line(&self, name: &str) -> Option<usize> {
        self.effective.named(name)?.lines.last().copied()
    }

    fn is(&self, name: &str, value: &Value) -> bool {
        self.effective
            .named(name)
            .is_some_and(|setting| setting.value == *value)
    }

    fn conflicts(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let user = self
            .effective
            .settings()
            .find(|setting| setting.identity.name == "user");
        let acl_file = self
            .effective
            .named("aclfile")
            .filter(|setting| setting.arguments.iter().any(|path| !path.is_empty()));
        if let (Some(user), Some(_)) = (user, acl_file) {
            let message = "`user` lines and `aclfile` exclude one another: the server does not start with both";
            let doubt = Doubt::error(
                Reason::Conflict,
                message,
                "move the users into the ACL file",
            );
            findings.push(doubt.at(user.lines.first().copied().unwrap_or_default(), "user"));
        }
        let replica = self
            .effective
            .named("replicaof")
            .filter(|setting| setting.value != Value::Words(Vec::new()));
        if let Some(replica) = replica.filter(|_| self.is("cluster-enabled", &Value::Bool(true))) {
            let doubt = Doubt::error(
                Reason::Conflict,
                "`replicaof` is not allowed in a cluster",
                "remove `replicaof`",
            );
            findings.push(doubt.at(
                replica.lines.last().copied().unwrap_or_default(),
                "replicaof",
            ));
        }
        let supervised = self.is("supervised", &Value::Word("systemd".to_owned()));
        if let (Some(line), true, true) = (
            self.line("daemonize"),
            supervised,
            self.is("daemonize", &Value::Bool(true)),
        ) {
            let message = "`daemonize yes` under systemd: the unit loses the process and restarts it again and again";
            findings.push(
                Doubt::error(Reason::Conflict, message, "write `daemonize no`")
                    .at(line, "daemonize"),
            );
        }
        findings
    }
}

/// Lines that a later one of the same directive, by any of its names, overrides with another value. Of lines that are
/// wrong anyway, nothing more is said.
fn overridden(document: &Document, doubted: &BTreeSet<usize>) -> Vec<Finding> {
    let mut last: HashMap<Identity, (usize, &Directive)> = HashMap::new();
    let mut findings = Vec::new();
    for (line, directive) in document.directives() {
        let Some(known) = lookup(&directive.name) else {
            continue;
        };
        // Points of `save` add up, limits are those of a class each, and other lines are about things of their own.
        if matches!(known.kind, Kind::Save | Kind::BufferLimits | Kind::Repeated) {
            continue;
        }
        let Some((before, earlier)) = last.insert(Identity::of(directive), (line, directive))
        else {
            continue;
        };
        let value = |directive: &Directive| Value::read(&directive.name, &directive.arguments);
        let is_doubted = doubted.contains(&before) || doubted.contains(&line);
        if !is_doubted && value(earlier) != value(directive) {
            let message = format!(
                "`{}` is set again later, to something else: the last one holds",
                earlier.name
            );
            let doubt = Doubt::warning(Reason::Overridden, message, "keep one of the two lines");
            findings.push(doubt.at(before, &earlier.name).beside(line));
        }
    }
    findings
}

/// Users and renamed commands that stand twice, which a server refuses (observed with Redis 7.0.15).
fn repeated_once_only(document: &Document) -> Vec<Finding> {
    let mut first: HashMap<Identity, usize> = HashMap::new();
    let mut findings = Vec::new();
    for (line, directive) in document.directives() {
        if !matches!(directive.name.as_str(), "user" | "rename-command") {
            continue;
        }
        let identity = Identity::of(directive);
        let what = identity.part.clone().unwrap_or_default();
        if let Some(before) = first.get(&identity) {
            let message = format!(
                "`{} {what}` stands there already: the server does not start with both",
                directive.name
            );
            findings.push(
                Doubt::error(Reason::Conflict, message, "remove one of them")
                    .at(line, &directive.name)
                    .beside(*before),
            );
        } else {
            first.insert(identity, line);
        }
    }
    findings
}

fn needed_command(setting: &Setting) -> Option<Finding> {
    let command = setting.identity.part.as_deref()?;
    if !NEEDED_COMMANDS.contains(&command) {
        return None;
    }
    let message = format!(
        "a Sentinel cannot fail over to or from a server whose {} is renamed",
        command.to_uppercase()
    );
    let doubt = Doubt::warning(
        Reason::Conflict,
        message,
        "keep the command's name and restrict who may use it with ACLs",
    );
    Some(doubt.at(
        setting.lines.last().copied().unwrap_or_default(),
        "rename-command",
    ))
}
