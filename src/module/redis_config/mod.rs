//! `redis_config`: the directives of a server's configuration file.

mod desired;
mod judge;
mod server;
mod shown;
mod validate;

use server::Target;

use super::shared::attributes::{GROUP, MODE, OWNER, Wanted};
use super::shared::file_change::{FileWish, file_change};
use super::shared::options::BACKUP;
use super::shared::target::{self, Links};
use super::shared::{paths, target::Target as File};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::{Change, Difference};
use crate::model::probe::Probe;
use crate::model::value::Value;
use crate::redis::conf::{Document, Effective, Merge, merge};

/// Puts directives into a configuration file, or replaces it.
///
/// Only the lines of the given directives change: what a failover, a Sentinel, CONFIG REWRITE or a person wrote
/// stays. The result is checked against the version that the host has, and read by the host's own server before it
/// takes the file's place, so that a server is never left with a file it does not start with. The running server is
/// not touched: `register` gets `restart_needed`, and the names of what can change live.
#[derive(Debug)]
pub struct RedisConfig;

const USUAL_FILE: &str = "/etc/redis/redis.conf";

static SPEC: Spec = Spec {
    name: "redis_config",
    aliases: &["valkey_config"],
    summary: "Merges directives into the configuration file of Redis or Valkey, or replaces it.",
    parameters: &[
        Parameter::new(
            "template",
            Kind::Template,
            "A template that renders to directives, looked for in `templates/` beside the role or the playbook.",
        )
        .aliases(&["src"]),
        Parameter::new(
            "directives",
            Kind::Map,
            "Directives and their values. Where a directive may stand several times (`save`, `user`), a list is its lines; \
             elsewhere it is its words.",
        ),
        Parameter::new("absent", Kind::Strings, "Directives that the file is not to have."),
        Parameter::new("method", Kind::String, "Whether other lines of the file stay.")
            .choices(&["merge", "replace"])
            .default("merge"),
        Parameter::new("dest", Kind::Path, "The file.")
            .aliases(&["path"])
            .default("the server's own, else /etc/redis/redis.conf"),
        MODE,
        OWNER,
        GROUP,
        BACKUP,
    ],
    free_form: None,
    one_of: &[&["template", "directives"]],
};

impl Module for RedisConfig {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let desired = desired::read(parameters)?;
        let server = Target::of(look)?;
        let path = match paths::optional(parameters, look, "dest")? {
            Some(path) => path,
            None => server.config_file.unwrap_or(USUAL_FILE).to_owned(),
        };
        let wanted = Wanted::of(parameters)?;
        look.ask(&[vec![Probe::Content(path.clone())], wanted.probes()].concat())?;
        let file = target::Target::find(look, &path, Links::Follow)?;
        if file.info().is_none()
            && let Some(unknown) = look.pending_packages()
        {
            return Err(Stop::Unknown(unknown.clone()));
        }
        let before = Document::parse(file.content()?.map_or(&[][..], Blob::as_bytes));
        let merged = merged(parameters, &before, desired)?;
        let after = Blob::from(merged.document.to_bytes());

        let mut judgement = judge::judge(&merged.document, &before, &server);
        judgement.overridable(&merged.overridable);
        let attributes = wanted.resolve(look)?;
        let wish = FileWish {
            backup: parameters.boolean("backup", false)?,
            validate: server.binary.map(validate::with),
            secret: true,
            ..FileWish::new(Some(after.clone()), &attributes)
        };
        let written = file.content()? != Some(&after);
        if written {
            judgement.refuse(&file.path, &server)?;
        }
        let mut outcome = file_change(&file, wish)?;
        let shown = shown::shown(
            &Effective::of_document(&before),
            &Effective::of_document(&merged.document),
            server.server.as_ref(),
        );
        let restart_needed = written && !shown.restart.is_empty();
        let names =
            |names: &[String]| Value::List(names.iter().map(|name| name.as_str().into()).collect());
        let (live, restart) = (names(&shown.live), names(&shown.restart));
        if let Some(change) = outcome.change.as_mut().filter(|_| written) {
            describe(change, shown, &mut judgement.notes, &file);
            if server.binary.is_none() {
                change.notes.push(
                    "no server is known on this host that could read the file before".to_owned(),
                );
            }
        }
        let mut decision = outcome.into_decision();
        if !written {
            decision.checks = judgement.warnings(&file.path);
        }
        Ok(decision
            .with("restart_needed", restart_needed)
            .with("live", live)
            .with("restart", restart))
    }
}

/// The file as it will be.
fn merged(parameters: &Parameters, before: &Document, desired: Document) -> Result<Merge, Stop> {
    let absent = parameters.strings("absent")?;
    if parameters.string("method")?.as_deref() == Some("replace") {
        if !absent.is_empty() {
            return Err(Failure::new("`absent` is for `method: merge`")
                .help("leave the directives out of what replaces the file")
                .into());
        }
        return Ok(Merge {
            document: desired,
            overridable: Vec::new(),
        });
    }
    let absent: Vec<&str> = absent.iter().map(String::as_str).collect();
    merge(before, &desired, &absent).map_err(|error| Stop::failed(error.to_string()))
}

/// Shows directives instead of lines: secrets have no place in a text.
fn describe(change: &mut Change, shown: shown::Shown, notes: &mut Vec<String>, file: &File) {
    let mut fields = shown.fields;
    if fields.is_empty() {
        change
            .notes
            .push("only repeats, comments or spelling change".to_owned());
    }
    if let Difference::Fields(others) = &change.difference {
        fields.extend(
            others
                .iter()
                .filter(|field| field.name != "content")
                .cloned(),
        );
    }
    let secret = fields
        .iter()
        .any(|field| field.secret && field.after.is_some());
    let readable = fields.iter().all(|field| field.name != "mode");
    if secret && readable && file.info().is_none_or(|info| info.mode & 0o004 != 0) {
        change.notes.push(
            "it holds a secret, and everybody on the host can read it: give a `mode`".to_owned(),
        );
    }
    change.difference = Difference::Fields(fields);
    change.notes.append(notes);
}
