//! The layers, held by a test: which part of the program may use which, where the disk is touched and where anything
//! is printed. `docs/architecture.md` says why.
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A part of `src/`, and the parts that it may use beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("redis", &["model"]),
    ("rollout", &["model"]),
    ("module", &["model", "redis"]),
    ("transport", &["model"]),
    ("journal", &["model", "error"]),
    ("load", &["model", "module", "error"]),
    ("view", &["model", "journal", "cli"]),
    (
        "engine",
        &[
            "model",
            "module",
            "redis",
            "rollout",
            "transport",
            "journal",
            "error",
        ],
    ),
];

/// Words of the outside world, and the parts in which they may stand.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("tokio::", &["engine", "transport", "cli"]),
    ("std::fs", &["load", "journal", "transport"]),
    ("std::process", &["load", "transport", "journal", "main.rs"]),
    ("println!", &["view"]),
    ("eprintln!", &["view"]),
    ("SystemTime::now", &["transport"]),
    ("Timestamp::now", &["cli", "journal"]),
];

/// What the model may share with the edges: parsing of errors only.
const EXCEPTIONS: &[(&str, &str)] = &[("src/model/inventory", "error"), ("src/error.rs", "model")];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Code without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .to_owned();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn parts() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    found
        .into_iter()
        .filter(|path| {
            !path
                .components()
                .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
        })
        .map(|path| {
            let part = path
                .components()
                .nth(1)
                .unwrap()
                .as_os_str()
                .to_string_lossy()
                .into_owned();
            let code = code(&path);
            (part, path, code)
        })
        .collect()
}

#[test]
fn layers_use_only_what_stands_to_their_right() {
    let mut wrong = Vec::new();
    for (part, path, code) in parts() {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == part) else {
            continue;
        };
        for piece in code.split("crate::").skip(1) {
            let used: String = piece
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let excepted = EXCEPTIONS
                .iter()
                .any(|(folder, name)| path.starts_with(folder) && *name == used);
            if !used.is_empty() && used != part && !allowed.contains(&used.as_str()) && !excepted {
                wrong.push(format!("{}: `{part}` may not use `{used}`", path.display()));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_edges_touch_the_outside() {
    let mut wrong = Vec::new();
    for (part, path, code) in parts() {
        for (word, allowed) in OUTSIDE {
            if code.contains(word) && !allowed.contains(&part.as_str()) {
                wrong.push(format!(
                    "{}: `{word}` may stand in {allowed:?} only",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_rooms() {
    let mut large = Vec::new();
    for (_, path, _) in parts() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > 460 {
            large.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(
        large.is_empty(),
        "split these by subject:\n{}",
        large.join("\n")
    );
}
