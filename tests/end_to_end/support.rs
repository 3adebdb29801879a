//! Running the program and the fleet's own commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// One run of the program with everything it said.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The events of a run with `--json`.
    pub fn events(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
            })
            .collect()
    }

    pub fn of_kind(&self, kind: &str) -> Vec<Value> {
        self.events()
            .into_iter()
            .filter(|event| event["event"] == kind)
            .collect()
    }

    /// How each task came out: host, path in the play and item to status.
    pub fn statuses(&self) -> BTreeMap<(String, String, String), String> {
        self.of_kind("task_ended")
            .into_iter()
            .map(|event| {
                let status = match &event["status"] {
                    Value::String(word) => word.clone(),
                    other => {
                        assert!(other["unknown"].is_string(), "{other}");
                        "unknown".to_owned()
                    }
                };
                let key = (
                    text(&event["host"]),
                    event["task"].to_string(),
                    text(&event["name"]),
                );
                (key, status)
            })
            .collect()
    }

    /// The report of a host.
    pub fn host(&self, name: &str) -> Value {
        self.of_kind("host_ended")
            .into_iter()
            .rfind(|event| event["host"] == name)
            .unwrap_or_else(|| {
                panic!(
                    "nothing was said of {name}: {}\n{}",
                    self.stdout, self.stderr
                )
            })
    }

    /// Fails unless nothing is left to do in this plan, but for kernel values that all hosts of this machine share.
    #[track_caller]
    pub fn settled(self) -> Self {
        let left: Vec<_> = self
            .of_kind("task_ended")
            .into_iter()
            .filter(|event| event["status"] != "ok" && event["status"] != "skipped")
            .filter(|event| {
                event["module"] != "sysctl" && event["module"] != "transparent_hugepage"
            })
            .collect();
        assert!(
            left.is_empty() && [0, 2].contains(&self.code),
            "{left:?} {}",
            self.stderr
        );
        self
    }

    /// Fails with everything that was said unless the run ended with this code and was silent on standard error.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        if code == 0 || code == 2 {
            assert_eq!(
                self.stderr, "",
                "standard error must be empty when all is well"
            );
        }
        self
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The folder of the fleet that is up.
pub fn state() -> PathBuf {
    PathBuf::from(
        std::env::var("CACHESMITH_FLEET_STATE")
            .expect("script/test fleet sets CACHESMITH_FLEET_STATE"),
    )
}

pub fn inventory() -> String {
    state().join("inventory.yml").display().to_string()
}

/// Runs the program; the inventory of the fleet is added.
pub fn cachesmith(arguments: &[&str]) -> Run {
    cachesmith_with(&inventory(), arguments)
}

/// Runs the program with another inventory.
pub fn cachesmith_with(inventory: &str, arguments: &[&str]) -> Run {
    let output = command(arguments)
        .args(["-i", inventory])
        .output()
        .expect("the program runs");
    run_of(&output)
}

/// The program, with a record of runs of its own.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachesmith"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_STATE_HOME", state().join("xdg"))
        .env_remove("CACHESMITH_INVENTORY")
        .env("COLUMNS", "160")
        .stdin(Stdio::null());
    command
}

pub fn run_of(output: &Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a command of the fleet and gives what it said. Through files, not pipes: what the fleet starts in the
/// background would hold a pipe open.
#[track_caller]
pub fn fleet(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/fleet");
    let said = tempfile::NamedTempFile::new().expect("a temporary file");
    let handle = || Stdio::from(said.reopen().expect("a temporary file opens"));
    let errors = tempfile::NamedTempFile::new().expect("a temporary file");
    let status = Command::new(&script)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(handle())
        .stderr(errors.reopen().expect("a temporary file opens"))
        .status()
        .expect("the fleet's script runs");
    let text =
        |file: &tempfile::NamedTempFile| std::fs::read_to_string(file.path()).unwrap_or_default();
    assert!(
        status.success(),
        "fleet {arguments:?}: {}{}",
        text(&said),
        text(&errors)
    );
    text(&said)
}

/// A command on a host, as root.
#[track_caller]
pub fn on(host: &str, words: &str) -> String {
    fleet(&["ssh", host, words])
}

/// Writes a playbook for one test.
pub fn playbook(name: &str, text: &str) -> String {
    let folder = state().join("playbooks");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join(format!("{name}.yml"));
    std::fs::write(&path, text).expect("the playbook can be written");
    path.display().to_string()
}

/// Writes an inventory for one test.
pub fn inventory_of(name: &str, text: &str) -> String {
    let path = state().join(format!("{name}.yml"));
    std::fs::write(&path, text).expect("the inventory can be written");
    path.display().to_string()
}

/// The connection settings that every inventory of the fleet's hosts needs, as YAML lines below `vars:`.
pub fn connection() -> String {
    let state = state();
    let state = state.display();
    format!(
        "    ansible_ssh_private_key_file: {state}/client_key\n    ansible_ssh_common_args: \"-o UserKnownHostsFile={state}/known_hosts -o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes\"\n"
    )
}

/// The address of a host of the fleet.
pub fn address(host: &str) -> String {
    let inventory: String =
        std::fs::read_to_string(inventory()).expect("the fleet has an inventory");
    let mut lines = inventory
        .lines()
        .skip_while(|line| line.trim() != format!("{host}:"));
    lines.next();
    let line = lines.next().expect("a host has an address");
    line.trim()
        .trim_start_matches("ansible_host:")
        .trim()
        .to_owned()
}
