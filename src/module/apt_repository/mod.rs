//! `apt_repository`: a source of packages is there, or is not.

mod entry;

use entry::Entry;

use super::package::update_apt_index;
use super::shared::attributes::{MODE, Wanted};
use super::shared::file_change::{FileWish, file_change};
use super::shared::mode::Mode;
use super::shared::removal::file_removal;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::{Effect, Undo};
use crate::model::probe::{FileState, Observation, PackageIndex, PackageManager, Probe};

/// Adds a source of packages for apt, or takes it away.
///
/// A source counts as there wherever it stands: in `/etc/apt/sources.list` or any file beside it, as a line or in a
/// stanza. Where the index is brought up to date after the change and a source cannot be reached, the task fails.
#[derive(Debug)]
pub struct AptRepository;

const MAIN: &str = "/etc/apt/sources.list";
const DIRECTORY: &str = "/etc/apt/sources.list.d";
const LISTS: &str = "/etc/apt/sources.list.d/*.list";
const STANZAS: &str = "/etc/apt/sources.list.d/*.sources";

static SPEC: Spec = Spec {
    name: "apt_repository",
    aliases: &[],
    summary: "Adds or removes a source of packages for apt.",
    parameters: &[
        Parameter::new("repo", Kind::String, "The line as in sources.list.").required(),
        Parameter::new("state", Kind::String, "Whether the source is there.")
            .choices(&["present", "absent"])
            .default("present"),
        Parameter::new(
            "filename",
            Kind::String,
            "The file in /etc/apt/sources.list.d, without its ending.",
        )
        .default("made of the address"),
        MODE,
        Parameter::new(
            "update_cache",
            Kind::Boolean,
            "Brings the index up to date after a change.",
        )
        .aliases(&["update-cache"])
        .default("yes"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for AptRepository {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let entry = Entry::of_parameter(&parameters.required("repo")?)?;
        let path = path(parameters, &entry)?;
        let wanted = Wanted {
            mode: Mode::of(parameters, "mode")?,
            ..Wanted::default()
        };
        look.ask(&[
            Probe::Content(MAIN.to_owned()),
            Probe::Glob(LISTS.to_owned()),
            Probe::Glob(STANZAS.to_owned()),
            Probe::Content(path.clone()),
        ])?;
        let mut decision = if parameters.string("state")?.as_deref() == Some("absent") {
            remove(&entry, look)?
        } else {
            if entry.has_password() {
                return Err(Failure::new(
                    "a source's address is for everybody to read, and this one holds a password",
                )
                .help("put the password into a file in /etc/apt/auth.conf.d (`apt_auth.conf(5)`)")
                .into());
            }
            add(&entry, &path, &wanted, look)?
        };
        if decision.changes.is_empty() {
            return Ok(decision);
        }
        let update = parameters.boolean("update_cache", true)?;
        let state = if parameters.string("state")?.as_deref() == Some("absent") {
            "is gone"
        } else {
            "is added"
        };
        finish(
            &mut decision,
            update,
            &format!("the source {} {state}", entry.uri),
        );
        Ok(decision)
    }
}

fn path(parameters: &Parameters, entry: &Entry) -> Result<String, Stop> {
    let name = match parameters.string("filename")? {
        None => entry.file_name(),
        Some(name) if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') => {
            return Err(Failure::new(format!(
                "`filename: {name}` is no name of a file in {DIRECTORY}"
            ))
            .into());
        }
        Some(name) if name.ends_with(".list") => name,
        Some(name) => format!("{name}.list"),
    };
    Ok(format!("{DIRECTORY}/{name}"))
}

fn add(entry: &Entry, path: &str, wanted: &Wanted, look: &Look<'_>) -> Result<Decision, Stop> {
    if let Some(found) = found(entry, look)? {
        let mut decision = Decision::unchanged();
        if found != path {
            decision.message = Some(format!("{found} has it already"));
        }
        return Ok(decision);
    }
    let target = Target::find(look, path, Links::Follow)?;
    let mut text = match target.content()? {
        Some(content) => content.to_lossy().into_owned(),
        None => String::new(),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("{entry}\n"));
    let attributes = wanted.resolve(look)?;
    let wish = FileWish::new(Some(Blob::from(text)), &attributes);
    Ok(file_change(&target, wish)?.into_decision())
}

/// The file that has a source, in whatever form.
fn found(entry: &Entry, look: &Look<'_>) -> Result<Option<String>, Stop> {
    for (path, content) in lists(look)? {
        if lines(&content).any(|(_, found)| found == *entry) {
            return Ok(Some(path));
        }
    }
    for (path, content) in look.glob(STANZAS)? {
        let found = Entry::of_stanzas(&content.to_lossy());
        if found.iter().any(|found| entry.is_covered_by(found)) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

/// All files with lines: paths and texts.
fn lists(look: &Look<'_>) -> Result<Vec<(String, String)>, Stop> {
    let mut lists = Vec::new();
    if let FileState::Present(info) = look.content(MAIN)?
        && let Some(content) = &info.content
    {
        lists.push((MAIN.to_owned(), content.to_lossy().into_owned()));
    }
    for (path, content) in look.glob(LISTS)? {
        lists.push((path.clone(), content.to_lossy().into_owned()));
    }
    Ok(lists)
}

/// Lines that name a source.
fn lines(text: &str) -> impl Iterator<Item = (&str, Entry)> {
    text.split_inclusive('\n')
        .filter_map(|line| Some((line, Entry::of_line(line)?)))
}

/// Takes a source out of every file that has it as a line. A file that names no other source goes too.
fn remove(entry: &Entry, look: &Look<'_>) -> Result<Decision, Stop> {
    let mut decision = Decision::unchanged();
    for (path, text) in lists(look)? {
        if !lines(&text).any(|(_, found)| found == *entry) {
            continue;
        }
        let rest: String = text
            .split_inclusive('\n')
            .filter(|line| Entry::of_line(line).as_ref() != Some(entry))
            .collect();
        let target = Target::find(look, &path, Links::Follow)?;
        let change = if path != MAIN && lines(&rest).next().is_none() {
            target
                .info()
                .zip(target.content()?)
                .map(|(info, content)| file_removal(&target.path, info, content))
        } else {
            let attributes = Wanted::default().resolve(look)?;
            file_change(&target, FileWish::new(Some(Blob::from(rest)), &attributes))?.change
        };
        decision.changes.extend(change);
    }
    for (path, content) in look.glob(STANZAS)? {
        let found = Entry::of_stanzas(&content.to_lossy());
        if found.iter().any(|found| entry.is_covered_by(found)) {
            return Err(Failure::new(format!(
                "{path} has the source in a stanza, beside others perhaps"
            ))
            .help(format!(
                "remove the file with `file: {{ path: {path}, state: absent }}`, or edit the stanza"
            ))
            .into());
        }
    }
    Ok(decision)
}

/// After the last file the index is brought up to date, or counts as one that never was.
fn finish(decision: &mut Decision, update: bool, reason: &str) {
    let Some(last) = decision.changes.last_mut() else {
        return;
    };
    if update {
        last.steps.push(update_apt_index());
        if let Undo::Steps(steps) = &mut last.undo {
            steps.push(update_apt_index());
        }
        last.notes
            .push("the package index is brought up to date afterwards".to_owned());
        last.effects.push(Effect::IndexChanges {
            reason: reason.to_owned(),
        });
    } else {
        last.effects.push(Effect::Becomes(
            Probe::PackageIndex,
            Observation::PackageIndex(PackageIndex {
                manager: Some(PackageManager::Apt),
                age: None,
            }),
        ));
    }
}
