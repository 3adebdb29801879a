//! A task's parameters after templates have been rendered, with typed access.

use super::decision::{Failure, Stop};
use super::spec::Spec;
use crate::model::blob::Blob;
use crate::model::secret::Secret;
use crate::model::value::{Map, Value};

/// Parameters by their principal names. The loader has checked names, and literal values, against the module's
/// [`Spec`]; values that came out of templates are checked here.
#[derive(Clone, Debug)]
pub struct Parameters {
    spec: &'static Spec,
    values: Map,
    rendered: Vec<(String, Rendered)>,
    files: Vec<(String, LocalFile)>,
    expressions: Vec<(String, Vec<String>)>,
}

/// A template of this machine, rendered for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its name as the playbook wrote it.
    pub name: String,
    pub text: String,
}

/// A file or folder of this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalFile {
    /// Its name as the playbook wrote it.
    pub name: String,
    pub content: LocalContent,
}

/// What a [`LocalFile`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalContent {
    /// A file's bytes and permission bits.
    File { bytes: Blob, mode: u32 },
    /// Everything in a folder: relative path, permission bits, and bytes (`None` for a folder), sorted.
    Folder(Vec<(String, u32, Option<Blob>)>),
}

impl Parameters {
    pub fn new(spec: &'static Spec, values: Map) -> Self {
        Self {
            spec,
            values,
            rendered: Vec::new(),
            files: Vec::new(),
            expressions: Vec::new(),
        }
    }

    /// Gives the rendered text of a [`Kind::Template`](super::Kind::Template) parameter.
    pub fn add_rendered(&mut self, name: &str, rendered: Rendered) {
        self.rendered.push((name.to_owned(), rendered));
    }

    /// Gives the bytes of a [`Kind::LocalFile`](super::Kind::LocalFile) parameter.
    pub fn add_file(&mut self, name: &str, file: LocalFile) {
        self.files.push((name.to_owned(), file));
    }

    /// Gives the words of a [`Kind::Expression`](super::Kind::Expression) parameter, whose value is what they
    /// evaluate to.
    pub fn add_expressions(&mut self, name: &str, texts: Vec<String>) {
        self.expressions.push((name.to_owned(), texts));
    }

    /// The words of an expression parameter, for messages; empty where they are not known.
    pub fn expressions(&self, name: &str) -> &[String] {
        self.expressions
            .iter()
            .find(|(key, _)| key == name)
            .map_or(&[], |(_, texts)| texts)
    }

    /// The value of a parameter; a null counts as not given.
    pub fn get(&self, name: &str) -> Option<&Value> {
        debug_assert!(self.spec.parameter(name).is_some(), "no parameter {name}");
        self.values.get(name).filter(|value| **value != Value::Null)
    }

    /// All that was given, by principal names, in the order in which it was written.
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Whether a parameter was given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The rendered text of a template parameter, if it was given.
    pub fn rendered(&self, name: &str) -> Option<&Rendered> {
        self.rendered
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, text)| text)
    }

    /// The bytes of a local file parameter, if it was given.
    pub fn file(&self, name: &str) -> Option<&LocalFile> {
        self.files
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, file)| file)
    }

    /// A scalar as text.
    ///
    /// # Errors
    /// When it is a list or a mapping.
    pub fn string(&self, name: &str) -> Result<Option<String>, Stop> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.scalar_text() {
                Some(text) => Ok(Some(text)),
                None => Err(self.wrong(name, "a string", value)),
            },
        }
    }

    /// A scalar as text that must be given and not be empty.
    ///
    /// # Errors
    /// When it is missing, empty, a list or a mapping.
    pub fn required(&self, name: &str) -> Result<String, Stop> {
        match self.string(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Stop::failed(format!(
                "`{}` needs `{name}`, and it is empty",
                self.spec.name
            ))),
        }
    }

    /// A boolean, or `default` where it is not given.
    ///
    /// # Errors
    /// When it is no boolean in any spelling.
    pub fn boolean(&self, name: &str, default: bool) -> Result<bool, Stop> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => value
                .truth()
                .ok_or_else(|| self.wrong(name, "yes or no", value)),
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// When it is no integer and no text of one.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Stop> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Float(number)) if number.fract() == 0.0 =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a float without fraction, saturating"
                )]
                Ok(Some(*number as i64))
            }
            Some(value) => value
                .as_str()
                .and_then(|text| text.trim().parse().ok())
                .map(Some)
                .ok_or_else(|| self.wrong(name, "an integer", value)),
        }
    }

    /// A number from 0 on.
    ///
    /// # Errors
    /// When it is none.
    pub fn number_from_zero(&self, name: &str) -> Result<Option<f64>, Stop> {
        let Some(text) = self.string(name)? else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(Some(number)),
            _ => Err(Stop::failed(format!(
                "`{name}: {text}` is no number from 0 on"
            ))),
        }
    }

    /// A list of texts; a single text is split at commas, as Ansible does.
    ///
    /// # Errors
    /// When an item is a list or a mapping.
    pub fn strings(&self, name: &str) -> Result<Vec<String>, Stop> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::List(list)) => list
                .iter()
                .map(|item| {
                    item.scalar_text()
                        .ok_or_else(|| self.wrong(name, "a list of strings", item))
                })
                .collect(),
            Some(value) => Ok(self
                .string_of(name, value)?
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect()),
        }
    }

    /// A list of texts that is never split.
    ///
    /// # Errors
    /// When it is no list, or an item is a list or a mapping.
    pub fn arguments(&self, name: &str) -> Result<Vec<String>, Stop> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::List(list)) => list.iter().map(|item| self.string_of(name, item)).collect(),
            Some(value) => Err(self.wrong(name, "a list of words", value)),
        }
    }

    /// A mapping.
    ///
    /// # Errors
    /// When it is something else.
    pub fn map(&self, name: &str) -> Result<Option<&Map>, Stop> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(map)),
            Some(value) => Err(self.wrong(name, "a mapping", value)),
        }
    }

    /// A text that nobody may see.
    ///
    /// # Errors
    /// When it is a list or a mapping.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, Stop> {
        Ok(self.string(name)?.map(Secret::new))
    }

    /// Texts that nobody may see: one, or a list. Empty ones are none.
    ///
    /// # Errors
    /// When it is something else.
    pub fn secrets(&self, name: &str) -> Result<Vec<Secret>, Stop> {
        let texts = match self.get(name) {
            None => Vec::new(),
            Some(Value::List(list)) => list
                .iter()
                .map(|item| self.string_of(name, item))
                .collect::<Result<_, Stop>>()?,
            Some(value) => vec![self.string_of(name, value)?],
        };
        Ok(texts
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(Secret::new)
            .collect())
    }

    fn string_of(&self, name: &str, value: &Value) -> Result<String, Stop> {
        value
            .scalar_text()
            .ok_or_else(|| self.wrong(name, "a string", value))
    }

    /// The failure for a value of the wrong kind; a value that is not known yet is none. Its text is not shown:
    /// it may be a secret.
    pub fn wrong(&self, name: &str, expected: &str, value: &Value) -> Stop {
        if let Some(unknown) = value.first_unknown() {
            return Stop::Unknown(unknown.clone());
        }
        Failure::new(format!(
            "`{}` wants {expected} for `{name}`, not {}",
            self.spec.name,
            value.kind()
        ))
        .help(
            self.spec
                .parameter(name)
                .map_or("look at the task", |parameter| parameter.help),
        )
        .into()
    }

    /// The specification these parameters follow.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }
}
