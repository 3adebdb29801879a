//! A template's text in its parts: plain text, expressions, tags, comments.

use super::tokens::{Token, closing_quote, is_quote, tokens};

/// Whether a text holds anything for the template engine.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// A part of a template's text; together they are the whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// `{{ }}`
    Expression(&'a str),
    /// `{% %}`; the opening and closing of `raw` too.
    Tag(&'a str),
    /// `{# #}`
    Comment(&'a str),
}

impl<'a> Piece<'a> {
    /// Its text with its delimiters.
    pub(super) fn source(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Expression(text) | Self::Tag(text) | Self::Comment(text) => {
                text
            }
        }
    }

    /// What stands between its delimiters, and its byte offset in the piece.
    pub(super) fn code(self) -> (&'a str, usize) {
        let source = self.source();
        let inner = source.get(2..).unwrap_or_default();
        let inner = ["}}", "%}", "#}"]
            .iter()
            .find_map(|closing| inner.strip_suffix(closing))
            .unwrap_or(inner);
        let (inner, start) = inner
            .strip_prefix('-')
            .map_or((inner, 2), |inner| (inner, 3));
        (inner.strip_suffix('-').unwrap_or(inner), start)
    }

    /// Its tokens, for expressions and tags; their offsets count from `base`, where the piece begins.
    pub(super) fn tokens(self, base: usize) -> Vec<Token<'a>> {
        match self {
            Self::Text(_) | Self::Comment(_) => Vec::new(),
            Self::Expression(_) | Self::Tag(_) => {
                let (code, start) = self.code();
                tokens(code, base + start)
            }
        }
    }
}

/// Cuts a template into its parts.
pub(super) fn pieces<'a>(text: &'a str) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut raw = false;
    while !rest.is_empty() {
        let start = if raw {
            find_end_of_raw(rest)
        } else {
            find_block(rest)
        };
        let Some(start) = start else {
            pieces.push(Piece::Text(rest));
            break;
        };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let block = &rest[start..];
        let (closing, make): (&str, fn(&'a str) -> Piece<'a>) = match &block[..2] {
            "{{" => ("}}", Piece::Expression),
            "{%" => ("%}", Piece::Tag),
            _ => ("#}", Piece::Comment),
        };
        let length = match closing {
            "#}" => block.find(closing).map_or(block.len(), |end| end + 2),
            _ => 2 + end_of_block(&block[2..], closing),
        };
        let piece = make(&block[..length]);
        raw = matches!(piece, Piece::Tag(_)) && piece.code().0.trim() == "raw";
        pieces.push(piece);
        rest = &block[length..];
    }
    pieces
}

fn find_block(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"]
        .iter()
        .filter_map(|opening| text.find(opening))
        .min()
}

/// Where a raw part ends: the tag that says so.
fn find_end_of_raw(text: &str) -> Option<usize> {
    text.match_indices("{%")
        .map(|(start, _)| start)
        .find(|start| {
            text[start + 2..]
                .trim_start_matches(['-', ' ', '\t', '\n'])
                .starts_with("endraw")
        })
}

/// The length up to and with the closing delimiter that stands outside of quotes.
fn end_of_block(text: &str, closing: &str) -> usize {
    let mut position = 0;
    while let Some(character) = text[position..].chars().next() {
        if text[position..].starts_with(closing) {
            return position + closing.len();
        }
        position += character.len_utf8();
        if is_quote(character) {
            match closing_quote(&text[position..], character) {
                Some(length) => position += length + 1,
                None => return text.len(),
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole_text() {
        let text = r#"a {{ b["}}"] }} {%- if c -%} {# {{ d }} #}{% raw %}{{ e }}{% endraw %} {{ 'f\'}}' }}"#;
        let parts = pieces(text);
        assert_eq!(
            parts.iter().map(|part| part.source()).collect::<String>(),
            text
        );
        assert_eq!(parts[1].code(), (r#" b["}}"] "#, 2));
        assert_eq!(parts[3].code(), (" if c ", 3));
        assert_eq!(parts.last(), Some(&Piece::Expression(r"{{ 'f\'}}' }}")));
        assert!(parts.contains(&Piece::Text("{{ e }}")));
    }
}
