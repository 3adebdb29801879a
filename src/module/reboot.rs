//! `reboot`: the machine restarts, and the task waits for it.

use super::handover::{self, RESTART_PRIMARY};
use super::shared::seconds::seconds;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo, file_becomes};
use crate::model::probe::{FileState, PackageManager, Probe, Program};
use crate::model::step::{Action, Step};

/// Restarts the machine and waits until it answers again.
///
/// With `when_needed` only a machine restarts that asks for it: Debian's and Ubuntu's packages leave a file, dnf is
/// asked.
#[derive(Debug)]
pub struct Reboot;

/// Left by packages of Debian and Ubuntu whose change holds after a restart only.
const REQUIRED: &str = "/run/reboot-required";

/// Tries a program until it succeeds. First argument: seconds to go on trying.
const UNTIL: &str = r#"# tries until it succeeds
last=$(( $(date +%s) + $1 )); shift
until "$@"; do
    [ "$(date +%s)" -lt "$last" ] || exit 1
    sleep 2
done
"#;

static SPEC: Spec = Spec {
    name: "reboot",
    aliases: &[],
    summary: "Restarts the machine and waits for it.",
    parameters: &[
        Parameter::new(
            "reboot_timeout",
            Kind::Integer,
            "Seconds to wait for the machine to come back.",
        )
        .aliases(&["reboot_timeout_sec"])
        .default("600"),
        Parameter::new(
            "pre_reboot_delay",
            Kind::Integer,
            "Seconds to wait before it restarts.",
        )
        .aliases(&["pre_reboot_delay_sec"])
        .default("0"),
        Parameter::new(
            "post_reboot_delay",
            Kind::Integer,
            "Seconds to wait once it is back.",
        )
        .aliases(&["post_reboot_delay_sec"])
        .default("0"),
        Parameter::new(
            "msg",
            Kind::String,
            "What users of the machine are told before it restarts.",
        ),
        Parameter::new(
            "test_command",
            Kind::String,
            "A program that must succeed before the machine counts as back; it is tried until the time is over.",
        ),
        Parameter::new(
            "when_needed",
            Kind::Boolean,
            "Restarts only a machine that asks for it.",
        )
        .default("no"),
        RESTART_PRIMARY,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Reboot {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let limit = seconds(parameters, "reboot_timeout")?.unwrap_or(600);
        let why = if parameters.boolean("when_needed", false)? {
            let Some(why) = needed(look)? else {
                let mut decision = Decision::unchanged().with("rebooted", false);
                decision.message = Some("the machine does not ask for a restart".to_owned());
                return Ok(decision);
            };
            Some(why)
        } else {
            None
        };
        let may_lose = parameters.boolean(RESTART_PRIMARY.name, false)?;
        let before = handover::before_all(look, "a restart of the machine", may_lose)?;
        let mut steps = Vec::new();
        if let Some(message) = parameters.string("msg")? {
            // A machine without `wall` restarts all the same.
            steps.push(run(Program::new(["wall", "--", &message]), Vec::new()));
        }
        steps.extend(seconds(parameters, "pre_reboot_delay")?.and_then(sleep));
        steps.push(Step::new(Action::Reboot { time_limit: limit }));
        if let Some(text) = parameters.string("test_command")? {
            steps.push(until(&text, limit)?);
        }
        steps.extend(seconds(parameters, "post_reboot_delay")?.and_then(sleep));
        let mut effects = file_becomes(
            REQUIRED,
            FileState::Absent {
                parent_exists: true,
            },
        );
        effects.push(Effect::MachineRestarts {
            reason: "the machine has restarted".to_owned(),
        });
        let mut decision = Decision {
            changes: before,
            ..Decision::default()
        };
        decision.changes.push(Change {
            kind: ChangeKind::Run,
            resource: "the machine restarts".to_owned(),
            difference: match why {
                Some(why) => {
                    Difference::Fields(vec![Field::new("needed", Some(why), None::<&str>)])
                }
                None => Difference::None,
            },
            notes: Vec::new(),
            steps,
            undo: Undo::Impossible("a restart cannot be taken back".to_owned()),
            effects,
        });
        Ok(decision.with("rebooted", true))
    }
}

/// Why the machine asks for a restart, if it does.
fn needed(look: &Look<'_>) -> Result<Option<String>, Stop> {
    look.ask(&[Probe::File(REQUIRED.to_owned()), Probe::PackageIndex])?;
    if matches!(look.file(REQUIRED)?, FileState::Present(_)) {
        return Ok(Some(format!("{REQUIRED} is there")));
    }
    if look.package_index()?.manager != Some(PackageManager::Dnf) {
        return Ok(None);
    }
    let answer = look.program(&Program::new(["dnf", "needs-restarting", "-r"]))?;
    match answer.code {
        0 => Ok(None),
        1 => Ok(Some(
            "dnf says that what runs is not what is installed".to_owned(),
        )),
        _ => Err(
            Failure::new("dnf cannot say whether the machine has to restart")
                .help("install its plugins: `package: { name: dnf-utils }`")
                .into(),
        ),
    }
}

fn until(text: &str, limit: u64) -> Result<Step, Stop> {
    let words = shlex::split(text)
        .filter(|words| !words.is_empty())
        .ok_or_else(|| Stop::failed("`test_command` is no command"))?;
    let limit_words = limit.to_string();
    let mut argv = vec!["/bin/sh", "-c", UNTIL, "sh", &limit_words];
    argv.extend(words.iter().map(String::as_str));
    let mut program = Program::new(argv);
    // A try that hangs must not hang for ever.
    program.time_limit = Some(limit + 60);
    Ok(run(program, vec![0]))
}

fn sleep(seconds: u64) -> Option<Step> {
    (seconds > 0).then(|| {
        let mut program = Program::new(["sleep".to_owned(), seconds.to_string()]);
        program.time_limit = Some(seconds + 60);
        run(program, vec![0])
    })
}

fn run(program: Program, accepted: Vec<i32>) -> Step {
    Step::new(Action::Program {
        program: Box::new(program),
        accepted,
    })
}
