//! `wait_for`: waits until something answers, is there, or is gone.

mod script;

use regex::bytes::RegexBuilder;

use super::shared::paths;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::change::{Change, ChangeKind, Difference, Undo};
use crate::model::probe::{Observation, Probe, Program};
use crate::model::value::Map;
use crate::module::shared::program::run_program;

/// See the [module](self).
#[derive(Debug)]
pub struct WaitFor;

static SPEC: Spec = Spec {
    name: "wait_for",
    aliases: &[],
    summary: "Waits until a port or a path is as it is wanted. It changes nothing.",
    parameters: &[
        Parameter::new(
            "host",
            Kind::String,
            "Where the port is, as seen from the host; with `drained` an IPv4 address of the host, or `0.0.0.0` for all.",
        )
        .default("127.0.0.1"),
        Parameter::new(
            "port",
            Kind::Integer,
            "The TCP port. It excludes `path`; with neither of both the task waits for the whole `timeout`.",
        ),
        Parameter::new("path", Kind::Path, "The file or directory."),
        Parameter::new(
            "state",
            Kind::String,
            "`started`: the port answers; `stopped`: it does not; `drained`: no connection to it is left; `present` and \
             `absent`: the path is there, or is not.",
        )
        .choices(&["absent", "drained", "present", "started", "stopped"])
        .default("started"),
        Parameter::new(
            "search_regex",
            Kind::String,
            "With `started` or `present`: wait until a line matches, of the file or of what the port sends.",
        ),
        Parameter::new("timeout", Kind::Integer, "Seconds after which it fails.").default("300"),
        Parameter::new(
            "connect_timeout",
            Kind::Integer,
            "Seconds after which one try to connect is given up.",
        )
        .default("5"),
        Parameter::new(
            "delay",
            Kind::Integer,
            "Seconds to wait before the first look.",
        )
        .default("0"),
        Parameter::new("sleep", Kind::Integer, "Seconds between two looks.").default("1"),
        Parameter::new(
            "msg",
            Kind::String,
            "What is said when the time is up, in the place of the usual words.",
        ),
        Parameter::new(
            "active_connection_states",
            Kind::Strings,
            "With `drained`: the states of connections that count.",
        )
        .default("ESTABLISHED, FIN_WAIT1, FIN_WAIT2, SYN_RECV, SYN_SENT, TIME_WAIT"),
    ],
    free_form: None,
    one_of: &[],
};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    /// Nothing but time.
    Time,
    Port {
        host: String,
        port: u16,
        open: bool,
        pattern: Option<String>,
    },
    Drained {
        address: String,
        port: u16,
        /// As the kernel numbers them.
        states: Vec<&'static str>,
    },
    Path {
        path: String,
        present: bool,
        pattern: Option<String>,
    },
}

/// How it is waited. All in seconds.
struct Patience {
    timeout: u64,
    connect_timeout: u64,
    delay: u64,
    sleep: u64,
}

impl Module for WaitFor {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let goal = goal(parameters, look)?;
        let seconds = |name: &str, default: u64| -> Result<u64, Stop> {
            match parameters.integer(name)? {
                None => Ok(default),
                Some(number) => u64::try_from(number)
                    .map_err(|_| Stop::failed(format!("`{name}` is a number of seconds"))),
            }
        };
        let patience = Patience {
            timeout: seconds("timeout", 300)?,
            connect_timeout: seconds("connect_timeout", 5)?.max(1),
            delay: seconds("delay", 0)?,
            sleep: seconds("sleep", 1)?,
        };
        // What was observed is old where something has been decided since.
        let reached = patience.delay == 0 && !look.anything_decided() && is_reached(&goal, look)?;
        let said = parameters.string("msg")?;
        let changes = if reached {
            Vec::new()
        } else {
            vec![wait(&goal, &patience, said)]
        };
        Ok(Decision {
            changes,
            result: result(parameters),
            ..Decision::default()
        })
    }
}

fn goal(parameters: &Parameters, look: &Look<'_>) -> Result<Goal, Stop> {
    let state = parameters
        .string("state")?
        .unwrap_or_else(|| "started".to_owned());
    let port = match parameters.integer("port")? {
        None => None,
        Some(port) => Some(
            u16::try_from(port)
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| Stop::failed(format!("{port} is no port")))?,
        ),
    };
    let path = paths::optional(parameters, look, "path")?;
    let pattern = parameters
        .string("search_regex")?
        .filter(|pattern| !pattern.is_empty());
    if let Some(pattern) = &pattern {
        compiled(pattern)?;
    }
    let wants_it = matches!(state.as_str(), "started" | "present");
    if pattern.is_some() && !wants_it {
        return Err(Stop::failed(format!(
            "`search_regex` is looked for in what is there, and says nothing with `state: {state}`"
        )));
    }
    let host = parameters
        .string("host")?
        .unwrap_or_else(|| "127.0.0.1".to_owned());
    match (port, path, state.as_str()) {
        (Some(_), Some(_), _) => Err(Stop::failed("`wait_for` takes `port` or `path`, not both")),
        (None, Some(path), "started" | "present" | "absent") => Ok(Goal::Path {
            path: paths::without_slash(&path).to_owned(),
            present: wants_it,
            pattern,
        }),
        (None, Some(_), state) => Err(Failure::new(format!("`state: {state}` is about a port"))
            .help("a path is `present` or `absent`")
            .into()),
        (Some(port), None, "drained") => Ok(Goal::Drained {
            address: drained_address(&host)?,
            port,
            states: connection_states(parameters)?,
        }),
        (Some(port), None, _) => Ok(Goal::Port {
            host,
            port,
            open: wants_it,
            pattern,
        }),
        (None, None, "drained") => Err(Stop::failed("`state: drained` needs `port`")),
        (None, None, _) => Ok(Goal::Time),
    }
}

fn compiled(pattern: &str) -> Result<regex::bytes::Regex, Stop> {
    RegexBuilder::new(pattern)
        .multi_line(true)
        .build()
        .map_err(|error| {
            let reason = error.to_string();
            Stop::failed(format!(
                "`search_regex: {pattern}` is no pattern: {}",
                reason.lines().last().unwrap_or_default()
            ))
        })
}

/// The address as the kernel lists it: four bytes in hexadecimal, the last first. Empty for all.
fn drained_address(host: &str) -> Result<String, Stop> {
    let address: std::net::Ipv4Addr = host.parse().map_err(|_| {
        Failure::new(format!(
            "`drained` needs an IPv4 address of the host, not `{host}`"
        ))
        .help("`host: 0.0.0.0` stands for all addresses")
    })?;
    if address.is_unspecified() {
        return Ok(String::new());
    }
    let [a, b, c, d] = address.octets();
    Ok(format!("{d:02X}{c:02X}{b:02X}{a:02X}"))
}

/// The numbers of `include/net/tcp_states.h` in Linux.
const CONNECTION_STATES: &[(&str, &str)] = &[
    ("ESTABLISHED", "01"),
    ("SYN_SENT", "02"),
    ("SYN_RECV", "03"),
    ("FIN_WAIT1", "04"),
    ("FIN_WAIT2", "05"),
    ("TIME_WAIT", "06"),
];

fn connection_states(parameters: &Parameters) -> Result<Vec<&'static str>, Stop> {
    let names = parameters.strings("active_connection_states")?;
    if names.is_empty() {
        return Ok(CONNECTION_STATES
            .iter()
            .map(|(_, number)| *number)
            .collect());
    }
    names
        .iter()
        .map(|name| {
            CONNECTION_STATES
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, number)| *number)
                .ok_or_else(|| Stop::failed(format!("`{name}` is no state of a connection")))
        })
        .collect()
}

/// Whether it is so already, as far as that was observed.
fn is_reached(goal: &Goal, look: &Look<'_>) -> Result<bool, Stop> {
    match goal {
        Goal::Port {
            host,
            port,
            open,
            pattern: None,
        } => {
            let probe = Probe::Port {
                host: host.clone(),
                port: *port,
            };
            Ok(*look.observe(&probe)? == Observation::Port(*open))
        }
        Goal::Path {
            path,
            present,
            pattern,
        } => {
            let target = Target::find(look, path, Links::Follow)?;
            Ok(match pattern {
                None => target.info().is_some() == *present,
                Some(pattern) => target
                    .info()
                    .and_then(|info| info.content.as_ref())
                    .is_some_and(|content| {
                        compiled(pattern).is_ok_and(|regex| regex.is_match(content.as_bytes()))
                    }),
            })
        }
        Goal::Port { .. } | Goal::Drained { .. } | Goal::Time => Ok(false),
    }
}

fn wait(goal: &Goal, patience: &Patience, said: Option<String>) -> Change {
    let said = said.unwrap_or_else(|| script::complaint(goal));
    let program = Program {
        // The script ends by itself; the limit is for one that hangs.
        time_limit: Some(patience.delay + patience.timeout + patience.connect_timeout + 30),
        ..Program::new(script::argv(goal, patience, &said))
    };
    Change {
        kind: ChangeKind::Wait,
        resource: words(goal, patience),
        difference: Difference::None,
        notes: Vec::new(),
        steps: vec![run_program(program)],
        undo: Undo::Steps(Vec::new()),
        effects: Vec::new(),
    }
}

/// `port 6379 of 127.0.0.1 answers`.
fn words(goal: &Goal, patience: &Patience) -> String {
    match goal {
        Goal::Time => format!("{} seconds", patience.timeout),
        Goal::Port {
            host,
            port,
            open,
            pattern,
        } => {
            let what = match (open, pattern) {
                (true, None) => "answers".to_owned(),
                (true, Some(pattern)) => format!("sends `{pattern}`"),
                (false, _) => "is closed".to_owned(),
            };
            format!("port {port} of {host} {what}")
        }
        Goal::Drained { port, .. } => format!("port {port} has no connections"),
        Goal::Path {
            path,
            present,
            pattern,
        } => match (present, pattern) {
            (true, None) => format!("{path} is there"),
            (true, Some(pattern)) => format!("{path} has `{pattern}`"),
            (false, _) => format!("{path} is gone"),
        },
    }
}

fn result(parameters: &Parameters) -> Map {
    let given = ["path", "port", "search_regex"].iter().map(|name| {
        let value = parameters.get(name).cloned().unwrap_or_default();
        ((*name).to_owned(), value)
    });
    let mut result: Map = given.collect();
    let state = parameters.get("state").cloned();
    result.insert(
        "state".to_owned(),
        state.unwrap_or_else(|| "started".into()),
    );
    result
}
