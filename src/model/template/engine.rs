//! Compiling templates once and rendering them often.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tera::{Context, Tera};

use super::filters;
use super::scan::{self, Path};
use super::trim::{Trimmed, trim_blocks};
use crate::model::diagnostic::Diagnostic;
use crate::model::source::{At, Source};
use crate::model::value::Value;

/// The name under which the text itself is known to Tera.
const SELF: &str = "(template)";

/// All compiled templates of a run; each text is compiled once.
pub struct Templates {
    base: Tera,
    compiled: RwLock<HashMap<(Form, String), Arc<Template>>>,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// A text with blocks in it.
    Text,
    /// An expression without braces.
    Expression,
}

/// A compiled template.
pub struct Template {
    tera: Tera,
    /// Every variable it refers to, with its attributes.
    pub paths: Vec<Path>,
    /// Whether it is a single expression, whose value keeps its kind.
    native: bool,
    /// Characters that were put before the text on its first line.
    shift: usize,
    /// The text as people wrote it.
    text: String,
    /// How the text of a file was changed before it was compiled.
    trimmed: Option<Trimmed>,
}

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    pub message: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    pub length: usize,
    /// The included template it is in, if it is not in the text itself.
    pub included: Option<String>,
    pub help: Vec<String>,
}

impl Default for Templates {
    fn default() -> Self {
        let mut base = Tera::default();
        base.autoescape_on(Vec::<&str>::new());
        filters::register(&mut base);
        Self {
            base,
            compiled: RwLock::new(HashMap::new()),
        }
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Templates")
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Template({:?})", self.paths)
    }
}

impl Templates {
    /// Compiles a text with `{{ }}` and `{% %}` blocks. A text that is one single `{{ }}` keeps the kind of its value.
    ///
    /// # Errors
    /// A syntax error, with its place in the text.
    pub fn text(&self, text: &str) -> Result<Arc<Template>, TemplateError> {
        self.cached(Form::Text, text, || {
            let found = scan::scan_template(text);
            if found.only_expressions && found.expressions == 1 {
                let start = text.find("{{").unwrap_or(0);
                let inner = text.trim().trim_start_matches("{{").trim_end_matches("}}");
                let expression = inner.trim_matches('-');
                // The native form is shorter by the brace that `(` replaces; keep columns as they were.
                let mut template = self.native(expression, found.paths, start + 2)?;
                text.clone_into(&mut template.text);
                return Ok(template);
            }
            let mut tera = self.base.clone();
            tera.add_raw_template(SELF, text)
                .map_err(|error| TemplateError::new(&error, 0))?;
            Ok(Template {
                tera,
                paths: found.paths,
                native: false,
                shift: 0,
                text: text.to_owned(),
                trimmed: None,
            })
        })
    }

    /// Compiles a file's text with the templates that it includes.
    ///
    /// # Errors
    /// A syntax error, with its place.
    pub fn file(
        &self,
        text: &str,
        includes: &[(String, String)],
    ) -> Result<Arc<Template>, TemplateError> {
        let key: String = includes
            .iter()
            .flat_map(|(name, part)| [name.as_str(), "\u{0}", part.as_str(), "\u{0}"])
            .chain([text])
            .collect();
        self.cached(Form::Text, &format!("file\u{0}{key}"), || {
            let mut tera = self.base.clone();
            let trimmed = trim_blocks(text);
            let mut paths = scan::scan_template(text).paths;
            let mut all: Vec<(String, String)> = Vec::new();
            for (name, part) in includes {
                paths.extend(scan::scan_template(part).paths);
                all.push((name.clone(), trim_blocks(part).text));
            }
            all.push((SELF.to_owned(), trimmed.text.clone()));
            tera.add_raw_templates(all)
                .map_err(|error| TemplateError::new(&error, 0).untrimmed(&error, text, &trimmed))?;
            Ok(Template {
                tera,
                paths,
                native: false,
                shift: 0,
                text: text.to_owned(),
                trimmed: Some(trimmed),
            })
        })
    }

    /// Compiles an expression without braces; its value keeps its kind.
    ///
    /// # Errors
    /// A syntax error, with its place in the text.
    pub fn expression(&self, text: &str) -> Result<Arc<Template>, TemplateError> {
        self.cached(Form::Expression, text, || {
            self.native(text, scan::scan_expression(text).paths, 0)
        })
    }

    fn native(
        &self,
        expression: &str,
        paths: Vec<Path>,
        column: usize,
    ) -> Result<Template, TemplateError> {
        let prefix = "{{(";
        let shift = prefix.len().saturating_sub(column);
        let padding = " ".repeat(column.saturating_sub(prefix.len()));
        let mut tera = self.base.clone();
        tera.add_raw_template(
            SELF,
            &format!("{padding}{prefix}{expression})|{}}}}}", filters::NATIVE),
        )
        .map_err(|error| TemplateError::new(&error, shift))?;
        Ok(Template {
            tera,
            paths,
            native: true,
            shift,
            text: expression.to_owned(),
            trimmed: None,
        })
    }

    fn cached(
        &self,
        form: Form,
        text: &str,
        compile: impl FnOnce() -> Result<Template, TemplateError>,
    ) -> Result<Arc<Template>, TemplateError> {
        let key = (form, text.to_owned());
        if let Some(template) = self
            .compiled
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(Arc::clone(template));
        }
        let template = Arc::new(compile()?);
        self.compiled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::clone(&template));
        Ok(template)
    }
}

impl Template {
    /// Where a variable first stands in the text: line and column, both counted from 1.
    pub fn place_of(&self, name: &str) -> Option<(usize, usize)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        self.text.lines().enumerate().find_map(|(number, line)| {
            line.match_indices(name)
                .find(|(start, _)| {
                    !line[..*start].ends_with(is_part)
                        && !line[start + name.len()..]
                            .starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
                .map(|(start, _)| (number + 1, line[..start].chars().count() + 1))
        })
    }

    /// Renders with these variables; a single expression gives its value, anything else a string.
    ///
    /// # Errors
    /// An undefined variable, a filter that refuses, with its place in the text.
    pub fn render(&self, context: &Context) -> Result<Value, TemplateError> {
        let text = self.tera.render(SELF, context).map_err(|error| {
            let found = TemplateError::new(&error, self.shift);
            match &self.trimmed {
                Some(trimmed) => found.untrimmed(&error, &self.text, trimmed),
                None => found,
            }
        })?;
        if !self.native {
            return Ok(Value::String(text));
        }
        serde_json::from_str(text.trim_start()).map_err(|error| TemplateError {
            message: format!("this value cannot be carried over: {error}"),
            line: 1,
            column: 1,
            length: 1,
            included: None,
            help: Vec::new(),
        })
    }
}

impl TemplateError {
    fn new(error: &tera::Error, shift: usize) -> Self {
        match error.kind() {
            tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
                let span = report.span();
                let column = if span.start_line == 1 {
                    span.start_col.saturating_sub(shift)
                } else {
                    span.start_col
                };
                let length = if span.end_line == span.start_line {
                    span.end_col.saturating_sub(span.start_col)
                } else {
                    1
                };
                let mut message = report.message().trim().trim_end_matches('.').to_owned();
                // The list of all variables is long and seldom helps; the nearest name is added by who knows it.
                for marker in [". Available variables", ". Available fields"] {
                    if let Some(position) = message.find(marker) {
                        message.truncate(position);
                    }
                }
                Self {
                    help: help_for(&message),
                    message,
                    line: span.start_line.max(1),
                    column: column + 1,
                    length: length.max(1),
                    included: Some(report.filename().to_owned())
                        .filter(|name| name != SELF && !name.is_empty()),
                }
            }
            other => Self {
                message: other.to_string().trim_end_matches('.').to_owned(),
                line: 1,
                column: 1,
                length: 1,
                included: None,
                help: Vec::new(),
            },
        }
    }

    /// The same error at its place in the file as it was written.
    fn untrimmed(mut self, error: &tera::Error, original: &str, trimmed: &Trimmed) -> Self {
        if let tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) =
            error.kind()
            && self.included.is_none()
        {
            (self.line, self.column) = trimmed.place(original, report.span().range.start);
        }
        self
    }

    /// Whether this error is about something that is not defined.
    pub fn is_undefined(&self) -> bool {
        self.message.contains("is not defined") || self.message.contains("is undefined")
    }

    /// Points at the place in a template file.
    pub fn in_file(&self, source: &Arc<Source>) -> Diagnostic {
        self.diagnostic(&At::new(source, self.line, self.column, self.length))
    }

    /// Points at the place within a scalar of a YAML file.
    pub fn in_scalar(&self, scalar: &At) -> Diagnostic {
        let line = scalar.source.line(scalar.line).unwrap_or_default();
        let first = line.chars().nth(scalar.column - 1);
        // A block scalar begins on the next line, with its own indentation.
        if matches!(first, Some('|' | '>')) {
            let number = scalar.line + self.line;
            let text = scalar.source.line(number).unwrap_or_default();
            let indentation = text.chars().take_while(|c| *c == ' ').count();
            return self.diagnostic(&At::new(
                &scalar.source,
                number,
                indentation + self.column,
                self.length,
            ));
        }
        let quote = usize::from(matches!(first, Some('"' | '\'')));
        if self.line == 1 {
            return self.diagnostic(&At::new(
                &scalar.source,
                scalar.line,
                scalar.column + quote + self.column - 1,
                self.length,
            ));
        }
        self.diagnostic(scalar)
    }

    fn diagnostic(&self, at: &At) -> Diagnostic {
        let mut diagnostic =
            Diagnostic::error(format!("template: {}", lower_first(&self.message))).at(at);
        diagnostic.help.clone_from(&self.help);
        diagnostic
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Ways out of the mistakes that people who come from Jinja make most.
fn help_for(message: &str) -> Vec<String> {
    let mut help = Vec::new();
    if message.contains("keyword argument") || message.contains("Expected identifier or )") {
        help.push("arguments of filters and functions have names here: `default(value=5)`, `join(sep=\",\")`".to_owned());
    }
    if message.contains("is not defined") {
        help.push("define it, or give a default: `{{ name | default(value=...) }}`".to_owned());
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_expression_keeps_its_kind() {
        let templates = Templates::default();
        let mut context = Context::new();
        context.insert("n", &5);
        context.insert("list", &vec!["a", "b"]);
        let render = |text: &str| templates.text(text).unwrap().render(&context).unwrap();
        assert_eq!(render("{{ n }}"), Value::Int(5));
        assert_eq!(render("{{ n * 2 + 1 }}"), Value::Int(11));
        assert_eq!(
            render("{{ list }}"),
            Value::List(vec!["a".into(), "b".into()])
        );
        assert_eq!(render("x{{ n }}"), Value::from("x5"));
        assert_eq!(render("{{ n == 5 and 'a' in list }}"), Value::Bool(true));
        assert_eq!(render("{{ missing | default(value=3) }}"), Value::Int(3));
        assert_eq!(
            render("{{ 'big' if n > 3 else 'small' }}"),
            Value::from("big")
        );
        assert_eq!(
            templates
                .expression("n is defined and m is not defined")
                .unwrap()
                .render(&context)
                .unwrap(),
            Value::Bool(true)
        );
    }

    #[test]
    fn errors_point_into_the_text() {
        let templates = Templates::default();
        let error = templates
            .text("a\nb {{ x.y }}")
            .unwrap()
            .render(&Context::new())
            .unwrap_err();
        assert_eq!((error.line, error.column), (2, 6));
        let error = templates.text("{% if %}").unwrap_err();
        assert_eq!(error.line, 1);
    }
}
