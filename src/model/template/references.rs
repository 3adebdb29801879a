//! Where template code refers to variables.

use std::ops::Range;

use super::names;
use super::pieces::Piece;
use super::tokens::{Token, TokenKind};

/// A variable with the attributes that are taken from it: `a.b['c']` is `["a", "b", "c"]`; a computed index ends it.
pub type Path = Vec<String>;

/// One mention of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) path: Path,
    /// Its byte range in the template, computed indexes included: `a.b[c].d`.
    pub(super) range: Range<usize>,
    /// Byte offsets of each `.` and `[` of it that has no `?` before it.
    pub(super) accessors: Vec<usize>,
    /// What is done with it allows that it is not defined: `default`, `is defined`.
    pub(super) may_be_undefined: bool,
    /// Text cannot be put around it: it stands among the attributes of a component.
    pub(super) is_fixed: bool,
}

/// Words of expressions that are no variables.
const KEYWORDS: &[&str] = &[
    "and", "or", "not", "in", "is", "if", "else", "for", "true", "True", "false", "False", "none",
    "None", "null", "loop", "self",
];

/// Tags that hold no expression.
const WITHOUT_EXPRESSION: &[&str] = &[
    "include",
    "extends",
    "block",
    "endblock",
    "component",
    "endcomponent",
    "else",
    "endif",
    "endfor",
    "endset",
    "endfilter",
    "raw",
    "endraw",
    "break",
    "continue",
];

/// The names of templates that this part includes or extends, and where each stands.
pub(super) fn included<'a>(tokens: &[Token<'a>]) -> Option<Token<'a>> {
    match tokens {
        [word, name, ..]
            if matches!(word.text, "include" | "extends") && name.kind == TokenKind::Text =>
        {
            Some(*name)
        }
        _ => None,
    }
}

/// Every variable that a part of a template mentions.
pub(super) fn references(piece: Piece<'_>, base: usize) -> Vec<Reference> {
    let tokens = piece.tokens(base);
    match piece {
        Piece::Text(_) | Piece::Comment(_) => Vec::new(),
        Piece::Expression(_) => in_expression(&tokens, 0),
        Piece::Tag(_) => in_tag(&tokens),
    }
}

fn in_tag(tokens: &[Token<'_>]) -> Vec<Reference> {
    let Some(head) = tokens.first() else {
        return Vec::new();
    };
    if head.is_symbol('<') {
        // `</name>` closes; in `<name a={b} c>` the attributes follow the name.
        if is_symbol(tokens, 1, '/') {
            return Vec::new();
        }
        let name_ends = tokens
            .iter()
            .skip(1)
            .position(|token| token.kind != TokenKind::Word && !token.is_symbol('.'))
            .map_or(tokens.len(), |length| length + 1);
        let mut found = in_expression(tokens, name_ends.max(2).min(tokens.len()));
        for reference in &mut found {
            reference.is_fixed = true;
        }
        return found;
    }
    match head.text {
        word if WITHOUT_EXPRESSION.contains(&word) => Vec::new(),
        "for" => in_expression(tokens, 0),
        // The name that is set, or that of the filter, comes first.
        "set" | "set_global" | "filter" => in_expression(tokens, 2),
        _ => in_expression(tokens, 1),
    }
}

/// The variables in tokens from an index on.
pub(super) fn in_expression(tokens: &[Token<'_>], from: usize) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut index = from;
    while index < tokens.len() {
        let token = &tokens[index];
        if token.is_word("for") {
            // The names up to `in` are made here.
            index += 1 + tokens[index + 1..]
                .iter()
                .position(|token| token.is_word("in"))
                .unwrap_or(0);
        } else if is_variable(tokens, index) {
            found.push(read(tokens, index));
        }
        index += 1;
    }
    found
}

fn is_variable(tokens: &[Token<'_>], index: usize) -> bool {
    let token = &tokens[index];
    if token.kind != TokenKind::Word || KEYWORDS.contains(&token.text) {
        return false;
    }
    let before = index.checked_sub(1).map(|previous| &tokens[previous]);
    // `...name` puts the items of a list in.
    let is_spread = index >= 3
        && tokens[index - 3..index]
            .iter()
            .all(|token| token.is_symbol('.'));
    let is_filter_or_attribute =
        !is_spread && before.is_some_and(|token| token.is_symbol('|') || token.is_symbol('.'));
    let is_test = before.is_some_and(|token| token.is_word("is"))
        || (before.is_some_and(|token| token.is_word("not"))
            && index >= 2
            && tokens[index - 2].is_word("is"));
    // `name=value` in a call is an argument's name.
    let is_argument = is_symbol(tokens, index + 1, '=') && !is_symbol(tokens, index + 2, '=');
    let is_call = is_symbol(tokens, index + 1, '(');
    !(is_filter_or_attribute || is_test || is_argument || is_call)
}

fn is_symbol(tokens: &[Token<'_>], index: usize, symbol: char) -> bool {
    tokens
        .get(index)
        .is_some_and(|token| token.is_symbol(symbol))
}

/// Reads `a.b['c'][d]` from the index of its first word.
fn read(tokens: &[Token<'_>], first: usize) -> Reference {
    let mut path = vec![tokens[first].text.to_owned()];
    let mut accessors = Vec::new();
    // Whether all parts so far are known without running the template.
    let mut is_static = true;
    let mut next = first + 1;
    loop {
        let optional = is_symbol(tokens, next, '?');
        let at = next + usize::from(optional);
        let after = match tokens.get(at..) {
            Some([dot, name, ..])
                if dot.is_symbol('.')
                    && matches!(name.kind, TokenKind::Word | TokenKind::Number) =>
            {
                if is_static {
                    path.push(name.text.to_owned());
                }
                at + 2
            }
            Some([open, ..]) if open.is_symbol('[') => {
                let Some(close) = closing_bracket(tokens, at) else {
                    break;
                };
                match &tokens[at + 1..close] {
                    [key] if matches!(key.kind, TokenKind::Text | TokenKind::Number) => {
                        if is_static {
                            path.push(key.text.to_owned());
                        }
                    }
                    _ => is_static = false,
                }
                close + 1
            }
            _ => break,
        };
        if !optional {
            accessors.push(tokens[at].start);
        }
        next = after;
    }
    let range = tokens[first].start..tokens[next - 1].end;
    let (behind, used_by) = follow(tokens, first, next);
    if is_static
        && used_by == Some("is")
        && let Some(part) = names::part_of_a_result(behind)
    {
        path.push(part.to_owned());
    }
    let may_be_undefined = match used_by {
        Some("|") => names::FILTERS_OF_UNDEFINED.contains(&behind),
        Some("is") => names::TESTS_OF_UNDEFINED.contains(&behind),
        _ => is_value_of_default(tokens, first, next),
    };
    Reference {
        path,
        range,
        accessors,
        may_be_undefined,
        is_fixed: false,
    }
}

/// The name of the filter or test that is used on what stands between two indexes, and which of both it is.
fn follow<'a>(
    tokens: &[Token<'a>],
    mut first: usize,
    mut next: usize,
) -> (&'a str, Option<&'a str>) {
    // `(a.b) | default(...)` is no call if nothing but an operator stands before it.
    while first > 0
        && tokens[first - 1].is_symbol('(')
        && is_symbol(tokens, next, ')')
        && !(first > 1
            && tokens[first - 2].kind == TokenKind::Word
            && !KEYWORDS.contains(&tokens[first - 2].text))
    {
        first -= 1;
        next += 1;
    }
    match tokens.get(next..) {
        Some([pipe, name, ..]) if pipe.is_symbol('|') => (name.text, Some(pipe.text)),
        Some([is, not, name, ..]) if is.is_word("is") && not.is_word("not") => {
            (name.text, Some(is.text))
        }
        Some([is, name, ..]) if is.is_word("is") => (name.text, Some(is.text)),
        _ => ("", None),
    }
}

/// In `a | default(value=b)` it is enough that one of both is there.
fn is_value_of_default(tokens: &[Token<'_>], first: usize, next: usize) -> bool {
    let ends = is_symbol(tokens, next, ')') || is_symbol(tokens, next, ',');
    ends && first >= 4
        && tokens[first - 1].is_symbol('=')
        && tokens[first - 2].is_word("value")
        && tokens[first - 4..first - 2]
            .first()
            .is_some_and(|token| token.is_word("default"))
}

fn closing_bracket(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Symbol('[') => depth += 1,
            TokenKind::Symbol(']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}
