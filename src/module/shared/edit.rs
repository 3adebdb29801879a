//! Changing a part of a file's content.

use super::attributes::{Resolved, Wanted};
use super::directory::make_directory;
use super::file_change::{FileWish, file_change};
use super::mode::Mode;
use super::paths;
use super::pending;
use super::target::{Links, Target};
use crate::model::blob::Blob;
use crate::model::probe::{FileState, Probe};
use crate::module::{Decision, Failure, Look, Parameters, Stop};

/// A file whose content is to be changed.
pub struct Edit<'a> {
    parameters: &'a Parameters,
    target: Target,
    attributes: Resolved,
    /// Directories that have to be made for a new file, from the top.
    missing: Vec<String>,
    /// The content; `None`: the file is not there and is to be created.
    pub content: Option<Blob>,
}

impl<'a> Edit<'a> {
    /// Looks at the file that the parameter `path` names; links are followed. `None`: it is not there and is not
    /// wanted there either.
    ///
    /// # Errors
    /// When it is not there and `create` is not asked for, or is no file that can be read.
    pub fn open(
        parameters: &'a Parameters,
        look: &Look<'_>,
        present: bool,
    ) -> Result<Option<Self>, Stop> {
        let path = paths::required(parameters, look, "path")?;
        let path = paths::without_slash(&path).to_owned();
        let wanted = Wanted::of(parameters)?;
        if wanted.mode == Some(Mode::Preserve) {
            return Err(Stop::failed(
                "`mode: preserve` means nothing without a source",
            ));
        }
        look.ask(&[wanted.probes(), vec![Probe::Content(path.clone())]].concat())?;
        let target = Target::find(look, &path, Links::Follow)?;
        let content = target.content()?.cloned();
        if content.is_none() && !present {
            return Ok(None);
        }
        let mut missing = Vec::new();
        if content.is_none() {
            if !parameters.boolean("create", false)? {
                let failure = Failure::new(format!("there is no file `{}`", target.path))
                    .help("`create: yes` makes it");
                return Err(pending::missing(look, failure));
            }
            if !matches!(
                target.state,
                FileState::Absent {
                    parent_exists: true
                }
            ) {
                missing = paths::missing_directories(look, paths::parent(&target.path))?;
            }
        }
        Ok(Some(Self {
            attributes: wanted.resolve(look)?,
            parameters,
            target,
            missing,
            content,
        }))
    }

    /// The decision for a new content (`None`: it is right as it is), with the message for `register`.
    ///
    /// # Errors
    /// See [`file_change`].
    pub fn close(self, content: Option<Vec<u8>>, message: &str) -> Result<Decision, Stop> {
        let mut wish = FileWish::new(content.map(Blob::from), &self.attributes)
            .with_parameters(self.parameters)?;
        wish.directory_is_made = !self.missing.is_empty();
        let created = self.content.is_none() && wish.content.is_some();
        let attributes_differ = match self.target.info() {
            Some(found) => !self.attributes.difference(found).1.is_empty(),
            None => self.attributes.differ_from_new(),
        };
        if self.content.is_none() && !created {
            // Nothing to write into a file that is not there.
            return Ok(Decision::unchanged().with("msg", message));
        }
        let mut decision = file_change(&self.target, wish)?.into_decision();
        let plain = Wanted::default();
        let directories = Resolved {
            mode: plain.mode,
            owner: None,
            group: None,
            creator: self.attributes.creator.clone(),
        };
        let made = self
            .missing
            .iter()
            .map(|directory| make_directory(directory, &directories));
        decision.changes.splice(0..0, made);
        // Ansible's words: playbooks look for them.
        const ATTRIBUTES: &str = "ownership, perms or SE linux context changed";
        let message = match (message, attributes_differ) {
            ("", true) => ATTRIBUTES.to_owned(),
            (message, true) => format!("{message} and {ATTRIBUTES}"),
            (message, false) => message.to_owned(),
        };
        Ok(decision.with("msg", message))
    }
}

/// The lines of a content, each with its newline.
pub fn lines(content: Option<&Blob>) -> Vec<Vec<u8>> {
    content.map_or_else(Vec::new, |content| {
        content
            .as_bytes()
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    })
}

/// Ends the last line, so that another can follow.
pub fn end_last(lines: &mut [Vec<u8>]) {
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with(b"\n")) {
        last.push(b'\n');
    }
}
