//! A template as people write it, made into what Tera compiles, with the way back for errors.
//!
//! - Every mention of a variable demands that the variable is there. Tera takes a missing one for false in
//!   conditions and for unequal in comparisons, so that a typing mistake would silently choose the other branch.
//!   Where `default` or `is defined` follows, each part of the path may be missing, as in Ansible.
//! - A backslash before a letter that is no escape stays one, as in Jinja: `'\d+'`.
//! - In files, the newline after a block tag goes, as Ansible's `template` has it (`trim_blocks`): a line with
//!   nothing but `{% if %}` leaves no empty line behind.

use super::filters;
use super::pieces::{Piece, pieces};
use super::references::{Reference, in_expression, references};
use super::tokens::{Token, TokenKind, tokens};

/// The text for Tera, and where its parts come from.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) text: String,
    original: String,
    /// Ascending by their place in the text.
    stretches: Vec<Stretch>,
}

/// From a byte offset in the text on, bytes come from an offset in the original.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    text: usize,
    original: usize,
    /// Whether they were copied, or put in at this place.
    is_copy: bool,
}

/// A text with blocks in it.
pub(super) fn template(original: &str) -> Prepared {
    build(original, false)
}

/// The text of a file.
pub(super) fn file(original: &str) -> Prepared {
    build(original, true)
}

/// An expression without braces; its value is carried over with its kind.
pub(super) fn expression(original: &str) -> Prepared {
    native(original, original, 0)
}

/// A text that is one single `{{ }}`; its value is carried over with its kind.
pub(super) fn single(original: &str) -> Prepared {
    let mut offset = 0;
    for piece in pieces(original) {
        if let Piece::Expression(_) = piece {
            let (code, start) = piece.code();
            return native(original, code, offset + start);
        }
        offset += piece.source().len();
    }
    build(original, false)
}

fn native(original: &str, code: &str, start: usize) -> Prepared {
    let mut prepared = Prepared::new(original);
    let found = tokens(code, start);
    let insertions = insertions(&in_expression(&found, 0), &found, original);
    prepared.put(start, "{{(");
    prepared.copy(start, start + code.len(), &insertions);
    // What is missing before this place is missing at the end of the code.
    let end = start + code.trim_end().len();
    prepared.put(end, &format!(")|{}}}}}", filters::NATIVE));
    prepared
}

/// What stands before the number of a part and an expression, behind it, and behind what the expression came to.
pub(super) const MARKS: [char; 3] = ['\u{2}', '\u{3}', '\u{4}'];

/// The text of a part, with marks around what each of its expressions comes to.
pub(super) fn marked(original: &str, trims: bool, part: usize) -> String {
    build_with(original, trims, Some(part)).text
}

fn build(original: &str, trims: bool) -> Prepared {
    build_with(original, trims, None)
}

fn build_with(original: &str, trims: bool, marks: Option<usize>) -> Prepared {
    let mut prepared = Prepared::new(original);
    let mut offset = 0;
    let mut expressions = 0;
    // A newline that goes belongs to the text after its tag.
    let mut skip = 0;
    for piece in pieces(original) {
        let end = offset + piece.source().len();
        let insertions = insertions(&references(piece, offset), &piece.tokens(offset), original);
        let mark = marks.filter(|_| matches!(piece, Piece::Expression(_)));
        if let Some(part) = mark {
            let [before, behind, _] = MARKS;
            prepared.put(offset, &format!("{before}{part} {expressions}{behind}"));
            expressions += 1;
        }
        prepared.copy(offset + skip, end, &insertions);
        if mark.is_some() {
            prepared.put(end, &MARKS[2].to_string());
        }
        let goes = trims && matches!(piece, Piece::Tag(_) | Piece::Comment(_));
        skip = usize::from(goes && original[end..].starts_with('\n'));
        offset = end;
    }
    prepared
}

/// What is put in, by byte offset in the original.
fn insertions(
    references: &[Reference],
    tokens: &[Token<'_>],
    original: &str,
) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for reference in references.iter().filter(|reference| !reference.is_fixed) {
        if !reference.may_be_undefined {
            found.push((reference.range.start, "(".to_owned()));
        }
        for accessor in &reference.accessors {
            found.push((*accessor, "?".to_owned()));
        }
        if !reference.may_be_undefined {
            let path = &original[reference.range.clone()];
            let path = path.replace('\\', "\\\\").replace('"', "\\\"");
            found.push((
                reference.range.end,
                format!("|{}(path=\"{path}\"))", filters::DEMAND),
            ));
        }
    }
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Text) {
        let mut escaped = false;
        for (position, character) in token.text.char_indices() {
            if escaped && !matches!(character, '"' | '\'' | '/' | '\\' | 'n' | 't' | 'r') {
                found.push((token.start + 1 + position, "\\".to_owned()));
            }
            escaped = !escaped && character == '\\';
        }
    }
    found.sort_by_key(|(offset, _)| *offset);
    found
}

impl Prepared {
    fn new(original: &str) -> Self {
        Self {
            text: String::with_capacity(original.len() * 2),
            original: original.to_owned(),
            stretches: Vec::new(),
        }
    }

    fn put(&mut self, original: usize, text: &str) {
        self.stretches.push(Stretch {
            text: self.text.len(),
            original,
            is_copy: false,
        });
        self.text.push_str(text);
    }

    fn copy(&mut self, mut start: usize, end: usize, insertions: &[(usize, String)]) {
        let mut copy_to = |prepared: &mut Self, stop: usize| {
            if stop > start {
                prepared.stretches.push(Stretch {
                    text: prepared.text.len(),
                    original: start,
                    is_copy: true,
                });
                let part = &prepared.original[start..stop];
                prepared.text.push_str(part);
                start = stop;
            }
        };
        for (offset, text) in insertions {
            copy_to(self, *offset);
            self.put(*offset, text);
        }
        copy_to(self, end);
    }

    /// The byte offset in the original of an offset in the text, and whether the byte there was copied.
    pub(super) fn offset(&self, text: usize) -> (usize, bool) {
        let index = self
            .stretches
            .partition_point(|stretch| stretch.text <= text);
        match index.checked_sub(1).map(|index| self.stretches[index]) {
            Some(stretch) if stretch.is_copy => (stretch.original + text - stretch.text, true),
            Some(stretch) => (stretch.original, false),
            None => (0, true),
        }
    }

    /// Line and column, both counted from 1, of a byte offset in the original.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.original.get(..offset).unwrap_or(&self.original);
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        (line, last.chars().count() + 1)
    }

    /// How many characters a byte range of the original has, as far as they are on one line.
    pub(super) fn length(&self, start: usize, end: usize) -> usize {
        let range = self.original.get(start..end).unwrap_or_default();
        range
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            .max(1)
    }

    /// Whether the text makes a variable of this name itself, in a loop or with `set`.
    pub(super) fn makes(&self, name: &str) -> bool {
        pieces(&self.original).into_iter().any(|piece| {
            let tokens = piece.tokens(0);
            tokens
                .windows(2)
                .enumerate()
                .any(|(index, pair)| match pair[0].text {
                    "for" => tokens[index + 1..]
                        .iter()
                        .take_while(|token| !token.is_word("in"))
                        .any(|token| token.is_word(name)),
                    "set" | "set_global" => index == 0 && pair[1].is_word(name),
                    _ => false,
                })
        })
    }

    /// The text as people wrote it.
    pub(super) fn original(&self) -> &str {
        &self.original
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_demanded_unless_they_may_be_missing() {
        for (original, expected) in [
            ("a{{ b }}", r#"a{{ (b|@(path="b")) }}"#),
            ("{% if a.b == 1 %}", r#"{% if (a?.b|@(path="a.b")) == 1 %}"#),
            (
                "x{{ a.b['c'] | default(value=d.e) }}",
                "x{{ a?.b?['c'] | default(value=d?.e) }}",
            ),
            (
                "x{{ (a.b) is not defined }}",
                "x{{ (a?.b) is not defined }}",
            ),
            (
                r#"x{{ a["k"][i] }}"#,
                r#"x{{ (a?["k"]?[(i|@(path="i"))]|@(path="a[\"k\"][i]")) }}"#,
            ),
            (r"x{{ 'a\d' ~ '\n' }}", r"x{{ 'a\\d' ~ '\n' }}"),
        ] {
            let prepared = template(original);
            assert_eq!(
                prepared.text,
                expected.replace('@', filters::DEMAND),
                "{original}"
            );
        }
    }

    #[test]
    fn places_lead_back_to_the_original() {
        for original in [
            "{{ a.b }} x {{ c['d'][e] }}\n{% if f %}\ng {{ h }}\n{% endif %}\n{# i #}\nj\n",
            "{{ ü.b ~ '\\d' }}{{ z }}",
        ] {
            let prepared = file(original);
            for (offset, character) in prepared.text.char_indices() {
                let (back, is_copy) = prepared.offset(offset);
                if is_copy {
                    assert!(original[back..].starts_with(character));
                }
            }
        }
        let prepared = single("  {{ a + }}");
        let end = prepared.text.find(")|").unwrap();
        assert_eq!(prepared.offset(end + 1), (8, false));
        assert_eq!(prepared.place(8), (1, 9));
    }

    #[test]
    fn only_newlines_after_tags_go_and_only_in_files() {
        let text = "a\n{% if true %}\nb {{ 1 }}\n{% endif %}\n{# c #}\nd\n{% raw %}{% no %}\n{% endraw %}\ne\n";
        assert_eq!(
            file(text).text,
            "a\n{% if true %}b {{ 1 }}\n{% endif %}{# c #}d\n{% raw %}{% no %}\n{% endraw %}e\n"
        );
        assert_eq!(template(text).text, text);
    }
}
