//! `copy` of files of the host that are too large to be read.

use std::os::unix::fs::PermissionsExt;

use crate::machine::Task;

#[test]
fn a_large_file_is_copied_with_its_mode_and_judged() {
    let place = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "a target"].map(|name| place.path().join(name));
    std::fs::write(&from, vec![b'x'; 2_000_000]).unwrap();
    std::fs::write(&to, "old").unwrap();
    let task = |validate: &str| {
        Task::new(
            "copy",
            &[
                ("src", from.to_str().unwrap().into()),
                ("dest", to.to_str().unwrap().into()),
                ("remote_src", true.into()),
                ("backup", true.into()),
                ("mode", "u=rw,g=r,o=".into()),
                ("validate", validate.into()),
            ],
        )
    };
    let refused = task("sh -c 'echo it is bad >&2; exit 3' %s").apply();
    assert_eq!(refused.code, 3);
    assert_eq!(refused.stderr.to_lossy(), "it is bad\n");
    assert_eq!(std::fs::read(&to).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2);

    task("test -s %s").converge();
    assert_eq!(std::fs::metadata(&to).unwrap().len(), 2_000_000);
    assert_eq!(
        std::fs::metadata(&to).unwrap().permissions().mode() & 0o7777,
        0o640
    );
    // The old file is kept beside it.
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 3);
}
