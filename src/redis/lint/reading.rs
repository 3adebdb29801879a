//! A configuration as a server reads it: the lines of a file, and those of the files that it includes in their place.

use std::sync::Arc;

use super::{Places, Source};
use crate::model::diagnostic::Severity;
use crate::redis::catalogue::{Finding, Reason};
use crate::redis::conf::{Document, redacted};
use crate::redis::version::Server;

/// How deep files may include one another; deeper is taken for a mistake.
const DEEPEST: usize = 16;

/// What an `include` line leads to.
#[derive(Debug)]
pub enum Included {
    /// Names and contents. Of a pattern in the order of their names; perhaps none.
    Files(Vec<(String, Vec<u8>)>),
    /// Why there is nothing to read: `there is no such file`.
    Unreadable(String),
}

/// All lines, and what is wrong with how they come together.
#[derive(Debug, Default)]
pub struct Reading {
    pub document: Document,
    pub(super) places: Places,
    pub(super) troubles: Vec<Trouble>,
}

/// Something wrong with an `include`.
#[derive(Debug)]
pub(super) struct Trouble {
    severity: Severity,
    line: usize,
    message: String,
    advice: String,
    /// What it is wrong for.
    concerns: Concerns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    All,
    /// Servers that read patterns: Redis from 7.0 on, and Valkey.
    WithPatterns,
    WithoutPatterns,
}

impl Concerns {
    fn include(self, server: Option<&Server>) -> bool {
        let reads_patterns = server.map(Server::sets_many_at_once);
        match self {
            Self::All => true,
            Self::WithPatterns => reads_patterns != Some(false),
            Self::WithoutPatterns => reads_patterns == Some(false),
        }
    }
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

impl Reading {
    /// Reads a file; `look` answers what an `include` line leads to.
    pub fn of(name: &str, content: &[u8], look: &mut impl FnMut(&str) -> Included) -> Self {
        let mut reading = Self::default();
        reading.add(name, content, look, &mut Vec::new());
        reading
    }

    fn add(
        &mut self,
        name: &str,
        content: &[u8],
        look: &mut impl FnMut(&str) -> Included,
        above: &mut Vec<String>,
    ) {
        let document = Document::parse(content);
        // Excerpts are shown: no secret may be in them.
        let source = Source::new(name, redacted(&document));
        above.push(name.to_owned());
        for (index, line) in document.lines.into_iter().enumerate() {
            let included = line
                .directive()
                .filter(|directive| directive.name == "include")
                .and_then(|directive| directive.arguments.first())
                .and_then(|path| path.as_text().map(str::to_owned));
            self.document.lines.push(line);
            self.places.push((Arc::clone(&source), index + 1));
            if let Some(path) = included {
                self.include(&path, look, above);
            }
        }
        above.pop();
    }

    fn include(
        &mut self,
        path: &str,
        look: &mut impl FnMut(&str) -> Included,
        above: &mut Vec<String>,
    ) {
        let line = self.document.lines.len();
        let mut trouble = |severity, message: String, advice: &str, concerns, line| {
            self.troubles.push(Trouble {
                severity,
                line,
                message,
                advice: advice.to_owned(),
                concerns,
            });
        };
        if is_pattern(path) {
            trouble(
                Severity::Error,
                format!(
                    "this server takes `{path}` for the name of one file: patterns are read from Redis 7.0 on"
                ),
                "write an `include` line for each file",
                Concerns::WithoutPatterns,
                line,
            );
        }
        let files = match look(path) {
            Included::Files(files) => files,
            Included::Unreadable(why) => {
                trouble(
                    Severity::Warning,
                    format!(
                        "`{path}` was not looked at: {why}; a server does not start without it"
                    ),
                    "give a file with all that it includes beside it, or remove the line",
                    Concerns::All,
                    line,
                );
                return;
            }
        };
        let last = files.len().saturating_sub(1);
        for (index, (name, content)) in files.into_iter().enumerate() {
            if above.contains(&name) || above.len() > DEEPEST {
                self.troubles.push(Trouble {
                    severity: Severity::Error,
                    line,
                    message: format!(
                        "`{name}` is included by itself: the server reads it without end"
                    ),
                    advice: "remove the line".to_owned(),
                    concerns: Concerns::All,
                });
                continue;
            }
            self.add(&name, &content, look, above);
            if is_pattern(path) && index < last && !content.is_empty() && !content.ends_with(b"\n")
            {
                self.troubles.push(Trouble {
                    severity: Severity::Error,
                    line: self.document.lines.len(),
                    message: format!("`{name}` does not end with a newline: with `include {path}` its last line and the first of the next file are read as one"),
                    advice: "end the file with a newline".to_owned(),
                    concerns: Concerns::WithPatterns,
                });
            }
        }
    }

    /// What is wrong with includes on a server.
    pub(super) fn troubles(&self, server: Option<&Server>) -> impl Iterator<Item = Finding> {
        self.troubles
            .iter()
            .filter(move |trouble| trouble.concerns.include(server))
            .map(|trouble| Finding {
                severity: trouble.severity,
                reason: Reason::Include,
                line: trouble.line,
                beside: None,
                directive: "include".to_owned(),
                message: trouble.message.clone(),
                advice: trouble.advice.clone(),
            })
    }
}
