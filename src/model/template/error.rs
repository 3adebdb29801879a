//! What is wrong with a template, and where.

use std::sync::Arc;

use super::filters;
use super::prepared::Prepared;
use super::scalar;
use super::scan;
use super::wording;
use crate::model::diagnostic::Diagnostic;
use crate::model::source::{At, Source};

/// The name under which Tera knows the text itself.
pub(super) const SELF: &str = "(template)";

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateError {
    /// One sentence without a full stop, beginning in lower case.
    pub message: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// Characters that are meant.
    pub length: usize,
    /// The included template it is in, if it is not in the text itself.
    pub included: Option<Arc<Source>>,
    pub help: Vec<String>,
    /// What is not there, if that is the reason: `redis.maxmemroy`.
    pub undefined: Option<String>,
    /// What is wrong elsewhere in the same text.
    pub further: Vec<TemplateError>,
}

/// A template's text with all that it includes.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) main: Prepared,
    pub(super) included: Vec<(String, Arc<Source>, Prepared)>,
}

impl TemplateError {
    /// An error of a whole text.
    pub(super) fn of_all(message: impl Into<String>, text: &str) -> Self {
        Self {
            message: message.into(),
            line: 1,
            column: 1,
            length: text
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                .max(1),
            ..Self::default()
        }
    }

    /// An error at a byte range of a text as people wrote it.
    pub(super) fn at(
        message: String,
        help: Vec<String>,
        text: &Prepared,
        start: usize,
        end: usize,
    ) -> Self {
        let (line, column) = text.place(start);
        Self {
            message,
            line,
            column,
            length: text.length(start, end),
            help,
            ..Self::default()
        }
    }

    /// What Tera says, at the place where people wrote it.
    pub(super) fn of_tera(error: &tera::Error, parts: &Parts) -> Self {
        let (tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report)) =
            error.kind()
        else {
            return Self::without_place(error, parts);
        };
        let included = parts
            .included
            .iter()
            .find(|(name, ..)| name == report.filename());
        let prepared = included.map_or(&parts.main, |(_, _, prepared)| prepared);
        let range = &report.span().range;
        let (start, is_copy) = prepared.offset(range.start);
        let end = prepared.offset(range.end).0.max(start);
        let undefined = report
            .message()
            .strip_prefix(filters::UNDEFINED)
            .map(str::to_owned);
        let (message, help) = match &undefined {
            Some(path) => (format!("`{path}` is not defined"), Vec::new()),
            None => wording::reword(report.message(), prepared.original(), start, is_copy),
        };
        // The demand follows the path that it is about.
        let (start, end) = match &undefined {
            Some(path) => (start.saturating_sub(path.len()), start),
            None => (start, end),
        };
        Self {
            included: included.map(|(_, source, _)| Arc::clone(source)),
            undefined,
            ..Self::at(message, help, prepared, start, end)
        }
    }

    fn without_place(error: &tera::Error, parts: &Parts) -> Self {
        let text = parts.main.original();
        match error.kind() {
            tera::ErrorKind::CircularInclude { include_chain, .. }
            | tera::ErrorKind::CircularExtend {
                inheritance_chain: include_chain,
                ..
            } => {
                let names: Vec<&str> = include_chain
                    .iter()
                    .map(String::as_str)
                    .filter(|name| *name != SELF)
                    .collect();
                let message = format!(
                    "templates include each other in a circle: {}",
                    names.join(" -> ")
                );
                let found = scan::scan_template(text).includes;
                let range = found
                    .iter()
                    .find(|included| names.first().is_some_and(|name| *name == included.name))
                    .map_or(0..text.len(), |found| {
                        found.offset..found.offset + found.name.len() + 2
                    });
                let help = vec!["take one of the `include` tags out".to_owned()];
                Self::at(message, help, &parts.main, range.start, range.end)
            }
            other => {
                let message = other.to_string();
                Self::of_all(wording::first_sentence(&message), text)
            }
        }
    }

    /// The same error, of a text of which this one was a part from a byte offset on.
    #[must_use]
    pub(super) fn moved(mut self, whole: &str, offset: usize) -> Self {
        let before = whole.get(..offset).unwrap_or_default();
        let last = before.rsplit('\n').next().unwrap_or_default();
        if self.line == 1 {
            self.column += last.chars().count();
        }
        self.line += before.matches('\n').count();
        self
    }

    /// Whether this error is about something that is not defined.
    pub fn is_undefined(&self) -> bool {
        self.undefined.is_some()
    }

    /// Points at the place in a template file.
    pub fn in_file(&self, source: &Arc<Source>) -> Diagnostic {
        let source = self.included.as_ref().unwrap_or(source);
        self.diagnostic(&At::new(source, self.line, self.column, self.length))
    }

    /// Points at the place within a scalar of a YAML file.
    pub fn in_scalar(&self, scalar: &At) -> Diagnostic {
        self.diagnostic(&scalar::place(scalar, self.line, self.column, self.length))
    }

    /// The same with what is wrong elsewhere in the text.
    pub fn all_in_file(&self, source: &Arc<Source>) -> Vec<Diagnostic> {
        let all = std::iter::once(self).chain(&self.further);
        all.map(|error| error.in_file(source)).collect()
    }

    /// The same with what is wrong elsewhere in the text.
    pub fn all_in_scalar(&self, scalar: &At) -> Vec<Diagnostic> {
        let all = std::iter::once(self).chain(&self.further);
        all.map(|error| error.in_scalar(scalar)).collect()
    }

    /// Several errors as one: the first, with the others behind it.
    pub(super) fn together(errors: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        let mut errors = errors.into_iter();
        match errors.next() {
            None => Ok(()),
            Some(first) => Err(Self {
                further: errors.collect(),
                ..first
            }),
        }
    }

    fn diagnostic(&self, at: &At) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.message.clone()).at(at);
        diagnostic.help.clone_from(&self.help);
        diagnostic
    }
}
