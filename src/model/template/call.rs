//! Mistakes in one use of a filter, a test or a function: its name and its arguments.

use std::ops::Range;

use super::catalogue::{Signature, Use};
use super::habits;
use super::tokens::{Token, TokenKind};
use super::usage::{Checked, Mistake};
use crate::model::nearest::nearest;

/// Checks a name and the arguments that follow it.
pub(super) fn check(
    kind: Use,
    text: &str,
    tokens: &[Token<'_>],
    index: usize,
    name: &Token<'_>,
) -> Checked {
    let known = kind.signatures();
    let Some(signature) = known.iter().find(|signature| signature.name == name.text) else {
        return Err(unknown(kind, tokens, index, &known));
    };
    let arguments = arguments(tokens, index + 1);
    if let Some(first) = arguments.iter().find(|argument| argument.name.is_none()) {
        return Err(without_name(kind, text, signature, &arguments, first));
    }
    for argument in &arguments {
        let given = argument.name.unwrap_or_default();
        if !signature.arguments.iter().any(|known| known.name == given) {
            let start = argument.range.start;
            let names: Vec<&str> = signature.arguments.iter().map(|known| known.name).collect();
            let mistake = Mistake::new(
                start..start + given.len(),
                format!("the {} `{}` takes no `{given}`", kind.word(), name.text),
            );
            return Err(match nearest(given, &names) {
                Some(near) => mistake.help(format!("did you mean `{near}`?")),
                None if names.is_empty() => mistake.help("it takes no arguments"),
                None => mistake.help(format!("it takes {}", names.join(", "))),
            });
        }
    }
    let missing = signature.arguments.iter().find(|argument| {
        argument.is_required
            && !arguments
                .iter()
                .any(|given| given.name == Some(argument.name))
    });
    match missing {
        Some(argument) => Err(Mistake::new(
            name.start..name.end,
            format!(
                "the {} `{}` needs `{}`",
                kind.word(),
                name.text,
                argument.name
            ),
        )
        .help(format!(
            "write `{}({}=...)`: {}",
            name.text, argument.name, argument.help
        ))),
        None => Ok(()),
    }
}

fn unknown(kind: Use, tokens: &[Token<'_>], index: usize, known: &[Signature]) -> Mistake {
    let name = &tokens[index];
    // `ansible.builtin.combine`: the last part is its name.
    let last = tokens[index..]
        .chunks(2)
        .take_while(|pair| pair[0].kind == TokenKind::Word)
        .scan(true, |goes_on, pair| {
            let shown = goes_on.then_some(&pair[0]);
            *goes_on = pair.get(1).is_some_and(|token| token.is_symbol('.'));
            shown
        })
        .last()
        .unwrap_or(name);
    let names: Vec<&str> = known.iter().map(|signature| signature.name).collect();
    let mistake = Mistake::new(
        name.start..last.end,
        format!("there is no {} `{}`", kind.word(), last.text),
    );
    if last.start > name.start && names.contains(&last.text) {
        return Mistake {
            message: format!("a {}'s name has no dots here", kind.word()),
            ..mistake
        }
        .help(format!("write `{}`", last.text));
    }
    match (habits::instead(kind, last.text), nearest(last.text, &names)) {
        (Some(instead), _) => mistake.help(instead),
        (None, Some(near)) => mistake.help(format!("did you mean `{near}`?")),
        (None, None) => mistake.help("docs/templates.md lists them all"),
    }
}

/// One argument in a call.
struct Given<'a> {
    name: Option<&'a str>,
    /// With its name.
    range: Range<usize>,
}

/// The arguments between the parentheses at an index, if there are any.
fn arguments<'a>(tokens: &[Token<'a>], open: usize) -> Vec<Given<'a>> {
    let mut found = Vec::new();
    if !tokens.get(open).is_some_and(|token| token.is_symbol('(')) {
        return found;
    }
    let mut depth = 0_usize;
    let mut first: Option<usize> = None;
    for (index, token) in tokens.iter().enumerate().skip(open + 1) {
        let closes = matches!(token.kind, TokenKind::Symbol(')' | ']' | '}'));
        if depth == 0 && (closes || token.is_symbol(',')) {
            if let Some(start) = first.take() {
                let is_named = tokens[start].kind == TokenKind::Word
                    && tokens
                        .get(start + 1)
                        .is_some_and(|next| next.is_symbol('='))
                    && !tokens
                        .get(start + 2)
                        .is_some_and(|next| next.is_symbol('='));
                found.push(Given {
                    name: is_named.then_some(tokens[start].text),
                    range: tokens[start].start..tokens[index - 1].end,
                });
            }
            if closes {
                break;
            }
            continue;
        }
        first.get_or_insert(index);
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    found
}

/// Arguments without names: says how the call is written with them.
fn without_name(
    kind: Use,
    text: &str,
    signature: &Signature,
    arguments: &[Given<'_>],
    first: &Given<'_>,
) -> Mistake {
    let mistake = Mistake::new(
        first.range.clone(),
        format!("the arguments of a {} have names here", kind.word()),
    );
    if let Some(instead) = habits::instead_of_call(signature.name) {
        return mistake.help(instead);
    }
    if signature.arguments.is_empty() {
        return mistake.help(format!("`{}` takes no arguments", signature.name));
    }
    let mut free = signature.arguments.iter().filter(|argument| {
        !arguments
            .iter()
            .any(|given| given.name == Some(argument.name))
    });
    let mut written = Vec::new();
    for argument in arguments {
        let source = text.get(argument.range.clone()).unwrap_or_default();
        if argument.name.is_some() {
            written.push(source.to_owned());
            continue;
        }
        match free.next() {
            Some(name) => written.push(format!("{}={source}", name.name)),
            None => {
                let names: Vec<&str> = signature.arguments.iter().map(|known| known.name).collect();
                return mistake.help(format!("`{}` takes {}", signature.name, names.join(", ")));
            }
        }
    }
    mistake.help(format!(
        "write `{}({})`",
        signature.name,
        written.join(", ")
    ))
}
