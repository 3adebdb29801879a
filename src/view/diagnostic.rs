//! What is wrong in what a person wrote, with the lines themselves.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};

use super::page::clean;
use super::tell::count;
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::source::{At, Source};

/// Renders several diagnostics, with their number at the end where there are more than one.
pub fn render_all(diagnostics: &[Diagnostic], width: usize, colours: bool) -> String {
    let mut texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| render(diagnostic, width, colours))
        .collect();
    let number = |severity| {
        let of = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity);
        of.count()
    };
    if diagnostics.len() > 1 {
        let mut parts = Vec::new();
        for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
            if number(severity) > 0 {
                parts.push(count(number(severity), word));
            }
        }
        texts.push(format!("{}\n", parts.join(" and ")));
    }
    texts.join("\n")
}

/// Renders one diagnostic.
pub fn render(diagnostic: &Diagnostic, width: usize, colours: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // All places by the source that they are in, that of the mistake first.
    let mut places: Vec<(&Source, Vec<Place<'_>>)> = Vec::new();
    let primary = diagnostic.at.iter().map(|at| Place {
        at,
        label: &diagnostic.label,
        kind: AnnotationKind::Primary,
    });
    let related = diagnostic.related.iter().map(|(at, label)| Place {
        at,
        label,
        kind: AnnotationKind::Context,
    });
    for place in primary.chain(related) {
        let source: &Source = &place.at.source;
        match places.iter_mut().find(|(known, _)| *known == source) {
            Some((_, list)) => list.push(place),
            None => places.push((source, vec![place])),
        }
    }
    let summary = clean(&diagnostic.summary);
    let group = level.primary_title(summary).elements(
        places
            .iter()
            .map(|(source, places)| excerpt(source, places)),
    );
    let help = diagnostic
        .help
        .iter()
        .map(|help| Element::from(Level::HELP.message(clean(help))));
    let group: Group<'_> = group.elements(help);
    let renderer = if colours {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = renderer.term_width(width).render(&[group]);
    text.push('\n');
    text
}

struct Place<'a> {
    at: &'a At,
    label: &'a str,
    kind: AnnotationKind,
}

/// The lines of a source with what is said about them. Of an empty source there are none: its name is all.
fn excerpt<'a>(source: &'a Source, places: &[Place<'a>]) -> Element<'a> {
    if source.text.trim().is_empty() {
        let mut origin = Origin::path(clean(&source.name));
        if let Some(place) = places.first() {
            origin = origin.line(place.at.line).char_column(place.at.column);
        }
        return Element::from(origin);
    }
    let annotations = places.iter().map(|place| -> Annotation<'a> {
        let annotation = place.kind.span(span(&source.text, place.at));
        if place.label.is_empty() {
            annotation
        } else {
            annotation.label(clean(place.label))
        }
    });
    Element::from(
        Snippet::source(source.text.as_str())
            .path(clean(&source.name))
            .annotations(annotations),
    )
}

/// The bytes of a place. What lies beyond the end of its line, or of the text, is moved there.
fn span(text: &str, at: &At) -> Range<usize> {
    let mut begin = 0;
    let mut line = "";
    for (number, candidate) in text.split_inclusive('\n').enumerate() {
        if number > 0 {
            begin += line.len();
        }
        line = candidate;
        if number + 1 == at.line {
            break;
        }
    }
    let line = line.trim_end_matches(['\n', '\r']);
    let byte = |column: usize| {
        line.char_indices()
            .nth(column)
            .map_or(line.len(), |(byte, _)| byte)
    };
    let from = byte(at.column - 1);
    let to = byte(at.column - 1 + at.length);
    begin + from..begin + to
}
