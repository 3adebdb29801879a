//! Rules of accounts (ACL): what the words of `user` lines, ACL SETUSER and ACL LIST come to.
//!
//! The same rules have many spellings. [`Rules`] holds what they mean, so that a line of a file, the words of a task
//! and the answer of a server can be compared. What a category holds differs between versions: only the server itself
//! can say whether `+@read` and a list of commands are the same, and it is asked.

use std::collections::BTreeSet;

use crate::model::blob::Blob;

/// What an account may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub enabled: bool,
    /// It needs no password.
    pub open: bool,
    /// SHA-256 of its passwords, in hexadecimal.
    pub passwords: BTreeSet<String>,
    pub permissions: Permissions,
    /// Further permissions, each in round brackets: what any of them allows is allowed.
    pub selectors: Vec<Permissions>,
    /// Words of newer versions, and switches that are not at their default.
    others: BTreeSet<String>,
}

/// Keys, channels and commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    keys: BTreeSet<String>,
    channels: BTreeSet<String>,
    /// Runs of words that allow or forbid: within a run their order means nothing.
    commands: Vec<(bool, BTreeSet<String>)>,
}

/// Words that say what holds anyway.
const DEFAULTS: [&str; 2] = ["sanitize-payload", "alldbs"];

impl Rules {
    /// What rules come to for an account that is new.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Self {
        let mut rules = Self::default();
        let mut words = words.iter().flat_map(|word| word.as_ref().split(' '));
        while let Some(word) = words.next() {
            match word.strip_prefix('(') {
                Some(first) => {
                    let mut selector = Permissions::default();
                    let mut next = Some(first);
                    while let Some(word) = next {
                        let (word, ends) = match word.strip_suffix(')') {
                            Some(word) => (word, true),
                            None => (word, false),
                        };
                        selector.take(word);
                        next = if ends { None } else { words.next() };
                    }
                    rules.selectors.push(selector);
                }
                None => rules.take(word),
            }
        }
        rules
    }

    fn take(&mut self, word: &str) {
        match word.to_ascii_lowercase().as_str() {
            "" => {}
            "on" => self.enabled = true,
            "off" => self.enabled = false,
            "nopass" => {
                self.open = true;
                self.passwords.clear();
            }
            "resetpass" => {
                self.open = false;
                self.passwords.clear();
            }
            "reset" => *self = Self::default(),
            "clearselectors" => self.selectors.clear(),
            default if DEFAULTS.contains(&default) => {}
            lower => match (word.as_bytes().first(), word.get(1..)) {
                (Some(b'>'), Some(password)) => self.add_password(fingerprint(password)),
                (Some(b'#'), Some(_)) => self.add_password(lower[1..].to_owned()),
                (Some(b'<'), Some(password)) => {
                    self.passwords.remove(&fingerprint(password));
                }
                (Some(b'!'), Some(_)) => {
                    self.passwords.remove(&lower[1..]);
                }
                _ => {
                    if !self.permissions.take(word) {
                        self.others.insert(lower.to_owned());
                    }
                }
            },
        }
    }

    fn add_password(&mut self, sha256: String) {
        self.open = false;
        self.passwords.insert(sha256);
    }

    /// Whether it may run a command that has these categories, whatever its keys: `config|get` of `admin`.
    pub fn may(&self, command: &str, categories: &[&str]) -> bool {
        self.permissions.may(command, categories)
            || self
                .selectors
                .iter()
                .any(|selector| selector.may(command, categories))
    }

    /// The same with whether it is enabled and how it logs in taken from another.
    #[must_use]
    pub fn with_login_of(mut self, other: &Self) -> Self {
        self.enabled = other.enabled;
        self.open = other.open;
        self.passwords.clone_from(&other.passwords);
        self
    }

    /// The parts that a person is shown: a name, and the value where there is one. Passwords are told by the beginning
    /// of their fingerprint.
    pub fn parts(&self) -> [(&'static str, Option<String>); 6] {
        let permissions = &self.permissions;
        let selectors: Vec<String> = self
            .selectors
            .iter()
            .map(|selector| format!("({})", selector.words().join(" ")))
            .collect();
        let others: Vec<&str> = self.others.iter().map(String::as_str).collect();
        let text = |text: String| (!text.is_empty()).then_some(text);
        [
            (
                "enabled",
                Some(if self.enabled { "yes" } else { "no" }.to_owned()),
            ),
            ("passwords", text(self.login())),
            ("keys", text(join(&permissions.keys))),
            ("channels", text(join(&permissions.channels))),
            ("commands", text(permissions.command_words().join(" "))),
            (
                "selectors",
                text(
                    [selectors.join(" "), others.join(" ")]
                        .join(" ")
                        .trim()
                        .to_owned(),
                ),
            ),
        ]
    }

    fn login(&self) -> String {
        if self.open {
            return "not needed".to_owned();
        }
        let told: Vec<String> = self
            .passwords
            .iter()
            .map(|sha256| format!("sha256 {}", sha256.get(..8).unwrap_or(sha256)))
            .collect();
        told.join(", ")
    }
}

impl Permissions {
    /// Takes in one word; answers whether it is one of permissions.
    fn take(&mut self, word: &str) -> bool {
        match word.to_ascii_lowercase().as_str() {
            "allkeys" => self.add_key("~*"),
            "resetkeys" => self.keys.clear(),
            "allchannels" => self.add_channel("&*"),
            "resetchannels" => self.channels.clear(),
            "allcommands" | "+@all" => self.commands = vec![(true, ["@all".to_owned()].into())],
            "nocommands" | "-@all" => self.commands.clear(),
            "" => {}
            lower => match (word.as_bytes().first(), word.get(1..)) {
                (Some(b'~'), _) => self.add_key(word),
                (Some(b'%'), Some(rest)) => match rest.split_once('~') {
                    Some((way, pattern)) if way.len() == 2 => self.add_key(&format!("~{pattern}")),
                    Some((way, pattern)) => {
                        self.add_key(&format!("%{}~{pattern}", way.to_ascii_uppercase()));
                    }
                    None => return false,
                },
                (Some(b'&'), _) => self.add_channel(word),
                (Some(b'+'), _) => self.add_command(true, &lower[1..]),
                (Some(b'-'), _) => self.add_command(false, &lower[1..]),
                _ => return false,
            },
        }
        true
    }

    /// All keys are all keys, whatever else is said.
    fn add_key(&mut self, word: &str) {
        if word == "~*" {
            self.keys.clear();
        }
        if !self.keys.contains("~*") {
            self.keys.insert(word.to_owned());
        }
    }

    fn add_channel(&mut self, word: &str) {
        if word == "&*" {
            self.channels.clear();
        }
        if !self.channels.contains("&*") {
            self.channels.insert(word.to_owned());
        }
    }

    fn add_command(&mut self, allowed: bool, command: &str) {
        match self.commands.last_mut() {
            Some((sign, run)) if *sign == allowed => {
                run.insert(command.to_owned());
            }
            // Nothing is allowed to begin with.
            None if !allowed => {}
            _ => self.commands.push((allowed, [command.to_owned()].into())),
        }
    }

    fn may(&self, command: &str, categories: &[&str]) -> bool {
        let parent = command.split('|').next();
        let mut may = false;
        for (allowed, run) in &self.commands {
            let is_meant = run.iter().any(|word| match word.strip_prefix('@') {
                Some(category) => category == "all" || categories.contains(&category),
                None => word == command || Some(word.as_str()) == parent,
            });
            if is_meant {
                may = *allowed;
            }
        }
        may
    }

    fn command_words(&self) -> Vec<String> {
        let sign = |allowed: bool| if allowed { '+' } else { '-' };
        self.commands
            .iter()
            .flat_map(|(allowed, run)| {
                run.iter()
                    .map(move |word| format!("{}{word}", sign(*allowed)))
            })
            .collect()
    }

    fn words(&self) -> Vec<String> {
        let named = self.keys.iter().chain(&self.channels).cloned();
        named.chain(self.command_words()).collect()
    }
}

fn join(words: &BTreeSet<String>) -> String {
    words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a server keeps of a password.
pub fn fingerprint(password: &str) -> String {
    Blob::from(password).sha256()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        Rules::parse(&text.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn rules_of_the_same_meaning_are_equal() {
        let hash = fingerprint("hunter2");
        for (one, other) in [
            ("on >hunter2", format!("on resetchannels #{hash} -@all")),
            (
                "on nopass ~* &* +@all",
                "on nopass allkeys allchannels allcommands".to_owned(),
            ),
            (
                "~b ~a +set +get",
                "sanitize-payload ~a ~b -@all +get +SET".to_owned(),
            ),
            (
                "+@all -keys -flushall",
                "+get +@all -flushall -keys".to_owned(),
            ),
            ("%RW~a %r~b", "~a %R~b".to_owned()),
            ("~x ~* +get", "~* +get".to_owned()),
            ("nopass >hunter2", format!("#{hash}")),
            (">a >hunter2 <a", format!("#{hash}")),
            ("on +@all reset", String::new()),
            (
                "+get (~a +set +get)",
                "+get (~a -@all +get +set)".to_owned(),
            ),
        ] {
            assert_eq!(rules(one), rules(&other), "{one}");
        }
        for (one, other) in [
            ("+@all -get", "-get +@all"),
            ("+@read -get +mget", "+@read +mget -get"),
            ("~A", "~a"),
            ("%R~a", "~a"),
            ("(~a +get)", "~a +get"),
            ("on", "off"),
            ("skip-sanitize-payload", "sanitize-payload"),
        ] {
            assert_ne!(rules(one), rules(other), "{one}");
        }
    }

    #[test]
    fn a_selector_may_come_in_pieces() {
        let pieces = Rules::parse(&["+get", "(~a", "+set)", "on"]);
        assert_eq!(pieces, Rules::parse(&["on", "+get", "(~a +set)"]));
        assert!(pieces.enabled);
    }

    #[test]
    fn the_last_word_on_a_command_holds() {
        let categories = ["admin", "slow", "dangerous"];
        for (text, may) in [
            ("+@all", true),
            ("+@all -@dangerous", false),
            ("+@all -@dangerous +config|get", true),
            ("+@all -@dangerous +config", true),
            ("+@admin -config|set", true),
            ("+@admin -config|get", false),
            ("+info", false),
            ("+get (+config|get)", true),
        ] {
            assert_eq!(rules(text).may("config|get", &categories), may, "{text}");
        }
    }
}
