//! The program itself: what goes where.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A playbook that says something and changes nothing.
const QUIET: &str = "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: { msg: hello }\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachesmith"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env("CACHESMITH_HOST_FOLDER", self.0.path().join("host"))
            .env_remove("NO_COLOR")
            .env_remove("CACHESMITH_INVENTORY")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn away_from_a_terminal_there_are_no_colours_and_no_progress() {
    let place = Place::new();
    let playbook = place.write("quiet.yml", QUIET);
    let output = place.run(&["plan", name(&playbook)]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(shown.contains("> debug: hello"), "{shown}");
    assert!(
        shown.ends_with("Nothing to do: the host is as the playbook wants.\n"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn colours_are_there_when_asked_for() {
    let place = Place::new();
    let playbook = place.write("quiet.yml", QUIET);
    let output = place
        .command(&["plan", name(&playbook), "--color", "always"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("\u{1b}["));
}

#[test]
fn json_lines_are_all_there_is() {
    let place = Place::new();
    let playbook = place.write("quiet.yml", QUIET);
    let output = place.run(&["plan", name(&playbook), "--json"]);
    assert_eq!(text(&output.stderr), "");
    let events: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["event"], "run_started");
    assert_eq!(events[0]["version"], 1);
    assert_eq!(events.last().unwrap()["event"], "run_ended");
}

#[test]
fn mistakes_go_to_standard_error() {
    let place = Place::new();
    let playbook = place.write(
        "wrong.yml",
        "- hosts: all\n  tasks:\n    - debugg: { msg: hello }\n",
    );
    for json in [None, Some("--json")] {
        let mut arguments = vec!["plan", name(&playbook)];
        arguments.extend(json);
        let output = place.run(&arguments);
        assert_eq!(text(&output.stdout), "");
        assert_eq!(output.status.code(), Some(5));
        let told = text(&output.stderr);
        assert!(told.contains("wrong.yml:3:7"), "{told}");
        assert!(told.contains("did you mean `debug`?"), "{told}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let place = Place::new();
    let playbook = place.write("quiet.yml", QUIET);
    let mut child = place
        .command(&["plan", name(&playbook), "-v"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(told, "");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let place = Place::new();
    let playbook = place.write("quiet.yml", QUIET);
    let output = place.run(&["apply", name(&playbook)]);
    assert_eq!(output.status.code(), Some(6));
    assert!(text(&output.stderr).contains("--yes"));
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn a_run_is_listed_and_shown_again() {
    let place = Place::new();
    let target = place.0.path().join("made");
    let playbook = place.write(
        "make.yml",
        &format!(
            "- hosts: all\n  tasks:\n    - copy: {{ dest: {}, content: hello }}\n",
            target.display()
        ),
    );
    let output = place.run(&["apply", "--yes", name(&playbook)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let listed = text(&place.run(&["runs"]).stdout);
    assert!(listed.contains("1 host changed"), "{listed}");
    let shown = text(&place.run(&["show", "last"]).stdout);
    assert!(shown.contains("+hello"), "{shown}");
    assert!(
        shown.contains(&format!("remove {}", target.display())),
        "{shown}"
    );
    let events = text(&place.run(&["show", "last", "--json"]).stdout);
    assert!(
        events
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    assert!(events.starts_with(r#"{"event":"run_started""#));
}

#[test]
fn facts_of_this_machine() {
    let place = Place::new();
    let output = place.run(&["facts"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let sheet = text(&output.stdout);
    assert!(
        sheet.starts_with("localhost\n  Memory\n    RAM "),
        "{sheet}"
    );
    let line = text(&place.run(&["facts", "--json"]).stdout);
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["status"], "known");
    assert_eq!(
        answer["variables"]["host"]["memory"]["total"],
        answer["facts"]["memory"]["total"]
    );
}

#[test]
fn hosts_without_an_answer_have_an_exit_code() {
    let place = Place::new();
    // Nothing listens on port 1.
    let inventory = place.write("hosts.ini", "gone ansible_host=127.0.0.1 ansible_port=1\n");
    let output = place.run(&["facts", "-i", name(&inventory)]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{shown}");
    assert!(shown.contains("Unreachable"), "{shown}");
    assert!(
        shown.ends_with("0 of 1 host answered, 1 unreachable.\n"),
        "{shown}"
    );
}
