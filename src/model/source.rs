//! Where something was written: a source text and a place in it.

use std::fmt;
use std::sync::Arc;

/// One text that a person wrote: a playbook, an inventory, a template.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The name shown in messages: the path as the user gave it, or a word such as `command line`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Wraps a text that is to be pointed into.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
        })
    }

    /// The line with this number, counted from 1, without its line ending.
    pub fn line(&self, number: usize) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)?)
    }
}

/// A place in a [`Source`]. Lines and columns count from 1; columns count characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct At {
    pub source: Arc<Source>,
    pub line: usize,
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
}

impl At {
    /// A place in a source; zero is read as one, so that a missing position points at the beginning.
    pub fn new(source: &Arc<Source>, line: usize, column: usize, length: usize) -> Self {
        Self {
            source: Arc::clone(source),
            line: line.max(1),
            column: column.max(1),
            length: length.max(1),
        }
    }

    /// The first character of a source.
    pub fn start(source: &Arc<Source>) -> Self {
        Self::new(source, 1, 1, 1)
    }
}

/// `file:line:column`, the form that editors and terminals understand.
impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}:{}",
            self.source.name, self.line, self.column
        )
    }
}

impl fmt::Debug for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "At({self})")
    }
}
