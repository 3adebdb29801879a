//! Servers: units and processes, joined.

use std::collections::HashMap;

use super::programs::is_deleted;
use super::record::{Group, Records, field};
use super::session::accounts;
use super::settings::{Listening, by_file, masked};
use crate::model::facts::{Facts, RedisBinary, RedisInstance, RedisSentinel};
use crate::model::probe::TlsFiles;

/// The port of a server that is told none.
const DEFAULT_PORT: u16 = 6379;

/// The line between the answers to `INFO all`, `CONFIG GET *` and what follows.
const BETWEEN: &str = "cachesmith-between";

/// A unit as `systemctl show` tells it.
pub(super) struct Unit<'a> {
    pub(super) name: &'a str,
    pub(super) active: &'a str,
    main_pid: u32,
    /// The program and its arguments.
    arguments: Vec<&'a str>,
    block: &'a str,
}

impl<'a> Unit<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&'a str> {
        field(self.block, name, '=').filter(|value| !value.is_empty())
    }

    /// The configuration file: the first argument, unless it is an option.
    fn config_file(&self) -> &'a str {
        self.arguments
            .get(1)
            .copied()
            .filter(|word| word.starts_with('/'))
            .unwrap_or_default()
    }
}

/// The units that run, or would run, a server.
pub(super) fn units(records: &Records) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    for block in records.get("units").unwrap_or_default().split("\n\n") {
        let Some(name) = field(block, "Id", '=') else {
            continue;
        };
        let command = field(block, "ExecStart", '=').unwrap_or_default();
        let arguments: Vec<&str> = command
            .split_once("argv[]=")
            .and_then(|(_, rest)| rest.split(" ; ").next())
            .unwrap_or_default()
            .split_ascii_whitespace()
            .collect();
        let unit = Unit {
            name,
            active: field(block, "ActiveState", '=').unwrap_or_default(),
            main_pid: field(block, "MainPID", '=')
                .and_then(|pid| pid.parse().ok())
                .unwrap_or(0),
            arguments,
            block,
        };
        let program = unit
            .arguments
            .first()
            .and_then(|path| path.rsplit('/').next());
        let is_server = matches!(program, Some("redis-server" | "valkey-server"));
        let is_process = unit.main_pid != 0
            && records
                .all("process")
                .any(|pid| pid == unit.main_pid.to_string());
        let is_sentinel = unit.arguments.contains(&"--sentinel");
        // Another name of a unit is shown under the unit's own.
        let is_known = units.iter().any(|known| known.name == unit.name);
        if (is_server || is_process) && !is_sentinel && !is_known {
            units.push(unit);
        }
    }
    units
}

pub(super) fn read(records: &Records, facts: &mut Facts) {
    let files = by_file(records);
    let units = units(records);
    let mut shown = Vec::new();
    let mut instances = Vec::new();
    // A process without a status has ended while it was looked at; a sentinel holds no data.
    let is_server = |process: &Group<'_>| {
        !process.get("status").is_empty() && !process.get("title").contains("[sentinel]")
    };
    for process in records.groups("process").filter(is_server) {
        let pid: u32 = process.get("process").parse().unwrap_or(0);
        let unit = units
            .iter()
            .find(|unit| unit.main_pid == pid && pid != 0)
            .or_else(|| {
                let name = unit_of_group(process.get("group"));
                units.iter().find(|unit| Some(unit.name) == name)
            });
        if let Some(unit) = unit {
            shown.push(unit.name);
        }
        instances.push(running(pid, process, unit, &files, records, facts));
    }
    for unit in units.iter().filter(|unit| !shown.contains(&unit.name)) {
        instances.push(stopped(unit, &files, facts));
    }
    instances.sort_by(|one, other| (one.port, &one.unit).cmp(&(other.port, &other.unit)));
    facts.redis_instances = instances;
    facts.redis_sentinels = records
        .groups("process")
        .filter(|process| process.get("title").contains("[sentinel]"))
        .map(sentinel)
        .collect();
    if let Some(count) = records.get("contained") {
        let reason = format!("{count} run in containers of their own and were not looked at");
        facts
            .missing
            .insert("servers in containers".to_owned(), reason);
    }
}

/// A process that watches servers.
fn sentinel(process: Group<'_>) -> RedisSentinel {
    let title = Listening::from_title(process.get("title"));
    let (info, unreachable) = match (process.find("answer"), process.find("unreachable")) {
        (Some(answer), _) => {
            let info = answer.split(BETWEEN).next().unwrap_or_default();
            if info.contains("_version:") {
                (
                    info.replace("\r\n", "\n").trim_end().to_owned(),
                    String::new(),
                )
            } else {
                (String::new(), first_line(answer))
            }
        }
        (None, Some(reason)) => (String::new(), reason.to_owned()),
        (None, None) => (String::new(), "the answer ended early".to_owned()),
    };
    RedisSentinel {
        unit: unit_of_group(process.get("group"))
            .unwrap_or_default()
            .to_owned(),
        pid: process.get("process").parse().unwrap_or(0),
        port: title.port.unwrap_or(0),
        bind: title.bind.filter(|bind| bind != "*").unwrap_or_default(),
        info,
        unreachable,
    }
}

/// The `.service` at the end of a control group's path.
fn unit_of_group(group: &str) -> Option<&str> {
    group
        .lines()
        .filter_map(|line| line.rsplit(['/', ':']).next())
        .find(|name| name.ends_with(".service"))
}

fn running(
    pid: u32,
    process: Group<'_>,
    unit: Option<&Unit<'_>>,
    files: &HashMap<String, Listening>,
    records: &Records,
    facts: &mut Facts,
) -> RedisInstance {
    let status = process.get("status");
    let kibibytes = |name: &str| {
        field(status, name, ':')
            .and_then(|value| value.parse::<u64>().ok())
            .and_then(|value| value.checked_mul(1024))
            .unwrap_or(0)
    };
    let uid = field(status, "Uid", ':').and_then(|uid| uid.parse::<u32>().ok());
    let account = accounts(records)
        .into_iter()
        .find(|account| Some(account.uid) == uid);
    let executable = process.get("executable");
    let mut instance = RedisInstance {
        unit: unit.map(|unit| unit.name.to_owned()).unwrap_or_default(),
        active: unit.map_or("active", |unit| unit.active).to_owned(),
        enabled: unit
            .and_then(|unit| unit.property("UnitFileState"))
            .unwrap_or_default()
            .to_owned(),
        pid,
        binary: if is_deleted(executable) {
            ""
        } else {
            executable
        }
        .to_owned(),
        replaced: is_deleted(executable),
        resident: kibibytes("VmRSS"),
        swapped: kibibytes("VmSwap"),
        user: account
            .map(|account| account.name.to_owned())
            .unwrap_or_default(),
        ..RedisInstance::default()
    };
    // By the name that people call, if the running program is the one that is there.
    let called = |binary: &&RedisBinary| !instance.replaced && binary.resolved == instance.binary;
    if let Some(binary) = facts.redis_binaries.iter().find(called) {
        instance.binary.clone_from(&binary.path);
    }
    if instance.binary.is_empty() {
        // Links of other users' processes cannot be read, and those of replaced programs lead nowhere: what the unit
        // would start, or the name that the process has for itself.
        let started = unit.and_then(|unit| unit.arguments.first()).copied();
        let own_name = process.get("title").split_ascii_whitespace().next();
        let name = started.or(own_name).filter(|name| name.starts_with('/'));
        instance.binary = name.unwrap_or_default().to_owned();
    }
    if instance.user.is_empty() {
        instance.user = unit
            .and_then(|unit| unit.property("User"))
            .unwrap_or_default()
            .to_owned();
    }
    match (process.find("answer"), process.find("unreachable")) {
        (Some(answer), _) => take_answer(answer, &mut instance, facts),
        (None, Some(reason)) => reason.clone_into(&mut instance.unreachable),
        (None, None) => "the answer ended early".clone_into(&mut instance.unreachable),
    }
    instance.quantum = process.get("quantum").trim().parse().unwrap_or(0);
    instance.config_file = info_field(&instance.info, "config_file")
        .or(unit.map(Unit::config_file))
        .unwrap_or_default()
        .to_owned();
    // A title has the port that was really opened, but only the first of several addresses.
    let title = Listening::from_title(process.get("title"));
    let file = files.get(&instance.config_file).cloned();
    let title = match &file {
        Some(file) => title.beside(file),
        None => title,
    };
    let opened = Listening {
        bind: None,
        ..title.clone()
    };
    let arguments = unit.map(|unit| Listening::from_arguments(&unit.arguments));
    instance.tls = process.find("tls").map(|text| {
        let named = text.lines().filter_map(|line| line.split_once('='));
        TlsFiles::from_named(named)
    });
    let listening = Listening::from_answer(&instance.config)
        .or(opened)
        .or(arguments.unwrap_or_default())
        .or(file.unwrap_or_default())
        .or(title);
    listen(&mut instance, listening, facts);
    instance
}

fn stopped(unit: &Unit<'_>, files: &HashMap<String, Listening>, facts: &Facts) -> RedisInstance {
    let mut instance = RedisInstance {
        unit: unit.name.to_owned(),
        active: unit.active.to_owned(),
        enabled: unit
            .property("UnitFileState")
            .unwrap_or_default()
            .to_owned(),
        binary: unit
            .arguments
            .first()
            .map(|path| (*path).to_owned())
            .unwrap_or_default(),
        config_file: unit.config_file().to_owned(),
        user: unit.property("User").unwrap_or_default().to_owned(),
        unreachable: "it does not run".to_owned(),
        ..RedisInstance::default()
    };
    let listening = Listening::from_arguments(&unit.arguments).or(files
        .get(&instance.config_file)
        .cloned()
        .unwrap_or_default());
    listen(&mut instance, listening, facts);
    instance
}

fn listen(instance: &mut RedisInstance, listening: Listening, facts: &Facts) {
    // Without a word about it, it is the usual one; but not where the words could not be read.
    let unread = format!("configuration {}", instance.config_file);
    let silent = if facts.missing.contains_key(&unread) {
        0
    } else {
        DEFAULT_PORT
    };
    instance.port = listening.port.unwrap_or(silent);
    instance.tls_port = listening.tls_port.unwrap_or(0);
    instance.socket = listening.socket.unwrap_or_default();
    instance.bind = listening.bind.unwrap_or_default();
}

/// Parts the answers, or notes the error that came instead.
fn take_answer(answer: &str, instance: &mut RedisInstance, facts: &mut Facts) {
    let answer_to = |number: usize| {
        let part = answer.split(BETWEEN).nth(number);
        part.map(|part| part.strip_prefix('\n').unwrap_or(part))
    };
    match answer_to(0).zip(answer_to(1)) {
        Some((info, config)) if info.contains("_version:") => {
            let watched = answer_to(2).and_then(|answer| answer.lines().nth(1));
            instance.sentinels = watched
                .and_then(|count| count.trim().parse().ok())
                .unwrap_or(0);
            let cluster = |number| {
                answer_to(number)
                    .filter(|answer| !answer.starts_with("ERR") && !answer.starts_with("NOPERM"))
                    .map(|answer| answer.replace("\r\n", "\n").trim_end().to_owned())
                    .unwrap_or_default()
            };
            instance.cluster_info = cluster(3);
            instance.cluster_nodes = cluster(4);
            instance.info = info.replace("\r\n", "\n").trim_end().to_owned();
            // Names and values come in pairs; anything else is an error.
            if config.trim_end().lines().count() > 1 {
                instance.config = masked(config);
            } else {
                let reason = first_line(config);
                facts
                    .missing
                    .insert(format!("configuration of process {}", instance.pid), reason);
            }
        }
        _ => instance.unreachable = first_line(answer),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("it answered nothing").to_owned()
}

/// A field of INFO that is not empty.
fn info_field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    field(info, name, ':').filter(|value| !value.is_empty())
}
