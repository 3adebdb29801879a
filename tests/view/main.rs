//! What a person sees. Each folder holds cases that anyone can add to without code:
//!
//! - `events/*.jsonl`: the events of a run, as `--json` prints them. `NAME.v.jsonl` is shown with `-v`, `NAME.vv.jsonl`
//!   with `-vv`.
//! - `undoing/*.jsonl`: what a run was about to do, with its inverse, as the journal keeps it.
//! - `diagnostics/*.yml`: sources and what is said about them.
//!
//! `cargo insta review` (or `INSTA_UPDATE=always cargo test --test view`) takes a new case's output in.
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod diagnostics;
mod documents;
mod events;
mod facts;
mod fleet;
mod program;
mod record;

use std::path::{Path, PathBuf};

/// Widths of the page at which everything is shown.
const WIDTHS: [usize; 2] = [80, 200];

/// The files of a folder beside this one, by name.
fn cases(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/view")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == ending)
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// A file's name without its last ending.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Compares with the stored text; all cases are looked at before the first failure counts.
fn compare(name: &str, text: &str, failures: &mut Vec<String>) {
    let compared = std::panic::catch_unwind(|| {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, text);
        });
    });
    if compared.is_err() {
        failures.push(name.to_owned());
    }
}
