//! The process that runs already: it gets what the unit's next process will get from systemd.

use super::setting::{Hold, Setting};
use super::wanted::instance;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo};
use crate::model::probe::{MainProcess, Program, ServiceState};
use crate::model::step::{Action, Guard, Step};
use crate::model::value::Value;
use crate::module::{Check, CheckStatus, Look, Stop};

/// Sets values of one process: its number, when it started, the open files as SOFT:HARD, the OOM score, and what to
/// do when it is another process by now. The process's own directory is entered first: what is read and written
/// there is this process's, or fails, however its number is used again.
const SET: &str = r#"# values of a running process
pid=$1 started=$2 files=$3 score=$4 otherwise=$5
another() {
    [ "$otherwise" = leave ] && exit 0
    echo "process $pid is another one by now" >&2
    exit 1
}
cd "/proc/$pid" 2>/dev/null || another
stat=$(cat stat 2>/dev/null) || another
set -f
set -- ${stat##*') '}
[ "${20:-}" = "$started" ] || another
if [ -n "$files" ]; then
    prlimit --pid "$pid" --nofile="$files" || exit 1
fi
if [ -n "$score" ]; then
    echo "$score" >oom_score_adj || exit 1
    [ "$(cat oom_score_adj)" = "$score" ] || exit 1
fi
"#;

/// What the running process gets, and what it cannot get.
pub(super) struct Running {
    pub(super) change: Option<Change>,
    /// The process as it will be.
    pub(super) after: Option<MainProcess>,
    /// Directives that hold with the next start only.
    pub(super) pending: Vec<Check>,
}

/// Compares the running process with what is wanted.
pub(super) fn running(
    unit: &str,
    settings: &[Setting],
    state: &ServiceState,
    look: &Look<'_>,
) -> Result<Running, Stop> {
    let mut running = Running {
        change: None,
        after: state.process.clone(),
        pending: Vec::new(),
    };
    let Some(process) = &state.process else {
        return Ok(running);
    };
    let mut after = process.clone();
    let mut fields = Vec::new();
    for setting in settings
        .iter()
        .filter(|setting| setting.known.hold == Hold::Process)
    {
        let found = match setting.known.parameter {
            "nofile" => open_files(setting, process, state, &mut after),
            _ => oom_score(setting, process, state, own_score(look, unit)?, &mut after),
        };
        if let Some((before, after)) = found.live {
            let mut field = Field::new(setting.known.directive, Some(before), Some(after));
            field.note = Some("live".to_owned());
            fields.push(field);
        }
        if let Some((found, advice)) = found.not_live {
            running.pending.push(pending(unit, setting, found, advice));
        }
    }
    if !fields.is_empty() {
        running.change = Some(change(unit, process, &after, fields));
        running.after = Some(after);
    }
    Ok(running)
}

/// What became of one setting.
#[derive(Default)]
struct Found {
    /// What the process has and what it gets.
    live: Option<(String, String)>,
    /// What the process has (still), and what to do about it.
    not_live: Option<(String, String)>,
}

fn open_files(
    setting: &Setting,
    process: &MainProcess,
    state: &ServiceState,
    after: &mut MainProcess,
) -> Found {
    let mut found = Found::default();
    let (Some((soft, hard)), Ok(wanted)) = (process.open_files, setting.value.parse::<u64>())
    else {
        return found;
    };
    if soft >= wanted && hard >= wanted {
        return found;
    }
    if !state.can_limit {
        let advice = "restart the server when it may be cold, or install util-linux, whose prlimit sets it live";
        found.not_live = Some((limit_text(soft), advice.to_owned()));
        return found;
    }
    let hard_after = if state.privileged {
        hard.max(wanted)
    } else {
        hard
    };
    let soft_after = soft.max(wanted.min(hard_after));
    if (soft_after, hard_after) != (soft, hard) {
        after.open_files = Some((soft_after, hard_after));
        found.live = Some((limit_text(soft), limit_text(soft_after)));
    }
    if soft_after < wanted {
        let advice = format!(
            "a host-level setting: this container may open {} files; give it {wanted} where it is run, such as `docker run --ulimit nofile={wanted}`",
            limit_text(hard)
        );
        found.not_live = Some((limit_text(soft_after), advice));
    }
    found
}

fn oom_score(
    setting: &Setting,
    process: &MainProcess,
    state: &ServiceState,
    own: Option<String>,
    after: &mut MainProcess,
) -> Found {
    let mut found = Found::default();
    let (Some(score), Ok(wanted)) = (process.oom_score_adj, setting.value.parse::<i32>()) else {
        return found;
    };
    if score <= wanted {
        return found;
    }
    if let Some(own) = own {
        let advice = format!(
            "the server sets its own score (`oom-score-adj {own}`), counted from what it had when it was started: restart it when it may be cold"
        );
        found.not_live = Some((score.to_string(), advice));
    } else if wanted < 0 && !state.privileged {
        // A score may go down to 0 again without a privilege, and no further.
        let advice = format!(
            "a host-level setting: give the container {wanted} where it is run, such as `docker run --oom-score-adj={wanted}`"
        );
        found.not_live = Some((score.to_string(), advice));
    } else {
        after.oom_score_adj = Some(wanted);
        found.live = Some((score.to_string(), wanted.to_string()));
    }
    found
}

/// How the server sets its own score, if it does (`oom-score-adj` other than no).
fn own_score(look: &Look<'_>, unit: &str) -> Result<Option<String>, Stop> {
    let own = instance(look, unit)?.and_then(|known| known.get("oom_score_adj"));
    Ok(own
        .and_then(Value::as_str)
        .filter(|word| *word != "no")
        .map(str::to_owned))
}

fn pending(unit: &str, setting: &Setting, found: String, advice: String) -> Check {
    Check {
        name: format!("{} of the process of {unit}", setting.known.directive),
        status: CheckStatus::Warned,
        expected: setting.value.clone(),
        found,
        advice: Some(advice),
    }
}

/// Directives that a process has from its start only, when the drop-in is younger than the process, or is written
/// now.
pub(super) fn at_start(
    unit: &str,
    settings: &[Setting],
    state: &ServiceState,
    written: bool,
    modified: Option<i64>,
) -> Vec<Check> {
    let Some(process) = &state.process else {
        return Vec::new();
    };
    let older = written || modified.is_some_and(|modified| modified > process.started_at);
    settings
        .iter()
        .filter(|setting| older && setting.known.hold == Hold::Start)
        .map(|setting| {
            let found = "it was started before that was written".to_owned();
            let advice =
                "restart the server when it may be cold, at the latest when its program moves"
                    .to_owned();
            pending(unit, setting, found, advice)
        })
        .collect()
}

fn change(unit: &str, before: &MainProcess, after: &MainProcess, fields: Vec<Field>) -> Change {
    let files = |of: &MainProcess| match before.open_files != after.open_files {
        true => of
            .open_files
            .map(|(soft, hard)| format!("{}:{}", limit_text(soft), limit_text(hard)))
            .unwrap_or_default(),
        false => String::new(),
    };
    let score = |of: &MainProcess| match before.oom_score_adj != after.oom_score_adj {
        true => of
            .oom_score_adj
            .map(|score| score.to_string())
            .unwrap_or_default(),
        false => String::new(),
    };
    let step = |of: &MainProcess, otherwise: &str| {
        Step::new(Action::Program {
            program: Box::new(Program::new([
                "/bin/sh".to_owned(),
                "-c".to_owned(),
                SET.to_owned(),
                "sh".to_owned(),
                before.pid.to_string(),
                before.started.to_string(),
                files(of),
                score(of),
                otherwise.to_owned(),
            ])),
            accepted: vec![0],
        })
    };
    Change {
        kind: ChangeKind::Update,
        resource: format!("process of {unit}"),
        difference: Difference::Fields(fields),
        notes: Vec::new(),
        steps: vec![step(after, "fail").guarded(Guard::MainProcess {
            unit: unit.to_owned(),
            pid: before.pid,
            started: before.started,
        })],
        // A process that was started since has what systemd gave it.
        undo: Undo::Steps(vec![step(before, "leave")]),
        effects: Vec::new(),
    }
}

/// A limit as prlimit reads it.
fn limit_text(limit: u64) -> String {
    match limit {
        u64::MAX => "unlimited".to_owned(),
        number => number.to_string(),
    }
}
