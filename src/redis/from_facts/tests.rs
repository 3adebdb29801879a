use super::*;
use crate::model::facts::{MemoryLimit, RedisBinary, RedisCandidate, RedisInstance};
use crate::redis::units::{GIB, MIB};

/// A host with a server that can defragment, keeps nothing on disk and has no replicas.
fn host(ram: u64) -> Facts {
    let mut facts = Facts::default();
    facts.memory.total = ram;
    facts.redis_binaries = vec![RedisBinary {
        path: "/usr/bin/redis-server".to_owned(),
        resolved: "/usr/bin/redis-server".to_owned(),
        version_line: "Redis server v=7.0.15 sha=0:0 malloc=jemalloc-5.2.1 bits=64 build=0"
            .to_owned(),
        refuses_defragmentation: Some(false),
        package: "redis-server 7.0.15".to_owned(),
        ..RedisBinary::default()
    }];
    facts.redis_instances = vec![RedisInstance {
        unit: "redis.service".to_owned(),
        active: "active".to_owned(),
        pid: 7,
        binary: "/usr/bin/redis-server".to_owned(),
        config_file: "/etc/redis.conf".to_owned(),
        user: "redis".to_owned(),
        port: 6379,
        info: "redis_version:7.0.15\nrole:master\nconnected_slaves:0".to_owned(),
        config: "save\n\nappendonly\nno\n".to_owned(),
        ..RedisInstance::default()
    }];
    facts
}

fn redis(facts: &Facts, wishes: &[(&str, Value)]) -> Map {
    let wishes = wishes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    variables(facts, Some(&Value::Map(wishes)))["redis"]
        .as_map()
        .unwrap()
        .clone()
}

fn bytes(map: &Map, name: &str) -> u64 {
    match map.get(name) {
        Some(Value::Int(number)) => u64::try_from(*number).unwrap(),
        other => panic!("{name}: {other:?}"),
    }
}

fn text<'a>(map: &'a Map, path: &[&str]) -> &'a str {
    let (first, rest) = path.split_first().unwrap();
    let value = rest
        .iter()
        .fold(&map[*first], |value, name| value.get(name).unwrap());
    value.as_str().unwrap()
}

#[test]
fn an_installed_server_has_everything_that_depends_on_one() {
    let redis = redis(&host(8 * GIB), &[]);
    for name in DEPENDENT {
        assert!(redis.contains_key(name), "{name}");
    }
    assert_eq!(
        bytes(&redis, "maxmemory"),
        6144 * MIB,
        "column B of the published table"
    );
    assert_eq!(redis["defragmentation"], Value::Bool(true));
    assert_eq!(redis["predicted"], Value::Bool(false));
}

#[test]
fn without_a_server_or_a_package_all_of_it_is_unknown() {
    let redis = redis(&Facts::default(), &[]);
    assert_eq!(redis["installed"], Value::Bool(false));
    for name in DEPENDENT {
        assert_eq!(redis[name], Value::unknown(INSTALLED), "{name}");
    }
}

#[test]
fn a_package_of_another_source_is_not_taken_for_one_that_cannot_defragment() {
    let mut facts = Facts::default();
    facts.memory.total = 2 * GIB;
    facts.redis_candidates = vec![RedisCandidate {
        package: "valkey-server".to_owned(),
        version: "9.0.1-1".to_owned(),
        depends: vec!["libc6".to_owned()],
    }];
    let redis = redis(&facts, &[]);
    assert_eq!(redis["predicted"], Value::Bool(true));
    assert_eq!(text(&redis, &["version"]), "9.0.1");
    assert_eq!(text(&redis, &["unit"]), "valkey-server.service");
    assert_eq!(text(&redis, &["defragmentation_support"]), "unknown");
    assert_eq!(
        redis["defragmentation"],
        Value::Bool(false),
        "off until it is proven"
    );
}

#[test]
fn the_wish_for_a_flavour_chooses() {
    let mut facts = Facts::default();
    for package in ["redis-server", "valkey-server"] {
        facts.redis_candidates.push(RedisCandidate {
            package: package.to_owned(),
            version: "8.1.1".to_owned(),
            depends: Vec::new(),
        });
    }
    assert_eq!(text(&redis(&facts, &[]), &["flavour"]), "redis");
    assert_eq!(
        text(
            &redis(&facts, &[("flavour", "Valkey".into())]),
            &["flavour"]
        ),
        "valkey"
    );
    assert!(
        !redis(&host(GIB), &[("flavour", "redis".into())])["predicted"]
            .truth()
            .unwrap()
    );
}

#[test]
fn mistakes_in_wishes_refuse_instead_of_being_passed_over() {
    for (wish, value, expected) in [
        (
            "maxmemroy",
            Value::Int(1),
            "redis_sizing has no `maxmemroy`: did you mean `maxmemory`?",
        ),
        (
            "maxmemory",
            "6 apples".into(),
            "redis_sizing.maxmemory must be a size such as 512mb or a number of bytes, not `6 apples`",
        ),
        (
            "replicas",
            "-1".into(),
            "redis_sizing.replicas must be a whole number, not `-1`",
        ),
        (
            "persistence",
            "perhaps".into(),
            "redis_sizing.persistence must be yes or no, not `perhaps`",
        ),
        (
            "flavour",
            "keydb".into(),
            "redis_sizing.flavour must be redis or valkey, not `keydb`",
        ),
    ] {
        let wishes: Map = [(wish.to_owned(), value.clone())].into_iter().collect();
        assert_eq!(check_wishes(&Value::Map(wishes)).as_deref(), Some(expected));
        let redis = redis(&host(8 * GIB), &[(wish, value)]);
        assert_eq!(text(&redis, &["sizing", "refused"]), expected);
        assert!(!redis.contains_key("maxmemory"));
    }
    assert_eq!(check_wishes(&Value::Map(Map::new())), None);
    assert_eq!(check_wishes(&Value::Null), None);
    let list = Value::List(Vec::new());
    assert_eq!(
        check_wishes(&list).as_deref(),
        Some("redis_sizing must be a mapping, not a list")
    );
}

#[test]
fn wishes_that_are_known_later_make_the_result_known_later() {
    let redis = redis(
        &host(8 * GIB),
        &[("replicas", Value::unknown("the topology is read"))],
    );
    assert_eq!(redis["maxmemory"], Value::unknown("the topology is read"));
    assert_eq!(
        text(&redis, &["version"]),
        "7.0.15",
        "what does not depend on it stays known"
    );
}

#[test]
fn wishes_count_more_than_facts() {
    let facts = host(8 * GIB);
    let maxmemory = |wishes: &[(&str, Value)]| bytes(&redis(&facts, wishes), "maxmemory") / MIB;
    assert_eq!(maxmemory(&[("defragmentation", false.into())]), 5488);
    assert_eq!(maxmemory(&[("replicas", Value::Int(1))]), 4946);
    assert_eq!(
        maxmemory(&[
            ("persistence", "yes".into()),
            ("defragmentation", "no".into())
        ]),
        4647
    );
    assert_eq!(maxmemory(&[("maxmemory", "1 GiB".into())]), 1024);
    assert_eq!(maxmemory(&[("maxmemory", "512mb".into())]), 512);
    assert_eq!(maxmemory(&[("instances", Value::Int(2))]), 3072);
}

#[test]
fn replication_and_persistence_are_seen() {
    let mut facts = host(8 * GIB);
    facts.redis_instances[0]
        .info
        .push_str("\nrepl_backlog_active:1");
    assert_eq!(
        bytes(&redis(&facts, &[]), "maxmemory") / MIB,
        4946,
        "a replica was there within the hour"
    );
    let mut facts = host(8 * GIB);
    facts.redis_instances[0].config = "save\n3600 1\n".to_owned();
    let with_save = bytes(&redis(&facts, &[]), "maxmemory");
    facts.redis_instances[0].config.clear();
    assert_eq!(
        bytes(&redis(&facts, &[]), "maxmemory"),
        with_save,
        "who cannot be asked is taken to save"
    );
}

/// What was computed is set, and leads to itself: no plan finds a change that the one before has just made.
#[test]
fn limits_that_were_computed_lead_to_the_same_result() {
    for ram in [1, 2, 8, 64] {
        for persistence in [false, true] {
            let mut facts = host(ram * GIB);
            let wishes = [("persistence", persistence.into())];
            let first = redis(&facts, &wishes);
            for (file, name) in [("memory.max", "memory_max"), ("memory.high", "memory_high")] {
                facts.memory.limits.push(MemoryLimit {
                    path: format!("/sys/fs/cgroup/system.slice/redis.service/{file}"),
                    bytes: bytes(&first, name),
                    unit: "redis.service".to_owned(),
                });
            }
            let second = redis(&facts, &wishes);
            assert_eq!(
                bytes(&first, "maxmemory"),
                bytes(&second, "maxmemory"),
                "{ram} GiB"
            );
            facts.memory.limits[0].bytes = 512 * MIB;
            let third = redis(&facts, &wishes);
            assert!(bytes(&third, "memory_max") <= 512 * MIB);
            assert!(bytes(&third, "maxmemory") >= 200 * MIB);
            let ignored = redis(&facts, &[wishes[0].clone(), ("unit_limits", false.into())]);
            assert_eq!(bytes(&ignored, "maxmemory"), bytes(&first, "maxmemory"));
            facts.memory.limits[0].bytes = 100 * MIB;
            let refused = redis(&facts, &wishes);
            assert!(text(&refused, &["sizing", "refused"]).contains("redis.service"));
        }
    }
}

#[test]
fn processes_that_come_and_go_do_not_change_the_result() {
    let mut facts = host(8 * GIB);
    let wishes = [("defragmentation", false.into())];
    let mut results = Vec::new();
    for mebibytes in [0, 50, 180, 244, 245, 300, 370] {
        facts.memory.other_processes = mebibytes * MIB;
        results.push(bytes(&redis(&facts, &wishes), "maxmemory") / MIB);
    }
    assert_eq!(results, [5488, 5488, 5488, 5488, 5488, 5397, 5397]);
    let told = redis(
        &facts,
        &[wishes[0].clone(), ("other_processes", "1gb".into())],
    );
    assert_eq!(bytes(&told, "maxmemory") / MIB, 4757);
}

#[test]
fn a_program_that_was_replaced_must_agree_with_the_one_that_runs() {
    let mut facts = host(8 * GIB);
    facts.redis_instances[0].replaced = true;
    facts.redis_binaries.push(RedisBinary {
        path: "/proc/7/exe".to_owned(),
        refuses_defragmentation: Some(true),
        ..RedisBinary::default()
    });
    let redis = redis(&facts, &[]);
    assert_eq!(redis["defragmentation"], Value::Bool(false));
    assert!(text(&redis, &["defragmentation_reason"]).contains("another build"));
    assert_eq!(redis["restart_pending"], Value::Bool(true));
}

#[test]
fn defragmentation_is_required_refused_or_left_off() {
    let able = host(8 * GIB);
    let mut unable = host(8 * GIB);
    unable.redis_binaries[0].refuses_defragmentation = Some(true);
    let unmet_of = |facts: &Facts, word: &str| {
        let wishes = [("defragmentation".to_owned(), Value::from(word))];
        unmet(facts, Some(&Value::Map(wishes.into_iter().collect())))
    };
    assert_eq!(unmet_of(&able, "require"), None);
    assert_eq!(unmet_of(&unable, "auto"), None);
    let reason = unmet_of(&unable, "require").unwrap();
    assert!(reason.contains("this build cannot defragment"), "{reason}");
    let required = redis(&unable, &[("defragmentation", "require".into())]);
    assert!(!required.contains_key("maxmemory"));
    assert!(text(&required, &["sizing", "refused"]).starts_with("defragmentation is required"));
    let off = redis(&able, &[("defragmentation", "off".into())]);
    assert_eq!(off["defragmentation"], Value::Bool(false));
    let auto = redis(&unable, &[("defragmentation", "auto".into())]);
    assert_eq!(auto["defragmentation"], Value::Bool(false));
    let Value::List(instead) = &auto["defragmentation_instead"] else {
        panic!("no list");
    };
    assert_eq!(instead.len(), 3);
    let wrong = check_wishes(&Value::Map(
        [("defragmentation".to_owned(), Value::from("perhaps"))]
            .into_iter()
            .collect(),
    ));
    assert_eq!(
        wrong.as_deref(),
        Some("redis_sizing.defragmentation must be auto, require or off, not `perhaps`")
    );
}

#[test]
fn each_server_of_a_host_has_a_verdict_of_its_own() {
    let mut facts = host(8 * GIB);
    let debian = RedisBinary {
        path: "/opt/debian/redis-server".to_owned(),
        refuses_defragmentation: Some(true),
        ..facts.redis_binaries[0].clone()
    };
    let second = RedisInstance {
        binary: debian.path.clone(),
        port: 6380,
        ..facts.redis_instances[0].clone()
    };
    facts.redis_binaries.push(debian);
    facts.redis_instances.push(second);
    let redis = redis(&facts, &[]);
    let Value::List(instances) = &redis["instances"] else {
        panic!("no list");
    };
    let support: Vec<&str> = instances
        .iter()
        .map(|instance| {
            instance
                .get("defragmentation_support")
                .unwrap()
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(support, ["supported", "unsupported"]);
}

#[test]
fn a_server_has_what_its_guard_says() {
    let mut facts = host(8 * GIB);
    let status = "version=1\nport=6379\nplanned_maxmemory=100\nheld_maxmemory=80\nstate=shedding\nholds=maxmemory\nused=9\nlimit=10\nupdated=5\nwhy=9 of 10\n";
    facts.guards.insert("6379".to_owned(), status.to_owned());
    let redis = redis(&facts, &[]);
    let instance = redis["instances"].as_list().unwrap()[0].as_map().unwrap();
    let guard = instance["guard"].as_map().unwrap();
    assert_eq!(guard["state"].as_str(), Some("shedding"));
    assert_eq!(guard["held_maxmemory"], Value::from(80_u64));
    assert_eq!(guard["holds"], Value::List(vec!["maxmemory".into()]));
}

/// What the running server says decides where its program could not be read; a hint alone does not.
#[test]
fn a_running_server_bears_witness() {
    let mut facts = host(4 * GIB);
    facts.redis_binaries[0].refuses_defragmentation = None;
    facts.redis_instances[0].quantum = 8;
    let of = |facts: &Facts| redis(facts, &[])["defragmentation_support"].clone();
    assert_eq!(of(&facts), "unknown".into());
    facts.redis_instances[0]
        .config
        .push_str("activedefrag\nyes\n");
    assert_eq!(of(&facts), "supported".into());
    let evidence = &redis(&facts, &[])["defragmentation_evidence"];
    assert!(
        format!("{evidence:?}").contains("steps of 8 bytes"),
        "{evidence:?}"
    );
}

#[test]
fn memory_in_parts_is_told() {
    let warnings = |facts: &Facts| redis(facts, &[])["sizing"].get("warnings").cloned();
    let mut facts = host(4 * GIB);
    facts.numa_nodes = 1;
    assert_eq!(warnings(&facts), Some(Value::List(Vec::new())));
    facts.numa_nodes = 2;
    facts
        .kernel_values
        .insert("kernel.numa_balancing".to_owned(), "1".to_owned());
    facts
        .kernel_values
        .insert("vm.zone_reclaim_mode".to_owned(), "0".to_owned());
    let told = format!("{:?}", warnings(&facts));
    assert!(
        told.contains("2 parts") && told.contains("kernel.numa_balancing: 0"),
        "{told}"
    );
    assert!(!told.contains("zone_reclaim"), "{told}");
}
