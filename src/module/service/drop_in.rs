//! Files that add to a unit: `/etc/systemd/system/UNIT.d/NAME.conf` (`systemd.unit(5)`).

use super::systemctl;
use crate::model::blob::Blob;
use crate::model::change::{Change, Undo};
use crate::model::probe::{FileState, Probe};
use crate::model::value::{Map, Value};
use crate::module::shared::attributes;
use crate::module::shared::directory::make_directory;
use crate::module::shared::file_change::{FileWish, file_change};
use crate::module::shared::removal::file_removal;
use crate::module::shared::target::{Links, Target};
use crate::module::{Failure, Look, Parameters, Stop};

/// The first line of a file that is made of sections.
pub(crate) const HEAD: &str = "# Written by Cachesmith. What is changed here is overwritten.\n";

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DropIn {
    /// With its ending.
    name: String,
    /// `None`: there is to be no such file.
    text: Option<String>,
}

/// Reads the parameter `drop_ins`.
pub(super) fn read(parameters: &Parameters) -> Result<Vec<DropIn>, Stop> {
    let Some(map) = parameters.map("drop_ins")? else {
        return Ok(Vec::new());
    };
    map.iter()
        .map(|(name, value)| {
            Ok(DropIn {
                name: file_name(name)?,
                text: match value {
                    Value::Null => None,
                    Value::String(text) => Some(with_newline(text)),
                    Value::Map(sections) => Some(sections_text(name, sections)?),
                    other => {
                        return Err(parameters.wrong(
                            "drop_ins",
                            "sections or a text for each name",
                            other,
                        ));
                    }
                },
            })
        })
        .collect()
}

/// A name with its ending.
///
/// # Errors
/// When it is no name of such a file.
pub(crate) fn file_name(name: &str) -> Result<String, Stop> {
    let usual = |character: char| character.is_ascii_alphanumeric() || "-_.@:".contains(character);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(usual) {
        return Err(Failure::new(format!("`{name}` is no name of a drop-in"))
            .help("names look like 50-limits.conf; the directory follows from the unit")
            .into());
    }
    Ok(match name.ends_with(".conf") {
        true => name.to_owned(),
        false => format!("{name}.conf"),
    })
}

fn with_newline(text: &str) -> String {
    match text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

fn sections_text(name: &str, sections: &Map) -> Result<String, Stop> {
    let mut text = HEAD.to_owned();
    for (section, settings) in sections {
        let settings = settings.as_map().ok_or_else(|| wrong(name, section))?;
        if !section
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
        {
            return Err(wrong(name, section));
        }
        text.push_str(&format!("[{section}]\n"));
        for (key, value) in settings {
            let single = std::slice::from_ref(value);
            for value in value.as_list().unwrap_or(single) {
                let value = setting(value).ok_or_else(|| wrong(name, key))?;
                if key.is_empty() || key.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                {
                    return Err(wrong(name, key));
                }
                text.push_str(&format!("{key}={value}\n"));
            }
        }
    }
    Ok(text)
}

/// A value as systemd reads it; several lines would be several settings.
fn setting(value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Null => None,
        other => other
            .scalar_text()
            .filter(|text| !text.contains(['\n', '\r', '\0'])),
    }
}

fn wrong(drop_in: &str, word: &str) -> Stop {
    Failure::new(format!("`{word}` in the drop-in {drop_in} is not understood"))
        .help("write sections with settings: `{ Service: { LimitNOFILE: 65535 } }`; a list sets one several times")
        .into()
}

impl DropIn {
    /// `name` is from [`file_name`]; without a text there is to be no such file.
    pub(crate) fn new(name: String, text: Option<String>) -> Self {
        Self { name, text }
    }

    pub(crate) fn path(&self, unit: &str) -> String {
        format!("{}/{}", directory(unit), self.name)
    }

    /// What has to be asked about it.
    pub(crate) fn probe(&self, unit: &str) -> Probe {
        Probe::Content(self.path(unit))
    }

    /// Whether the file is to be there.
    pub(crate) fn is_wanted(&self) -> bool {
        self.text.is_some()
    }
}

fn directory(unit: &str) -> String {
    format!("/etc/systemd/system/{unit}.d")
}

/// The changes that make the files of a unit as they are wanted. After the last one systemd reads its units again,
/// and so it does after each that is taken back.
pub(crate) fn changes(
    drop_ins: &[DropIn],
    unit: &str,
    look: &Look<'_>,
) -> Result<Vec<Change>, Stop> {
    let attributes = attributes::Wanted::default().resolve(look)?;
    let mut changes = Vec::new();
    let mut directory_is_made = false;
    for drop_in in drop_ins {
        let target = Target::find(look, &drop_in.path(unit), Links::Replace)?;
        let Some(text) = &drop_in.text else {
            changes.extend(removal(&target)?);
            continue;
        };
        let there = !matches!(
            target.state,
            FileState::Absent {
                parent_exists: false
            }
        );
        if !there && !directory_is_made {
            changes.push(make_directory(&directory(unit), &attributes));
            directory_is_made = true;
        }
        let wish = FileWish {
            directory_is_made,
            ..FileWish::new(Some(Blob::from(text.as_str())), &attributes)
        };
        changes.extend(file_change(&target, wish)?.change);
    }
    if let Some(last) = changes.last_mut() {
        last.steps.push(systemctl::daemon_reload());
    }
    for change in &mut changes {
        if let Undo::Steps(steps) = &mut change.undo {
            steps.push(systemctl::daemon_reload());
        }
    }
    Ok(changes)
}

fn removal(target: &Target) -> Result<Option<Change>, Stop> {
    let found = target.info().zip(target.content()?);
    Ok(found.map(|(info, content)| file_removal(&target.path, info, content)))
}
