//! Words and contents as the shell reads them back, exactly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::model::blob::Blob;

/// A word in single quotes: the shell changes nothing in it. The word holds no NUL (see [`has_nul`]).
pub(super) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// No argument, path or variable of a Unix system can hold a NUL.
pub(super) fn has_nul(word: &str) -> bool {
    word.contains('\0')
}

/// A word as the client of a server reads it from its input: in double quotes, with every byte that is not plain as
/// `\xHH`.
pub(super) fn client_word(word: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in word {
        match byte {
            b'"' | b'\\' => text.push_str(&format!("\\{}", char::from(*byte))),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}

/// How a content travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Nothing travels.
    Empty,
    /// As it is, in a heredoc. What reads it takes as many bytes as there are, and leaves the newline that a
    /// heredoc always ends with.
    Text,
    /// In lines of base64.
    Base64,
}

impl Codec {
    pub(super) fn of(content: &Blob) -> Self {
        if content.is_empty() {
            Self::Empty
        } else if content.as_text().is_some() {
            Self::Text
        } else {
            Self::Base64
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Text => "text",
            Self::Base64 => "base64",
        }
    }
}

/// What a delimiter of a heredoc with this text may begin with. Where a line begins as the delimiter does and goes on with a
/// byte beyond ASCII, dash (0.5.12) loses that byte. The texts in which any sign would do so travel as base64.
fn first_of_delimiter(text: &str) -> Option<char> {
    let is_free = |first: &char| text.lines().all(|line| !line.starts_with(*first));
    ('a'..='z').chain('A'..='Z').chain(['_']).find(is_free)
}

/// A content for the input of one command.
pub(super) struct Heredoc {
    /// How it travels here: not every text can in a heredoc.
    pub(super) codec: Codec,
    /// Stands behind the command; empty where nothing travels.
    pub(super) redirection: String,
    /// Stand behind the command's line.
    pub(super) lines: Zeroizing<String>,
}

impl Heredoc {
    /// `word` is one that the content cannot hold.
    pub(super) fn new(content: &Blob, word: &str) -> Self {
        let first = content.as_text().and_then(first_of_delimiter);
        let codec = match Codec::of(content) {
            Codec::Text if first.is_none() => Codec::Base64,
            codec => codec,
        };
        let delimiter = format!("{}{word}", first.unwrap_or('_'));
        let mut lines = Zeroizing::new(String::new());
        match (codec, content.as_text()) {
            (Codec::Text, Some(text)) => lines.push_str(text),
            (Codec::Base64, _) => {
                let encoded = Zeroizing::new(STANDARD.encode(content.as_bytes()));
                let mut rest = encoded.as_str();
                while !rest.is_empty() {
                    // Base64 is ASCII: any place is between two characters.
                    let (line, after) = rest.split_at(rest.len().min(76));
                    lines.push_str(line);
                    lines.push('\n');
                    rest = after;
                }
            }
            _ => {
                return Self {
                    codec,
                    redirection: String::new(),
                    lines,
                };
            }
        }
        lines.push('\n');
        lines.push_str(&delimiter);
        lines.push('\n');
        Self {
            codec,
            redirection: format!(" <<'{delimiter}'"),
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_begins_as_its_delimiter_does() {
        let first = |text: &str| first_of_delimiter(text);
        assert_eq!(first("5\u{a5}"), Some('a'));
        assert_eq!(first("x\na\u{a5}\nb"), Some('c'));
        let all: String = ('a'..='z')
            .chain('A'..='Z')
            .chain(['_'])
            .map(|letter| format!("{letter}\u{a5}\n"))
            .collect();
        assert_eq!(first(&all), None);
        let all = Blob::from(all.as_bytes());
        assert_eq!(Heredoc::new(&all, "0f").codec, Codec::Base64);
        // A file's text travels in a word.
        assert_eq!(Codec::of(&all), Codec::Text);
        let heredoc = Heredoc::new(&Blob::from("a\u{a5}\n".as_bytes()), "0f");
        assert_eq!(heredoc.redirection, " <<'b0f'");
        assert!(heredoc.lines.ends_with("\nb0f\n"));
    }

    #[test]
    fn words_are_quoted_for_the_client() {
        assert_eq!(client_word(b""), "\"\"");
        assert_eq!(client_word(b"a b'$(c)\\\""), "\"a b'$(c)\\\\\\\"\"");
        assert_eq!(client_word("é\n".as_bytes()), "\"\\xc3\\xa9\\x0a\"");
    }
}
