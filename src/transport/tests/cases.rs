//! What programs said, and what we make of it: a folder of texts, `tests/transport/PROGRAM/KIND/NAME`. A new case is a new file; its
//! snapshot is made by `INSTA_UPDATE=always cargo test`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::transport::error::TransportError;

/// One text.
pub(in crate::transport) struct Case {
    path: PathBuf,
    pub(in crate::transport) text: String,
}

/// The cases of a program, by the ending of their files.
pub(in crate::transport) fn cases(program: &str, ending: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transport")
        .join(program);
    let mut cases = Vec::new();
    for kind in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(kind.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|found| found == ending) {
                let text = fs::read_to_string(&path).unwrap();
                cases.push(Case { path, text });
            }
        }
    }
    assert!(!cases.is_empty());
    cases.sort_by(|one, other| one.path.cmp(&other.path));
    cases
}

impl Case {
    /// Compares the kind with the folder's name, and the words with the snapshot.
    pub(in crate::transport) fn check(&self, error: &TransportError) {
        let folder = self.path.parent().unwrap();
        let kind = folder.file_name().unwrap().to_str().unwrap();
        let name = self.path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(
            format!("{:?}", error.kind),
            kind,
            "{}: {error}",
            self.path.display()
        );
        let mut text = format!("{error}\n");
        for help in &error.help {
            text.push_str(&format!("  help: {help}\n"));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}
