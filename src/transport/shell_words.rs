//! Quoting for a login shell that may be any shell.

/// One word as `sh`, `bash`, `zsh`, `csh`, `tcsh` and `fish` all read it.
///
/// Single quotes hold everything but four characters: the quote itself, a backslash (fish reads some of them inside
/// quotes), an exclamation mark (csh expands it inside quotes) and a newline (csh wants a backslash before it). The first
/// three are put outside the quotes with a backslash each, which every one of these shells reads the same way. A newline
/// stays inside: only csh minds, and no word of ours holds one.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('\'');
    for c in word.chars() {
        match c {
            '\'' | '\\' | '!' => {
                quoted.push_str("'\\");
                quoted.push(c);
                quoted.push('\'');
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// Words as one command line.
pub(super) fn join(words: &[String]) -> String {
    words
        .iter()
        .map(|word| quote(word))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{join, quote};
    use std::process::Command;

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(join(&["sh".into(), "-c".into()]), "sh -c");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn every_installed_shell_reads_the_same_words() {
        let words = [
            "it's", "a\\b", "a\\", "hey!", "$HOME", "`id`", "a  b", "#x", "~", "*", "\"q\"", "é",
            "[ ]", "{a,b}", "a;b",
        ];
        let mut command = String::from("printf '%s|'");
        let mut expected = String::new();
        for word in words {
            command.push(' ');
            command.push_str(&quote(word));
            expected.push_str(word);
            expected.push('|');
        }
        let mut tried = 0;
        for shell in [
            "sh", "bash", "dash", "zsh", "csh", "tcsh", "fish", "busybox",
        ] {
            let mut program = Command::new(shell);
            if shell == "busybox" {
                program.arg("sh");
            }
            match program.args(["-c", &command]).output() {
                Ok(output) => {
                    tried += 1;
                    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{shell}");
                }
                Err(error) => println!("skipped: {shell}: {error}"),
            }
        }
        assert!(tried > 0);
    }
}
