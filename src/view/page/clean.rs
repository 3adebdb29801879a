//! Text from elsewhere made fit for a terminal.

use std::borrow::Cow;

/// Columns between two tab stops.
const TAB: usize = 4;

/// Makes what a terminal would obey visible instead: control characters, and those that turn the direction of
/// writing, so that no host and no file can move the cursor or disguise a line.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for letter in text.chars() {
        match letter {
            '\t' => {
                let spaces = TAB - column % TAB;
                cleaned.push_str(&" ".repeat(spaces));
                column += spaces;
                continue;
            }
            '\n' => cleaned.push_str("\\n"),
            '\u{0}'..='\u{1f}' => {
                cleaned.push('^');
                cleaned.push(char::from((letter as u8) ^ 0x40));
            }
            '\u{7f}' => cleaned.push_str("^?"),
            letter if is_unfit(letter) => cleaned.extend(letter.escape_unicode()),
            letter => cleaned.push(letter),
        }
        column += unicode_width::UnicodeWidthChar::width(letter).unwrap_or(2);
    }
    Cow::Owned(cleaned)
}

fn is_unfit(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        assert_eq!(clean("\u{1b}[2Jx\r\u{7f}\u{9b}\n"), "^[[2Jx^M^?\\u{9b}\\n");
        assert_eq!(clean("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn tabs_reach_the_next_stop() {
        assert_eq!(clean("a\tb\t\tc"), "a   b       c");
        assert!(matches!(
            clean("nothing to do"),
            std::borrow::Cow::Borrowed(_)
        ));
    }
}
