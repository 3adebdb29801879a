//! `file`: files, directories and links: that they are there or not, and whose they are.

mod absent;
mod directory;
mod hard_link;
mod symbolic_link;
mod times;

use self::times::Times;
use super::shared::attributes::{GROUP, MODE, OWNER, Resolved, Wanted};
use super::shared::describe::describe;
use super::shared::file_change::{FileWish, attributes_change, file_change};
use super::shared::mode::Mode;
use super::shared::target::{Links, Target};
use super::shared::{paths, pending};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::Change;
use crate::model::probe::{FileInfo, FileKind, FileState, Probe};
use crate::model::value::Map;

/// See the [module](self).
#[derive(Debug)]
pub struct File;

static SPEC: Spec = Spec {
    name: "file",
    aliases: &[],
    summary: "Makes, removes or links files and directories, and sets whose they are.",
    parameters: &[
        Parameter::new("path", Kind::Path, "What it is about.")
            .required()
            .aliases(&["dest", "name"]),
        Parameter::new(
            "state",
            Kind::String,
            "`file`: it is there as a file, and is not created. `directory`: it is there, with all directories above it. \
             `link` and `hard`: it leads to `src`. `touch`: it is there, and its time is now. `absent`: it is not \
             there, and nothing below it.",
        )
        .choices(&["absent", "directory", "file", "hard", "link", "touch"])
        .default("what is there, otherwise `file`, and `directory` with `recurse`"),
        Parameter::new(
            "src",
            Kind::String,
            "What a link leads to; it may be relative to the link's directory.",
        ),
        MODE,
        OWNER,
        GROUP,
        Parameter::new(
            "recurse",
            Kind::Boolean,
            "Set mode, owner and group of everything below a directory too. Of a link below it owner and group are set, and \
             nothing of what it leads to.",
        )
        .default("no"),
        Parameter::new(
            "force",
            Kind::Boolean,
            "Make a link although nothing stands at `src`, or in the place of a file or an empty directory.",
        )
        .default("no"),
        Parameter::new(
            "follow",
            Kind::Boolean,
            "Where `path` is a link, mode, owner and group are those of what it leads to.",
        )
        .default("yes"),
        Parameter::new(
            "modification_time",
            Kind::String,
            "`now` or `preserve`.",
        )
        .choices(&["now", "preserve"])
        .default("preserve; with `touch` now"),
        Parameter::new("access_time", Kind::String, "`now` or `preserve`.")
            .choices(&["now", "preserve"])
            .default("preserve; with `touch` now"),
    ],
    free_form: None,
    one_of: &[],
};

/// What a task says, read once.
struct Task {
    path: String,
    src: Option<String>,
    attributes: Resolved,
    times: Times,
    force: bool,
    follow: bool,
}

impl Module for File {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let mut path = paths::required(parameters, look, "path")?;
        path.truncate(paths::without_slash(&path).len());
        let src = parameters.string("src")?.filter(|src| !src.is_empty());
        let wanted = Wanted::of(parameters)?;
        if wanted.mode == Some(Mode::Preserve) {
            return Err(Stop::failed(
                "`mode: preserve` means nothing without a source",
            ));
        }
        let given = parameters
            .string("state")?
            .filter(|state| !state.is_empty());
        let content = Probe::Content(path.clone());
        let mut questions = wanted.probes();
        if given.as_deref() == Some("directory") && look.origin(&content).is_none() {
            // Where it is not there, those above it decide what is made: they go with the same question.
            let above = paths::directories_above(&path);
            questions.extend(std::iter::once(path.clone()).chain(above).map(Probe::File));
        }
        questions.push(content);
        look.ask(&questions)?;
        let mut found = look.content(&path)?;
        if let Some(src) = &src
            && !matches!(given.as_deref(), Some("link" | "absent"))
            && Target::find(look, &path, Links::Replace)?.is_directory(look)?
        {
            // It stands in the directory, under the name of its source.
            path = paths::join(&path, paths::name(src));
            found = look.content(&path)?;
        }
        let recurse = parameters.boolean("recurse", false)?;
        let state = given.unwrap_or_else(|| state_of(found, recurse).to_owned());
        if recurse && state != "directory" {
            return Err(Stop::failed(
                "`recurse` is about a directory, and needs `state: directory`",
            ));
        }
        if src.is_some() && !matches!(state.as_str(), "link" | "hard") {
            return Err(Failure::new("`src` is what a link leads to")
                .help("add `state: link`, or use `copy` for a file")
                .into());
        }
        let task = Task {
            path,
            src,
            attributes: wanted.resolve(look)?,
            times: Times::of(parameters, state == "touch")?,
            force: parameters.boolean("force", false)?,
            follow: parameters.boolean("follow", true)?,
        };
        match state.as_str() {
            "absent" => absent::decide(look, &task.path, found),
            "directory" => directory::decide(look, &task, recurse),
            "link" => symbolic_link::decide(look, &task, found),
            "hard" => hard_link::decide(look, &task),
            "touch" => task.touch(look),
            _ => task.file(look),
        }
    }
}

/// The state that is meant where none is given.
fn state_of(found: &FileState, recurse: bool) -> &'static str {
    match found {
        FileState::Absent { .. } if recurse => "directory",
        FileState::Absent { .. } => "file",
        FileState::Present(info) => match info.kind {
            FileKind::Directory => "directory",
            FileKind::Link { .. } => "link",
            FileKind::File | FileKind::Other => "file",
        },
    }
}

impl Task {
    fn target(&self, look: &Look<'_>) -> Result<Target, Stop> {
        let links = if self.follow {
            Links::Follow
        } else {
            Links::Replace
        };
        Target::find(look, &self.path, links)
    }

    fn file(&self, look: &Look<'_>) -> Result<Decision, Stop> {
        let target = self.target(look)?;
        let what = match target.info().map(|info| &info.kind) {
            Some(FileKind::File | FileKind::Other) => return self.attributes_of(&target),
            None => "is absent",
            Some(FileKind::Directory) => "is a directory",
            Some(FileKind::Link { .. }) => "is a link",
        };
        let failure = Failure::new(format!("`{}` {what}, and a file is wanted", target.path))
            .help("`state: touch` creates an empty file, `copy` one with a content");
        match target.info() {
            None => Err(pending::missing(look, failure)),
            Some(_) => Err(failure.into()),
        }
    }

    /// Mode, owner, group and times of what is there.
    fn attributes_of(&self, target: &Target) -> Result<Decision, Stop> {
        let Some(found) = target.info() else {
            return Ok(Decision::unchanged());
        };
        let info = self.attributes.applied(found);
        let changes = self.attributes_and_times(&target.path, found);
        Ok(decision(&target.path, &info, changes))
    }

    fn attributes_and_times(&self, path: &str, found: &FileInfo) -> Vec<Change> {
        let attributes = attributes_change(path, found, &self.attributes);
        attributes
            .into_iter()
            .chain(self.times.change(path, &self.attributes.applied(found)))
            .collect()
    }

    fn touch(&self, look: &Look<'_>) -> Result<Decision, Stop> {
        let target = self.target(look)?;
        if target.info().is_some() {
            return self.attributes_of(&target);
        }
        let wish = FileWish::new(Some(Blob::default()), &self.attributes);
        let outcome = file_change(&target, wish)?;
        Ok(decision(
            &outcome.path,
            &outcome.info,
            outcome.change.into_iter().collect(),
        ))
    }
}

/// What a task about one path comes to.
fn decision(path: &str, info: &FileInfo, changes: Vec<Change>) -> Decision {
    let mut result: Map = describe(info);
    result.insert("path".to_owned(), path.into());
    result.insert("dest".to_owned(), path.into());
    Decision {
        changes,
        result,
        ..Decision::default()
    }
}
