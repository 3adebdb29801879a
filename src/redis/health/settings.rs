//! Whether the server has the settings that it was given.

use super::{CheckResult, Expectations, Observation, Outcome};
use crate::redis::catalogue;
use crate::redis::conf::{Effective, Setting};
use crate::redis::guard_status::GuardStatus;
use crate::redis::units::human_exact;

/// What to think of a value that is not the expected one.
const CHANGED: &str = "the configuration did not take, or somebody changed it since";
/// What to think of one that a guard holds.
const HELD: &str = "the guard on the host holds it while memory is short; it goes back by itself";

/// `maxmemory` is what it should be; without an expectation, that there is a limit at all.
pub(super) fn maxmemory(observation: &Observation<'_>, expectations: &Expectations) -> CheckResult {
    let found = observation
        .setting_bytes("maxmemory")
        .or_else(|| observation.info.bytes("maxmemory"));
    let expected = expectations
        .maxmemory
        .map_or_else(|| "a limit".to_owned(), human_exact);
    // Not compared with the live value: it moves many times a second while the guard works.
    let held = observation.guard.and_then(GuardStatus::holds_maxmemory_at);
    let outcome = match (found, expectations.maxmemory) {
        (None, None) => Outcome::NotApplicable,
        (Some(found), Some(expected)) if held.is_some() && found != 0 && found < expected => {
            Outcome::Warned
        }
        (Some(found), Some(expected)) if found == expected => Outcome::Passed,
        (_, Some(_)) => Outcome::Failed,
        (Some(0), None) => Outcome::Warned,
        (Some(_), None) => Outcome::Passed,
    };
    let shown = match found {
        None => "no answer".to_owned(),
        Some(0) => "0, which is no limit".to_owned(),
        Some(bytes) => human_exact(bytes),
    };
    let result = CheckResult::new("maxmemory", outcome, expected, shown);
    match (outcome, found) {
        (Outcome::Warned, Some(1..)) => result.advice(HELD),
        (Outcome::Failed | Outcome::Warned, Some(0)) => {
            result.advice("without a limit the server grows until the kernel kills it")
        }
        (Outcome::Failed, _) => result.advice(CHANGED),
        _ => result,
    }
}

/// `maxmemory-policy` is what it should be.
pub(super) fn policy(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> Option<CheckResult> {
    let expected = expectations.policy.as_deref()?;
    let found = observation
        .setting("maxmemory-policy")
        .or_else(|| observation.info.text("maxmemory_policy"));
    let outcome = match found {
        Some(found) if found.eq_ignore_ascii_case(expected) => Outcome::Passed,
        _ => Outcome::Failed,
    };
    let result = CheckResult::new("policy", outcome, expected, found.unwrap_or("no answer"));
    Some(match (outcome, found) {
        (Outcome::Failed, Some("noeviction")) => {
            result.advice("a full server refuses writes instead of evicting")
        }
        (Outcome::Failed, _) => result.advice(CHANGED),
        _ => result,
    })
}

/// Any other directives, compared by what their values mean.
pub(super) fn config(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> Vec<CheckResult> {
    expectations
        .config
        .iter()
        .map(|(name, expected)| directive(observation, name, expected))
        .collect()
}

/// One directive. Of `client-output-buffer-limit` only the classes that are expected are looked at.
fn directive(observation: &Observation<'_>, name: &str, expected: &str) -> CheckResult {
    let check = format!("config {name}");
    let secret = catalogue::is_secret(name);
    let wanted = Effective::of_config_get([(name, expected)]);
    let expected = shown(wanted.settings(), secret);
    let Some(found) = observation.setting(name) else {
        return CheckResult::new(&check, Outcome::Failed, expected, "no such directive")
            .advice("this version has no such directive, or may not be asked for it");
    };
    let live = Effective::of_config_get([(name, found)]);
    let same: Vec<&Setting> = wanted
        .settings()
        .filter_map(|setting| live.get(&setting.identity))
        .collect();
    let equal = wanted.settings().all(|setting| {
        live.get(&setting.identity)
            .is_some_and(|live| live.value == setting.value)
    });
    let found = shown(same.into_iter(), secret);
    match (equal, secret) {
        (true, _) => CheckResult::new(&check, Outcome::Passed, expected, found),
        (false, false) if observation.guard.is_some_and(|guard| guard.holds(name)) => {
            CheckResult::new(&check, Outcome::Warned, expected, found).advice(HELD)
        }
        (false, true) => {
            CheckResult::new(&check, Outcome::Failed, expected, "(another secret)").advice(CHANGED)
        }
        (false, false) => {
            CheckResult::new(&check, Outcome::Failed, expected, found).advice(CHANGED)
        }
    }
}

fn shown<'a>(settings: impl Iterator<Item = &'a Setting>, secret: bool) -> String {
    if secret {
        return "(secret)".to_owned();
    }
    let texts: Vec<String> = settings
        .map(|setting| match &setting.identity.part {
            Some(part) => format!("{part} {}", setting.value.shown()),
            None => setting.value.shown(),
        })
        .collect();
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join(", ")
    }
}
