//! Whether the server has the settings that it was given.

use super::{CheckResult, Expectations, Observation, Outcome};
use crate::redis::catalogue;
use crate::redis::conf::{Argument, Value};
use crate::redis::units::human_exact;

/// `maxmemory` is what it should be; without an expectation, that there is a limit at all.
pub(super) fn maxmemory(observation: &Observation<'_>, expectations: &Expectations) -> CheckResult {
    let found = observation
        .setting_bytes("maxmemory")
        .or_else(|| observation.info.bytes("maxmemory"));
    let expected = expectations
        .maxmemory
        .map_or_else(|| "a limit".to_owned(), human_exact);
    let outcome = match (found, expectations.maxmemory) {
        (None, None) => Outcome::NotApplicable,
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
        (Outcome::Failed | Outcome::Warned, Some(0)) => {
            result.advice("without a limit the server grows until the kernel kills it")
        }
        (Outcome::Failed, _) => {
            result.advice("the configuration did not take, or somebody changed it since")
        }
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
        (Outcome::Failed, _) => {
            result.advice("the configuration did not take, or somebody changed it since")
        }
        _ => result,
    })
}

/// Any other directives, compared by what their values mean.
pub(super) fn config(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> Vec<CheckResult> {
    let value = |name: &str, text: &str| Value::read(name, &[Argument::from(text)]);
    let check = |(name, expected): (&String, &String)| {
        let secret = catalogue::is_secret(name);
        let expected = value(name, expected);
        let found = observation.setting(name).map(|text| value(name, text));
        let outcome = if found.as_ref() == Some(&expected) {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        let show = |value: &Value| {
            if secret {
                "(secret)".to_owned()
            } else {
                value.shown()
            }
        };
        let shown = match &found {
            None => "no such directive".to_owned(),
            Some(_) if secret && outcome == Outcome::Failed => "(another secret)".to_owned(),
            Some(found) => show(found),
        };
        let result = CheckResult::new(&format!("config {name}"), outcome, show(&expected), shown);
        match (outcome, found.is_some()) {
            (Outcome::Failed, true) => {
                result.advice("the configuration did not take, or somebody changed it since")
            }
            (Outcome::Failed, false) => {
                result.advice("this version has no such directive, or may not be asked for it")
            }
            _ => result,
        }
    };
    expectations.config.iter().map(check).collect()
}
