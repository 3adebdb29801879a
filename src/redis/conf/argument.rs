//! One word of a configuration line: how Redis takes a line apart, and how to write a word so that it is read back.

use std::fmt;

/// A word after its quotes are taken off. Usually text, but `"\xff"` can put any byte into it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Argument(Vec<u8>);

impl Argument {
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The word as text, or nothing where its bytes are not UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is `text`, upper and lower case being the same, as Redis compares names.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text.as_bytes())
    }

    /// The word in lower case (ASCII only, as Redis does), other bytes shown as `\xHH`.
    #[must_use]
    pub fn lower(&self) -> String {
        match self.as_text() {
            Some(text) => text.to_ascii_lowercase(),
            None => self.to_string(),
        }
    }

    /// Whether the word can stand in a line without quotes.
    fn is_bare(&self) -> bool {
        !self.0.is_empty()
            && self.as_text().is_some_and(|text| {
                !text
                    .chars()
                    .any(|c| matches!(c, '"' | '\'' | '\\') || c.is_control() || c.is_whitespace())
            })
    }
}

impl<T: Into<Vec<u8>>> From<T> for Argument {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

/// As it would be written in a configuration file: bare where possible, else in double quotes.
impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_bare() {
            return formatter.write_str(self.as_text().unwrap_or_default());
        }
        formatter.write_str("\"")?;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' => formatter.write_str("\\\"")?,
                    '\\' => formatter.write_str("\\\\")?,
                    '\n' => formatter.write_str("\\n")?,
                    '\r' => formatter.write_str("\\r")?,
                    '\t' => formatter.write_str("\\t")?,
                    c if c.is_ascii_control() => write!(formatter, "\\x{:02x}", u32::from(c))?,
                    c => write!(formatter, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(formatter, "\\x{byte:02x}")?;
            }
        }
        formatter.write_str("\"")
    }
}

impl fmt::Debug for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Why Redis cannot take a line apart; the column counts bytes from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("the quote that opens at column {column} is never closed")]
    Unclosed { column: usize },
    #[error("the quote that closes at column {column} must be followed by a space")]
    NoSpaceAfterQuote { column: usize },
    #[error("there is a NUL byte at column {column}, where Redis stops reading")]
    Nul { column: usize },
}

impl SplitError {
    /// The column it is about, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        match *self {
            Self::Unclosed { column }
            | Self::NoSpaceAfterQuote { column }
            | Self::Nul { column } => column,
        }
    }
}

/// What C's `isspace` takes for a space.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Takes a line apart as `sdssplitargs` does (sds.c of Redis 7.0): words between spaces; in double quotes the
/// escapes `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a` and `\` before any other byte; in single quotes only `\'`. A quote may
/// open in the middle of a word, but a space or the end of the line must follow where it closes.
///
/// # Errors
/// A quote that does not close properly: the server refuses to start with such a line.
pub fn split(line: &[u8]) -> Result<Vec<Argument>, SplitError> {
    if let Some(index) = line.iter().position(|byte| *byte == 0) {
        return Err(SplitError::Nul { column: index + 1 });
    }
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).copied().is_some_and(is_space) {
            at += 1;
        }
        if at == line.len() {
            return Ok(words);
        }
        let (word, next) = word(line, at)?;
        words.push(Argument(word));
        at = next;
    }
}

/// Where the words of a line stand, quotes included, in bytes; up to the first that cannot be read.
#[must_use]
pub fn places(line: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).copied().is_some_and(is_space) {
            at += 1;
        }
        match word(line, at) {
            Ok((_, end)) if end > at => {
                places.push(at..end);
                at = end;
            }
            _ => return places,
        }
    }
}

/// Reads one word that begins at `at`; answers it and where it ended.
fn word(line: &[u8], mut at: usize) -> Result<(Vec<u8>, usize), SplitError> {
    let mut word = Vec::new();
    while let Some(&byte) = line.get(at) {
        match byte {
            // Only these four end a bare word, though more of them are skipped between words.
            b' ' | b'\t' | b'\n' | b'\r' => break,
            b'"' | b'\'' => {
                let end = quoted(line, at, &mut word)?;
                return Ok((word, end));
            }
            _ => word.push(byte),
        }
        at += 1;
    }
    Ok((word, at))
}

/// Reads the quoted rest of a word, whose quote opens at `open`; answers where it ended.
fn quoted(line: &[u8], open: usize, word: &mut Vec<u8>) -> Result<usize, SplitError> {
    let quote = line[open];
    let mut at = open + 1;
    while let Some(&byte) = line.get(at) {
        let next = line.get(at + 1).copied();
        if byte == quote {
            return match next {
                Some(next) if !is_space(next) => {
                    Err(SplitError::NoSpaceAfterQuote { column: at + 1 })
                }
                _ => Ok(at + 1),
            };
        }
        let (value, length) = match (quote, byte, next) {
            (b'"', b'\\', Some(next)) => escape(line, at, next),
            (b'\'', b'\\', Some(b'\'')) => (b'\'', 2),
            _ => (byte, 1),
        };
        word.push(value);
        at += length;
    }
    Err(SplitError::Unclosed { column: open + 1 })
}

/// The byte that the escape at `at` stands for, and how many bytes it takes.
fn escape(line: &[u8], at: usize, next: u8) -> (u8, usize) {
    let hexadecimal = |index: usize| {
        line.get(index)
            .and_then(|byte| char::from(*byte).to_digit(16))
            .and_then(|digit| u8::try_from(digit).ok())
    };
    match next {
        b'x' => match (hexadecimal(at + 2), hexadecimal(at + 3)) {
            (Some(high), Some(low)) => (high * 16 + low, 4),
            _ => (b'x', 2),
        },
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b't' => (b'\t', 2),
        b'b' => (0x08, 2),
        b'a' => (0x07, 2),
        other => (other, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<Vec<u8>> {
        split(line.as_bytes())
            .unwrap()
            .into_iter()
            .map(|word| word.0)
            .collect()
    }

    #[test]
    fn words_are_taken_apart_as_redis_does() {
        assert_eq!(
            words("save 900 1"),
            [b"save".to_vec(), b"900".to_vec(), b"1".to_vec()]
        );
        assert_eq!(words("  save\t\"\"  "), [b"save".to_vec(), b"".to_vec()]);
        assert_eq!(
            words(r#"a "x\x41\n\"\q" 'it\'s \n'"#),
            [b"a".to_vec(), b"xA\n\"q".to_vec(), br"it's \n".to_vec()]
        );
        assert_eq!(
            words(r#"a pre"fix 1""#),
            [b"a".to_vec(), b"prefix 1".to_vec()]
        );
        assert_eq!(words(r#""\xff\xg""#), [b"\xffxg".to_vec()]);
        assert_eq!(
            words("timeout\t5\u{b}x"),
            [b"timeout".to_vec(), b"5\x0bx".to_vec()]
        );
        assert!(words("\u{b}\u{c} ").is_empty());
    }

    #[test]
    fn words_have_places() {
        assert_eq!(places(b"  a \"b c\" d"), [2..3, 4..9, 10..11]);
        assert_eq!(places(b"a \"b").len(), 1);
        assert!(places(b"").is_empty());
    }

    #[test]
    fn quotes_that_do_not_close_are_errors() {
        assert_eq!(split(br#"a "b"#), Err(SplitError::Unclosed { column: 3 }));
        assert_eq!(
            split(br#"a "b"c"#),
            Err(SplitError::NoSpaceAfterQuote { column: 5 })
        );
        assert_eq!(split(b"a 'b\\"), Err(SplitError::Unclosed { column: 3 }));
        assert_eq!(split(b"a\0b"), Err(SplitError::Nul { column: 2 }));
    }

    #[test]
    fn a_word_is_written_bare_where_it_can_be() {
        for (word, written) in [
            ("yes", "yes"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("it's", "\"it's\""),
            ("é", "é"),
        ] {
            assert_eq!(Argument::from(word).to_string(), written);
        }
        assert_eq!(Argument::from(vec![0xff, b'a']).to_string(), r#""\xffa""#);
    }

    proptest! {
        #[test]
        fn a_word_is_read_back_as_it_was(bytes in prop::collection::vec(1_u8.., 0..20)) {
            let word = Argument::from(bytes);
            prop_assert_eq!(split(format!("name {word} end").as_bytes()).unwrap()[1].clone(), word);
        }

        #[test]
        fn no_line_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = split(&bytes);
        }
    }
}
