//! `redis_config`: the directives of a server, in its configuration file and in the running server.

mod changes;
mod converge;
mod desired;
mod judge;
pub(in crate::module) mod live;
mod lowering;
mod note;
mod owned;
mod restart;
mod run;
pub(in crate::module) mod server;
mod shown;
pub(in crate::module) mod trial;

use server::Target;

use super::handover::{RESTART_PRIMARY, Standing};
use super::shared::attributes::{GROUP, MODE, OWNER, Wanted};
use super::shared::file_change::{FileWish, file_change};
use super::shared::options::BACKUP;
use super::shared::redis_address::{HOST, PASSWORD, PORT, SOCKET, USER};
use super::shared::target::{self, Links};
use super::shared::{paths, target::Target as File};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::{Change, Difference};
use crate::model::probe::{FileState, Probe};
use crate::module::world::Origin;
use crate::redis::conf::{Document, Effective, Identity, Merge, merge};
use converge::Files;
use live::Live;
use run::{Run, Told};

/// Brings directives into a configuration file and into the server that runs with it.
///
/// Only the lines of the given directives change: what a failover, a Sentinel, CONFIG REWRITE or a person wrote stays.
/// The result is checked against the version that the host has, and tried by the host's own server before it takes the
/// file's place, so that a server is never left with a file it does not start with. What differs in the running server
/// is set with CONFIG SET; it restarts only for what nothing else can bring. `register` gets the names of both as
/// `live` and `restart`, `restarted`, and `restart_needed` where a restart is still to come.
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
        Parameter::new(
            "live",
            Kind::Boolean,
            "Whether the running server is compared and changed too. `no`: the file alone.",
        )
        .default("yes"),
        Parameter::new(
            "restart",
            Kind::String,
            "When the server is restarted: for what CONFIG SET cannot bring, never (what waits for a restart is then told), \
             or whenever anything changes.",
        )
        .choices(&["when-needed", "never", "always"])
        .default("when-needed"),
        Parameter::new("service", Kind::String, "The unit that is restarted.")
            .default("the server's own"),
        RESTART_PRIMARY,
        Parameter::new(
            "disposable",
            Kind::Boolean,
            "Whether any key may be evicted, though so far none was.",
        )
        .default("no"),
        Parameter::new(
            "evictions_per_second",
            Kind::Integer,
            "How many keys may go in a second where maxmemory is lowered below what is used.",
        )
        .default("one in a hundred of all keys, at least 1000"),
        Parameter::new(
            "lower_step",
            Kind::Integer,
            "How much of the used memory may go in one step of that, in per cent.",
        )
        .default("2"),
        Parameter::new(
            "lower_within",
            Kind::Integer,
            "Seconds after which it is stopped; the limit then stays where it is.",
        )
        .default("four times what is expected, and a minute"),
        Parameter::new(
            "lfu_warm_up",
            Kind::Integer,
            "Seconds between a switch to a policy of frequency and a cut of memory. 0: none.",
        )
        .default("600"),
        SOCKET,
        HOST,
        PORT,
        USER,
        PASSWORD,
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
        let given = paths::optional(parameters, look, "dest")?;
        let path = match &given {
            Some(path) => path.clone(),
            None => server.config_file.unwrap_or(USUAL_FILE).to_owned(),
        };
        let instance = server.instance(&path, given.is_some()).copied();
        let address = live::address(parameters, instance.as_ref(), &server.over_tls)?;
        let wanted = Wanted::of(parameters)?;
        let of_the_server = address
            .as_ref()
            .map_or_else(Vec::new, |address| live::probes(address, &path));
        look.ask(
            &[
                vec![Probe::Content(path.clone())],
                wanted.probes(),
                of_the_server,
            ]
            .concat(),
        )?;
        let file = target::Target::find(look, &path, Links::Follow)?;
        if file.info().is_none()
            && let Some(unknown) = look.pending_packages()
        {
            return Err(Stop::Unknown(unknown.clone()));
        }
        let before = Document::parse(file.content()?.map_or(&[][..], Blob::as_bytes));
        let runs = instance.is_some_and(|instance| instance.running);
        let live = match address {
            Some(address) => Live::ask(look, address, &path, &before, runs)?,
            None => None,
        };
        let replaces = parameters.string("method")?.as_deref() == Some("replace");
        let absent = parameters.strings("absent")?;
        if replaces && !absent.is_empty() {
            return Err(Failure::new("`absent` is for `method: merge`")
                .help("leave the directives out of what replaces the file")
                .into());
        }
        let task = owned::Task {
            desired,
            absent,
            explicit: !parameters.has("template"),
            replaces,
            before: &before,
        };
        let settled = owned::settle(task, live.as_ref())?;
        let merged = merged(&before, &settled, replaces)?;
        let mut judgement = judge::judge(&merged.document, &before, &server);
        judgement.overridable(&merged.overridable);
        judgement.notes.extend(settled.notes);

        let servers = Standing::all(look)?;
        let standing = instance.and_then(|instance| {
            let mut same = servers.iter();
            same.find(|server| server.port == instance.port && server.socket == instance.socket)
        });
        let mut run = match &live {
            Some(live) => {
                let wanted = wanted_document(
                    &settled.desired,
                    &settled.absent,
                    &before,
                    &merged.document,
                    replaces,
                    live,
                );
                let modified = modified(look, &file);
                let files = Files {
                    wanted: &wanted,
                    before: &before,
                    after: &merged.document,
                    modified,
                };
                Some(Run::decide(
                    parameters,
                    live,
                    &files,
                    instance.as_ref(),
                    standing,
                    server.available_memory,
                    &path,
                )?)
            }
            None => None,
        };
        let content = Blob::from(merged.document.to_bytes());
        let written = file.content()? != Some(&content);
        if written || run.as_ref().is_some_and(|run| !run.changes.is_empty()) {
            judgement.refuse(&file.path, &server)?;
        }
        let attributes = wanted.resolve(look)?;
        let binary = instance
            .and_then(|instance| instance.binary)
            .or(server.binary);
        let account = instance.and_then(|instance| instance.user).or(server.user);
        let wish = FileWish {
            backup: parameters.boolean("backup", false)?,
            validate: binary.map(|binary| trial::with(binary, account, server.server.as_ref())),
            secret: true,
            ..FileWish::new(Some(content), &attributes)
        };
        let mut outcome = file_change(&file, wish)?;
        if let (Some(run), Some(live)) = (&mut run, &live) {
            let after = File {
                state: FileState::Present(Box::new(outcome.info.clone())),
                ..file.clone()
            };
            run.hand_over(standing, live, &after)?;
        }
        let shown = shown::shown(
            &Effective::of_document(&before),
            &Effective::of_document(&merged.document),
            server.server.as_ref(),
            run.as_ref().map(|run| &run.reach),
        );
        let mut result = Told::of(&shown, written, run.as_ref());
        if let Some(change) = outcome.change.as_mut().filter(|_| written) {
            describe(change, shown, &mut judgement.notes, &file);
            match binary {
                None => change.notes.push(
                    "no server is known on this host that could read the file before".to_owned(),
                ),
                Some(_) if account.is_none_or(|account| account == "root") => change.notes.push(
                    "no account of its service is known to start the server as, so the file is only read before"
                        .to_owned(),
                ),
                Some(_) => {}
            }
        }
        let warnings = if written {
            Vec::new()
        } else {
            judgement.warnings(&file.path)
        };
        let mut decision = outcome.into_decision();
        decision.checks = warnings;
        if let Some(run) = run {
            run.join(&mut decision, &path);
        }
        decision.result.extend(result.take());
        Ok(decision)
    }
}

/// The file as it will be.
fn merged(before: &Document, settled: &owned::Settled, replaces: bool) -> Result<Merge, Stop> {
    if replaces {
        return Ok(Merge {
            document: settled.desired.clone(),
            overridable: Vec::new(),
        });
    }
    let absent: Vec<&str> = settled.absent.iter().map(String::as_str).collect();
    merge(before, &settled.desired, &absent).map_err(|error| Stop::failed(error.to_string()))
}

/// What the running server is to have: what is desired, and the default of what goes.
fn wanted_document(
    desired: &Document,
    absent: &[String],
    before: &Document,
    after: &Document,
    replaces: bool,
    live: &Live<'_>,
) -> Document {
    let absent: Vec<Identity> = absent.iter().map(|name| Identity::of_name(name)).collect();
    let effective = (
        Effective::of_document(before),
        Effective::of_document(after),
    );
    let dropped: Vec<&Identity> = if replaces {
        effective
            .0
            .settings()
            .map(|setting| &setting.identity)
            .filter(|identity| effective.1.get(identity).is_none())
            .collect()
    } else {
        absent.iter().collect()
    };
    converge::with_defaults(desired, &dropped, Some(live))
}

/// When the file was last written, if that is known: what an earlier task of this run writes is newer than all.
fn modified(look: &Look<'_>, file: &File) -> Option<i64> {
    let probe = Probe::Content(file.path.clone());
    match look.origin(&probe) {
        Some(Origin::Host) => file.info().map(|info| info.modified),
        _ => None,
    }
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
