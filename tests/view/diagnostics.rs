//! What is wrong in what a person wrote.

use std::collections::HashMap;
use std::sync::Arc;

use cachesmith::model::diagnostic::Diagnostic;
use cachesmith::model::source::{At, Source};
use cachesmith::view::render_diagnostics;
use serde::Deserialize;

use crate::{WIDTHS, cases, compare, stem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    sources: HashMap<String, String>,
    diagnostics: Vec<Told>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    warning: bool,
    summary: String,
    at: Option<Place>,
    #[serde(default)]
    label: String,
    #[serde(default)]
    related: Vec<Place>,
    #[serde(default)]
    help: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    source: String,
    line: usize,
    column: usize,
    #[serde(default = "one")]
    length: usize,
    #[serde(default)]
    label: String,
}

fn one() -> usize {
    1
}

impl Case {
    fn diagnostics(self) -> Vec<Diagnostic> {
        let sources: HashMap<String, Arc<Source>> = self
            .sources
            .into_iter()
            .map(|(name, text)| (name.clone(), Source::new(name, text)))
            .collect();
        let at = |place: &Place| {
            At::new(
                &sources[&place.source],
                place.line,
                place.column,
                place.length,
            )
        };
        self.diagnostics
            .into_iter()
            .map(|told| {
                let mut diagnostic = if told.warning {
                    Diagnostic::warning(told.summary)
                } else {
                    Diagnostic::error(told.summary)
                };
                diagnostic = diagnostic.label(told.label);
                if let Some(place) = &told.at {
                    diagnostic = diagnostic.at(&at(place));
                }
                for place in &told.related {
                    diagnostic = diagnostic.related(&at(place), place.label.clone());
                }
                for help in told.help {
                    diagnostic = diagnostic.help(help);
                }
                diagnostic
            })
            .collect()
    }
}

#[test]
fn diagnostics_are_shown_as_stored() {
    let mut failures = Vec::new();
    for path in cases("diagnostics", "yml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let case: Case = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let diagnostics = case.diagnostics();
        for width in WIDTHS {
            let shown = render_diagnostics(&diagnostics, width, false);
            compare(
                &format!("diagnostics-{}@{width}", stem(&path)),
                &shown,
                &mut failures,
            );
        }
        let coloured = render_diagnostics(&diagnostics, 80, true);
        assert_eq!(
            console::strip_ansi_codes(&coloured),
            render_diagnostics(&diagnostics, 80, false),
            "colours add nothing but colours"
        );
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}
