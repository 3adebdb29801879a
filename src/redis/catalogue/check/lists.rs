//! What is wrong with values that are lists or have a form of their own.

use super::memory::bad_memory;
use super::value::check_word;
use super::{Doubt, Reason};
use crate::redis::catalogue::Directive as Known;
use crate::redis::conf::{Argument, Directive, integer, limits};
use crate::redis::units;
use crate::redis::version::Server;

/// The classes of clients that have an output buffer limit.
const CLASSES: [&str; 4] = ["normal", "replica", "slave", "pubsub"];

/// The letters of `notify-keyspace-events`.
const EVENT_LETTERS: &str = "AKEg$lshzxetmdn";

pub(super) fn check_events(value: &str) -> Option<Doubt> {
    let wrong = value
        .chars()
        .find(|letter| !EVENT_LETTERS.contains(*letter))?;
    let message = format!("`{wrong}` is no class of events");
    Some(Doubt::error(
        Reason::Value,
        message,
        format!("the letters are {EVENT_LETTERS}"),
    ))
}

pub(super) fn check_save(directive: &Directive, server: Option<&Server>) -> Option<Doubt> {
    let text = directive
        .arguments
        .iter()
        .filter_map(Argument::as_text)
        .collect::<Vec<_>>()
        .join(" ");
    let numbers: Option<Vec<u64>> = text
        .split_ascii_whitespace()
        .map(|word| word.parse().ok())
        .collect();
    let advice = "write pairs of seconds and changes, or `\"\"` for none";
    let numbers = match numbers {
        Some(numbers) if numbers.len() % 2 == 0 => numbers,
        _ => {
            return Some(Doubt::error(
                Reason::Value,
                "these are not pairs of seconds and changes",
                advice,
            ));
        }
    };
    if numbers.iter().step_by(2).any(|seconds| *seconds == 0) {
        return Some(Doubt::error(
            Reason::OutOfRange,
            "a point needs at least one second",
            advice,
        ));
    }
    let one_pair_only = server.filter(|server| !server.sets_many_at_once());
    match one_pair_only {
        Some(server)
            if numbers.len() > 2 || (numbers.len() == 2 && directive.arguments.len() == 1) =>
        {
            let message = format!("{server} ignores a `save` line that is not one pair of words");
            Some(Doubt::error(
                Reason::Arguments,
                message,
                "write a line for each point",
            ))
        }
        _ => None,
    }
}

pub(super) fn check_limits(
    directive: &Directive,
    server: Option<&Server>,
    doubts: &mut Vec<Doubt>,
) {
    let Some(groups) = limits::groups(&directive.arguments) else {
        let message = "a limit is four words: class, hard limit, soft limit, seconds";
        doubts.push(Doubt::error(Reason::Arguments, message, ""));
        return;
    };
    if let Some(server) =
        server.filter(|server| !server.sets_many_at_once() && directive.arguments.len() != 4)
    {
        let message = format!("{server} takes one class a line");
        doubts.push(Doubt::error(
            Reason::Arguments,
            message,
            "write a line for each class",
        ));
    }
    for group in groups {
        if !CLASSES.contains(&group.class.as_str()) {
            let message = format!("`{}` is no class of clients that has a limit", group.class);
            doubts.push(Doubt::error(
                Reason::Value,
                message,
                "the classes are normal, replica and pubsub",
            ));
        }
        for word in &group.words[1..3] {
            let value = word.lower();
            match units::parse(&value) {
                Err(error) => doubts.push(bad_memory(&value, &error, server)),
                Ok(memory) if memory.is_decimal() => {
                    let message = format!(
                        "`{value}` is {}: a unit of 1000",
                        units::human_exact(memory.bytes)
                    );
                    doubts.push(Doubt::warning(
                        Reason::Unit,
                        message,
                        format!("write `{value}b` if units of 1024 are meant"),
                    ));
                }
                Ok(_) => {}
            }
        }
        if group.words[3]
            .as_text()
            .is_none_or(|seconds| seconds.parse::<u32>().is_err())
        {
            doubts.push(Doubt::error(
                Reason::Value,
                "the last word of a limit is a number of seconds",
                "",
            ));
        }
        if group
            .limit()
            .is_some_and(|limit| limit.hard > 0 && limit.soft > limit.hard)
        {
            let message = format!(
                "the soft limit of {} clients is above the hard one and never matters",
                group.class
            );
            doubts.push(Doubt::warning(Reason::Conflict, message, ""));
        }
    }
}

/// Words for what to do on a signal.
pub(super) fn check_flags(
    known: &Known,
    directive: &Directive,
    server: Option<&Server>,
) -> Vec<Doubt> {
    let texts = directive.arguments.iter().filter_map(Argument::as_text);
    let words: Vec<&str> = texts.flat_map(str::split_ascii_whitespace).collect();
    let mut doubts: Vec<Doubt> = words
        .iter()
        .filter_map(|word| check_word(known, word, server))
        .collect();
    let has = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
    if words.is_empty() {
        let advice = format!("it can be {}", known.values(server).join(", "));
        doubts.push(Doubt::error(
            Reason::Value,
            format!("`{}` needs a word", known.name),
            advice,
        ));
    }
    if has("save") && has("nosave") {
        doubts.push(Doubt::error(
            Reason::Conflict,
            "save and nosave exclude one another",
            "",
        ));
    }
    doubts
}

/// Lists whose words have a form of their own.
pub(super) fn check_words(known: &Known, directive: &Directive) -> Option<Doubt> {
    let joined = directive
        .arguments
        .iter()
        .filter_map(Argument::as_text)
        .collect::<Vec<_>>()
        .join(" ");
    let words: Vec<&str> = joined.split_ascii_whitespace().collect();
    match known.name {
        "oom-score-adj-values" => {
            let numbers: Option<Vec<i128>> = words.iter().map(|word| integer(word)).collect();
            match numbers.as_deref() {
                Some(numbers @ [_, _, _])
                    if numbers.iter().all(|number| (-2000..=2000).contains(number)) =>
                {
                    let negative = numbers.iter().any(|number| *number < 0);
                    let message = "a server that is not root cannot lower its own score, and only logs that it failed";
                    negative.then(|| {
                        Doubt::warning(
                            Reason::OutOfRange,
                            message,
                            "set OOMScoreAdjust= in its unit instead",
                        )
                    })
                }
                _ => Some(Doubt::error(
                    Reason::Value,
                    "three numbers from -2000 to 2000 are needed",
                    "",
                )),
            }
        }
        "replicaof" => match words.as_slice() {
            [no, one] if no.eq_ignore_ascii_case("no") && one.eq_ignore_ascii_case("one") => None,
            [_, port] if port.parse::<u16>().is_ok() => None,
            _ => Some(Doubt::error(
                Reason::Value,
                "a host and a port are needed",
                "write `replicaof no one` for a primary",
            )),
        },
        "latency-tracking-info-percentiles" => {
            let in_range = |word: &&str| {
                word.parse::<f64>()
                    .is_ok_and(|percentile| (0.0..=100.0).contains(&percentile))
            };
            (!words.iter().all(in_range))
                .then(|| Doubt::error(Reason::Value, "percentiles are numbers from 0 to 100", ""))
        }
        _ => None,
    }
}
