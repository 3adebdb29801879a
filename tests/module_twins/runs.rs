//! Runs of both programs, and what they tell of each task.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::cases::Case;
use crate::stage::Stage;

/// Seconds that one run may take.
const LIMIT: &str = "3600";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ansible,
    Ours,
}

/// How one task, or one item of its loop, came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnd {
    /// `line` of the case's file, or `file:line` of one beside it.
    pub place: String,
    /// The host of the inventory.
    pub host: String,
    /// `ok`, `changed`, `skipped`, `failed`, `ignored`.
    pub status: String,
    pub handler: bool,
    /// The module that did it, by the name in the playbook; only Ansible's side tells it.
    pub module: String,
    /// Why it failed, for messages only.
    pub why: String,
}

/// What a round told, by case.
#[derive(Debug, Default)]
pub struct Ended {
    pub tasks: BTreeMap<String, Vec<TaskEnd>>,
    /// The cases that ended with a failed host.
    pub failed: BTreeSet<String>,
    /// What was said beside the events, for messages.
    pub said: String,
}

/// All cases. What takes hold of the whole host (packages, accounts, units) goes one after the other; beside it the
/// others, and those that need a run of their own.
pub fn all(side: Side, stage: &Stage, cases: &[Case]) -> Ended {
    let (alone, together): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| case.is_alone());
    let (whole, own): (Vec<&Case>, Vec<&Case>) =
        together.into_iter().partition(|case| case.takes_the_host());
    let mut ended = Ended::default();
    std::thread::scope(|scope| {
        let lanes = [
            scope.spawn(|| in_one(side, stage, "whole", whole)),
            scope.spawn(|| in_one(side, stage, "own", own)),
            scope.spawn(|| one_by_one(side, stage, &alone)),
        ];
        for lane in lanes {
            let other = lane.join().unwrap();
            ended.tasks.extend(other.tasks);
            ended.failed.extend(other.failed);
            ended.said.push_str(&other.said);
        }
    });
    // Ansible goes task by task, we host by host: what counts is each host's own order.
    for tasks in ended.tasks.values_mut() {
        tasks.sort_by(|one, other| one.host.cmp(&other.host));
    }
    ended
}

/// Cases in one run, as far as they do not fail.
fn in_one(side: Side, stage: &Stage, name: &str, mut cases: Vec<&Case>) -> Ended {
    let mut ended = Ended::default();
    while !cases.is_empty() {
        let run = Run::together(side, stage, name, &cases);
        if one(side, stage, &run, &mut ended) {
            break;
        }
        // A failed host has left the run: go on behind the case that it failed in.
        let reached = cases
            .iter()
            .rposition(|case| ended.tasks.contains_key(&case.name));
        let Some(reached) = reached else { break };
        ended.failed.insert(cases[reached].name.clone());
        cases.drain(..=reached);
    }
    ended
}

fn one_by_one(side: Side, stage: &Stage, cases: &[&Case]) -> Ended {
    let mut ended = Ended::default();
    for case in cases {
        if !one(side, stage, &Run::alone(side, stage, case), &mut ended) {
            ended.failed.insert(case.name.clone());
        }
    }
    ended
}

/// What a run of a program is given.
struct Run {
    name: String,
    playbook: PathBuf,
    inventories: Vec<PathBuf>,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Run {
    fn together(side: Side, stage: &Stage, name: &str, cases: &[&Case]) -> Self {
        Self {
            name: name.to_owned(),
            playbook: stage.together(side, name, cases),
            inventories: vec![stage.inventories[usize::from(side == Side::Ours)].clone()],
            arguments: Vec::new(),
            folder: stage.folder.clone(),
        }
    }

    /// A case by itself; the files that its arguments name are in its own folder.
    fn alone(side: Side, stage: &Stage, case: &Case) -> Self {
        let folder = stage.folder.join(&case.name);
        Self {
            name: case.name.clone(),
            playbook: folder.join("alone.yml"),
            inventories: stage.inventories_of(side, case),
            arguments: case.head.arguments.clone(),
            folder,
        }
    }
}

/// The lanes share their hosts, and ours never works on a host on which another run of it does.
static OURS: Mutex<()> = Mutex::new(());

/// One run of a program; whether it ended well.
fn one(side: Side, stage: &Stage, run: &Run, ended: &mut Ended) -> bool {
    let inventories = run
        .inventories
        .iter()
        .flat_map(|inventory| [OsStr::new("-i"), inventory.as_os_str()]);
    let turn = (side == Side::Ours).then(|| OURS.lock().unwrap_or_else(PoisonError::into_inner));
    let output = command(side)
        .arg(&run.playbook)
        .args(inventories)
        .args(["-e", &format!("server={}", stage.url)])
        .args(&run.arguments)
        .current_dir(&run.folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    drop(turn);
    let stdout = String::from_utf8_lossy(&output.stdout);
    ended
        .said
        .push_str(&String::from_utf8_lossy(&output.stderr));
    for line in stdout.lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            ended.said.push_str(line);
            ended.said.push('\n');
            continue;
        };
        let told = match side {
            Side::Ansible => theirs_told(&event),
            Side::Ours => ours_told(&event),
        };
        if let Some((at, task)) = told
            && let Some((case, place)) = place(stage, at)
            && (!place.starts_with("keep.yml") || task.status == "failed")
        {
            ended
                .tasks
                .entry(case)
                .or_default()
                .push(TaskEnd { place, ..task });
        }
    }
    assert_ne!(
        output.status.code(),
        Some(124),
        "{side:?}: the run `{}` did not end:\n{stdout}\n{}",
        run.name,
        ended.said
    );
    output.status.success()
}

/// The program of a side, ready for a playbook.
pub fn command(side: Side) -> Command {
    match side {
        Side::Ansible => ansible(),
        Side::Ours => ours(),
    }
}

fn limited(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.arg(LIMIT).arg(program);
    command
}

/// ansible-playbook with a callback that tells each task as a line of JSON.
fn ansible() -> Command {
    let environment = PathBuf::from(
        std::env::var("CACHESMITH_ANSIBLE").expect("script/test twins sets CACHESMITH_ANSIBLE"),
    );
    let settings = crate::hosts::state().join("twins-ansible.cfg");
    std::fs::write(&settings, "").unwrap();
    let mut command = limited(&environment.join("bin/ansible-playbook"));
    command
        .env(
            "ANSIBLE_CALLBACK_PLUGINS",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/module_twins/callback"),
        )
        .env("ANSIBLE_STDOUT_CALLBACK", "twins")
        .env("ANSIBLE_PIPELINING", "1")
        .env("ANSIBLE_CONFIG", settings)
        .env("ANSIBLE_NOCOLOR", "1")
        .env("ANSIBLE_RETRY_FILES_ENABLED", "0")
        .env("ANSIBLE_LOCALHOST_WARNING", "0")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// Our program, with a record of runs of its own.
fn ours() -> Command {
    let mut command = limited(Path::new(env!("CARGO_BIN_EXE_cachesmith")));
    command
        .args(["apply", "--yes", "--json"])
        .env("XDG_STATE_HOME", crate::hosts::state().join("xdg"))
        .env_remove("CACHESMITH_INVENTORY");
    command
}

/// The case and the place in it that a task's position names.
fn place(stage: &Stage, at: &str) -> Option<(String, String)> {
    let below = at.strip_prefix(stage.folder.to_str()?).unwrap_or(at);
    let (case, rest) = below.trim_start_matches('/').split_once('/')?;
    let place = rest.strip_prefix("play.yml:").unwrap_or(rest);
    Some((case.to_owned(), place.to_owned()))
}

fn theirs_told(event: &Value) -> Option<(&str, TaskEnd)> {
    let task = TaskEnd {
        place: String::new(),
        host: event["host"].as_str()?.to_owned(),
        status: event["status"].as_str()?.to_owned(),
        handler: event["handler"].as_bool()?,
        module: event["module"].as_str()?.to_owned(),
        why: event["why"].as_str().unwrap_or_default().to_owned(),
    };
    Some((event["at"].as_str()?, task))
}

fn ours_told(event: &Value) -> Option<(&str, TaskEnd)> {
    if event["event"] != "task_ended" {
        return None;
    }
    let (at, _column) = event["at"].as_str()?.rsplit_once(':')?;
    let status = if event["ignored"] == true {
        "ignored"
    } else {
        event["status"].as_str().unwrap_or("unknown")
    };
    let task = TaskEnd {
        place: String::new(),
        host: event["host"].as_str()?.to_owned(),
        status: status.to_owned(),
        handler: event["kind"] == "handler",
        module: String::new(),
        why: event["failure"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    Some((at, task))
}
