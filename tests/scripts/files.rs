//! What stands at paths.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{CONTENT_LIMIT, FileInfo, FileKind, FileState, Observation, Probe};

use crate::host::{executable, hosts, in_parallel};
use crate::names::NAMES;

fn present(observation: &Observation) -> &FileInfo {
    match observation {
        Observation::File(FileState::Present(info)) => info,
        other => panic!("{other:?}"),
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A file for each name, its content telling the name.
fn files_with_names(directory: &Path) -> Vec<(String, String)> {
    NAMES
        .iter()
        .map(|name| {
            let path = directory.join(name);
            let content = format!("content of {name}\0without a newline");
            fs::write(&path, &content).unwrap();
            (text(&path), content)
        })
        .collect()
}

#[test]
fn any_name_is_observed() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let files = files_with_names(directory.path());
        let mut probes: Vec<Probe> = Vec::new();
        for (path, _) in &files {
            probes.push(Probe::Content(path.clone()));
            probes.push(Probe::File(path.clone()));
        }
        let answers = host.observe(&probes);
        for ((path, content), pair) in files.iter().zip(answers.chunks(2)) {
            let blob = Blob::from(content.as_str());
            let info = present(&pair[0]);
            assert_eq!(info.content.as_ref(), Some(&blob), "{} {path:?}", host.name);
            assert_eq!(info.size, blob.len() as u64);
            assert_eq!(present(&pair[1]).sha256, Some(blob.sha256()));
        }
        // Hashes of the host's own, where no content is asked for.
        let probes: Vec<Probe> = files
            .iter()
            .map(|(path, _)| Probe::File(path.clone()))
            .collect();
        for ((path, content), answer) in files.iter().zip(host.observe(&probes)) {
            let expected = Some(Blob::from(content.as_str()).sha256());
            assert_eq!(present(&answer).sha256, expected, "{} {path:?}", host.name);
        }
        assert!(!directory.path().join("pwned").exists());
        assert!(!Path::new("pwned").exists());
    }
}

#[test]
fn trees_and_patterns_hold_any_name() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("be low'");
        fs::create_dir(&below).unwrap();
        let files = files_with_names(&below);
        fs::write(
            below.join(std::ffi::OsStr::from_bytes(b"not \xff text")),
            "x",
        )
        .unwrap();
        symlink("plain", below.join("link to\nplain")).unwrap();
        let answers = host.observe(&[
            Probe::Tree(text(directory.path())),
            Probe::Glob(format!("{}/*", text(&below))),
        ]);
        let Observation::Tree(entries) = &answers[0] else {
            panic!("{}: {:?}", host.name, answers[0]);
        };
        assert_eq!(entries.len(), files.len() + 3, "{}", host.name);
        let find = |name: &str| &entries.iter().find(|(path, _)| path == name).unwrap().1;
        assert_eq!(find("be low'").kind, FileKind::Directory);
        for (name, (_, content)) in NAMES.iter().zip(&files) {
            let info = find(&format!("be low'/{name}"));
            assert_eq!(
                info.sha256,
                Some(Blob::from(content.as_str()).sha256()),
                "{name:?}"
            );
        }
        assert_eq!(
            find("be low'/link to\nplain").kind,
            FileKind::Link {
                target: "plain".into(),
                resolved: Some(text(&below.join("plain"))),
            }
        );
        let mut sorted = entries.clone();
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(*entries, sorted);

        let Observation::Files(found) = &answers[1] else {
            panic!("{}: {:?}", host.name, answers[1]);
        };
        // The link leads to a file, so it counts as one; the name that is not text comes with a sign for it.
        assert_eq!(found.len(), files.len() + 2);
        for (path, content) in &files {
            let (_, blob) = found.iter().find(|(name, _)| name == path).unwrap();
            assert_eq!(
                *blob,
                Blob::from(content.as_str()),
                "{} {path:?}",
                host.name
            );
        }
    }
}

#[test]
fn patterns_match_their_last_part_alone() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let stars = directory.path().join("*");
        fs::create_dir(&stars).unwrap();
        fs::create_dir(stars.join("c.conf")).unwrap();
        for name in ["a.conf", "b c.conf", "d.other", ".hidden.conf"] {
            fs::write(stars.join(name), name).unwrap();
        }
        let glob =
            |pattern: &str| host.observe_one(Probe::Glob(format!("{}/{pattern}", text(&stars))));
        assert_eq!(
            glob("*.conf"),
            Observation::Files(vec![
                (text(&stars.join("a.conf")), Blob::from("a.conf")),
                (text(&stars.join("b c.conf")), Blob::from("b c.conf")),
            ])
        );
        assert_eq!(glob("nothing*"), Observation::Files(Vec::new()));
        assert_eq!(glob("$(touch pwned)*"), Observation::Files(Vec::new()));
    }
}

#[test]
fn links_are_seen_as_links() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| text(&directory.path().join(name));
        fs::write(at("file"), "words").unwrap();
        fs::create_dir(at("folder")).unwrap();
        symlink("file", at("to file")).unwrap();
        symlink(at("to file"), at("to link")).unwrap();
        symlink("folder", at("to folder")).unwrap();
        symlink("gone", at("to nothing")).unwrap();
        symlink("circle", at("circle")).unwrap();
        let kinds = [
            ("to file", "file".to_owned(), Some(at("file"))),
            ("to link", at("to file"), Some(at("file"))),
            ("to folder", "folder".to_owned(), Some(at("folder"))),
            ("to nothing", "gone".to_owned(), None),
            ("circle", "circle".to_owned(), None),
        ];
        let probes: Vec<Probe> = kinds
            .iter()
            .map(|(name, ..)| Probe::Content(at(name)))
            .collect();
        for ((name, target, resolved), answer) in kinds.into_iter().zip(host.observe(&probes)) {
            let info = present(&answer);
            let leads_to_file = resolved.as_deref() == Some(&at("file"));
            assert_eq!(
                info.kind,
                FileKind::Link { target, resolved },
                "{} {name}",
                host.name
            );
            assert_eq!(
                info.content.is_some(),
                leads_to_file,
                "{} {name}",
                host.name
            );
        }
        // A link to a directory counts as the directory that holds a path.
        assert_eq!(
            host.observe_one(Probe::File(at("to folder/absent"))),
            Observation::File(FileState::Absent {
                parent_exists: true
            })
        );
    }
}

#[test]
fn what_is_absent_tells_of_its_directory() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| text(&directory.path().join(name));
        fs::write(at("file"), "").unwrap();
        let absent = |parent_exists| Observation::File(FileState::Absent { parent_exists });
        let probes =
            ["gone", "gone/too", "file/below", "new\nline"].map(|name| Probe::File(at(name)));
        let expected = [absent(true), absent(false), absent(false), absent(true)];
        assert_eq!(host.observe(&probes), expected, "{}", host.name);
        assert_eq!(
            host.observe_one(Probe::Tree(at("gone"))),
            Observation::Tree(Vec::new()),
            "{}",
            host.name
        );
    }
}

#[test]
fn attributes_are_exact() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o6751)).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_234_567_890);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
        let answers = host.observe(&[
            Probe::File(text(&path)),
            Probe::File("/dev/null".into()),
            Probe::File("/".into()),
            Probe::Content(text(directory.path())),
        ]);
        let info = present(&answers[0]);
        assert_eq!(
            (info.mode, info.modified, info.size),
            (0o6751, 1_234_567_890, 0)
        );
        assert_eq!(info.sha256, Some(Blob::default().sha256()));
        assert_eq!(present(&answers[1]).kind, FileKind::Other);
        assert_eq!(present(&answers[2]).owner, "root");
        assert_eq!(present(&answers[3]).kind, FileKind::Directory);
    }
}

#[test]
fn large_files_are_observed_by_their_hash() {
    let limit = usize::try_from(CONTENT_LIMIT).unwrap();
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| text(&directory.path().join(name));
        for (name, size) in [("fits", limit), ("too large", limit + 1), ("small", 10)] {
            fs::write(at(name), vec![b'x'; size]).unwrap();
        }
        let probes = ["fits", "too large", "small"].map(|name| Probe::Content(at(name)));
        let answers = host.observe(&probes);
        for (answer, size) in answers.iter().zip([limit, limit + 1, 10]) {
            let info = present(answer);
            assert_eq!(
                info.content.is_some(),
                size <= limit,
                "{} {size}",
                host.name
            );
            assert_eq!(info.sha256, Some(Blob::from(vec![b'x'; size]).sha256()));
            assert_eq!(info.size, size as u64);
        }
    }
}

#[test]
fn what_may_not_be_read_says_so() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| text(&directory.path().join(name));
        fs::write(at("secret"), "x").unwrap();
        fs::write(at("open"), "y").unwrap();
        fs::set_permissions(at("secret"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::create_dir(at("closed")).unwrap();
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        let answers = host.as_nobody().observe(&[
            Probe::Content(at("secret")),
            Probe::File(at("secret")),
            Probe::Content(at("open")),
            Probe::File(at("closed/inside")),
            Probe::Tree(at("closed")),
        ]);
        let failed = |answer: &Observation| match answer {
            Observation::Failed(reason) => reason.clone(),
            other => panic!("{}: {other:?}", host.name),
        };
        assert_eq!(
            failed(&answers[0]),
            format!("{} cannot be read: Permission denied", at("secret"))
        );
        assert_eq!(present(&answers[1]).sha256, None);
        assert!(present(&answers[2]).content.is_some());
        assert_eq!(
            failed(&answers[3]),
            format!("{}: Permission denied", at("closed/inside"))
        );
        assert!(failed(&answers[4]).contains("Permission denied"));
    }
}

#[test]
fn a_dead_mount_fails_alone() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| text(&directory.path().join(name));
        let programs = directory.path().join("programs");
        fs::create_dir(&programs).unwrap();
        let stat = crate::host::which("stat");
        executable(
            &programs.join("stat"),
            &format!(
                "for word do case $word in *dead*) exec sleep 300;; esac; done\nexec {} \"$@\"\n",
                stat.display()
            ),
        );
        fs::write(at("alive"), "words").unwrap();
        fs::write(at("dead"), "").unwrap();
        let answers = host.with_programs(&programs).observe(&[
            Probe::Content(at("dead")),
            Probe::Content(at("alive")),
            Probe::File(at("absent")),
        ]);
        let Observation::Failed(reason) = &answers[0] else {
            panic!("{}: {:?}", host.name, answers[0]);
        };
        assert!(reason.contains("did not answer in time"), "{reason}");
        assert_eq!(present(&answers[1]).content, Some(Blob::from("words")));
        let absent = FileState::Absent {
            parent_exists: true,
        };
        assert_eq!(answers[2], Observation::File(absent), "{}", host.name);
    });
}

#[test]
fn equal_probes_are_answered_alike() {
    for host in hosts() {
        let probe = Probe::Content("/etc/passwd".into());
        let answers = host.observe(&[probe.clone(), Probe::BootId, probe.clone(), probe]);
        assert_eq!(answers[0], answers[2]);
        assert_eq!(answers[0], answers[3]);
        assert!(present(&answers[0]).content.is_some());
    }
}

/// More paths than one program takes as arguments.
#[test]
fn thousands_of_paths_are_observed() {
    let directory = tempfile::tempdir().unwrap();
    let path = |number: usize| text(&directory.path().join(format!("{number:0>150}")));
    for number in (0..9000).step_by(3) {
        fs::write(path(number), number.to_string()).unwrap();
    }
    let probes: Vec<Probe> = (0..9000)
        .map(|number| Probe::Content(path(number)))
        .collect();
    let answers = hosts()[0].observe(&probes);
    for (number, answer) in answers.iter().enumerate() {
        if number % 3 == 0 {
            let content = Blob::from(number.to_string());
            assert_eq!(present(answer).content, Some(content));
        } else {
            let absent = FileState::Absent {
                parent_exists: true,
            };
            assert_eq!(*answer, Observation::File(absent), "{number}");
        }
    }
}
