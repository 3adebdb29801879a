//! Tests of values: what follows `is` and `is not`.

use std::cmp::Ordering;

use tera::{Error, Kwargs, TeraResult, Value};

use super::catalogue::{Argument, Entry, Group, TestCall};
use super::filters::{compiled, contains, kind};
use super::names::part_of_a_result;
use crate::model::value;
use crate::model::version_order;

/// All tests, by subject.
pub static GROUPS: &[Group<TestCall>] = &[
    Group {
        title: "What is there",
        entries: &[
            Entry::teras(
                "defined",
                &[],
                "It is there; any part of its path may be missing.",
            ),
            Entry::teras("undefined", &[], "It is not there."),
            Entry::teras(
                "none",
                &[],
                "It is nothing: written as `null` or left empty.",
            ),
        ],
    },
    Group {
        title: "Results of tasks",
        entries: &[
            result("changed", "The task changed something."),
            result("change", "As `changed`."),
            result("failed", "The task failed."),
            result("failure", "As `failed`."),
            result("succeeded", "The task did not fail."),
            result("success", "As `succeeded`."),
            result("skipped", "The task was skipped."),
            result("skip", "As `skipped`."),
        ],
    },
    Group {
        title: "Kinds",
        entries: &[
            Entry::teras("string", &[], "A text."),
            Entry::teras("number", &[], "A number."),
            Entry::teras("integer", &[], "A whole number."),
            Entry::teras("float", &[], "A number with a fraction."),
            Entry::teras("bool", &[], "True or false."),
            Entry::ours("boolean", &[], "As `bool`.", |value, _| Ok(value.is_bool())),
            Entry::teras("map", &[], "A mapping."),
            Entry::ours("mapping", &[], "As `map`.", |value, _| Ok(value.is_map())),
            Entry::teras("array", &[], "A list."),
            Entry::ours("sequence", &[], "As `array`.", |value, _| {
                Ok(value.is_array())
            }),
            Entry::teras("iterable", &[], "A list, a mapping or a text."),
        ],
    },
    Group {
        title: "Truth",
        entries: &[
            Entry::ours(
                "truthy",
                &[CONVERT],
                "Not false, zero, empty or nothing.",
                truthy,
            ),
            Entry::ours(
                "falsy",
                &[CONVERT],
                "False, zero, empty or nothing.",
                |value, arguments| Ok(!truthy(value, arguments)?),
            ),
        ],
    },
    Group {
        title: "Texts",
        entries: &[
            Entry::ours(
                "match",
                PATTERN,
                "A regular expression fits at the beginning.",
                |value, arguments| fits(value, arguments, r"\A(?:", ")"),
            ),
            Entry::ours(
                "search",
                PATTERN,
                "A regular expression fits somewhere.",
                |value, arguments| fits(value, arguments, "", ""),
            ),
            Entry::ours("regex", PATTERN, "As `search`.", |value, arguments| {
                fits(value, arguments, "", "")
            }),
            Entry::teras("starting_with", PAT, "It begins with a text."),
            Entry::teras("ending_with", PAT, "It ends with a text."),
            Entry::ours(
                "version",
                &[
                    Argument::required("than", "the other version"),
                    Argument::optional(
                        "operator",
                        "`==`, unless given, `!=`, `<`, `<=`, `>` or `>=`",
                    ),
                ],
                "A version compared with another, as Debian orders them.",
                version,
            ),
        ],
    },
    Group {
        title: "Lists and mappings",
        entries: &[
            Entry::teras(
                "containing",
                PAT,
                "An item of a list, a key of a mapping, a part of a text.",
            ),
            Entry::ours(
                "contains",
                &[Argument::required("item", "what has to be in it")],
                "As `containing`.",
                |value, arguments| contains(value, arguments.must_get::<&Value>("item")?),
            ),
            Entry::ours(
                "subset",
                OF,
                "All items are in another list.",
                |value, arguments| {
                    let (list, other) = lists(value, arguments)?;
                    Ok(list.iter().all(|item| other.contains(item)))
                },
            ),
            Entry::ours(
                "superset",
                OF,
                "All items of another list are in it.",
                |value, arguments| {
                    let (list, other) = lists(value, arguments)?;
                    Ok(other.iter().all(|item| list.contains(item)))
                },
            ),
        ],
    },
    Group {
        title: "Numbers",
        entries: &[
            Entry::teras("odd", &[], "A whole number that is odd."),
            Entry::teras("even", &[], "A whole number that is even."),
            Entry::teras(
                "divisible_by",
                &[Argument::required("divisor", "the divisor")],
                "A whole number that can be divided without a rest.",
            ),
        ],
    },
];

const PATTERN: &[Argument] = &[
    Argument::required("pat", "the regular expression"),
    Argument::optional("ignorecase", "true: capitals are as small letters"),
    Argument::optional("multiline", "true: `^` and `$` are the ends of each line"),
];
const PAT: &[Argument] = &[Argument::required("pat", "the text")];
const OF: &[Argument] = &[Argument::required("of", "the other list")];
const CONVERT: Argument = Argument::optional(
    "convert_bool",
    "true: words such as `no` and `off` count as false",
);

/// A test of a task's result.
const fn result(name: &'static str, help: &'static str) -> Entry<TestCall> {
    let call: TestCall = match name.as_bytes() {
        b"changed" | b"change" => |value, _| part(value, "changed"),
        b"failed" | b"failure" => |value, _| part(value, "failed"),
        b"skipped" | b"skip" => |value, _| part(value, "skipped"),
        _ => |value, _| Ok(!part(value, "failed")?),
    };
    Entry::ours(name, &[], help, call)
}

/// A part of a task's result; it is false where the result says nothing of it.
fn part(value: &Value, test: &str) -> TeraResult<bool> {
    let name = part_of_a_result(test).unwrap_or(test);
    match value.as_map() {
        Some(map) => Ok(map
            .get(&tera::value::Key::Str(name))
            .is_some_and(Value::is_truthy)),
        None => refuse(format!(
            "this must be what a task registered, and it is {}",
            kind(value)
        )),
    }
}

fn refuse<T>(message: String) -> TeraResult<T> {
    Err(Error::message(message))
}

fn truthy(value: &Value, arguments: &Kwargs) -> TeraResult<bool> {
    if arguments.get::<bool>("convert_bool")?.unwrap_or(false)
        && let Some(text) = value.as_str()
        && let Some(truth) = value::Value::from(text).truth()
    {
        return Ok(truth);
    }
    Ok(value.is_truthy())
}

fn fits(value: &Value, arguments: &Kwargs, before: &str, after: &str) -> TeraResult<bool> {
    let pattern = arguments.must_get::<&str>("pat")?;
    // The expression itself must be right before anything is put around it.
    compiled(pattern)?;
    let flag = |name| Ok::<_, Error>(arguments.get::<bool>(name)?.unwrap_or(false));
    let mut flags = String::new();
    if flag("ignorecase")? {
        flags.push_str("(?i)");
    }
    if flag("multiline")? {
        flags.push_str("(?m)");
    }
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_number() || value.is_bool() => value.to_string(),
        None => {
            return refuse(format!("this must be a string, and it is {}", kind(value)));
        }
    };
    Ok(compiled(&format!("{flags}{before}{pattern}{after}"))?.is_match(&text))
}

fn version(value: &Value, arguments: &Kwargs) -> TeraResult<bool> {
    let word = |value: &Value| {
        if value.is_string() || value.is_number() {
            Ok(value.to_string())
        } else {
            refuse(format!(
                "a version must be a string, and this is {}",
                kind(value)
            ))
        }
    };
    let order =
        version_order::compare(&word(value)?, &word(arguments.must_get::<&Value>("than")?)?);
    let operator = arguments.get::<&str>("operator")?.unwrap_or("==");
    Ok(match operator {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "!=" | "<>" | "ne" => order != Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        other => {
            return refuse(format!(
                "`{other}` is no way to compare versions: use ==, !=, <, <=, > or >="
            ));
        }
    })
}

fn lists<'a>(value: &'a Value, arguments: &'a Kwargs) -> TeraResult<(&'a [Value], &'a [Value])> {
    let of = arguments.must_get::<&Value>("of")?;
    match (value.as_array(), of.as_array()) {
        (Some(list), Some(other)) => Ok((list, other)),
        (None, _) => refuse(format!("this must be a list, and it is {}", kind(value))),
        _ => refuse(format!("`of` must be a list, and it is {}", kind(of))),
    }
}
