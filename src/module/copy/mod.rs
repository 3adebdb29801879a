//! `copy`: files and folders of this machine, or of the host itself, at a place of the host.

mod large;
mod place;
mod source;

use self::place::Place;
use self::source::{Entry, Source};
use super::shared::attributes::{GROUP, OWNER, Resolved, Wanted};
use super::shared::directory::make_directory;
use super::shared::file_change::{FileOutcome, FileWish, file_change};
use super::shared::link::link_change;
use super::shared::mode::Mode;
use super::shared::options::{BACKUP, VALIDATE};
use super::shared::paths;
use super::shared::target::{Links, Target};
use super::{Decision, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::change::Change;
use crate::model::value::Map;

/// See the [module](self).
#[derive(Debug)]
pub struct Copy;

static SPEC: Spec = Spec {
    name: "copy",
    aliases: &[],
    summary: "Puts a file or a folder at a place of the host.",
    parameters: &[
        Parameter::new(
            "src",
            Kind::LocalFile,
            "A file or folder of this machine, looked for in `files/` beside the role or the playbook; with \
             `remote_src` one of the host. Of a folder with a slash at its end only what is in it is copied.",
        ),
        Parameter::new(
            "content",
            Kind::Any,
            "The text of the file; a list or a mapping is written as JSON.",
        ),
        Parameter::new(
            "dest",
            Kind::Path,
            "Where it goes. An existing directory, or a path with a slash at its end, takes a file under its own name.",
        )
        .required(),
        Parameter::new(
            "mode",
            Kind::Mode,
            "Permissions as octal digits in quotes (`\"0644\"`), as symbols (`u=rw,g=r,o=`), or `preserve` for those of the \
             source.",
        )
        .default("as it is; 0644 for a new file"),
        OWNER,
        GROUP,
        Parameter::new(
            "directory_mode",
            Kind::Mode,
            "Permissions of the directories that are created.",
        )
        .default("0755"),
        BACKUP,
        VALIDATE,
        Parameter::new(
            "force",
            Kind::Boolean,
            "Replace a file that is there with another content; with `no` only missing files are written.",
        )
        .default("yes"),
        Parameter::new(
            "remote_src",
            Kind::Boolean,
            "`src` is a path of the host. What is in a folder keeps its permissions unless `mode` is given.",
        )
        .default("no"),
        Parameter::new(
            "follow",
            Kind::Boolean,
            "Where the destination is a link, write the file that it leads to; with `no` a file takes the link's place.",
        )
        .default("no"),
    ],
    free_form: None,
    one_of: &[&["src", "content"]],
};

/// What holds for every file of a task.
struct Manner<'a> {
    parameters: &'a Parameters,
    attributes: Resolved,
    /// Of directories that are created.
    directories: Resolved,
    links: Links,
    /// Files that are there are replaced.
    force: bool,
    /// Modes that are not given come from the source.
    keep_modes: bool,
}

impl Module for Copy {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let wanted = Wanted::of(parameters)?;
        let of_directories = Wanted {
            mode: Mode::of(parameters, "directory_mode")?,
            ..wanted.clone()
        };
        if of_directories.mode == Some(Mode::Preserve) {
            return Err(Stop::failed(
                "`directory_mode: preserve` is not known: write the mode in digits",
            ));
        }
        let dest = paths::required(parameters, look, "dest")?;
        let follow = parameters.boolean("follow", false)?;
        let source = Source::of(parameters, look, &wanted)?;
        let place = Place::find(look, &source, &dest, &wanted)?;
        let manner = Manner {
            parameters,
            attributes: wanted.resolve(look)?,
            directories: of_directories.resolve(look)?,
            links: if follow {
                Links::Follow
            } else {
                Links::Replace
            },
            force: parameters.boolean("force", true)?,
            // As Ansible does it: what is in a folder of the host keeps its modes, a file that is named does not.
            keep_modes: wanted.mode == Some(Mode::Preserve)
                || (source.is_remote && source.is_folder && wanted.mode.is_none()),
        };
        let mut changes: Vec<Change> = place
            .missing
            .iter()
            .map(|directory| manner.directory(directory, &source, &place))
            .collect();
        let mut outcome = None;
        for entry in &source.entries {
            let path = place.of(entry.path());
            if let Some(change) = manner.entry(look, entry, &path, &place, &mut outcome)? {
                changes.push(change);
            }
        }
        let mut result = match (outcome, source.is_folder) {
            (Some(outcome), false) => outcome.into_decision().result,
            _ => Map::from_iter([("dest".to_owned(), place.base.into())]),
        };
        if !source.name.is_empty() {
            result.insert("src".to_owned(), source.name.into());
        }
        Ok(Decision {
            changes,
            result,
            ..Decision::default()
        })
    }
}

impl Manner<'_> {
    /// The change that makes a directory; with the mode of the one on the host that it is a copy of.
    fn directory(&self, directory: &str, source: &Source, place: &Place) -> Change {
        let kept = source.entries.iter().find_map(|entry| match entry {
            Entry::Directory { path, mode } if place.of(path) == directory => *mode,
            _ => None,
        });
        let mut attributes = self.directories.clone();
        attributes.mode = attributes.mode.or(kept.map(Mode::Bits));
        make_directory(directory, &attributes)
    }

    /// The change of one file or link.
    fn entry(
        &self,
        look: &Look<'_>,
        entry: &Entry,
        path: &str,
        place: &Place,
        outcome: &mut Option<FileOutcome>,
    ) -> Result<Option<Change>, Stop> {
        let mode = match entry {
            Entry::Directory { .. } => return Ok(None),
            Entry::Link { target, .. } => {
                let found = look.file(path)?;
                return Ok(link_change(path, target, found, &self.attributes));
            }
            Entry::File { mode, .. } | Entry::Large { mode, .. } => *mode,
        };
        let target = Target::find(look, path, self.links)?;
        if target.info().is_some() && !self.force {
            return Ok(None);
        }
        let mut attributes = self.attributes.clone();
        if self.keep_modes {
            // A file that has the right content keeps its mode unless `preserve` was written.
            attributes.mode = match &self.attributes.mode {
                None if entry.is_at(&target) => None,
                _ => Some(Mode::Bits(mode)),
            };
        }
        let mut wish = FileWish::new(None, &attributes).with_parameters(self.parameters)?;
        wish.directory_is_made = place.makes(paths::parent(path));
        let found = match entry {
            Entry::Large {
                from, sha256, size, ..
            } if !entry.is_at(&target) => large::change(from, sha256, *size, &target, &wish)?,
            Entry::File { content, .. } => {
                wish.content = Some(content.clone());
                file_change(&target, wish)?
            }
            _ => file_change(&target, wish)?,
        };
        let change = found.change.clone();
        *outcome = Some(found);
        Ok(change)
    }
}
