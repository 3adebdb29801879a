//! What is to be printed: lines of text with meaning, broken to the width of the page.

mod clean;
mod line;
mod style;
mod table;
mod wrap;

pub use clean::clean;
pub use line::Line;
pub use style::Role;
pub use table::Table;

/// Lines for a place of a certain width.
#[derive(Debug)]
pub struct Page {
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    pub fn new(width: usize) -> Self {
        Self {
            width: width.max(40),
            lines: Vec::new(),
        }
    }

    /// Columns that a line may take.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line as it is, however long.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds a line `indent` columns from the left; where it is too long, it goes on `hang` columns further in.
    pub fn wrapped(&mut self, indent: usize, hang: usize, line: &Line) {
        let first = self.width.saturating_sub(indent);
        for (number, part) in wrap::wrap(line, first, first.saturating_sub(hang))
            .into_iter()
            .enumerate()
        {
            let spaces = if number == 0 { indent } else { indent + hang };
            let mut line = Line::plain(&" ".repeat(spaces));
            line.extend(part);
            self.lines.push(line);
        }
    }

    /// An empty line, unless there is one already or nothing is above.
    pub fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Line::new());
        }
    }

    /// Adds another page's lines.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// The whole text, with a newline after each line.
    pub fn render(&self, colours: bool) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(&line.render(colours));
            text.push('\n');
        }
        text
    }
}
