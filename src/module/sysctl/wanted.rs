//! What a task asks of kernel values.

use super::settings::{fold, is_pattern, normal_key, settings, wrong_line};
use crate::model::value::{Map, Value};
use crate::module::shared::host_level::is_reported;
use crate::module::{Failure, Look, Parameters, Stop};

/// One kernel value as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// In its normal form.
    pub(super) key: String,
    /// `None`: no file is to set it.
    pub(super) value: Option<String>,
    /// A value that is higher already stays.
    pub(super) at_least: bool,
    /// Where the kernel has no such value, or does not let it be changed, it is left out.
    pub(super) optional: bool,
}

/// All that the parameters say.
pub(super) struct Wanted {
    pub(super) keys: Vec<Key>,
    /// The whole text of the file, where a template gives it.
    pub(super) text: Option<String>,
    /// Whether live values are set too.
    pub(super) live: bool,
    /// Whether a value that only the machine outside can set is told, and no failure.
    pub(super) host_level: bool,
}

impl Wanted {
    pub(super) fn read(parameters: &Parameters, look: &Look<'_>) -> Result<Self, Stop> {
        let at_least = AtLeast::read(parameters)?;
        let optional = parameters.boolean("ignoreerrors", false)?;
        let absent = parameters.string("state")?.as_deref() == Some("absent");
        let key = |key: &str, value: Option<String>| {
            let key = normal_key(key);
            Key {
                at_least: at_least.holds(&key),
                value,
                optional,
                key,
            }
        };
        let mut text = None;
        let keys = if let Some(rendered) = parameters.rendered("template") {
            if absent {
                return Err(Failure::new(
                    "a template says nothing of values that are to be absent",
                )
                .help("name them with `values`, or remove the file with `file: { state: absent }`")
                .into());
            }
            if !parameters.has("sysctl_file") {
                return Err(Failure::new("a template needs a file to become")
                    .help("name it with `dest: /etc/sysctl.d/60-cachesmith.conf`")
                    .into());
            }
            text = Some(rendered.text.clone());
            from_text(&rendered.name, &rendered.text, key)?
        } else if let Some(values) = parameters.map("values")? {
            from_map(parameters, values, absent, key)?
        } else {
            let name = parameters.required("name")?;
            let value = match (parameters.get("value"), absent) {
                (_, true) => None,
                (Some(value), false) => Some(written(parameters, "value", value)?),
                (None, false) => {
                    return Err(Stop::failed(format!("`sysctl` needs a `value` for {name}")));
                }
            };
            vec![key(&name, value)]
        };
        at_least.known(&keys)?;
        for key in &keys {
            key.check()?;
        }
        Ok(Self {
            keys,
            text,
            host_level: is_reported(parameters, look)?,
            live: !absent
                && (parameters.boolean("sysctl_set", false)?
                    || parameters.boolean("reload", true)?),
        })
    }
}

impl Key {
    fn check(&self) -> Result<(), Stop> {
        let legible = |character: char| !character.is_whitespace() && character != '=';
        if self.key.is_empty() || self.key.starts_with('.') || !self.key.chars().all(legible) {
            return Err(
                Failure::new(format!("`{}` is no name of a kernel value", self.key))
                    .help("names look like vm.overcommit_memory")
                    .into(),
            );
        }
        match &self.value {
            Some(value) if self.at_least => whole_number(&self.key, value).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// A value of which a higher one is better.
pub(super) fn whole_number(key: &str, value: &str) -> Result<i128, Stop> {
    value.parse().map_err(|_| {
        Failure::new(format!(
            "`at_least` is for whole numbers, and {key} is `{value}`"
        ))
        .help("leave this key out of `at_least`")
        .into()
    })
}

/// Keys of which a higher value stays.
enum AtLeast {
    All(bool),
    Keys(Vec<String>),
}

impl AtLeast {
    fn read(parameters: &Parameters) -> Result<Self, Stop> {
        match parameters.get("at_least") {
            Some(Value::List(_)) => Ok(Self::Keys(
                parameters
                    .strings("at_least")?
                    .iter()
                    .map(|key| normal_key(key))
                    .collect(),
            )),
            Some(value) => value
                .truth()
                .map(Self::All)
                .ok_or_else(|| parameters.wrong("at_least", "yes, no or a list of names", value)),
            None => Ok(Self::All(false)),
        }
    }

    fn holds(&self, key: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Keys(keys) => keys.iter().any(|other| other == key),
        }
    }

    /// A name that no value is given for is a mistake.
    fn known(&self, keys: &[Key]) -> Result<(), Stop> {
        let Self::Keys(names) = self else {
            return Ok(());
        };
        match names
            .iter()
            .find(|name| !keys.iter().any(|key| key.key == **name))
        {
            None => Ok(()),
            Some(name) => Err(Failure::new(format!(
                "`at_least` names {name}, and no value is given for it"
            ))
            .into()),
        }
    }
}

fn from_text(
    name: &str,
    text: &str,
    key: impl Fn(&str, Option<String>) -> Key,
) -> Result<Vec<Key>, Stop> {
    if let Some(line) = wrong_line(text) {
        return Err(Failure::new(format!(
            "line {line} of what {name} renders to is no setting"
        ))
        .help("a line is `key = value`, a comment that begins with `#`, or empty")
        .into());
    }
    let mut keys: Vec<Key> = Vec::new();
    for setting in settings(text) {
        let found = Key {
            optional: setting.optional,
            ..key(&setting.key, Some(setting.value))
        };
        keys.retain(|other| other.key != found.key);
        keys.push(found);
    }
    Ok(keys)
}

fn from_map(
    parameters: &Parameters,
    values: &Map,
    absent: bool,
    key: impl Fn(&str, Option<String>) -> Key,
) -> Result<Vec<Key>, Stop> {
    let mut keys = Vec::new();
    for (name, value) in values {
        let mut found = key(name, None);
        let value = match value {
            Value::Map(map) => {
                for (word, value) in map {
                    match (word.as_str(), value.truth()) {
                        ("value", _) => {}
                        ("at_least", Some(truth)) => found.at_least = truth,
                        ("optional", Some(truth)) => found.optional = truth,
                        _ => {
                            return Err(Failure::new(format!("`{word}` of {name} is not understood"))
                                .help("a value is a scalar, or a mapping of `value`, `at_least` and `optional`")
                                .into());
                        }
                    }
                }
                map.get("value").unwrap_or(&Value::Null)
            }
            other => other,
        };
        if !absent {
            found.value = Some(written(parameters, "values", value)?);
        }
        keys.push(found);
    }
    Ok(keys)
}

/// A value as a file holds it. Words for truth are numbers to the kernel.
fn written(parameters: &Parameters, parameter: &str, value: &Value) -> Result<String, Stop> {
    let text = match value {
        Value::Bool(truth) => i32::from(*truth).to_string(),
        Value::List(parts) => parts
            .iter()
            .map(Value::scalar_text)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| parameters.wrong(parameter, "a scalar", value))?
            .join(" "),
        other => other
            .scalar_text()
            .ok_or_else(|| parameters.wrong(parameter, "a scalar", value))?,
    };
    let folded = fold(&text);
    Ok(match folded.to_ascii_lowercase().as_str() {
        "" => return Err(parameters.wrong(parameter, "a value", &Value::Null)),
        "yes" | "on" | "true" => "1".to_owned(),
        "no" | "off" | "false" => "0".to_owned(),
        _ => folded,
    })
}

/// Whether a key can be looked at live: a pattern stands for many.
pub(super) fn is_live(key: &Key) -> bool {
    !is_pattern(&key.key)
}
