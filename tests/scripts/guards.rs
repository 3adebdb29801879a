//! A step is done only while the host is as it was observed.

use std::fs;
use std::path::Path;

use cachesmith::model::blob::Blob;
use cachesmith::model::step::{Action, Guard, Step, StepStatus};

use crate::host::{hosts, told};
use crate::names::NAMES;

#[test]
fn guards_are_checked_right_before_their_step() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("made");
        for name in NAMES {
            let path = directory.path().join(name);
            let at = || path.to_str().unwrap().to_owned();
            let absent = Guard::Absent { path: at() };
            let exists = Guard::Exists { path: at() };
            let sha256 = |content: &str| Guard::Sha256 {
                path: at(),
                sha256: Blob::from(content).sha256(),
            };
            let check = |guard: &Guard, good: bool| {
                let step = Step::new(Action::Touch {
                    path: made.to_str().unwrap().into(),
                    modified: None,
                });
                let outcome = host.carry_out_one(step.guarded(guard.clone()));
                let status = if good {
                    StepStatus::Done
                } else {
                    StepStatus::GuardFailed
                };
                assert_eq!(
                    outcome.status,
                    status,
                    "{} {name:?} {guard:?} {}",
                    host.name,
                    told(&outcome)
                );
                assert_eq!(made.exists(), good);
                assert_eq!(outcome.stderr.is_empty(), good);
                let _ = fs::remove_file(&made);
            };
            check(&absent, true);
            check(&exists, false);
            check(&sha256(""), false);
            fs::write(&path, "content").unwrap();
            check(&absent, false);
            check(&exists, true);
            check(&sha256("content"), true);
            check(&sha256("other"), false);
            fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn links_count_as_there_and_are_followed_for_content() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        let file = directory.path().join("file");
        std::os::unix::fs::symlink("file", &link).unwrap();
        let try_guard = |guard: Guard| {
            let step = Step::new(Action::Touch {
                path: "/dev/null".into(),
                modified: None,
            });
            host.carry_out_one(step.guarded(guard)).status
        };
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        // It leads nowhere, but there is a link.
        assert_eq!(
            try_guard(Guard::Absent { path: path(&link) }),
            StepStatus::GuardFailed
        );
        assert_eq!(
            try_guard(Guard::Exists { path: path(&link) }),
            StepStatus::Done
        );
        fs::write(&file, "words").unwrap();
        let sha256 = Blob::from("words").sha256();
        let guard = Guard::Sha256 {
            path: path(&link),
            sha256,
        };
        assert_eq!(try_guard(guard), StepStatus::Done);
    }
}
