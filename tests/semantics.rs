//! What playbooks mean, as data: small playbooks are planned, applied and applied again by the real program on this
//! machine, and come out as their cases say. `tests/semantics/README.md` says how a case is written.
//!
//! `CASE=part-of-a-name cargo test --test semantics` runs some of them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

/// A run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// Where the program keeps notes on a host when it may.
const NOTES: &str = "/var/lib/cachesmith/pending";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    playbook: String,
    inventory: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    arguments: Vec<String>,
    plan: Option<Expected>,
    apply: Option<Expected>,
    again: Option<Expected>,
}

/// What a run comes to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    exit: i32,
    /// How many tasks are changed.
    changed: Option<usize>,
    #[serde(default)]
    statuses: BTreeMap<String, Statuses>,
    #[serde(default)]
    messages: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    output_has: Vec<String>,
    #[serde(default)]
    output_lacks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Statuses {
    One(String),
    Many(Vec<String>),
}

impl Statuses {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::Many(many) => many.clone(),
        }
    }
}

/// What a run said.
struct Said {
    exit: Option<i32>,
    output: String,
    tasks: Vec<Value>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics/cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            serde_saphyr::from_str::<Vec<Case>>(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

/// Each case has a playbook of its own name: handlers that a host is owed are kept on the host by playbook and play, and
/// the cases share this one.
fn playbook(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    format!("{}.yml", name.trim_start_matches('.'))
}

/// Runs the program; `None` when it did not come to an end.
fn run(folder: &Path, case: &Case, words: &[&str]) -> Option<Said> {
    let output = folder.join("output");
    let file = File::create(&output).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cachesmith"))
        .args(words)
        .args(["--json", "-i", "inventory.ini", &playbook(folder)])
        .args(&case.arguments)
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CACHESMITH_HOST_FOLDER", folder.join("host"))
        .stdin(Stdio::null())
        .stderr(file.try_clone().unwrap())
        .stdout(file)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    let exit = loop {
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let output = fs::read_to_string(output).unwrap();
    let tasks = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["event"] == "task_ended")
        .collect();
    Some(Said {
        exit: exit.code(),
        output,
        tasks,
    })
}

/// `ok`, `changed`, `skipped`, `failed`, `ignored` or `unknown`.
fn status(task: &Value) -> String {
    match &task["status"] {
        Value::String(_) if task["ignored"] == true => "ignored".to_owned(),
        Value::String(word) => word.clone(),
        Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        other => other.to_string(),
    }
}

/// The reports of a task, in the order in which they came; `name @ host` asks for one host's.
fn reports<'s>(said: &'s Said, wanted: &str) -> Vec<&'s Value> {
    let (name, host) = match wanted.rsplit_once(" @ ") {
        Some((name, host)) => (name, Some(host)),
        None => (wanted, None),
    };
    let of = |task: &&Value| task["name"] == name && host.is_none_or(|host| task["host"] == host);
    said.tasks.iter().filter(of).collect()
}

fn compare(folder: &Path, said: &Said, expected: &Expected) -> Vec<String> {
    let mut problems = Vec::new();
    if said.exit != Some(expected.exit) {
        let exit = said.exit;
        problems.push(format!(
            "ended with {exit:?}, and not with {}",
            expected.exit
        ));
    }
    let changed = said.tasks.iter().filter(|task| status(task) == "changed");
    let changed = changed.count();
    if expected.changed.is_some_and(|wanted| wanted != changed) {
        problems.push(format!("{changed} tasks are changed"));
    }
    for (name, wanted) in &expected.statuses {
        let is: Vec<String> = reports(said, name).into_iter().map(status).collect();
        if is != wanted.list() {
            problems.push(format!("`{name}` is {is:?}, and not {:?}", wanted.list()));
        }
    }
    for (name, wanted) in &expected.messages {
        let texts: Vec<String> = reports(said, name)
            .into_iter()
            .map(|task| format!("{} {}", task["message"], task["failure"]))
            .collect();
        let wanted = wanted.replace("$PLAYBOOK", &playbook(folder));
        if !texts.iter().any(|text| text.contains(&wanted)) {
            problems.push(format!("`{name}` says {texts:?}, and not `{wanted}`"));
        }
    }
    for (path, wanted) in &expected.files {
        match fs::read_to_string(folder.join(path)) {
            Ok(text) if text == *wanted => {}
            Ok(text) => problems.push(format!("`{path}` holds {text:?}, and not {wanted:?}")),
            Err(error) => problems.push(format!("`{path}`: {error}")),
        }
    }
    for path in &expected.absent {
        if folder.join(path).exists() {
            problems.push(format!("`{path}` is there"));
        }
    }
    for text in &expected.output_has {
        if !said.output.contains(text) {
            problems.push(format!("the output lacks {text:?}"));
        }
    }
    let shown = if expected.output_lacks.is_empty() {
        String::new()
    } else {
        show(folder)
    };
    for text in &expected.output_lacks {
        if said.output.contains(text) {
            problems.push(format!("the output has {text:?}"));
        }
        if shown.contains(text) {
            problems.push(format!("`show` has {text:?}:\n{shown}"));
        }
        if holds(&folder.join("state"), text) {
            problems.push(format!("the run's record has {text:?}"));
        }
    }
    problems
}

/// What `show` tells of the last run, if one was recorded.
fn show(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cachesmith"))
        .args(["show", "last", "-v"])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CACHESMITH_HOST_FOLDER", folder.join("host"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether a file below a folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(text)
    })
}

fn check(case: &Case) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let folder = fs::canonicalize(home.path()).unwrap();
    let placed = |text: &str| text.replace("$DIR", &folder.display().to_string());
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, placed(text)).unwrap();
    };
    let inventory = case.inventory.as_deref();
    write(
        "inventory.ini",
        inventory.unwrap_or("here ansible_connection=local\n"),
    );
    write(&playbook(&folder), &case.playbook);
    for (name, text) in &case.files {
        write(name, text);
    }
    let runs = [
        ("plan", &["plan"][..], &case.plan),
        ("apply", &["apply", "--yes"], &case.apply),
        ("again", &["apply", "--yes"], &case.again),
    ];
    let mut problems = Vec::new();
    for (name, words, expected) in runs {
        let Some(expected) = expected else { continue };
        let Some(said) = run(&folder, case, words) else {
            problems.push(format!("{name}: hangs"));
            break;
        };
        let found = compare(&folder, &said, expected);
        if !found.is_empty() {
            let found = found.join("\n  ");
            problems.push(format!("{name}:\n  {found}\n{}", said.output));
        }
    }
    problems
}

#[test]
fn every_case_holds() {
    let notes_before = notes();
    let filter = std::env::var("CASE").unwrap_or_default();
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.name.contains(&filter))
        .collect();
    assert!(!cases.is_empty(), "no case was found");
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(case);
                    if !found.is_empty() {
                        let text = format!("--- {}\n{}", case.name, found.join("\n"));
                        problems.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(
        problems.is_empty(),
        "{} of {} cases do not hold:\n\n{}",
        problems.len(),
        cases.len(),
        problems.join("\n\n")
    );
    assert_eq!(notes(), notes_before, "a case left a note in {NOTES}");
}

fn notes() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(NOTES) else {
        return Vec::new();
    };
    let mut notes: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    notes.sort();
    notes
}
