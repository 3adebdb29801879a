//! Breaking a line into several.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::line::{Line, Span};

/// A word longer than this may be broken at its commas: a list of hosts.
const LONG_WORD: usize = 16;

/// Breaks a line where it is wider than `first`, further ones where they are wider than `rest`; between words where
/// that is possible. At least one line comes out.
pub fn wrap(line: &Line, first: usize, rest: usize) -> Vec<Line> {
    if line.width() <= first {
        return vec![line.clone()];
    }
    let mut lines = vec![Line::new()];
    let (mut room, mut used) = (first.max(1), 0);
    for (role, word) in words(line) {
        let mut word = word;
        if used == 0 && lines.len() > 1 && word.trim().is_empty() {
            continue;
        }
        let needed = word.trim_end().width();
        if used > 0 && used + needed > room {
            trim_end(&mut lines);
            lines.push(Line::new());
            (room, used) = (rest.max(1), 0);
        }
        // A word that no line has room for is broken anywhere.
        while word.trim_end().width() > room - used {
            let (head, tail) = split(word, room - used);
            if tail.is_empty() {
                break;
            }
            add(&mut lines, role, head);
            lines.push(Line::new());
            (room, used) = (rest.max(1), 0);
            word = tail;
        }
        add(&mut lines, role, word);
        used += word.width();
    }
    trim_end(&mut lines);
    lines
}

fn add(lines: &mut [Line], role: super::style::Role, text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push(role, text);
    }
}

fn trim_end(lines: &mut [Line]) {
    if let Some(Span { text, .. }) = lines.last_mut().and_then(|line| line.spans.last_mut()) {
        text.truncate(text.trim_end().len());
    }
}

/// The words of a line, each with the spaces that follow it.
fn words(line: &Line) -> impl Iterator<Item = (super::style::Role, &str)> {
    line.spans.iter().flat_map(|span| {
        span.text
            .split_inclusive(' ')
            .flat_map(|word| {
                let at_commas = word.width() > LONG_WORD;
                word.split_inclusive(move |letter| at_commas && letter == ',')
            })
            .map(|word| (span.role, word))
    })
}

/// Cuts a text so that its head takes at most `width` columns, but at least one character.
fn split(text: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    for (position, letter) in text.char_indices() {
        used += letter.width().unwrap_or(0);
        if used > width && position > 0 {
            return text.split_at(position);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::super::style::Role;
    use super::*;

    fn wrapped(text: &str, first: usize, rest: usize) -> Vec<String> {
        wrap(&Line::plain(text), first, rest)
            .iter()
            .map(|line| line.render(false))
            .collect()
    }

    #[test]
    fn between_words() {
        assert_eq!(wrapped("a bc def", 4, 4), ["a bc", "def"]);
        assert_eq!(wrapped("a bc def", 8, 4), ["a bc def"]);
    }

    #[test]
    fn lists_of_hosts_at_their_commas() {
        assert_eq!(
            wrapped("cache[01-09],other[1-4],more", 14, 14),
            ["cache[01-09],", "other[1-4],", "more"]
        );
    }

    #[test]
    fn long_words_anywhere() {
        assert_eq!(wrapped("abcdefgh", 3, 4), ["abc", "defg", "h"]);
        assert_eq!(wrapped("日本語", 3, 3), ["日", "本", "語"]);
        assert_eq!(wrapped("日", 1, 1), ["日"]);
    }

    #[test]
    fn meaning_is_kept() {
        let line = Line::plain("a ").and(Role::Added, "b c");
        let lines = wrap(&line, 3, 3);
        assert_eq!(lines[1], Line::of(Role::Added, "c"));
    }
}
