//! The parameters that every module with a file has: `backup` and `validate`.

use crate::module::{Failure, Kind, Parameter, Parameters, Stop};

/// The parameter for [`FileWish::backup`](super::file_change::FileWish).
pub const BACKUP: Parameter = Parameter::new(
    "backup",
    Kind::Boolean,
    "Keep the old file beside the new one, under its name with a part of its checksum and `~`.",
)
.default("no");

/// The parameter for [`FileWish::validate`](super::file_change::FileWish).
pub const VALIDATE: Parameter = Parameter::new(
    "validate",
    Kind::String,
    "A program that must accept the new file before it takes its place; `%s` stands for the path of the new file. \
     It is run without a shell.",
);

/// The words of the parameter `validate`.
///
/// # Errors
/// When its quotes do not close, or it has no `%s`.
pub fn validation(parameters: &Parameters) -> Result<Option<Vec<String>>, Stop> {
    let Some(text) = parameters
        .string("validate")?
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let argv = shlex::split(&text)
        .ok_or_else(|| Stop::failed("`validate` has a quote that is not closed"))?;
    if !argv.iter().any(|word| word.contains("%s")) {
        return Err(Failure::new("`validate` has no `%s`")
            .help("`%s` stands for the path of the new file: `visudo -cf %s`")
            .into());
    }
    Ok(Some(argv))
}
