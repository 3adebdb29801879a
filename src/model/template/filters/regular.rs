//! Regular expressions, in the syntax of the crate `regex`: no look-around, no back-references in patterns.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{any, count, flag, needed_text, refuse, text};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

const PATTERN: Argument = Argument::required("pattern", "the regular expression");
const IGNORECASE: Argument =
    Argument::optional("ignorecase", "true: capitals are as small letters");
const MULTILINE: Argument =
    Argument::optional("multiline", "true: `^` and `$` are the ends of each line");

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours(
        "regex_replace",
        &[
            PATTERN,
            Argument::required(
                "with",
                "what takes its place; `\\1` or `\\g<name>` is a group",
            ),
            IGNORECASE,
            MULTILINE,
            Argument::optional("count", "how many are replaced, all unless given"),
        ],
        "The text with what fits replaced.",
        replace,
    ),
    Entry::ours(
        "regex_search",
        &[
            PATTERN,
            Argument::optional("group", "the number or name of the group that is wanted"),
            IGNORECASE,
            MULTILINE,
        ],
        "The first part of the text that fits, or nothing.",
        search,
    ),
    Entry::ours(
        "regex_findall",
        &[PATTERN, IGNORECASE, MULTILINE],
        "A list of all parts that fit; of their group where the expression has one, of lists where it has more.",
        find_all,
    ),
    Entry::ours(
        "regex_escape",
        &[],
        "The text with the special characters of regular expressions escaped.",
        escape,
    ),
];

/// How many expressions are remembered.
const REMEMBERED: usize = 512;

static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

/// A compiled expression; each is compiled once.
pub(in crate::model::template) fn compiled(pattern: &str) -> TeraResult<Regex> {
    with_flags(pattern, false, false)
}

fn with_flags(pattern: &str, ignore_case: bool, multi_line: bool) -> TeraResult<Regex> {
    let key = format!("{}{}{pattern}", u8::from(ignore_case), u8::from(multi_line));
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(&key) {
        return Ok(regex.clone());
    }
    let regex = match RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(multi_line)
        .build()
    {
        Ok(regex) => regex,
        Err(error) => {
            return refuse(format!(
                "`{pattern}` is no regular expression: {}",
                reason(&error)
            ));
        }
    };
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, regex.clone());
    Ok(regex)
}

/// The last line of what the crate says; the lines before it draw the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

fn of(arguments: &Kwargs) -> TeraResult<Regex> {
    with_flags(
        &needed_text(arguments, "pattern")?,
        flag(arguments, "ignorecase", false)?,
        flag(arguments, "multiline", false)?,
    )
}

fn replace(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let with = needed_text(arguments, "with")?;
    let limit = count(arguments, "count")?.unwrap_or(0);
    let text = text(value)?;
    let made = of(arguments)?.replacen(&text, limit, replacement(&with).as_str());
    Ok(Value::from(made))
}

/// Python's `\1` and `\g<name>`, as the crate writes them.
fn replacement(python: &str) -> String {
    let mut made = String::new();
    let mut characters = python.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('$', _) => made.push_str("$$"),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                made.push_str("${");
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    made.push(digit);
                }
                made.push('}');
            }
            ('\\', Some('g')) => {
                let rest: String = characters.clone().skip(1).collect();
                match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                    Some((name, _)) => {
                        made.push_str(&format!("${{{name}}}"));
                        for _ in 0..name.chars().count() + 3 {
                            characters.next();
                        }
                    }
                    None => made.push('\\'),
                }
            }
            ('\\', Some('\\')) => {
                characters.next();
                made.push('\\');
            }
            (other, _) => made.push(other),
        }
    }
    made
}

fn search(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let regex = of(arguments)?;
    let text = text(value)?;
    let Some(found) = regex.captures(&text) else {
        return Ok(Value::none());
    };
    let group = match any(arguments, "group")? {
        None => found.get(0),
        Some(name) => match (name.as_str(), count(arguments, "group").ok().flatten()) {
            (Some(name), _) if regex.capture_names().flatten().any(|known| known == name) => {
                found.name(name)
            }
            (None, Some(number)) if number < regex.captures_len() => found.get(number),
            _ => return refuse(format!("the expression has no group `{name}`")),
        },
    };
    Ok(group.map_or_else(Value::none, |part| Value::from(part.as_str())))
}

fn find_all(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let regex = of(arguments)?;
    let text = text(value)?;
    let part = |found: &regex::Captures<'_>, index: usize| {
        Value::from(found.get(index).map_or("", |part| part.as_str()))
    };
    let all: Vec<Value> = regex
        .captures_iter(&text)
        .map(|found| match regex.captures_len() {
            1 => part(&found, 0),
            2 => part(&found, 1),
            groups => Value::from(
                (1..groups)
                    .map(|index| part(&found, index))
                    .collect::<Vec<_>>(),
            ),
        })
        .collect();
    Ok(Value::from(all))
}

fn escape(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    Ok(Value::from(regex::escape(&text(value)?)))
}
