//! Variables and homes in the words of `command`: expanded on the host, as Ansible does it.

/// `~` or `~name` at the beginning of a word, `$NAME` and `${NAME}` anywhere. A variable that the host does not have
/// stays as it is written. Words that hold nothing of the kind stay as they are.
pub(super) fn expanded(argv: Vec<String>) -> Vec<String> {
    // How each variable is written, for a host that does not have it: the arguments of the shell's text.
    let mut written = Vec::new();
    let words: Vec<Option<String>> = argv
        .iter()
        .map(|word| expression(word, &mut written))
        .collect();
    if words.iter().all(Option::is_none) {
        return argv;
    }
    let words: Vec<String> = words
        .into_iter()
        .zip(&argv)
        .map(|(expression, word)| {
            expression.unwrap_or_else(|| {
                if word.is_empty() {
                    "''".to_owned()
                } else {
                    quoted(word)
                }
            })
        })
        .collect();
    let text = format!("exec {}", words.join(" "));
    ["/bin/sh", "-c", &text, "sh"]
        .map(str::to_owned)
        .into_iter()
        .chain(written)
        .collect()
}

/// A word for a shell, with nothing active in it but what is to be expanded; `None`: nothing is.
fn expression(word: &str, written: &mut Vec<String>) -> Option<String> {
    let (home, mut left) = home(word);
    let mut text = home.unwrap_or_default().to_owned();
    let mut expands = home.is_some();
    let mut literal = String::new();
    while let Some(start) = left.find('$') {
        let (before, from) = left.split_at(start);
        literal.push_str(before);
        if let Some((name, form)) = variable(from) {
            written.push(form.to_owned());
            text.push_str(&quoted(&literal));
            text.push_str(&format!("\"${{{name}-${{{}}}}}\"", written.len()));
            literal.clear();
            expands = true;
            left = &from[form.len()..];
        } else {
            literal.push('$');
            left = &from[1..];
        }
    }
    literal.push_str(left);
    text.push_str(&quoted(&literal));
    expands.then_some(text)
}

/// The home at the beginning of a word, up to its slash, and what follows.
fn home(word: &str) -> (Option<&str>, &str) {
    if !word.starts_with('~') {
        return (None, word);
    }
    let end = word.find('/').unwrap_or(word.len());
    let is_name = word[1..end]
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !is_name {
        return (None, word);
    }
    // The slash has to stay outside the quotes, or the shell would not see a home.
    let end = word.len().min(end + 1);
    (Some(&word[..end]), &word[end..])
}

/// The name of the variable that a text begins with, and how it is written.
fn variable(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix('$')?;
    let (name, length) = match after.strip_prefix('{') {
        Some(inner) => {
            let name = &inner[..inner.find('}')?];
            (name, name.len() + 3)
        }
        None => {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            (&after[..end], end + 1)
        }
    };
    let mut characters = name.chars();
    let first = characters.next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name, &text[..length]))
}

/// Nothing in single quotes is active for a shell. Quotes with nothing in them would keep it from seeing a home.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::expanded;

    /// What a shell makes of the words.
    fn run(words: &[&str]) -> String {
        let argv = expanded(words.iter().map(|word| (*word).to_owned()).collect());
        let output = std::process::Command::new(&argv[0])
            .args(&argv[1..])
            .env("HOME", "/home/of mine")
            .env("WORD", "a 'b' $HOME *")
            .env_remove("NONE")
            .output()
            .unwrap();
        assert!(output.status.success(), "{argv:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn what_holds_nothing_to_expand_stays() {
        let argv: Vec<String> = ["echo", "a b", "5$", "$(x)", "a~", "$1", "${}", "~a b"]
            .map(str::to_owned)
            .into();
        assert_eq!(expanded(argv.clone()), argv);
    }

    #[test]
    fn variables_and_homes_are_expanded_and_nothing_else() {
        let cases = [
            ("$HOME", "/home/of mine"),
            ("x${HOME}y$HOME.z", "x/home/of miney/home/of mine.z"),
            ("$WORD", "a 'b' $HOME *"),
            ("$NONE-${NONE}", "$NONE-${NONE}"),
            ("${WORD}}", "a 'b' $HOME *}"),
            ("~", "/home/of mine"),
            ("~/a b$(x)`y`", "/home/of mine/a b$(x)`y`"),
            ("~root/x", "/root/x"),
            ("$HOME'\"\\;|", "/home/of mine'\"\\;|"),
        ];
        for (word, expected) in cases {
            assert_eq!(run(&["printf", "%s", word]), expected, "{word}");
        }
    }
}
