//! Probes as shell text, and the host's frames as observations.
//!
//! Each kind of probe has a section: it gathers what is asked (without repeating a question), writes one call for
//! all, and reads the answers out of the frames.

mod accounts;
mod files;
mod health;
mod index;
mod packages;
mod port;
mod programs;
mod redis;
mod redis_user;
mod rpm_version;
mod services;
mod stat;
mod tree;
mod units;

pub(super) use programs::{compile_ahead, parse_early as parse_early_program};
pub(super) use redis::client_words;

use super::Script;
use super::builder::Builder;
use super::frames::Frame;
use super::library::Part;
use super::nonce::Nonce;
use super::quote::{has_nul, quote};
use crate::model::fact_parts::FactParts;
use crate::model::probe::{KernelValue, Observation, Probe, RedisAddress};
use crate::model::secret::Secret;

/// The file that tells one boot from another.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// All questions of a script, sorted by kind.
#[derive(Default)]
struct Questions<'a> {
    files: files::Files,
    kernel: Vec<String>,
    packages: Vec<&'a str>,
    /// Those of them of which it is wanted what could be installed in any case.
    offers: Vec<&'a str>,
    units: Vec<&'a str>,
    users: Vec<&'a str>,
    groups: Vec<&'a str>,
    index: bool,
}

impl<'a> Questions<'a> {
    fn of(probes: &'a [Probe]) -> Self {
        let mut questions = Self::default();
        for probe in probes {
            if refusal(probe).is_none() {
                questions.take(probe);
            }
        }
        questions
    }

    fn take(&mut self, probe: &'a Probe) {
        match probe {
            Probe::File(path) => self.files.want(path, files::Want::Hash),
            Probe::Content(path) => self.files.want(path, files::Want::Content),
            Probe::KernelValue(key) => {
                if let Some(path) = kernel_path(key) {
                    self.files.want_alone(&path, files::Want::Content);
                    if !self.kernel.contains(&path) {
                        self.kernel.push(path);
                    }
                }
            }
            Probe::BootId => self.files.want_alone(BOOT_ID, files::Want::Content),
            Probe::Package(name) => add(&mut self.packages, name),
            Probe::PackageOffers(name) => {
                add(&mut self.packages, name);
                add(&mut self.offers, name);
            }
            Probe::Unit(name) => add(&mut self.units, name),
            Probe::User(name) => add(&mut self.users, name),
            Probe::Group(name) => add(&mut self.groups, name),
            Probe::PackageIndex => self.index = true,
            // How large they are decides whether it may run.
            Probe::EarlyProgram(program) => {
                for path in program.absolute_paths() {
                    self.files.want_alone(path, files::Want::Attributes);
                }
                // Then the program that reads all files reads this one too.
                if let Some(path) = program.kernel_value() {
                    self.files.want_alone(path, files::Want::Content);
                }
            }
            Probe::Facts
            | Probe::SomeFacts { .. }
            | Probe::Tree(_)
            | Probe::Glob(_)
            | Probe::Program(_)
            | Probe::Port { .. }
            | Probe::Service(_)
            | Probe::ServerHealth { .. }
            | Probe::RedisUser(_)
            | Probe::Redis(_) => {}
        }
    }
}

fn add<'a>(names: &mut Vec<&'a str>, name: &'a str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

pub(super) fn compile(probes: &[Probe], nonce: Nonce) -> Script {
    let questions = Questions::of(probes);
    let mut builder = Builder::new(nonce);
    // They find out whether a file server is mounted, which decides how the others look at files.
    for (number, probe) in first_of_each(probes) {
        match probe {
            Probe::Facts => facts(number, FactParts::ALL, None, &mut builder),
            Probe::SomeFacts {
                parts,
                server_password,
            } => facts(number, *parts, server_password.as_ref(), &mut builder),
            _ => {}
        }
    }
    questions.files.compile(&mut builder);
    if !questions.kernel.is_empty() {
        builder.need(Part::Writable);
        builder.call("c_writable", &questions.kernel);
    }
    if !questions.packages.is_empty() {
        builder.need(Part::Packages);
        let offers = questions.offers.join(" ");
        let names = questions.packages.iter().copied();
        builder.call("c_packages", std::iter::once(offers.as_str()).chain(names));
    }
    if questions.index {
        builder.need(Part::Index).call("c_index", [""; 0]);
    }
    if !questions.units.is_empty() {
        builder.need(Part::Units);
        builder.call("c_units", &questions.units);
    }
    if !questions.users.is_empty() || !questions.groups.is_empty() {
        accounts::compile(&questions.users, &questions.groups, &mut builder);
    }
    for (number, probe) in first_of_each(probes) {
        match probe {
            Probe::Tree(path) => tree::compile(number, path, &mut builder),
            Probe::Glob(pattern) => tree::compile_glob(number, pattern, &mut builder),
            Probe::Program(program) => programs::compile(number, program, &mut builder),
            Probe::EarlyProgram(program) => {
                programs::compile_early(number, program, &mut builder);
            }
            Probe::Port { host, port } => port::compile(number, host, *port, &mut builder),
            Probe::Service(name) => services::compile(number, name, &mut builder),
            Probe::ServerHealth { address, watch } => {
                health::compile(number, address, *watch, &mut builder);
            }
            Probe::Redis(address) => redis::compile(number, address, &mut builder),
            Probe::RedisUser(question) => redis_user::compile(number, question, &mut builder),
            _ => {}
        }
    }
    builder.finish()
}

fn facts(number: usize, parts: FactParts, password: Option<&Secret>, builder: &mut Builder) {
    builder.call("c_mark", ["facts", &number.to_string()]);
    builder
        .raw("{\n")
        .raw(&format!(
            "c_server_password={}\n",
            quote(password.map_or("", Secret::expose))
        ))
        .raw(super::facts::snippet(parts))
        .raw("c_server_password=\n} </dev/null >&3 2>/dev/null\n");
}

fn parse_facts(number: usize, parts: FactParts, frames: &[Frame<'_>]) -> Observation {
    let is_ours = |frame: &&Frame<'_>| frame.label == "facts" && frame.number(0) == Some(number);
    match frames.iter().find(is_ours) {
        Some(frame) => Observation::Facts(Box::new(super::facts::parse(frame.body, parts))),
        None => Observation::Failed(String::from("the host said nothing of itself")),
    }
}

/// The probes that can be asked, each with the number of its first place, equal ones once.
fn first_of_each(probes: &[Probe]) -> impl Iterator<Item = (usize, &Probe)> {
    probes.iter().enumerate().filter(|(number, probe)| {
        refusal(probe).is_none() && first_place(probes, probe) == Some(*number)
    })
}

/// Where a probe, or one equal to it, stands first.
fn first_place(probes: &[Probe], probe: &Probe) -> Option<usize> {
    probes.iter().position(|other| other == probe)
}

/// The answers, one for each probe.
pub(super) fn parse(probes: &[Probe], nonce: &Nonce, frames: &[Frame<'_>]) -> Vec<Observation> {
    let questions = Questions::of(probes);
    let files = files::Answers::read(&questions.files, nonce, frames);
    let packages = packages::Answers::read(&questions.packages, frames);
    let units = units::Answers::read(&questions.units, frames);
    let accounts = accounts::Answers::read(frames);
    probes
        .iter()
        .map(|probe| {
            if let Some(reason) = refusal(probe) {
                return Observation::Failed(reason);
            }
            // Of those that have an answer of their own; it is found by the number of their first place.
            let number = || first_place(probes, probe).unwrap_or(0);
            match probe {
                Probe::Facts => parse_facts(number(), FactParts::ALL, frames),
                Probe::SomeFacts { parts, .. } => parse_facts(number(), *parts, frames),
                Probe::File(path) => files.file(path),
                Probe::Content(path) => files.content(path),
                Probe::KernelValue(key) => kernel_value(key, &questions.kernel, &files, frames),
                Probe::BootId => boot_id(&files),
                Probe::Package(name) | Probe::PackageOffers(name) => packages.package(name),
                Probe::Unit(name) => units.unit(name),
                Probe::User(name) => accounts.user(name),
                Probe::Group(name) => accounts.group(name),
                Probe::PackageIndex => index::parse(frames),
                Probe::Tree(path) => tree::parse(number(), path, nonce, frames),
                Probe::Glob(_) => tree::parse_glob(number(), nonce, frames),
                Probe::Program(_) => programs::parse(number(), frames),
                Probe::EarlyProgram(program) => {
                    let path = program.kernel_value();
                    let read = path.and_then(|path| files.bytes(path));
                    programs::parse_early(number(), frames, read)
                }
                Probe::Port { host, port } => port::parse(number(), host, *port, frames),
                Probe::Service(name) => services::parse(number(), name, frames),
                Probe::ServerHealth { .. } => health::parse(number(), nonce, frames),
                Probe::Redis(_) => redis::parse(number(), nonce, frames),
                Probe::RedisUser(question) => redis_user::parse(number(), question, nonce, frames),
            }
        })
        .collect()
}

/// Why a probe cannot be asked at all, if so.
fn refusal(probe: &Probe) -> Option<String> {
    match probe {
        Probe::File(path) | Probe::Content(path) | Probe::Tree(path) | Probe::Glob(path) => {
            refused_path(path)
        }
        Probe::KernelValue(key) => kernel_path(key)
            .is_none()
            .then(|| format!("`{key}` is not the name of a kernel value")),
        Probe::Package(name) | Probe::PackageOffers(name) => {
            refused_word(name, "the name of a package", "+-.:_~")
        }
        Probe::Unit(name) | Probe::Service(name) => {
            refused_word(name, "the name of a unit", UNIT_LETTERS)
        }
        Probe::User(name) => refused_word(name, "the name of an account", "-_.$@+\\ "),
        Probe::Group(name) => refused_word(name, "the name of a group", "-_.$@+\\ "),
        Probe::Program(program) | Probe::EarlyProgram(program) => {
            super::steps::refused_program(program)
        }
        Probe::Port { host, .. } => refused_word(host, "an address", ".:-_%"),
        Probe::Redis(address) | Probe::ServerHealth { address, .. } => refused_address(address),
        Probe::RedisUser(question) => refused_address(&question.address)
            .or_else(|| refused_account(&question.name, &question.rules)),
        Probe::SomeFacts {
            server_password, ..
        } => server_password
            .as_ref()
            .is_some_and(|password| has_nul(password.expose()))
            .then(|| String::from("a password cannot hold a NUL byte")),
        Probe::Facts | Probe::PackageIndex | Probe::BootId => None,
    }
}

/// Why a server at an address cannot be spoken to, if so.
pub(super) fn refused_address(address: &RedisAddress) -> Option<String> {
    let words = [&address.socket, &address.host, &address.user];
    let secret = address.password.as_ref().map(Secret::expose);
    words
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(secret)
        .any(has_nul)
        .then(|| String::from("an address, account or password cannot hold a NUL byte"))
}

/// Why a server cannot be told these rules of an account, if so: it takes them apart at spaces.
pub(super) fn refused_account(name: &str, rules: &[String]) -> Option<String> {
    let plain = |word: &str| {
        !word.is_empty() && !word.contains(|one: char| one.is_control() || one.is_whitespace())
    };
    if !plain(name) {
        return Some(format!(
            "`{}` is not the name of an account",
            name.escape_debug()
        ));
    }
    let bad = rules.iter().find(|word| !plain(word))?;
    Some(format!("`{}` is no rule of an account", bad.escape_debug()))
}

/// Why a path cannot be used on a host, if so.
pub(super) fn refused_path(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        Some(format!("`{path}` is not an absolute path"))
    } else if has_nul(path) {
        Some(String::from("a path cannot hold a NUL byte"))
    } else {
        None
    }
}

/// What stands in the name of a unit beside letters and digits.
pub(super) const UNIT_LETTERS: &str = ":-_.\\@";

/// Names go to programs that read patterns and options in them: only what such a name is made of is let through.
pub(super) fn refused_word(word: &str, what: &str, further: &str) -> Option<String> {
    let good = !word.is_empty()
        && !word.starts_with(['-', ' '])
        && word
            .chars()
            .all(|letter| letter.is_alphanumeric() || further.contains(letter));
    (!good).then(|| format!("`{word}` is not {what}"))
}

/// The file of a kernel value. As in sysctl, the first separator decides: `net.ipv4.tcp_x` or
/// `net/ipv4/conf/eth0.100/x`. What begins with a slash is the path itself, such as that of a switch
/// below `/sys`.
pub(super) fn kernel_path(key: &str) -> Option<String> {
    if key.is_empty() || has_nul(key) || key.contains('\n') {
        return None;
    }
    let path = if key.starts_with('/') {
        key.to_owned()
    } else {
        let slashes = key
            .find(['.', '/'])
            .is_some_and(|place| key[place..].starts_with('/'));
        let relative: String = if slashes {
            key.to_owned()
        } else {
            key.chars()
                .map(|letter| match letter {
                    '.' => '/',
                    '/' => '.',
                    other => other,
                })
                .collect()
        };
        format!("/proc/sys/{relative}")
    };
    let parts = path.split('/').skip(1);
    parts
        .into_iter()
        .all(|part| !part.is_empty() && part != "." && part != "..")
        .then_some(path)
}

/// Runs of white space as one space.
pub(super) fn fold(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn kernel_value(
    key: &str,
    asked: &[String],
    files: &files::Answers,
    frames: &[Frame<'_>],
) -> Observation {
    let Some(path) = kernel_path(key) else {
        return Observation::Failed(format!("`{key}` is not the name of a kernel value"));
    };
    let writable = asked
        .iter()
        .position(|other| *other == path)
        .zip(frames.iter().find(|frame| frame.label == "writable"))
        .is_some_and(|(place, frame)| frame.body.get(place) == Some(&b'y'));
    match files.text(&path) {
        Ok(text) => Observation::KernelValue(KernelValue {
            value: text.map(|text| fold(&text)),
            writable,
        }),
        Err(reason) => Observation::Failed(reason),
    }
}

fn boot_id(files: &files::Answers) -> Observation {
    match files.text(BOOT_ID) {
        Ok(Some(text)) => Observation::BootId(text.trim().to_owned()),
        Ok(None) => Observation::Failed(format!("{BOOT_ID} is not there")),
        Err(reason) => Observation::Failed(reason),
    }
}
