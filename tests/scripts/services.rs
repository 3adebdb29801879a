//! Services: their files, their main process, and the guard that it is still the same.

use std::fs;
use std::process::{Child, Command};

use cachesmith::model::probe::{Observation, Probe, ServiceState};
use cachesmith::model::step::{Action, Guard, Step, StepStatus};

use crate::host::{Host, executable, hosts};

/// A process that is there until it is dropped.
struct Process(Child);

impl Process {
    fn start() -> Self {
        Self(Command::new("sleep").arg("60").spawn().unwrap())
    }

    fn group(&self) -> String {
        let groups = fs::read_to_string(format!("/proc/{}/cgroup", self.0.id())).unwrap();
        let first = groups.lines().next().unwrap();
        first.splitn(3, ':').nth(2).unwrap().to_owned()
    }

    /// The 22nd field of its line, as `proc(5)` counts.
    fn started(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        rest.split(' ').nth(19).unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A host whose systemctl knows one service, with this process and control group.
fn with_service(host: &Host, directory: &std::path::Path, pid: u32, group: &str) -> Host {
    let unit = directory.join("redis.service");
    let drop_in = directory.join("a.conf");
    fs::write(&unit, "[Service]\n# it's /etc/x\nLimitNOFILE=1").unwrap();
    fs::write(&drop_in, "").unwrap();
    executable(
        &directory.join("systemctl"),
        &format!(
            "case $2 in --property=MainPID) echo MainPID={pid}; exit;; esac\n\
             printf '%s\\n' LoadState=loaded NeedDaemonReload=yes MainPID={pid} 'ControlGroup={group}' \
             'FragmentPath={}' 'DropInPaths={}'\n",
            unit.display(),
            drop_in.display()
        ),
    );
    host.with_programs(directory)
}

fn observe(host: &Host) -> ServiceState {
    match host.observe_one(Probe::Service("redis.service".into())) {
        Observation::Service(state) => state,
        other => panic!("{}: {other:?}", host.name),
    }
}

#[test]
fn a_service_is_told_with_its_files_and_its_process() {
    let process = Process::start();
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let host = with_service(&host, directory.path(), process.0.id(), &process.group());
        let state = observe(&host);
        assert_eq!(state.load, "loaded");
        assert!(state.needs_reload && state.can_limit, "{state:?}");
        let path = |name: &str| directory.path().join(name).display().to_string();
        assert_eq!(
            state.files,
            [
                (
                    path("redis.service"),
                    "[Service]\n# it's /etc/x\nLimitNOFILE=1".to_owned()
                ),
                (path("a.conf"), String::new()),
            ],
            "{}",
            host.name
        );
        let found = state.process.unwrap();
        assert_eq!(
            (found.pid, found.started),
            (process.0.id(), process.started())
        );
        let (soft, hard) = found.open_files.unwrap();
        assert!(soft > 0 && soft <= hard);
        assert!(found.oom_score_adj.is_some());
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let age = now.abs_diff(u64::try_from(found.started_at).unwrap());
        assert!(age < 300, "{}: {found:?} at {now}", host.name);
    }
}

/// A number that belongs to a process outside the service's control group, or to none, is no main process.
#[test]
fn a_number_of_another_process_is_not_taken_for_the_main_process() {
    let process = Process::start();
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let (pid, group) = (process.0.id(), process.group());
        for (pid, group) in [
            (pid, "/system.slice/redis.service"),
            (0, group.as_str()),
            (4_000_000, group.as_str()),
        ] {
            let host = with_service(&host, directory.path(), pid, group);
            assert_eq!(observe(&host).process, None, "{} {pid}", host.name);
        }
    }
}

#[test]
fn a_step_for_one_process_is_not_done_to_another() {
    let process = Process::start();
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let host = with_service(&host, directory.path(), process.0.id(), &process.group());
        let step = |pid: u32, started: u64| {
            let path = directory.path().join("done").display().to_string();
            Step::new(Action::Touch {
                path,
                modified: None,
            })
            .guarded(Guard::MainProcess {
                unit: "redis.service".into(),
                pid,
                started,
            })
        };
        let outcome = |step| host.carry_out_one(step).status;
        let (pid, started) = (process.0.id(), process.started());
        assert_eq!(outcome(step(pid, started + 1)), StepStatus::GuardFailed);
        assert_eq!(outcome(step(1, started)), StepStatus::GuardFailed);
        assert!(!directory.path().join("done").exists());
        assert_eq!(
            outcome(step(pid, started)),
            StepStatus::Done,
            "{}",
            host.name
        );
    }
}

#[test]
fn without_systemd_that_is_said() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        executable(
            &directory.path().join("systemctl"),
            "echo 'System has not been booted with systemd' >&2; exit 1",
        );
        let host = host.with_programs(directory.path());
        let answer = host.observe_one(Probe::Service("redis.service".into()));
        let Observation::Failed(reason) = answer else {
            panic!("{answer:?}");
        };
        assert!(reason.contains("not been booted with systemd"), "{reason}");
    }
}
