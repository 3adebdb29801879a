//! The guard's files on the host.

use super::instances::Instance;
use crate::model::blob::Blob;
use crate::model::change::{Change, Difference, Field};
use crate::model::probe::{FileState, Probe};
use crate::module::shared::attributes::Resolved;
use crate::module::shared::directory::make_directory;
use crate::module::shared::file_change::{FileWish, file_change};
use crate::module::shared::mode::Mode;
use crate::module::shared::removal::file_removal;
use crate::module::shared::target::{Links, Target};
use crate::module::{Failure, Look, Stop};

pub(super) const PROGRAM_FOLDER: &str = "/usr/local/lib/cachesmith";
pub(super) const PROGRAM: &str = "/usr/local/lib/cachesmith/guard";
pub(super) const SETTINGS_PARENT: &str = "/etc/cachesmith";
pub(super) const SETTINGS_FOLDER: &str = "/etc/cachesmith/guard";
pub(super) const ALL_SETTINGS: &str = "/etc/cachesmith/guard/*.conf";

pub(super) fn settings(instance: &Instance) -> String {
    format!("{SETTINGS_FOLDER}/{}.conf", instance.name)
}

/// Holds the password and nothing else.
pub(super) fn secret(instance: &Instance) -> String {
    format!("{SETTINGS_FOLDER}/{}.password", instance.name)
}

/// A file for each guard, not a template for all: they differ in what they may reach.
pub(super) fn unit(instance: &Instance) -> String {
    format!("/etc/systemd/system/{}", super::unit::name(instance))
}

/// What has to be asked once.
pub(super) fn shared_probes() -> Vec<Probe> {
    vec![
        Probe::Content(PROGRAM.to_owned()),
        Probe::File(PROGRAM_FOLDER.to_owned()),
        Probe::File(SETTINGS_PARENT.to_owned()),
        Probe::File(SETTINGS_FOLDER.to_owned()),
    ]
}

/// What has to be asked for each server.
pub(super) fn probes(instance: &Instance) -> Vec<Probe> {
    [settings(instance), secret(instance), unit(instance)]
        .map(Probe::Content)
        .to_vec()
}

/// Collects what has to be done to files.
pub(super) struct Files<'a> {
    look: &'a Look<'a>,
    pub(super) changes: Vec<Change>,
    /// The directories are there, or are made by changes before.
    pub(super) made: bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(look: &'a Look<'a>) -> Self {
        Self {
            look,
            changes: Vec::new(),
            made: false,
        }
    }

    /// Whether a file changes; a new directory alone changes nothing for anybody.
    pub(super) fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(super) fn directory(&mut self, path: &str, mode: Mode) -> Result<(), Stop> {
        if let FileState::Absent { .. } = self.look.file(path)? {
            let attributes = Resolved {
                mode: Some(mode),
                ..Resolved::default()
            };
            self.changes.push(make_directory(path, &attributes));
            self.made = true;
        }
        Ok(())
    }

    pub(super) fn file(
        &mut self,
        path: &str,
        text: &str,
        mode: Mode,
        secret: bool,
    ) -> Result<(), Stop> {
        let attributes = Resolved {
            mode: Some(mode),
            ..Resolved::default()
        };
        let target = Target::find(self.look, path, Links::Replace)?;
        let wish = FileWish {
            directory_is_made: self.made,
            secret,
            ..FileWish::new(Some(Blob::from(text)), &attributes)
        };
        self.changes.extend(file_change(&target, wish)?.change);
        Ok(())
    }

    /// The program. Its text is of this project and says nothing about the host, so that it is shown as its size.
    pub(super) fn program(&mut self, text: &str) -> Result<(), Stop> {
        let before = self.changes.len();
        self.file(PROGRAM, text, Mode::Bits(0o755), false)?;
        if let Some(change) = self.changes.get_mut(before)
            && let Difference::Text {
                before,
                after,
                fields,
            } = &mut change.difference
        {
            let lines = |text: &Option<String>| {
                let text = text.as_ref()?;
                let sha256 = Blob::from(text.as_str()).sha256();
                Some(format!(
                    "{} lines, sha256 {}",
                    text.lines().count(),
                    &sha256[..8]
                ))
            };
            let mut all = vec![Field::new("program", lines(before), lines(after))];
            all.append(fields);
            change.difference = Difference::Fields(all);
        }
        Ok(())
    }

    /// The file is to go.
    pub(super) fn gone(&mut self, path: &str, secret: bool) -> Result<(), Stop> {
        let target = Target::find(self.look, path, Links::Replace)?;
        let Some(info) = target.info() else {
            return Ok(());
        };
        let Some(content) = target.content()? else {
            return Err(
                Failure::new(format!("`{path}` is a link that leads nowhere"))
                    .help("remove it by hand")
                    .into(),
            );
        };
        let mut change = file_removal(path, info, content);
        if secret {
            let mut field = Field::new("content", Some("(secret)"), None::<&str>);
            field.secret = true;
            change.difference = Difference::Fields(vec![field]);
        }
        self.changes.push(change);
        Ok(())
    }
}
