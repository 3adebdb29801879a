//! What Tera says, in the words of this program, with a way out.

use super::tokens::{is_quote, tokens};

/// Tera's words for kinds of values, and ours.
const KINDS: &[(&str, &str)] = &[
    ("undefined", "nothing, because it is not defined"),
    ("none", "nothing"),
    ("bool", "a boolean"),
    ("u64", "an integer"),
    ("i64", "an integer"),
    ("u128", "an integer"),
    ("i128", "an integer"),
    ("usize", "an integer that is not negative"),
    ("u32", "an integer that is not negative"),
    ("i32", "an integer"),
    ("f64", "a number"),
    ("Number", "a number"),
    ("array", "a list"),
    ("&[Value]", "a list"),
    ("Vec<Value>", "a list"),
    ("string", "a string"),
    ("&str", "a string"),
    ("map/struct", "a mapping"),
    ("Map", "a mapping"),
];

/// Ways out, by a part of Tera's message. The first that fits counts.
const WAYS_OUT: &[(&str, &str)] = &[
    (
        "found `array`",
        "join lists with `[...a, ...b]` or `a | union(with=b)`",
    ),
    (
        "Math operations",
        "make a number of a text with `| int` or `| float`; join texts with `~`",
    ),
    (
        "requires both operands",
        "make a number of a text with `| int` or `| float`; join texts with `~`",
    ),
    (
        "Cannot compare",
        "compare values of one kind; `| int` and `| float` make numbers of texts, `| string` texts of numbers",
    ),
    ("divide by 0", "test the divisor first: `a / b if b else 0`"),
    (
        "but expected string",
        "the name of a template must be written out, in quotes",
    ),
    ("is a reserved keyword", "give the variable another name"),
    (
        "only valid here as part of `not in`",
        "write `!=`, or put `not` before the whole condition",
    ),
];

/// Ways out, by the word or symbol that is not expected.
const INSTEAD: &[(&str, &str)] = &[
    ("=", "compare with `==`"),
    (",", "a list is written `[a, b]`, not `(a, b)`"),
];

/// A message and ways out, for an error of Tera at a byte offset of a template as people wrote it. `is_theirs`:
/// what stands there was written by them, not put in by us.
pub(super) fn reword(
    message: &str,
    original: &str,
    offset: usize,
    is_theirs: bool,
) -> (String, Vec<String>) {
    let way_out = |table: &[(&str, &str)], fits: &dyn Fn(&str) -> bool| {
        let found = table.iter().find(|(part, _)| fits(part));
        found
            .map(|(_, help)| (*help).to_owned())
            .into_iter()
            .collect::<Vec<_>>()
    };
    let mut help = way_out(WAYS_OUT, &|part| message.contains(part));
    if let Some((_, expected)) = message
        .strip_prefix("Found ")
        .and_then(|rest| rest.split_once(" but expected "))
    {
        let here = original.get(offset..).and_then(|rest| {
            let tokens = tokens(rest, 0);
            tokens
                .first()
                .and_then(|token| rest.get(token.start..token.end))
        });
        let wants_value = expected.starts_with("one of: integer");
        if wants_value {
            help.push("write a name, a text in quotes or a number there".to_owned());
        }
        let summary = match here.filter(|here| is_theirs || !matches!(*here, "}" | "%" | "-")) {
            _ if expected.starts_with("else") => {
                help.push("write `a if condition else b`".to_owned());
                "a choice needs both values".to_owned()
            }
            None | Some("}" | "%") if wants_value => {
                "a value is missing at the end of this".to_owned()
            }
            None | Some("}" | "%") => "this ends too early".to_owned(),
            Some(here) if wants_value => format!("a value is missing before `{here}`"),
            Some(here) => {
                help.extend(way_out(INSTEAD, &|part| part == here));
                if help.is_empty() && here.starts_with(|c: char| c.is_alphanumeric() || is_quote(c))
                {
                    help.push(
                        "an operator is missing before it, such as `~` between texts, `==`, `and` or `|`"
                            .to_owned(),
                    );
                }
                format!("`{here}` is not expected here")
            }
        };
        return (summary, help);
    }
    if let Some(kind) = message.strip_prefix("Iteration not possible on type ") {
        let kind = kinds(kind);
        return (
            format!("only a list, a mapping or a text can be looped over, and this is {kind}"),
            help,
        );
    }
    if message.starts_with("Tried to render a variable that is undefined") {
        return ("this is not defined".to_owned(), help);
    }
    (kinds(&first_sentence(message)), help)
}

/// The first sentence, without a full stop, beginning in lower case. Lists of all variables go: they are long, and the
/// nearest name is added by who knows it.
pub(super) fn first_sentence(message: &str) -> String {
    let line = message
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let mut text = line;
    for marker in [". Available variables", ". Available fields"] {
        text = text.split(marker).next().unwrap_or(text);
    }
    let text = text.trim_end_matches('.');
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// Replaces Tera's words for kinds, where they stand in backticks.
fn kinds(message: &str) -> String {
    let expects = message
        .strip_prefix("invalid type for the value, expected ")
        .and_then(|rest| rest.split_once(" but got "));
    let kind = |word: &str| {
        let bare = word.trim().trim_matches('`');
        KINDS
            .iter()
            .find(|(tera, _)| *tera == bare)
            .map_or_else(|| format!("`{bare}`"), |(_, ours)| (*ours).to_owned())
    };
    if let Some((expected, got)) = expects {
        return format!("this must be {}, and it is {}", kind(expected), kind(got));
    }
    let mut parts = message.split('`');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut is_quoted = true;
    for part in parts {
        if is_quoted && let Some((_, ours)) = KINDS.iter().find(|(tera, _)| *tera == part) {
            text.push_str(ours);
        } else if is_quoted {
            text.push('`');
            text.push_str(part);
            text.push('`');
        } else {
            text.push_str(part);
        }
        is_quoted = !is_quoted;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_in_our_words() {
        for (tera, ours) in [
            (
                "Invalid type for the value, expected `&str` but got `i64`",
                "this must be a string, and it is an integer",
            ),
            (
                "Cannot compare `string` with `i64`",
                "cannot compare a string with an integer",
            ),
            (
                "Variable `x` is not defined. Available variables: a, b",
                "variable `x` is not defined",
            ),
        ] {
            assert_eq!(reword(tera, "x", 0, true).0, ours);
        }
    }
}
