//! What must be equal, and how it is told when it is not.

use std::collections::BTreeSet;

use crate::cases::{Case, HostValues, Results};
use crate::runs::{Ended, TaskEnd};

/// Lines that only one of the twins has before anything was done.
pub fn twins_begin_alike(before: &[BTreeSet<String>; 2]) -> Vec<String> {
    only_in_one(before, "before anything was done", ["bw3", "bw4"])
}

/// Modules that only look, decide or wait.
const LOOKING: &[&str] = &[
    "assert", "debug", "fail", "set_fact", "slurp", "stat", "wait_for",
];

/// Cases in which Ansible changed nothing, so that being equal would mean nothing; with the number of those that changed.
/// A case that is named after a module has to have a change by that module.
pub fn worked(cases: &[Case], theirs: &Ended) -> (Vec<String>, usize) {
    let mut problems = Vec::new();
    let mut changed = 0;
    for case in cases {
        let none = Vec::new();
        let tasks = theirs.tasks.get(&case.name).unwrap_or(&none);
        let changes: BTreeSet<&str> = tasks
            .iter()
            .filter(|task| task.status == "changed")
            .map(|task| task.module.as_str())
            .collect();
        let own = tasks
            .iter()
            .map(|task| task.module.as_str())
            .filter(|module| case.name == *module || case.name.starts_with(&format!("{module}_")))
            .find(|module| !LOOKING.contains(module));
        let did = own.map_or(!changes.is_empty(), |own| changes.contains(own));
        changed += usize::from(did);
        if did == case.head.only_looks {
            let what = own.unwrap_or("any module");
            problems.push(format!(
                "{}: changes by {what} with Ansible: {did}, and the case says `only_looks: {}`",
                case.file(),
                case.head.only_looks
            ));
        }
    }
    (problems, changed)
}

/// What each side changed on its host since the beginning.
pub fn changes(
    round: usize,
    cases: &[Case],
    before: &[BTreeSet<String>; 2],
    after: &[BTreeSet<String>; 2],
) -> Vec<String> {
    let made = |side: usize| -> BTreeSet<String> {
        let new = after[side]
            .difference(&before[side])
            .map(|line| format!("+ {line}"));
        let gone = before[side]
            .difference(&after[side])
            .map(|line| format!("- {line}"));
        new.chain(gone).collect()
    };
    let compared = |side: usize| -> BTreeSet<String> {
        made(side)
            .into_iter()
            .filter(|line| !is_apart(line, cases))
            .collect()
    };
    only_in_one(
        &[compared(0), compared(1)],
        &format!("round {round}: on the host"),
        ["Ansible", "ours"],
    )
}

/// Whether a line is about a path that a case takes out of the comparison.
fn is_apart(line: &str, cases: &[Case]) -> bool {
    let path = line.split('\t').nth(1).unwrap_or_default();
    cases.iter().any(|case| case.head.apart.contains_key(path))
}

fn only_in_one(sets: &[BTreeSet<String>; 2], when: &str, names: [&str; 2]) -> Vec<String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        for line in sets[index].difference(&sets[1 - index]) {
            // Beside each other: by path, not by sign.
            let subject = line
                .trim_start_matches(['+', '-', ' '])
                .split('\t')
                .nth(1)
                .unwrap_or(line)
                .to_owned();
            lines.push((
                subject,
                format!("  only {name}: {}", line.replace('\t', " ")),
            ));
        }
    }
    lines.sort();
    if lines.is_empty() {
        return Vec::new();
    }
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    vec![format!("{when}\n{}", lines.join("\n"))]
}

/// Whether the same cases ended with a failed host, and those that say so.
pub fn ends(round: usize, cases: &[Case], theirs: &Ended, ours: &Ended) -> Vec<String> {
    let mut problems = Vec::new();
    for case in cases {
        let [their, our] = [theirs, ours].map(|side| side.failed.contains(&case.name));
        if (their, our) != (case.head.fails, case.head.fails) {
            let none = Vec::new();
            let [theirs, ours] =
                [theirs, ours].map(|side| side.tasks.get(&case.name).unwrap_or(&none));
            problems.push(format!(
                "{}, round {round}: the host failed: with Ansible {their}, with us {our}, expected {}\n{}",
                case.file(),
                case.head.fails,
                side_by_side(theirs, ours)
            ));
        }
    }
    if !problems.is_empty() {
        problems.push(format!(
            "Ansible said:\n{}\nwe said:\n{}",
            theirs.said, ours.said
        ));
    }
    problems
}

/// How the tasks of a case came out on both sides; with their number.
pub fn events(case: &Case, round: usize, theirs: &Ended, ours: &Ended) -> (Vec<String>, usize) {
    let none = Vec::new();
    let theirs = theirs.tasks.get(&case.name).unwrap_or(&none);
    let ours = ours.tasks.get(&case.name).unwrap_or(&none);
    let mut problems = Vec::new();
    if theirs.is_empty() {
        problems.push(format!(
            "{}, round {round}: Ansible told of no task",
            case.file()
        ));
    }
    let same = theirs.len() == ours.len()
        && theirs
            .iter()
            .zip(ours)
            .enumerate()
            .all(|(index, (their, our))| {
                // What a `rescue` made good, we tell as ignored, and Ansible's callback as failed; the host goes on.
                let goes_on = ours
                    .get(index + 1)
                    .is_some_and(|next| next.host == our.host);
                let rescued = their.status == "failed" && our.status == "ignored" && goes_on;
                (&their.host, &their.place, their.handler) == (&our.host, &our.place, our.handler)
                    && (their.status == our.status || rescued)
            });
    if !same {
        problems.push(format!(
            "{}, round {round}: tasks\n{}",
            case.file(),
            side_by_side(theirs, ours)
        ));
    }
    (problems, theirs.len())
}

/// Both sides' tasks as a diff; why a task failed is told, and not compared.
fn side_by_side(theirs: &[TaskEnd], ours: &[TaskEnd]) -> String {
    let words = |task: &TaskEnd| {
        let handler = if task.handler { " (handler)" } else { "" };
        format!("{}: {} {}{handler}", task.host, task.place, task.status)
    };
    let [left, right] = [theirs, ours].map(|side| side.iter().map(words).collect::<Vec<String>>());
    let lines: Vec<String> = similar::TextDiff::from_slices(&slices(&left), &slices(&right))
        .iter_all_changes()
        .map(|change| {
            let (who, task) = match (change.tag(), change.old_index(), change.new_index()) {
                (similar::ChangeTag::Equal, Some(index), _) => ("both", &theirs[index]),
                (_, Some(index), _) => ("only Ansible", &theirs[index]),
                (_, None, index) => ("only ours", &ours[index.unwrap()]),
            };
            format!("  {who}: {} {}", change.value(), task.why)
        })
        .collect();
    lines.join("\n")
}

fn slices(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Numbers are equal by their value: Ansible's times are floating-point numbers.
fn same(theirs: &serde_json::Value, ours: &serde_json::Value) -> bool {
    match (theirs.as_f64(), ours.as_f64()) {
        (Some(their), Some(our)) => their.to_bits() == our.to_bits(),
        _ => theirs == ours,
    }
}

/// The values that each case named, of each host.
pub fn results(round: usize, cases: &[Case], results: &[Results; 2]) -> Vec<String> {
    let mut problems = Vec::new();
    for case in cases {
        let none = HostValues::new();
        let [theirs, ours] = [0, 1].map(|side| results[side].get(&case.name).unwrap_or(&none));
        let hosts: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        let mut lines = Vec::new();
        if hosts.is_empty() && !case.head.compare.is_empty() && !case.head.fails {
            lines.push("  no host kept any".to_owned());
        }
        for host in hosts {
            for name in &case.head.compare {
                let [their, our] =
                    [theirs, ours].map(|side| side.get(host).and_then(|values| values.get(name)));
                if !their.zip(our).is_some_and(|(their, our)| same(their, our)) {
                    let show = |value: Option<&serde_json::Value>| {
                        value.map_or("(nothing)".to_owned(), ToString::to_string)
                    };
                    lines.push(format!(
                        "  `{name}` of {host}: Ansible {}, ours {}",
                        show(their),
                        show(our)
                    ));
                }
            }
        }
        if !lines.is_empty() {
            problems.push(format!(
                "{}, round {round}: values\n{}",
                case.file(),
                lines.join("\n")
            ));
        }
    }
    problems
}
