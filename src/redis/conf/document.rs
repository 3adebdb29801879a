//! A configuration file taken apart into lines, and put together again byte for byte.

use super::argument::{Argument, SplitError, split};

/// What a line is to Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Comment,
    Directive(Directive),
    /// A line that stops the server from starting.
    Broken(SplitError),
}

/// A name and its arguments, as Redis reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// In lower case; Redis does not care about case here.
    pub name: String,
    pub arguments: Vec<Argument>,
}

impl Directive {
    #[must_use]
    pub fn new(name: &str, arguments: impl IntoIterator<Item = Argument>) -> Self {
        Self {
            name: name.to_ascii_lowercase(),
            arguments: arguments.into_iter().collect(),
        }
    }

    /// The line that says this, without an ending.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = self.name.clone();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(&argument.to_string());
        }
        line
    }

    /// The arguments as one text, each written as it would be in a file.
    #[must_use]
    pub fn arguments_text(&self) -> String {
        self.arguments
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// One line with everything that was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As in the file, without its ending.
    raw: Vec<u8>,
    ending: &'static str,
    pub kind: Kind,
}

impl Line {
    /// A line as it stands in a file, without its ending.
    #[must_use]
    pub fn new(raw: impl Into<Vec<u8>>, ending: &'static str) -> Self {
        let raw = raw.into();
        let kind = classify(&raw);
        Self { raw, ending, kind }
    }

    /// As in the file, without its ending.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    #[must_use]
    pub fn directive(&self) -> Option<&Directive> {
        match &self.kind {
            Kind::Directive(directive) => Some(directive),
            _ => None,
        }
    }

    /// Whether the line is a comment that says `text` (the `#` and spaces aside).
    #[must_use]
    pub fn is_comment(&self, text: &str) -> bool {
        let said = trim(&self.raw).strip_prefix(b"#").map(<[u8]>::trim_ascii);
        said == Some(text.as_bytes())
    }

    /// Gives the line an ending if it has none, so that another may follow.
    pub(super) fn close(&mut self, ending: &'static str) {
        match self.ending {
            "" => self.ending = ending,
            "\r" => self.ending = "\r\n",
            _ => {}
        }
    }
}

/// What Redis trims from both ends of a line before it looks at it.
fn trim(line: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &line[start..end]
}

fn classify(raw: &[u8]) -> Kind {
    let trimmed = trim(raw);
    if trimmed.is_empty() {
        return Kind::Blank;
    }
    if trimmed[0] == b'#' {
        return Kind::Comment;
    }
    match split(raw) {
        Err(error) => Kind::Broken(error),
        Ok(words) => {
            let mut words = words.into_iter();
            match words.next() {
                None => Kind::Blank,
                Some(name) => Kind::Directive(Directive {
                    name: name.lower(),
                    arguments: words.collect(),
                }),
            }
        }
    }
}

/// A whole file. Line numbers count from 1 and are positions in [`Document::lines`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub lines: Vec<Line>,
}

impl Document {
    /// Takes a file apart. Nothing is refused: a line that Redis would not accept is kept as [`Kind::Broken`].
    #[must_use]
    pub fn parse(text: impl AsRef<[u8]>) -> Self {
        let mut lines = Vec::new();
        for piece in text.as_ref().split_inclusive(|byte| *byte == b'\n') {
            let (raw, ending) = if let Some(raw) = piece.strip_suffix(b"\r\n") {
                (raw, "\r\n")
            } else if let Some(raw) = piece.strip_suffix(b"\n") {
                (raw, "\n")
            } else if let Some(raw) = piece.strip_suffix(b"\r") {
                // Only the last line can end so; once another follows, it is one of Windows' line ends.
                (raw, "\r")
            } else {
                (piece, "")
            };
            lines.push(Line::new(raw, ending));
        }
        Self { lines }
    }

    /// The file again, byte for byte.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.lines {
            bytes.extend_from_slice(&line.raw);
            bytes.extend_from_slice(line.ending.as_bytes());
        }
        bytes
    }

    /// The directives with the numbers of their lines, in the order of the file.
    pub fn directives(&self) -> impl DoubleEndedIterator<Item = (usize, &Directive)> {
        self.lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| Some((index + 1, line.directive()?)))
    }

    /// The lines that Redis cannot take apart, with their numbers.
    pub fn broken(&self) -> impl Iterator<Item = (usize, &SplitError)> {
        self.lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| match &line.kind {
                Kind::Broken(error) => Some((index + 1, error)),
                _ => None,
            })
    }

    /// How this file ends its lines: as the first line does, with a line feed where there is none.
    #[must_use]
    pub fn ending(&self) -> &'static str {
        self.lines.first().map_or(
            "\n",
            |line| if line.ending == "\r\n" { "\r\n" } else { "\n" },
        )
    }

    /// Puts other words into the line at `index` (from 0); its indentation and ending stay.
    pub(super) fn rewrite(&mut self, index: usize, directive: &Directive) {
        let line = &mut self.lines[index];
        let indentation = line
            .raw
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let mut raw = line.raw[..indentation].to_vec();
        raw.extend_from_slice(directive.to_line().as_bytes());
        *line = Line::new(raw, line.ending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_what_redis_takes_them_for() {
        let document = Document::parse("# c\r\n\n  MaxMemory  1gb\r\nsave \"\"\nx \"y\n\u{b}\n#");
        assert_eq!(
            document
                .directives()
                .map(|(number, directive)| (number, directive.to_line()))
                .collect::<Vec<_>>(),
            [(3, "maxmemory 1gb".to_owned()), (4, "save \"\"".to_owned())]
        );
        assert_eq!(
            document
                .broken()
                .map(|(number, _)| number)
                .collect::<Vec<_>>(),
            [5]
        );
        assert_eq!(document.lines[5].kind, Kind::Blank);
        assert_eq!(document.lines[6].kind, Kind::Comment);
        assert_eq!(document.ending(), "\r\n");
    }

    #[test]
    fn a_rewritten_line_keeps_its_indentation_and_ending() {
        let mut document = Document::parse("\t maxmemory   1gb \r\nport 1");
        document.rewrite(0, &Directive::new("maxmemory", [Argument::from("2")]));
        assert_eq!(document.to_bytes(), b"\t maxmemory 2\r\nport 1");
    }

    proptest! {
        #[test]
        fn printing_gives_back_every_byte(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Document::parse(&bytes).to_bytes(), bytes);
        }

        #[test]
        fn text_that_looks_like_a_configuration_too(text in "([ \t]{0,2}[a-z#\"' ]{0,12}(\r?\n)?){0,12}") {
            prop_assert_eq!(Document::parse(&text).to_bytes(), text.into_bytes());
        }
    }
}
