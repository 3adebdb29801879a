//! Nothing is left on a host, however a script ends.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cachesmith::model::probe::{Probe, Program};
use cachesmith::model::step::{Action, Step, StepStatus};
use cachesmith::transport::script::{Options, WATCH, compile_steps, parse_outcomes};

use crate::host::{Host, hosts, in_parallel, stoppable, wait_until, which};
use crate::write::Wish;

fn entries(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

fn program(text: &str) -> Step {
    Step::new(Action::Program {
        program: Box::new(Program::shell(text)),
        accepted: vec![0],
    })
}

#[test]
fn nothing_is_left_after_the_end() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let host = host.with("TMPDIR", directory.path().to_str().unwrap());
        host.observe(&[Probe::Program(Box::new(Program::shell(
            "ls -a \"$TMPDIR\"; exit 3",
        )))]);
        host.carry_out(&[program("true"), program("kill -KILL $$"), program("true")]);
        assert_eq!(entries(directory.path()), [""; 0], "{}", host.name);
    }
}

/// Where the first place takes nothing, another one does.
#[test]
fn a_place_for_output_is_found() {
    for host in hosts() {
        let host = host.with("TMPDIR", "/proc/nonexistent");
        let outcome = host.carry_out_one(program("echo words"));
        assert_eq!(outcome.stdout.as_bytes(), b"words\n", "{}", host.name);
    }
}

/// What these tests' caller ignores (a job in the background ignores INT, `nohup` HUP), a shell cannot trap.
fn with_default_signals(host: &Host) -> Command {
    let mut program = Command::new(which("env"));
    program.arg("--default-signal=HUP,INT,QUIT,TERM");
    host.wrapped(program)
}

/// Starts a script whose program says that it runs and then takes its time.
fn started(host: &Host, directory: &Path) -> (std::process::Child, Vec<u8>, Vec<Step>) {
    let steps = vec![
        program(&format!(
            "echo $$ >'{}/runs'; exec sleep 60",
            directory.display()
        )),
        program(&format!("echo >'{}/second'", directory.display())),
    ];
    let script = compile_steps(&steps, &Options::default());
    let mut child = with_default_signals(host).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.text())
        .unwrap();
    wait_until(&format!("{}: it does not start", host.name), || {
        fs::read_to_string(directory.join("runs")).is_ok_and(|text| text.ends_with('\n'))
    });
    (child, script.last_line(), steps)
}

fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .is_ok_and(|stat| !stat.contains(") Z "))
}

/// A signal to the script's process group, as a service manager or a closing session sends it.
#[test]
fn a_signal_ends_the_program_and_cleans_up() {
    in_parallel(hosts(), |host| {
        for signal in ["TERM", "HUP", "INT"] {
            let directory = tempfile::tempdir().unwrap();
            let place = tempfile::tempdir().unwrap();
            let host = host.with("TMPDIR", place.path().to_str().unwrap());
            let (mut child, ..) = started(&host, directory.path());
            assert_eq!(entries(place.path()).len(), 1);
            // The subshell that runs the script is the shell's only child.
            let children = format!("/proc/{0}/task/{0}/children", child.id());
            let subshell = fs::read_to_string(children).unwrap();
            let mut kill = Command::new("kill");
            kill.arg(format!("-{signal}"))
                .args(subshell.split_whitespace());
            assert!(kill.status().unwrap().success());
            child.wait().unwrap();
            let pid = fs::read_to_string(directory.path().join("runs")).unwrap();
            wait_until(
                &format!("{} {signal}: something is left", host.name),
                || !is_alive(&pid) && entries(place.path()).is_empty(),
            );
            assert!(!directory.path().join("second").exists());
        }
    });
}

/// The connection goes while a step runs: it ends, the next one is not begun, nothing is left.
#[test]
fn a_lost_connection_ends_the_script_after_its_step() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let place = tempfile::tempdir().unwrap();
        let host = host.with("TMPDIR", place.path().to_str().unwrap());
        let (mut child, ..) = started(&host, directory.path());
        drop(child.stdout.take());
        let pid = fs::read_to_string(directory.path().join("runs")).unwrap();
        assert!(is_alive(&pid), "{}: the step itself goes on", host.name);
        Command::new("kill").arg(pid.trim()).status().unwrap();
        child.wait().unwrap();
        assert!(!directory.path().join("second").exists(), "{}", host.name);
        assert_eq!(entries(place.path()), [""; 0], "{}", host.name);
    });
}

/// A file that was being written is removed with the script.
#[test]
fn a_half_written_file_is_removed() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let place = tempfile::tempdir().unwrap();
        let host = host.with("TMPDIR", place.path().to_str().unwrap());
        let mut wish = Wish::new(&directory.path().join("file"), "words");
        let runs = place.path().join("runs");
        let check = format!("echo >'{}'; exec sleep 60", runs.display());
        wish.validate = Some(["sh", "-c", &check, "%s"].map(str::to_owned).to_vec());
        let steps = [wish.step()];
        let script = compile_steps(&steps, &Options::default());
        let mut child = host.command().spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(script.text())
            .unwrap();
        wait_until(&format!("{}: it does not start", host.name), || {
            runs.exists()
        });
        assert_eq!(entries(directory.path()).len(), 1);
        let children =
            fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
        Command::new("kill")
            .args(children.split_whitespace())
            .status()
            .unwrap();
        let mut answer = Vec::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut answer)
            .unwrap();
        child.wait().unwrap();
        assert_eq!(entries(directory.path()), [""; 0], "{}", host.name);
        assert_eq!(
            parse_outcomes(&script, &steps, &answer)[0].status,
            StepStatus::Lost
        );
    });
}

/// Where its input ends, a script ends before the next step that it may end before. A word to watch the time is no such end.
#[test]
fn a_script_that_is_told_to_stop_ends_between_two_steps() {
    in_parallel(hosts(), |host| {
        for stops in [true, false] {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().display();
            let steps = [
                program(&format!(
                    "echo >'{path}/runs'; until [ -e '{path}/go' ]; do sleep 0.1; done"
                )),
                program("echo second"),
                program("echo third"),
            ];
            let script = stoppable(&steps, &[0, 2].into());
            let mut child = host.command().spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            input.write_all(script.text()).unwrap();
            wait_until(&format!("{}: it does not start", host.name), || {
                place.path().join("runs").exists()
            });
            let kept = if stops {
                drop(input);
                None
            } else {
                input.write_all(WATCH).unwrap();
                Some(input)
            };
            std::thread::sleep(Duration::from_millis(500));
            fs::write(place.path().join("go"), "").unwrap();
            let output = child.wait_with_output().unwrap();
            let statuses: Vec<StepStatus> = parse_outcomes(&script, &steps, &output.stdout)
                .iter()
                .map(|outcome| outcome.status)
                .collect();
            drop(kept);
            let last = if stops {
                StepStatus::NotRun
            } else {
                StepStatus::Done
            };
            let expected = [StepStatus::Done, StepStatus::Done, last];
            assert_eq!(statuses, expected, "{} {stops}", host.name);
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", host.name);
        }
    });
}

/// A script that nobody stops does all of it, and takes away what waited for the word.
#[test]
fn a_script_that_could_be_stopped_ends_by_itself() {
    in_parallel(hosts(), |host| {
        let steps = [program("echo first"), program("cat; echo second")];
        let script = stoppable(&steps, &[0, 1].into());
        let mut child = host.command().spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(script.text()).unwrap();
        // Its input stays open, and it comes to its end.
        let mut answer = Vec::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut answer)
            .unwrap();
        child.wait().unwrap();
        let outcomes = parse_outcomes(&script, &steps, &answer);
        for (outcome, said) in outcomes.iter().zip(["first\n", "second\n"]) {
            assert_eq!(outcome.stdout.as_bytes(), said.as_bytes(), "{}", host.name);
        }
        // Whoever still reads would take this.
        wait_until(&format!("{}: something still listens", host.name), || {
            input.write_all(WATCH).is_err()
        });
    });
}

/// Who watches over time limits does not outlive the script and its program, however these end.
#[test]
fn nothing_watches_over_a_script_that_was_killed() {
    in_parallel(hosts(), |host| {
        let place = tempfile::tempdir().unwrap();
        let runs = place.path().join("runs");
        let steps = [program(&format!(
            "echo >'{}'; until [ ! -e '{}' ]; do sleep 0.1; done",
            runs.display(),
            runs.display()
        ))];
        let script = compile_steps(&steps, &Options::default());
        let mut child = host
            .with("TMPDIR", place.path().to_str().unwrap())
            .command()
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(script.text()).unwrap();
        wait_until(&format!("{}: it does not start", host.name), || {
            runs.exists()
        });
        let of = |pid: &str| -> Vec<String> {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            let children = children.unwrap_or_default();
            children.split_whitespace().map(str::to_owned).collect()
        };
        let mut main = Vec::new();
        let mut watchers = Vec::new();
        wait_until(&format!("{}: nobody watches", host.name), || {
            main = of(&child.id().to_string());
            watchers = main.iter().flat_map(|pid| of(pid)).collect();
            watchers.len() == 2
        });
        Command::new("kill")
            .arg("-KILL")
            .args(&main)
            .status()
            .unwrap();
        fs::remove_file(&runs).unwrap();
        drop(input);
        wait_until(&format!("{}: somebody still watches", host.name), || {
            watchers
                .iter()
                .all(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
        });
        child.wait().unwrap();
    });
}
