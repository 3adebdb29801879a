//! One of every probe and every action.

use cachesmith::model::blob::Blob;
use cachesmith::model::fact_parts::FactParts;
use cachesmith::model::probe::{Probe, Program, RedisAddress, RedisUserQuestion};
use cachesmith::model::replication::{Endpoint, Handover, Keeper};
use cachesmith::model::secret::Secret;
use cachesmith::model::step::{Action, Attributes, ConfigSetting, Guard, Pace, Step};

/// A program with all that a program can have.
fn program() -> Box<Program> {
    Box::new(Program {
        argv: vec!["printf".into(), "it's $(here)\n".into()],
        environment: [("NAME".to_owned(), "it's `there`".to_owned())].into(),
        directory: Some("/tmp".into()),
        stdin: Some(Blob::from(vec![0_u8, 1])),
        time_limit: Some(5),
    })
}

fn address() -> RedisAddress {
    RedisAddress {
        port: 6379,
        user: Some("ops".into()),
        password: Some(Secret::new("it's a secret")),
        ..RedisAddress::default()
    }
}

fn failover(keeper: Keeper) -> Action {
    Action::Failover {
        primary: address(),
        handover: Box::new(Handover {
            keeper,
            to: vec![
                Endpoint::new("10.0.0.2", 6379),
                Endpoint::new("cache2", 6379),
            ],
            others: vec![Endpoint::new("10.0.0.3", 6379)],
            sentinels: vec![Endpoint::new("10.0.0.4", 26379)],
            sentinel_name: "mymaster".into(),
            pause: 10,
            time_limit: 60,
        }),
    }
}

fn config_set(at_once: bool) -> Action {
    Action::ConfigSet {
        address: address(),
        settings: vec![ConfigSetting {
            name: "requirepass".into(),
            value: Blob::from("it's $(new)"),
            before: Blob::from("it's $(old)"),
            secret: true,
        }],
        at_once,
    }
}

pub(crate) fn facts() -> Probe {
    Probe::SomeFacts {
        parts: FactParts::ALL,
        server_password: Some(Secret::new("it's $(secret)")),
    }
}

pub(crate) fn probes() -> Vec<Probe> {
    vec![
        facts(),
        Probe::File("/etc/it's here".into()),
        Probe::Content("/etc/passwd".into()),
        Probe::Tree("/etc/apt".into()),
        Probe::Glob("/etc/it's *.conf".into()),
        Probe::Package("redis-server".into()),
        Probe::PackageIndex,
        Probe::Unit("redis-server.service".into()),
        Probe::Service("redis-server@it.service".into()),
        Probe::KernelValue("vm.overcommit_memory".into()),
        Probe::User("redis".into()),
        Probe::Group("redis".into()),
        Probe::Program(program()),
        Probe::EarlyProgram(Box::new(Program::new(["cat", "/etc/it's here"]))),
        Probe::Port {
            host: "127.0.0.1".into(),
            port: 6379,
        },
        Probe::Redis(address()),
        Probe::RedisUser(Box::new(RedisUserQuestion {
            address: address(),
            name: "it's".into(),
            rules: vec!["~it's\"*".into(), "+get".into()],
        })),
        Probe::ServerHealth {
            address: address(),
            watch: 1,
        },
        Probe::BootId,
    ]
}

pub(crate) fn steps() -> Vec<Step> {
    let path = || "/nonexistent/it's here".to_owned();
    let attributes = Attributes {
        mode: Some(0o640),
        owner: Some("redis".into()),
        group: Some("redis".into()),
    };
    let write = |content: Blob| Action::WriteFile {
        path: path(),
        content,
        attributes: attributes.clone(),
        validate: Some(vec!["test".into(), "-e".into(), "%s".into()]),
        backup: Some(path()),
    };
    let guards = [
        Guard::Absent { path: path() },
        Guard::Exists { path: path() },
        Guard::Sha256 {
            path: path(),
            sha256: Blob::default().sha256(),
        },
        Guard::KernelValue {
            key: "vm.overcommit_memory".into(),
            value: "1".into(),
        },
        Guard::MainProcess {
            unit: "redis-server.service".into(),
            pid: 1,
            started: 2,
        },
        Guard::Config {
            address: address(),
            values: vec![("requirepass".into(), Blob::from("it's $(old)"))],
        },
        Guard::RedisUser {
            address: address(),
            name: "it's".into(),
            rules: Some(vec!["on".into(), "~it's*".into()]),
        },
    ];
    let actions = vec![
        write(Blob::from("it's\ntext")),
        write(Blob::from(vec![0_u8, 255])),
        write(Blob::default()),
        Action::SetAttributes {
            path: path(),
            attributes: attributes.clone(),
        },
        Action::MakeDirectory {
            path: path(),
            attributes,
        },
        Action::Link {
            path: path(),
            target: path(),
            hard: false,
        },
        Action::Remove { path: path() },
        Action::Touch {
            path: path(),
            modified: Some(1),
        },
        Action::RecordRun {
            run: "it's run".into(),
            by: "it's $(somebody)".into(),
            what: "apply".into(),
        },
        Action::KeepNote {
            path: path(),
            lines: vec!["it's".into(), "$(owed)".into()],
            by_root_alone: true,
        },
        Action::RemoveNote { path: path() },
        Action::Program {
            program: program(),
            accepted: vec![0, 1],
        },
        Action::KernelValue {
            key: "vm.overcommit_memory".into(),
            value: "1".into(),
        },
        config_set(true),
        config_set(false),
        Action::LowerMaxmemory {
            address: address(),
            pace: Pace {
                to: 1,
                percent: 2,
                most_bytes: 3,
                evictions_per_second: 4,
                time_limit: 5,
            },
        },
        Action::RedisUser {
            address: address(),
            name: "it's".into(),
            rules: Some(vec!["on".into(), "~it's*".into()]),
        },
        Action::RedisUser {
            address: address(),
            name: "it's".into(),
            rules: None,
        },
        failover(Keeper::Nobody),
        failover(Keeper::Sentinel),
        failover(Keeper::Cluster),
        Action::Reboot { time_limit: 60 },
    ];
    actions
        .into_iter()
        .zip(guards.iter().cycle())
        .map(|(action, guard)| Step::new(action).guarded(guard.clone()))
        .collect()
}
