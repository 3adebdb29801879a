//! Decisions of a rollback, from recorded changes and what a host answers.

mod roles;

use super::decide::{Leave, Verdict, decide};
use super::made::{Answers, made};
use crate::journal::{Fate, Intention, Recorded, ServerBefore};
use crate::model::aspect::Aspect;
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Undo};
use crate::model::probe::{
    FileInfo, FileKind, FileState, Observation, Probe, RedisAddress, RedisState, RedisUserQuestion,
    RedisUserState,
};
use crate::model::step::{Action, Attributes, ConfigSetting, Guard, Step};

fn file(content: Option<&str>) -> Observation {
    Observation::File(match content {
        None => FileState::Absent {
            parent_exists: true,
        },
        Some(content) => FileState::Present(Box::new(FileInfo {
            kind: FileKind::File,
            mode: 0o644,
            owner: "root".to_owned(),
            group: "root".to_owned(),
            uid: 0,
            gid: 0,
            size: content.len() as u64,
            modified: 0,
            sha256: Some(Blob::from(content).sha256()),
            content: None,
        })),
    })
}

fn write(path: &str, content: &str, before: &str) -> Step {
    Step::new(Action::WriteFile {
        path: path.to_owned(),
        content: Blob::from(content),
        attributes: Attributes::default(),
        validate: None,
        backup: None,
    })
    .guarded(Guard::Sha256 {
        path: path.to_owned(),
        sha256: Blob::from(before).sha256(),
    })
}

/// A file that a run changed.
fn changed(path: &str, before: &str, after: &str) -> (Change, Vec<Aspect>) {
    let probe = Probe::File(path.to_owned());
    let aspect = Aspect::new(&probe, Some(&file(Some(before))), Some(&file(Some(after))));
    let change = Change {
        kind: ChangeKind::Update,
        resource: path.to_owned(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: vec![write(path, after, before)],
        undo: Undo::Steps(vec![write(path, before, after)]),
        effects: Vec::new(),
    };
    (change, aspect.into_iter().collect())
}

fn restart(server: Option<&str>) -> (Change, Vec<Aspect>) {
    let change = Change {
        kind: ChangeKind::Run,
        resource: "restart it".to_owned(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: Vec::new(),
        undo: Undo::Again {
            steps: vec![Step::new(Action::Remove {
                path: "/run/it".to_owned(),
            })],
            server: server.map(str::to_owned),
        },
        effects: Vec::new(),
    };
    (change, Vec::new())
}

fn recorded(number: usize, changes: Vec<(Change, Vec<Aspect>)>, fate: Fate) -> Recorded {
    let (changes, aspects): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
    Recorded {
        run: "r".to_owned(),
        number,
        fates: vec![fate; changes.len()],
        intention: Intention {
            host: "h".to_owned(),
            task: format!("task {number}"),
            changes,
            aspects,
            ..Intention::default()
        },
    }
}

fn answers(files: &[(&str, Option<&str>)]) -> Answers {
    let mut answers = Answers::default();
    for (path, content) in files {
        answers.take(Probe::File((*path).to_owned()), file(*content));
    }
    answers
}

/// What is done, in order.
fn resources(verdict: &Verdict<'_>) -> Vec<String> {
    let takes = verdict.takes.iter();
    takes.map(|take| take.change.resource.clone()).collect()
}

fn judge<'r>(recorded: &'r [Recorded], answers: &Answers, force: bool) -> Verdict<'r> {
    let leave = Leave {
        force,
        ..Leave::default()
    };
    let all: Vec<&Recorded> = recorded.iter().collect();
    decide(&made(&all), answers, &leave)
}

#[test]
fn the_last_change_is_taken_back_first_and_a_restart_comes_at_the_end() {
    let run = [
        recorded(
            0,
            vec![changed("/a", "0", "1"), changed("/b", "0", "1")],
            Fate::Done,
        ),
        recorded(1, vec![restart(None)], Fate::Done),
    ];
    let verdict = judge(
        &run,
        &answers(&[("/a", Some("1")), ("/b", Some("1"))]),
        false,
    );
    assert_eq!(resources(&verdict), ["/b", "/a", "restart it"]);
    // Half of it was taken back, or never made: nobody has to know which.
    let verdict = judge(
        &run,
        &answers(&[("/a", Some("1")), ("/b", Some("0"))]),
        false,
    );
    assert_eq!(resources(&verdict), ["/a", "restart it"]);
    let verdict = judge(
        &run,
        &answers(&[("/a", Some("0")), ("/b", Some("0"))]),
        false,
    );
    assert!(verdict.takes.is_empty(), "nothing is restarted for nothing");
}

#[test]
fn what_somebody_else_changed_is_refused_unless_it_is_forced() {
    let run = [recorded(0, vec![changed("/a", "0", "1")], Fate::Done)];
    let moved = answers(&[("/a", Some("theirs"))]);
    let verdict = judge(&run, &moved, false);
    assert!(verdict.takes.is_empty());
    assert_eq!(verdict.refused[0].resource, "/a");
    let verdict = judge(&run, &moved, true);
    let guard = verdict.takes[0].change.steps[0].guard.clone();
    let sha256 = Blob::from("theirs").sha256();
    let path = "/a".to_owned();
    assert_eq!(guard, Some(Guard::Sha256 { path, sha256 }), "as it is now");
}

#[test]
fn a_file_that_was_changed_twice_goes_back_to_its_beginning() {
    let run = [
        recorded(0, vec![changed("/a", "0", "1")], Fate::Done),
        recorded(1, vec![changed("/a", "1", "2")], Fate::Unknown),
    ];
    for (now, steps) in [("2", 2), ("1", 1), ("0", 0)] {
        let verdict = judge(&run, &answers(&[("/a", Some(now))]), false);
        assert_eq!(verdict.takes.len(), steps, "from {now}");
        assert!(verdict.refused.is_empty());
    }
    // Between the two a program changed it: that is the run's own doing.
    let run = [
        recorded(0, vec![changed("/a", "0", "1")], Fate::Done),
        recorded(1, vec![changed("/a", "x", "2")], Fate::Done),
    ];
    let verdict = judge(&run, &answers(&[("/a", Some("2"))]), false);
    let sha256 = Blob::from("x").sha256();
    let path = "/a".to_owned();
    assert_eq!(verdict.takes.len(), 2);
    assert_eq!(
        verdict.takes[1].change.steps[0].guard,
        Some(Guard::Sha256 { path, sha256 })
    );
}

#[test]
fn what_was_not_done_or_is_taken_back_already_is_left_alone() {
    for fate in [Fate::NotRun, Fate::Undone] {
        let run = [recorded(0, vec![changed("/a", "0", "1")], fate)];
        let verdict = judge(&run, &answers(&[("/a", Some("1"))]), false);
        assert!(verdict.takes.is_empty(), "{fate:?}");
    }
}

#[test]
fn what_nothing_tells_of_is_taken_back_only_where_it_is_known_to_be_done() {
    let opaque = || {
        let (mut change, _) = changed("/a", "0", "1");
        change.resource = "account".to_owned();
        (change, Vec::new())
    };
    let none = Answers::default();
    let done = [recorded(0, vec![opaque()], Fate::Done)];
    assert_eq!(judge(&done, &none, false).takes.len(), 1);
    let unknown = [recorded(0, vec![opaque()], Fate::Unknown)];
    let verdict = judge(&unknown, &none, false);
    assert!(verdict.takes.is_empty());
    assert_eq!(verdict.lost.len(), 1);
}

fn address() -> RedisAddress {
    RedisAddress {
        host: Some("127.0.0.1".to_owned()),
        port: 6379,
        ..RedisAddress::default()
    }
}

/// A run that set directives of a server that had `before`.
fn server_run(before: &str, set: &[(&str, &str)]) -> Recorded {
    let settings = set.iter().map(|(name, value)| ConfigSetting {
        name: (*name).to_owned(),
        value: Blob::from(*value),
        before: Blob::default(),
        secret: false,
    });
    let step = Step::new(Action::ConfigSet {
        address: address(),
        settings: settings.collect(),
        at_once: true,
    });
    let change = Change {
        kind: ChangeKind::Update,
        resource: "server".to_owned(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: vec![step.clone()],
        undo: Undo::Steps(vec![step]),
        effects: Vec::new(),
    };
    let mut run = recorded(
        0,
        vec![(change, Vec::new()), restart(Some("127.0.0.1:6379"))],
        Fate::Done,
    );
    run.intention.servers = vec![ServerBefore {
        address: address(),
        run_id: "first".to_owned(),
        config: before.to_owned(),
    }];
    run
}

fn server(run_id: &str, config: &str, used: u64) -> Answers {
    let mut answers = Answers::default();
    answers.take(
        Probe::Redis(address()),
        Observation::Redis(RedisState {
            alive: true,
            info: format!(
                "redis_version:7.0.15\nrun_id:{run_id}\nrole:master\nused_memory:{used}\ndb0:keys=10,expires=0,avg_ttl=0\n"
            ),
            config: config.to_owned(),
            ..RedisState::default()
        }),
    );
    answers
}

#[test]
fn a_server_gets_back_what_it_had_and_is_restarted_only_for_what_that_takes() {
    let before = "timeout\n0\nio-threads\n1\nmaxmemory\n0\n";
    let run = [server_run(before, &[("timeout", "60")])];
    let now = server("first", "timeout\n60\nio-threads\n1\nmaxmemory\n0\n", 1000);
    assert_eq!(
        resources(&judge(&run, &now, false)),
        ["server at 127.0.0.1:6379"]
    );
    let undone = server("first", before, 1000);
    assert!(judge(&run, &undone, false).takes.is_empty());
    let moved = server("first", "timeout\n99\nio-threads\n1\nmaxmemory\n0\n", 1000);
    let verdict = judge(&run, &moved, false);
    assert!(
        verdict.refused[0]
            .resource
            .starts_with("timeout of the server")
    );

    let run = [server_run(before, &[("io-threads", "4")])];
    let restarted = server("second", "timeout\n0\nio-threads\n4\nmaxmemory\n0\n", 1000);
    let verdict = judge(&run, &restarted, false);
    assert_eq!(resources(&verdict), ["restart it"]);
    let notes = &verdict.takes[0].change.notes;
    assert!(notes[0].contains("io-threads"), "{notes:?}");
    assert!(notes[1].contains("all 10 keys are lost"), "{notes:?}");
}

#[test]
fn a_limit_that_goes_back_below_what_is_used_goes_slowly_or_not_at_all() {
    let gib = 1_u64 << 30;
    let config =
        |limit: u64, policy: &str| format!("maxmemory\n{limit}\nmaxmemory-policy\n{policy}\n");
    let two_gib = (2 * gib).to_string();
    for (policy, refused) in [("allkeys-lru", false), ("noeviction", true)] {
        let run = [server_run(&config(gib, policy), &[("maxmemory", &two_gib)])];
        let now = server("first", &config(2 * gib, policy), gib + gib / 2);
        let verdict = judge(&run, &now, false);
        assert_eq!(verdict.refused.is_empty(), !refused, "{policy}");
        let is_slow = verdict
            .takes
            .iter()
            .any(|take| matches!(take.change.steps[0].action, Action::LowerMaxmemory { .. }));
        assert_eq!(is_slow, !refused, "{policy}");
    }
}

fn rules(words: &str) -> Option<Vec<String>> {
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// A run that changed an account of a server, each rule empty where there is no account.
fn account_run(number: usize, before: &str, given: &str, said: &str) -> Recorded {
    let step = |given: &str, expected: &str| {
        let name = "app".to_owned();
        Step::new(Action::RedisUser {
            address: address(),
            name: name.clone(),
            rules: rules(given),
        })
        .guarded(Guard::RedisUser {
            address: address(),
            name,
            rules: rules(expected),
        })
    };
    let change = Change {
        kind: ChangeKind::Update,
        resource: "account app".to_owned(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: vec![step(given, before)],
        undo: Undo::Steps(vec![step(before, said)]),
        effects: Vec::new(),
    };
    recorded(number, vec![(change, Vec::new())], Fate::Done)
}

fn account(words: &str) -> Answers {
    let mut answers = Answers::default();
    answers.take(
        Probe::RedisUser(Box::new(RedisUserQuestion {
            address: address(),
            name: "app".to_owned(),
            rules: Vec::new(),
        })),
        Observation::RedisUser(RedisUserState {
            rules: rules(words),
            ..RedisUserState::default()
        }),
    );
    answers
}

/// What each step sets the account to, and what it expects before: the server's own words of the moment.
fn accounts(verdict: &Verdict<'_>) -> Vec<(String, Option<String>)> {
    let text = |words: &Option<Vec<String>>| words.clone().unwrap_or_default().join(" ");
    let steps = verdict.takes.iter().flat_map(|take| &take.change.steps);
    steps
        .map(|step| {
            let Action::RedisUser { rules, .. } = &step.action else {
                panic!("{step:?}");
            };
            let guard = match &step.guard {
                Some(Guard::RedisUser { rules, .. }) => Some(text(rules)),
                _ => None,
            };
            (text(rules), guard)
        })
        .collect()
}

#[test]
fn an_account_that_somebody_else_has_changed_since_is_refused() {
    let (before, said) = ("on nopass -@all +get", "on nopass -@all +@read");
    let run = [account_run(0, before, "nopass on +@read", said)];
    // The server says the same in an order of its own: what it says now is what the step expects.
    let now = "on sanitize-payload nopass resetchannels -@all +@read";
    let verdict = judge(&run, &account(now), false);
    assert_eq!(
        accounts(&verdict),
        [(before.to_owned(), Some(now.to_owned()))]
    );
    let undone = judge(&run, &account(before), false);
    assert!(undone.takes.is_empty() && undone.refused.is_empty());
    for theirs in ["on nopass -@all +@read +flushall", ""] {
        let verdict = judge(&run, &account(theirs), false);
        assert!(verdict.takes.is_empty(), "{theirs}");
        assert_eq!(verdict.refused[0].resource, "account app", "{theirs}");
        let forced = judge(&run, &account(theirs), true);
        let expected = Some(theirs.to_owned());
        assert_eq!(accounts(&forced), [(before.to_owned(), expected)]);
    }
    // One that the run made, and that is gone already, is as it was.
    let made = [account_run(0, "", "on nopass +get", "on nopass -@all +get")];
    assert!(judge(&made, &account(""), false).takes.is_empty());
    assert_eq!(judge(&made, &account(said), false).refused.len(), 1);
}

#[test]
fn an_account_that_was_changed_twice_goes_back_to_its_beginning() {
    let run = [
        account_run(0, "on -@all +get", "on +set", "on -@all +set"),
        account_run(1, "on -@all +set", "on +del", "on -@all +del"),
    ];
    let last = ("on -@all +set".to_owned(), Some("on -@all +del".to_owned()));
    let first = ("on -@all +get".to_owned(), None);
    let whole = judge(&run, &account("on -@all +del"), false);
    assert_eq!(accounts(&whole), [last, first]);
    let half = judge(&run, &account("on -@all +set"), false);
    assert_eq!(accounts(&half).len(), 1);
    assert!(
        judge(&run, &account("on -@all +get"), false)
            .takes
            .is_empty()
    );
    assert_eq!(judge(&run, &account("on -@all"), false).refused.len(), 2);
}

#[test]
fn an_account_of_a_server_that_cannot_be_asked_is_told_as_lost() {
    let run = [account_run(0, "", "on +get", "on -@all +get")];
    let verdict = judge(&run, &Answers::default(), false);
    assert!(verdict.takes.is_empty() && verdict.refused.is_empty());
    assert_eq!(verdict.lost.len(), 1);
}
