//! `blockinfile`: some lines of a file, between two lines that mark them.

use super::shared::attributes::{GROUP, MODE, OWNER};
use super::shared::edit::{Edit, end_last, lines};
use super::shared::options::{BACKUP, VALIDATE};
use super::shared::pattern::Pattern;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;

/// See the [module](self).
#[derive(Debug)]
pub struct Blockinfile;

static SPEC: Spec = Spec {
    name: "blockinfile",
    aliases: &[],
    summary: "Sees to it that some lines are in a file, between two lines that mark them, or are not.",
    parameters: &[
        Parameter::new("path", Kind::Path, "The file; links are followed.")
            .required()
            .aliases(&["dest", "destfile", "name"]),
        Parameter::new("state", Kind::String, "Whether the block is there or not.")
            .choices(&["absent", "present"])
            .default("present"),
        Parameter::new(
            "block",
            Kind::String,
            "The lines between the marks. Where it is empty the block is removed.",
        )
        .aliases(&["content"])
        .default(""),
        Parameter::new(
            "marker",
            Kind::String,
            "The lines that mark the block; `{mark}` stands for `marker_begin` and `marker_end`. Without it the block is \
             not found again.",
        )
        .default("# {mark} ANSIBLE MANAGED BLOCK"),
        Parameter::new(
            "marker_begin",
            Kind::String,
            "What stands for `{mark}` in the first mark.",
        )
        .default("BEGIN"),
        Parameter::new(
            "marker_end",
            Kind::String,
            "What stands for `{mark}` in the last mark.",
        )
        .default("END"),
        Parameter::new(
            "insertafter",
            Kind::String,
            "Where a new block goes: after the last line that matches this pattern, or `EOF`.",
        )
        .default("EOF"),
        Parameter::new(
            "insertbefore",
            Kind::String,
            "Where a new block goes: before the last line that matches this pattern, or `BOF`.",
        ),
        Parameter::new(
            "append_newline",
            Kind::Boolean,
            "An empty line follows the block, where something follows it.",
        )
        .default("no"),
        Parameter::new(
            "prepend_newline",
            Kind::Boolean,
            "An empty line stands before the block, where something stands before it.",
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

/// Where a new block goes.
enum Place {
    Beginning,
    End,
    After(Pattern),
    Before(Pattern),
}

impl Module for Blockinfile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let present = parameters.string("state")?.as_deref() != Some("absent");
        let place = place(parameters)?;
        let [begin, end] = marks(parameters)?;
        let block = block(parameters, present, &begin, &end)?;
        let Some(edit) = Edit::open(parameters, look, present)? else {
            return Ok(Decision::unchanged().with("msg", "file not present"));
        };
        let mut lines = lines(edit.content.as_ref());
        let start = match take_out(&mut lines, &begin, &end) {
            Some(start) => start,
            None => position(&lines, &place),
        };
        if start > 0 {
            end_last(&mut lines[..start]);
        }
        put_in(parameters, present, &mut lines, start, &block)?;
        let content = lines.concat();
        let old = edit.content.as_ref().map(Blob::as_bytes);
        let message = match old {
            Some(old) if old == content => return edit.close(None, ""),
            None => "File created",
            Some(_) if block.is_empty() => "Block removed",
            Some(_) => "Block inserted",
        };
        edit.close(Some(content), message)
    }
}

fn place(parameters: &Parameters) -> Result<Place, Stop> {
    Ok(
        match (
            parameters.string("insertafter")?,
            parameters.string("insertbefore")?,
        ) {
            (Some(_), Some(_)) => {
                return Err(Stop::failed(
                    "`blockinfile` takes `insertafter` or `insertbefore`, not both",
                ));
            }
            (None, None) => Place::End,
            (Some(word), None) if word == "EOF" => Place::End,
            (None, Some(word)) if word == "BOF" => Place::Beginning,
            (Some(pattern), None) => Place::After(Pattern::new("insertafter", &pattern)?),
            (None, Some(pattern)) => Place::Before(Pattern::new("insertbefore", &pattern)?),
        },
    )
}

/// The two lines that mark the block, each with its newline.
fn marks(parameters: &Parameters) -> Result<[Vec<u8>; 2], Stop> {
    let text = |name: &str, default: &str| -> Result<String, Stop> {
        Ok(parameters
            .string(name)?
            .unwrap_or_else(|| default.to_owned()))
    };
    let marker = text("marker", "# {mark} ANSIBLE MANAGED BLOCK")?;
    let begin = marker.replace("{mark}", &text("marker_begin", "BEGIN")?);
    let end = marker.replace("{mark}", &text("marker_end", "END")?);
    if begin == end {
        return Err(Failure::new("both marks of the block are the same line")
            .help("`{mark}` has to be in `marker`, and `marker_begin` has to differ from `marker_end`")
            .into());
    }
    if begin.contains('\n') || end.contains('\n') {
        return Err(Stop::failed("a mark is one line, and `marker` has several"));
    }
    Ok([begin, end].map(|mark| format!("{mark}\n").into_bytes()))
}

/// The marks and what is between them; nothing where the block is to go.
fn block(
    parameters: &Parameters,
    present: bool,
    begin: &[u8],
    end: &[u8],
) -> Result<Vec<Vec<u8>>, Stop> {
    let text = parameters.string("block")?.unwrap_or_default();
    if !present || text.is_empty() {
        return Ok(Vec::new());
    }
    let mut body = lines(Some(&text.into()));
    end_last(&mut body);
    if body.iter().any(|line| line == begin || line == end) {
        return Err(Stop::failed(
            "`block` has one of its own marks in it, and would not be found again",
        ));
    }
    body.insert(0, begin.to_vec());
    body.push(end.to_vec());
    Ok(body)
}

/// Takes the block out; where it began. The last marks count.
fn take_out(lines: &mut Vec<Vec<u8>>, begin: &[u8], end: &[u8]) -> Option<usize> {
    let begin = lines.iter().rposition(|line| line == begin)?;
    let end = lines.iter().rposition(|line| line == end)?;
    let (first, last) = (begin.min(end), begin.max(end));
    lines.drain(first..=last);
    Some(first)
}

/// Where a new block goes.
fn position(lines: &[Vec<u8>], place: &Place) -> usize {
    let last = |pattern: &Pattern| lines.iter().rposition(|line| pattern.is_in(line));
    match place {
        Place::Beginning => 0,
        Place::End => lines.len(),
        Place::After(pattern) => last(pattern).map_or(lines.len(), |line| line + 1),
        Place::Before(pattern) => last(pattern).unwrap_or(lines.len()),
    }
}

/// Puts the block in, with empty lines around it where they are wanted.
fn put_in(
    parameters: &Parameters,
    present: bool,
    lines: &mut Vec<Vec<u8>>,
    mut start: usize,
    block: &[Vec<u8>],
) -> Result<(), Stop> {
    let empty = || b"\n".to_vec();
    let before = parameters.boolean("prepend_newline", false)? && present;
    if before && start > 0 && lines[start - 1] != empty() {
        lines.insert(start, empty());
        start += 1;
    }
    lines.splice(start..start, block.iter().cloned());
    let after = start + block.len();
    let wanted = parameters.boolean("append_newline", false)? && present;
    if wanted && lines.get(after).is_some_and(|line| *line != empty()) {
        lines.insert(after, empty());
    }
    Ok(())
}
