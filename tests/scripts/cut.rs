//! Connections that end too early, in either direction, and what stands around an answer.

use std::fs;

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{Observation, Probe, Program};
use cachesmith::model::step::{Action, Step, StepStatus};
use cachesmith::transport::script::{
    Garbled, Options, compile_probes, compile_steps, parse_observations, parse_outcomes,
};

use crate::host::hosts;
use crate::write::Wish;

/// Steps that leave a trace if they are carried out, with contents that would be harmful as commands.
fn steps(directory: &std::path::Path) -> Vec<Step> {
    let touch = format!("\ntouch {}/pwned\n", directory.display());
    let shell = format!("echo out; echo err >&2; echo >{}/ran", directory.display());
    let mut program = Program::shell(&shell);
    program.stdin = Some(Blob::from(touch.as_str()));
    vec![
        Wish::new(&directory.join("text"), touch.as_str()).step(),
        Wish::new(&directory.join("binary"), vec![0_u8, 255, 10]).step(),
        Step::new(Action::Program {
            program: Box::new(program),
            accepted: vec![0],
        }),
        Step::new(Action::MakeDirectory {
            path: format!("{}/made", directory.display()),
            attributes: Default::default(),
        }),
    ]
}

/// Of a script that arrives in part, nothing is carried out, wherever it was cut.
#[test]
fn an_upload_that_was_cut_does_nothing() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let script = compile_steps(&steps(directory.path()), &Options::default());
        let text = script.text();
        // The call is in the last line; from its end on the script is whole.
        let begin = b"( cachesmith_";
        let mut windows = text.windows(begin.len());
        let call = windows.rposition(|bytes| bytes == begin).unwrap();
        let whole = call + text[call..].iter().position(|byte| *byte == b')').unwrap();
        let places = (0..call).step_by(29).chain(call - 80..=whole);
        for place in places {
            let output = host.feed(&text[..place]);
            assert!(
                output.stdout.is_empty(),
                "{} cut at {place}: {output:?}",
                host.name
            );
            let left = fs::read_dir(directory.path()).unwrap().count();
            assert_eq!(left, 0, "{} cut at {place}", host.name);
        }
    }
}

/// Wherever the answer ends: what was reported is done, what had begun is lost (more than one of those that are told
/// together), the rest was not run.
#[test]
fn an_answer_that_was_cut_still_tells() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let steps = steps(directory.path());
        let script = compile_steps(&steps, &Options::default());
        let answer = host.run(&script);
        let whole = parse_outcomes(&script, &steps, &answer);
        let program = steps
            .iter()
            .position(|step| matches!(step.action, Action::Program { .. }))
            .unwrap();
        let mut reached = 0;
        for end in 0..=answer.len() {
            let outcomes = parse_outcomes(&script, &steps, &answer[..end]);
            // Nothing may be decided from an output that did not come whole.
            let of_program = &outcomes[program];
            if of_program.status == StepStatus::Done && !of_program.output_lost {
                assert_eq!(*of_program, whole[program]);
            }
            let statuses: Vec<StepStatus> = outcomes.iter().map(|outcome| outcome.status).collect();
            let done = statuses
                .iter()
                .take_while(|status| **status == StepStatus::Done)
                .count();
            let rest = &statuses[done..];
            let is_lost = |status: &&StepStatus| **status == StepStatus::Lost;
            let lost = rest.iter().take_while(is_lost).count();
            assert!(
                rest[lost..]
                    .iter()
                    .all(|status| *status == StepStatus::NotRun),
                "{} cut at {end}: {statuses:?}",
                host.name
            );
            assert!(
                done >= reached,
                "{} cut at {end}: a step came undone",
                host.name
            );
            reached = done;
        }
        assert_eq!(reached, steps.len());
    }
}

#[test]
fn observations_come_whole_or_not_at_all() {
    for host in hosts() {
        let probes = [
            Probe::Content("/etc/hostname".into()),
            Probe::Program(Box::new(Program::shell("echo out; echo err >&2"))),
            Probe::User("root".into()),
        ];
        let script = compile_probes(&probes);
        let answer = host.run(&script);
        let whole = parse_observations(&script, &probes, &answer).unwrap();
        assert!(
            !whole
                .iter()
                .any(|answer| matches!(answer, Observation::Failed(_))),
            "{whole:?}"
        );
        for end in 0..answer.len() {
            let error = parse_observations(&script, &probes, &answer[..end]).unwrap_err();
            let started = answer[..end].contains(&b'\n');
            assert_eq!(
                error == Garbled::Cut,
                started,
                "{} cut at {end}: {error}",
                host.name
            );
        }
        assert!(answer.ends_with(&script.last_line()));
    }
}

#[test]
fn a_banner_and_whatever_follows_are_ignored() {
    for host in hosts() {
        let probes = [Probe::Content("/etc/hostname".into())];
        let script = compile_probes(&probes);
        let answer = host.run(&script);
        let expected = parse_observations(&script, &probes, &answer).unwrap();
        let mut with_banner = b"\xff\0Welcome to\r\nthis host!\r\nno newline at its end".to_vec();
        with_banner.extend_from_slice(&answer);
        with_banner.extend_from_slice(b"Connection closed.\r\n");
        assert_eq!(
            parse_observations(&script, &probes, &with_banner).unwrap(),
            expected
        );

        let refused = b"This account is currently not available.\n";
        let error = parse_observations(&script, &probes, refused).unwrap_err();
        assert!(
            error.to_string().contains("currently not available"),
            "{error}"
        );
        // The answer of another script is not taken for this one's.
        let other = host.run(&compile_probes(&probes));
        assert!(parse_observations(&script, &probes, &other).is_err());
    }
}

/// A shell may be kept open for many scripts, each starting where the one before it ended. One that listens is the last,
/// unless it is told otherwise.
#[test]
fn one_shell_serves_many_scripts() {
    for host in hosts() {
        let directory = tempfile::tempdir().unwrap();
        let failing = Step::new(Action::Remove {
            path: "/proc/version".into(),
        });
        let probes = [Probe::KernelValue("vm.max_map_count".into())];
        let first = compile_steps(std::slice::from_ref(&failing), &Options::default());
        let second = compile_steps(&steps(directory.path()), &Options::default());
        let third = compile_probes(&probes);
        let text = [first.text(), third.text(), second.text()].concat();
        let answer = host.feed(&text).stdout;
        let status = |script, steps: &[Step]| {
            let outcomes = parse_outcomes(script, steps, &answer);
            outcomes
                .iter()
                .map(|outcome| outcome.status)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            status(&first, &[failing]),
            [StepStatus::Failed],
            "{}",
            host.name
        );
        assert_eq!(
            status(&second, &steps(directory.path())),
            [StepStatus::Done; 4],
            "{}",
            host.name
        );
        assert!(
            parse_observations(&third, &probes, &answer).is_ok(),
            "{}",
            host.name
        );
    }
}
