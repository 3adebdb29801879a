//! Reads connection settings from a host's variables: several names for one thing, types, and errors with places.

use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::source::At;
use crate::model::value::{Map, Value};

/// Variables whose values must not be shown.
pub const SECRETS: [&str; 10] = [
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_become_password",
    "ansible_become_pass",
    "ansible_sudo_pass",
    "ansible_private_key",
    "ansible_ssh_private_key",
    "ansible_private_key_passphrase",
    "ansible_ssh_private_key_passphrase",
];

/// The rendered variables of one host, and where each of them was written.
pub struct Settings<'a> {
    /// The host that messages name.
    pub host: &'a str,
    pub variables: &'a Map,
    /// The place of a variable, where it was written by a person.
    pub place: &'a dyn Fn(&str) -> Option<At>,
}

impl<'a> Settings<'a> {
    /// The value of the last of these names that is set; an empty text and null count as not set.
    pub fn find(&self, names: &[&'static str]) -> Result<Option<(&'static str, &'a Value)>> {
        for name in names.iter().rev() {
            match self.variables.get(*name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::Unknown(unknown)) => {
                    return Err(self.error(
                        name,
                        format!("`{name}` of host `{}` is only {unknown}", self.host),
                        "a host must be reachable before anything is applied",
                    ));
                }
                Some(value) => return Ok(Some((name, value))),
            }
        }
        Ok(None)
    }

    /// A text; numbers are read as their digits.
    pub fn text(&self, names: &[&'static str]) -> Result<Option<String>> {
        let Some((name, value)) = self.find(names)? else {
            return Ok(None);
        };
        match value {
            Value::String(text) => {
                if text.chars().any(char::is_control) && !SECRETS.contains(&name) {
                    return Err(self.error(
                        name,
                        format!(
                            "`{name}` of host `{}` holds a line break or another control character",
                            self.host
                        ),
                        "write it in one line",
                    ));
                }
                Ok(Some(text.clone()))
            }
            Value::Int(number) => Ok(Some(number.to_string())),
            other => Err(self.wrong_kind(name, "a string", other)),
        }
    }

    /// A text that becomes one argument of a program, which must not take it for an option.
    pub fn argument(&self, names: &[&'static str]) -> Result<Option<String>> {
        let text = self.text(names)?;
        if let Some(text) = &text
            && text.starts_with('-')
            && let Some((name, _)) = self.find(names)?
        {
            return Err(self.error(
                name,
                format!(
                    "`{name}` of host `{}` cannot begin with `-`: `{text}`",
                    self.host
                ),
                "a program would take it for an option",
            ));
        }
        Ok(text)
    }

    /// Words, split as a shell would; also a list of texts.
    pub fn words(&self, names: &[&'static str]) -> Result<Option<(&'static str, Vec<String>)>> {
        let Some((name, value)) = self.find(names)? else {
            return Ok(None);
        };
        let words = match value {
            Value::List(list) => list
                .iter()
                .map(Value::scalar_text)
                .collect::<Option<Vec<String>>>()
                .ok_or_else(|| self.wrong_kind(name, "a list of strings", value))?,
            _ => {
                let text = self.text(&[name])?.unwrap_or_default();
                super::words::split(&text, false)
                    .map_err(|error| {
                        self.error(
                            name,
                            format!(
                                "`{name}` of host `{}` cannot be split into words: {}",
                                self.host, error.message
                            ),
                            "quote it as for a shell",
                        )
                    })?
                    .into_iter()
                    .map(|word| word.text)
                    .collect()
            }
        };
        Ok(Some((name, words)))
    }

    /// A boolean, also as a word.
    pub fn boolean(&self, names: &[&'static str]) -> Result<Option<bool>> {
        let Some((name, value)) = self.find(names)? else {
            return Ok(None);
        };
        match value {
            Value::List(_) | Value::Map(_) => None,
            scalar => scalar.truth(),
        }
        .map(Some)
        .ok_or_else(|| self.wrong_kind(name, "yes or no", value))
    }

    /// A whole number from 1 to `most`.
    pub fn number(&self, names: &[&'static str], most: u32) -> Result<Option<u32>> {
        let Some((name, value)) = self.find(names)? else {
            return Ok(None);
        };
        let number = match value {
            Value::Int(number) => u32::try_from(*number).ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (1..=most).contains(&number) => Ok(Some(number)),
            _ => Err(self.wrong_kind(name, &format!("a number from 1 to {most}"), value)),
        }
    }

    /// An error about one variable.
    pub fn error(&self, name: &str, summary: impl Into<String>, help: impl Into<String>) -> Error {
        self.place_at(name, Diagnostic::error(summary).help(help))
            .into()
    }

    /// Points a message at the place of a variable.
    pub fn place_at(&self, name: &str, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at = (self.place)(name);
        diagnostic
    }

    fn wrong_kind(&self, name: &str, expected: &str, value: &Value) -> Error {
        let given = match value.scalar_text() {
            Some(text) if !SECRETS.contains(&name) => format!("`{text}`"),
            _ => value.kind().to_owned(),
        };
        self.error(
            name,
            format!(
                "`{name}` of host `{}` must be {expected}, and this is {given}",
                self.host
            ),
            format!("change `{name}`"),
        )
    }
}
