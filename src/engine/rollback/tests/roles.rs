//! Roles that have changed since the run: by a failover, or because replicas have come.

use super::*;
use crate::model::facts::{Facts, RedisInstance};

const FILE: &str = "/etc/redis/redis.conf";

/// What a server says of itself now: `None`: it is a primary.
fn now(follows: Option<&str>, more: &str) -> Answers {
    let role = match follows {
        None => "role:master\n".to_owned(),
        Some(primary) => format!("role:slave\nmaster_host:{primary}\nmaster_port:6379\n"),
    };
    let (info, config) = more.split_once('|').unwrap_or((more, ""));
    let instance = RedisInstance {
        unit: "redis-server.service".to_owned(),
        pid: 1,
        port: 6379,
        config_file: FILE.to_owned(),
        info: format!("redis_version:7.0.15\n{role}{info}"),
        config: config.to_owned(),
        ..RedisInstance::default()
    };
    let mut answers = Answers::default();
    let facts = Facts {
        redis_instances: vec![instance],
        ..Facts::default()
    };
    answers.take(Probe::Facts, Observation::Facts(Box::new(facts)));
    answers
}

/// A run that wrote the file of a server which followed `before`, if that is known.
fn wrote(old: &str, new: &str, before: Option<&str>) -> Recorded {
    let mut run = recorded(0, vec![changed(FILE, old, new)], Fate::Done);
    if let Some(followed) = before {
        run.intention.servers = vec![ServerBefore {
            address: address(),
            run_id: "first".to_owned(),
            config: format!("replicaof\n{followed}\n"),
        }];
    }
    run
}

fn reason(run: &Recorded, mut answers: Answers, file: &str, force: bool) -> Option<String> {
    answers.take(Probe::File(FILE.to_owned()), super::file(Some(file)));
    let run = std::slice::from_ref(run);
    let verdict = judge(run, &answers, force);
    let refused = verdict.refused.first();
    refused.map(|word| format!("{}: {}", word.resource, word.reason))
}

const OLD: &str = "maxmemory 1gb\n";
const NEW: &str = "maxmemory 2gb\n";
const OLD_REPLICA: &str = "maxmemory 1gb\nreplicaof 10.0.0.1 6379\n";
const NEW_REPLICA: &str = "maxmemory 2gb\nreplicaof 10.0.0.1 6379\n";

#[test]
fn a_primary_that_follows_now_does_not_get_the_file_of_a_primary_back() {
    let run = wrote(OLD, NEW, Some(""));
    let word = "server on port 6379: roles have changed since the run: it is a replica of 10.0.0.2:6379 now, and what would come back makes it a primary when it starts; change it with another run, in a play with `topology: redis`";
    for force in [false, true] {
        let said = reason(&run, now(Some("10.0.0.2"), ""), NEW, force);
        assert_eq!(said.as_deref(), Some(word));
    }
    // Nobody knew what it was, and its file tells all the same.
    let run = wrote(OLD, NEW, None);
    assert!(reason(&run, now(Some("10.0.0.2"), ""), NEW, false).is_some());
    // It is what it was.
    assert_eq!(reason(&run, now(None, ""), NEW, false), None);
}

#[test]
fn a_replica_that_was_promoted_does_not_get_its_old_primary_back() {
    let run = wrote(OLD_REPLICA, NEW_REPLICA, Some("10.0.0.1 6379"));
    let said = reason(&run, now(None, ""), NEW_REPLICA, true).unwrap();
    assert!(
        said.contains(
            "it is a primary now, and what would come back makes it a replica of 10.0.0.1:6379"
        ),
        "{said}"
    );
    let said = reason(&run, now(Some("10.0.0.2"), ""), NEW_REPLICA, true).unwrap();
    assert!(
        said.contains("it is a replica of 10.0.0.2:6379 now"),
        "{said}"
    );
    assert_eq!(
        reason(&run, now(Some("10.0.0.1"), ""), NEW_REPLICA, false),
        None
    );
}

#[test]
fn what_the_run_made_of_a_server_is_taken_back_and_what_it_only_wrote_down_is_not() {
    let followed = || now(Some("10.0.0.1"), "");
    // It was a primary before the run.
    let run = wrote(OLD, NEW_REPLICA, Some(""));
    assert_eq!(reason(&run, followed(), NEW_REPLICA, false), None);
    // It followed before, and the run wrote that into its file: without it, it would start as an empty primary.
    let run = wrote(OLD, NEW_REPLICA, Some("10.0.0.1 6379"));
    assert!(reason(&run, followed(), NEW_REPLICA, false).is_some());
}

#[test]
fn values_that_come_back_live_and_nodes_of_a_cluster_have_nothing_to_do_with_roles() {
    let before = "timeout\n0\nreplicaof\n\n";
    let run = server_run(before, &[("timeout", "60")]);
    let mut answers = server("first", "timeout\n60\nreplicaof\n10.0.0.2 6379\n", 1000);
    let facts = now(Some("10.0.0.2"), "");
    answers.take(
        Probe::Facts,
        Observation::Facts(Box::new(facts.facts().unwrap().clone())),
    );
    let run = [run];
    let verdict = judge(&run, &answers, false);
    assert!(verdict.refused.is_empty());
    assert_eq!(resources(&verdict), ["server at 127.0.0.1:6379"]);
    let run = wrote(OLD, NEW, Some(""));
    let node = now(Some("10.0.0.2"), "cluster_enabled:1\n");
    assert_eq!(reason(&run, node, NEW, false), None);
}

/// A package whose scripts restart the server, or a restart of its unit.
#[test]
fn a_primary_that_others_follow_by_now_is_not_restarted_empty() {
    let step = |words: &[&str]| {
        let program = crate::model::probe::Program::new(words.iter().copied());
        Step::new(Action::Program {
            program: Box::new(program),
            accepted: vec![0],
        })
    };
    let of = |kind: ChangeKind, resource: &str, undo: Step| {
        let (mut change, _) = changed("/a", "0", "1");
        change.kind = kind;
        change.resource = resource.to_owned();
        change.undo = Undo::Steps(vec![undo]);
        recorded(0, vec![(change, Vec::new())], Fate::Done)
    };
    let older = step(&["apt-get", "install", "--", "redis-server=5:7.0.11"]);
    let upgrade = of(ChangeKind::Update, "package redis-server", older.clone());
    let install = of(ChangeKind::Create, "package redis-server", older);
    let stop = step(&["systemctl", "stop", "--", "redis-server.service"]);
    let start = of(ChangeKind::Update, "unit redis-server.service", stop);
    let disable = step(&["systemctl", "disable", "--", "redis-server.service"]);
    let enable = of(ChangeKind::Update, "unit redis-server.service", disable);
    let followed = "connected_slaves:1\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\n";
    let loses = format!("{followed}|save\n\nappendonly\nno\n");
    let keeps = format!("{followed}|save\n3600 1\nappendonly\nno\n");
    for (run, more, is_refused) in [
        (&upgrade, &loses, true),
        (&upgrade, &keeps, false),
        (&start, &loses, true),
        (&enable, &loses, false),
        // Its data go with it in any case.
        (&install, &loses, false),
    ] {
        let said = reason(run, now(None, more), "", false);
        assert_eq!(said.is_some(), is_refused, "{said:?}");
    }
    assert_eq!(reason(&upgrade, now(None, &loses), "", true), None);
    assert_eq!(
        reason(
            &upgrade,
            now(None, "connected_slaves:0\n|save\n\n"),
            "",
            false
        ),
        None
    );
}

#[test]
fn the_servers_are_asked_for_where_a_way_back_may_reach_one() {
    let asks = |run: &Recorded| {
        let all = [run];
        let questions = super::super::made::questions(&made(&all));
        let mut probes = questions.values().flatten();
        probes.any(|probe| matches!(probe, Probe::SomeFacts { .. }))
    };
    assert!(asks(&wrote(OLD, NEW, None)));
    let mut run = recorded(0, vec![changed("/etc/motd", "0", "1")], Fate::Done);
    assert!(!asks(&run));
    run.intention.changes[0].resource = "package valkey-server".to_owned();
    assert!(asks(&run));
    let (mut unit, _) = changed("/etc/motd", "0", "1");
    let stop = crate::model::probe::Program::new(["systemctl", "stop", "--", "cache.service"]);
    unit.undo = Undo::Steps(vec![Step::new(Action::Program {
        program: Box::new(stop),
        accepted: vec![0],
    })]);
    assert!(asks(&recorded(0, vec![(unit, Vec::new())], Fate::Done)));
}
