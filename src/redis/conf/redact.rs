//! A configuration that may be shown: every line as it is, except for secrets.

use super::document::{Directive, Document, Kind, Line};
use super::identity::Identity;
use crate::redis::catalogue;

/// What stands where a secret stood.
const HIDDEN: &str = "(secret)";

/// The text of a document with its secrets hidden, for a person. A secret that was commented out is hidden too, and
/// so is a broken line that begins with the name of a secret. Bytes that are not UTF-8 are replaced.
#[must_use]
pub fn redacted(document: &Document) -> String {
    let mut text = String::new();
    for line in &document.lines {
        text.push_str(&redacted_line(line));
        text.push('\n');
    }
    text
}

fn redacted_line(line: &Line) -> String {
    let raw = String::from_utf8_lossy(line.raw());
    let hidden = match &line.kind {
        Kind::Blank => None,
        Kind::Directive(directive) => hidden_directive(directive, &raw),
        Kind::Comment => hidden_text(&raw, |name| catalogue::lookup(name).is_some()),
        Kind::Broken(_) => hidden_text(&raw, |_| true),
    };
    hidden.unwrap_or_else(|| raw.into_owned())
}

fn hidden_directive(directive: &Directive, raw: &str) -> Option<String> {
    if directive.arguments.is_empty() && catalogue::lookup(&directive.name).is_none() {
        // A missing space or quote may have drawn the secret into the name.
        return catalogue::is_secret(&directive.name).then(|| HIDDEN.to_owned());
    }
    let worth = directive
        .arguments
        .iter()
        .any(|argument| !argument.is_empty());
    (worth && Identity::of(directive).is_secret()).then(|| keep_words(raw, kept(raw)))
}

/// Hides what follows the name of a secret in a line that is no directive, if the name is `believed` to be one.
fn hidden_text(raw: &str, believed: impl Fn(&str) -> bool) -> Option<String> {
    let inner = raw.trim_start_matches(['#', ' ', '\t']);
    let name = inner.split_ascii_whitespace().next()?.to_ascii_lowercase();
    let document = Document::parse(inner);
    let secret = match document.directives().next() {
        Some((_, directive)) => {
            !directive.arguments.is_empty() && Identity::of(directive).is_secret()
        }
        None => Identity {
            name: name.clone(),
            part: None,
        }
        .is_secret(),
    };
    let start = raw.len() - inner.len();
    (secret && believed(&name))
        .then(|| format!("{}{}", &raw[..start], keep_words(inner, kept(inner))))
}

/// How many words of a secret line say what it is about.
fn kept(line: &str) -> usize {
    let mut words = line.split_ascii_whitespace().map(str::to_ascii_lowercase);
    match (words.next().as_deref(), words.next().as_deref()) {
        (Some("sentinel"), Some("sentinel-pass" | "sentinel-user")) => 2,
        (Some("sentinel"), _) => 3,
        (Some("user" | "rename-command"), _) => 2,
        _ => 1,
    }
}

/// The first words of a line, and that something is hidden behind them.
fn keep_words(line: &str, count: usize) -> String {
    let indentation: String = line.chars().take_while(char::is_ascii_whitespace).collect();
    let words: Vec<&str> = line.split_ascii_whitespace().take(count).collect();
    format!("{indentation}{} {HIDDEN}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let text = "port 1\nrequirepass hunter2\n  masterauth \"hunter2 x\"\n# requirepass hunter2\nuser a on >hunter2 ~*\n\
                    sentinel auth-pass m hunter2\nsentinel monitor m 10.0.0.1 1 2\nrequirepass \"hunter2\nrename-command CONFIG hunter2\n\
                    tls-key-file-pass hunter2\nrequirepass \"\"\n# a comment\nmod.password hunter2\n\
                    sentinel sentinel-pass hunter2\nrequirepass\"hunter2\"\n# passwords matter\n";
        let shown = redacted(&Document::parse(text));
        assert!(!shown.contains("hunter2"), "{shown}");
        for line in [
            "port 1",
            "requirepass (secret)",
            "  masterauth (secret)",
            "# requirepass (secret)",
            "user a (secret)",
            "sentinel auth-pass m (secret)",
            "sentinel monitor m 10.0.0.1 1 2",
            "rename-command CONFIG (secret)",
            "requirepass \"\"",
            "# a comment",
            "sentinel sentinel-pass (secret)",
            "# passwords matter",
        ] {
            assert!(
                shown.lines().any(|shown| shown == line),
                "{line} in\n{shown}"
            );
        }
        assert_eq!(shown.lines().count(), text.lines().count());
    }
}
