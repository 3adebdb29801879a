//! From a place in a value to the place in the YAML file where it was written.
//!
//! A template stands in a scalar, and an error is known by its line and column in the scalar's value. Quotes, escapes,
//! folded lines and indentation lie between both.

use crate::model::source::At;

/// A character of the value, and where it stands in the file.
struct Written {
    value: char,
    line: usize,
    column: usize,
}

/// The place of a line and column (from 1) of the value of the scalar at a place; `length` is how many characters
/// are meant. The scalar's own place where the value cannot be followed that far.
pub(super) fn place(scalar: &At, line: usize, column: usize, length: usize) -> At {
    let written = match opening(scalar) {
        Some('|') => block(scalar, false),
        Some('>') => block(scalar, true),
        _ if header(scalar).is_some_and(|(_, folds)| !folds) => block(&head(scalar), false),
        _ if header(scalar).is_some() => block(&head(scalar), true),
        Some(quote @ ('"' | '\'')) => flow(scalar, Some(quote)),
        _ => flow(scalar, None),
    };
    let mut at = (1, 1);
    let mut found: Option<&Written> = None;
    for character in &written {
        if at == (line, column) {
            found = Some(character);
            break;
        }
        at = match character.value {
            '\n' => (at.0 + 1, 1),
            _ => (at.0, at.1 + 1),
        };
    }
    match (found, written.last()) {
        (Some(found), _) => At::new(&scalar.source, found.line, found.column, length),
        // Just behind the end: something is missing there.
        (None, Some(last)) if at == (line, column) && last.value != '\n' => {
            At::new(&scalar.source, last.line, last.column + 1, 1)
        }
        _ => scalar.clone(),
    }
}

fn opening(scalar: &At) -> Option<char> {
    scalar
        .source
        .line(scalar.line)?
        .chars()
        .nth(scalar.column - 1)
}

/// The place of a block's `|` or `>`, for a scalar that is known by the first line of its text.
fn head(scalar: &At) -> At {
    header(scalar).map_or_else(|| scalar.clone(), |(at, _)| at)
}

/// Where a block begins whose text begins at a place, and whether its lines are folded.
fn header(scalar: &At) -> Option<(At, bool)> {
    let line = scalar.source.line(scalar.line)?;
    let indent = line.chars().take_while(|c| *c == ' ').count();
    if indent + 1 != scalar.column {
        return None;
    }
    let (number, above) = (1..scalar.line)
        .rev()
        .filter_map(|number| Some((number, scalar.source.line(number)?)))
        .find(|(_, line)| !line.trim().is_empty())?;
    let code = above.split(" #").next().unwrap_or(above).trim_end();
    let start = code.rfind(['|', '>'])?;
    let is_header = code[start + 1..]
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-'))
        && (code[..start].ends_with([' ', '\t']) || start == 0);
    let column = code[..start].chars().count() + 1;
    is_header.then(|| {
        let at = At::new(&scalar.source, number, column, 1);
        (at, code[start..].starts_with('>'))
    })
}

/// A literal (`|`) or folded (`>`) block.
fn block(scalar: &At, folds: bool) -> Vec<Written> {
    let header = scalar.source.line(scalar.line).unwrap_or_default();
    let explicit = header
        .chars()
        .skip(scalar.column)
        .take_while(|c| !c.is_whitespace())
        .find_map(|c| c.to_digit(10))
        .and_then(|digit| usize::try_from(digit).ok());
    let lines: Vec<&str> = scalar.source.text.lines().skip(scalar.line).collect();
    let indent_of = |line: &str| line.chars().take_while(|c| *c == ' ').count();
    let outer = indent_of(header);
    let indent = explicit.map_or_else(
        || {
            lines
                .iter()
                .find(|line| !line.trim().is_empty())
                .map_or(0, |line| indent_of(line))
        },
        |digit| outer + digit,
    );
    let mut written: Vec<Written> = Vec::new();
    let mut may_fold = false;
    for (index, line) in lines.iter().enumerate() {
        let number = scalar.line + 1 + index;
        let is_blank = line.trim().is_empty();
        if !is_blank && indent_of(line) < indent {
            break;
        }
        let is_deeper = line.chars().nth(indent).is_some_and(char::is_whitespace);
        // The newline before a line becomes a space, or nothing before an empty line, where lines are folded.
        if folds && may_fold && !is_deeper && !written.is_empty() {
            if let Some(newline) = written.last_mut() {
                newline.value = ' ';
            }
            if is_blank {
                written.pop();
            }
        }
        for (column, value) in line.chars().enumerate().skip(indent) {
            written.push(Written {
                value,
                line: number,
                column: column + 1,
            });
        }
        written.push(Written {
            value: '\n',
            line: number,
            column: line.chars().count() + 1,
        });
        may_fold = !is_blank && !is_deeper;
    }
    written
}

/// A quoted or plain scalar, whose lines are folded.
fn flow(scalar: &At, quote: Option<char>) -> Vec<Written> {
    let mut written: Vec<Written> = Vec::new();
    let lines = scalar.source.text.lines().enumerate().skip(scalar.line - 1);
    for (index, line) in lines {
        let number = index + 1;
        let is_first = number == scalar.line;
        let characters: Vec<char> = line.chars().collect();
        let mut column = if is_first {
            scalar.column - 1 + usize::from(quote.is_some())
        } else {
            characters.iter().take_while(|c| c.is_whitespace()).count()
        };
        if !is_first {
            fold(&mut written, number, column == characters.len());
        }
        while column < characters.len() {
            let here = column;
            let value = match (characters[column], quote) {
                ('\'', Some('\'')) if characters.get(column + 1) == Some(&'\'') => {
                    column += 1;
                    '\''
                }
                (character, Some(quote)) if character == quote => return written,
                ('\\', Some('"')) => {
                    let (value, length) = escape(&characters[column + 1..]);
                    column += length;
                    match value {
                        Some(value) => value,
                        None => break,
                    }
                }
                (character, _) => character,
            };
            written.push(Written {
                value,
                line: number,
                column: here + 1,
            });
            column += 1;
        }
    }
    written
}

/// A line break in a folded scalar: a space, or one newline for each empty line.
fn fold(written: &mut Vec<Written>, line: usize, is_empty: bool) {
    while written
        .last()
        .is_some_and(|last| matches!(last.value, ' ' | '\t'))
    {
        written.pop();
    }
    let value = if is_empty { '\n' } else { ' ' };
    if is_empty || written.last().is_some_and(|last| last.value != '\n') {
        written.push(Written {
            value,
            line,
            column: 1,
        });
    }
}

/// What an escape in double quotes stands for, and how many characters follow its backslash. None for the end of
/// a line, which it takes away.
fn escape(rest: &[char]) -> (Option<char>, usize) {
    let code = |digits: usize| {
        let text: String = rest.iter().skip(1).take(digits).collect();
        let value = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
        (Some(value.unwrap_or('?')), 1 + digits)
    };
    match rest.first() {
        None => (None, 0),
        Some('n') => (Some('\n'), 1),
        Some('t') => (Some('\t'), 1),
        Some('x') => code(2),
        Some('u') => code(4),
        Some('U') => code(8),
        Some(other) => (Some(*other), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    #[test]
    fn a_block_may_be_known_by_its_text() {
        for text in ["k: |  # text\n\n  a\n   b @c\n", "- >-\n  a\n  b\n\n  @c\n"] {
            let source = Source::new("f.yml", text);
            let number = text.lines().position(|line| line.trim() == "a").unwrap() + 1;
            let (line, column) = if text.starts_with('k') {
                (3, 4)
            } else {
                (2, 1)
            };
            let found = place(&At::new(&source, number, 3, 1), line, column, 1);
            let shown = source
                .line(found.line)
                .and_then(|line| line.chars().nth(found.column - 1));
            assert_eq!(shown, Some('@'), "{text:?} {found}");
        }
    }

    /// The character `@` of the value must be found at the character `@` of the file.
    #[test]
    fn the_value_is_followed_through_every_style() {
        for (text, column, value) in [
            ("k: a @b", 4, "a @b"),
            ("k: \"a\\\"\\u00e9 @b\"", 4, "a\"é @b"),
            ("k: 'it''s @'", 4, "it's @"),
            ("k: a\n  b @c", 4, "a b @c"),
            ("k: \"a\n\n  b\n  @c\"", 4, "a\nb @c"),
            ("k: |\n  a\n   b @c\n", 4, "a\n b @c\n"),
            ("k: |2-\n    a @\n", 4, "  a @"),
            ("k: >\n  a\n  b @c\n", 4, "a b @c\n"),
            ("k: >-\n  a\n\n  b\n  @\n", 4, "a\nb @"),
        ] {
            let source = Source::new("f.yml", text);
            let before = value.split('@').next().unwrap();
            let line = before.matches('\n').count() + 1;
            let start = before.rsplit('\n').next().unwrap().chars().count() + 1;
            let found = place(&At::new(&source, 1, column, 1), line, start, 1);
            let shown = source
                .line(found.line)
                .and_then(|line| line.chars().nth(found.column - 1));
            assert_eq!(shown, Some('@'), "{text:?} {found}");
        }
    }
}
