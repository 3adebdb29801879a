//! Programs: arguments, environment, directory and input, none of them ever read by a shell.

use crate::model::blob::Blob;
use crate::model::probe::Program;
use crate::transport::script::builder::Builder;
use crate::transport::script::quote::{Codec, Heredoc, has_nul, quote};

/// How a program gets its input.
pub(crate) struct Input {
    /// The command that takes it in.
    pub(crate) command: String,
    pub(crate) heredoc: Heredoc,
}

/// Defines `c_start` as a program, and returns what brings its input.
pub(crate) fn start(program: &Program, builder: &mut Builder) -> Input {
    // A process group of its own costs another program.
    let group = if program.is_alone() { "" } else { "$c_setsid" };
    let mut text = format!("c_leader={group}\nc_start() {{\numask 022\n");
    if let Some(directory) = &program.directory {
        text.push_str(&format!("cd {} || exit 126\n", quote(directory)));
    }
    for (name, value) in &program.environment {
        text.push_str(&format!("{name}={}\nexport {name}\n", quote(value)));
    }
    text.push_str("exec $c_leader");
    for argument in &program.argv {
        text.push(' ');
        text.push_str(&quote(argument));
    }
    text.push_str("\n}\n");
    builder.raw(&text);
    let empty = Blob::default();
    let content = program.stdin.as_ref().unwrap_or(&empty);
    let heredoc = Heredoc::new(content, &builder.nonce().frame);
    let command = match heredoc.codec {
        Codec::Empty => String::from("c_no_input"),
        Codec::Text => format!("c_input {}", content.len()),
        Codec::Base64 => String::from("c_input_base64"),
    };
    Input { command, heredoc }
}

/// Why a program cannot be started at all, if so.
pub(crate) fn refused_program(program: &Program) -> Option<String> {
    let Some(name) = program.argv.first() else {
        return Some(String::from("there is no program to run"));
    };
    if name.is_empty() || name.starts_with('-') {
        return Some(format!("`{name}` is not the name of a program"));
    }
    if program.argv.iter().any(|argument| has_nul(argument)) {
        return Some(String::from("an argument cannot hold a NUL byte"));
    }
    for (name, value) in &program.environment {
        let good = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !good {
            return Some(format!(
                "`{name}` is not the name of an environment variable"
            ));
        }
        if has_nul(value) {
            return Some(format!(
                "the environment variable {name} cannot hold a NUL byte"
            ));
        }
    }
    program.directory.as_deref().and_then(super::refused_path)
}
