//! What is wrong (or doubtful), where, and what to do about it.

use super::source::At;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// One message to a person about something that a person wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// One sentence without a full stop, beginning in lower case.
    pub summary: String,
    /// The place that is wrong.
    pub at: Option<At>,
    /// A few words at the place, beside its underline.
    pub label: String,
    /// Other places that matter, each with a few words.
    pub related: Vec<(At, String)>,
    /// What to do about it; each one sentence.
    pub help: Vec<String>,
}

impl Diagnostic {
    pub fn error(summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            at: None,
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    pub fn warning(summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(summary)
        }
    }

    /// Points at the place that is wrong.
    #[must_use]
    pub fn at(mut self, at: &At) -> Self {
        self.at = Some(at.clone());
        self
    }

    /// Says a few words at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn related(mut self, at: &At, label: impl Into<String>) -> Self {
        self.related.push((at.clone(), label.into()));
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Suggests the nearest of the names that would have been accepted, and lists them all where none is near.
    #[must_use]
    pub fn nearest_or_all<'a>(self, given: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match super::nearest::nearest(given, &names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self.help(format!("known here: {}", names.join(", "))),
        }
    }

    /// Suggests the nearest of the names that would have been accepted; lists them all where they are few
    /// and none is near.
    #[must_use]
    pub fn nearest<'a>(self, given: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match super::nearest::nearest(given, &names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None if !names.is_empty() && names.len() <= 16 => {
                self.help(format!("known here: {}", names.join(", ")))
            }
            None => self,
        }
    }
}
