//! Keeping secrets out of everything that is shown or recorded.
//!
//! A secret is known by its value, so it is found wherever it turns up: in a diff of a file that was rendered from it,
//! in a message, in the name of a loop's item. The set grows while a run goes on. What a variable with a telling name
//! holds (`redis_password`, `api_token`) is a secret, and so are the output of a task with `no_log` and what a template
//! makes of any of these ([`crate::model::template`] says which of its expressions do). Secrets that have a place of
//! their own (directives such as `requirepass`, parameters of the kind `Secret`) are fingerprints already.

mod names;
mod search;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::search::Search;
use super::secret::Secret;
use super::template::scan::is_template;
use super::value::{Map, Value};

pub use names::is_telling;

/// What stands in a secret's place.
pub const MASK: &str = "(secret)";

/// Bytes. Shorter values are too common to be looked for everywhere.
pub const SHORTEST: usize = 4;

/// Bytes. A line of a text with several lines is a secret of its own from this length on: a diff shows it alone.
const SHORTEST_LINE: usize = 8;

/// In a task's result: it was registered under `no_log`, so whatever is made from it is a secret. The same key as
/// Ansible's.
pub const HIDDEN: &str = "_ansible_no_log";

/// Keys of a task's result that hold what a program, a file or (where the task did not fail) a message said.
const SAID: &[&str] = &["stdout", "stderr", "content", "msg"];

/// The secrets of a run.
#[derive(Default)]
pub struct Secrets(RwLock<Search>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets")
    }
}

impl Secrets {
    /// Learns the secrets among these variables, by their names.
    pub fn learn(&self, variables: &Map) {
        for (name, value) in variables {
            self.learn_named(name, value);
        }
    }

    /// Learns a value if its name tells a secret, and what tells one inside of it.
    pub fn learn_named(&self, name: &str, value: &Value) {
        if is_telling(name) {
            self.learn_value(value);
            return;
        }
        match value {
            Value::Map(map) => self.learn(map),
            Value::List(list) => list.iter().for_each(|item| self.learn_named("", item)),
            _ => {}
        }
    }

    /// Learns every text and number in a value.
    pub fn learn_value(&self, value: &Value) {
        match value {
            Value::String(text) if !is_template(text) => self.learn_text(text),
            Value::Int(number) => self.learn_text(&number.to_string()),
            Value::List(list) => list.iter().for_each(|item| self.learn_value(item)),
            Value::Map(map) => map.values().for_each(|item| self.learn_value(item)),
            _ => {}
        }
    }

    /// Learns what a task with `no_log` came to, and marks it, so that what is made from it is a secret too.
    pub fn learn_result(&self, result: &mut Map) {
        let failed = result.get("failed") == Some(&Value::Bool(true));
        for key in SAID.iter().filter(|key| **key != "msg" || !failed) {
            // Templates in it are data.
            if let Some(Value::String(text)) = result.get(*key) {
                self.learn_text(text);
            }
        }
        result.insert(HIDDEN.to_owned(), Value::Bool(true));
    }

    /// Learns a text, and the forms in which it stands in JSON and behind a shell's quotes.
    pub fn learn_text(&self, text: &str) {
        let text = text.trim_matches(['\n', '\r']);
        if text.trim().len() < SHORTEST || self.read().knows(text) {
            return;
        }
        let mut forms = vec![text.to_owned()];
        if text.contains('\n') {
            let lines = text.lines().map(str::trim);
            forms.extend(
                lines
                    .filter(|line| line.len() >= SHORTEST_LINE)
                    .map(str::to_owned),
            );
        }
        if let Ok(json) = serde_json::to_string(text) {
            forms.push(json[1..json.len() - 1].to_owned());
        }
        forms.push(text.replace('\'', r"'\''"));
        let mut search = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            search.add(Secret::new(form));
        }
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// Whether a secret stands in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.read().is_in(text)
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        self.read().masked(text, MASK)
    }

    /// Anything without secrets, in whichever of its texts they stand. Keys of mappings are left alone.
    pub fn anything<T: Serialize + DeserializeOwned>(&self, thing: T) -> T {
        if self.is_empty() {
            return thing;
        }
        let Ok(mut json) = serde_json::to_value(&thing) else {
            return thing;
        };
        self.json(&mut json);
        serde_json::from_value(json).unwrap_or(thing)
    }

    /// The secrets that stand in anything, in order: what a reader needs who has it without the run.
    pub fn within<T: Serialize>(&self, thing: &T) -> BTreeSet<Secret> {
        let mut found = BTreeSet::new();
        if let Ok(json) = serde_json::to_value(thing) {
            let search = self.read();
            collect(&search, &json, &mut found);
        }
        found
    }

    fn json(&self, json: &mut serde_json::Value) {
        match json {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(map) => map.values_mut().for_each(|item| self.json(item)),
            _ => {}
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Search> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn collect(search: &Search, json: &serde_json::Value, found: &mut BTreeSet<Secret>) {
    match json {
        serde_json::Value::String(text) => found.extend(search.found_in(text)),
        serde_json::Value::Array(list) => {
            list.iter().for_each(|item| collect(search, item, found));
        }
        serde_json::Value::Object(map) => {
            map.values().for_each(|item| collect(search, item, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(pairs: &[(&str, Value)]) -> Secrets {
        let secrets = Secrets::default();
        for (name, value) in pairs {
            secrets.learn_named(name, value);
        }
        secrets
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let users = Value::List(vec![Value::from_iter([(
            "token".to_owned(),
            Value::from("tok-1234"),
        )])]);
        let secrets = secrets(&[
            ("redis_password", "s3cr3t".into()),
            ("redis_password_file", "/etc/redis.pass".into()),
            ("users", users),
            ("short_password", "abc".into()),
            ("templated_secret", "{{ redis_password }}".into()),
        ]);
        assert_eq!(
            secrets.text("requirepass s3cr3t, tok-1234, abc, /etc/redis.pass"),
            "requirepass (secret), (secret), abc, /etc/redis.pass"
        );
        assert!(!format!("{secrets:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_secret_is_known_in_every_form_in_which_it_is_shown() {
        let secrets = secrets(&[("a_secret", "it's \"quoted\"\nand longer\n".into())]);
        for shown in [
            "it's \"quoted\"\nand longer",
            r#"it's \"quoted\"\nand longer"#,
            "'it'\\''s \"quoted\"\nand longer'",
            "- and longer",
        ] {
            let masked = secrets.text(shown);
            assert!(
                !masked.contains("quoted") && !masked.contains("longer"),
                "{masked}"
            );
        }
    }

    #[test]
    fn what_a_task_with_no_log_said_is_a_secret_and_what_it_is_about_is_marked() {
        let secrets = Secrets::default();
        let stat = Value::from_iter([("path".to_owned(), Value::from("/etc/redis"))]);
        let mut result = Map::from_iter([
            ("stdout".to_owned(), "tok-1234".into()),
            ("stat".to_owned(), stat),
        ]);
        secrets.learn_result(&mut result);
        assert_eq!(
            secrets.text("tok-1234 in /etc/redis"),
            "(secret) in /etc/redis"
        );
        assert_eq!(result.get(HIDDEN), Some(&Value::Bool(true)));
    }
}
