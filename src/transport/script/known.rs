//! What a shell that serves many scripts need not read again.

use std::collections::BTreeSet;
use std::ops::Range;

use super::library::Part;

/// The parts of the library that a shell has read.
#[derive(Debug, Default)]
pub(in crate::transport) struct Known(BTreeSet<Part>);

/// A script's text, and where it defines parts of the library.
#[derive(Clone, Copy)]
pub(in crate::transport) struct Text<'a> {
    all: &'a [u8],
    /// In their order, at the beginning, with nothing between them.
    library: &'a [(Part, Range<usize>)],
}

impl<'a> Text<'a> {
    pub(super) fn new(all: &'a [u8], library: &'a [(Part, Range<usize>)]) -> Self {
        Self { all, library }
    }

    /// Words that are none of our scripts.
    pub(in crate::transport) fn foreign(all: &'a [u8]) -> Self {
        Self::new(all, &[])
    }

    /// Up to a length, which is behind the library.
    pub(super) fn up_to(self, length: usize) -> Self {
        Self {
            all: self.all.get(..length).unwrap_or(self.all),
            library: self.library,
        }
    }

    pub(in crate::transport) fn all(self) -> &'a [u8] {
        self.all
    }

    /// What a shell has to read of it.
    pub(in crate::transport) fn beyond(self, known: &Known) -> Vec<&'a [u8]> {
        let library = self.library.iter();
        let end = self.library.last().map_or(0, |(_, range)| range.end);
        library
            .filter(|(part, _)| !known.0.contains(part))
            .map(|(_, range)| range.clone())
            .chain(std::iter::once(end..self.all.len()))
            .filter_map(|range| self.all.get(range))
            .collect()
    }
}

impl Known {
    /// A shell has read a script.
    pub(in crate::transport) fn learn(&mut self, text: Text<'_>) {
        self.0.extend(text.library.iter().map(|(part, _)| *part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::probe::Probe;
    use crate::model::step::{Action, Step};
    use crate::transport::script::{Options, compile_probes, compile_steps};

    #[test]
    fn what_a_shell_knows_is_left_out_and_nothing_else() {
        let look = compile_probes(&[Probe::File("/etc/redis".to_owned())]);
        let remove = Step::new(Action::Remove {
            path: "/etc/redis".to_owned(),
        });
        let change = compile_steps(&[remove], &Options::default());
        let mut known = Known::default();
        assert_eq!(look.whole().beyond(&known).concat(), look.text());
        known.learn(look.whole());
        let twice = look.whole().beyond(&known).concat();
        assert!(twice.starts_with(b"cachesmith_"), "no definition is left");
        assert!(look.text().ends_with(&twice));
        let rest = change.whole().beyond(&known).concat();
        assert!(rest.len() < change.text().len());
        known.learn(change.whole());
        assert!(change.whole().beyond(&known).concat().len() < rest.len());
    }
}
