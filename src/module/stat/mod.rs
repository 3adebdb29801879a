//! `stat`: what stands at a path.

mod details;

use crate::model::probe::{FileInfo, FileKind, FileState, Probe, Program};
use crate::model::value::{Map, Value};
use crate::module::shared::describe::number;
use crate::module::shared::mode::show;
use crate::module::shared::paths;
use crate::module::world::Origin;
use crate::module::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};

/// See the [module](self).
#[derive(Debug)]
pub struct Stat;

static SPEC: Spec = Spec {
    name: "stat",
    aliases: &[],
    summary: "Looks at what stands at a path of the host. It changes nothing.",
    parameters: &[
        Parameter::new("path", Kind::Path, "What to look at.")
            .required()
            .aliases(&["dest", "name"]),
        Parameter::new(
            "follow",
            Kind::Boolean,
            "Look at what a link leads to instead of the link itself.",
        )
        .default("no"),
        Parameter::new(
            "get_checksum",
            Kind::Boolean,
            "Give the checksum of a regular file.",
        )
        .default("yes"),
        Parameter::new(
            "checksum_algorithm",
            Kind::String,
            "How the checksum is computed. All others than `sha256` cost a program on the host.",
        )
        .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
        .aliases(&["checksum", "checksum_algo"])
        .default("sha256 (Ansible: sha1)"),
        Parameter::new(
            "get_mime",
            Kind::Boolean,
            "Accepted with `no`: kinds of contents are not looked at.",
        )
        .aliases(&["mime", "mime_type", "mime-type"])
        .default("no"),
        Parameter::new(
            "get_attributes",
            Kind::Boolean,
            "Accepted with `no`: attributes of the file system (`lsattr`) are not looked at.",
        )
        .aliases(&["attr", "attributes"])
        .default("no"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Stat {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        for name in ["get_mime", "get_attributes"] {
            if parameters.boolean(name, false)? {
                return Err(Failure::new(format!("`stat` does not know `{name}: yes`"))
                    .help("leave it out, and ask with a `command` task")
                    .into());
            }
        }
        let asked = paths::required(parameters, look, "path")?;
        let asked = paths::without_slash(&asked);
        let follow = parameters.boolean("follow", false)?;
        let details = details::program(asked, follow);
        let mut path = asked.to_owned();
        // Both questions go with the same round trip.
        let state = fresh(look, &path);
        let details_asked = if is_predicted(look, &path) {
            Ok(())
        } else {
            look.ask(&[Probe::Program(Box::new(details.clone()))])
        };
        let mut state = state?;
        if follow {
            while let Some(next) = leads_to(state) {
                let Some(next) = next else {
                    return Ok(absent());
                };
                path = next;
                state = fresh(look, &path)?;
            }
        }
        let FileState::Present(info) = state else {
            return Ok(absent());
        };
        details_asked?;
        let mut stat = describe(asked, info);
        let known = !is_predicted(look, asked) && !is_predicted(look, &path);
        if known {
            stat.extend(details::read(look.program(&details)?));
        } else {
            let later = Value::unknown(format!("the change of {path}"));
            stat.extend(
                details::FIELDS
                    .iter()
                    .map(|name| ((*name).to_owned(), later.clone())),
            );
            stat.insert("mtime".to_owned(), later.clone());
            if info.kind == FileKind::Directory {
                stat.insert("size".to_owned(), later);
            }
        }
        if info.kind == FileKind::File && parameters.boolean("get_checksum", true)? {
            let algorithm = parameters.string("checksum_algorithm")?;
            let algorithm = algorithm.as_deref().unwrap_or("sha256");
            if let Some(checksum) = checksum(look, &path, info, algorithm, known)? {
                stat.insert("checksum".to_owned(), checksum);
            }
        }
        Ok(Decision::unchanged().with("stat", stat))
    }
}

/// What the host itself says: after a change has been made it is asked again, for the times.
fn fresh<'a>(look: &Look<'a>, path: &str) -> Result<&'a FileState, Stop> {
    let probe = Probe::File(path.to_owned());
    let state = look.file(path)?;
    let stale = look.origin(&probe) == Some(Origin::Confirmed);
    if stale && matches!(state, FileState::Present(_)) {
        return Err(look.ask_again(&probe));
    }
    Ok(state)
}

/// Where a link leads; `Some(None)`: nowhere.
fn leads_to(state: &FileState) -> Option<Option<String>> {
    match state {
        FileState::Present(info) => match &info.kind {
            FileKind::Link { resolved, .. } => Some(resolved.clone()),
            _ => None,
        },
        FileState::Absent { .. } => None,
    }
}

fn absent() -> Decision {
    let stat = Map::from_iter([("exists".to_owned(), false.into())]);
    Decision::unchanged().with("stat", stat)
}

fn describe(path: &str, info: &FileInfo) -> Map {
    let mut stat = Map::new();
    let mut put = |name: &str, value: Value| {
        stat.insert(name.to_owned(), value);
    };
    put("exists", true.into());
    put("path", path.into());
    put("mode", show(info.mode).into());
    put("isdir", (info.kind == FileKind::Directory).into());
    put("isreg", (info.kind == FileKind::File).into());
    let link = matches!(info.kind, FileKind::Link { .. });
    put("islnk", link.into());
    // The details say which of them something else is.
    for name in ["ischr", "isblk", "isfifo", "issock"] {
        put(name, false.into());
    }
    put("uid", number(info.uid, &info.owner));
    put("gid", number(info.gid, &info.group));
    put("size", info.size.into());
    put("mtime", info.modified.into());
    for (name, bit) in [
        ("rusr", 0o400),
        ("wusr", 0o200),
        ("xusr", 0o100),
        ("rgrp", 0o040),
        ("wgrp", 0o020),
        ("xgrp", 0o010),
        ("roth", 0o004),
        ("woth", 0o002),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ] {
        put(name, (info.mode & bit != 0).into());
    }
    // A number stands for an account that has no name.
    for (name, owner, id) in [
        ("pw_name", &info.owner, info.uid),
        ("gr_name", &info.group, info.gid),
    ] {
        if !owner.is_empty() && *owner != id.to_string() {
            put(name, owner.as_str().into());
        }
    }
    if let FileKind::Link { target, resolved } = &info.kind {
        put("lnk_target", target.as_str().into());
        let source = match resolved {
            Some(resolved) => resolved.clone(),
            None => paths::join(paths::parent(path), target),
        };
        put("lnk_source", source.into());
    }
    stat
}

/// Whether an earlier task decides what stands there, so that the host cannot say it yet.
fn is_predicted(look: &Look<'_>, path: &str) -> bool {
    look.origin(&Probe::File(path.to_owned())) == Some(Origin::Predicted)
}

fn checksum(
    look: &Look<'_>,
    path: &str,
    info: &FileInfo,
    algorithm: &str,
    known: bool,
) -> Result<Option<Value>, Stop> {
    if algorithm == "sha256" {
        let later = || Value::unknown(format!("the change of {path}"));
        return Ok(match &info.sha256 {
            Some(sha256) => Some(sha256.as_str().into()),
            None => (!known).then(later),
        });
    }
    if !known {
        return Ok(Some(Value::unknown(format!("the change of {path}"))));
    }
    let program = Program::new([&format!("{algorithm}sum"), "--", path]);
    let said = look.program(&program)?;
    if said.code != 0 {
        return Err(Failure::new(format!(
            "`{algorithm}sum` failed on `{path}`: {}",
            said.stderr.to_lossy().trim()
        ))
        .help("leave `checksum_algorithm` out: sha256 needs no such program")
        .into());
    }
    let text = said.stdout.to_lossy();
    // A backslash in front says that the name in the line has been escaped.
    let word = text.split_whitespace().next().unwrap_or_default();
    Ok(Some(word.trim_start_matches('\\').into()))
}
