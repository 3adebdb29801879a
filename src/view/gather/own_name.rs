//! Texts that hold the name of the host that they are about.

use std::borrow::Cow;

/// Stands for each host's own name.
pub const HOST: &str = "<host>";

/// Replaces a host's own name where it stands as a word, so that `/srv/c1.conf` of `c1` and `/srv/c2.conf` of `c2` are
/// the same.
pub fn without_own_name<'a>(text: &'a str, name: &str) -> Cow<'a, str> {
    if name.is_empty() || !text.contains(name) {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(name) {
        let (head, tail) = rest.split_at(begin);
        let after = &tail[name.len()..];
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let before = head.chars().next_back().or(replaced.chars().next_back());
        replaced.push_str(head);
        replaced.push_str(if is_letter(before) || is_letter(after.chars().next()) {
            name
        } else {
            HOST
        });
        rest = after;
    }
    replaced.push_str(rest);
    Cow::Owned(replaced)
}

#[cfg(test)]
mod tests {
    use super::without_own_name;

    #[test]
    fn only_whole_words_are_replaced() {
        for (text, expected) in [
            ("/srv/c1.conf", "/srv/<host>.conf"),
            ("c1", "<host>"),
            ("c1 and c1", "<host> and <host>"),
            ("c10 xc1 c1c1", "c10 xc1 c1c1"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_own_name(text, "c1"), expected);
        }
        assert_eq!(without_own_name("a", ""), "a");
    }
}
