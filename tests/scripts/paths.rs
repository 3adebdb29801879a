//! Attributes, directories, links, removal, times, restarts.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use cachesmith::model::step::{Action, Attributes, Outcome, Step, StepStatus};

use crate::host::{Host, executable, hosts, is_root, told};
use crate::names::NAMES;

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn carry_out(host: &Host, action: Action) -> Outcome {
    host.carry_out_one(Step::new(action))
}

fn done(outcome: &Outcome) {
    assert_eq!(outcome.status, StepStatus::Done, "{}", told(outcome));
}

fn failed(outcome: &Outcome, words: &str) {
    assert_eq!(outcome.status, StepStatus::Failed, "{}", told(outcome));
    assert!(
        outcome.stderr.to_lossy().contains(words),
        "{}",
        told(outcome)
    );
}

fn attributes(mode: u32) -> Attributes {
    Attributes {
        mode: Some(mode),
        owner: is_root().then(|| "daemon".to_owned()),
        group: is_root().then(|| "adm".to_owned()),
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn attributes_and_directories() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        for name in NAMES {
            let path = directory.path().join(name);
            done(&carry_out(
                &host,
                Action::MakeDirectory {
                    path: text(&path),
                    attributes: attributes(0o2750),
                },
            ));
            assert_eq!(mode(&path), 0o2750, "{} {name:?}", host.name);
            // The setgid bit of a directory goes too when it is not in the mode.
            done(&carry_out(
                &host,
                Action::SetAttributes {
                    path: text(&path),
                    attributes: Attributes {
                        mode: Some(0o711),
                        ..Attributes::default()
                    },
                },
            ));
            assert_eq!(mode(&path), 0o711, "{} {name:?}", host.name);
            if is_root() {
                let metadata = fs::metadata(&path).unwrap();
                assert_eq!((metadata.uid(), metadata.gid()), (1, 4));
            }
        }
        let plain = directory.path().join("made by default");
        let by_default = Action::MakeDirectory {
            path: text(&plain),
            attributes: Attributes::default(),
        };
        done(&carry_out(&host, by_default.clone()));
        assert_eq!(mode(&plain), 0o755);
        failed(&carry_out(&host, by_default), "exists");
        let unowned = directory.path().join("unowned");
        failed(
            &carry_out(
                &host,
                Action::MakeDirectory {
                    path: text(&unowned),
                    attributes: Attributes {
                        owner: Some("no_such_account".into()),
                        ..Attributes::default()
                    },
                },
            ),
            "no_such_account",
        );
        assert!(!unowned.exists(), "a directory of the wrong owner was left");
    }
}

#[test]
fn links_replace_files_and_links() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let link = |path: &Path, target: &str, hard: bool| {
            carry_out(
                &host,
                Action::Link {
                    path: text(path),
                    target: target.into(),
                    hard,
                },
            )
        };
        for name in NAMES {
            let path = directory.path().join(name);
            done(&link(&path, name, false));
            assert_eq!(
                fs::read_link(&path).unwrap(),
                Path::new(name),
                "{}",
                host.name
            );
            fs::remove_file(&path).unwrap();
        }
        let path = directory.path().join("link");
        let folder = directory.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "a file").unwrap();
        // Over a file, over a link to a directory, over the same link.
        for target in ["folder", "other", "other"] {
            done(&link(&path, target, false));
            assert_eq!(fs::read_link(&path).unwrap(), Path::new(target));
        }
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            0,
            "the link was put into the directory"
        );
        failed(&link(&folder, "x", false), "is a directory");

        let file = directory.path().join("file");
        fs::write(&file, "words").unwrap();
        let hard = directory.path().join("hard");
        for _ in 0..2 {
            done(&link(&hard, &text(&file), true));
            assert_eq!(
                fs::metadata(&hard).unwrap().ino(),
                fs::metadata(&file).unwrap().ino()
            );
        }
        assert_eq!(fs::metadata(&file).unwrap().nlink(), 2);
        let left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with('.')
            })
            .collect();
        assert!(left.is_empty(), "{}: {left:?}", host.name);
    }
}

#[test]
fn removal_stays_on_its_path() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let kept = directory.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();
        let remove = |path: &str| carry_out(&host, Action::Remove { path: path.into() });
        for name in NAMES {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join(name), "").unwrap();
            symlink(&kept, path.join("link")).unwrap();
            done(&remove(&text(&path)));
            assert!(!path.exists(), "{} {name:?}", host.name);
        }
        // Of a link, the link goes, even where its name ends with a slash.
        let link = directory.path().join("link");
        symlink(&kept, &link).unwrap();
        done(&remove(&format!("{}/", link.display())));
        assert!(fs::symlink_metadata(&link).is_err());
        assert!(kept.join("file").exists());
        done(&remove(&text(&link)));
        for path in ["/", "//", "/.", "/etc/..", "/a/../../.", "relative", ""] {
            assert_eq!(remove(path).status, StepStatus::Failed, "{path}");
        }
    }
}

#[test]
fn times_are_set() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("-file");
        let touch = |modified| {
            done(&carry_out(
                &host,
                Action::Touch {
                    path: text(&path),
                    modified,
                },
            ));
            fs::metadata(&path).unwrap()
        };
        let made = touch(None);
        assert_eq!(
            (made.mode() & 0o777, made.len()),
            (0o644, 0),
            "{}",
            host.name
        );
        assert_eq!(
            touch(Some(1_000_000_007)).mtime(),
            1_000_000_007,
            "{}",
            host.name
        );
        assert_ne!(touch(None).mtime(), 1_000_000_007);
    }
}

/// The answer comes before the restart, nothing runs after it, and each kind of host is restarted in its way.
#[test]
fn a_restart_is_scheduled() {
    assert!(is_root(), "only root may restart a machine");
    let restart = Step::new(Action::Reboot { time_limit: 60 });
    let touch = |path: &Path| {
        Step::new(Action::Touch {
            path: text(path),
            modified: None,
        })
    };
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let programs = directory.path().join("programs");
        fs::create_dir(&programs).unwrap();
        let log = directory.path().join("log");
        // They stand in front of the real ones, so that this machine stays up.
        for name in [
            "systemctl",
            "reboot",
            "shutdown",
            "systemd-run",
            "halt",
            "poweroff",
        ] {
            executable(
                &programs.join(name),
                &format!("echo {name} \"$@\" >>'{}'\n", log.display()),
            );
        }
        let after = directory.path().join("after");
        let outcomes = host
            .with_programs(&programs)
            .carry_out(&[restart.clone(), touch(&after)]);
        done(&outcomes[0]);
        assert_eq!(outcomes[1].status, StepStatus::NotRun);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let said = loop {
            match fs::read_to_string(&log) {
                Ok(said) if said.ends_with('\n') => break said,
                _ => assert!(
                    std::time::Instant::now() < deadline,
                    "{}: no restart",
                    host.name
                ),
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        };
        let systemd = Path::new("/run/systemd/system").is_dir();
        assert_eq!(said.starts_with("systemd-run"), systemd, "{said}");
        assert!(said.contains("reboot"), "{said}");
        assert!(!after.exists());

        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::remove_file(&log).unwrap();
        let outcome = host
            .with_programs(&programs)
            .as_nobody()
            .carry_out_one(restart.clone());
        failed(&outcome, "only root");
    }
}
