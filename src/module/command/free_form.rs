//! What stands as plain text after `command:` and `shell:`.

use std::iter::Peekable;
use std::str::CharIndices;

/// Options that may stand inside the text.
const OPTIONS: &[&str] = &[
    "creates",
    "removes",
    "chdir",
    "executable",
    "stdin",
    "stdin_add_newline",
];

/// A text without the options that stood in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FreeForm {
    pub(super) text: String,
    options: Vec<(&'static str, String)>,
}

impl FreeForm {
    /// A text in which nothing is looked for.
    pub(super) fn only(text: String) -> Self {
        Self {
            text,
            options: Vec::new(),
        }
    }

    /// Takes `creates=/path` and its like out of a text, wherever they stand as words of their own; the rest stays
    /// as it was written, quotation marks and white space included.
    pub(super) fn read(text: &str) -> Self {
        let mut result = Self::default();
        let mut kept = 0;
        for (start, end) in words(text) {
            let word = &text[start..end];
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            let Some(option) = OPTIONS.iter().find(|option| **option == name) else {
                continue;
            };
            result.text.push_str(&text[kept..start]);
            kept = end;
            let value =
                shlex::split(value).map_or_else(|| value.to_owned(), |words| words.join(" "));
            result.options.push((option, value));
        }
        result.text.push_str(&text[kept..]);
        if !result.options.is_empty() {
            result.text = result.text.trim().to_owned();
        }
        result
    }

    /// An option that stood in the text; the last of several.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .rfind(|(option, _)| *option == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Where words begin and end; quotation marks and backslashes hold them together.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some(&(start, character)) = characters.peek() {
        if character.is_whitespace() {
            characters.next();
        } else {
            words.push((start, end_of_word(&mut characters, text.len())));
        }
    }
    words
}

fn end_of_word(characters: &mut Peekable<CharIndices<'_>>, length: usize) -> usize {
    let mut quote = None;
    while let Some(&(place, character)) = characters.peek() {
        if quote.is_none() && character.is_whitespace() {
            return place;
        }
        characters.next();
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '\\') => {
                characters.next();
            }
            _ => {}
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_out_of_a_text() {
        let read =
            FreeForm::read("creates=/tmp/x sed 's/creates=a b/c/' \"a  b\" chdir='/srv/my dir'");
        assert_eq!(read.text, "sed 's/creates=a b/c/' \"a  b\"");
        assert_eq!(read.get("creates"), Some("/tmp/x"));
        assert_eq!(read.get("chdir"), Some("/srv/my dir"));
        assert_eq!(read.get("removes"), None);
    }

    #[test]
    fn a_text_without_options_stays_as_it_is() {
        for text in [
            "dd if=/dev/zero of=/tmp/x ",
            "echo \\\"creates=x",
            "a\n  b",
            "echo 'it",
        ] {
            let read = FreeForm::read(text);
            assert_eq!(read.text, text);
            assert!(read.options.is_empty(), "{text}");
        }
    }
}
