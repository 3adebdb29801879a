//! What a task says of an account.

use super::running::Running;
use crate::module::{Failure, Parameters, Stop};
use crate::redis::acl::fingerprint;
use crate::redis::conf::{Document, Effective};
use crate::redis::version::{Flavour, Server};

/// The account that everybody has who gives no name.
const DEFAULT: &str = "default";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Absent,
}

/// All that the parameters say.
pub(super) struct Request {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) append: bool,
    /// `on` or `off`, `nopass`, fingerprints of passwords.
    pub(super) login: Vec<String>,
    keys: Vec<String>,
    channels: Vec<String>,
    commands: Vec<String>,
    selectors: Vec<String>,
}

impl Request {
    /// # Errors
    /// Where a word cannot be what it is given as, or the account could never be used.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Stop> {
        let name = parameters.required("name")?;
        if name
            .chars()
            .any(|one| one.is_whitespace() || one.is_control())
        {
            return Err(
                Failure::new(format!("`name: {name:?}` is no name of an account"))
                    .help("servers take names apart at spaces")
                    .into(),
            );
        }
        let state = match parameters.string("state")?.as_deref() {
            Some("absent") => State::Absent,
            _ => State::Present,
        };
        if state == State::Absent && name == DEFAULT {
            return Err(Failure::new("the account `default` cannot be removed")
                .help("`enabled: no` closes it")
                .into());
        }
        let request = Self {
            login: login(parameters, state)?,
            append: parameters.boolean("append", false)?,
            keys: words(parameters, "keys", |word| prefixed(word, '~', &["~", "%"]))?,
            channels: words(parameters, "channels", |word| prefixed(word, '&', &["&"]))?,
            commands: words(parameters, "commands", |word| {
                prefixed(word, '+', &["+", "-"])
            })?,
            selectors: selectors(parameters)?,
            name,
            state,
        };
        Ok(request)
    }

    pub(super) fn is_present(&self) -> bool {
        self.state == State::Present
    }

    /// The rules without how to log in, as a server of this version takes them.
    ///
    /// # Errors
    /// Where its version knows no such rules.
    pub(super) fn words(&self, server: Option<&Server>) -> Result<Vec<String>, Stop> {
        let knows = |major: u32, minor: u32| {
            server.is_none_or(|server| {
                server.flavour == Flavour::Valkey || server.version.line() >= (major, minor)
            })
        };
        let mut words = self.keys.clone();
        match (knows(6, 2), self.channels.is_empty()) {
            // Redis 6.2 lets a new account use all channels.
            (true, true) if !self.append => words.push("resetchannels".to_owned()),
            (false, false) => {
                return Err(too_old("channels", "6.2"));
            }
            _ => words.extend(self.channels.iter().cloned()),
        }
        words.extend(self.commands.iter().cloned());
        if !self.selectors.is_empty() && !knows(7, 0) {
            return Err(too_old("selectors", "7.0"));
        }
        words.extend(self.selectors.iter().cloned());
        Ok(words)
    }

    /// All rules of the account: those of the task, beside those that it has where these stay.
    pub(super) fn full(
        &self,
        words: &[String],
        running: Option<&Running<'_>>,
        in_file: Option<&[String]>,
    ) -> Vec<String> {
        let has = running
            .map_or(in_file, |running| running.rules.or(in_file))
            .filter(|_| self.append)
            .unwrap_or_default();
        [has, &self.login, words].concat()
    }

    /// `requirepass` is the password of `default` too: which of both holds depends on what was read last.
    pub(super) fn refuse_default(&self, document: &Document, path: &str) -> Result<(), Stop> {
        let effective = Effective::of_document(document);
        let has_password = effective
            .named("requirepass")
            .and_then(|setting| setting.arguments.first())
            .is_some_and(|word| !word.is_empty());
        if self.name != DEFAULT || !has_password {
            return Ok(());
        }
        Err(Failure::new(format!(
            "`requirepass` in {path} is the password of the account `default`, and this task is about its rules"
        ))
        .help("take `requirepass` out of the file (`redis_config` with `absent: [requirepass]`), or leave `default` to it")
        .into())
    }
}

fn login(parameters: &Parameters, state: State) -> Result<Vec<String>, Stop> {
    let enabled = parameters.boolean("enabled", true)?;
    let open = parameters.boolean("nopass", false)?;
    let mut fingerprints: Vec<String> = parameters
        .secrets("password")?
        .iter()
        .map(|password| fingerprint(password.expose()))
        .collect();
    for sha256 in parameters.strings("password_sha256")? {
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::new(
                "`password_sha256` is no SHA-256: it has 64 hexadecimal digits",
            )
            .help("`printf %s PASSWORD | sha256sum` tells it")
            .into());
        }
        fingerprints.push(sha256.to_ascii_lowercase());
    }
    fingerprints.sort();
    fingerprints.dedup();
    if open && !fingerprints.is_empty() {
        return Err(
            Failure::new("`nopass: yes` and a password are two ways to log in")
                .help("leave one of them out")
                .into(),
        );
    }
    let append = parameters.boolean("append", false)?;
    if state == State::Present && enabled && !open && !append && fingerprints.is_empty() {
        return Err(Failure::new("nobody could log in: the account has no `password`")
            .help("give one, or `password_sha256`; `nopass: yes` lets everybody in; `enabled: no` closes it")
            .into());
    }
    let mut words = Vec::new();
    // What it has already may say otherwise, and stays where the task says nothing.
    if !append || parameters.has("enabled") {
        words.push(if enabled { "on" } else { "off" }.to_owned());
    }
    if open {
        words.push("nopass".to_owned());
    }
    words.extend(fingerprints.iter().map(|sha256| format!("#{sha256}")));
    Ok(words)
}

/// The words of a list; several may stand in one text.
fn words(
    parameters: &Parameters,
    name: &str,
    word: impl Fn(&str) -> String,
) -> Result<Vec<String>, Stop> {
    let items = parameters.strings(name)?;
    if let Some(bad) = items.iter().find(|item| item.contains(char::is_control)) {
        return Err(Stop::failed(format!(
            "`{name}: {bad:?}` is no rule of an account"
        )));
    }
    Ok(items
        .iter()
        .flat_map(|item| item.split_whitespace())
        .map(word)
        .collect())
}

/// `allkeys`, `resetchannels` and their kin stay as they are.
fn prefixed(word: &str, prefix: char, prefixes: &[&str]) -> String {
    const WHOLE: [&str; 6] = [
        "allkeys",
        "resetkeys",
        "allchannels",
        "resetchannels",
        "allcommands",
        "nocommands",
    ];
    let is_whole = WHOLE.contains(&word.to_ascii_lowercase().as_str());
    if is_whole || prefixes.iter().any(|known| word.starts_with(known)) {
        word.to_owned()
    } else {
        format!("{prefix}{word}")
    }
}

/// Each in its brackets, taken apart at spaces as the server does.
fn selectors(parameters: &Parameters) -> Result<Vec<String>, Stop> {
    let mut all = Vec::new();
    for item in parameters.strings("selectors")? {
        let inner = item.trim();
        let inner = inner
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
            .unwrap_or(inner);
        if inner.trim().is_empty() || inner.contains(['(', ')']) || inner.contains(char::is_control)
        {
            return Err(Failure::new(format!("`{item}` is no selector"))
                .help("write it as `(~stats:* +@read)`")
                .into());
        }
        let text = format!(
            "({})",
            inner.split_whitespace().collect::<Vec<_>>().join(" ")
        );
        all.extend(text.split(' ').map(str::to_owned));
    }
    Ok(all)
}

fn too_old(what: &str, since: &str) -> Stop {
    Failure::new(format!(
        "this server knows no {what} in its rules: they came with Redis {since}"
    ))
    .help(format!("leave `{what}` out on this host"))
    .into()
}
