//! Whether the host has room for the server, and whether its kernel has killed for want of it.

use super::memory::copied_by_forks;
use super::{CheckResult, Observation, Outcome};
use crate::redis::units::human;

/// Per cent of the machine's memory that should be available, and that must be (judgements).
const ENOUGH: u64 = 15;
const TOO_LITTLE: u64 = 8;

/// What only the host can tell; nothing where it was not asked.
pub(super) fn checks(observation: &Observation<'_>) -> Vec<CheckResult> {
    if observation.host.is_none() {
        return Vec::new();
    }
    let all = [
        available(observation),
        headroom(observation),
        killed(observation),
        pressed(observation),
        restarted(observation),
    ];
    all.into_iter().flatten().collect()
}

/// The machine has memory left for what comes.
pub(super) fn available(observation: &Observation<'_>) -> Option<CheckResult> {
    let host = observation.host?;
    let expected = format!("more than {ENOUGH}% of the memory available");
    let (total, available) = (
        host.memory_total.filter(|bytes| *bytes > 0)?,
        host.memory_available?,
    );
    let share = u128::from(available) * 100 / u128::from(total);
    let outcome = match share {
        share if share > u128::from(ENOUGH) => Outcome::Passed,
        share if share >= u128::from(TOO_LITTLE) => Outcome::Warned,
        _ => Outcome::Failed,
    };
    let found = format!("{share}%, {}", human(available));
    let result = CheckResult::new("available", outcome, expected, found);
    Some(match outcome {
        Outcome::Passed => result,
        _ => result
            .advice("find out what else runs here, or lower maxmemory: the OOM killer is near"),
    })
}

/// What is resident has room to be copied by a fork, where one can happen.
fn headroom(observation: &Observation<'_>) -> Option<CheckResult> {
    let limit = observation.memory_limit?;
    let resident = observation.host?.process.as_ref()?.resident?;
    let copied = copied_by_forks(observation);
    let need = resident.saturating_add(share(resident, copied));
    let expected = format!("at most {}", human(limit));
    let found = match copied > 0.0 {
        true => format!(
            "{}, of which a fork may copy {}",
            human(need),
            human(need - resident)
        ),
        false => format!("{}, and nothing forks", human(need)),
    };
    let outcome = if need <= limit {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    let result = CheckResult::new("headroom", outcome, expected, found);
    Some(match outcome {
        Outcome::Passed => result,
        _ => result.advice(
            "the next fork may end the server: lower maxmemory, or do without saving and replicas",
        ),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of bytes, saturating"
)]
fn share(bytes: u64, part: f64) -> u64 {
    (bytes as f64 * part) as u64
}

/// The OOM killer has ended nothing: in the server's own control group since that was made, on the host since the run
/// began.
fn killed(observation: &Observation<'_>) -> Option<CheckResult> {
    let host = observation.host?;
    let process = host.process.as_ref();
    let mut killed = Vec::new();
    let in_group = process.and_then(|process| process.group_events.get("oom_kill"));
    if let Some(number) = in_group.filter(|number| **number > 0) {
        killed.push(format!("{number} in the server's control group"));
    }
    let on_host = host.oom_kills.zip(observation.oom_kills_before);
    if let Some((now, before)) = on_host.filter(|(now, before)| now > before) {
        killed.push(format!("{} on the host since the run began", now - before));
    }
    if process.is_some_and(|process| process.result == "oom-kill") {
        killed.push("the server, the last time".to_owned());
    }
    let expected = "nothing killed for want of memory";
    if in_group.is_none() && on_host.is_none() && killed.is_empty() {
        return Some(CheckResult::new(
            "oom",
            Outcome::NotApplicable,
            expected,
            "nothing is counted here",
        ));
    }
    Some(if killed.is_empty() {
        CheckResult::new("oom", Outcome::Passed, expected, "nothing")
    } else {
        CheckResult::new("oom", Outcome::Failed, expected, killed.join(", ")).advice(
            "`journalctl -k -g 'oom-kill'` says what; lower maxmemory or give the unit more",
        )
    })
}

/// The server's control group has not been held at a limit of its memory.
fn pressed(observation: &Observation<'_>) -> Option<CheckResult> {
    let events = &observation.host?.process.as_ref()?.group_events;
    let at = |name: &str, words: &str| {
        let number = *events.get(name)?;
        Some((number > 0).then(|| format!("{number} times at {words}")))
    };
    let limits = [at("high", "MemoryHigh"), at("max", "MemoryMax")];
    if limits.iter().all(Option::is_none) {
        return None;
    }
    let pressed: Vec<String> = limits.into_iter().flatten().flatten().collect();
    let expected = "never at a limit of its control group";
    Some(if pressed.is_empty() {
        CheckResult::new("pressure", Outcome::Passed, expected, "never")
    } else {
        CheckResult::new("pressure", Outcome::Warned, expected, pressed.join(", "))
            .advice("it is throttled and swapped there instead of evicting: raise the limits, or lower maxmemory")
    })
}

/// systemd did not have to start it again.
fn restarted(observation: &Observation<'_>) -> Option<CheckResult> {
    let process = observation.host?.process.as_ref()?;
    let restarts = process.restarts?;
    let expected = "never started again by systemd";
    Some(if restarts == 0 {
        CheckResult::new("restarts", Outcome::Passed, expected, "never")
    } else {
        CheckResult::new(
            "restarts",
            Outcome::Warned,
            expected,
            format!("{restarts} times"),
        )
        .advice(format!(
            "`journalctl -u {}` says why; `systemctl reset-failed` counts anew",
            process.unit
        ))
    })
}
