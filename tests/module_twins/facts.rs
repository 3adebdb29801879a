//! Facts by Ansible's names: both programs ask the same host, and come to the same values.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Map, Value};

use crate::hosts::{Twin, state};
use crate::runs::{self, Side};

/// Where the values are kept on the host.
const PLACE: &str = "/tmp/twins-facts.json";

pub fn compare() {
    let twin = Twin::new("bw3");
    // Test hosts reach nothing beyond their bridge; with a default route they have the facts that come of one.
    twin.route("replace");
    let folder = state().join("twins-facts");
    std::fs::create_dir_all(&folder).unwrap();
    let inventory = folder.join("inventory.yml");
    std::fs::write(&inventory, twin.inventory()).unwrap();
    let names = names();
    let playbook = folder.join("facts.yml");
    std::fs::write(&playbook, play(&names)).unwrap();
    let [theirs, ours] = [Side::Ansible, Side::Ours].map(|side| {
        let output = runs::command(side)
            .arg(&playbook)
            .arg("-i")
            .arg(&inventory)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{side:?}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = twin.run(&format!("cat {PLACE}; rm -f {PLACE}"));
        serde_json::from_str::<Map<String, Value>>(&text).unwrap()
    });
    twin.route("delete");
    let mut different = String::new();
    for name in &names {
        if theirs[name] != ours[name] {
            writeln!(
                different,
                "{name}\n  Ansible: {}\n  ours:    {}",
                theirs[name], ours[name]
            )
            .unwrap();
        }
    }
    assert!(different.is_empty(), "facts\n{different}");
}

/// The names in `facts.txt`.
fn names() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/module_twins/facts.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let names: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert!(names.len() >= 25, "only {} facts are compared", names.len());
    names
}

/// A play that writes the values to the host.
fn play(names: &[String]) -> String {
    let mut text =
        format!("- hosts: all\n  tasks:\n    - copy:\n        dest: {PLACE}\n        content:\n");
    for name in names {
        writeln!(text, "          \"{name}\": \"{{{{ {name} }}}}\"").unwrap();
    }
    text
}
