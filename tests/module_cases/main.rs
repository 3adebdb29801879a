//! Every module, tested as data: parameters and observations in, changes out, with no host.
//!
//! A case is an item of a list in `tests/cases/<module>/*.yml`; `tests/cases/README.md` says how one is written.
//! For every case with changes three things are checked without being asked for: that deciding again after the
//! changes finds nothing to do, that there is a way back, and, where files are all that changes, that the steps
//! do what their effects say and the undo restores what was there.
//!
//! `CASE=part-of-a-name cargo test --test module_cases` runs some of them.

mod case;
mod expect;
mod local;
mod observed;
mod show;
mod simulate;

use std::path::{Path, PathBuf};

use cachesmith::load::yaml;
use cachesmith::model::source::Source;
use cachesmith::module::registry;

/// Folders below `tests/cases` that other tests read.
const OTHER_CASES: &[&str] = &["facts", "templates"];

/// What went wrong, for a person.
pub(crate) type Problem = String;

#[test]
fn every_case_holds() {
    let filter = std::env::var("CASE").unwrap_or_default();
    let mut problems = Vec::new();
    let mut count = 0;
    for (module, path) in case_files() {
        match run_file(&module, &path, &filter) {
            Ok((run, found)) => {
                count += run;
                problems.extend(found);
            }
            Err(problem) => problems.push(format!("{}: {problem}", path.display())),
        }
    }
    assert!(
        problems.is_empty(),
        "{} of {count} cases do not hold:\n\n{}",
        problems.len(),
        problems.join("\n\n")
    );
    assert!(
        count > 0 || !filter.is_empty() || registry::specs().next().is_none(),
        "no case was found"
    );
}

#[test]
fn every_module_has_cases() {
    let files = case_files();
    let without: Vec<&str> = registry::specs()
        .map(|spec| spec.name)
        .filter(|name| !files.iter().any(|(module, _)| module == name))
        .collect();
    assert!(
        without.is_empty(),
        "modules without a folder in tests/cases: {without:?}"
    );
}

fn run_file(module: &str, path: &Path, filter: &str) -> Result<(usize, Vec<Problem>), Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let name = path.strip_prefix(root()).unwrap_or(path).display();
    let source = Source::new(name.to_string(), text);
    let node = yaml::parse(&source).map_err(|error| error.summary())?;
    let items = node.as_list().ok_or("it is no list of cases")?;
    let mut run = 0;
    let mut problems = Vec::new();
    for item in items {
        let result = case::Case::read(module, item).and_then(|case| {
            if !case.name.contains(filter) && !module.contains(filter) {
                return Ok(());
            }
            run += 1;
            case.check()
        });
        if let Err(problem) = result {
            let title = item.get("name").and_then(|name| name.as_str());
            problems.push(format!(
                "{}: {}\n{problem}",
                item.at,
                title.unwrap_or("(a case without a name)")
            ));
        }
    }
    Ok((run, problems))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// All files below `tests/cases` with the module they are about, sorted.
fn case_files() -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for folder in entries(&root().join("tests/cases")) {
        let module = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if folder.is_dir() && !OTHER_CASES.contains(&module.as_str()) {
            files.extend(
                entries(&folder)
                    .into_iter()
                    .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
                    .map(|path| (module.clone(), path)),
            );
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths
}
