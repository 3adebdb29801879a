//! 300 hosts of two sizes, some of them with troubles.

use cachesmith::model::change::{ChangeKind, Difference, Field};
use cachesmith::model::event::{
    Counts, Event, HostReport, HostStatus, Mode, RunEnded, RunStarted, ShownChange, ShownFailure,
    TaskId, TaskReport, TaskStatus,
};

use crate::compare;
use crate::events::shown;

const HOSTS: usize = 300;
const UNREACHABLE: [usize; 2] = [41, 42];
const FAILING: [usize; 3] = [7, 112, 293];

fn name(host: usize) -> String {
    format!("cache{host:03}")
}

/// Every third host has twice the memory.
fn maxmemory(host: usize) -> &'static str {
    if host.is_multiple_of(3) {
        "12 GiB"
    } else {
        "6 GiB"
    }
}

fn report(host: usize, place: usize, task: &str, module: &str) -> TaskReport {
    let id = TaskId {
        play: 0,
        path: vec![0, place],
    };
    let at = format!("site.yml:{}:7", 10 + place * 4);
    TaskReport::new(&name(host), id, task, module, at, TaskStatus::Ok)
}

fn changed(mut report: TaskReport, resource: &str, difference: Difference) -> TaskReport {
    report.status = TaskStatus::Changed;
    report.changes.push(ShownChange {
        kind: ChangeKind::Update,
        resource: resource.to_owned(),
        difference,
        notes: Vec::new(),
        impact: Default::default(),
    });
    report
}

fn tasks(host: usize) -> Vec<TaskReport> {
    let mut tasks = vec![changed(
        report(host, 0, "Kernel settings", "sysctl"),
        "vm.swappiness",
        Difference::Fields(vec![Field::new("vm.swappiness", Some("60"), Some("1"))]),
    )];
    if FAILING.contains(&host) {
        let mut failed = report(host, 1, "The server is installed", "package");
        failed.status = TaskStatus::Failed;
        failed.failure = Some(ShownFailure {
            message: format!(
                "{}: the index of packages is locked by another program",
                name(host)
            ),
            help: vec!["wait until it has ended, and run again".to_owned()],
        });
        tasks.push(failed);
        return tasks;
    }
    tasks.push(report(host, 1, "The server is installed", "package"));
    tasks.push(changed(
        report(host, 2, "Memory and eviction", "redis_config"),
        "/etc/redis/redis.conf",
        Difference::Fields(vec![
            Field::new("maxmemory", Some("0"), Some(maxmemory(host))),
            Field::new("maxmemory-policy", Some("noeviction"), Some("allkeys-lfu")),
        ]),
    ));
    tasks.push(changed(
        report(host, 3, "Banner", "template"),
        "/etc/motd",
        Difference::Text {
            before: Some("Welcome\n".to_owned()),
            after: Some(format!("This cache may use {}\n", maxmemory(host))),
            fields: Vec::new(),
        },
    ));
    tasks
}

fn run() -> Vec<Event> {
    let hosts: Vec<String> = (1..=HOSTS).map(name).collect();
    let mut events = vec![
        Event::RunStarted(RunStarted {
            version: 1,
            run: "20260302T091405-4be21c".to_owned(),
            time: "2026-03-02T09:14:05Z".to_owned(),
            mode: Mode::Plan,
            playbook: "site.yml".to_owned(),
            inventories: Vec::new(),
            hosts: HOSTS,
            program: "0.1.0".to_owned(),
            user: String::new(),
            override_freeze: None,
            undoes: None,
            resumes: None,
        }),
        Event::PlayStarted {
            play: 0,
            name: "Caches".to_owned(),
            hosts: hosts.clone(),
        },
    ];
    let mut counts = Counts::default();
    // Hosts end in another order than they were asked in.
    for host in (1..=HOSTS).rev() {
        let (mut status, mut failure, mut own) = (HostStatus::Done, None, Counts::default());
        if UNREACHABLE.contains(&host) {
            status = HostStatus::Unreachable;
            failure = Some(ShownFailure {
                message: format!(
                    "no connection to 10.0.{}.{} within 10 s: it does not answer",
                    host / 256,
                    host % 256
                ),
                help: vec!["is the host up?".to_owned()],
            });
        } else {
            events.push(Event::HostReached { host: name(host) });
            for task in tasks(host) {
                own.add(&task);
                events.push(Event::TaskEnded(Box::new(task)));
            }
            if FAILING.contains(&host) {
                status = HostStatus::Failed;
            }
        }
        counts.merge(&own);
        events.push(Event::HostEnded(HostReport {
            host: name(host),
            play: 0,
            status,
            counts: own,
            failure,
            pending_handlers: Vec::new(),
            connections: 1,
            round_trips: 2,
        }));
    }
    events.push(Event::RunEnded(RunEnded {
        run: "20260302T091405-4be21c".to_owned(),
        time: "2026-03-02T09:14:17Z".to_owned(),
        counts,
        hosts: HOSTS,
        failed: FAILING.iter().map(|host| name(*host)).collect(),
        unreachable: UNREACHABLE.iter().map(|host| name(*host)).collect(),
        interrupted: Vec::new(),
        refused: Vec::new(),
        not_reached: Vec::new(),
        rolled_back: Vec::new(),
        rollback: None,
        changed: hosts,
        longest_stall: None,
    }));
    events
}

#[test]
fn three_hundred_hosts_fit_a_screen() {
    let mut failures = Vec::new();
    let events = run();
    for width in [80, 200] {
        let text = shown(&events, width, 0, false);
        let lines = text.lines().count();
        assert!(lines <= 60, "{lines} lines at {width} columns");
        compare(&format!("fleet-of-300@{width}"), &text, &mut failures);
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

/// One changed value is one line for each size of host.
#[test]
fn each_value_is_told_once() {
    let text = shown(&run(), 200, 0, false);
    for value in ["0 -> 6 GiB", "0 -> 12 GiB", "noeviction -> allkeys-lfu"] {
        assert_eq!(text.matches(value).count(), 1, "{value}");
    }
    assert_eq!(text.matches("is locked by another program").count(), 1);
    assert_eq!(text.matches("it does not answer").count(), 1);
}
