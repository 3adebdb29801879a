//! `unarchive`: what is in an archive, in a directory of the host.

mod archive;
mod change;
mod compare;
mod script;

use self::archive::Archive;
use super::shared::attributes::{GROUP, MODE, OWNER, Wanted};
use super::shared::mode::Mode;
use super::shared::target::{Links, Target};
use super::shared::{paths, pending};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{FileState, Probe};
use crate::model::value::Map;

/// See the [module](self).
#[derive(Debug)]
pub struct Unarchive;

static SPEC: Spec = Spec {
    name: "unarchive",
    aliases: &[],
    summary: "Unpacks an archive into a directory of the host, with its tar or unzip.",
    parameters: &[
        Parameter::new(
            "src",
            Kind::LocalFile,
            "A tar archive, compressed or not, or a zip archive: of this machine, or with `remote_src` of the host. For one \
             of the net use `get_url` before.",
        )
        .required(),
        Parameter::new("dest", Kind::Path, "The directory it is unpacked into; it exists.").required(),
        Parameter::new("remote_src", Kind::Boolean, "`src` is a path of the host.").default("no"),
        Parameter::new(
            "creates",
            Kind::Path,
            "Something that the archive brings: where it exists nothing is done. Without it the host unpacks the archive \
             into a temporary directory, in dry runs too, and compares file by file.",
        ),
        Parameter::new("exclude", Kind::Strings, "Members that are left out, as patterns."),
        Parameter::new("include", Kind::Strings, "The only members that are taken."),
        Parameter::new(
            "extra_opts",
            Kind::Arguments,
            "Further options for tar or unzip, such as `--strip-components=1`.",
        ),
        MODE,
        OWNER,
        GROUP,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Unarchive {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let wanted = Wanted::of(parameters)?;
        if wanted.mode == Some(Mode::Preserve) {
            return Err(Stop::failed(
                "`mode: preserve` is what happens without a `mode`: leave it out",
            ));
        }
        let dest = paths::required(parameters, look, "dest")?;
        let dest = paths::without_slash(&dest).to_owned();
        let creates = paths::optional(parameters, look, "creates")?;
        let mut probes = wanted.probes();
        probes.push(Probe::Content(dest.clone()));
        probes.extend(creates.iter().cloned().map(Probe::File));
        probes.extend(archive::probe(parameters, look)?);
        look.ask(&probes)?;
        let result = Map::from_iter([
            ("dest".to_owned(), dest.as_str().into()),
            ("src".to_owned(), parameters.required("src")?.into()),
        ]);
        if let Some(creates) = &creates
            && let FileState::Present(_) = look.file(creates)?
        {
            let decision = Decision::unchanged();
            return Ok(Decision { result, ..decision }
                .with("msg", format!("skipped, since {creates} exists")));
        }
        let target = Target::find(look, &dest, Links::Follow)?;
        if target.info().is_none() {
            let failure =
                Failure::new(format!("the directory `{dest}` does not exist")).help(format!(
                    "create it with a task before: `file: {{ path: {dest}, state: directory }}`"
                ));
            return Err(pending::missing(look, failure));
        }
        if !target.is_directory(look)? {
            return Err(Stop::failed(format!("`{dest}` is no directory")));
        }
        let archive = Archive::of(parameters, look)?;
        let attributes = wanted.resolve(look)?;
        let unpack = script::Unpack::of(parameters, archive, &target.path, &attributes)?;
        let changes = match creates {
            Some(creates) => vec![change::unseen(&unpack, &creates)],
            None => change::seen(&unpack, &compare::compare(look, &unpack)?)
                .into_iter()
                .collect(),
        };
        let decision = Decision {
            changes,
            result,
            ..Decision::default()
        };
        Ok(decision.with("handler", unpack.archive.kind.handler()))
    }
}
