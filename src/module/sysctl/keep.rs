//! What holds after the next boot.

use super::boot::Boot;
use super::live::Settled;
use super::settings::{is_pattern, value_in, with, without};
use super::wanted::Wanted;
use crate::module::{Check, CheckStatus};

/// The file's text after the change. Keys that were left out are not touched; in a template's text they stay, for a
/// machine that has them.
pub(super) fn text(wanted: &Wanted, settled: &[Settled], before: &str) -> String {
    let start = wanted.text.as_deref().unwrap_or(before);
    settled
        .iter()
        .fold(start.to_owned(), |text, one| match &one.kept {
            None => without(&text, &one.key),
            Some(value) if value_in(&text, &one.key).as_ref() == Some(value) => text,
            Some(value) => with(&text, &one.key, value),
        })
}

/// Values that will be others after the next boot, because another file has the last word.
pub(super) fn overridden(settled: &[Settled], boot: &Boot, file: &str) -> Vec<Check> {
    let read = boot.holds(file);
    settled
        .iter()
        .filter(|one| !is_pattern(&one.key))
        .filter_map(|one| {
            let expected = one.kept.as_ref()?;
            let winner = boot.winner(&one.key);
            if winner
                .as_ref()
                .is_some_and(|(_, value)| holds(one, expected, value))
            {
                return None;
            }
            Some(Check {
                name: format!("{} after the next boot", one.key),
                status: CheckStatus::Warned,
                expected: match one.at_least {
                    true => format!("at least {expected}"),
                    false => expected.clone(),
                },
                found: match &winner {
                    Some((path, value)) => format!("{value}, from {path}"),
                    None => format!("the kernel's own: {file} is not read at boot"),
                },
                advice: Some(match (&winner, read) {
                    (Some((path, _)), true) => format!(
                        "take {} out of {path}, or give `sysctl_file` a name that sorts after it",
                        one.key
                    ),
                    _ => format!(
                        "name a file in /etc/sysctl.d that ends in .conf with `sysctl_file`, not {file}"
                    ),
                }),
            })
        })
        .collect()
}

fn holds(one: &Settled, expected: &str, value: &str) -> bool {
    let higher = || {
        let numbers = value
            .parse::<i128>()
            .ok()
            .zip(expected.parse::<i128>().ok());
        numbers.is_some_and(|(value, expected)| value >= expected)
    };
    value == expected || one.at_least && higher()
}

/// What is told in one line.
pub(super) fn words(check: &Check) -> String {
    format!("{} is {}", check.name, check.found)
}
