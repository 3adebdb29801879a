//! What is wrong with the value of one directive.

use super::lists::{check_events, check_flags, check_limits, check_save, check_words};
use super::memory::{check_memory, check_percent};
use super::{Doubt, Reason, only_text};
use crate::redis::catalogue::{Directive as Known, Kind};
use crate::redis::conf::{Directive, integer, yes_or_no};
use crate::redis::units;
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
        (Kind::Flags, _) => doubts.extend(check_flags(known, directive, server)),
        (Kind::Text, Some(value)) => doubts.extend(check_file_name(known, value)),
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

/// File names that must not lead out of `dir`. No other text is looked at, for it may be a secret.
fn check_file_name(known: &Known, value: &str) -> Option<Doubt> {
    let names = ["appenddirname", "appendfilename", "dbfilename"];
    if !names.contains(&known.name) {
        return None;
    }
    if value.contains(['/', '\\']) {
        let message = format!("`{}` is a name in `dir`, not a path", known.name);
        return Some(Doubt::error(
            Reason::Value,
            message,
            "set `dir` to its folder",
        ));
    }
    let empty = value.is_empty() && known.name != "dbfilename";
    empty.then(|| {
        Doubt::error(
            Reason::Value,
            format!("`{}` cannot be empty", known.name),
            "",
        )
    })
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

pub(super) fn check_range(
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

pub(super) fn check_word(known: &Known, value: &str, server: Option<&Server>) -> Option<Doubt> {
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
