//! What a task asks of a guard, and the settings that follow.

use super::files;
use super::instances::Instance;
use crate::model::probe::TlsFiles;
use crate::model::secret::Secret;
use crate::model::value::Value;
use crate::module::{Failure, Look, Parameters, Stop};
use crate::redis::units;

/// Below this no data worth speaking of is kept. Bytes.
const LEAST_FLOOR: u64 = 8 * 1024 * 1024;
/// Percent of the planned `maxmemory`; how it was chosen is in `docs/guard.md`.
const USUAL_FLOOR: u64 = 20;
/// Percent of a processor.
const USUAL_EFFORT: i64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Off,
    Absent,
}

/// All that the parameters say.
pub(super) struct Request {
    pub(super) state: State,
    pub(super) instances: Vec<String>,
    maxmemory: Option<u64>,
    floor: Floor,
    limit: u64,
    marks: Option<(i64, i64)>,
    share: Option<i64>,
    effort: Option<i64>,
    user: String,
    pub(super) password: Option<Secret>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Floor {
    Percent(u64),
    Bytes(u64),
}

impl Request {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Stop> {
        let size = |name: &str| -> Result<Option<u64>, Stop> {
            match parameters.string(name)? {
                None => Ok(None),
                Some(text) => bytes(name, &text).map(Some),
            }
        };
        let percent = |name: &str, most: i64| -> Result<Option<i64>, Stop> {
            match parameters.integer(name)? {
                Some(number) if !(0..=most).contains(&number) => Err(Stop::failed(format!(
                    "`{name}: {number}` is no percentage from 0 to {most}"
                ))),
                other => Ok(other),
            }
        };
        Ok(Self {
            state: match parameters.string("state")?.as_deref() {
                // YAML reads a bare `off` as no.
                Some("off" | "False") => State::Off,
                Some("absent") => State::Absent,
                _ => State::Present,
            },
            instances: parameters.strings("instances")?,
            maxmemory: size("maxmemory")?,
            floor: match parameters.string("floor")? {
                None => Floor::Percent(USUAL_FLOOR),
                Some(text) => floor(&text)?,
            },
            limit: match parameters.string("limit")?.as_deref() {
                Some("auto") => 0,
                _ => size("limit")?.unwrap_or(0),
            },
            marks: marks(percent("high", 98)?, percent("low", 98)?)?,
            share: percent("share", 100)?.filter(|share| *share > 0),
            effort: percent("effort", 99)?,
            user: parameters.string("user")?.unwrap_or_default(),
            // An empty one is none, so that a variable can stand for both.
            password: parameters
                .secret("password")?
                .filter(|password| !password.expose().is_empty()),
        })
    }

    /// The guard's settings for one server.
    pub(super) fn settings(&self, instance: &Instance, look: &Look<'_>) -> Result<String, Stop> {
        let planned = self.planned(look)?;
        let floor = match self.floor {
            Floor::Percent(percent) => planned / 100 * percent,
            Floor::Bytes(bytes) => bytes,
        }
        .max(LEAST_FLOOR);
        if floor > planned {
            return Err(Failure::new(format!(
                "`floor` is {floor} bytes, and `maxmemory` is no more than {planned}"
            ))
            .help("a guard lowers `maxmemory` from what is planned down to the floor")
            .into());
        }
        let proven = proven(instance, look)?;
        let effort = self.effort.unwrap_or(if proven { USUAL_EFFORT } else { 0 });
        if effort > 0 && !proven {
            return Err(Failure::new(format!(
                "`effort: {effort}`, and the server at {} is not proven to defragment",
                instance.name
            ))
            .help("`cachesmith facts` says why; leave `effort` out")
            .into());
        }
        let (high, low) = self.marks.unwrap_or((0, 0));
        let share = self
            .share
            .map_or(100 / instance.among.max(1), i64::unsigned_abs);
        let password_file = match self.password {
            Some(_) => files::secret(instance),
            None => String::new(),
        };
        let socket = instance.socket.as_str();
        let files = instance.tls.iter().flat_map(TlsFiles::named);
        let mut tls = String::new();
        for (name, path) in files.clone().filter(|(_, path)| !path.is_empty()) {
            tls.push_str(&format!("tls_{name}={path}\n"));
        }
        if instance.tls.is_some() {
            tls.insert_str(0, "tls=yes\n");
        }
        let paths = files.map(|(_, path)| path);
        for word in [socket, &instance.host, &self.user]
            .into_iter()
            .chain(paths)
        {
            if word.contains(['\n', '\r', '\0']) {
                return Err(Stop::failed("an address or a user with a line break in it"));
            }
        }
        Ok(format!(
            "# Written by Cachesmith (redis_guard). What is changed here is overwritten.\n\
             version=1\nhost={}\nport={}\nsocket={socket}\nuser={}\npassword_file={password_file}\n{tls}\
             planned_maxmemory={planned}\nfloor={floor}\nlimit={}\nhigh={high}\nlow={low}\nshare={share}\n\
             defragmentation={}\ndefragmentation_effort={effort}\n",
            instance.host,
            instance.port,
            self.user,
            self.limit,
            if effort > 0 { "yes" } else { "no" },
        ))
    }

    fn planned(&self, look: &Look<'_>) -> Result<u64, Stop> {
        let computed = match self.maxmemory {
            Some(bytes) => Some(bytes),
            None => match look.fact(&["redis", "maxmemory"])? {
                Some(Value::Int(bytes)) => u64::try_from(*bytes).ok(),
                _ => None,
            },
        };
        computed.filter(|bytes| *bytes > 0).ok_or_else(|| {
            Failure::new("`redis_guard` needs to know what `maxmemory` is planned")
                .help("give `maxmemory`, or see with `cachesmith facts` why none was computed")
                .into()
        })
    }
}

/// Whether the build of the server is the one that is proven to defragment.
fn proven(instance: &Instance, look: &Look<'_>) -> Result<bool, Stop> {
    let proven = look.fact(&["redis", "defragmentation"])?;
    let binary = look.fact(&["redis", "binary"])?.and_then(Value::as_str);
    let same = instance.among == 1 || binary == Some(instance.binary.as_str());
    Ok(same && proven.and_then(Value::truth) == Some(true))
}

fn floor(text: &str) -> Result<Floor, Stop> {
    match text.trim().strip_suffix('%') {
        None => bytes("floor", text).map(Floor::Bytes),
        Some(number) => match number.trim().parse::<u64>() {
            Ok(percent) if (1..=100).contains(&percent) => Ok(Floor::Percent(percent)),
            _ => Err(Stop::failed(format!("`floor: {text}` is no percentage"))),
        },
    }
}

/// Both or none: one alone may be on the wrong side of the other.
fn marks(high: Option<i64>, low: Option<i64>) -> Result<Option<(i64, i64)>, Stop> {
    match (high.filter(|mark| *mark > 0), low.filter(|mark| *mark > 0)) {
        (None, None) => Ok(None),
        (Some(high), Some(low)) if low < high => Ok(Some((high, low))),
        (Some(_), Some(_)) => Err(Failure::new("`low` has to be below `high`")
            .help("a few percent between them keep the guard from going back and forth")
            .into()),
        _ => Err(Failure::new("`high` and `low` are given together")
            .help("leave both out: they follow from the limit")
            .into()),
    }
}

/// A size as Redis writes it (`1gb`), as people do (`1 GiB`), or a number of bytes.
fn bytes(name: &str, text: &str) -> Result<u64, Stop> {
    units::parse_size(text).ok_or_else(|| {
        Failure::new(format!("`{name}: {text}` is no size"))
            .help("write 512mb, 1 GiB or a number of bytes")
            .into()
    })
}
