//! `unarchive` with the tar and unzip of this machine.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use cachesmith::model::blob::Blob;
use cachesmith::model::value::Value;
use cachesmith::module::LocalFile;
use cachesmith::module::parameters::LocalContent;

use crate::machine::{Task, said};

/// A tree with a program, a link and a directory, packed by `pack` into `archive`.
fn packed(place: &Path, archive: &str, pack: &str) -> LocalFile {
    let tree = place.join("tree");
    std::fs::create_dir_all(tree.join("lib/deep")).unwrap();
    std::fs::write(tree.join("lib/module one.so"), "binary").unwrap();
    std::fs::write(tree.join("lib/deep/notes.md"), "notes").unwrap();
    std::fs::write(tree.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(tree.join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let _ = symlink("run", tree.join("link"));
    let archive = place.join(archive);
    let script = format!("cd '{}' && {pack}", tree.display());
    let packed = Command::new("sh")
        .args(["-c", &script, "pack", archive.to_str().unwrap()])
        .status();
    assert!(packed.unwrap().success());
    LocalFile {
        name: archive.display().to_string(),
        content: LocalContent::File {
            bytes: Blob::from(std::fs::read(&archive).unwrap()),
            mode: 0o644,
        },
    }
}

fn task(dest: &Path, file: LocalFile, more: &[(&str, Value)]) -> Task {
    let mut values = vec![
        ("src", file.name.as_str().into()),
        ("dest", dest.to_str().unwrap().into()),
    ];
    values.extend(more.iter().cloned());
    Task::new("unarchive", &values).with_file("src", file)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_compressed_tar_is_unpacked_and_kept_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("dest dir");
    std::fs::create_dir_all(dest.join("lib")).unwrap();
    std::fs::set_permissions(dest.join("lib"), std::fs::Permissions::from_mode(0o700)).unwrap();
    let file = packed(place.path(), "x.tar.gz", "tar -czf \"$1\" .");
    let task = task(&dest, file, &[]);
    task.converge();
    assert_eq!(
        std::fs::read_to_string(dest.join("lib/module one.so")).unwrap(),
        "binary"
    );
    assert_eq!(dest.join("link").read_link().unwrap(), Path::new("run"));
    assert_eq!(mode(&dest.join("run")), 0o755);
    // A directory that was there stays as it was.
    assert_eq!(mode(&dest.join("lib")), 0o700);

    // What somebody changes is seen, and put right.
    std::fs::write(dest.join("run"), "something else\n").unwrap();
    std::fs::remove_file(dest.join("lib/deep/notes.md")).unwrap();
    std::fs::set_permissions(
        dest.join("lib/module one.so"),
        std::fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    std::fs::remove_file(dest.join("link")).unwrap();
    symlink("elsewhere", dest.join("link")).unwrap();
    let shown = format!("{:?}", task.decide().unwrap().changes[0].difference);
    for name in ["run", "lib/deep/notes.md", "lib/module one.so", "link"] {
        assert!(shown.contains(&format!("name: {name:?}")), "{shown}");
    }
    task.converge();
    assert_eq!(
        std::fs::read_to_string(dest.join("run")).unwrap(),
        "#!/bin/sh\n"
    );
    assert_eq!(dest.join("link").read_link().unwrap(), Path::new("run"));
}

#[test]
fn modes_options_and_choices_are_obeyed() {
    // The smallest tars of all leave nothing out.
    if said(&["sh", "-c", "tar --help 2>&1 | grep -e --exclude"]).is_empty() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("dest");
    std::fs::create_dir(&dest).unwrap();
    let file = packed(place.path(), "x.tar", "tar -cf \"$1\" .");
    let words = |words: &[&str]| Value::List(words.iter().map(|word| (*word).into()).collect());
    task(
        &dest,
        file,
        &[
            ("mode", "u=rwX,g=rX,o=".into()),
            ("exclude", words(&["*.md"])),
            ("include", words(&["./lib"])),
            ("extra_opts", words(&["--strip-components=1"])),
        ],
    )
    .converge();
    assert!(!dest.join("run").exists());
    let unpacked = dest.join("lib/module one.so");
    assert_eq!(mode(&unpacked), 0o640);
    assert_eq!(mode(&dest.join("lib/deep")), 0o750);
    assert!(!dest.join("lib/deep/notes.md").exists());
}

#[test]
fn what_is_no_archive_fails_in_a_dry_run_already() {
    let place = tempfile::tempdir().unwrap();
    let file = packed(place.path(), "x.tar", "echo nonsense >\"$1\"");
    let failed = task(place.path(), file, &[]).decide().unwrap_err();
    let shown = format!("{failed:?}");
    assert!(shown.contains("could not be unpacked"), "{shown}");
}

#[test]
fn a_zip_is_unpacked_where_there_is_a_program_for_it() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("dest");
    std::fs::create_dir(&dest).unwrap();
    let python = Command::new("python3").arg("--version").output().is_ok();
    let pack = if python {
        "python3 -m zipfile -c \"$1\" run lib"
    } else {
        "printf 'PK\\003\\004' >\"$1\""
    };
    let file = packed(place.path(), "x.zip", pack);
    let task = task(&dest, file, &[]);
    if !python || said(&["sh", "-c", "command -v unzip"]).is_empty() {
        let shown = format!("{:?}", task.decide().unwrap_err());
        assert!(shown.contains("could not be unpacked"), "{shown}");
    } else {
        task.converge();
        assert_eq!(
            std::fs::read_to_string(dest.join("lib/module one.so")).unwrap(),
            "binary"
        );
    }
}
