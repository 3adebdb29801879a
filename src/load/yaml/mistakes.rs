//! What is wrong with a YAML text, in words that help.

use std::sync::Arc;

use crate::model::diagnostic::Diagnostic;
use crate::model::source::{At, Source};

/// Parts of the parser's messages, what is said instead, and a way out. The first that fits counts.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "unsupported tag `!vault",
        "values encrypted by ansible-vault are not read",
        "keep the value in a file that only you can read, and pass it with `--extra-vars @FILE`",
    ),
    (
        "unsupported tag `!unsafe",
        "the tag `!unsafe` is not known",
        "put `{% raw %}` and `{% endraw %}` around a text whose braces are no template",
    ),
    (
        "unsupported tag",
        "this tag is not known",
        "take the tag out; a text that begins with `!` needs quotes",
    ),
    (
        "mapping values are not allowed",
        "this `:` begins a mapping where none can be",
        "quote a text that holds `: `; a key needs a space behind its `:`, and the indentation of its neighbours",
    ),
    (
        "did not find expected key",
        "this line does not belong to the mapping before it",
        "indent it as its neighbours; what belongs to one mapping begins in one column",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not belong to the list before it",
        "indent it as its neighbours, or begin it with `- `",
    ),
    (
        "block sequence entries are not allowed",
        "no list can begin here",
        "put the first `- ` on a line of its own",
    ),
    (
        "simple key expected ':'",
        "this key has no `:`",
        "write `key: value`; a text of several lines needs quotes, `|` or `>`",
    ),
    (
        "simple key is no longer valid",
        "this key has no `:`",
        "write `key: value`; a text of several lines needs quotes, `|` or `>`",
    ),
    (
        "alias references unknown anchor",
        "no anchor of this name was set before",
        "set it with `&name`, or quote a text that begins with `*`",
    ),
    (
        "found unknown anchor",
        "no anchor of this name was set before",
        "set it with `&name`, or quote a text that begins with `*`",
    ),
    (
        "budget",
        "aliases (`*name`) make this document far larger than it is written",
        "write lists out, or use templates that refer to variables",
    ),
    (
        "multiple YAML documents",
        "a file holds one document, and here a second one begins",
        "take the `---` before it out",
    ),
    (
        "unknown escape character",
        "a backslash in these quotes begins no escape that is known",
        "in double quotes a backslash is written `\\\\`; single quotes take it as it is",
    ),
    (
        "unclosed quote",
        "this quote is not closed",
        "close it; in single quotes a quote is written `''`, in double quotes `\\\"`",
    ),
    (
        "trailing content after",
        "something follows the quote that closes this text",
        "quote the whole value; in single quotes a quote is written `''`, in double quotes `\\\"`",
    ),
    (
        "tab",
        "a tab stands where only spaces may",
        "indent with spaces; YAML does not allow tabs",
    ),
    (
        "unexpected character: `@'",
        "no text can begin with `@`",
        "quote it",
    ),
    (
        "unexpected character: `%'",
        "no text can begin with `%`",
        "quote it",
    ),
    (
        "unexpected character: ``'",
        "no text can begin with a backtick",
        "quote it",
    ),
    (
        "nesting",
        "lists and mappings are nested too deep",
        "a playbook is seldom deeper than ten levels; look for a bracket that is not closed",
    ),
    (
        "implicit flow mapping",
        "an entry is missing here",
        "separate entries by one comma, and close each `{` with `}` and each `[` with `]`",
    ),
    (
        "while parsing a flow",
        "a `,` or the closing bracket is missing here",
        "separate entries by commas, and close each `{` with `}` and each `[` with `]`",
    ),
    (
        "wrongly indented line in block scalar",
        "this line is indented less than the text that it belongs to",
        "indent all lines of a text behind `|` or `>` alike",
    ),
    (
        "expected string scalar",
        "a key must be a text",
        "quote a value that begins with `{` or `[`",
    ),
];

/// The mistake that the parser's message is about.
pub(super) fn diagnose(source: &Arc<Source>, message: &str, at: At) -> Diagnostic {
    let line = source.line(at.line).unwrap_or_default().to_owned();
    if line.contains(": {{") || line.contains("- {{") {
        return unquoted_template(source, &line, &at);
    }
    if let Some(key) = message.strip_prefix("duplicate mapping key: ") {
        return duplicate(source, key, &at);
    }
    if let Some(open) = message
        .contains("bracket")
        .then(|| at.clone())
        .or_else(|| {
            message
                .contains("illegal placement of ':'")
                .then(|| at.clone())
        })
        .or_else(|| message.contains("EOF").then(|| at.clone()))
        .and_then(|at| unclosed_bracket(source, &at))
    {
        let bracket = source
            .line(open.line)
            .and_then(|line| line.chars().nth(open.column - 1))
            .unwrap_or('[');
        let mut diagnostic =
            Diagnostic::error(format!("invalid YAML: this `{bracket}` is not closed"))
                .at(&open)
                .help(format!(
                    "close it with `{}`; a text that begins with `{bracket}` needs quotes",
                    if bracket == '[' { ']' } else { '}' }
                ));
        if at.line != open.line {
            diagnostic = diagnostic.related(&at, "noticed here");
        }
        return diagnostic;
    }
    let found = WORDS.iter().find(|(part, ..)| message.contains(part));
    if message.contains("did not find expected key") && line.trim_start().starts_with("- ") {
        return Diagnostic::error("invalid YAML: a list begins inside of a mapping")
            .at(&at)
            .help("put it below a key, such as `tasks:`, and indent it");
    }
    let Some((part, words, help)) = found else {
        return Diagnostic::error(format!("invalid YAML: {message}"))
            .at(&at)
            .help("look at the quotes, colons and indentation of this line and the one before it");
    };
    let at = match *part {
        "tab" => first_tab(source, &line, at),
        _ => at,
    };
    let mut diagnostic = Diagnostic::error(format!("invalid YAML: {words}"))
        .at(&at)
        .help(*help);
    // `name:value` on the line before is a text, and makes the next key an error.
    if part.starts_with("mapping values")
        && let Some(before) = at
            .line
            .checked_sub(1)
            .and_then(|number| source.line(number))
        && let Some(colon) = tight_colon(before)
    {
        diagnostic = diagnostic.related(
            &At::new(source, at.line - 1, colon + 1, 1),
            "no space behind this `:`",
        );
    }
    diagnostic
}

fn unquoted_template(source: &Arc<Source>, line: &str, at: &At) -> Diagnostic {
    let byte = line.find("{{").unwrap_or(0);
    let column = line[..byte].chars().count() + 1;
    let end = line[byte..].find("}}").map_or(2, |end| end + 2);
    let length = line[byte..byte + end].chars().count();
    Diagnostic::error("invalid YAML: a value that begins with a template needs quotes")
        .at(&At::new(source, at.line, column, length))
        .help("write `key: \"{{ name }}\"`; unquoted, YAML reads `{` as a mapping")
}

/// The key that stands twice; the first is looked for above, in the same column.
fn duplicate(source: &Arc<Source>, key: &str, at: &At) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("invalid YAML: `{key}` is given twice"))
        .at(at)
        .help("keep one of both");
    for number in (1..at.line).rev() {
        let line = source.line(number).unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        let indent = line.chars().take_while(|c| matches!(c, ' ' | '-')).count();
        let rest: String = line.chars().skip(indent).collect();
        if indent + 1 < at.column {
            break;
        }
        let bare = rest.trim_start_matches(['"', '\'']);
        if indent + 1 == at.column
            && bare
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
        {
            diagnostic = diagnostic.related(
                &At::new(source, number, at.column, key.chars().count()),
                "first given here",
            );
            break;
        }
    }
    diagnostic
}

fn first_tab(source: &Arc<Source>, line: &str, at: At) -> At {
    match line.chars().position(|c| c == '\t') {
        Some(column) => At::new(source, at.line, column + 1, 1),
        None => at,
    }
}

/// The column, from 0, of the first colon between letters: `name:value`.
fn tight_colon(line: &str) -> Option<usize> {
    let text = line.trim_start_matches([' ', '-']);
    let word = text.split_whitespace().next()?;
    let colon = word.find(':').filter(|colon| colon + 1 < word.len())?;
    let start = line.chars().count() - text.chars().count();
    word[..colon]
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_')
        .then_some(start + colon)
}

/// The last bracket before a place that is not closed, outside of quotes and comments.
fn unclosed_bracket(source: &Arc<Source>, until: &At) -> Option<At> {
    let mut open: Vec<At> = Vec::new();
    let mut quote: Option<char> = None;
    for (index, line) in source.text.lines().enumerate().take(until.line) {
        let mut previous = ' ';
        for (column, character) in line.chars().enumerate() {
            if index + 1 == until.line && column + 1 >= until.column && open.is_empty() {
                break;
            }
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (Some(_), _) => {}
                (None, '#') if previous.is_whitespace() => break,
                (None, '"' | '\'') if matches!(previous, ' ' | '[' | '{' | ',') => {
                    quote = Some(character);
                }
                (None, '[' | '{')
                    if !open.is_empty() || matches!(previous, ' ' | '\t' | '[' | '{') =>
                {
                    open.push(At::new(source, index + 1, column + 1, 1));
                }
                (None, ']' | '}') => {
                    open.pop();
                }
                _ => {}
            }
            previous = character;
        }
        // Quotes of a plain text, as in `it's`, do not reach over the line.
        if open.is_empty() {
            quote = None;
        }
    }
    open.pop()
}
