//! Keeping secrets out of everything that is shown or recorded.
//!
//! What a variable with a telling name holds (`redis_password`, `api_token`) counts as a secret, wherever it turns
//! up: in a diff of a file that was rendered from it, in a message, in the name of a loop's item. Secrets that have a
//! place of their own (directives such as `requirepass`, parameters of the kind `Secret`) are fingerprints already.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{Map, Value};

/// What stands in a secret's place.
const MASK: &str = "(secret)";

/// Shorter values are too common to be looked for everywhere.
const SHORTEST: usize = 4;

/// Parts of names that tell a secret.
const TELLING: &[&str] = &[
    "pass",
    "secret",
    "token",
    "credential",
    "private_key",
    "api_key",
    "apikey",
];

/// Endings of names that look like secrets and hold none: files, switches, ages.
const HARMLESS: &[&str] = &[
    "_file", "_path", "_length", "_age", "_policy", "_lock", "_enabled", "_user", "_name", "_dir",
];

/// The secrets of a run.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Longest first, so that a secret within another does not leave a rest of it.
    secrets: Vec<super::secret::Secret>,
}

impl Redactor {
    /// Learns the secrets among these variables.
    pub fn learn(&mut self, variables: &Map) {
        for (name, value) in variables {
            self.learn_named(name, value);
        }
        self.secrets.sort_by(|left, right| {
            right
                .expose()
                .len()
                .cmp(&left.expose().len())
                .then_with(|| left.cmp(right))
        });
        self.secrets.dedup();
    }

    fn learn_named(&mut self, name: &str, value: &Value) {
        if is_telling(name) {
            self.learn_all(value);
        } else if let Value::Map(map) = value {
            for (name, value) in map {
                self.learn_named(name, value);
            }
        }
    }

    fn learn_all(&mut self, value: &Value) {
        match value {
            Value::String(text)
                if text.len() >= SHORTEST && !super::template::scan::is_template(text) =>
            {
                self.secrets.push(super::secret::Secret::new(text.clone()));
                // A diff shows a long secret line by line.
                for line in text
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.len() >= 8 && text.contains('\n'))
                {
                    self.secrets
                        .push(super::secret::Secret::new(line.to_owned()));
                }
            }
            Value::Int(number) if number.to_string().len() >= SHORTEST => {
                self.secrets
                    .push(super::secret::Secret::new(number.to_string()));
            }
            Value::List(list) => list.iter().for_each(|item| self.learn_all(item)),
            Value::Map(map) => map.values().for_each(|item| self.learn_all(item)),
            _ => {}
        }
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose(), MASK)
        })
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

    fn json(&self, json: &mut serde_json::Value) {
        match json {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(map) => map.values_mut().for_each(|item| self.json(item)),
            _ => {}
        }
    }
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|part| name.contains(part))
        && !HARMLESS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let mut redactor = Redactor::default();
        let users = Value::from_iter([("token".to_owned(), Value::from("tok-1234"))]);
        redactor.learn(&Map::from_iter([
            ("redis_password".to_owned(), "s3cr3t".into()),
            ("redis_password_file".to_owned(), "/etc/redis.pass".into()),
            ("users".to_owned(), users),
            ("short_password".to_owned(), "abc".into()),
            ("templated_secret".to_owned(), "{{ redis_password }}".into()),
        ]));
        assert_eq!(
            redactor.text("requirepass s3cr3t, tok-1234, abc, /etc/redis.pass"),
            "requirepass (secret), (secret), abc, /etc/redis.pass"
        );
        assert!(!format!("{redactor:?}").contains("s3cr3t"));
    }
}
