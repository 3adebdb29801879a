//! Standard output and standard error.

use std::io::{self, IsTerminal, Write};

use super::settings::ColorChoice;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;

/// Lines wider than this are hard to read, however wide the terminal is.
const WIDEST: usize = 200;

/// One of the two streams.
pub struct Output {
    stream: Box<dyn Write>,
    pub is_terminal: bool,
    pub colours: bool,
    pub width: usize,
    /// Whoever read it has gone; the work goes on without them.
    closed: bool,
}

impl Output {
    pub fn stdout(color: ColorChoice) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let width = console::Term::stdout().size_checked();
        Self::new(Box::new(io::stdout()), is_terminal, color, width)
    }

    pub fn stderr(color: ColorChoice) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let width = console::Term::stderr().size_checked();
        Self::new(Box::new(io::stderr()), is_terminal, color, width)
    }

    fn new(
        stream: Box<dyn Write>,
        is_terminal: bool,
        color: ColorChoice,
        size: Option<(u16, u16)>,
    ) -> Self {
        let colours = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !is_plain_wanted(),
        };
        // Without a terminal, `COLUMNS` may say how wide the page is.
        let wished = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        let width = size
            .filter(|_| is_terminal)
            .map(|(_, columns)| usize::from(columns))
            .or(wished)
            .map_or(WIDTH, |columns: usize| columns.clamp(40, WIDEST));
        Self {
            stream,
            is_terminal,
            colours,
            width,
            closed: false,
        }
    }

    /// Writes a text, all of it at once.
    pub fn write(&mut self, text: &str) {
        if self.closed || text.is_empty() {
            return;
        }
        let written = self
            .stream
            .write_all(text.as_bytes())
            .and_then(|()| self.stream.flush());
        self.closed = written.is_err();
    }
}

/// The user's environment asks for no colours (<https://no-color.org>), or the terminal has none.
fn is_plain_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}
