//! `user` for an account whose home directory is missing.

use std::os::unix::fs::PermissionsExt;

use cachesmith::model::probe::{Observation, Probe, UserState};

use crate::machine::{Task, said};

#[test]
fn a_missing_home_is_a_copy_of_the_skeleton() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("homes/of us");
    let skeleton = place.path().join("skeleton");
    std::fs::create_dir(&skeleton).unwrap();
    std::fs::write(skeleton.join(".profile"), "umask 027\n").unwrap();
    let name = said(&["id", "-un"]);
    let mut task = Task::new(
        "user",
        &[
            ("name", name.as_str().into()),
            ("skeleton", skeleton.to_str().unwrap().into()),
        ],
    );
    let user = UserState {
        name: name.clone(),
        home: home.to_str().unwrap().to_owned(),
        ..UserState::default()
    };
    task.given = vec![
        (Probe::User(name.clone()), Observation::User(Some(user))),
        (Probe::Group(name), Observation::Group(None)),
    ];
    task.converge();
    assert_eq!(
        std::fs::read_to_string(home.join(".profile")).unwrap(),
        "umask 027\n"
    );
    let mode = std::fs::metadata(&home).unwrap().permissions().mode() & 0o777;
    assert!(mode == 0o755 || mode == 0o700 || mode == 0o750, "{mode:o}");
}
