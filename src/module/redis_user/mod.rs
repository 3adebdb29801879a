//! `redis_user`: an account (ACL) of a server, in its file and in the running server.

mod file;
mod lockout;
mod running;
mod wanted;

use self::file::UserFile;
use self::running::Running;
use self::wanted::Request;
use super::redis_config::live::{self, Live};
use super::redis_config::server::Target;
use super::redis_config::trial;
use super::shared::attributes::{Resolved, Wanted};
use super::shared::file_change::{FileWish, file_change};
use super::shared::options::BACKUP;
use super::shared::redis_address::{HOST, PORT, SOCKET};
use super::shared::target::{Links, Target as File};
use super::shared::{paths, pending};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Field};
use crate::model::probe::Probe;
use crate::redis::acl::Rules;
use crate::redis::conf::Document;
use crate::redis::version::{Flavour, Server};

/// Brings one account to the rules of a task: the line `user NAME ...` of the server's `aclfile`, or of its
/// configuration file where it has none, and the running server, by ACL SETUSER. Nothing restarts, and who is logged in
/// stays.
///
/// Rules are compared by what they mean. Passwords are kept as SHA-256, as the server does itself; they reach neither a
/// list of processes nor any output.
#[derive(Debug)]
pub struct RedisUser;

static SPEC: Spec = Spec {
    name: "redis_user",
    aliases: &["valkey_user"],
    summary: "Brings an account of Redis or Valkey (ACL) to given rules, in its file and in the running server.",
    parameters: &[
        Parameter::new("name", Kind::String, "The account.").required(),
        Parameter::new(
            "state",
            Kind::String,
            "Whether it is there or not.",
        )
        .choices(&["present", "absent"])
        .default("present"),
        Parameter::new(
            "enabled",
            Kind::Boolean,
            "Whether anybody can log in with it.",
        )
        .default("yes"),
        Parameter::new(
            "password",
            Kind::Secrets,
            "Its password, or a list: any of them will do, so that a new one can come before the old one goes.",
        )
        .aliases(&["passwords"]),
        Parameter::new(
            "password_sha256",
            Kind::Strings,
            "SHA-256 of its passwords, in hexadecimal, where the passwords themselves are not to be known here.",
        ),
        Parameter::new(
            "nopass",
            Kind::Boolean,
            "Whether it needs no password.",
        )
        .default("no"),
        Parameter::new(
            "commands",
            Kind::Strings,
            "What it may run, in order: `+get`, `-keys`, `+@read`, `-@dangerous`, `+config|get`. Without a sign: `+`.",
        ),
        Parameter::new(
            "keys",
            Kind::Strings,
            "Patterns of keys that it may use; `%R~...` to read, `%W~...` to write.",
        ),
        Parameter::new(
            "channels",
            Kind::Strings,
            "Patterns of channels that it may use.",
        ),
        Parameter::new(
            "selectors",
            Kind::Strings,
            "Further rules, each a set of its own: `(~stats:* +@read)`.",
        ),
        Parameter::new(
            "append",
            Kind::Boolean,
            "Whether what it has already stays beside these rules.",
        )
        .default("no"),
        Parameter::new(
            "config_file",
            Kind::Path,
            "The server's configuration file.",
        )
        .default("the server's own, else /etc/redis/redis.conf"),
        BACKUP,
        Parameter::new(
            "live",
            Kind::Boolean,
            "Whether the running server is changed too. `no`: the file alone.",
        )
        .default("yes"),
        SOCKET,
        HOST,
        PORT,
        Parameter::new("login_user", Kind::String, "The account that asks and sets."),
        Parameter::new("login_password", Kind::Secret, "Its password."),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisUser {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let request = Request::read(parameters)?;
        let server = Target::of(look)?;
        let given = paths::optional(parameters, look, "config_file")?;
        let path = match &given {
            Some(path) => path.clone(),
            None => server
                .config_file
                .unwrap_or_else(|| usual_file(server.server.as_ref()))
                .to_owned(),
        };
        let instance = server.instance(&path, given.is_some()).copied();
        let address = live::address(parameters, instance.as_ref(), &server.over_tls)?;
        let runs = instance.is_some_and(|instance| instance.running);
        let words = request.words(server.server.as_ref())?;
        let mut probes = vec![Probe::Content(path.clone())];
        if let Some(address) = &address {
            probes.extend(live::probes(address, &path));
            let question = running::question(address, &request, &words, None);
            probes.push(Probe::RedisUser(Box::new(question)));
        }
        look.ask(&probes)?;

        let config = File::find(look, &path, Links::Follow)?;
        let Some(text) = config.content()? else {
            let failure = Failure::new(format!("there is no configuration file `{path}`"))
                .help("install the server with a task before, or name its file in `config_file`");
            return Err(pending::missing(look, failure));
        };
        let document = Document::parse(text.as_bytes());
        let live = match address {
            Some(address) => Live::ask(look, address, &path, &document, runs)?,
            None => None,
        };
        request.refuse_default(&document, &path)?;
        let known = live.as_ref().and_then(|live| live.server).or(server.server);
        let words = request.words(known.as_ref())?;
        let file = UserFile::of(look, config, document, live.as_ref())?;
        let in_file = file.rules_of(&request.name);
        let running = match &live {
            Some(live) => Some(Running::ask(look, live, &request, &words)?),
            None => None,
        };
        let wanted = request.full(&words, running.as_ref(), in_file.as_deref());
        if let Some(running) = &running {
            lockout::refuse(&request, running, &Rules::parse(&wanted))?;
        }

        let mut decision = Decision::unchanged();
        let binary = instance
            .and_then(|instance| instance.binary)
            .or(server.binary);
        let account = instance.and_then(|instance| instance.user).or(server.user);
        let validate = (!file.is_list)
            .then(|| binary.map(|binary| trial::with(binary, account, known.as_ref())))
            .flatten();
        let target = request.is_present().then_some(wanted.as_slice());
        if let Some(change) = file_decision(
            parameters,
            look,
            &file,
            &request,
            target,
            running.as_ref(),
            validate,
        )? {
            decision.changes.push(change);
        }
        if let Some(running) = &running {
            decision.changes.extend(running.change(&request, target));
        }
        Ok(decision.with("user", request.name.as_str()))
    }
}

fn usual_file(server: Option<&Server>) -> &'static str {
    match server.map(|server| server.flavour) {
        Some(Flavour::Valkey) => "/etc/valkey/valkey.conf",
        _ => "/etc/redis/redis.conf",
    }
}

/// The change of the file; `None`: its line means what is wanted, in our words or in the server's.
fn file_decision(
    parameters: &Parameters,
    look: &Look<'_>,
    file: &UserFile,
    request: &Request,
    wanted: Option<&[String]>,
    running: Option<&Running<'_>>,
    validate: Option<Vec<String>>,
) -> Result<Option<Change>, Stop> {
    let is = file.rules_of(&request.name);
    let before = is.as_ref().map(|words| Rules::parse(words));
    let after = wanted.map(Rules::parse);
    let said = after
        .as_ref()
        .and_then(|after| running.and_then(|running| running.expected(after)));
    if before == after || said.is_some() && before == said {
        return Ok(None);
    }
    let attributes = Resolved {
        creator: Wanted::default().resolve(look)?.creator,
        ..Resolved::default()
    };
    let content = Blob::from(file.with(&request.name, wanted)?);
    let wish = FileWish {
        backup: parameters.boolean("backup", false)?,
        validate,
        secret: true,
        ..FileWish::new(Some(content), &attributes)
    };
    let outcome = file_change(&file.target, wish)?;
    Ok(outcome.change.map(|change| Change {
        difference: Difference::Fields(fields(&request.name, before.as_ref(), after.as_ref())),
        ..change
    }))
}

/// What differs, part by part.
fn fields(name: &str, before: Option<&Rules>, after: Option<&Rules>) -> Vec<Field> {
    let parts = |rules: Option<&Rules>| rules.map(Rules::parts);
    let (before, after) = (parts(before), parts(after));
    let of = |parts: &Option<[(&'static str, Option<String>); 6]>, index: usize| {
        parts.as_ref().and_then(|parts| parts[index].1.clone())
    };
    let names = Rules::default().parts().map(|(part, _)| part);
    names
        .iter()
        .enumerate()
        .filter_map(|(index, part)| {
            let (before, after) = (of(&before, index), of(&after, index));
            if before == after {
                return None;
            }
            let mut field = Field::new(format!("user {name}: {part}"), before, after);
            field.secret = *part == "passwords";
            Some(field)
        })
        .collect()
}

/// What kind of change it is.
fn kind(before: bool, after: bool) -> ChangeKind {
    match (before, after) {
        (false, _) => ChangeKind::Create,
        (true, true) => ChangeKind::Update,
        (true, false) => ChangeKind::Remove,
    }
}
