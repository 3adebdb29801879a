//! Conditions, judged part by part.

use super::error::TemplateError;
use super::scan;
use super::scope::{Evaluated, Scope};
use crate::model::value::Value;

impl Scope {
    /// Whether a condition holds. Parts joined by `and` are judged one by one, so that a part that is false
    /// decides even where another is not known yet.
    ///
    /// # Errors
    /// As [`Scope::text`], and when the value is neither true nor false.
    pub fn condition(&self, text: &str) -> Result<Evaluated<bool>, TemplateError> {
        if scan::is_template(text) {
            return self.judge(text);
        }
        // A mistake in a part that is not reached is a mistake all the same.
        self.templates().expression(text)?;
        let mut unknown = None;
        for (offset, part) in scan::conjuncts(text) {
            match self
                .judge(part)
                .map_err(|error| error.moved(text, offset))?
            {
                Evaluated::Known(true) => {}
                Evaluated::Known(false) => return Ok(Evaluated::Known(false)),
                Evaluated::Unknown(reason) => {
                    unknown.get_or_insert(reason);
                }
            }
        }
        Ok(unknown.map_or(Evaluated::Known(true), Evaluated::Unknown))
    }

    fn judge(&self, text: &str) -> Result<Evaluated<bool>, TemplateError> {
        match self.expression(text)? {
            Value::Unknown(reason) => Ok(Evaluated::Unknown(reason)),
            value => value
                .truth()
                .map(Evaluated::Known)
                .ok_or_else(|| TemplateError {
                    help: vec![
                    "compare it with something, such as `name == \"value\"` or `name | length > 0`"
                        .to_owned(),
                ],
                    ..TemplateError::of_all(
                        format!(
                            "a condition must be true or false, and this is {}",
                            value.kind()
                        ),
                        text,
                    )
                }),
        }
    }
}
