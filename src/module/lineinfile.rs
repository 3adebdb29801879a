//! `lineinfile`: one line of a file.

use super::shared::attributes::{GROUP, MODE, OWNER};
use super::shared::edit::{Edit, end_last, lines};
use super::shared::options::{BACKUP, VALIDATE};
use super::shared::pattern::{Pattern, expand};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};

/// See the [module](self).
#[derive(Debug)]
pub struct Lineinfile;

static SPEC: Spec = Spec {
    name: "lineinfile",
    aliases: &[],
    summary: "Sees to it that a line is in a file, or is not.",
    parameters: &[
        Parameter::new("path", Kind::Path, "The file; links are followed.")
            .required()
            .aliases(&["dest", "destfile", "name"]),
        Parameter::new(
            "state",
            Kind::String,
            "Whether the line is there or not.",
        )
        .choices(&["absent", "present"])
        .default("present"),
        Parameter::new(
            "line",
            Kind::String,
            "The line. With `backrefs` it may hold `\\1` and `\\g<name>` for what groups of `regexp` matched.",
        )
        .aliases(&["value"]),
        Parameter::new(
            "regexp",
            Kind::String,
            "The pattern of the line that is replaced: the last that matches. With `absent` all that match are removed.",
        )
        .aliases(&["regex"]),
        Parameter::new(
            "search_string",
            Kind::String,
            "Like `regexp`, but a text that is looked for as it is.",
        ),
        Parameter::new(
            "insertafter",
            Kind::String,
            "Where a new line goes: after the last line that matches this pattern, `EOF`, or `BOF`.",
        )
        .default("EOF"),
        Parameter::new(
            "insertbefore",
            Kind::String,
            "Where a new line goes: before the last line that matches this pattern, or `BOF`.",
        ),
        Parameter::new(
            "backrefs",
            Kind::Boolean,
            "Replace a line that matches with what the groups give, and add none where none matches.",
        )
        .default("no"),
        Parameter::new(
            "firstmatch",
            Kind::Boolean,
            "The first line that matches is meant, not the last.",
        )
        .default("no"),
        Parameter::new(
            "create",
            Kind::Boolean,
            "Make the file, and directories above it, where it is not there.",
        )
        .default("no"),
        BACKUP,
        VALIDATE,
        MODE,
        OWNER,
        GROUP,
    ],
    free_form: None,
    one_of: &[],
};

/// How the line to replace or remove is recognized.
enum Search {
    Pattern(Pattern),
    Text(Vec<u8>),
    /// By being the line itself.
    Line,
}

/// Where a new line goes.
enum Place {
    Beginning,
    End,
    After(Pattern),
    Before(Pattern),
}

struct Task {
    line: String,
    search: Search,
    place: Place,
    backrefs: bool,
    first: bool,
}

impl Module for Lineinfile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let present = parameters.string("state")?.as_deref() != Some("absent");
        let task = Task::of(parameters, present)?;
        let Some(edit) = Edit::open(parameters, look, present)? else {
            return Ok(Decision::unchanged()
                .with("found", 0)
                .with("msg", "file not present"));
        };
        let mut lines = lines(edit.content.as_ref());
        if present {
            let message = task.add(&mut lines)?;
            let content = message.map(|_| lines.concat());
            edit.close(content, message.unwrap_or_default())
        } else {
            let before = lines.len();
            lines.retain(|line| !task.is(line));
            let removed = before - lines.len();
            let message = match removed {
                0 => String::new(),
                count => format!("{count} line(s) removed"),
            };
            let content = (removed > 0).then(|| lines.concat());
            Ok(edit.close(content, &message)?.with("found", removed as u64))
        }
    }
}

impl Task {
    fn of(parameters: &Parameters, present: bool) -> Result<Self, Stop> {
        let given = |name: &str| parameters.string(name);
        for (one, other) in [
            ("insertbefore", "insertafter"),
            ("regexp", "search_string"),
            ("backrefs", "search_string"),
        ] {
            if parameters.has(one) && parameters.has(other) {
                return Err(Stop::failed(format!(
                    "`lineinfile` takes `{one}` or `{other}`, not both"
                )));
            }
        }
        let backrefs = parameters.boolean("backrefs", false)?;
        if backrefs && present && !parameters.has("regexp") {
            return Err(Failure::new("`backrefs` needs `regexp`, whose groups it uses").into());
        }
        let line = given("line")?;
        let search = match (given("regexp")?, given("search_string")?) {
            (Some(pattern), _) => Search::Pattern(Pattern::new("regexp", &pattern)?),
            (None, Some(text)) => Search::Text(text.into_bytes()),
            (None, None) => Search::Line,
        };
        if line.is_none() && present {
            return Err(Stop::failed("`state: present` needs `line`"));
        }
        if line.is_none() && matches!(search, Search::Line) {
            return Err(
                Failure::new("`state: absent` needs `line`, `regexp` or `search_string`").into(),
            );
        }
        let place = match (given("insertafter")?, given("insertbefore")?) {
            (None, None) => Place::End,
            (Some(word), _) if word == "EOF" => Place::End,
            (Some(word), _) | (_, Some(word)) if word == "BOF" => Place::Beginning,
            (Some(pattern), _) => Place::After(Pattern::new("insertafter", &pattern)?),
            (None, Some(pattern)) => Place::Before(Pattern::new("insertbefore", &pattern)?),
        };
        Ok(Self {
            line: line.unwrap_or_default(),
            search,
            place,
            backrefs,
            first: parameters.boolean("firstmatch", false)?,
        })
    }

    /// Whether a line is the one that is meant.
    fn is(&self, line: &[u8]) -> bool {
        match &self.search {
            Search::Pattern(pattern) => pattern.is_in(line),
            Search::Text(text) => contains(line, text),
            Search::Line => self.is_line(line),
        }
    }

    /// Whether a line is the wanted one already, whatever ends it.
    fn is_line(&self, line: &[u8]) -> bool {
        let end = line
            .iter()
            .rposition(|byte| !matches!(byte, b'\r' | b'\n'))
            .map_or(0, |last| last + 1);
        &line[..end] == self.line.as_bytes()
    }

    /// Puts the line in; `None`: it is there.
    fn add(&self, lines: &mut Vec<Vec<u8>>) -> Result<Option<&'static str>, Stop> {
        let searched = match self.search {
            Search::Line => None,
            _ => self.position(lines, |line| self.is(line)),
        };
        let exact = || lines.iter().rposition(|line| self.is_line(line));
        if let Some(place) = searched.or_else(exact) {
            let new = self.replacement(&lines[place], searched.is_some())?;
            if lines[place] == new {
                return Ok(None);
            }
            lines[place] = new;
            return Ok(Some("line replaced"));
        }
        if self.backrefs {
            return Ok(None);
        }
        let end = lines.len();
        let place = match &self.place {
            Place::Beginning => 0,
            Place::End => end,
            Place::After(pattern) => self
                .position(lines, |line| pattern.is_in(line))
                .map_or(end, |place| place + 1),
            Place::Before(pattern) => self
                .position(lines, |line| pattern.is_in(line))
                .unwrap_or(end),
        };
        if place == end {
            end_last(lines);
        }
        lines.insert(place, self.with_newline(self.line.clone().into_bytes()));
        Ok(Some("line added"))
    }

    fn replacement(&self, old: &[u8], searched: bool) -> Result<Vec<u8>, Stop> {
        let new = match &self.search {
            Search::Pattern(pattern) if self.backrefs && searched => match pattern.find(old) {
                Some(captures) => expand(&self.line, &captures)?,
                None => self.line.clone().into_bytes(),
            },
            _ => self.line.clone().into_bytes(),
        };
        Ok(self.with_newline(new))
    }

    fn with_newline(&self, mut line: Vec<u8>) -> Vec<u8> {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        line
    }

    /// The last line that matches, or the first where that is asked for.
    fn position(&self, lines: &[Vec<u8>], matches: impl Fn(&[u8]) -> bool) -> Option<usize> {
        if self.first {
            lines.iter().position(|line| matches(line))
        } else {
            lines.iter().rposition(|line| matches(line))
        }
    }
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|window| window == text)
}
