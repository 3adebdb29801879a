//! The words of `become_flags`.

use crate::transport::flags::{
    self, Flag,
    Verdict::{Drop, Pass, Refuse},
};

const OWN_SHELL: &str = "scripts run in `sh`, started by sudo itself";
const NO_COMMAND: &str = "it does not run a command";

/// sudo's flags, from `sudo(8)` of 1.9.
const FLAGS: [Flag; 29] = [
    (
        'A',
        false,
        Refuse("the password is given on standard input"),
    ),
    ('a', true, Pass),
    ('B', false, Drop),
    ('b', false, Refuse("scripts are waited for")),
    ('C', true, Pass),
    ('c', true, Pass),
    ('D', true, Pass),
    ('E', false, Pass),
    ('e', false, Refuse(NO_COMMAND)),
    ('g', true, Pass),
    ('H', false, Pass),
    ('h', true, Refuse(NO_COMMAND)),
    ('i', false, Refuse(OWN_SHELL)),
    ('K', false, Refuse(NO_COMMAND)),
    ('k', false, Pass),
    ('l', false, Refuse(NO_COMMAND)),
    ('N', false, Pass),
    ('n', false, Drop),
    ('P', false, Pass),
    ('p', true, Drop),
    ('R', true, Pass),
    ('r', true, Pass),
    ('S', false, Drop),
    ('s', false, Refuse(OWN_SHELL)),
    ('T', true, Pass),
    ('t', true, Pass),
    ('u', true, Refuse("`become_user` says which user")),
    ('V', false, Refuse(NO_COMMAND)),
    ('v', false, Refuse(NO_COMMAND)),
];

/// The long forms that pass as they are; `=` means that a value may follow.
const LONG: [&str; 5] = [
    "--preserve-env",
    "--preserve-env=",
    "--set-home",
    "--preserve-groups",
    "--group=",
];

/// The long forms of what we set ourselves.
const OURS: [&str; 2] = ["--non-interactive", "--stdin"];

/// Gives the words that sudo is called with.
///
/// # Errors
/// What is wrong with them.
pub(super) fn read(words: &[String]) -> Result<Vec<String>, String> {
    let mut passed = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            let name = word.split_inclusive('=').next().unwrap_or(word);
            if LONG.contains(&name) {
                passed.push(word.clone());
            } else if !OURS.contains(&name) {
                return Err(format!("`{word}` is not an option of sudo that we can use"));
            }
            continue;
        }
        for (letter, value) in flags::read("sudo", &FLAGS, word, &mut words)? {
            passed.push(format!("-{letter}"));
            passed.extend(value);
        }
    }
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::read;

    fn words(text: &str) -> Result<Vec<String>, String> {
        read(&shlex::split(text).unwrap())
    }

    #[test]
    fn what_sudo_can_do_is_passed_on() {
        assert_eq!(
            words("-HE -g adm --preserve-env=A,B").unwrap(),
            ["-H", "-E", "-g", "adm", "--preserve-env=A,B"]
        );
    }

    #[test]
    fn what_we_set_ourselves_is_dropped() {
        // Ansible's default.
        assert_eq!(words("-H -S -n").unwrap(), ["-H"]);
        assert_eq!(words("-p 'Password: ' --stdin").unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        for (text, named) in [
            ("-i", "`-i`"),
            ("-Hs", "`-s`"),
            ("-u postgres", "`-u`"),
            ("--login", "`--login`"),
            ("su", "`su`"),
            ("-g", "`-g`"),
        ] {
            let error = words(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
