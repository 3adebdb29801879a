//! One line of output: pieces of text with their meaning.

use unicode_width::UnicodeWidthStr;

use super::clean::clean;
use super::style::Role;

/// A piece of text that means one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub role: Role,
    pub text: String,
}

/// One line. It holds no control characters, whatever was put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub(super) spans: Vec<Span>,
}

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn of(role: Role, text: &str) -> Self {
        Self::new().and(role, text)
    }

    pub fn plain(text: &str) -> Self {
        Self::of(Role::Plain, text)
    }

    /// Adds a piece of text.
    #[must_use]
    pub fn and(mut self, role: Role, text: &str) -> Self {
        self.push(role, text);
        self
    }

    /// Adds a piece of text.
    pub fn push(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = clean(text);
        match self.spans.last_mut() {
            Some(last) if last.role == role => last.text.push_str(&text),
            _ => self.spans.push(Span {
                role,
                text: text.into_owned(),
            }),
        }
    }

    /// Adds another line's pieces.
    pub fn extend(&mut self, other: Self) {
        for span in other.spans {
            self.push(span.role, &span.text);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.width()).sum()
    }

    /// The text, with its colours or without, no spaces at its end.
    pub fn render(&self, colours: bool) -> String {
        if !colours {
            let text: String = self.spans.iter().map(|span| span.text.as_str()).collect();
            return text.trim_end().to_owned();
        }
        let mut rendered = String::new();
        for Span { role, text } in &self.spans {
            let style = role.style();
            rendered.push_str(&format!("{style}{text}{style:#}"));
        }
        rendered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_a_terminal_does() {
        let line = Line::plain("日本 ").and(Role::Added, "e\u{301}");
        assert_eq!(line.width(), 6);
    }

    #[test]
    fn colours_are_closed_again() {
        let line = Line::plain("a ").and(Role::Added, "+b");
        assert_eq!(line.render(false), "a +b");
        assert_eq!(line.render(true), "a \u{1b}[32m+b\u{1b}[0m");
    }
}
