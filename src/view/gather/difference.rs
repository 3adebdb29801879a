//! Two texts as a unified diff.

use similar::{ChangeTag, TextDiff};

/// Lines shown around what differs.
const CONTEXT: usize = 3;

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    Same,
    Added,
    Removed,
    /// `@@ -1,3 +1,4 @@`
    Place,
    /// The text above ends without a newline.
    NoNewline,
}

/// The difference of two texts; the texts themselves are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextDifference {
    pub lines: Vec<(Sign, String)>,
}

impl TextDifference {
    /// Compares. A text that is not there is all of what the other has, without context.
    pub fn of(before: Option<&str>, after: Option<&str>) -> Self {
        let lines = match (before, after) {
            (None, None) => Vec::new(),
            (None, Some(text)) => whole(Sign::Added, text),
            (Some(text), None) => whole(Sign::Removed, text),
            (Some(before), Some(after)) => unified(before, after),
        };
        Self { lines }
    }

    /// How many lines come and go.
    pub fn counts(&self) -> (usize, usize) {
        let count = |wanted: Sign| {
            self.lines
                .iter()
                .filter(|(sign, _)| *sign == wanted)
                .count()
        };
        (count(Sign::Added), count(Sign::Removed))
    }
}

fn whole(sign: Sign, text: &str) -> Vec<(Sign, String)> {
    let mut lines: Vec<(Sign, String)> = text.lines().map(|line| (sign, line.to_owned())).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        lines.push((Sign::NoNewline, String::new()));
    }
    lines
}

fn unified(before: &str, after: &str) -> Vec<(Sign, String)> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        lines.push((Sign::Place, hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Same,
                ChangeTag::Insert => Sign::Added,
                ChangeTag::Delete => Sign::Removed,
            };
            let line = change.value();
            lines.push((sign, line.strip_suffix('\n').unwrap_or(line).to_owned()));
            if change.missing_newline() {
                lines.push((Sign::NoNewline, String::new()));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: Option<&str>, after: Option<&str>) -> Vec<String> {
        TextDifference::of(before, after)
            .lines
            .into_iter()
            .map(|(sign, text)| format!("{sign:?} {text}"))
            .collect()
    }

    #[test]
    fn three_lines_around_what_differs() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        assert_eq!(
            shown(Some(before), Some(after)),
            [
                "Place @@ -2,7 +2,7 @@",
                "Same 2",
                "Same 3",
                "Same 4",
                "Removed 5",
                "Added five",
                "Same 6",
                "Same 7",
                "Same 8"
            ]
        );
    }

    #[test]
    fn a_missing_newline_is_told() {
        assert_eq!(
            shown(Some("a"), Some("a\n")),
            ["Place @@ -1 +1 @@", "Removed a", "NoNewline ", "Added a"]
        );
        assert_eq!(shown(None, Some("a")), ["Added a", "NoNewline "]);
        assert_eq!(shown(None, Some("")), [] as [&str; 0]);
    }
}
