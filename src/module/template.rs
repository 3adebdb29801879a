//! `template`: a file of a host, rendered from a template of this machine.

use super::shared::attributes::{GROUP, MODE, OWNER, Wanted};
use super::shared::file_change::{FileWish, file_change};
use super::shared::mode::Mode;
use super::shared::options::{BACKUP, VALIDATE};
use super::shared::paths;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::probe::Probe;

/// See the [module](self).
#[derive(Debug)]
pub struct Template;

static SPEC: Spec = Spec {
    name: "template",
    aliases: &[],
    summary: "Renders a template of this machine to a file of the host.",
    parameters: &[
        Parameter::new(
            "src",
            Kind::Template,
            "The template, looked for in `templates/` beside the role or the playbook.",
        )
        .required(),
        Parameter::new(
            "dest",
            Kind::Path,
            "The file to write, or a directory to write it into under the template's name.",
        )
        .required(),
        MODE,
        OWNER,
        GROUP,
        BACKUP,
        VALIDATE,
        Parameter::new(
            "force",
            Kind::Boolean,
            "Replace a file that is there with another content; with `no` only a missing file is written.",
        )
        .default("yes"),
        Parameter::new(
            "follow",
            Kind::Boolean,
            "Where the destination is a link, write the file that it leads to; with `no` a file takes the link's place.",
        )
        .default("no"),
        Parameter::new(
            "newline_sequence",
            Kind::String,
            "What ends a line in the file that is written.",
        )
        .choices(&["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"])
        .default("\\n"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Template {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let rendered = parameters
            .rendered("src")
            .ok_or_else(|| Stop::failed("the template has not been rendered"))?;
        let dest = paths::required(parameters, look, "dest")?;
        let wanted = Wanted::of(parameters)?;
        if wanted.mode == Some(Mode::Preserve) {
            return Err(
                Failure::new("`mode: preserve` means nothing for a rendered file")
                    .help("write the mode in digits, such as `\"0644\"`")
                    .into(),
            );
        }
        let place = paths::without_slash(&dest);
        look.ask(&[wanted.probes(), vec![Probe::Content(place.to_owned())]].concat())?;
        let attributes = wanted.resolve(look)?;
        let links = if parameters.boolean("follow", false)? {
            Links::Follow
        } else {
            Links::Replace
        };
        let mut target = Target::find(look, place, links)?;
        if target.is_directory(look)? {
            let inside = paths::join(place, paths::name(&rendered.name));
            target = Target::find(look, &inside, links)?;
        } else if dest.ends_with('/') {
            return Err(paths::no_directory(&paths::join(
                &dest,
                paths::name(&rendered.name),
            )));
        }
        let keep = target.info().is_some() && !parameters.boolean("force", true)?;
        if keep {
            return Ok(Decision::unchanged().with("dest", target.path.as_str()));
        }
        let content = Blob::from(with_newlines(&rendered.text, parameters)?);
        let wish = FileWish::new(Some(content), &attributes).with_parameters(parameters)?;
        Ok(file_change(&target, wish)?.into_decision())
    }
}

/// The text with the line ends that are wanted.
fn with_newlines(text: &str, parameters: &Parameters) -> Result<String, Stop> {
    let wanted = match parameters.string("newline_sequence")?.as_deref() {
        Some("\r" | "\\r") => "\r",
        Some("\r\n" | "\\r\\n") => "\r\n",
        _ => return Ok(text.to_owned()),
    };
    Ok(text.replace("\r\n", "\n").replace('\n', wanted))
}
