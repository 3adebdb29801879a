//! Errors: their kind decides the exit code, their diagnostics say where and what to do.

use crate::model::diagnostic::Diagnostic;

/// Why a command could not do its work. The exit codes are documented in `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file that a person wrote is wrong: inventory, playbook, template, variables.
    Input,
    /// This machine refuses: a file cannot be read or written, a program is missing.
    Local,
    /// Somebody else works on the same hosts.
    Refused,
    /// A fault of Cachesmith itself.
    Internal,
}

/// One or more things that are wrong, all of them known before the first connection.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.summary())]
pub struct Error {
    pub kind: ErrorKind,
    pub diagnostics: Vec<Diagnostic>,
}

impl Error {
    /// An error in what a person wrote.
    pub fn input(diagnostic: Diagnostic) -> Self {
        Self::new(ErrorKind::Input, vec![diagnostic])
    }

    pub fn new(kind: ErrorKind, diagnostics: Vec<Diagnostic>) -> Self {
        Self { kind, diagnostics }
    }

    /// All summaries in one line.
    pub fn summary(&self) -> String {
        self.diagnostics
            .iter()
            .map(|diagnostic| match &diagnostic.at {
                Some(at) => format!("{at}: {}", diagnostic.summary),
                None => diagnostic.summary.clone(),
            })
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::input(diagnostic)
    }
}

/// The result of everything that reads what a person wrote.
pub type Result<T, E = Error> = std::result::Result<T, E>;
