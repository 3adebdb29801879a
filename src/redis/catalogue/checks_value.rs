//! What is wrong with the value of one directive.

use super::check::{Doubt, Reason, only_text};
use super::row::{Directive as Known, Kind};
use crate::redis::conf::{Argument, Directive, integer, limits, yes_or_no};
use crate::redis::units::{self, MemoryError};
use crate::redis::version::Server;

/// Values that a server takes and that hurt: directive, smallest and largest such value, why, what to do.
const DANGEROUS: [(&str, i128, i128, &str, &str); 4] = [
    (
        "maxmemory-samples",
        11,
        i128::MAX,
        "each eviction looks at that many keys; large numbers use up the CPU and, before Redis 7.4, the stack",
        "use 5, or 10 for an eviction closer to exact",
    ),
    (
        "lfu-decay-time",
        0,
        0,
        "0 means that counters never decay: keys that were hot once are never evicted",
        "use 1",
    ),
    (
        "maxmemory-eviction-tenacity",
        100,
        100,
        "100 evicts without any time limit, and clients wait",
        "use 10",
    ),
    (
        "tcp-backlog",
        0,
        127,
        "so few waiting connections are refused under load",
        "use 511",
    ),
];

/// The classes of clients that have an output buffer limit.
const CLASSES: [&str; 4] = ["normal", "replica", "slave", "pubsub"];

/// The letters of `notify-keyspace-events`.
const EVENT_LETTERS: &str = "AKEg$lshzxetmdn";

/// Looks at the arguments of a directive that the server knows.
pub(super) fn check_value(
    known: &Known,
    directive: &Directive,
    server: Option<&Server>,
    doubts: &mut Vec<Doubt>,
) {
    if let Some(doubt) = check_count(known, directive) {
        doubts.push(doubt);
        return;
    }
    let value = only_text(directive);
    match (known.kind, value) {
        (Kind::Bool, Some(value)) => doubts.extend(check_bool(known, value)),
        (Kind::Integer, Some(value)) => check_integer(known, value, server, doubts),
        (Kind::Octal, Some(value)) => doubts.extend(check_octal(known, value)),
        (Kind::Memory, Some(value)) => check_memory(known, value, server, doubts),
        (Kind::MemoryOrPercent, Some(value)) => match value.strip_suffix('%') {
            Some(percent) => doubts.extend(check_percent(known, percent)),
            None => check_memory(known, value, server, doubts),
        },
        (Kind::Enum, Some(value)) => doubts.extend(check_word(known, value, server)),
        (Kind::Flags, _) => {
            let words = directive
                .arguments
                .iter()
                .filter_map(Argument::as_text)
                .flat_map(str::split_ascii_whitespace);
            doubts.extend(words.filter_map(|word| check_word(known, word, server)));
        }
        (Kind::KeyspaceEvents, Some(value)) => doubts.extend(check_events(value)),
        (Kind::Save, _) => doubts.extend(check_save(directive, server)),
        (Kind::BufferLimits, _) => check_limits(directive, server, doubts),
        (Kind::Words, _) => doubts.extend(check_words(known, directive)),
        _ => {}
    }
}

/// The number of arguments. No value is shown here, for it may be a secret.
fn check_count(known: &Known, directive: &Directive) -> Option<Doubt> {
    let count = directive.arguments.len();
    let name = &directive.name;
    let wants = |what: &str| {
        Some(Doubt::error(
            Reason::Arguments,
            format!("`{name}` takes {what}, not {count}"),
            "",
        ))
    };
    if known.kind == Kind::Repeated {
        return match name.as_str() {
            "include" if count != 1 => wants("one path"),
            "rename-command" if count != 2 => wants("two words, a command and its new name"),
            "loadmodule" if count == 0 => wants("the path of a module"),
            "user" if count == 0 => wants("a name and rules"),
            _ => None,
        };
    }
    if count > 1
        && directive
            .arguments
            .iter()
            .any(|argument| argument.as_bytes().starts_with(b"#"))
    {
        let message =
            "Redis has no comments behind a value: it takes these words for more arguments";
        return Some(Doubt::error(
            Reason::TrailingComment,
            message,
            "put the comment on a line of its own",
        ));
    }
    if count == 0
        && matches!(
            known.kind,
            Kind::Words | Kind::Flags | Kind::BufferLimits | Kind::Save
        )
    {
        return wants("a value");
    }
    if count == 1 || !known.kind.takes_one_argument() {
        return None;
    }
    if let (Kind::Memory | Kind::MemoryOrPercent, [number, unit]) =
        (known.kind, directive.arguments.as_slice())
    {
        let joined = format!("{}{}", number.lower(), unit.lower());
        if units::parse(&joined).is_ok() {
            let message = "Redis takes no space between a number and its unit";
            return Some(Doubt::error(
                Reason::Unit,
                message,
                format!("write `{joined}`"),
            ));
        }
    }
    wants("one value")
}

fn check_bool(known: &Known, value: &str) -> Option<Doubt> {
    if yes_or_no(value).is_some() {
        return None;
    }
    let advice = match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "enabled" => format!("write `{} yes`", known.name),
        "false" | "off" | "0" | "disabled" => format!("write `{} no`", known.name),
        _ => String::new(),
    };
    Some(Doubt::error(
        Reason::Value,
        format!("`{value}` is neither yes nor no"),
        advice,
    ))
}

fn check_integer(known: &Known, value: &str, server: Option<&Server>, doubts: &mut Vec<Doubt>) {
    let Some(number) = integer(value) else {
        let message = format!(
            "`{value}` is not a number as Redis reads it: digits only, no leading zero, no unit"
        );
        doubts.push(Doubt::error(Reason::Value, message, ""));
        return;
    };
    let out_of_range = check_range(known, number, server, ToString::to_string);
    let dangerous = DANGEROUS
        .iter()
        .find(|(name, low, high, ..)| known.name == *name && (*low..=*high).contains(&number));
    match (out_of_range, dangerous) {
        (Some(doubt), _) => doubts.push(doubt),
        (None, Some((.., why, advice))) => {
            doubts.push(Doubt::warning(Reason::OutOfRange, *why, *advice))
        }
        (None, None) => {}
    }
}

fn check_range(
    known: &Known,
    number: i128,
    server: Option<&Server>,
    show: impl Fn(&i128) -> String,
) -> Option<Doubt> {
    let message = match (known.minimum(server), known.maximum(server)) {
        (Some(minimum), _) if number < minimum => {
            format!("{} is less than {}", show(&number), show(&minimum))
        }
        (_, Some(maximum)) if number > maximum => {
            format!("{} is more than {}", show(&number), show(&maximum))
        }
        _ => return None,
    };
    Some(Doubt::error(
        Reason::OutOfRange,
        format!("{message}, the bound of `{}`", known.name),
        "",
    ))
}

fn check_octal(known: &Known, value: &str) -> Option<Doubt> {
    match u32::from_str_radix(value, 8) {
        Ok(mode) if mode <= 0o777 => None,
        _ => Some(Doubt::error(
            Reason::Value,
            format!("`{value}` is no file mode for `{}`", known.name),
            "write something like 770",
        )),
    }
}

fn check_percent(known: &Known, percent: &str) -> Option<Doubt> {
    match percent.parse::<u64>() {
        Ok(0..=100) => None,
        _ => Some(Doubt::error(
            Reason::OutOfRange,
            format!("`{}` takes 0% to 100%", known.name),
            "",
        )),
    }
}

fn check_memory(known: &Known, value: &str, server: Option<&Server>, doubts: &mut Vec<Doubt>) {
    let memory = match units::parse(value) {
        Ok(memory) => memory,
        Err(error) => {
            doubts.push(bad_memory(value, &error, server));
            return;
        }
    };
    let reading = format!(
        "Redis reads `{value}` as {}",
        units::human_exact(memory.bytes)
    );
    if memory.no_digits {
        doubts.push(Doubt::error(
            Reason::Unit,
            format!("{reading}: there is no number in it"),
            "write a number of bytes",
        ));
    } else if memory.wrapped {
        doubts.push(Doubt::error(
            Reason::Unit,
            format!("{reading}: the number does not fit"),
            "write a number of bytes",
        ));
    } else if let Some(doubt) = check_range(known, i128::from(memory.bytes), server, bytes) {
        doubts.push(doubt);
    } else if memory.is_decimal() {
        let advice =
            format!("write `{value}b` if units of 1024 are meant, or a plain number of bytes");
        doubts.push(Doubt::warning(
            Reason::Unit,
            format!("{reading}: {} is a unit of 1000", memory.suffix),
            advice,
        ));
    }
}

fn bytes(number: &i128) -> String {
    u64::try_from(*number).map_or_else(|_| number.to_string(), units::human_exact)
}

fn bad_memory(value: &str, error: &MemoryError, server: Option<&Server>) -> Doubt {
    let mut message = format!("`{value}`: {error}");
    if server.is_some_and(|server| server.version.major < 6) {
        message.push_str("; this server reads it as 0");
    }
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    let meant = match value[digits.len()..].to_ascii_lowercase().as_str() {
        "kib" | "ki" => Some("kb"),
        "mib" | "mi" => Some("mb"),
        "gib" | "gi" => Some("gb"),
        _ => None,
    };
    let advice = match meant {
        Some(unit) if !digits.is_empty() => {
            format!("write `{digits}{unit}`, which is in units of 1024")
        }
        _ => "write a plain number of bytes".to_owned(),
    };
    Doubt::error(Reason::Unit, message, advice)
}

fn check_word(known: &Known, value: &str, server: Option<&Server>) -> Option<Doubt> {
    let values = known.values(server);
    if values.iter().any(|word| word.eq_ignore_ascii_case(value)) {
        return None;
    }
    if let (Some(releases), Some(server)) = (known.releases_with_value(value), server) {
        let message = format!(
            "{server} has no `{value}` for `{}`: it is known to {releases}",
            known.name
        );
        return Some(Doubt::error(Reason::NotInThisVersion, message, ""));
    }
    let advice = match crate::model::nearest::nearest(value, &values) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it can be {}", values.join(", ")),
    };
    Some(Doubt::error(
        Reason::Value,
        format!("`{value}` is not a value of `{}`", known.name),
        advice,
    ))
}

fn check_events(value: &str) -> Option<Doubt> {
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

fn check_save(directive: &Directive, server: Option<&Server>) -> Option<Doubt> {
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

fn check_limits(directive: &Directive, server: Option<&Server>, doubts: &mut Vec<Doubt>) {
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

/// Lists whose words have a form of their own.
fn check_words(known: &Known, directive: &Directive) -> Option<Doubt> {
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
            [] => None,
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
