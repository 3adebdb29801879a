//! Splits a line into words as Python's `shlex.split` does, because inventories were written for that.
//!
//! It differs from a shell in small ways that matter: a `#` begins a comment even inside a word, and inside double
//! quotes a backslash escapes only `"` and itself.

/// A word without its quotes, and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// Characters before the word.
    pub offset: usize,
    /// Characters from its first to its last, quotes included.
    pub length: usize,
}

/// Why a text cannot be split, and the offset in characters of what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordsError {
    pub message: &'static str,
    pub offset: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Between,
    Word,
    Quoted(char, usize),
}

/// The words of a text.
///
/// # Errors
/// A quote that is not closed, or a backslash at the end.
pub fn split(text: &str, comments: bool) -> Result<Vec<Word>, WordsError> {
    let mut words: Vec<Word> = Vec::new();
    let mut state = State::Between;
    let mut letters = text.chars().enumerate();
    let mut end = 0;
    while let Some((offset, letter)) = letters.next() {
        end = offset + 1;
        if let State::Quoted(quote, opened) = state {
            match letter {
                _ if letter == quote => state = State::Word,
                '\\' if quote == '"' => {
                    let Some((_, escaped)) = letters.next() else {
                        return Err(unclosed(opened));
                    };
                    end += 1;
                    if escaped != '"' && escaped != '\\' {
                        push(&mut words, '\\');
                    }
                    push(&mut words, escaped);
                }
                _ => push(&mut words, letter),
            }
            continue;
        }
        if matches!(letter, ' ' | '\t' | '\r' | '\n') {
            close(&mut words, state, offset);
            state = State::Between;
            continue;
        }
        if comments && letter == '#' {
            close(&mut words, state, offset);
            return Ok(words);
        }
        if state == State::Between {
            words.push(Word {
                text: String::new(),
                offset,
                length: 0,
            });
            state = State::Word;
        }
        match letter {
            '\'' | '"' => state = State::Quoted(letter, offset),
            '\\' => match letters.next() {
                Some((_, escaped)) => {
                    end += 1;
                    push(&mut words, escaped);
                }
                None => {
                    return Err(WordsError {
                        message: "a backslash at the end escapes nothing",
                        offset,
                    });
                }
            },
            _ => push(&mut words, letter),
        }
    }
    if let State::Quoted(_, opened) = state {
        return Err(unclosed(opened));
    }
    close(&mut words, state, end);
    Ok(words)
}

fn unclosed(offset: usize) -> WordsError {
    WordsError {
        message: "this quote is not closed",
        offset,
    }
}

fn push(words: &mut [Word], letter: char) {
    if let Some(word) = words.last_mut() {
        word.text.push(letter);
    }
}

fn close(words: &mut [Word], state: State, offset: usize) {
    if state == State::Word
        && let Some(word) = words.last_mut()
    {
        word.length = offset - word.offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let words = split(text, true).unwrap();
        words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_split_as_python_splits_them() {
        for (text, expected) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("a x='1 2' y=\"3 4\"", vec!["a", "x=1 2", "y=3 4"]),
            (r#"a x="say \"hi\" \n""#, vec!["a", r#"x=say "hi" \n"#]),
            (r"a x='\n'", vec!["a", r"x=\n"]),
            (r"a x=b\ c", vec!["a", "x=b c"]),
            ("a x=b#c d", vec!["a", "x=b"]),
            ("a x='b#c' # note", vec!["a", "x=b#c"]),
            ("a x=''", vec!["a", "x="]),
            ("a '' b", vec!["a", "", "b"]),
            ("a x=[1,2]", vec!["a", "x=[1,2]"]),
            ("# all", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn words_know_their_places() {
        let words = split("größe  x='1 2' y", true).unwrap();
        let places: Vec<_> = words
            .iter()
            .map(|word| (word.offset, word.length))
            .collect();
        assert_eq!(places, [(0, 5), (7, 7), (15, 1)]);
        assert_eq!(split("a x='b", true).unwrap_err().offset, 4);
        assert_eq!(split("a b\\", true).unwrap_err().offset, 3);
    }
}
