//! What changes of paths mean for other paths.

use super::*;
use crate::model::blob::Blob;
use crate::model::change::{ChangeKind, Difference, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, UnitState};

fn change(effects: Vec<Effect>) -> Change {
    Change {
        kind: ChangeKind::Update,
        resource: String::new(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: Vec::new(),
        undo: Undo::Steps(Vec::new()),
        effects,
    }
}

fn present(kind: FileKind, content: Option<&str>) -> FileState {
    let content = content.map(Blob::from);
    FileState::Present(Box::new(FileInfo {
        kind,
        mode: 0o644,
        owner: "root".to_owned(),
        group: "root".to_owned(),
        uid: 0,
        gid: 0,
        size: 0,
        modified: 0,
        sha256: content.as_ref().map(Blob::sha256),
        content,
    }))
}

const ABSENT: FileState = FileState::Absent {
    parent_exists: true,
};

fn content(path: &str) -> Probe {
    Probe::Content(path.to_owned())
}

fn known<'a>(world: &'a World, probe: &Probe) -> &'a Observation {
    match world.answer(probe) {
        Answer::Known(observation) => observation,
        other => panic!("{probe:?}: {other:?}"),
    }
}

#[test]
fn a_directory_that_is_made_holds_what_comes_later() {
    let mut world = World::default();
    let child = content("/srv/a/x");
    world.observe(child.clone(), folders::ABSENT_WITH_DIRECTORY.clone());
    world.observe(Probe::File("/srv/a".into()), Observation::File(ABSENT));
    let made = change(file_becomes("/srv/a", present(FileKind::Directory, None)));
    world.predict(&made);
    assert_eq!(known(&world, &child), &folders::ABSENT_IN_DIRECTORY);
    assert_eq!(
        known(&world, &content("/srv/a/b/y")),
        &folders::ABSENT_WITH_DIRECTORY
    );
    assert_eq!(
        known(&world, &Probe::Tree("/srv/a".into())),
        &Observation::Tree(Vec::new())
    );
    world.forget_predictions();
    world.confirm(&made);
    assert_eq!(known(&world, &child), &folders::ABSENT_IN_DIRECTORY);
}

#[test]
fn what_is_below_a_removed_directory_is_gone() {
    let mut world = World::default();
    let file = content("/srv/a/x");
    world.observe(
        file.clone(),
        Observation::File(present(FileKind::File, Some("x"))),
    );
    world.observe(
        Probe::File("/srv/a".into()),
        Observation::File(present(FileKind::Directory, None)),
    );
    let removed = change(file_becomes("/srv/a", ABSENT));
    world.predict(&removed);
    assert_eq!(known(&world, &file), &folders::ABSENT_WITH_DIRECTORY);
    // Made again, it is empty.
    world.predict(&change(file_becomes(
        "/srv/a",
        present(FileKind::Directory, None),
    )));
    assert_eq!(known(&world, &file), &folders::ABSENT_IN_DIRECTORY);
    world.forget_predictions();
    world.confirm(&removed);
    assert!(matches!(world.answer(&file), Answer::Missing));
}

#[test]
fn listings_follow_the_files_they_list() {
    let glob = Probe::Glob("/etc/d/*.conf".into());
    let tree = Probe::Tree("/etc".into());
    let written = change(file_becomes(
        "/etc/d/b.conf",
        present(FileKind::File, Some("b")),
    ));
    let expected = Observation::Files(vec![
        ("/etc/d/a.conf".into(), Blob::from("a")),
        ("/etc/d/b.conf".into(), Blob::from("b")),
    ]);
    let listed = Observation::Files(vec![("/etc/d/a.conf".into(), Blob::from("a"))]);

    let mut world = World::default();
    world.observe(glob.clone(), listed.clone());
    world.observe(tree.clone(), Observation::Tree(Vec::new()));
    world.predict(&written);
    assert_eq!(known(&world, &glob), &expected);
    assert!(
        matches!(known(&world, &tree), Observation::Tree(entries) if entries[0].0 == "d/b.conf")
    );

    // Observed after the prediction, and after the change.
    let mut world = World::default();
    world.predict(&written);
    world.observe(glob.clone(), listed.clone());
    assert_eq!(known(&world, &glob), &expected);
    let mut world = World::default();
    world.observe(glob.clone(), listed);
    world.confirm(&written);
    assert_eq!(known(&world, &glob), &expected);

    // A content that is not known makes the listing of contents unknown, not that of names.
    world.observe(tree.clone(), Observation::Tree(Vec::new()));
    world.predict(&change(file_becomes(
        "/etc/d/c.conf",
        present(FileKind::File, None),
    )));
    assert!(matches!(world.answer(&glob), Answer::Unknown(_)));
    assert!(matches!(known(&world, &tree), Observation::Tree(entries) if entries.len() == 1));
}

#[test]
fn an_answer_knows_where_it_comes_from() {
    let mut world = World::default();
    let probe = content("/etc/x");
    assert_eq!(world.origin(&probe), None);
    world.observe(probe.clone(), Observation::File(ABSENT));
    assert_eq!(world.origin(&probe), Some(Origin::Host));
    let written = change(file_becomes("/etc/x", present(FileKind::File, Some("b"))));
    world.predict(&written);
    assert_eq!(world.origin(&probe), Some(Origin::Predicted));
    world.forget_predictions();
    world.confirm(&written);
    assert_eq!(world.origin(&probe), Some(Origin::Confirmed));
    world.observe(probe.clone(), Observation::File(ABSENT));
    assert_eq!(world.origin(&probe), Some(Origin::Host));
}

#[test]
fn what_servers_answer_is_asked_again_once_a_service_has_started() {
    let mut world = World::default();
    let port = Probe::Port {
        host: "127.0.0.1".into(),
        port: 6379,
    };
    world.observe(port.clone(), Observation::Port(false));
    let started = change(vec![Effect::ServersChange {
        reason: "redis-server has started".into(),
    }]);
    world.predict(&started);
    assert!(matches!(world.answer(&port), Answer::Unknown(_)));
    world.confirm(&started);
    world.forget_predictions();
    assert!(matches!(world.answer(&port), Answer::Missing));
}

#[test]
fn what_can_be_installed_is_asked_again_once_the_index_is_another() {
    let mut world = World::default();
    let package = Probe::Package("redis-server".into());
    world.observe(
        package.clone(),
        Observation::Package(crate::model::probe::PackageState::default()),
    );
    let updated = change(vec![Effect::IndexChanges {
        reason: "the index is brought up to date".into(),
    }]);
    world.predict(&updated);
    assert!(matches!(
        world.answer(&Probe::PackageIndex),
        Answer::Unknown(_)
    ));
    assert!(matches!(world.answer(&package), Answer::Known(_)));
    world.confirm(&updated);
    assert!(matches!(world.answer(&package), Answer::Missing));
}

#[test]
fn a_restart_leaves_what_lives_on_a_disk() {
    let mut world = World::default();
    let (file, unit) = (content("/etc/x"), Probe::Unit("redis.service".into()));
    world.observe(file.clone(), Observation::File(ABSENT));
    world.observe(
        unit.clone(),
        Observation::Unit(crate::model::probe::UnitState::default()),
    );
    let restarted = change(vec![Effect::MachineRestarts {
        reason: "the machine has restarted".into(),
    }]);
    world.predict(&restarted);
    assert!(matches!(world.answer(&file), Answer::Known(_)));
    assert!(matches!(world.answer(&unit), Answer::Unknown(_)));
    assert!(world.confirm(&restarted), "facts are asked again");
    assert!(matches!(world.answer(&file), Answer::Missing));
    assert!(matches!(world.answer(&unit), Answer::Missing));
}

#[test]
fn a_mode_is_laid_over_what_is_known_before_and_after() {
    let owner = Ownership {
        mode: Some(0o600),
        owner: Some(("redis".to_owned(), 110)),
        group: None,
    };
    let owned = change(vec![Effect::Attributes {
        path: "/etc/d/x".to_owned(),
        after: owner,
    }]);
    let probe = content("/etc/d/x");
    let file = Observation::File(present(FileKind::File, Some("x")));
    let tree = Probe::Tree("/etc".into());
    let listed = match &file {
        Observation::File(FileState::Present(info)) => {
            Observation::Tree(vec![("d/x".into(), (**info).clone())])
        }
        _ => unreachable!(),
    };
    let is_owned = |observation: &Observation| match observation {
        Observation::File(FileState::Present(info)) => (info.mode, info.uid) == (0o600, 110),
        Observation::Tree(entries) => entries[0].1.mode == 0o600,
        _ => false,
    };
    for late in [false, true] {
        let mut world = World::default();
        if late {
            world.predict(&owned);
        }
        world.observe(probe.clone(), file.clone());
        world.observe(tree.clone(), listed.clone());
        if !late {
            world.predict(&owned);
        }
        assert!(is_owned(known(&world, &probe)), "late: {late}");
        assert!(is_owned(known(&world, &tree)), "late: {late}");
        world.forget_predictions();
        assert!(!is_owned(known(&world, &probe)));
        world.confirm(&owned);
        assert!(is_owned(known(&world, &probe)));
        assert!(is_owned(known(&world, &tree)));
    }
}

#[test]
fn a_unit_that_is_not_there_may_come_with_its_file() {
    let unit = |name: &str| Probe::Unit(name.to_owned());
    let not_found = Observation::Unit(UnitState {
        load: "not-found".to_owned(),
        ..UnitState::default()
    });
    let mut world = World::default();
    for name in ["cache.service", "cache@one.service", "other.service"] {
        world.observe(unit(name), not_found.clone());
    }
    let written = |name: &str| {
        let path = format!("/etc/systemd/system/{name}");
        change(file_becomes(&path, present(FileKind::File, Some("x"))))
    };
    let changes = [
        written("cache.service"),
        written("cache@.service"),
        written("other.service.d/limits.conf"),
    ];
    for change in &changes {
        world.predict(change);
    }
    for name in ["cache.service", "cache@one.service"] {
        assert!(matches!(world.answer(&unit(name)), Answer::Unknown(_)));
    }
    assert!(matches!(
        world.answer(&unit("other.service")),
        Answer::Known(_)
    ));
    world.forget_predictions();
    for change in &changes {
        world.confirm(change);
    }
    for name in ["cache.service", "cache@one.service"] {
        assert!(matches!(world.answer(&unit(name)), Answer::Missing));
    }
}
