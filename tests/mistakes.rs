//! What is said about mistakes in playbooks, templates, variables and on the command line: the real program on a folder
//! with a mistake in it.
//!
//! Each folder `tests/mistakes/<area>/<name>` holds a mistake and `expected.txt`. The program runs in the folder with the
//! words of `command` (without it: `plan play.yml -i ../../hosts.yml`), must end with the code in `code` (without it: 5),
//! and must say exactly what `expected.txt` holds on standard error, or, where `code` is that of a run (3) or of a success (0), on
//! both outputs. No host may be connected to: an `ssh` that only notes that it was called stands first in PATH.
//!
//! `CASE=part-of-a-name` runs some. `UPDATE=1 cargo test --test mistakes` writes what is said now; read the difference
//! before you commit it. The mistakes of inventories have a runner of their own: `tests/inventory_mistakes.rs`.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a command ends that tasks have failed in; it tells its results on standard output.
const FAILED: i32 = 3;

/// How a command ends whose command line is wrong.
const USAGE: i32 = 64;

struct Case {
    name: String,
    folder: PathBuf,
    command: Vec<String>,
    code: i32,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let wanted = std::env::var("CASE").unwrap_or_default();
    let mut cases = Vec::new();
    for area in folders(&root) {
        if area.ends_with("inventory") {
            continue;
        }
        for folder in folders(&area) {
            let name = folder.strip_prefix(&root).unwrap().display().to_string();
            if !name.contains(&wanted) {
                continue;
            }
            let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
            let command =
                read("command").unwrap_or_else(|| "plan play.yml -i ../../hosts.yml".to_owned());
            cases.push(Case {
                name,
                command: shlex::split(&command).unwrap(),
                code: read("code").map_or(5, |code| code.trim().parse().unwrap()),
                folder,
            });
        }
    }
    cases
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// What the program says, and what is wrong with how it ends.
fn run(case: &Case, around: &Path) -> (String, Vec<String>) {
    let calls = around.join("calls");
    let path = format!(
        "{}:{}",
        around.join("bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new(env!("CARGO_BIN_EXE_cachesmith"))
        .args(&case.command)
        .current_dir(&case.folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", around.join("home"))
        .env("XDG_STATE_HOME", around.join("state"))
        .env("CACHESMITH_HOST_FOLDER", around.join("host"))
        .env("CALLS", &calls)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.code) {
        wrong.push(format!("it ends with {}, not {}", output.status, case.code));
    }
    if calls.exists() {
        wrong.push("it connects to a host".to_owned());
        fs::remove_file(&calls).unwrap();
    }
    // What `lint` finds are its results, also where it finds warnings only.
    let tells_results = case.code == FAILED || case.code == 0;
    if !tells_results && !stdout.is_empty() {
        wrong.push(format!("it says on standard output:\n{stdout}"));
    }
    let here = format!("{}/", case.folder.display());
    let said = format!("{stdout}{stderr}").replace(&here, "");
    (said, wrong)
}

#[test]
fn every_mistake_is_explained() {
    let around = tempfile::tempdir().unwrap();
    let bin = around.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    for name in ["ssh", "scp", "sftp"] {
        let program = bin.join(name);
        fs::write(&program, "#!/bin/sh\necho \"$@\" >> \"$CALLS\"\nexit 255\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir_all(around.path().join("home")).unwrap();
    let update = std::env::var_os("UPDATE").is_some();
    let cases = cases();
    let mut problems = Vec::new();
    for case in &cases {
        let (said, mut wrong) = run(case, around.path());
        let path = case.folder.join("expected.txt");
        if update {
            fs::write(&path, &said).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if said != expected {
            let difference = similar::TextDiff::from_lines(&expected, &said)
                .unified_diff()
                .header("expected", "said")
                .to_string();
            wrong.push(difference);
        }
        wrong.extend(lacks(case, &said));
        if !wrong.is_empty() {
            problems.push(format!("{}: {}", case.name, wrong.join("\n")));
        }
    }
    assert!(!cases.is_empty(), "no case was found");
    assert!(
        problems.is_empty(),
        "{} of {} mistakes:\n{}",
        problems.len(),
        cases.len(),
        problems.join("\n")
    );
}

/// What is said must name a place and a way out. The command line has no place.
fn lacks(case: &Case, said: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_usage = case.code == USAGE;
    let has_place = said.contains("--> ") || said.contains(".yml:") || said.contains(".tera:");
    // Lines of JSON have fields for both, and what is right has neither.
    if said.starts_with('{') || said == "Nothing is wrong.\n" {
        return wrong;
    }
    let has_place = has_place || said.contains(".conf:");
    if !has_place && !case.name.starts_with("command_line/") {
        wrong.push("no place is named".to_owned());
    }
    // What a module refuses, and what fails on purpose, may have no other way out than what it says.
    if !said.contains("help: ") && !is_usage && case.code != FAILED {
        wrong.push("no way out is named".to_owned());
    }
    wrong
}
