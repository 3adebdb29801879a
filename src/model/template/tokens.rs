//! The words, texts and symbols of template code.

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    /// A quoted text; its `text` is what stands between the quotes, with its escapes as they were written.
    Text,
    Symbol(char),
}

/// One token, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    /// Byte offsets, with quotes.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token<'_> {
    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text == word
    }
}

/// Cuts code into tokens; their offsets count from `base`.
pub(super) fn tokens(code: &str, base: usize) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some((token, end)) = next(code, position) {
        position = end;
        found.push(Token {
            start: token.start + base,
            end: token.end + base,
            ..token
        });
    }
    found
}

fn next(code: &str, position: usize) -> Option<(Token<'_>, usize)> {
    let run = |start: usize, accept: fn(char) -> bool| {
        code[start..]
            .find(|character| !accept(character))
            .map_or(code.len(), |length| start + length)
    };
    let start = run(position, char::is_whitespace);
    let first = code[start..].chars().next()?;
    let (kind, inner, end) = if first.is_alphabetic() || first == '_' {
        let end = run(start, |c| c.is_alphanumeric() || c == '_');
        (TokenKind::Word, start..end, end)
    } else if first.is_ascii_digit() {
        let end = run(start, |c| c.is_ascii_digit() || c == '_');
        (TokenKind::Number, start..end, end)
    } else if is_quote(first) {
        let close = closing_quote(&code[start + 1..], first).map_or(code.len(), |n| start + 1 + n);
        let end = (close + 1).min(code.len());
        (TokenKind::Text, start + 1..close, end)
    } else {
        let end = start + first.len_utf8();
        (TokenKind::Symbol(first), start..end, end)
    };
    let token = Token {
        kind,
        text: &code[inner],
        start,
        end,
    };
    Some((token, end))
}

pub(super) fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`')
}

/// Where a quoted text ends; a quote behind a backslash does not end it.
pub(super) fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices()
        .find(|(_, character)| {
            let ends = !escaped && *character == quote;
            escaped = !escaped && *character == '\\';
            ends
        })
        .map(|(position, _)| position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_texts_and_symbols_are_told_apart() {
        let found: Vec<(TokenKind, &str)> = tokens(r#"a.b_1["x \" y"] + 12"#, 0)
            .iter()
            .map(|token| (token.kind, token.text))
            .collect();
        assert_eq!(
            found,
            [
                (TokenKind::Word, "a"),
                (TokenKind::Symbol('.'), "."),
                (TokenKind::Word, "b_1"),
                (TokenKind::Symbol('['), "["),
                (TokenKind::Text, r#"x \" y"#),
                (TokenKind::Symbol(']'), "]"),
                (TokenKind::Symbol('+'), "+"),
                (TokenKind::Number, "12"),
            ]
        );
        let open = tokens("'never closed", 10);
        assert_eq!(
            (open[0].text, open[0].start, open[0].end),
            ("never closed", 10, 23)
        );
    }
}
