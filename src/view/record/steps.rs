//! Steps in words. Contents of files stay out: they may hold secrets.

use crate::model::step::{Action, Attributes, ConfigSetting, Step};
use crate::view::tell::list as words;

/// Arguments of a program longer than this are told by their beginning.
const LONGEST_ARGUMENT: usize = 80;

/// What a step does, to complete "to undo it: ...".
pub fn describe(step: &Step) -> String {
    match &step.action {
        Action::WriteFile { path, .. } => format!("write {path} as it was"),
        Action::SetAttributes { path, attributes } => {
            format!("set {} of {path}", of_attributes(attributes))
        }
        Action::MakeDirectory { path, .. } => format!("make the directory {path}"),
        Action::Link {
            path,
            target,
            hard: false,
        } => format!("link {path} to {target}"),
        Action::Link { path, target, .. } => format!("make {path} the same file as {target}"),
        Action::Remove { path } => format!("remove {path}"),
        Action::Touch { path, .. } => format!("set the time of {path} as it was"),
        Action::RecordRun { .. } => "put down the run".to_owned(),
        Action::KeepNote { path, .. } => format!("keep the note {path}"),
        Action::RemoveNote { path } => format!("remove the note {path}"),
        Action::Program { program, .. } => {
            let argv: Vec<String> = program.argv.iter().map(|word| argument(word)).collect();
            format!("run {}", argv.join(" "))
        }
        Action::KernelValue { key, value } => format!("set {key} to {value}"),
        Action::ConfigSet { settings, .. } => {
            let told: Vec<String> = settings.iter().map(setting).collect();
            format!("set {} in the running server", words(&told))
        }
        Action::LowerMaxmemory { pace, .. } => format!("lower maxmemory to {} bytes", pace.to),
        Action::RedisUser {
            name, rules: None, ..
        } => format!("remove the account {name} of the running server"),
        Action::RedisUser { name, .. } => {
            format!("give the account {name} of the running server its rules as they were")
        }
        Action::Failover { handover, .. } => match handover.to.as_slice() {
            [one] => format!("make {one} the primary"),
            [one, ..] => format!("make {one}, or what else it is known as, the primary"),
            [] => "make a replica the primary".to_owned(),
        },
        Action::Reboot { .. } => "restart the machine".to_owned(),
    }
}

/// `mode 0640, owner redis and group redis`
fn of_attributes(attributes: &Attributes) -> String {
    let mut parts = Vec::new();
    parts.extend(attributes.mode.map(|mode| format!("mode {mode:04o}")));
    for (word, name) in [("owner", &attributes.owner), ("group", &attributes.group)] {
        parts.extend(name.as_ref().map(|name| format!("{word} {name}")));
    }
    words(&parts)
}

/// A directive with its value, unless that is a secret.
fn setting(setting: &ConfigSetting) -> String {
    if setting.secret {
        return format!("{} as it was", setting.name);
    }
    let value = setting.value.to_lossy();
    format!("{} to {}", setting.name, argument(&value))
}

/// An argument as a shell would need it, in one line.
fn argument(word: &str) -> String {
    let first = word.lines().next().unwrap_or_default();
    let short: String = first.chars().take(LONGEST_ARGUMENT).collect();
    let is_cut = short.len() < word.len();
    let quoted =
        shlex::try_quote(&short).map_or_else(|_| short.clone(), std::borrow::Cow::into_owned);
    if is_cut {
        format!("{quoted}...")
    } else {
        quoted
    }
}
