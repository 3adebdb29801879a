//! What a server makes of a configuration, without starting: it reads it from standard input and stops at the first
//! line that it does not take. The last line is one that no server takes, so none ever starts.

use std::io::Write;
use std::process::{Command, Stdio};

use cachesmith::redis::catalogue::Directive;

use crate::build::Build;
use crate::instance::Instance;
use crate::resp::Reply;

/// A line that is always refused; of another directive than the one that is tried.
fn end(tried: &str) -> (&'static str, &'static str) {
    if tried == "maxmemory-policy" {
        ("appendfsync", "appendfsync no-such-word")
    } else {
        ("maxmemory-policy", "maxmemory-policy no-such-word")
    }
}

/// The line that a server refuses, as it quotes it, and why; nothing where it got to the end.
fn refused_of(build: &Build, text: &str, end: &str) -> Option<(String, String)> {
    let mut process = Command::new(&build.program)
        .arg("-")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    let mut lines = said.lines().skip_while(|line| !line.starts_with(">>> '"));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("{}: {text}\n{said}", build.name()));
    let line = line.trim_start_matches(">>> '").trim_end_matches('\'');
    (line != end).then(|| (line.to_owned(), lines.next().unwrap_or_default().to_owned()))
}

/// Whether a server takes a directive with a value, written as in a file.
pub fn accepts(build: &Build, name: &str, value: &str) -> bool {
    let (_, end) = end(name);
    refused_of(build, &format!("{name} {value}\n{end}\n"), end).is_none()
}

/// Those of several lines that a server refuses, with what it says.
pub fn refused(build: &Build, lines: &[String]) -> Vec<(String, String)> {
    // Words that end a trial stand under two names, so that each can be tried itself.
    let (others, policy): (Vec<&String>, Vec<&String>) = lines
        .iter()
        .partition(|line| !line.starts_with("maxmemory-policy "));
    let mut refused = Vec::new();
    for (mut lines, tried) in [(others, ""), (policy, "maxmemory-policy")] {
        let (_, end) = end(tried);
        while !lines.is_empty() {
            let text: Vec<&str> = lines
                .iter()
                .map(|line| line.as_str())
                .chain([end])
                .collect();
            let Some((wrong, why)) = refused_of(build, &(text.join("\n") + "\n"), end) else {
                break;
            };
            let place = lines
                .iter()
                .position(|line| **line == wrong)
                .unwrap_or_else(|| panic!("{}: {wrong} {why}", build.name()));
            lines.drain(..=place);
            refused.push((wrong, why));
        }
    }
    refused
}

/// Whether values are taken, of a running server where that can be asked at no cost and without effect: one CONFIG SET
/// of a value and of a word that is always refused fails as a whole and names the first of the two that it refuses.
pub struct Asking<'a> {
    build: &'a Build,
    instance: Option<Instance>,
}

impl<'a> Asking<'a> {
    pub fn of(build: &'a Build) -> Self {
        let instance = (!build.is_old()).then(|| Instance::start_open(build));
        Self { build, instance }
    }

    pub fn accepts(&mut self, directive: &Directive, name: &str, value: &str) -> bool {
        let can_be_set = directive.runtime_in.contains(&self.build.server);
        let Some(instance) = self.instance.as_mut().filter(|_| can_be_set) else {
            return accepts(self.build, name, value);
        };
        let (end, _) = end(name);
        let value = value.replace("\"\"", "");
        let answer = instance.ask(&["CONFIG", "SET", name, &value, end, "no-such-word"]);
        assert!(
            matches!(answer, Reply::Error(_)),
            "{name} {value}: {answer:?}"
        );
        answer.text().contains(&format!("'{end}'"))
    }
}
