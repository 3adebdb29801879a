//! Post-checks, and what other tasks want to be looked at.

use super::change::changes;
use super::names::Names;
use super::words::count;
use crate::view::gather::{CheckGroup, Checks, HostSet, Section, TaskGroup, Verdict};
use crate::view::page::{Line, Page, Role, Table};

/// Different findings of one check that are told where not everything is asked for.
const MOST_FINDINGS: usize = 8;

/// Tells all post-checks of a section.
pub fn post_checks(page: &mut Page, section: &Section, names: Names<'_>) {
    let checks: Vec<&TaskGroup> = section
        .post_checks()
        .filter(|task| task.has_run())
        .collect();
    if checks.is_empty() {
        return;
    }
    page.blank();
    page.push(Line::of(Role::Heading, "Post-checks"));
    for task in checks {
        verdicts(page, task, names);
        if task.checks.has(Verdict::Failed) || task.checks.has(Verdict::Warned) {
            details(page, &task.checks, names, 10);
        }
        changes(page, &task.unmade, names, &task.failed, 10);
        if names.in_full {
            good(page, &task.checks, names);
        }
    }
}

/// `passed  The cache is healthy  all 40 hosts`
fn verdicts(page: &mut Page, task: &TaskGroup, names: Names<'_>) {
    let passed: HostSet = task.ok.union(&task.changed).copied().collect();
    let unknown: HostSet = task.unknown.0.values().flatten().copied().collect();
    for (word, role, hosts) in [
        ("passed", Role::Good, &passed),
        ("failed", Role::Failure, &task.failed),
        ("ignored", Role::Warning, &task.ignored),
        ("unknown", Role::Unknown, &unknown),
    ] {
        if hosts.is_empty() {
            continue;
        }
        let number = distinct(&task.checks);
        let mut line = Line::of(role, &format!("{word:8}")).and(Role::Heading, &task.name);
        if word == "passed" && number > 1 {
            line.push(Role::Faint, &format!(" ({})", count(number, "check")));
        }
        // Who passed follows from who did not.
        let hosts = match hosts.len() {
            number if word == "passed" && number < names.all.len() => {
                format!("{number} of {}", count(names.all.len(), "host"))
            }
            _ => names.counted(hosts),
        };
        if !hosts.is_empty() {
            line.push(Role::Faint, &format!("  {hosts}"));
        }
        page.wrapped(2, 8, &line);
    }
}

/// How many different checks there are.
fn distinct(checks: &Checks) -> usize {
    let mut names: Vec<&str> = [Verdict::Failed, Verdict::Warned, Verdict::Passed]
        .into_iter()
        .flat_map(|verdict| checks.with(verdict))
        .map(|check| check.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

/// What failed or is doubtful: what was expected, what was found where, and what to do about it.
pub fn details(page: &mut Page, checks: &Checks, names: Names<'_>, indent: usize) {
    for (verdict, word, role) in [
        (Verdict::Failed, "failed", Role::Failure),
        (Verdict::Warned, "doubtful", Role::Warning),
    ] {
        for check in checks.with(verdict) {
            findings(page, check, word, role, names, indent);
            let mut advice: Vec<&str> = check
                .found
                .0
                .keys()
                .filter_map(|found| found.advice.as_deref())
                .collect();
            advice.dedup();
            for advice in advice.into_iter().take(MOST_FINDINGS) {
                let line = Line::of(Role::Hint, "advice: ").and(Role::Plain, advice);
                page.wrapped(indent + 2, 8, &line);
            }
        }
    }
}

/// One finding in one line; several as a table.
fn findings(
    page: &mut Page,
    check: &CheckGroup,
    word: &str,
    role: Role,
    names: Names<'_>,
    indent: usize,
) {
    let mut line = Line::of(role, &format!("{word}: ")).and(Role::Plain, &check.name);
    let groups = check.found.by_size();
    if let [(found, hosts)] = groups.as_slice() {
        line.push(Role::Faint, ", expected ");
        line.push(Role::Plain, &found.expected);
        line.push(Role::Faint, ", found ");
        line.push(Role::Plain, &found.found);
        let hosts = names.some(hosts);
        if !hosts.is_empty() {
            line.push(Role::Faint, &format!("  {hosts}"));
        }
        page.wrapped(indent, 4, &line);
        return;
    }
    page.wrapped(indent, 4, &line);
    let mut table = Table::new();
    let most = if names.in_full || groups.len() <= MOST_FINDINGS + 1 {
        groups.len()
    } else {
        MOST_FINDINGS
    };
    for (found, hosts) in &groups[..most] {
        table.row([
            Line::of(Role::Faint, "expected ").and(Role::Plain, &found.expected),
            Line::of(Role::Faint, "found ").and(Role::Plain, &found.found),
            Line::of(Role::Faint, &names.beside(hosts, names.all)),
        ]);
    }
    if most < groups.len() {
        let rest = groups[most..]
            .iter()
            .flat_map(|(_, hosts)| hosts.iter().copied());
        let text = format!("and {} other findings (-v)", groups.len() - most);
        table.row([
            Line::new(),
            Line::of(Role::Faint, &text),
            Line::of(Role::Faint, &names.narrow(&rest.collect())),
        ]);
    }
    table.write(page, indent + 4);
}

/// With more detail: the checks that passed, and those that say nothing on some hosts.
fn good(page: &mut Page, checks: &Checks, names: Names<'_>) {
    for (verdict, word, role) in [
        (Verdict::Passed, "passed", Role::Good),
        (Verdict::NotApplicable, "not applicable", Role::Faint),
    ] {
        for check in checks.with(verdict) {
            findings(page, check, word, role, names, 10);
        }
    }
}
