//! What is said about mistakes in inventories, patterns, extra variables and connection settings.
//!
//! Each folder of `tests/mistakes/inventory` holds a mistake and `expected.txt`. `UPDATE_EXPECTED=1 cargo test --test
//! inventory_mistakes` writes what is said now; read the difference before you commit it.
//!
//! A folder holds `sources` (one inventory source a line; without it, the one file whose name begins with `inventory`),
//! and perhaps `pattern` and `limit`, `extra-vars` (one argument a line), or `connection` (the name of a host whose
//! connection settings are read).

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cachesmith::error::Result;
use cachesmith::load::extra_variables;
use cachesmith::load::inventory::{Loaded, load, read_limit};
use cachesmith::model::diagnostic::{Diagnostic, Severity};
use cachesmith::model::inventory::connection::Connection;
use cachesmith::model::inventory::pattern::Patterns;
use cachesmith::model::inventory::settings::Settings;
use cachesmith::model::source::{At, Source};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes/inventory");
    let entries = fs::read_dir(root).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn read(case: &Path, file: &str) -> Option<String> {
    let text = fs::read_to_string(case.join(file)).ok()?;
    Some(text.replace("{case}", &case.display().to_string()))
}

fn sources(case: &Path) -> Vec<String> {
    let names = match read(case, "sources") {
        Some(text) => text.lines().map(str::to_owned).collect(),
        None => {
            let entries = fs::read_dir(case).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let inventory = names.filter(|name| name.starts_with("inventory"));
            inventory.collect::<Vec<String>>()
        }
    };
    let there = names.iter().filter(|name| !name.is_empty());
    there
        .map(|name| case.join(name).display().to_string())
        .collect()
}

/// Does what the folder asks for, and gives all diagnostics.
fn diagnostics(case: &Path) -> Vec<Diagnostic> {
    match attempt(case) {
        Ok(warnings) => warnings,
        Err(error) => error.diagnostics,
    }
}

fn attempt(case: &Path) -> Result<Vec<Diagnostic>> {
    if let Some(arguments) = read(case, "extra-vars") {
        let arguments: Vec<String> = arguments.lines().map(str::to_owned).collect();
        extra_variables::read(&arguments)?;
    }
    let Loaded {
        inventory,
        warnings,
    } = load(&sources(case), None)?;
    if let Some(pattern) = read(case, "pattern") {
        let pattern = pattern.trim_end();
        let source = Source::new("site.yml", format!("- hosts: {pattern}\n"));
        let patterns =
            Patterns::parse_at(pattern, &At::new(&source, 1, 10, pattern.chars().count()))?;
        let limit = read(case, "limit");
        let limit = limit
            .map(|limit| read_limit(limit.trim_end()))
            .transpose()?;
        inventory.select_limited(&patterns, limit.as_ref())?;
    }
    if let Some(host) = read(case, "connection") {
        let host = inventory.host(host.trim_end()).unwrap();
        Connection::read(&Settings {
            host: host.name(),
            variables: &inventory.variables(host),
            place: &|name| inventory.place(host, name),
        })?;
    }
    Ok(warnings)
}

fn plain(case: &Path, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let word = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(text, "{word}: {}", diagnostic.summary).unwrap();
        if let Some(at) = &diagnostic.at {
            // What stands in `--limit` holds the path of this folder.
            let length = match at.source.name.as_str() {
                "--limit" => String::new(),
                _ => format!("(length {})", at.length),
            };
            writeln!(text, "  at {at} {length} {}", diagnostic.label).unwrap();
        }
        for (at, label) in &diagnostic.related {
            writeln!(text, "  and {at}: {label}").unwrap();
        }
        for help in &diagnostic.help {
            writeln!(text, "  help: {help}").unwrap();
        }
    }
    let text = text.replace(&format!("{}/", case.display()), "");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn every_mistake_is_explained() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let cases = cases();
    assert!(cases.len() >= 20, "cases are missing");
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let said = plain(&case, &diagnostics(&case));
        let severity = if name.starts_with("warning-") {
            "warning: "
        } else {
            "error: "
        };
        assert!(said.starts_with(severity), "{name}: {said}");
        let path = case.join("expected.txt");
        if update {
            fs::write(&path, &said).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            said == expected,
            "{name}:\n{}",
            similar::TextDiff::from_lines(&expected, &said)
                .unified_diff()
                .header("expected", "said")
        );
    }
}

#[test]
fn no_secret_is_said() {
    for case in cases() {
        assert!(!plain(&case, &diagnostics(&case)).contains("hunter2"));
    }
}
