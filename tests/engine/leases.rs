//! Leases are renewed while nothing is sent to a host for longer than they hold. The time in which the engine waits is
//! turned forward by hand, so that nothing here takes longer on a slow machine than on a fast one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use cachesmith::engine::context::Context;
use cachesmith::engine::leases::Leases;
use cachesmith::engine::notes::RunOnHost;
use cachesmith::engine::run;
use cachesmith::model::event::{HostStatus, Mode};
use tokio::task::spawn_blocking;

use crate::place::{Place, ended};

/// The first waits an hour between two tries, the second is at work for long, and a step stands behind each. With the
/// post-check, no script is the last one, which nothing is renewed beside.
const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  tasks:
    - shell: 'echo x >> DIR/tries; test -e DIR/go'
      register: tried
      until: tried.rc == 0
      retries: 5
      delay: 3600
    - shell: 'touch DIR/working; until [ -e DIR/done ]; do sleep 0.05; done'
    - command: touch DIR/last
  post_checks:
    - command: test -e DIR/last
";

/// Where a host keeps its lease is said in the environment of its shell, which is this process's own.
const FOLDER: &str = "CACHESMITH_HOST_FOLDER";

#[test]
fn a_lease_is_renewed_between_two_tries_and_beside_a_step_that_takes_long() {
    run_inside("leases::inside");
}

#[test]
fn a_lease_goes_back_with_the_last_script_where_nothing_but_words_follows() {
    run_inside("leases::how_many_scripts");
}

/// Runs a test in a process with an environment of its own.
fn run_inside(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let inside = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        // What facts would have found out.
        .env("cachesmith_near", "yes")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inside.stdout);
    assert!(
        inside.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&inside.stderr)
    );
}

#[tokio::test(start_paused = true)]
#[ignore = "another test runs it, in a process with an environment of its own"]
async fn inside() {
    let lease = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("lease");
    // For as long as something waits outside of the engine, time passes only when it is turned forward.
    let (over, wait) = channel::<()>();
    let still = spawn_blocking(move || wait.recv());

    let place = Arc::new(Place::new(PLAYBOOK, &["a"]));
    let (mut context, _told) = place.context(Mode::Apply);
    context.leases = Leases::new(owner());
    let context = Arc::new(context);
    let (counted, of_run) = (Arc::clone(&context), Arc::clone(&place));
    let running =
        tokio::spawn(async move { run::run(context, &of_run.playbook, of_run.plays(), 1).await });
    let watch = Watch { lease, counted };

    // Nothing is at work on the host: the lease alone keeps others away.
    until(|| place.path("tries").exists() && !watch.read("token").is_empty()).await;
    until(|| watch.left() > 800).await;
    // As if most of its time were over on the host.
    watch.write("until", "1");
    let sent = watch.turn(3400).await;
    // Every five minutes. An answer that is taken in late by this clock is no answer, and it is asked again.
    assert!((9..=30).contains(&sent), "{sent} times");
    assert!(watch.left() > 800, "{}", watch.left());

    // A script of the run is at work.
    fs::write(place.path("go"), "").unwrap();
    watch.turn(400).await;
    until(|| place.path("working").exists()).await;
    watch.write("until", "1");
    assert!(watch.turn(340).await > 0);
    assert!(watch.left() > 800, "{}", watch.left());

    // It knows its lease again, goes on, and gives it back.
    fs::write(place.path("done"), "").unwrap();
    let summary = running.await.unwrap();
    drop(over);
    let _ = still.await;
    assert!(summary.failed.is_empty(), "{summary:?}");
    assert!(place.path("last").exists() && !watch.lease.exists());
    let tries = fs::read_to_string(place.path("tries")).unwrap();
    assert_eq!(tries.lines().count(), 2);
}

fn owner() -> RunOnHost {
    RunOnHost {
        run: "20261218-150000-abcd".to_owned(),
        by: "alice@laptop".to_owned(),
        what: "apply site.yml".to_owned(),
    }
}

/// Tasks, and how many scripts they take. Each begins with a program of which something depends.
const LAST: [(&str, u32); 9] = [
    ("", 1),
    ("- assert: {that: said.stdout == 'x'}", 1),
    (
        "- block: [{debug: {msg: '{{ said.stdout }}'}, when: said.stdout == 'x'}]\n      rescue: [{fail: {msg: no}}]",
        1,
    ),
    // The second program gives it back.
    ("- command: echo y\n      when: said.stdout == 'x'", 2),
    // What follows may need the host: another script gives it back.
    ("- command: echo y\n      when: said.stdout == 'y'", 2),
    (
        "- block: [{assert: {that: said.stdout == 'y'}}]\n      rescue: [{command: echo y}]",
        2,
    ),
    // What only looks is asked ahead, also behind what may fail.
    (
        "- assert: {that: said.stdout == 'x'}\n    - {command: cat /proc/sys/kernel/ostype, register: type, changed_when: false, check_mode: false}\n    - assert: {that: type.stdout == 'Linux'}",
        1,
    ),
    (
        "- {command: cat /proc/sys/kernel/ostype, when: said.stdout == 'x', changed_when: false, check_mode: false}",
        2,
    ),
    (
        "- {assert: {that: said.stdout == 'x'}}\n    - {command: cat /proc/sys/kernel/ostype, changed_when: false, check_mode: false}\n    - {command: echo y}",
        2,
    ),
];

#[tokio::test]
#[ignore = "another test runs it, in a process with an environment of its own"]
async fn how_many_scripts() {
    let lease = PathBuf::from(std::env::var_os(FOLDER).unwrap()).join("lease");
    for (tasks, expected) in LAST {
        let first = "- hosts: all\n  gather_facts: false\n  tasks:\n    - {command: echo x, register: said}\n    ";
        let place = Place::new(&format!("{first}{tasks}\n"), &["a"]);
        let (mut context, mut told) = place.context(Mode::Apply);
        context.leases = Leases::new(owner());
        run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
        let report = ended(&mut told).remove(0);
        assert_eq!(report.status, HostStatus::Done, "{tasks}: {report:?}");
        assert_eq!(
            (report.round_trips, lease.exists()),
            (expected, false),
            "{tasks}"
        );
    }
}

/// Lets the engine do what it can do now.
async fn a_moment() {
    let _ = spawn_blocking(|| std::thread::sleep(Duration::from_millis(5))).await;
}

/// Waits, by no clock of the engine's.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if holds() {
            return;
        }
        a_moment().await;
    }
    panic!("it did not come to be within a minute");
}

/// The lease on the host, and what is sent there.
struct Watch {
    lease: PathBuf,
    counted: Arc<Context>,
}

impl Watch {
    /// Turns the clock forward, and gives how many scripts were sent meanwhile. Time stands still until each has written
    /// the lease.
    async fn turn(&self, seconds: u64) -> u64 {
        let sent = || self.counted.sessions.counters("a").round_trips;
        let before = sent();
        for _ in 0..seconds / 10 {
            let (until_now, token) = (sent(), self.read("token"));
            tokio::time::advance(Duration::from_secs(10)).await;
            a_moment().await;
            if sent() != until_now {
                until(|| self.read("token") != token).await;
            }
        }
        sent() - before
    }

    /// The rest of a line of the lease.
    fn read(&self, key: &str) -> String {
        let text = fs::read_to_string(&self.lease).unwrap_or_default();
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.unwrap_or_default().to_owned()
    }

    fn write(&self, key: &str, value: &str) {
        let text = fs::read_to_string(&self.lease).unwrap();
        let lines: Vec<String> = text
            .lines()
            .map(|line| match line.starts_with(&format!("{key} ")) {
                true => format!("{key} {value}\n"),
                false => format!("{line}\n"),
            })
            .collect();
        fs::write(&self.lease, lines.concat()).unwrap();
    }

    /// Seconds for which it still holds.
    fn left(&self) -> i64 {
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let now: i64 = uptime.split('.').next().unwrap().parse().unwrap();
        self.read("until").parse().unwrap_or(now) - now
    }
}
