//! `get_url`: a file that the host fetches from the net.

mod change;
mod checksum;
mod fetch;

use self::checksum::{Algorithm, Wanted as WantedSum};
use self::fetch::Fetch;
use super::shared::attributes::{GROUP, MODE, OWNER, Resolved, Wanted};
use super::shared::describe::describe;
use super::shared::file_change::attributes_change;
use super::shared::mode::Mode;
use super::shared::options::BACKUP;
use super::shared::paths;
use super::shared::target::{Links, Target};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{FileInfo, FileKind, FileState, Probe};
use crate::model::value::Value;

/// See the [module](self).
#[derive(Debug)]
pub struct GetUrl;

static SPEC: Spec = Spec {
    name: "get_url",
    aliases: &[],
    summary: "Lets the host fetch a file from the net, with curl or wget.",
    parameters: &[
        Parameter::new("url", Kind::String, "What is fetched: `https://`, `http://`, `ftp://` or `file://`.")
            .required(),
        Parameter::new(
            "dest",
            Kind::Path,
            "Where it goes. An existing directory takes it under the last part of the address.",
        )
        .required(),
        Parameter::new(
            "checksum",
            Kind::String,
            "`sha256:` and the checksum, or the address of a list of checksums (as `sha256sum` writes them). It says \
             what the file is: without it a dry run cannot know, and `force` costs a download to find out.",
        ),
        Parameter::new(
            "force",
            Kind::Boolean,
            "Replace a file that is there when what the address holds is another; with `no` and without a checksum a file \
             that is there is right.",
        )
        .default("no; in a directory yes"),
        MODE,
        OWNER,
        GROUP,
        BACKUP,
        Parameter::new(
            "timeout",
            Kind::Integer,
            "Seconds without an answer after which it is given up.",
        )
        .default("10"),
        Parameter::new(
            "headers",
            Kind::Map,
            "Headers of the request. They may hold secrets: they reach the program by a file that only its user can read.",
        ),
        Parameter::new(
            "url_username",
            Kind::String,
            "The name for a server that wants one.",
        )
        .aliases(&["username"]),
        Parameter::new(
            "url_password",
            Kind::Secret,
            "The password for a server that wants one.",
        )
        .aliases(&["password"]),
        Parameter::new(
            "validate_certs",
            Kind::Boolean,
            "Check the server's certificate.",
        )
        .default("yes"),
        Parameter::new(
            "use_proxy",
            Kind::Boolean,
            "Go through a proxy where the environment names one.",
        )
        .default("yes"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for GetUrl {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let fetch = Fetch::of(parameters)?;
        let wanted = Wanted::of(parameters)?;
        if wanted.mode == Some(Mode::Preserve) {
            return Err(Stop::failed(
                "`mode: preserve` means nothing without a source",
            ));
        }
        let dest = paths::required(parameters, look, "dest")?;
        let at = paths::without_slash(&dest);
        look.ask(&[wanted.probes(), vec![Probe::Content(at.to_owned())]].concat())?;
        let (target, in_directory) = target(look, &fetch, &dest, at)?;
        let attributes = wanted.resolve(look)?;
        let force = in_directory || parameters.boolean("force", false)?;
        let sum = checksum::wanted(parameters, look, &fetch)?;
        let expected = match target.info() {
            None => Fetched::New(sum),
            Some(found) => what_is_missing(look, &fetch, &target, found, sum, force)?,
        };
        let backup = parameters.boolean("backup", false)?;
        match (expected, target.info()) {
            (Fetched::Right, Some(found)) => Ok(unchanged(&fetch, &target, found, &attributes)),
            (Fetched::Right, None) => Err(Stop::failed("a file that is not there cannot be right")),
            (Fetched::New(sum), _) => Ok(change::decide(
                &fetch,
                &target,
                &attributes,
                sum.as_ref(),
                backup,
            )),
        }
    }
}

/// What is to be done about the content.
enum Fetched {
    /// It is there.
    Right,
    /// It has to be fetched, and has this checksum where that is known.
    New(Option<WantedSum>),
}

/// Where the file goes, and whether the destination is a directory.
fn target(look: &Look<'_>, fetch: &Fetch, dest: &str, at: &str) -> Result<(Target, bool), Stop> {
    let target = Target::find(look, at, Links::Follow)?;
    let inside = paths::join(at, fetch.file_name());
    let (target, in_directory) = if target.is_directory(look)? {
        (Target::find(look, &inside, Links::Follow)?, true)
    } else if dest.ends_with('/') {
        return Err(paths::no_directory(&inside));
    } else {
        (target, false)
    };
    match &target.state {
        FileState::Absent {
            parent_exists: false,
        } => Err(paths::no_directory(&target.path)),
        FileState::Present(info) if info.kind != FileKind::File => Err(Failure::new(format!(
            "`{}` is there, and is no file",
            target.path
        ))
        .help("name a file inside it, or remove it before")
        .into()),
        _ => Ok((target, in_directory)),
    }
}

fn what_is_missing(
    look: &Look<'_>,
    fetch: &Fetch,
    target: &Target,
    found: &FileInfo,
    sum: Option<WantedSum>,
    force: bool,
) -> Result<Fetched, Stop> {
    let sum = match sum {
        Some(sum) => sum,
        None if !force => return Ok(Fetched::Right),
        // Nobody said what it is: the host fetches it and tells its checksum.
        None => WantedSum {
            algorithm: Algorithm::SHA256,
            hex: fetch.checksum_of_it(look)?,
        },
    };
    let is = sum.algorithm.of_file(look, &target.path, found)?;
    Ok(if is == sum.hex {
        Fetched::Right
    } else {
        Fetched::New(Some(sum))
    })
}

fn unchanged(fetch: &Fetch, target: &Target, found: &FileInfo, attributes: &Resolved) -> Decision {
    let info = attributes.applied(found);
    let change = attributes_change(&target.path, found, attributes);
    let mut result = describe(&info);
    let sha256 = info.sha256.as_deref().map_or(Value::Null, Value::from);
    result.extend([
        ("url".to_owned(), fetch.shown().into()),
        ("dest".to_owned(), target.path.as_str().into()),
        ("checksum_dest".to_owned(), sha256),
        ("msg".to_owned(), "file already exists".into()),
    ]);
    Decision {
        changes: change.into_iter().collect(),
        result,
        ..Decision::default()
    }
}
