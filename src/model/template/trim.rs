//! The newline after a block tag goes, as Ansible's `template` has it (`trim_blocks`): a line with nothing but
//! `{% if %}` leaves no empty line behind.

use super::scan::{Piece, pieces};

/// A text without those newlines, and where they were.
pub(super) struct Trimmed {
    pub(super) text: String,
    /// Byte offsets, in the original, of the newlines that went; ascending.
    removed: Vec<usize>,
}

/// Takes the newlines away.
pub(super) fn trim_blocks(original: &str) -> Trimmed {
    let mut removed = Vec::new();
    let mut offset = 0;
    for piece in pieces(original) {
        let end = offset + piece.source().len();
        if matches!(piece, Piece::Tag(_) | Piece::Comment(_)) && original[end..].starts_with('\n') {
            removed.push(end);
        }
        offset = end;
    }
    let mut text = String::with_capacity(original.len());
    let mut start = 0;
    for newline in &removed {
        text.push_str(&original[start..*newline]);
        start = newline + 1;
    }
    text.push_str(&original[start..]);
    Trimmed { text, removed }
}

impl Trimmed {
    /// Line and column in the original, both counted from 1, of a byte offset in the trimmed text.
    pub(super) fn place(&self, original: &str, offset: usize) -> (usize, usize) {
        let mut position = offset;
        for newline in &self.removed {
            if *newline <= position {
                position += 1;
            }
        }
        let before = original
            .get(..position.min(original.len()))
            .unwrap_or(original);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_newlines_after_tags_go() {
        let text = "a\n{% if x %}\nb {{ y }}\n{% endif %}\n{# c #}\nd\n{% raw %}{% no %}\n{% endraw %}\ne\n";
        let trimmed = trim_blocks(text);
        assert_eq!(
            trimmed.text,
            "a\n{% if x %}b {{ y }}\n{% endif %}{# c #}d\n{% raw %}{% no %}\n{% endraw %}e\n"
        );
        let offset = trimmed.text.find("{{ y").unwrap();
        assert_eq!(trimmed.place(text, offset), (3, 3));
        let offset = trimmed.text.find("e\n").unwrap();
        assert_eq!(
            text.lines()
                .nth(trimmed.place(text, trimmed.text.rfind("e\n").unwrap()).0 - 1),
            Some("e")
        );
        assert!(offset > 0);
    }
}
