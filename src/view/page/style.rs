//! What a piece of text means, and how that looks. Code writes meaning; only this file knows colours.

use anstyle::{AnsiColor, Effects, Style};

/// What a piece of text means. Nothing is told by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    Plain,
    /// A title, a task's name.
    Heading,
    /// `+`
    Added,
    /// `-`
    Removed,
    /// `~`
    Changed,
    /// `!`
    Ran,
    /// `?`
    Unknown,
    Good,
    Warning,
    Failure,
    /// A way out: help, advice, a command to type.
    Hint,
    /// What may be passed over: names of hosts, places, notes.
    Faint,
}

impl Role {
    /// How it looks on a terminal.
    pub fn style(self) -> Style {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().effects(Effects::BOLD),
            Self::Added | Self::Good => colour(AnsiColor::Green),
            Self::Removed => colour(AnsiColor::Red),
            Self::Changed | Self::Warning => colour(AnsiColor::Yellow),
            Self::Ran => colour(AnsiColor::Magenta),
            Self::Unknown => colour(AnsiColor::Blue),
            Self::Failure => colour(AnsiColor::Red).effects(Effects::BOLD),
            Self::Hint => colour(AnsiColor::Cyan),
            Self::Faint => Style::new().effects(Effects::DIMMED),
        }
    }
}
