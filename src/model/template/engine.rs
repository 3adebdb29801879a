//! Compiling templates once and rendering them often.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tera::{Context, Tera};

use super::error::{Parts, SELF, TemplateError};
use super::prepared::{self, Prepared};
use super::references::Path;
use super::{catalogue, scan, usage};
use crate::model::fact_parts::FactParts;
use crate::model::redaction::Secrets;
use crate::model::source::Source;
use crate::model::value::Value;

/// All compiled templates of a run, each text compiled once, and the secrets that rendering comes across.
pub struct Templates {
    base: Tera,
    compiled: RwLock<HashMap<(Form, String), Arc<Template>>>,
    secrets: Secrets,
    /// The parts of the facts that anything compiled so far may use.
    facts: RwLock<FactParts>,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// A text with blocks in it.
    Text,
    /// A file with what it includes.
    File,
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
    /// Whether the text is an expression without braces.
    pub(super) is_expression: bool,
    /// Whether it is a file, in which newlines after tags go.
    is_file: bool,
    pub(super) parts: Parts,
    /// The same with its outputs marked; made when it is first needed.
    marked: OnceLock<Option<Tera>>,
}

impl Default for Templates {
    fn default() -> Self {
        let mut base = Tera::default();
        base.autoescape_on(Vec::<&str>::new());
        catalogue::register(&mut base);
        Self {
            base,
            compiled: RwLock::new(HashMap::new()),
            secrets: Secrets::default(),
            facts: RwLock::default(),
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
    /// The secrets of the run.
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The parts of the facts that anything compiled so far may use, for any host of the run.
    pub fn needed_facts(&self) -> FactParts {
        *self.facts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that these parts may be used, by other means than a template.
    pub fn need_facts(&self, parts: FactParts) {
        if !self.needed_facts().covers(parts) {
            let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
            *facts = *facts | parts;
        }
    }

    /// Compiles a text with `{{ }}` and `{% %}` blocks. A text that is one single `{{ }}` keeps the kind of its value.
    ///
    /// # Errors
    /// A mistake in the template, with its place in the text.
    pub fn text(&self, text: &str) -> Result<Arc<Template>, TemplateError> {
        self.cached(Form::Text, text, || {
            let found = scan::scan_template(text);
            let native = found.only_expressions && found.expressions == 1;
            TemplateError::together(usage::mistakes(text))?;
            let prepared = if native {
                prepared::single(text)
            } else {
                prepared::template(text)
            };
            self.compile(Form::Text, prepared, Vec::new(), found.paths, native)
        })
    }

    /// Compiles a file's text with the templates that it includes, each with its name.
    ///
    /// # Errors
    /// A mistake in one of them, with its place.
    pub fn file(
        &self,
        text: &str,
        includes: &[(String, Arc<Source>)],
    ) -> Result<Arc<Template>, TemplateError> {
        let key: String = includes
            .iter()
            .flat_map(|(name, part)| [name.as_str(), "\u{0}", part.text.as_str(), "\u{0}"])
            .chain([text])
            .collect();
        self.cached(Form::File, &key, || {
            let inside = includes.iter().flat_map(|(_, source)| {
                let found = usage::mistakes(&source.text);
                found.into_iter().map(|error| TemplateError {
                    included: Some(Arc::clone(source)),
                    ..error
                })
            });
            TemplateError::together(usage::mistakes(text).into_iter().chain(inside))?;
            let mut paths = scan::scan_template(text).paths;
            let mut included = Vec::new();
            for (name, source) in includes {
                paths.extend(scan::scan_template(&source.text).paths);
                // Without its last newline, as in Jinja: the text that includes it goes on in its own way.
                let inside = source.text.strip_suffix('\n').unwrap_or(&source.text);
                included.push((name.clone(), Arc::clone(source), prepared::file(inside)));
            }
            self.compile(Form::File, prepared::file(text), included, paths, false)
        })
    }

    /// Compiles an expression without braces; its value keeps its kind.
    ///
    /// # Errors
    /// A mistake in the expression, with its place in the text.
    pub fn expression(&self, text: &str) -> Result<Arc<Template>, TemplateError> {
        self.cached(Form::Expression, text, || {
            usage::check_expression(text)?;
            self.compile(
                Form::Expression,
                prepared::expression(text),
                Vec::new(),
                scan::scan_expression(text),
                true,
            )
        })
    }

    fn compile(
        &self,
        form: Form,
        main: Prepared,
        included: Vec<(String, Arc<Source>, Prepared)>,
        paths: Vec<Path>,
        native: bool,
    ) -> Result<Template, TemplateError> {
        let mut tera = self.base.clone();
        let parts = Parts { main, included };
        let texts = parts
            .included
            .iter()
            .map(|(name, _, prepared)| (name.as_str(), prepared.text.as_str()))
            .chain([(SELF, parts.main.text.as_str())]);
        tera.add_raw_templates(texts)
            .map_err(|error| TemplateError::of_tera(&error, &parts))?;
        Ok(Template {
            tera,
            paths,
            native,
            is_expression: native && !scan::is_template(parts.main.original()),
            is_file: form == Form::File,
            parts,
            marked: OnceLock::new(),
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
        for path in &template.paths {
            self.need_facts(FactParts::named_by(path));
        }
        self.compiled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::clone(&template));
        Ok(template)
    }
}

impl Template {
    /// Whether it is a single expression, whose value keeps its kind.
    pub(super) const fn is_native(&self) -> bool {
        self.native
    }

    /// The texts of which it is made: itself, then what it includes.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.parts.main)
            .chain(self.parts.included.iter().map(|(_, _, part)| part))
            .map(Prepared::original)
    }

    /// Line and column, both from 1, of a byte offset in the text itself.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        self.parts.main.place(offset)
    }

    /// What it renders to, with [marks](prepared::MARKS) around what each of its expressions came to. `None` where
    /// that cannot be had.
    pub(super) fn render_marked(&self, context: &Context) -> Option<String> {
        let marked = self.marked.get_or_init(|| {
            let names = std::iter::once(SELF)
                .chain(self.parts.included.iter().map(|(name, ..)| name.as_str()));
            let texts: Vec<(&str, String)> = names
                .zip(self.texts())
                .enumerate()
                .map(|(part, (name, text))| (name, prepared::marked(text, self.is_file, part)))
                .collect();
            let mut tera = self.tera.clone();
            tera.add_raw_templates(texts).ok()?;
            Some(tera)
        });
        marked.as_ref()?.render(SELF, context).ok()
    }

    /// Whether the text makes a variable of this name itself, in a loop or with `set`.
    pub(super) fn makes(&self, name: &str) -> bool {
        self.parts.main.makes(name)
            || self
                .parts
                .included
                .iter()
                .any(|(_, _, part)| part.makes(name))
    }

    /// Line and column, both from 1, of the first mention of a variable in the text itself.
    pub(super) fn mention(&self, name: &str) -> Option<(usize, usize)> {
        let found = if self.is_expression {
            scan::places_in_expression(self.parts.main.original())
        } else {
            scan::places_in_template(self.parts.main.original())
        };
        found
            .into_iter()
            .find(|(path, _)| path.first().is_some_and(|first| first == name))
            .map(|(_, offset)| self.parts.main.place(offset))
    }

    /// Renders with these variables; a single expression gives its value, anything else a string.
    ///
    /// # Errors
    /// An undefined variable, a filter that refuses, with its place in the text.
    pub fn render(&self, context: &Context) -> Result<Value, TemplateError> {
        let text = self
            .tera
            .render(SELF, context)
            .map_err(|error| TemplateError::of_tera(&error, &self.parts))?;
        if !self.native {
            return Ok(Value::String(text));
        }
        let original = self.parts.main.original();
        let mut value = serde_json::from_str(text.trim_start()).map_err(|error| {
            TemplateError::of_all(
                format!("this value cannot be carried over: {error}"),
                original,
            )
        })?;
        if let Value::String(text) = &mut value
            && !self.is_expression
            && original.ends_with('\n')
        {
            text.push('\n');
        }
        Ok(value)
    }
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
        assert_eq!(render("{{ n }}\n"), Value::Int(5));
        assert_eq!(render("{{ list[0] }}\n"), Value::from("a\n"));
        assert_eq!(render(" {{ n }}"), Value::from(" 5"));
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
        assert_eq!((error.line, error.column, error.length), (2, 6, 3));
        assert_eq!(error.undefined.as_deref(), Some("x.y"));
        let error = templates.text("{% if %}").unwrap_err();
        assert_eq!(error.line, 1);
    }
}
