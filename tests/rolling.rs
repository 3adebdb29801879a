//! Rolling over waves: the real program on this machine, which stands for several hosts.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const FAILED: i32 = 3;

/// A folder with a playbook and an inventory of local hosts. `DIR` in the playbook stands for the folder.
struct Place {
    home: tempfile::TempDir,
    forks: [&'static str; 2],
}

impl Place {
    fn new(playbook: &str, inventory: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().display().to_string();
        fs::write(
            home.path().join("play.yml"),
            playbook.replace("DIR", &folder),
        )
        .unwrap();
        fs::write(home.path().join("hosts.ini"), inventory).unwrap();
        // Several hosts are one machine here: none may take the folder away that another one writes in.
        fs::create_dir(home.path().join("host")).unwrap();
        fs::write(home.path().join("host/kept"), "").unwrap();
        Self {
            home,
            forks: ["--forks", "1"],
        }
    }

    /// All hosts side by side.
    fn wide(mut self) -> Self {
        self.forks = ["--forks", "50"];
        self
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn run(&self, words: &[&str]) -> Run {
        Run::of(&self.command(words).output().unwrap())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachesmith"));
        command
            .args(words)
            .args(["--json", "-i", "hosts.ini", "play.yml"])
            // One at a time: several names of one machine would contend for its one lease.
            .args(self.forks)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("CACHESMITH_HOST_FOLDER", self.path().join("host"))
            .env_remove("CACHESMITH_INVENTORY")
            .stdin(Stdio::null());
        command
    }
}

struct Run {
    code: i32,
    events: Vec<Value>,
    errors: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            events: lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{:#?}\n{}", self.events, self.errors);
        self
    }

    fn all<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Value> {
        self.events
            .iter()
            .filter(move |event| event["event"] == kind)
    }

    fn one(&self, kind: &str) -> &Value {
        let mut events = self.events.iter();
        events.find(|event| event["event"] == kind).unwrap()
    }

    fn waves(&self) -> Vec<Vec<String>> {
        self.all("wave_started")
            .map(|event| serde_json::from_value(event["hosts"].clone()).unwrap())
            .collect()
    }
}

fn names(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

const SIX: &str = "[all]
a1 zone=a
a2 zone=a
b1 zone=b
b2 zone=b
c1 zone=c
c2 zone=c
[all:vars]
ansible_connection=local
";

#[test]
fn an_apply_goes_over_the_waves_that_the_plan_said() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  serial: [1, 2]\n  canary: b2\n  spread_by: zone\n  order: shuffle\n  tasks:\n    - copy: { dest: 'DIR/{{ inventory_hostname }}', content: \"{{ ansible_play_batch | join(sep=' ') }}\" }\n    - command: touch DIR/once\n      run_once: true\n      args: { creates: DIR/once }\n",
        SIX,
    );
    let plan = place.run(&["plan"]).expect(2);
    let planned: Vec<Vec<String>> =
        serde_json::from_value(plan.one("waves_planned")["waves"].clone()).unwrap();
    assert_eq!(planned[0], ["b2"]);
    for wave in &planned {
        let mut zones: Vec<&str> = wave.iter().map(|host| &host[..1]).collect();
        zones.dedup();
        assert_eq!(zones.len(), wave.len(), "{planned:?}");
    }
    let apply = place.run(&["apply", "--yes"]).expect(0);
    assert_eq!(apply.waves(), planned);
    // Each host sees its own wave, and what it sees in a plan is what it sees in an apply.
    let last = planned.last().unwrap();
    let seen = fs::read_to_string(place.path().join(&last[0])).unwrap();
    assert_eq!(seen, last.join(" "));
    place.run(&["plan"]).expect(0);
}

#[test]
fn a_throttled_task_is_carried_out_by_so_many_hosts_at_once() {
    let playbook = |throttle: &str| {
        format!(
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - command: touch DIR/wide-{{{{ inventory_hostname }}}}\n      notify: narrow\n  handlers:\n    - name: narrow\n      shell: 'ls DIR | grep -c wide- >> DIR/seen; mkdir DIR/turn && sleep 0.3 && rmdir DIR/turn'\n      {throttle}\n"
        )
    };
    let together = Place::new(&playbook("timeout: 20"), SIX).wide();
    together.run(&["apply", "--yes"]).expect(FAILED);
    let narrow = Place::new(&playbook("throttle: 1"), SIX).wide();
    narrow.run(&["apply", "--yes"]).expect(0);
    // What stands before it was made on all hosts, without waiting for turns.
    let seen = fs::read_to_string(narrow.path().join("seen")).unwrap();
    assert_eq!(seen.lines().last(), Some("6"), "{seen}");
}

#[test]
fn a_turn_lasts_until_the_task_is_settled_and_is_given_back_before_another_is_awaited() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  throttle: 2\n  tasks:\n    - shell: 'echo x >> DIR/{{ inventory_hostname }}; test $(wc -l < DIR/{{ inventory_hostname }}) -ge 2'\n      retries: 3\n      delay: 0\n      throttle: 1\n    - command: touch DIR/first\n      run_once: true\n    - command: touch DIR/after-{{ inventory_hostname }}\n",
        SIX,
    );
    place.run(&["apply", "--yes"]).expect(0);
    for host in ["a1", "c2"] {
        assert!(place.path().join(format!("after-{host}")).exists());
    }
}

#[test]
fn a_spent_budget_stops_the_run_and_says_why() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  serial: 2\n  max_fail: 1\n  tasks:\n    - command: \"{{ '/bin/false' if inventory_hostname in ['a1', 'b1'] else '/bin/true' }}\"\n    - command: touch DIR/{{ inventory_hostname }}\n",
        SIX,
    );
    let run = place.run(&["apply", "--yes"]).expect(FAILED);
    assert_eq!(run.waves().len(), 2);
    assert_eq!(
        run.one("stopped")["reason"],
        "2 of 6 hosts of the run failed or could not be reached, more than the 1 that it may lose"
    );
    let ended = run.one("run_ended");
    assert_eq!(names(&ended["failed"]), ["a1", "b1"]);
    // One at a time: b2 of the same wave was not begun any more.
    assert_eq!(names(&ended["not_reached"]), ["b2", "c1", "c2"]);
    assert!(place.path().join("a2").exists() && !place.path().join("b2").exists());
}

#[test]
fn post_checks_are_asked_again_behind_each_wave_and_a_failed_host_spends_the_budget() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  serial: 3\n  gate: { retries: 1, delay: 0 }\n  tasks:\n    - command: touch DIR/made-{{ inventory_hostname }}\n  post_checks:\n    - shell: 'echo {{ inventory_hostname }} >> DIR/looks; test {{ inventory_hostname }} != b2 || test $(grep -c b2 DIR/looks) -lt 2'\n",
        SIX,
    );
    // b2 holds when it is looked at first, and never again; its wave loses one of three.
    let run = place.run(&["apply", "--yes"]).expect(FAILED);
    let gates: Vec<&Value> = run.all("gate_ended").collect();
    assert_eq!(gates.len(), 2);
    assert_eq!(
        (&gates[0]["looks"], gates[0].get("failures")),
        (&1.into(), None)
    );
    assert_eq!(gates[1]["looks"], 2);
    assert_eq!(gates[1]["failures"][0]["host"], "b2");
    assert_eq!(names(&run.one("run_ended")["failed"]), ["b2"]);
    let looks = fs::read_to_string(place.path().join("looks")).unwrap();
    let of = |host: &str| looks.lines().filter(|line| *line == host).count();
    assert_eq!((of("a1"), of("c1"), of("b2")), (2, 2, 3));
}

#[test]
fn a_wave_without_changes_has_no_gate() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  serial: 3\n  gate: { command: [sh, -c, 'echo $CACHESMITH_WAVE/$CACHESMITH_WAVES: $CACHESMITH_HOSTS >> seen'] }\n  tasks:\n    - command: touch DIR/a1\n      when: inventory_hostname == 'a1'\n      args: { creates: DIR/a1 }\n",
        SIX,
    );
    place.run(&["apply", "--yes"]).expect(0);
    let seen = fs::read_to_string(place.path().join("seen")).unwrap();
    assert_eq!(seen, "1/2: a1 a2 b1\n");
    place.run(&["apply", "--yes"]).expect(0);
    assert_eq!(fs::read_to_string(place.path().join("seen")).unwrap(), seen);
}

#[test]
fn a_command_that_refuses_stops_the_run() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  serial: 3\n  gate: { retries: 2, delay: 0, command: [sh, -c, 'echo x >> tries; echo too many errors >&2; exit 7'] }\n  tasks:\n    - command: touch DIR/{{ inventory_hostname }}\n",
        SIX,
    );
    let run = place.run(&["apply", "--yes"]).expect(8);
    let reason = run.one("stopped")["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("ended with 7: too many errors"),
        "{reason}"
    );
    assert_eq!(
        names(&run.one("run_ended")["not_reached"]),
        ["b2", "c1", "c2"]
    );
    let tries = fs::read_to_string(place.path().join("tries")).unwrap();
    assert_eq!(tries.lines().count(), 3);
}

#[test]
fn a_command_that_does_not_end_is_ended_with_all_that_it_started() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  gate: { retries: 0, time_limit: 1, command: [sh, -c, 'sleep 1000 & echo $! > child; wait'] }\n  tasks:\n    - command: touch DIR/{{ inventory_hostname }}\n",
        "a1 ansible_connection=local\n",
    );
    let run = place.run(&["apply", "--yes"]).expect(8);
    let reason = run.one("gate_ended")["refused"].as_str().unwrap();
    assert!(reason.ends_with("did not end within 1 s"), "{reason}");
    let child = fs::read_to_string(place.path().join("child")).unwrap();
    assert!(!Path::new("/proc").join(child.trim()).join("exe").exists());
}

#[test]
fn a_soak_looks_again_until_its_time_is_over() {
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  gate: { soak: 2, every: 1 }\n  tasks:\n    - command: touch DIR/made\n  post_checks:\n    - shell: 'echo x >> DIR/looks'\n",
        "a1 ansible_connection=local\n",
    );
    let run = place.run(&["apply", "--yes"]).expect(0);
    assert!(run.one("gate_ended")["looks"].as_u64().unwrap() >= 2);
    assert!(run.one("gate_ended")["seconds"].as_u64().unwrap() >= 2);
}

/// Six hosts in a freeze window that is always, with more words for it.
fn frozen(more: &str) -> String {
    format!(
        "{SIX}cachesmith_freeze={{\"from\": \"2000-01-01\", \"to\": \"2999-12-31\", \"reason\": \"sales\"{more}}}\n"
    )
}

const COPIES: &str = "- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: { dest: 'DIR/{{ inventory_hostname }}', content: x }\n";

#[test]
fn a_frozen_host_is_left_as_it_is_and_a_plan_says_so() {
    let place = Place::new(COPIES, &frozen(""));
    let plan = place.run(&["plan"]).expect(2);
    let note = plan.one("host_noted")["message"].as_str().unwrap();
    assert!(
        note.contains("frozen from 2000-01-01 to 2999-12-31 (UTC): sales"),
        "{note}"
    );
    let run = place.run(&["apply", "--yes"]).expect(7);
    assert_eq!(
        run.all("host_ended")
            .filter(|host| host["status"] == "refused")
            .count(),
        6
    );
    assert_eq!(names(&run.one("run_ended")["refused"]).len(), 6);
    assert!(!place.path().join("a1").exists());
    let run = place
        .run(&["apply", "--yes", "--override-freeze", "the fire is out"])
        .expect(0);
    assert_eq!(run.one("run_started")["override_freeze"], "the fire is out");
    assert!(place.path().join("a1").exists());
    // Nothing is to be done, and nothing is refused.
    let plan = place.run(&["plan"]).expect(0);
    assert!(plan.all("host_noted").next().is_none());
    place.run(&["apply", "--yes"]).expect(0);
}

#[test]
fn live_changes_may_be_allowed_and_a_host_with_others_is_refused_as_a_whole() {
    let live = frozen(", \"allow\": \"live\"");
    let place = Place::new(COPIES, &live);
    place.run(&["apply", "--yes"]).expect(0);
    assert!(place.path().join("a1").exists());
    let place = Place::new(
        &format!(
            "{COPIES}    - command: touch DIR/by-command\n      when: inventory_hostname == 'b1'\n"
        ),
        &live,
    );
    let run = place.run(&["apply", "--yes"]).expect(7);
    assert_eq!(names(&run.one("run_ended")["refused"]), ["b1"]);
    assert!(place.path().join("a1").exists());
    assert!(!place.path().join("b1").exists() && !place.path().join("by-command").exists());
}

#[test]
fn what_a_failing_canary_was_changed_is_taken_back() {
    let playbook = |on_failure: &str, bad: &str| {
        format!(
            "- hosts: all\n  gather_facts: false\n  serial: [1, 2]\n  max_fail: 0\n  on_failure: {on_failure}\n  tasks:\n    - copy: {{ dest: 'DIR/{{{{ inventory_hostname }}}}', content: new }}\n  post_checks:\n    - command: test {{{{ inventory_hostname }}}} != {bad}\n"
        )
    };
    let place = Place::new(&playbook("rollback_wave", "a1"), SIX);
    fs::write(place.path().join("a1"), "old").unwrap();
    let run = place.run(&["apply", "--yes"]).expect(9);
    assert_eq!(run.waves(), [["a1"]]);
    assert_eq!(names(&run.one("rollback_started")["hosts"]), ["a1"]);
    let ended = run.one("run_ended");
    assert_eq!(names(&ended["rolled_back"]), ["a1"]);
    assert_eq!(names(&ended["not_reached"]).len(), 5);
    assert_eq!(fs::read_to_string(place.path().join("a1")).unwrap(), "old");
    assert!(!place.path().join("a2").exists());

    // The second wave fails: of the wave alone, or of the whole run.
    let place = Place::new(&playbook("rollback_wave", "b1"), SIX);
    place.run(&["apply", "--yes"]).expect(9);
    let is_there = |place: &Place, host: &str| place.path().join(host).exists();
    assert!(is_there(&place, "a1") && !is_there(&place, "a2") && !is_there(&place, "b1"));
    let place = Place::new(&playbook("rollback_run", "b1"), SIX);
    let run = place.run(&["apply", "--yes"]).expect(9);
    assert_eq!(
        names(&run.one("run_ended")["rolled_back"]),
        ["a1", "a2", "b1"]
    );
    assert!(!is_there(&place, "a1") && !is_there(&place, "a2"));
}

#[test]
fn a_run_that_is_taken_back_is_taken_back_in_all_of_its_plays() {
    // The second play comes to the hosts in another order, and ends before it has come to all of them.
    let place = Place::new(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: { dest: 'DIR/first-{{ inventory_hostname }}', content: new }\n    - command: /bin/true\n- hosts: all:!a1\n  gather_facts: false\n  order: reverse_inventory\n  serial: 2\n  max_fail: 0\n  on_failure: rollback_run\n  tasks:\n    - copy: { dest: 'DIR/second-{{ inventory_hostname }}', content: new }\n  post_checks:\n    - command: test {{ inventory_hostname }} != b2\n- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: { dest: 'DIR/third', content: new }\n",
        SIX,
    );
    for host in ["a1", "c2"] {
        fs::write(place.path().join(format!("first-{host}")), "old").unwrap();
    }
    // What the commands of the first play did, nobody knows: that is told, and all else is taken back.
    let run = place.run(&["apply", "--yes"]).expect(9);
    assert_eq!(run.waves(), [["c2", "c1"], ["b2", "b1"]]);
    let six = ["a1", "a2", "b1", "b2", "c1", "c2"];
    let ended = run.one("run_ended");
    assert_eq!(names(&ended["rolled_back"]), six);
    assert_eq!(names(&ended["failed"]), ["b2"]);
    assert_eq!(names(&ended["not_reached"]), ["a2", "b1"]);
    for host in six {
        let first = fs::read_to_string(place.path().join(format!("first-{host}"))).ok();
        let old = ["a1", "c2"].contains(&host).then(|| "old".to_owned());
        assert_eq!(first, old, "{host}");
        assert!(!place.path().join(format!("second-{host}")).exists());
    }
    assert!(!place.path().join("third").exists());
}

#[test]
fn a_second_run_on_one_machine_is_refused_whatever_it_calls_it() {
    let waits = "- hosts: all\n  gather_facts: false\n  tasks:\n    - shell: 'touch DIR/began; until [ -e DIR/go ]; do sleep 0.05; done'\n";
    let place = Place::new(waits, "one ansible_connection=local\n");
    let first = place
        .command(&["apply", "--yes"])
        .stdout(Stdio::piped())
        .spawn();
    let first = first.unwrap();
    while !place.path().join("began").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::write(
        place.path().join("hosts.ini"),
        "uno ansible_connection=local\n",
    )
    .unwrap();
    let refused = place.run(&["apply", "--yes"]).expect(7);
    assert!(refused.events.is_empty(), "{:?}", refused.events);
    assert!(
        refused
            .errors
            .contains("is working on uno (which it calls one)"),
        "{}",
        refused.errors
    );
    // Another machine is nobody's; that it is not there is another matter.
    fs::write(place.path().join("hosts.ini"), "one.invalid\n").unwrap();
    place.run(&["apply", "--yes"]).expect(4);
    fs::write(place.path().join("go"), "").unwrap();
    Run::of(&first.wait_with_output().unwrap()).expect(0);
}
