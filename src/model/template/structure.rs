//! What is opened must be closed: braces, quotes, brackets and block tags.

use std::ops::Range;

use super::pieces::{Piece, pieces};
use super::tokens::{Token, TokenKind};

/// What is wrong, its byte range, and a way out.
pub(super) struct Imbalance {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

impl Imbalance {
    fn new(range: Range<usize>, message: String, help: String) -> Self {
        Self {
            range,
            message,
            help,
        }
    }
}

/// Checks the braces and block tags of a template.
pub(super) fn check_blocks(text: &str) -> Result<(), Imbalance> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    let mut offset = 0;
    for piece in pieces(text) {
        check_braces(piece, offset)?;
        if let Piece::Tag(_) = piece {
            let tokens = piece.tokens(offset);
            if let Some(head) = tokens.first().filter(|head| head.kind == TokenKind::Word) {
                follow(head, &tokens, &mut open)?;
            }
        }
        offset += piece.source().len();
    }
    match open.pop() {
        None => Ok(()),
        Some((name, range)) => Err(Imbalance::new(
            range,
            format!("this `{name}` is not closed"),
            format!("close it with `{{% end{name} %}}`"),
        )),
    }
}

fn check_braces(piece: Piece<'_>, offset: usize) -> Result<(), Imbalance> {
    let (opening, closing) = match piece {
        Piece::Text(_) => return Ok(()),
        Piece::Expression(_) => ("{{", "}}"),
        Piece::Tag(_) => ("{%", "%}"),
        Piece::Comment(_) => ("{#", "#}"),
    };
    let source = piece.source();
    if source.len() >= 4 && source.ends_with(closing) {
        return Ok(());
    }
    // The quote that is not closed hides the braces behind it.
    check_brackets(&piece.tokens(offset), source, offset)?;
    Err(Imbalance::new(
        offset..offset + 2,
        format!("this `{opening}` is not closed"),
        format!("close it with `{closing}`"),
    ))
}

fn follow<'a>(
    head: &Token<'a>,
    tokens: &[Token<'a>],
    open: &mut Vec<(&'a str, Range<usize>)>,
) -> Result<(), Imbalance> {
    let range = head.start..head.end;
    let opens = match head.text {
        "if" | "for" | "block" | "filter" | "raw" | "component" => true,
        "set" | "set_global" => !tokens.get(2).is_some_and(|token| token.is_symbol('=')),
        _ => false,
    };
    if opens {
        let name = head.text.strip_suffix("_global").unwrap_or(head.text);
        open.push((name, range));
        return Ok(());
    }
    let last = open.last().map(|(name, _)| *name);
    if let Some(name) = head.text.strip_prefix("end") {
        return match last {
            Some(opened) if opened == name => {
                open.pop();
                Ok(())
            }
            Some(opened) => Err(Imbalance::new(
                range,
                format!(
                    "`{}` closes nothing: the last tag that was opened is `{opened}`",
                    head.text
                ),
                format!("close that one first, with `{{% end{opened} %}}`"),
            )),
            None => Err(Imbalance::new(
                range,
                format!("`{}` closes nothing", head.text),
                format!("take it out, or open it with `{{% {name} %}}`"),
            )),
        };
    }
    let belongs = match head.text {
        "elif" => last == Some("if"),
        "else" => matches!(last, Some("if" | "for")),
        _ => true,
    };
    if belongs {
        return Ok(());
    }
    Err(Imbalance::new(
        range,
        format!("this `{}` belongs to no `if`", head.text),
        "open one before it with `{% if condition %}`".to_owned(),
    ))
}

/// Checks the quotes and brackets of code that stands in a text from a byte offset on.
pub(super) fn check_brackets(
    tokens: &[Token<'_>],
    text: &str,
    base: usize,
) -> Result<(), Imbalance> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Text => {
                let written = text
                    .get(token.start - base..token.end - base)
                    .unwrap_or_default();
                if written.len() != token.text.len() + 2 {
                    return Err(Imbalance::new(
                        token.start..token.start + 1,
                        "this quote is not closed".to_owned(),
                        "close it; in quotes, a quote of the same kind is written with a backslash before it"
                            .to_owned(),
                    ));
                }
            }
            TokenKind::Symbol('(' | '[' | '{') => open.push(token),
            TokenKind::Symbol(closing @ (')' | ']' | '}')) => {
                let fits = open
                    .pop()
                    .is_some_and(|opened| partner(opened.text) == closing);
                if !fits {
                    return Err(Imbalance::new(
                        token.start..token.end,
                        format!("this `{closing}` closes nothing"),
                        "take it out, or open the bracket before it".to_owned(),
                    ));
                }
            }
            _ => {}
        }
    }
    match open.pop() {
        None => Ok(()),
        Some(token) => Err(Imbalance::new(
            token.start..token.end,
            format!("this `{}` is not closed", token.text),
            format!("close it with `{}`", partner(token.text)),
        )),
    }
}

fn partner(opening: &str) -> char {
    match opening {
        "(" => ')',
        "[" => ']',
        _ => '}',
    }
}
