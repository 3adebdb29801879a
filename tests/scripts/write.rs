//! Files written whole or not at all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use cachesmith::model::blob::Blob;
use cachesmith::model::step::{Action, Attributes, Outcome, Step, StepStatus};
use cachesmith::transport::script::{Options, compile_steps, parse_outcomes};

use crate::host::{Host, NOBODY, feed, hosts, in_parallel, is_root, told};
use crate::names::NAMES;

/// A wish for a file, to be changed by a test.
pub(crate) struct Wish {
    pub(crate) path: String,
    pub(crate) content: Blob,
    pub(crate) attributes: Attributes,
    pub(crate) validate: Option<Vec<String>>,
    pub(crate) backup: Option<String>,
}

impl Wish {
    pub(crate) fn new(path: &Path, content: impl Into<Blob>) -> Self {
        Self {
            path: path.to_str().unwrap().to_owned(),
            content: content.into(),
            attributes: Attributes::default(),
            validate: None,
            backup: None,
        }
    }

    pub(crate) fn step(self) -> Step {
        Step::new(Action::WriteFile {
            path: self.path,
            content: self.content,
            attributes: self.attributes,
            validate: self.validate,
            backup: self.backup,
        })
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn done(outcome: &Outcome) {
    assert_eq!(outcome.status, StepStatus::Done, "{}", told(outcome));
}

#[test]
fn contents_and_names_are_exact() {
    let contents: [&[u8]; 8] = [
        b"",
        b"\n",
        b"no newline at the end",
        b"newline at the end\n",
        b"'quotes' \"and\" $(touch pwned) `touch pwned` \\ \\\\ \\\n",
        b"carriage\r\nreturn\r",
        b"nul\0and \xff\xfe not text",
        "\u{1}\u{2}\u{7f}\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{88}\u{9b} 香港"
            .as_bytes(),
    ];
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let mut steps = Vec::new();
        for (number, name) in NAMES.iter().enumerate() {
            let content = contents[number % contents.len()];
            steps.push(Wish::new(&directory.path().join(name), content).step());
        }
        for outcome in host.carry_out(&steps) {
            done(&outcome);
        }
        for (number, name) in NAMES.iter().enumerate() {
            let path = directory.path().join(name);
            assert_eq!(
                fs::read(&path).unwrap(),
                contents[number % contents.len()],
                "{} {name:?}",
                host.name
            );
            assert_eq!(mode(&path), 0o644, "{} {name:?}", host.name);
        }
        assert_eq!(names_in(directory.path()).len(), NAMES.len());
    }
}

#[test]
fn attributes_are_kept_or_set() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        if is_root() {
            std::os::unix::fs::chown(&path, Some(1), Some(4)).unwrap();
        }
        let before = fs::metadata(&path).unwrap();
        done(&host.carry_out_one(Wish::new(&path, "new").step()));
        let after = fs::metadata(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            (after.uid(), after.gid(), mode(&path)),
            (before.uid(), before.gid(), 0o640)
        );
        assert_ne!(after.ino(), before.ino(), "it was written in place");

        let mut wish = Wish::new(&path, "newer");
        wish.attributes.mode = Some(0o4755);
        if is_root() {
            wish.attributes.owner = Some("daemon".into());
            wish.attributes.group = Some("2".into());
        }
        done(&host.carry_out_one(wish.step()));
        assert_eq!(mode(&path), 0o4755, "{}", host.name);
        if is_root() {
            let after = fs::metadata(&path).unwrap();
            assert_eq!((after.uid(), after.gid()), (1, 2), "{}", host.name);
        }
        let mut wish = Wish::new(&path, "never");
        wish.attributes.owner = Some("no_such_account".into());
        let outcome = host.carry_out_one(wish.step());
        assert_eq!(outcome.status, StepStatus::Failed);
        assert!(
            outcome.stderr.to_lossy().contains("no_such_account"),
            "{}",
            told(&outcome)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!(names_in(directory.path()), ["file"]);
    }
}

#[test]
fn a_link_stays_and_its_file_is_replaced() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("below\n");
        fs::create_dir(&below).unwrap();
        let file = below.join("file\n");
        let link = directory.path().join("link");
        symlink("below\n/file\n", &link).unwrap();
        // First the link leads nowhere, then to the file.
        for content in ["first", "second"] {
            done(&host.carry_out_one(Wish::new(&link, content).step()));
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), content, "{}", host.name);
        }
        symlink("circle", directory.path().join("circle")).unwrap();
        let outcome = host.carry_out_one(Wish::new(&directory.path().join("circle"), "x").step());
        assert!(
            outcome.stderr.to_lossy().contains("circle"),
            "{}",
            told(&outcome)
        );
        symlink("gone/file", directory.path().join("broken")).unwrap();
        let outcome = host.carry_out_one(Wish::new(&directory.path().join("broken"), "x").step());
        assert_eq!(outcome.status, StepStatus::Failed, "{}", told(&outcome));
    }
}

#[test]
fn the_new_content_has_to_be_accepted() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "old").unwrap();
        let with = |content: &str, validate: &[&str]| {
            let mut wish = Wish::new(&path, content);
            wish.attributes.mode = Some(0o600);
            wish.validate = Some(validate.iter().map(|word| (*word).to_owned()).collect());
            host.carry_out_one(wish.step())
        };
        done(&with("good 1", &["grep", "-q", "good", "%s"]));
        done(&with(
            "good 2",
            &[
                "sh",
                "-c",
                "grep -q good \"${1#--file=}\"",
                "sh",
                "--file=%s",
            ],
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "good 2");
        let outcome = with(
            "bad",
            &[
                "sh",
                "-c",
                "echo said; echo complained >&2; exit 9",
                "sh",
                "%s",
            ],
        );
        assert_eq!(
            (outcome.status, outcome.code),
            (StepStatus::Failed, 9),
            "{}",
            told(&outcome)
        );
        assert_eq!(outcome.stdout.to_lossy(), "said\n");
        let words = outcome.stderr.to_lossy().into_owned();
        assert!(
            words.starts_with("complained\n") && words.contains("unchanged"),
            "{words}"
        );
        let outcome = with("bad", &["true"]);
        assert!(
            outcome.stderr.to_lossy().contains("%s"),
            "{}",
            told(&outcome)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "good 2");
        assert_eq!(names_in(directory.path()), ["file"]);
    }
}

#[test]
fn the_old_file_can_be_kept() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let backup = directory.path().join("old file~");
        let write = |content: &str| {
            let mut wish = Wish::new(&path, content);
            wish.attributes.mode = Some(0o600);
            wish.backup = Some(backup.to_str().unwrap().into());
            done(&host.carry_out_one(wish.step()));
        };
        write("first");
        assert!(!backup.exists(), "there was nothing to keep");
        write("second");
        assert_eq!(fs::read_to_string(&backup).unwrap(), "first");
        assert_eq!(mode(&backup), 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
    }
}

#[test]
fn what_cannot_be_written_is_left_as_it_was() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        for (path, words) in [
            (folder.clone(), "is a directory"),
            (directory.path().join("gone/file"), "is not there"),
            (file.join("below"), "is not there"),
        ] {
            let outcome = host.carry_out_one(Wish::new(&path, "x").step());
            assert_eq!(outcome.status, StepStatus::Failed);
            assert!(
                outcome.stderr.to_lossy().contains(words),
                "{}",
                told(&outcome)
            );
        }
        assert_eq!(names_in(directory.path()), ["file", "folder"]);
        assert!(names_in(&folder).is_empty());
        let refused = host.carry_out_one(Wish::new(Path::new("relative"), "x").step());
        assert_eq!(refused.status, StepStatus::Failed);
        assert!(refused.stderr.to_lossy().contains("absolute"));
    }
}

/// Runs one step on a host where `prepare`, a line of shell, was run in a mount namespace of its own.
fn with_mount(host: &Host, prepare: &str, directory: &Path, step: &Step) -> (Outcome, String) {
    let script = compile_steps(std::slice::from_ref(step), &Options::default());
    let mut command = std::process::Command::new("unshare");
    let shell = format!("cd \"$0\" && {prepare} && \"$@\"; ls -A mount");
    command.args(["-m", "sh", "-c", &shell]).arg(directory);
    let output = feed(host.wrapped(command), script.text());
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let left = answer.rsplit('\n').nth(1).unwrap_or_default().to_owned();
    (
        parse_outcomes(&script, std::slice::from_ref(step), &output.stdout).remove(0),
        left,
    )
}

#[test]
fn a_full_or_read_only_disk_is_told() {
    assert!(is_root(), "mounts can only be made by root");
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("mount")).unwrap();
        let path = directory.path().join("mount/file");
        for content in [vec![b'x'; 200_000], vec![0_u8; 200_000]] {
            let step = Wish::new(&path, content).step();
            let full = "mount -t tmpfs -o size=64k none mount && echo old >mount/file";
            let (outcome, left) = with_mount(&host, full, directory.path(), &step);
            assert_eq!(outcome.status, StepStatus::Failed, "{}", told(&outcome));
            let words = outcome.stderr.to_lossy().into_owned();
            assert!(
                words.starts_with("disk full") && words.contains("No space left"),
                "{words}"
            );
            assert!(
                left.ends_with("file") && !left.contains("cachesmith"),
                "{left}"
            );
        }
        let step = Wish::new(&path, "x").step();
        let read_only = "mount -t tmpfs -o ro none mount";
        let (outcome, _) = with_mount(&host, read_only, directory.path(), &step);
        let words = outcome.stderr.to_lossy().into_owned();
        assert!(
            words.starts_with("read-only file system"),
            "{} {words}",
            host.name
        );
    }
}

#[test]
fn a_user_without_rights_is_told_why() {
    assert!(is_root(), "only root can become another user");
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().join("file");
        let nobody = host.as_nobody();
        let outcome = nobody.carry_out_one(Wish::new(&path, "x").step());
        assert_eq!(outcome.status, StepStatus::Failed);
        assert!(
            outcome.stderr.to_lossy().contains("Permission denied"),
            "{}",
            told(&outcome)
        );

        // In a directory of theirs, but over a file of root's: it would change hands.
        std::os::unix::fs::chown(directory.path(), Some(NOBODY), None).unwrap();
        fs::write(&path, "root's").unwrap();
        let outcome = nobody.carry_out_one(Wish::new(&path, "x").step());
        assert_eq!(outcome.status, StepStatus::Failed);
        assert!(
            outcome
                .stderr
                .to_lossy()
                .contains("Operation not permitted"),
            "{}",
            told(&outcome)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "root's");
        assert_eq!(names_in(directory.path()), ["file"]);
    }
}

/// A validation that is ended has no time to remove what it made: there it goes with the rest.
#[test]
fn the_directory_of_a_trial_goes_whatever_happens() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let told = directory.path().join("told");
        let text = format!(
            "mkdir \"$CACHESMITH_TRIAL\"; printf %b \"$CACHESMITH_TRIAL\" >'{}'; kill -KILL $$ # ",
            told.display()
        );
        let outcome = host.carry_out_one(Step::new(Action::WriteFile {
            path: directory.path().join("new").to_str().unwrap().to_owned(),
            content: Blob::from("content"),
            attributes: Attributes::default(),
            validate: Some(
                ["/bin/sh", "-c", &text, "sh", "%s"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            backup: None,
        }));
        assert_eq!(outcome.status, StepStatus::Failed, "{}", host.name);
        let trial = fs::read_to_string(&told).unwrap();
        assert!(
            trial.ends_with("/trial") && !Path::new(&trial).exists(),
            "{trial}"
        );
    });
}
