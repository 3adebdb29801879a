//! Ctrl-C: the first ends a run between two changes, the second cuts it. The real program on this machine.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// The exit code of an interrupted run.
const INTERRUPTED: i32 = 130;

const PLAYBOOK: &str = r#"
- hosts: all
  tasks:
    - {name: first, command: "touch DIR/first", notify: owed}
    - {name: long, shell: "touch DIR/started; until [ -e DIR/go ]; do sleep 0.1; done; touch DIR/long"}
    - {name: never, command: "touch DIR/never"}
  handlers:
    - {name: owed, command: "touch DIR/owed"}
"#;

/// A playbook's name tells runs apart in the notes that they leave on the machine.
fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_string_lossy();
    format!("interrupted{name}.yml")
}

fn apply(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachesmith"));
    command
        .args(["apply", "--yes", "--json", "-i", "hosts.ini"])
        .arg(name(folder))
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CACHESMITH_HOST_FOLDER", folder.join("host"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn start(folder: &Path) -> Child {
    let playbook = PLAYBOOK.replace("DIR", &folder.display().to_string());
    fs::write(folder.join(name(folder)), playbook).unwrap();
    fs::write(folder.join("hosts.ini"), "here ansible_connection=local\n").unwrap();
    let child = apply(folder).spawn().unwrap();
    wait_for(&folder.join("started"));
    child
}

/// The next run makes what is left, and runs the handler that was owed.
fn apply_again(folder: &Path) {
    let output = apply(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{:#?}", events(&output));
    assert!(folder.join("never").exists());
    assert!(folder.join("owed").exists());
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + LIMIT;
    while !path.exists() {
        assert!(
            Instant::now() < deadline,
            "{} does not come",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn events(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn find<'e>(events: &'e [Value], event: &str, name: &str) -> Option<&'e Value> {
    events
        .iter()
        .find(|found| found["event"] == event && (name.is_empty() || found["name"] == name))
}

fn show(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cachesmith"))
        .args(["show", "last"])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CACHESMITH_HOST_FOLDER", folder.join("host"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_first_ends_the_run_behind_the_change_that_is_being_made() {
    let home = tempfile::tempdir().unwrap();
    let folder = fs::canonicalize(home.path()).unwrap();
    let child = start(&folder);
    interrupt(&child);
    // The word has to reach the script before the step ends; then the step is let go on.
    std::thread::sleep(Duration::from_millis(500));
    fs::write(folder.join("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let events = events(&output);
    assert_eq!(output.status.code(), Some(INTERRUPTED), "{events:#?}");
    assert!(folder.join("long").exists());
    assert!(!folder.join("never").exists(), "{events:#?}");
    assert_eq!(
        find(&events, "task_ended", "long").unwrap()["status"],
        "changed"
    );
    assert!(find(&events, "task_ended", "never").is_none());
    let ended = find(&events, "host_ended", "").unwrap();
    assert_eq!(ended["status"], "interrupted");
    assert_eq!(
        ended["failure"]["message"],
        "stopped behind the task \"long\""
    );
    assert_eq!(ended["pending_handlers"][0], "owed");
    let shown = show(&folder);
    for words in ["Interrupted", "stopped behind the task \"long\"", "owed"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    apply_again(&folder);
}

#[test]
fn the_second_cuts_it_and_tells_what_was_under_way() {
    let home = tempfile::tempdir().unwrap();
    let folder = fs::canonicalize(home.path()).unwrap();
    let child = start(&folder);
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    fs::write(folder.join("go"), "").unwrap();
    let events = events(&output);
    assert_eq!(output.status.code(), Some(INTERRUPTED), "{events:#?}");
    assert!(!folder.join("never").exists());
    assert_eq!(
        find(&events, "task_ended", "first").unwrap()["status"],
        "changed"
    );
    let long = find(&events, "task_ended", "long").unwrap();
    assert_eq!(long["status"], "failed", "{events:#?}");
    assert_eq!(
        find(&events, "host_ended", "").unwrap()["status"],
        "interrupted"
    );
    assert!(show(&folder).contains("Interrupted"));
    apply_again(&folder);
}
