//! The programs that systemd is spoken to with.

use crate::model::probe::Program;
use crate::model::step::{Action, Step};

/// Starts, restarts or reloads a unit; where that fails, or the unit falls over at once, says what the unit and the
/// journal say. Arguments: verb, unit.
const WITH_REASONS: &str = r#"# starting, restarting or reloading a unit
verb=$1; unit=$2
if systemctl is-failed --quiet -- "$unit"; then systemctl reset-failed -- "$unit"; fi
if systemctl "$verb" -- "$unit"; then
    case $(systemctl show --property=ActiveState --property=SubState -- "$unit") in
        *ActiveState=failed*|*SubState=auto-restart*) code=1 ;;
        *) exit 0 ;;
    esac
else
    code=$?
fi
{
    systemctl status --no-pager --full --lines=0 -- "$unit"
    journalctl --no-pager --quiet --unit="$unit" --lines=20
} >&2
exit "$code"
"#;

/// Makes systemd read its unit files again.
pub(crate) fn daemon_reload() -> Step {
    step(Program::new(["systemctl", "daemon-reload"]))
}

/// What comes before a restart that is made once more.
const NEEDS_NONE: &str = r#"# once more, where it runs
case $(systemctl show --property=LoadState --property=ActiveState -- "$2") in
    *LoadState=not-found*|*ActiveState=inactive*) exit 0 ;;
esac
"#;

/// `enable`, `disable`, `mask`, `unmask`, `stop`: what works at once, or says why not.
pub(crate) fn plain(verb: &str, unit: &str) -> Step {
    step(Program::new(["systemctl", verb, "--", unit]))
}

/// `start`, `restart`, `reload`.
pub(crate) fn with_reasons(verb: &str, unit: &str) -> Step {
    step(Program::new([
        "/bin/sh",
        "-c",
        WITH_REASONS,
        "sh",
        verb,
        unit,
    ]))
}

/// Restarting or reloading once more, when the files of a unit are as they were before: what does not run, or is no
/// longer there, needs none. One that failed does.
pub(crate) fn again(verb: &str, unit: &str) -> Step {
    step(Program::new([
        "/bin/sh",
        "-c",
        &format!("{NEEDS_NONE}{WITH_REASONS}"),
        "sh",
        verb,
        unit,
    ]))
}

/// A restart on behalf of another module.
pub(in crate::module) fn restart(unit: &str) -> Step {
    with_reasons("restart", unit)
}

pub(crate) fn step(program: Program) -> Step {
    Step::new(Action::Program {
        program: Box::new(program),
        accepted: vec![0],
    })
}
