//! Where in its line a finding is: the name, the value that is wrong, or all of it.

use std::ops::Range;

use super::{At, Reading};
use crate::redis::catalogue::{Finding, Reason};
use crate::redis::conf::places;

impl Reading {
    /// The place of a finding.
    pub(super) fn place(&self, finding: &Finding) -> At {
        let Some(line) = self.document.lines.get(finding.line.saturating_sub(1)) else {
            return self.whole_line(finding.line);
        };
        let words = places(line.raw());
        let span = match (&words[..], finding.reason) {
            ([], _)
            | (_, Reason::Unreadable | Reason::Conflict | Reason::Overridden | Reason::Include) => {
                None
            }
            (
                [name, ..],
                Reason::Unknown | Reason::NotInThisVersion | Reason::Renamed | Reason::Ignored,
            ) if !names_value(finding, line.raw(), &words) => Some(name.clone()),
            ([_, values @ ..], Reason::TrailingComment) => {
                let comment = values
                    .iter()
                    .find(|word| line.raw()[word.start] == b'#')
                    .or(values.first());
                comment.map(|word| word.start..values[values.len() - 1].end)
            }
            ([name], _) => Some(name.clone()),
            ([_, values @ ..], _) => Some(
                quoted(finding, line.raw(), values)
                    .unwrap_or(values[0].start..values[values.len() - 1].end),
            ),
        };
        match span {
            None => self.whole_line(finding.line),
            Some(span) => self.part(finding.line, line.raw(), &span),
        }
    }

    /// A line from its first word to its end.
    pub(super) fn whole_line(&self, line: usize) -> At {
        let raw = self
            .document
            .lines
            .get(line.saturating_sub(1))
            .map_or(&b""[..], |line| line.raw());
        let start = raw.len() - raw.trim_ascii_start().len();
        self.part(line, raw, &(start..raw.trim_ascii_end().len().max(start)))
    }

    /// Columns count characters of the text that is shown.
    fn part(&self, line: usize, raw: &[u8], span: &Range<usize>) -> At {
        let characters = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().count();
        let (source, number) = &self.places[line.clamp(1, self.places.len()) - 1];
        At::new(
            source,
            *number,
            characters(&raw[..span.start]) + 1,
            characters(&raw[span.clone()]),
        )
    }
}

/// The word that the message speaks of.
fn quoted(finding: &Finding, raw: &[u8], words: &[Range<usize>]) -> Option<Range<usize>> {
    let is_meant = |word: &&Range<usize>| {
        let text = String::from_utf8_lossy(&raw[(*word).clone()]).to_ascii_lowercase();
        finding
            .message
            .to_ascii_lowercase()
            .contains(&format!("`{text}`"))
    };
    words.iter().find(is_meant).cloned()
}

/// Whether a finding about versions is about a word of the value and not about the name.
fn names_value(finding: &Finding, raw: &[u8], words: &[Range<usize>]) -> bool {
    words
        .get(1..)
        .is_some_and(|values| quoted(finding, raw, values).is_some())
}
