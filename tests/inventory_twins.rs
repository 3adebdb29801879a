//! Inventories are read exactly as Ansible reads them: each case in `tests/inventories` is compared with what
//! `tests/inventories/record` recorded from the real `ansible-inventory`, and, where `CACHESMITH_ANSIBLE` names a virtual
//! environment with ansible-core, with what it says now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cachesmith::load::inventory::{load, read_limit};
use cachesmith::model::inventory::Inventory;
use cachesmith::model::inventory::json;
use cachesmith::model::inventory::pattern::Patterns;
use serde_json::Value;

/// What Ansible makes of a case.
struct Expected {
    list: Value,
    graph: String,
    /// Each line of `patterns` with the hosts that it selects.
    patterns: Value,
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

fn name(case: &Path) -> &str {
    case.file_name().unwrap().to_str().unwrap()
}

fn read_case(case: &Path) -> Inventory {
    let sources: Vec<String> = match fs::read_to_string(case.join("sources")) {
        Ok(text) => text.lines().map(|line| placed(case, line)).collect(),
        Err(_) => {
            let entries = fs::read_dir(case).unwrap();
            let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let inventory = names.find(|name| name.starts_with("inventory")).unwrap();
            vec![placed(case, &inventory)]
        }
    };
    let playbook = match fs::read_to_string(case.join("playbook-dir")) {
        Ok(folder) => Some(case.join(folder.trim())),
        Err(_) => Some(case.join("playbook")).filter(|folder| folder.is_dir()),
    };
    load(&sources, playbook.as_deref())
        .unwrap_or_else(|error| panic!("{}: {error}", name(case)))
        .inventory
}

fn placed(case: &Path, source: &str) -> String {
    if source.contains(',') {
        source.to_owned()
    } else {
        case.join(source).display().to_string()
    }
}

fn compare(case: &Path, expected: &Expected) {
    let inventory = read_case(case);
    let name = name(case);
    let listed = json::text(&inventory.list_json(None).unwrap());
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let pretty = |value: &Value| serde_json::to_string_pretty(&sorted(value)).unwrap();
    assert!(
        listed == expected.list,
        "{name}: --list\n{}",
        difference(&pretty(&expected.list), &pretty(&listed))
    );
    let graph = inventory.graph(inventory.group("all").unwrap(), true);
    assert!(
        graph.trim_end() == expected.graph.trim_end(),
        "{name}: --graph --vars\n{}",
        difference(&expected.graph, &graph)
    );
    for (line, hosts) in expected.patterns.as_object().into_iter().flatten() {
        let placed = line.replace("{case}", &case.display().to_string());
        let (pattern, limit) = match placed.split_once(" --limit ") {
            Some((pattern, limit)) => (pattern, Some(read_limit(limit).unwrap())),
            None => (placed.as_str(), None),
        };
        let patterns = Patterns::parse(pattern).unwrap();
        let selected = inventory
            .select_limited(&patterns, limit.as_ref())
            .unwrap_or_else(|error| panic!("{name}: pattern {line}: {error}"));
        let mut selected: Vec<&str> = selected.iter().map(|host| host.name()).collect();
        let ordered = hosts.get("unordered").is_none();
        if !ordered {
            selected.sort_unstable();
        }
        let hosts = hosts.get("unordered").unwrap_or(hosts);
        let hosts: Vec<&str> = hosts
            .as_array()
            .unwrap()
            .iter()
            .map(|host| host.as_str().unwrap())
            .collect();
        assert_eq!(selected, hosts, "{name}: pattern {line}");
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn difference(expected: &str, found: &str) -> String {
    similar::TextDiff::from_lines(expected, found)
        .unified_diff()
        .context_radius(2)
        .header("ansible", "cachesmith")
        .to_string()
}

#[test]
fn inventories_are_what_was_recorded() {
    let cases = cases();
    assert!(cases.len() >= 24, "cases are missing");
    for case in cases {
        let read = |file: &str| fs::read_to_string(case.join(file));
        let json = |file: &str| match read(file) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(_) => Value::Null,
        };
        compare(
            &case,
            &Expected {
                list: json("expected.json"),
                graph: read("expected.graph").unwrap(),
                patterns: json("expected.patterns"),
            },
        );
    }
}

#[test]
fn every_line_of_patterns_was_recorded() {
    for case in cases() {
        let Ok(lines) = fs::read_to_string(case.join("patterns")) else {
            continue;
        };
        let recorded = fs::read_to_string(case.join("expected.patterns")).unwrap();
        let recorded: Value = serde_json::from_str(&recorded).unwrap();
        for line in lines.lines() {
            assert!(recorded.get(line).is_some(), "{}: {line}", name(&case));
        }
    }
}

#[test]
fn a_limit_narrows_the_list() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories/patterns");
    let limit = Patterns::parse("db,cache01").unwrap();
    let listed = read_case(&case).list_json(Some(&limit)).unwrap();
    let hosts = listed
        .get("_meta")
        .and_then(|meta| meta.get("hostvars"))
        .unwrap();
    assert_eq!(hosts.as_map().map(indexmap::IndexMap::len), Some(0));
    let db = listed.get("db").and_then(|db| db.get("hosts")).unwrap();
    assert_eq!(db.as_list().map(<[_]>::len), Some(2));
    assert_eq!(listed.get("web"), None);
}

#[test]
fn inventories_are_what_ansible_says_now() {
    if std::env::var_os("CACHESMITH_ANSIBLE").is_none() {
        return;
    }
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories/record");
    let output = Command::new(record).arg("--print").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    for case in cases() {
        let recorded = &printed[name(&case)];
        compare(
            &case,
            &Expected {
                list: recorded["list"].clone(),
                graph: recorded["graph"].as_str().unwrap().to_owned(),
                patterns: recorded["patterns"].clone(),
            },
        );
    }
}
