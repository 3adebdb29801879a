//! Looking for many secrets in a text at once.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::SHORTEST;
use crate::model::secret::Secret;

/// So many secrets at least are looked for one by one, before an automaton is made for them.
const FEW: usize = 32;

/// What stands where a long text was cut.
const CUT: &str = "...";

/// Secrets in a form in which they are found fast.
#[derive(Default)]
pub(super) struct Search {
    all: BTreeSet<Secret>,
    /// Finds the first secrets; made anew when the others have become many, so that learning stays cheap.
    automaton: Option<AhoCorasick>,
    /// Secrets that the automaton does not know.
    recent: Vec<Secret>,
}

impl Search {
    pub(super) fn knows(&self, text: &str) -> bool {
        self.all.contains(&Secret::new(text))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn add(&mut self, secret: Secret) {
        if !self.all.insert(secret.clone()) {
            return;
        }
        self.recent.push(secret);
        if self.recent.len() > FEW.max(self.all.len() / 8)
            && let Ok(automaton) = AhoCorasick::new(self.all.iter().map(Secret::expose))
        {
            self.automaton = Some(automaton);
            self.recent.clear();
        }
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.automaton
            .as_ref()
            .is_some_and(|automaton| automaton.is_match(text))
            || self
                .recent
                .iter()
                .any(|secret| text.contains(secret.expose()))
    }

    /// The secrets that stand in a text.
    pub(super) fn found_in(&self, text: &str) -> Vec<Secret> {
        self.places(text)
            .into_iter()
            .filter_map(|range| text.get(range).map(Secret::new))
            .collect()
    }

    /// A text with a mask where secrets stand, also where they overlap, and where one was cut off in its middle.
    pub(super) fn masked(&self, text: &str, mask: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut places = self.places(text);
        places.extend(self.cut_off(text));
        places.sort_by_key(|range| (range.start, range.end));
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for range in places {
            if range.start > done || masked.is_empty() && range.start == done {
                masked.push_str(&text[done..range.start]);
                masked.push_str(mask);
            } else if range.start == done && !masked.ends_with(mask) {
                masked.push_str(mask);
            }
            done = done.max(range.end);
        }
        masked.push_str(&text[done..]);
        masked
    }

    /// Byte ranges; they may overlap.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        if let Some(automaton) = &self.automaton {
            places.extend(
                automaton
                    .find_overlapping_iter(text)
                    .map(|found| found.range()),
            );
        }
        for secret in &self.recent {
            let secret = secret.expose();
            let mut from = 0;
            while let Some(start) = text[from..].find(secret) {
                let start = from + start;
                places.push(start..start + secret.len());
                // The next may begin within this one.
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        places
    }

    /// Beginnings of secrets of which the rest was cut off.
    fn cut_off(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for (end, _) in text.match_indices(CUT) {
            let longest = text[..end]
                .char_indices()
                .rev()
                .map(|(start, _)| start)
                .take_while(|start| end - start <= 256)
                .filter(|start| end - start >= SHORTEST)
                .filter(|start| self.begins(&text[*start..end]))
                .last();
            places.extend(longest.map(|start| start..end));
        }
        places
    }

    /// Whether a secret begins with a text.
    fn begins(&self, text: &str) -> bool {
        let from = (Bound::Included(Secret::new(text)), Bound::Unbounded);
        self.all
            .range(from)
            .next()
            .is_some_and(|secret| secret.expose().starts_with(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(secrets: &[&str]) -> Search {
        let mut search = Search::default();
        for secret in secrets {
            search.add(Secret::new(*secret));
        }
        search
    }

    #[test]
    fn overlapping_and_cut_secrets_leave_no_rest() {
        let search = search(&["abcd", "cdefgh", "abcdefghijkl"]);
        for (text, masked) in [
            ("x abcdefgh y", "x * y"),
            ("abcdabcd", "*"),
            ("abcd abcd", "* *"),
            ("run abcdefghij... (2 lines)", "run *... (2 lines)"),
            ("wait...", "wait..."),
            ("cdefgh", "*"),
        ] {
            assert_eq!(search.masked(text, "*"), masked, "{text}");
        }
    }

    #[test]
    fn many_secrets_are_found_like_few() {
        let secrets: Vec<String> = (0..1000).map(|number| format!("s-{number:05}")).collect();
        let search = search(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
        for secret in &secrets {
            assert!(search.is_in(secret));
            assert_eq!(search.masked(&format!("<{secret}>"), "*"), "<*>");
            assert_eq!(search.found_in(secret), [Secret::new(secret.as_str())]);
        }
        assert!(!search.is_in("s-1000"));
    }
}
