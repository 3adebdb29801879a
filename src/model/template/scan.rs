//! Which variables a template refers to, found without running it.
//!
//! A value that is not known yet must never be taken for a known one. So, before anything is rendered, every path
//! that the text mentions is looked at; if any of them is unknown, so is the result. The scan may name too much (a
//! loop's own variable, a branch that is not taken), never too little.

pub use super::pieces::is_template;
use super::pieces::{Piece, pieces};
pub use super::references::Path;
use super::references::{in_expression, included, references};
use super::tokens::{TokenKind, tokens};

/// What a scan finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    pub paths: Vec<Path>,
    /// Templates in `include` and `extends`.
    pub includes: Vec<Included>,
    /// How many `{{ }}` blocks there are, and whether there is anything else.
    pub expressions: usize,
    pub only_expressions: bool,
}

/// A template that another one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    pub name: String,
    /// Byte offset of the name, with its quotes, in the template that names it.
    pub offset: usize,
}

/// Scans a whole template.
pub fn scan_template(text: &str) -> Scan {
    let mut scan = Scan {
        only_expressions: true,
        ..Scan::default()
    };
    let mut offset = 0;
    for piece in pieces(text) {
        match piece {
            // As in Ansible, one newline behind a single expression leaves its value its kind.
            Piece::Text(text) => {
                scan.only_expressions &= text.is_empty() || text == "\n" && scan.expressions > 0;
            }
            Piece::Expression(_) => scan.expressions += 1,
            Piece::Tag(_) => {
                scan.only_expressions = false;
                scan.includes
                    .extend(included(&piece.tokens(offset)).map(|name| Included {
                        name: name.text.to_owned(),
                        offset: name.start,
                    }));
            }
            Piece::Comment(_) => scan.only_expressions = false,
        }
        scan.paths.extend(
            references(piece, offset)
                .into_iter()
                .map(|found| found.path),
        );
        offset += piece.source().len();
    }
    scan
}

/// The byte ranges of the blocks in a text: expressions, tags and comments.
pub fn blocks(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut offset = 0;
    let mut found = Vec::new();
    for piece in pieces(text) {
        let end = offset + piece.source().len();
        if !matches!(piece, Piece::Text(_)) {
            found.push(offset..end);
        }
        offset = end;
    }
    found
}

/// The variables of a bare expression, such as the text of `when`.
pub fn scan_expression(code: &str) -> Vec<Path> {
    in_expression(&tokens(code, 0), 0)
        .into_iter()
        .map(|found| found.path)
        .collect()
}

/// Every variable that a template mentions, with the byte offset of the mention.
pub(super) fn places_in_template(text: &str) -> Vec<(Path, usize)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for piece in pieces(text) {
        found.extend(
            references(piece, offset)
                .into_iter()
                .map(|reference| (reference.path, reference.range.start)),
        );
        offset += piece.source().len();
    }
    found
}

/// The same for a bare expression.
pub(super) fn places_in_expression(code: &str) -> Vec<(Path, usize)> {
    in_expression(&tokens(code, 0), 0)
        .into_iter()
        .map(|reference| (reference.path, reference.range.start))
        .collect()
}

/// The parts of an expression that stand between top-level `and`s, each with its byte offset. One part where there is
/// an `or`, a ternary or a `not` that reaches over them.
pub fn conjuncts(code: &str) -> Vec<(usize, &str)> {
    let mut cuts = vec![(0, 0)];
    let mut depth = 0_usize;
    for token in tokens(code, 0) {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 => match token.text {
                "or" | "if" | "for" => return vec![(0, code)],
                "and" => cuts.push((token.start, token.end)),
                _ => {}
            },
            _ => {}
        }
    }
    let ends = cuts.iter().skip(1).map(|(end, _)| *end).chain([code.len()]);
    cuts.iter()
        .zip(ends)
        .map(|((_, start), end)| {
            let part = &code[*start..end];
            let offset = start + part.len() - part.trim_start().len();
            (offset, part.trim())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        scan_template(text)
            .paths
            .iter()
            .map(|path| path.join("."))
            .collect()
    }

    #[test]
    fn names_what_is_referred_to() {
        let cases: &[(&str, &[&str])] = &[
            (
                "{{ redis.maxmemory }} x {{ a['b'].c | default(value=d) }}",
                &["redis.maxmemory", "a.b.c", "d"],
            ),
            (
                "{% if x is defined and y.z == 'q.r' %}{{ w }}{% endif %}",
                &["x", "y.z", "w"],
            ),
            ("{% if x is not defined %}{% endif %}", &["x"]),
            (
                "{{ hostvars[inventory_hostname].a }}",
                &["hostvars", "inventory_hostname"],
            ),
            (
                "{# {{ no }} #}{% raw %}{{ no }}{% endraw %}{{ \"}}\" ~ yes }}",
                &["yes"],
            ),
            ("{{ range(end=count) }}", &["count"]),
            ("{{ a if b else c }}", &["a", "b", "c"]),
            ("{{ list.0.name }}", &["list.0.name"]),
            ("{{ x?.y }}", &["x.y"]),
            // Only the part that the test looks at has to be known.
            (
                "{{ r is changed or r.results[0] is not failed }}",
                &["r.changed", "r.results.0.failed"],
            ),
            // Words of tags are ordinary names elsewhere.
            ("{{ filter ~ block ~ body }}", &["filter", "block", "body"]),
            (
                "{% for k, v in pairs %}{{ k }}{% endfor %}",
                &["pairs", "k"],
            ),
            (
                "{{ [x.n for x in list if x.ok] }}",
                &["x.n", "list", "x.ok"],
            ),
            ("{{ [...a, ...b.c] }}", &["a", "b.c"]),
            ("{{ {'a': 1, ...rest} }}", &["rest"]),
            ("{% set a = b %}{% set c %}{{ d }}{% endset %}", &["b", "d"]),
            ("{% filter indent(width=w) %}{% endfilter %}", &["w"]),
            (
                "{% <card title={t} {...rest} flag> %}{% </card> %}",
                &["t", "rest", "flag"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(paths(text), *expected, "{text}");
        }
    }

    #[test]
    fn tells_a_single_expression_from_a_text() {
        for single in ["{{ a }}", "{{ a }}\n"] {
            let scan = scan_template(single);
            assert!(scan.only_expressions && scan.expressions == 1);
        }
        for text in [
            "x {{ a }}",
            " {{ a }}",
            "{{ a }} ",
            "\n{{ a }}",
            "{{ a }}\n\n",
        ] {
            assert!(!scan_template(text).only_expressions, "{text:?}");
        }
        assert_eq!(
            scan_template("a {% include \"part.tera\" %}").includes,
            [Included {
                name: "part.tera".to_owned(),
                offset: 13
            }]
        );
    }

    #[test]
    fn splits_only_at_top_level_ands() {
        let code = "a and (b and c)  and d";
        assert_eq!(conjuncts(code), [(0, "a"), (6, "(b and c)"), (21, "d")]);
        assert_eq!(conjuncts("a and b or c"), [(0, "a and b or c")]);
        assert_eq!(conjuncts("'x and y' in z"), [(0, "'x and y' in z")]);
    }
}
