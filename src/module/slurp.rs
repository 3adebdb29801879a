//! `slurp`: reads a file of a host.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::shared::target::{Links, Target};
use super::shared::{paths, pending};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};

/// See the [module](self).
#[derive(Debug)]
pub struct Slurp;

static SPEC: Spec = Spec {
    name: "slurp",
    aliases: &[],
    summary: "Reads a file of the host into `content`, in base64. It changes nothing.",
    parameters: &[Parameter::new(
        "src",
        Kind::Path,
        "The file to read, at most 1 MiB; links are followed.",
    )
    .required()
    .aliases(&["path"])],
    free_form: None,
    one_of: &[],
};

impl Module for Slurp {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let path = paths::required(parameters, look, "src")?;
        let target = Target::find(look, &path, Links::Follow)?;
        let Some(content) = target.content()? else {
            let failure = Failure::new(format!("there is no file `{path}`"))
                .help("ask `stat` first, and read it `when` it exists");
            return Err(pending::missing(look, failure));
        };
        Ok(Decision::unchanged()
            .with("content", STANDARD.encode(content.as_bytes()))
            .with("encoding", "base64")
            .with("source", path))
    }
}
