//! Mistakes in the use of filters, tests and functions, found before Tera sees the text.
//!
//! Tera takes all arguments by name, passes over names that it does not know, and has no methods. People come from
//! Jinja, so each of these is told with what to write instead.

use std::ops::Range;

use super::call;
use super::catalogue::Use;
use super::error::TemplateError;
use super::habits;
use super::pieces::{Piece, pieces};
use super::prepared::{self, Prepared};
use super::structure::{self, Imbalance};
use super::tokens::{Token, TokenKind, tokens};
use crate::model::nearest::nearest;

/// A mistake, its byte range, and ways out.
pub(super) struct Mistake {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Vec<String>,
}

pub(super) type Checked = Result<(), Mistake>;

/// Words behind which `(` opens a group, not a call.
const OPERATORS: &[&str] = &["and", "or", "not", "in", "is", "if", "else", "elif", "for"];

/// The heads of tags that there are.
const TAGS: &[&str] = &[
    "set",
    "set_global",
    "endset",
    "include",
    "extends",
    "block",
    "endblock",
    "for",
    "endfor",
    "if",
    "elif",
    "else",
    "endif",
    "filter",
    "endfilter",
    "raw",
    "endraw",
    "component",
    "endcomponent",
    "break",
    "continue",
];

/// Every mistake in a text with blocks in it: at most one in each block.
pub(super) fn mistakes(text: &str) -> Vec<TemplateError> {
    let mut found = Vec::new();
    let mut offset = 0;
    for piece in pieces(text) {
        let tokens = piece.tokens(offset);
        let checked = match piece {
            Piece::Tag(_) => check_tag(text, &tokens),
            _ => Ok(()),
        };
        found.extend(
            checked
                .and_then(|()| Ok(structure::check_brackets(&tokens, text, 0)?))
                .and_then(|()| check(text, &tokens))
                .err(),
        );
        offset += piece.source().len();
    }
    // An open block is told where nothing else is wrong: what hides its end is the reason then.
    if found.is_empty() {
        found.extend(structure::check_blocks(text).err().map(Mistake::from));
    }
    let prepared = prepared::template(text);
    found
        .into_iter()
        .map(|mistake| mistake.of(&prepared))
        .collect()
}

/// Checks an expression without braces.
///
/// # Errors
/// The first mistake.
pub(super) fn check_expression(text: &str) -> Result<(), TemplateError> {
    let tokens = tokens(text, 0);
    let checked = if tokens.is_empty() {
        Err(Mistake::new(0..text.len(), "a value is missing here"))
    } else {
        structure::check_brackets(&tokens, text, 0)
            .map_err(Mistake::from)
            .and_then(|()| check(text, &tokens))
    };
    checked.map_err(|mistake| mistake.of(&prepared::expression(text)))
}

impl From<Imbalance> for Mistake {
    fn from(found: Imbalance) -> Self {
        Self::new(found.range, found.message).help(found.help)
    }
}

impl Mistake {
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            help: Vec::new(),
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    fn of(self, text: &Prepared) -> TemplateError {
        TemplateError::at(
            self.message,
            self.help,
            text,
            self.range.start,
            self.range.end,
        )
    }
}

fn check_tag(text: &str, tokens: &[Token<'_>]) -> Checked {
    let Some(head) = tokens.first() else {
        return Ok(());
    };
    if head.is_symbol('+') {
        return Err(
            Mistake::new(head.start..head.end, "`{%+` is not known here")
                .help("write `{%`; only the newline behind a tag goes"),
        );
    }
    if head.kind != TokenKind::Word {
        return Ok(());
    }
    if !TAGS.contains(&head.text) {
        let mistake = Mistake::new(
            head.start..head.end,
            format!("there is no tag `{}`", head.text),
        );
        return Err(
            match (habits::instead_of_tag(head.text), nearest(head.text, TAGS)) {
                (Some(instead), _) => mistake.help(instead),
                (None, Some(near)) => mistake.help(format!("did you mean `{near}`?")),
                (None, None) => mistake,
            },
        );
    }
    if head.text == "filter"
        && let Some(name) = tokens.get(1)
    {
        call::check(Use::Filter, text, tokens, 1, name)?;
    }
    if head.text == "for" {
        let has = |word: &str| tokens.iter().find(|token| token.is_word(word));
        if let (Some(condition), None) = (has("if"), has("else"))
            && !tokens.iter().any(|token| token.is_symbol('['))
        {
            return Err(Mistake::new(
                condition.start..condition.end,
                "a `for` takes no condition here",
            )
            .help(
                "put `{% if %}` inside of the loop, or loop over `[x for x in list if condition]`",
            ));
        }
    }
    if matches!(head.text, "set" | "set_global")
        && let [_, name, dot, ..] = tokens
        && dot.is_symbol('.')
    {
        return Err(Mistake::new(
            name.start..dot.end,
            "only a name can be set, no part of a value",
        )
        .help("a value that outlives a loop is set with `{% set_global name = value %}`"));
    }
    Ok(())
}

fn check(text: &str, tokens: &[Token<'_>]) -> Checked {
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|previous| tokens[previous]);
        match token.kind {
            TokenKind::Symbol(symbol) => check_symbol(symbol, tokens, index)?,
            TokenKind::Word => {
                let after_not = before.is_some_and(|token| token.is_word("not"))
                    && index >= 2
                    && tokens[index - 2].is_word("is");
                if before.is_some_and(|token| token.is_symbol('|')) {
                    call::check(Use::Filter, text, tokens, index, token)?;
                } else if after_not
                    || before.is_some_and(|before| before.is_word("is")) && !token.is_word("not")
                {
                    call::check(Use::Test, text, tokens, index, token)?;
                } else if tokens
                    .get(index + 1)
                    .is_some_and(|next| next.is_symbol('('))
                {
                    let is_method = before.is_some_and(|token| token.is_symbol('.'));
                    if is_method {
                        return Err(method(token));
                    }
                    let is_tag = tokens[0].is_word("component");
                    if !OPERATORS.contains(&token.text) && token.text != "super" && !is_tag {
                        call::check(Use::Function, text, tokens, index, token)?;
                    }
                } else if token.text.starts_with("__tera") {
                    return Err(Mistake::new(
                        token.start..token.end,
                        format!("`{}` is no variable", token.text),
                    ));
                }
            }
            TokenKind::Number | TokenKind::Text => {}
        }
    }
    Ok(())
}

fn check_symbol(symbol: char, tokens: &[Token<'_>], index: usize) -> Checked {
    let token = &tokens[index];
    let next = tokens.get(index + 1);
    let doubled = next.is_some_and(|next| next.is_symbol(symbol) && next.start == token.end);
    let wrong = |length: usize, message: &str, help: &str| {
        Err(Mistake::new(token.start..token.start + length, message).help(help))
    };
    match symbol {
        '|' if doubled => wrong(2, "`||` is not known here", "write `or`"),
        '&' => wrong(
            1 + usize::from(doubled),
            "`&` is not known here",
            "write `and`",
        ),
        '!' if !next.is_some_and(|next| next.is_symbol('=')) => {
            wrong(1, "`!` is not known here", "write `not`")
        }
        '.' if next
            .is_some_and(|next| next.kind == TokenKind::Number && next.start == token.end)
            && index > 0
            && !matches!(tokens[index - 1].kind, TokenKind::Number) =>
        {
            let number = next.map_or("0", |next| next.text);
            wrong(
                1 + number.len(),
                "a part of a list is taken with brackets",
                &format!("write `[{number}]`"),
            )
        }
        _ => Ok(()),
    }
}

fn method(name: &Token<'_>) -> Mistake {
    let mistake = Mistake::new(
        name.start..name.end,
        format!("values have no methods here, such as `{}`", name.text),
    );
    match habits::instead_of_method(name.text) {
        Some(instead) => mistake.help(instead),
        None => mistake.help("use a filter: `value | name(argument=...)`"),
    }
}
