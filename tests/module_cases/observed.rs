//! What a case says that was observed: short forms for people, and the serialized form of any probe and answer.

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{
    FileInfo, FileKind, FileState, GroupState, KernelValue, Observation, PackageIndex,
    PackageState, Probe, Program, ProgramResult, RedisAddress, RedisState, RedisUserQuestion,
    RedisUserState, ServerHealth, ServiceState, UnitState, UserState,
};
use cachesmith::model::secret::Secret;
use cachesmith::model::value::{Map, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::local::{bytes, mode, only};

/// A question and its answer.
pub(crate) type Pair = (Probe, Observation);

const FILE_KEYS: &[&str] = &[
    "path", "content", "base64", "mode", "owner", "group", "uid", "gid", "size", "modified",
    "sha256",
];

/// All answers of a list in a case.
pub(crate) fn observations(list: Option<&Value>) -> Result<Vec<Pair>, Problem> {
    let mut pairs = Vec::new();
    for item in list.and_then(Value::as_list).unwrap_or_default() {
        let map = item.as_map().ok_or("an observation is a mapping")?;
        pairs.extend(observation(map).map_err(|problem| format!("{item:?}: {problem}"))?);
    }
    Ok(pairs)
}

fn observation(map: &Map) -> Result<Vec<Pair>, Problem> {
    if let (Some(probe), Some(answer)) = (map.get("probe"), map.get("is")) {
        only(map, &["probe", "is"], "an observation")?;
        return Ok(vec![(read(probe)?, read(answer)?)]);
    }
    let (form, value) = match map.first() {
        Some(entry) if map.len() == 1 => entry,
        _ => return Err("an observation has one key, or `probe` and `is`".to_owned()),
    };
    let text = || value.scalar_text().ok_or("a name is wanted");
    let name = || {
        let name = value.get("name").and_then(Value::as_str);
        name.map(str::to_owned).ok_or("`name` is wanted")
    };
    Ok(match form.as_str() {
        "file" => present(value, FileKind::File)?,
        "directory" => present(value, FileKind::Directory)?,
        "other" => present(value, FileKind::Other)?,
        "link" => link(value)?,
        "absent" => absent(value)?,
        "tree" => vec![tree(value)?],
        "glob" => vec![glob(value)?],
        "package" => {
            let state = Observation::Package(filled::<PackageState>(value, &["name"])?);
            vec![
                (Probe::Package(name()?), state.clone()),
                (Probe::PackageOffers(name()?), state),
            ]
        }
        "package_index" => vec![(
            Probe::PackageIndex,
            Observation::PackageIndex(read::<PackageIndex>(value)?),
        )],
        "unit" => vec![(
            Probe::Unit(name()?),
            Observation::Unit(filled::<UnitState>(value, &["name"])?),
        )],
        "service" => vec![(
            Probe::Service(name()?),
            Observation::Service(filled::<ServiceState>(value, &["name"])?),
        )],
        "kernel" => value
            .as_map()
            .ok_or("`kernel` is a mapping of keys to values")?
            .iter()
            .map(|(key, value)| {
                (
                    Probe::KernelValue(key.clone()),
                    Observation::KernelValue(KernelValue {
                        value: value.scalar_text().filter(|_| *value != Value::Null),
                        writable: true,
                    }),
                )
            })
            .collect(),
        "user" => vec![(
            Probe::User(name()?),
            Observation::User(Some(filled::<UserState>(value, &[])?)),
        )],
        "no_user" => vec![(Probe::User(text()?), Observation::User(None))],
        "group" => vec![(
            Probe::Group(name()?),
            Observation::Group(Some(filled::<GroupState>(value, &[])?)),
        )],
        "no_group" => vec![(Probe::Group(text()?), Observation::Group(None))],
        "program" => vec![program(value)?],
        "port" => vec![port(value)?],
        "redis" => redis(value)?,
        "account" => vec![account(value)?],
        other => {
            return Err(format!(
                "`{other}` is no form of an observation: file, directory, link, other, absent, tree, glob, package, \
                 package_index, unit, service, kernel, user, no_user, group, no_group, program, port, redis, account, or probe and is"
            ));
        }
    })
}

/// Reads the serialized form of something.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// Reads something of which only the given fields differ from the default.
fn filled<T: Default + Serialize + DeserializeOwned>(
    value: &Value,
    beside: &[&str],
) -> Result<T, Problem> {
    let mut json = serde_json::to_value(T::default()).map_err(|error| error.to_string())?;
    let fields = json.as_object_mut().ok_or("not a structure")?;
    for (key, value) in value.as_map().ok_or("a mapping is wanted")? {
        if !fields.contains_key(key) {
            if beside.contains(&key.as_str()) {
                continue;
            }
            let known: Vec<&String> = fields.keys().collect();
            return Err(format!("there is no `{key}`; there is {known:?}"));
        }
        let value = serde_json::to_value(value).map_err(|error| error.to_string())?;
        fields.insert(key.clone(), value);
    }
    serde_json::from_value(json).map_err(|error| error.to_string())
}

/// A file is observed with and without its content, so that a case need not know which of both is asked.
fn both(path: &str, info: FileInfo) -> Vec<Pair> {
    let without = FileInfo {
        content: None,
        ..info.clone()
    };
    let state = |info| Observation::File(FileState::Present(Box::new(info)));
    vec![
        (Probe::File(path.to_owned()), state(without)),
        (Probe::Content(path.to_owned()), state(info)),
    ]
}

fn present(value: &Value, kind: FileKind) -> Result<Vec<Pair>, Problem> {
    let map = value.as_map().ok_or("a mapping with `path` is wanted")?;
    only(map, FILE_KEYS, "a file")?;
    Ok(both(&path(value)?, info(value, kind)?))
}

fn path(value: &Value) -> Result<String, Problem> {
    let path = value.get("path").and_then(Value::as_str);
    path.map(str::to_owned).ok_or("`path` is wanted".to_owned())
}

fn number<T: TryFrom<i64>>(value: &Value, key: &str) -> Result<Option<T>, Problem> {
    match value.get(key) {
        None => Ok(None),
        Some(Value::Int(number)) => T::try_from(*number)
            .map(Some)
            .map_err(|_| format!("`{key}` is out of range")),
        Some(_) => Err(format!("`{key}` is a number")),
    }
}

fn info(value: &Value, kind: FileKind) -> Result<FileInfo, Problem> {
    let word = |key: &str| value.get(key).and_then(Value::scalar_text);
    let owner = word("owner").unwrap_or_else(|| "root".to_owned());
    let group = word("group").unwrap_or_else(|| "root".to_owned());
    let id = |name: &str| if name == "root" { 0 } else { 1000 };
    let content = bytes(value)?;
    let default_mode = match kind {
        FileKind::File | FileKind::Other => 0o644,
        FileKind::Directory => 0o755,
        FileKind::Link { .. } => 0o777,
    };
    // A regular file of which nothing else is said is empty.
    let content = match (content, &kind, value.get("sha256")) {
        (None, FileKind::File, None) => Some(Blob::default()),
        (content, ..) => content,
    };
    let length = content.as_ref().map_or(0, |bytes| bytes.len() as u64);
    Ok(FileInfo {
        mode: mode(value, default_mode)?,
        uid: number(value, "uid")?.unwrap_or_else(|| id(&owner)),
        gid: number(value, "gid")?.unwrap_or_else(|| id(&group)),
        owner,
        group,
        size: number(value, "size")?.unwrap_or(length),
        modified: number(value, "modified")?.unwrap_or(1_700_000_000),
        sha256: word("sha256").or_else(|| content.as_ref().map(Blob::sha256)),
        content,
        kind,
    })
}

/// `resolved` is the target, made full, unless it says otherwise; null: it leads nowhere.
fn link(value: &Value) -> Result<Vec<Pair>, Problem> {
    let map = value.as_map().ok_or("a mapping with `path` is wanted")?;
    let keys = [FILE_KEYS, &["target", "resolved"]].concat();
    only(map, &keys, "a link")?;
    let path = path(value)?;
    let target = value.get("target").and_then(Value::as_str);
    let target = target.ok_or("`target` is wanted")?.to_owned();
    let resolved = match value.get("resolved") {
        Some(resolved) => resolved.as_str().map(str::to_owned),
        None if target.starts_with('/') => Some(target.clone()),
        None => Some(format!(
            "{}/{target}",
            path.rsplit_once('/').map_or("", |parts| parts.0)
        )),
    };
    Ok(both(
        &path,
        info(value, FileKind::Link { target, resolved })?,
    ))
}

/// A path, or a mapping with `path` and `parent: no` where its directory is not there either.
fn absent(value: &Value) -> Result<Vec<Pair>, Problem> {
    let (path, parent_exists) = match value {
        Value::Map(map) => {
            only(map, &["path", "parent"], "an absent path")?;
            let parent = map.get("parent").and_then(Value::truth);
            (path(value)?, parent.unwrap_or(true))
        }
        other => (other.scalar_text().ok_or("a path is wanted")?, true),
    };
    let state = Observation::File(FileState::Absent { parent_exists });
    Ok(vec![
        (Probe::File(path.clone()), state.clone()),
        (Probe::Content(path), state),
    ])
}

/// `path` and `entries`: relative paths with what stands there; a slash at a path's end makes it a directory.
fn tree(value: &Value) -> Result<Pair, Problem> {
    let entries = value.get("entries").and_then(Value::as_map);
    let mut tree = Vec::new();
    for (name, entry) in entries.ok_or("`entries` is a mapping")? {
        let (name, kind) = match (name.strip_suffix('/'), entry.get("target")) {
            (Some(name), _) => (name, FileKind::Directory),
            (None, Some(target)) => (
                name.as_str(),
                FileKind::Link {
                    target: target.scalar_text().unwrap_or_default(),
                    resolved: None,
                },
            ),
            (None, None) => (name.as_str(), FileKind::File),
        };
        let info = FileInfo {
            content: None,
            ..info(entry, kind)?
        };
        tree.push((name.to_owned(), info));
    }
    tree.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((Probe::Tree(path(value)?), Observation::Tree(tree)))
}

/// `pattern` and `files`: full paths with their texts.
fn glob(value: &Value) -> Result<Pair, Problem> {
    let pattern = value.get("pattern").and_then(Value::as_str);
    let mut files = Vec::new();
    for (path, content) in value
        .get("files")
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
    {
        files.push((path.clone(), bytes(content)?.unwrap_or_default()));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((
        Probe::Glob(pattern.ok_or("`pattern` is wanted")?.to_owned()),
        Observation::Files(files),
    ))
}

/// `argv` or `shell` with what the program was given, and `code`, `stdout`, `stderr`, `timed_out`.
fn program(value: &Value) -> Result<Pair, Problem> {
    let map = value.as_map().ok_or("a mapping is wanted")?;
    let answer_keys = ["code", "stdout", "stderr", "timed_out"];
    let question_keys = [
        "argv",
        "shell",
        "environment",
        "directory",
        "stdin",
        "time_limit",
    ];
    only(
        map,
        &[&answer_keys[..], &question_keys].concat(),
        "a program",
    )?;
    let mut program = match map.get("shell") {
        Some(text) => Program::shell(text.as_str().unwrap_or_default()),
        None => Program::new(read::<Vec<String>>(
            map.get("argv").ok_or("`argv` or `shell` is wanted")?,
        )?),
    };
    if let Some(environment) = map.get("environment") {
        program.environment = read(environment)?;
    }
    program.directory = map.get("directory").and_then(Value::scalar_text);
    program.stdin = map.get("stdin").map(bytes).transpose()?.flatten();
    program.time_limit = number(value, "time_limit")?;
    let text = |key: &str| match map.get(key) {
        Some(text) => bytes(text).map(Option::unwrap_or_default),
        None => Ok(Blob::default()),
    };
    let result = ProgramResult {
        code: number(value, "code")?.unwrap_or(0),
        stdout: text("stdout")?,
        stderr: text("stderr")?,
        timed_out: map.get("timed_out").and_then(Value::truth) == Some(true),
    };
    Ok((
        Probe::Program(Box::new(program)),
        Observation::Program(result),
    ))
}

fn port(value: &Value) -> Result<Pair, Problem> {
    let host = value.get("host").and_then(Value::as_str);
    Ok((
        Probe::Port {
            host: host.unwrap_or("127.0.0.1").to_owned(),
            port: number(value, "port")?.ok_or("`port` is wanted")?,
        },
        Observation::Port(value.get("open").and_then(Value::truth) == Some(true)),
    ))
}

/// The fields of an address, and its `password`, which is no part of the serialized form.
fn address(value: &Value) -> Result<RedisAddress, Problem> {
    let mut address: RedisAddress = filled(value, &["password"])?;
    let password = value.get("password").and_then(Value::scalar_text);
    address.password = password.map(Secret::new);
    Ok(address)
}

/// `address`, `name` and `asked` (the rules that the server is to say in its own words) with the fields of the answer;
/// rules are texts.
fn account(value: &Value) -> Result<Pair, Problem> {
    let address = value.get("address").ok_or("`address` is wanted")?;
    let address = self::address(address)?;
    let text = |key: &str| value.get(key).and_then(Value::scalar_text);
    let words = |key: &str| {
        let text = text(key).filter(|text| !text.is_empty())?;
        Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    };
    let question = RedisUserQuestion {
        address,
        name: text("name").ok_or("`name` is wanted")?,
        rules: words("asked").unwrap_or_default(),
    };
    Ok((
        Probe::RedisUser(Box::new(question)),
        Observation::RedisUser(RedisUserState {
            rules: words("rules"),
            read: words("read"),
            refused: text("refused"),
            error: text("error"),
        }),
    ))
}

/// `address` and the fields of the answer, `alive` unless it says otherwise; `health` is what the host knows beside,
/// and `watch` the seconds until the second look.
fn redis(value: &Value) -> Result<Vec<Pair>, Problem> {
    let address: RedisAddress = match value.get("address") {
        Some(address) => self::address(address)?,
        None => RedisAddress {
            port: 6379,
            ..RedisAddress::default()
        },
    };
    let mut state: RedisState = filled(value, &["address", "health", "watch"])?;
    state.alive = value.get("alive").and_then(Value::truth).unwrap_or(true);
    let health: ServerHealth = match value.get("health") {
        Some(health) => filled(health, &[])?,
        None => ServerHealth::default(),
    };
    let probe = Probe::ServerHealth {
        address: address.clone(),
        watch: number(value, "watch")?.unwrap_or(0),
    };
    Ok(vec![
        (Probe::Redis(address), Observation::Redis(state)),
        (probe, Observation::ServerHealth(Box::new(health))),
    ])
}
