//! Steps as shell text, and the host's frames as outcomes.
//!
//! Every step is one line: it begins (which is told to the controller first), its guard is checked, it acts; the
//! next line reports it and ends the script where it was not done. Files and directories that follow each other are
//! reported together, when one program has done what all of them need.

mod account;
mod action;
mod config;
mod failover;
mod outcome;
mod program;
mod waiting;
mod write;

use std::collections::BTreeSet;

use super::builder::{Builder, command};
use super::lease;
use super::library::Part;
use super::nonce::Nonce;
use super::probes::{
    UNIT_LETTERS, compile_ahead, fold, kernel_path, refused_account, refused_address, refused_path,
    refused_word,
};
use super::{Options, Orders, Script};
use crate::model::step::{Action, Guard, Step};
use waiting::Waiting;

pub(super) use outcome::{bounded, parse};
pub(super) use program::{refused_program, start};

/// The script.
pub(super) fn compile(orders: &Orders<'_>, options: &Options, nonce: Nonce) -> Script {
    let Orders { steps, hold, .. } = *orders;
    let none = BTreeSet::new();
    let stops = orders.stops.unwrap_or(&none);
    let mut builder = Builder::new(nonce);
    builder.need(Part::Step);
    if let Some(hold) = hold {
        lease::begin(hold, &mut builder);
    }
    if !stops.is_empty() {
        builder.need(Part::Listener).raw("c_listen\n");
    }
    let groups = write::groups(steps);
    let mut waiting = Waiting::default();
    for (number, step) in steps.iter().enumerate() {
        if waiting.is_any() && stops.contains(&number) {
            builder.raw("c_go || { c_settle; return 0; }\n");
        } else if stops.contains(&number) {
            builder.raw("c_go || return 0\n");
        }
        if waiting.take(step) {
            builder.raw("c_settle || return 0\n");
        }
        let group = groups.iter().find(|group| group.contains(&number));
        let first = group.filter(|group| group.start == number);
        if let Some(group) = first {
            write::prepare(steps, group, &mut builder);
        }
        let mut line = action::Line::new(format!("c_begin {number}"));
        if hold.is_some() {
            line.then("c_lease_keep");
        }
        if let Some(reason) = refusal(step) {
            line.then(&command("c_fail", [&reason]));
        } else {
            if let Some(guard) = &step.guard {
                builder.need(Part::Guard);
                add_guard(guard, &mut line, &mut builder);
            }
            if first.is_some() {
                line.then("c_prepare_all");
            }
            let prepared = group.map(|_| number);
            action::compile(&step.action, options, prepared, &mut line, &mut builder);
        }
        line.then("c_done");
        line.write(&mut builder);
        builder.raw("c_end || return 0\n");
        if matches!(step.action, Action::Reboot { .. }) {
            // Whatever comes behind it is for another script, once the machine is back.
            builder.raw("return 0\n");
        }
    }
    if waiting.is_any() {
        builder.raw("c_settle || return 0\n");
    }
    for (number, program) in (steps.len()..).zip(orders.ahead) {
        if refused_program(program).is_none() {
            compile_ahead(number, program, &mut builder);
        }
    }
    if hold.is_some_and(|hold| hold.give_back) {
        builder.raw("c_lease_give\n");
    }
    Script {
        changes_login: change_login(steps),
        ..builder.finish()
    }
}

/// Files of which a login takes what it is, or whether it is: its groups, limits, environment and rights.
const LOGIN: [&str; 10] = [
    "/etc/environment",
    "/etc/group",
    "/etc/login.defs",
    "/etc/nsswitch.conf",
    "/etc/pam.d/",
    "/etc/passwd",
    "/etc/profile",
    "/etc/security/",
    "/etc/ssh/",
    "/etc/sudo",
];

/// Programs that change what a login is. A command of the user's that has such a word anywhere may run one.
const LOGIN_PROGRAMS: [&str; 10] = [
    "authselect",
    "chage",
    "chsh",
    "environment",
    "group",
    "limits",
    "locale",
    "pam",
    "passwd",
    "user",
];

/// Whether a login may be another one behind these steps.
fn change_login(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Program { program, .. } => {
            let has_one = |word: &String| LOGIN_PROGRAMS.iter().any(|name| word.contains(name));
            program.argv.iter().any(has_one)
        }
        Action::Reboot { .. } => true,
        Action::WriteFile { path, .. }
        | Action::SetAttributes { path, .. }
        | Action::MakeDirectory { path, .. }
        | Action::Link { path, .. }
        | Action::Remove { path }
        | Action::Touch { path, .. }
        | Action::KeepNote { path, .. }
        | Action::RemoveNote { path } => {
            path.contains("/.ssh") || LOGIN.iter().any(|start| path.starts_with(start))
        }
        Action::RecordRun { .. }
        | Action::KernelValue { .. }
        | Action::ConfigSet { .. }
        | Action::LowerMaxmemory { .. }
        | Action::RedisUser { .. }
        | Action::Failover { .. } => false,
    })
}

fn add_guard(guard: &Guard, line: &mut action::Line, builder: &mut Builder) {
    let command = match guard {
        Guard::Absent { path } => command("c_guard_absent", [path]),
        Guard::Exists { path } => command("c_guard_exists", [path]),
        Guard::Sha256 { path, sha256 } => command("c_guard_sha256", [path, sha256]),
        Guard::KernelValue { key, value } => {
            let path = kernel_path(key).unwrap_or_default();
            command("c_guard_kernel", [path, chosen(value)])
        }
        Guard::MainProcess { unit, pid, started } => command(
            "c_guard_process",
            [unit.clone(), pid.to_string(), started.to_string()],
        ),
        Guard::Config { address, values } => return config::guard(address, values, line, builder),
        Guard::RedisUser {
            address,
            name,
            rules,
        } => return account::guard(address, name, rules.as_deref(), line, builder),
    };
    line.then(&command);
}

/// A kernel value as the host will compare it: white space folded, and of a switch (`always [madvise] never`) only
/// the chosen word.
fn chosen(value: &str) -> String {
    let folded = fold(value);
    let word = folded
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(word, _)| word.to_owned());
    word.unwrap_or(folded)
}

/// Why a step cannot be put into a script at all, if so.
fn refusal(step: &Step) -> Option<String> {
    let guard = match &step.guard {
        Some(Guard::Absent { path } | Guard::Exists { path } | Guard::Sha256 { path, .. }) => {
            refused_path(path)
        }
        Some(Guard::KernelValue { key, .. }) => refused_kernel(key),
        Some(Guard::MainProcess { unit, .. }) => {
            refused_word(unit, "the name of a unit", UNIT_LETTERS)
        }
        Some(Guard::Config { address, values }) => {
            refused_address(address).or_else(|| config::refused_values(values))
        }
        Some(Guard::RedisUser { address, name, .. }) => {
            refused_address(address).or_else(|| refused_account(name, &[]))
        }
        None => None,
    };
    guard.or_else(|| action::refusal(&step.action))
}

fn refused_kernel(key: &str) -> Option<String> {
    kernel_path(key)
        .is_none()
        .then(|| format!("`{key}` is not the name of a kernel value"))
}
