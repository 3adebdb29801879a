//! Actions as calls of the library.

use zeroize::Zeroizing;

use super::program::{refused_program, start};
use super::write::{self, File};
use super::{account, config, failover};
use super::{chosen, kernel_path, refused_account, refused_address, refused_kernel, refused_path};
use crate::model::step::{Action, Attributes};
use crate::transport::script::Options;
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::quote::{Heredoc, has_nul};

/// Commands on one line, each carried out when the one before it succeeded, and what is fed to them.
pub(super) struct Line {
    commands: String,
    inputs: Zeroizing<String>,
}

impl Line {
    pub(super) fn new(first: String) -> Self {
        Self {
            commands: first,
            inputs: Zeroizing::default(),
        }
    }

    pub(super) fn then(&mut self, command: &str) -> &mut Self {
        self.commands.push_str(" && ");
        self.commands.push_str(command);
        self
    }

    pub(super) fn feed(&mut self, heredoc: &Heredoc) -> &mut Self {
        self.commands.push_str(&heredoc.redirection);
        self.inputs.push_str(&heredoc.lines);
        self
    }

    pub(super) fn write(self, builder: &mut Builder) {
        builder.raw(&self.commands).raw("\n").raw(&self.inputs);
    }
}

/// Adds an action to its step's line. `prepared`: the number of its step, where it was prepared with others.
pub(super) fn compile(
    action: &Action,
    options: &Options,
    prepared: Option<usize>,
    line: &mut Line,
    builder: &mut Builder,
) {
    match action {
        Action::WriteFile {
            path,
            content,
            attributes,
            validate,
            backup,
        } => {
            let file = File {
                content,
                attributes,
                validate: validate.as_deref(),
                backup: backup.as_deref(),
            };
            write::write(path, &file, prepared, line, builder);
        }
        Action::SetAttributes { path, attributes } => {
            builder.need(Part::Attributes);
            let [mode, owner, group] = words(attributes, "");
            line.then(&command("c_attributes", [path, &mode, &owner, &group]));
        }
        Action::MakeDirectory { path, attributes } => {
            builder.need(Part::Paths);
            let [mode, owner, group] = words(attributes, "00755");
            line.then(&command("c_directory", [path, &mode, &owner, &group]));
        }
        Action::Link { path, target, hard } => {
            builder.need(Part::Paths);
            let hard = if *hard { "yes" } else { "no" };
            line.then(&command("c_link", [path, target, hard]));
        }
        Action::Remove { path } => {
            builder.need(Part::Paths);
            line.then(&command("c_remove", [without_slash(path)]));
        }
        Action::Touch { path, modified } => {
            builder.need(Part::Paths);
            let modified = modified.map_or(String::new(), |seconds| seconds.to_string());
            line.then(&command("c_touch", [path, &modified]));
        }
        Action::RecordRun { run, by, what } => {
            builder.need(Part::Note);
            line.then(&command(
                "c_record_run",
                [one_line(run), one_line(by), one_line(what)],
            ));
        }
        Action::KeepNote {
            path,
            lines,
            by_root_alone,
        } => {
            builder.need(Part::Note);
            let text: String = lines.iter().map(|line| one_line(line) + "\n").collect();
            let by_root_alone = if *by_root_alone { "yes" } else { "no" };
            line.then(&command("c_keep_note", [path, &text, by_root_alone]));
        }
        Action::RemoveNote { path } => {
            builder.need(Part::Note);
            line.then(&command("c_remove_note", [path]));
        }
        Action::Program { program, accepted } => {
            builder.need(Part::ProgramStep);
            let input = start(program, builder);
            let seconds = program.time_limit.unwrap_or(options.time_limit);
            let mut codes = String::new();
            for code in accepted {
                codes.push_str(&format!(" {code} "));
            }
            line.then("c_ready")
                .then(&input.command)
                .feed(&input.heredoc)
                .then(&command("c_program", [&seconds.to_string(), &codes]));
        }
        Action::KernelValue { key, value } => {
            builder.need(Part::Kernel);
            let path = kernel_path(key).unwrap_or_default();
            line.then(&command("c_kernel", [&path, value, &chosen(value)]));
        }
        Action::ConfigSet {
            address,
            settings,
            at_once,
        } => config::set(address, settings, *at_once, line, builder),
        Action::LowerMaxmemory { address, pace } => config::lower(address, pace, line, builder),
        Action::RedisUser {
            address,
            name,
            rules,
        } => account::set(address, name, rules.as_deref(), line, builder),
        Action::Failover { primary, handover } => {
            failover::failover(primary, handover, line, builder);
        }
        Action::Reboot { .. } => {
            builder.need(Part::Program).need(Part::Reboot);
            line.then("c_reboot");
        }
    }
}

/// Mode, owner and group as words; what is not given is empty. A mode has five digits: with fewer, chmod leaves the
/// setuid and setgid bits of a directory as they are.
/// `mode` stands for a mode that is not given.
pub(super) fn words(attributes: &Attributes, mode: &str) -> [String; 3] {
    [
        attributes
            .mode
            .map_or_else(|| mode.to_owned(), |mode| format!("{mode:05o}")),
        attributes.owner.clone().unwrap_or_default(),
        attributes.group.clone().unwrap_or_default(),
    ]
}

fn without_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}

/// A text as a line of a note.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\0'], " ")
}

/// Why an action cannot be put into a script at all, if so.
pub(super) fn refusal(action: &Action) -> Option<String> {
    match action {
        Action::WriteFile {
            path,
            attributes,
            validate,
            backup,
            ..
        } => refused_path(path)
            .or_else(|| refused_attributes(attributes))
            .or_else(|| backup.as_deref().and_then(refused_path))
            .or_else(|| validate.as_deref().and_then(refused_validation)),
        Action::SetAttributes { path, attributes } | Action::MakeDirectory { path, attributes } => {
            refused_path(path).or_else(|| refused_attributes(attributes))
        }
        Action::Link { path, target, .. } => refused_path(path).or_else(|| {
            (target.is_empty() || has_nul(target))
                .then(|| format!("a link cannot lead to `{}`", target.escape_debug()))
        }),
        Action::Remove { path } => {
            refused_path(path).or_else(|| is_root(path).then(|| String::from("/ is not removed")))
        }
        Action::Touch { path, .. } => refused_path(path),
        Action::RecordRun { .. } => None,
        Action::KeepNote { path, .. } | Action::RemoveNote { path } => refused_path(path),
        Action::Program { program, .. } => refused_program(program),
        Action::KernelValue { key, value } => refused_kernel(key).or_else(|| {
            has_nul(value).then(|| String::from("a kernel value cannot hold a NUL byte"))
        }),
        Action::ConfigSet {
            address, settings, ..
        } => refused_address(address).or_else(|| {
            settings
                .iter()
                .find_map(|setting| config::refused_directive(&setting.name))
        }),
        Action::LowerMaxmemory { address, .. } => refused_address(address),
        Action::RedisUser {
            address,
            name,
            rules,
        } => refused_address(address)
            .or_else(|| refused_account(name, rules.as_deref().unwrap_or_default())),
        Action::Failover { primary, handover } => failover::refusal(primary, handover),
        Action::Reboot { .. } => None,
    }
}

/// Whether a path is another spelling of `/`.
fn is_root(path: &str) -> bool {
    let mut depth = 0_u32;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = depth.saturating_sub(1),
            _ => depth += 1,
        }
    }
    depth == 0
}

fn refused_attributes(attributes: &Attributes) -> Option<String> {
    let names = [&attributes.owner, &attributes.group];
    names.into_iter().flatten().find_map(|name| {
        let good = !name.is_empty() && !name.starts_with('-') && !name.contains([':', '\0', '\n']);
        (!good).then(|| format!("`{}` is not the name of an account", name.escape_debug()))
    })
}

fn refused_validation(argv: &[String]) -> Option<String> {
    let Some(name) = argv.first() else {
        return Some(String::from(
            "there is no program that could validate the file",
        ));
    };
    if name.is_empty() || name.starts_with('-') || argv.iter().any(|word| has_nul(word)) {
        return Some(format!(
            "`{}` cannot validate the file",
            name.escape_debug()
        ));
    }
    if argv.iter().any(|word| word.contains("%s")) {
        return None;
    }
    Some(String::from(
        "the validation must hold %s, where the path of the new content goes",
    ))
}
