//! Programs as questions and as steps.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cachesmith::model::blob::Blob;
use cachesmith::model::fact_parts::FactParts;
use cachesmith::model::probe::{Observation, Probe, Program, ProgramResult};
use cachesmith::model::step::{Action, Step, StepStatus};
use cachesmith::transport::script::{
    Options, Orders, compile_orders, compile_probes, parse_ahead, parse_observations,
    parse_outcomes,
};

use crate::host::{Host, feed, hosts, in_parallel, told};
use crate::names::NAMES;

/// `O_NONBLOCK`: a FIFO that nobody reads cannot be opened for writing then.
const NONBLOCK: i32 = 0o4000;

fn ask(host: &Host, program: Program) -> ProgramResult {
    match host.observe_one(Probe::Program(Box::new(program))) {
        Observation::Program(result) => result,
        other => panic!("{}: {other:?}", host.name),
    }
}

fn step(program: Program, accepted: &[i32]) -> Step {
    Step::new(Action::Program {
        program: Box::new(program),
        accepted: accepted.to_vec(),
    })
}

/// A program before its turn, along with facts and a file.
fn ask_early(host: &Host, words: &[&str], file: &str) -> Observation {
    let probes = [
        Probe::SomeFacts {
            parts: FactParts::default(),
            server_password: None,
        },
        Probe::File(file.to_owned()),
        Probe::EarlyProgram(Box::new(Program::new(words.iter().copied()))),
    ];
    host.observe(&probes).remove(2)
}

#[test]
fn before_its_turn_a_program_looks_at_files_alone_and_only_where_nothing_is_missing() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let (file, pipe) = (path("it's $(a) file"), path("pipe"));
        fs::write(&file, "text\n").unwrap();
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let said = ask_early(&host, &["cat", &file], &file);
        let Observation::Program(result) = said else {
            panic!("{}: {said:?}", host.name);
        };
        assert_eq!((result.code, result.stdout.as_bytes()), (0, &b"text\n"[..]));
        // Both outputs come apart, whatever bytes they are.
        let bytes = b"\0\xff\nno end".as_slice();
        fs::write(path("bytes"), bytes).unwrap();
        let said = ask_early(&host, &["cat", &path("bytes"), "none"], &file);
        let Observation::Program(result) = said else {
            panic!("{}: {said:?}", host.name);
        };
        assert_eq!((result.code, result.stdout.as_bytes()), (1, bytes));
        assert!(result.stderr.to_lossy().contains("none"), "{result:?}");
        let large = path("large");
        fs::write(&large, "x".repeat(1_000_000)).unwrap();
        std::os::unix::fs::symlink(&file, path("link")).unwrap();
        for (words, asked) in [
            (["cat", &file], &path("none")),
            (["cat", &path("none")], &file),
            (["cat", &pipe], &file),
            (["cat", &path("link")], &file),
            (["cat", &large], &file),
            (["cat", &file], &large),
            (["stat", &path("")], &file),
        ] {
            let said = ask_early(&host, &words, asked);
            assert_eq!(said, Observation::NotAsked, "{}: {words:?}", host.name);
        }
        // Nobody has said that no file server is mounted.
        let alone = Probe::EarlyProgram(Box::new(Program::new(["cat", file.as_str()])));
        assert_eq!(host.observe_one(alone), Observation::NotAsked);
    }
}

/// What is told of a program is what it says, whoever says it.
#[test]
fn values_of_the_kernel_are_told_without_the_program_that_would_say_them() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("uname");
    fs::write(&other, "#!/bin/sh\necho \"another's $*\"\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let (of_others, of_system) = (directory.path().to_str().unwrap(), "/usr/bin:/bin");
    for host in hosts() {
        for (path, words) in [
            (
                of_system,
                vec!["cat", "/sys/kernel/mm/transparent_hugepage/enabled"],
            ),
            (of_system, vec!["cat", "/proc/sys/kernel/random/boot_id"]),
            // One digit, several, and several numbers.
            (of_system, vec!["cat", "/proc/sys/vm/overcommit_memory"]),
            (of_system, vec!["cat", "/proc/sys/vm/min_free_kbytes"]),
            (
                of_system,
                vec!["/bin/cat", "/proc/sys/net/ipv4/ip_local_port_range"],
            ),
            // Several lines, and none.
            (of_system, vec!["cat", "/proc/sys/dev/cdrom/info"]),
            (of_system, vec!["cat", "/proc/sys/kernel/domainname"]),
            (of_system, vec!["uname", "-r"]),
            (of_others, vec!["uname", "-r"]),
            (of_others, vec!["uname", "-s"]),
        ] {
            let file = words[1];
            if file.starts_with('/') && !Path::new(file).exists() {
                continue;
            }
            let path = format!("{path}:/usr/bin:/bin");
            let output = Command::new(words[0])
                .args(&words[1..])
                .env("PATH", &path)
                .output()
                .unwrap();
            let probes = [
                Probe::SomeFacts {
                    parts: FactParts::default(),
                    server_password: None,
                },
                Probe::File("/etc/passwd".to_owned()),
                Probe::EarlyProgram(Box::new(Program::new(words.iter().copied()))),
            ];
            let script = compile_probes(&probes);
            let mut command = host.command();
            command.env("PATH", &path);
            let said = feed(command, script.text()).stdout;
            let said = parse_observations(&script, &probes, &said)
                .unwrap()
                .remove(2);
            // And behind steps.
            let orders = Orders {
                steps: &[step(Program::new(["true"]), &[0])],
                ahead: &[Program::new(words.iter().copied())],
                ..Orders::default()
            };
            let script = compile_orders(&orders, &Options::default());
            let mut command = host.command();
            command.env("PATH", &path).env("cachesmith_near", "yes");
            let told = feed(command, script.text()).stdout;
            let ahead = parse_ahead(&script, &orders, &told).remove(0);
            for said in [said, ahead] {
                let Observation::Program(result) = said else {
                    panic!("{}: {words:?}: {said:?}", host.name);
                };
                assert_eq!(result.code, 0);
                assert_eq!(
                    result.stdout.as_bytes(),
                    output.stdout,
                    "{}: {words:?}",
                    host.name
                );
            }
        }
    }
}

#[test]
fn ahead_of_its_turn_a_program_looks_behind_all_steps_that_were_done() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let file = path.to_str().unwrap();
        // Longer than what a shell tells by itself, so that both are told at the end.
        let long = "x".repeat(3000);
        let write = format!("printf %s {long} | tee {file}");
        let ahead = [Program::new(["cat", file]), Program::new(["cat", "none"])];
        let asked = |steps: &[Step]| {
            let orders = Orders {
                steps,
                ahead: &ahead,
                ..Orders::default()
            };
            let script = compile_orders(&orders, &Options::default());
            let mut command = host.command();
            command.env("cachesmith_near", "yes");
            let output = feed(command, script.text()).stdout;
            (
                parse_outcomes(&script, steps, &output),
                parse_ahead(&script, &orders, &output),
            )
        };
        let write = step(Program::shell(&write), &[0]);
        let (outcomes, said) = asked(std::slice::from_ref(&write));
        assert_eq!(outcomes[0].stdout.as_bytes(), long.as_bytes());
        let codes = said.iter().map(|said| match said {
            Observation::Program(result) => (result.code, result.stdout.len()),
            other => panic!("{}: {other:?}", host.name),
        });
        assert_eq!(Vec::from_iter(codes), [(0, long.len()), (1, 0)]);
        let fails = step(Program::shell("echo no; exit 3"), &[0]);
        let (outcomes, said) = asked(&[write, fails]);
        assert_eq!(outcomes[1].status, StepStatus::Failed);
        assert_eq!(said, [Observation::NotAsked, Observation::NotAsked]);
    }
}

#[test]
fn arguments_and_environment_arrive_as_they_are() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let mut words = vec![
            "/bin/sh",
            "-c",
            r#"printf '%s\0' "$PWD" "$ODD" "$@""#,
            "sh",
            "",
        ];
        words.extend(NAMES);
        let mut program = Program::new(words);
        let odd = NAMES.join("\n");
        program.environment.insert("ODD".into(), odd.clone());
        let place = directory.path().join(" $(touch pwned)'");
        fs::create_dir(&place).unwrap();
        program.directory = Some(place.to_str().unwrap().into());
        let mut expected = format!("{}\0{odd}\0\0", place.display()).into_bytes();
        for name in NAMES {
            expected.extend_from_slice(format!("{name}\0").as_bytes());
        }
        let result = ask(&host, program.clone());
        assert_eq!(
            result.stdout.as_bytes(),
            expected,
            "{} {}",
            host.name,
            result.stderr.to_lossy()
        );
        let outcome = host.carry_out_one(step(program, &[0]));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(outcome.stdout.as_bytes(), expected);
        assert!(!place.join("pwned").exists());
    }
}

#[test]
fn both_outputs_come_apart_and_exact() {
    for host in hosts() {
        let text = r"printf 'out\0\nno end'; printf 'err\0\r\n\n' >&2; printf more; exit 7";
        let result = ask(&host, Program::shell(text));
        assert_eq!(result.stdout.as_bytes(), b"out\0\nno endmore");
        assert_eq!(result.stderr.as_bytes(), b"err\0\r\n\n");
        assert_eq!((result.code, result.timed_out), (7, false));
    }
}

#[test]
fn input_arrives_exactly() {
    let inputs: [&[u8]; 6] = [
        b"",
        b"no newline",
        b"newline\n",
        b"\n\n",
        b"a\0b\xff",
        b"EOF\n'$(x)\\\n",
    ];
    for host in hosts() {
        for input in inputs {
            let mut program = Program::new(["cat"]);
            program.stdin = Some(Blob::from(input));
            assert_eq!(
                ask(&host, program).stdout.as_bytes(),
                input,
                "{}",
                host.name
            );
        }
        // A program that reads on gets the end of its input, not the script.
        assert_eq!(ask(&host, Program::new(["cat"])).stdout.as_bytes(), b"");
    }
}

#[test]
fn a_signal_is_told_by_the_code() {
    for host in hosts() {
        for (signal, code) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
            let result = ask(&host, Program::shell(&format!("kill -{signal} $$")));
            assert_eq!(
                (result.code, result.timed_out),
                (code, false),
                "{}",
                host.name
            );
        }
    }
}

#[test]
fn what_cannot_be_started_says_so() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let plain = directory.path().join("plain");
        fs::write(&plain, "").unwrap();
        let result = ask(&host, Program::new(["/nonexistent/program"]));
        assert_eq!(result.code, 127, "{}", host.name);
        assert!(result.stderr.to_lossy().contains("/nonexistent/program"));
        let result = ask(&host, Program::new([plain.to_str().unwrap()]));
        assert_eq!(result.code, 126, "{}", host.name);
        let mut program = Program::new(["true"]);
        program.directory = Some("/nonexistent".into());
        let result = ask(&host, program);
        assert_eq!(result.code, 126, "{}", host.name);
        assert!(result.stderr.to_lossy().contains("/nonexistent"));
        for program in [
            Program::default(),
            Program::new(["-c"]),
            Program::new(["echo", "nul\0byte"]),
            Program {
                environment: [("not a name".to_owned(), String::new())].into(),
                ..Program::new(["true"])
            },
        ] {
            let answer = host.observe_one(Probe::Program(Box::new(program.clone())));
            assert!(matches!(answer, Observation::Failed(_)), "{answer:?}");
            let outcome = host.carry_out_one(step(program, &[]));
            assert_eq!(outcome.status, StepStatus::Failed);
            assert!(!outcome.stderr.is_empty());
        }
    }
}

#[test]
fn large_output_is_cut_with_a_notice() {
    const MEBIBYTE: usize = 1024 * 1024;
    for host in hosts() {
        let both = |size: usize| {
            let text = format!("head -c {size} /dev/zero; head -c {size} /dev/zero >&2");
            ask(&host, Program::shell(&text))
        };
        let result = both(MEBIBYTE);
        assert_eq!(
            (result.stdout.len(), result.stderr.len()),
            (MEBIBYTE, MEBIBYTE)
        );
        for output in [&both(MEBIBYTE + 1).stdout, &both(3 * MEBIBYTE).stderr] {
            let notice = String::from_utf8_lossy(&output.as_bytes()[MEBIBYTE..]);
            assert!(notice.contains("left out"), "{notice}");
            assert!(output.len() < MEBIBYTE + 200);
        }
    }
}

/// The program, its children and those that ignore the polite signal are all ended.
#[test]
fn a_time_limit_ends_the_whole_group() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let alive = directory.path().join("alive");
        let mut program = Program::shell(
            "(trap '' TERM; while :; do date >>\"$ALIVE\"; sleep 1; done) & echo begun; sleep 300; echo done",
        );
        program
            .environment
            .insert("ALIVE".into(), alive.to_str().unwrap().into());
        program.time_limit = Some(2);
        let before = Instant::now();
        let result = ask(&host, program.clone());
        assert!(result.timed_out, "{}: {result:?}", host.name);
        assert_eq!(result.stdout.as_bytes(), b"begun\n");
        assert!(before.elapsed() < Duration::from_secs(20), "{}", host.name);
        let size = fs::metadata(&alive).unwrap().len();
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(
            fs::metadata(&alive).unwrap().len(),
            size,
            "{}: it lives on",
            host.name
        );

        let outcome = host.carry_out_one(step(program, &[]));
        assert_eq!(outcome.status, StepStatus::TimedOut, "{}", told(&outcome));
        assert!(outcome.milliseconds >= 1900, "{}", outcome.milliseconds);
    });
}

/// Whoever comes behind one that ran out of time is watched, too.
#[test]
fn every_time_limit_of_a_script_holds() {
    in_parallel(hosts(), |host| {
        let probes = ["300", "301", "302"].map(|seconds| {
            let mut program = Program::new(["sleep", seconds]);
            program.time_limit = Some(1);
            Probe::Program(Box::new(program))
        });
        for observation in host.observe(&probes) {
            let Observation::Program(result) = observation else {
                panic!("{}: {observation:?}", host.name);
            };
            assert!(result.timed_out, "{}: {result:?}", host.name);
        }
    });
}

/// One that has no group of its own, because it starts nothing, is ended as well.
#[test]
fn a_time_limit_ends_a_program_without_a_group() {
    in_parallel(hosts(), |host| {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let mut program = Program::new(["cat", fifo.to_str().unwrap()]);
        program.time_limit = Some(1);
        let result = ask(&host, program);
        assert!(result.timed_out, "{}: {result:?}", host.name);
        // Nobody has it open for reading any more.
        let writer = OpenOptions::new()
            .write(true)
            .custom_flags(NONBLOCK)
            .open(&fifo);
        assert!(writer.is_err(), "{}: it lives on", host.name);
    });
}

/// Short outputs and long ones are told in different ways.
#[test]
fn outputs_of_any_length_are_exact() {
    for host in hosts() {
        for length in [1, 9, 10, 998, 999, 1000, 1001, 70_000] {
            for end in ["", "\n"] {
                let text = format!("{}{end}", "x".repeat(length));
                let mut program = Program::new(["cat"]);
                program.stdin = Some(Blob::from(text.as_bytes()));
                let result = ask(&host, program);
                assert_eq!(
                    result.stdout.as_bytes(),
                    text.as_bytes(),
                    "{} {length}",
                    host.name
                );
            }
        }
    }
}

/// A line may begin with any sign, and go on with one beyond ASCII, whatever ends the input in the script.
#[test]
fn an_input_may_look_like_the_beginning_of_its_end() {
    let lines = |letters: &str| -> String {
        let line = |letter: char| format!("{letter}\u{a5}\n");
        letters.chars().map(line).collect()
    };
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    for host in hosts() {
        for text in [
            lines("0123456789abcdef"),
            lines(&letters[1..]),
            lines(letters),
        ] {
            let mut program = Program::new(["cat"]);
            program.stdin = Some(Blob::from(text.as_bytes()));
            let result = ask(&host, program);
            assert_eq!(result.stdout.to_lossy(), text, "{}", host.name);
        }
    }
}

/// What a program leaves running does not hold up the answer.
#[test]
fn a_daemon_does_not_hold_the_session() {
    for host in hosts() {
        let before = Instant::now();
        let outcome = host.carry_out_one(step(Program::shell("sleep 20 & echo started"), &[0]));
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
        assert_eq!(outcome.stdout.as_bytes(), b"started\n");
        assert!(before.elapsed() < Duration::from_secs(10), "{}", host.name);
    }
}

#[test]
fn accepted_codes_decide() {
    let cases: [(i32, &[i32], StepStatus); 6] = [
        (0, &[0], StepStatus::Done),
        (1, &[0], StepStatus::Failed),
        (1, &[0, 1], StepStatus::Done),
        (10, &[1, 0], StepStatus::Failed),
        (1, &[10], StepStatus::Failed),
        (42, &[], StepStatus::Done),
    ];
    for host in hosts() {
        for (code, accepted, status) in cases {
            let outcome =
                host.carry_out_one(step(Program::shell(&format!("exit {code}")), accepted));
            assert_eq!(
                (outcome.status, outcome.code),
                (status, code),
                "{}",
                told(&outcome)
            );
        }
    }
}

#[test]
fn the_first_failure_ends_the_script() {
    for host in hosts() {
        let outcomes = host.carry_out(&[
            step(Program::new(["true"]), &[0]),
            step(Program::new(["false"]), &[0]),
            step(Program::new(["true"]), &[0]),
        ]);
        let statuses: Vec<StepStatus> = outcomes.iter().map(|outcome| outcome.status).collect();
        assert_eq!(
            statuses,
            [StepStatus::Done, StepStatus::Failed, StepStatus::NotRun]
        );
    }
}

#[test]
fn the_environment_is_the_same_everywhere() {
    for host in hosts() {
        let host = host
            .with("LC_ALL", "de_DE.UTF-8")
            .with("CDPATH", "/etc")
            .with("IFS", "0");
        let text = "echo $LC_ALL $(umask) ${CDPATH-unset}; case :$PATH: in *:/usr/sbin:*) echo sbin;; esac";
        let result = ask(&host, Program::shell(text));
        assert_eq!(
            result.stdout.to_lossy(),
            "C 0022 unset\nsbin\n",
            "{}",
            host.name
        );
    }
}
