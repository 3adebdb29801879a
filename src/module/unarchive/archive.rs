//! Archives: where they are, and of which kind.

use crate::model::blob::Blob;
use crate::model::probe::{FileKind, Probe};
use crate::module::parameters::LocalContent;
use crate::module::shared::target::{Links, Target};
use crate::module::shared::{paths, pending};
use crate::module::{Failure, Look, Parameters, Stop};

/// The program that unpacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArchiveKind {
    /// With the option for its compression: a small tar does not find out by itself.
    Tar(Option<&'static str>),
    Zip,
}

/// First bytes, endings of names, and the option of tar.
const COMPRESSIONS: &[(&[u8], &[&str], &str)] = &[
    (b"\x1f\x8b", &[".gz", ".tgz"], "-z"),
    (b"BZh", &[".bz2", ".tbz", ".tbz2"], "-j"),
    (b"\xfd7zXZ\0", &[".xz", ".txz"], "-J"),
    (b"\x28\xb5\x2f\xfd", &[".zst", ".tzst"], "--zstd"),
];

impl ArchiveKind {
    /// As Ansible names it.
    pub(super) fn handler(self) -> &'static str {
        match self {
            Self::Tar(_) => "TarArchive",
            Self::Zip => "ZipArchive",
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return Self::Zip;
        }
        let found = COMPRESSIONS
            .iter()
            .find(|(magic, ..)| bytes.starts_with(magic));
        Self::Tar(found.map(|(.., option)| *option))
    }

    fn of_name(name: &str) -> Self {
        let name = name.to_lowercase();
        if [".zip", ".jar", ".war"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            return Self::Zip;
        }
        let found = COMPRESSIONS
            .iter()
            .find(|(_, ends, _)| ends.iter().any(|end| name.ends_with(end)));
        Self::Tar(found.map(|(.., option)| *option))
    }
}

/// An archive.
pub(super) struct Archive {
    /// As the task names it.
    pub(super) name: String,
    pub(super) kind: ArchiveKind,
    pub(super) place: Place,
}

/// Where it is.
pub(super) enum Place {
    /// On this machine: it travels with the program that unpacks it.
    Here(Blob),
    /// On the host, at this path.
    Host(String),
}

/// What has to be asked of the host about it.
pub(super) fn probe(parameters: &Parameters, look: &Look<'_>) -> Result<Option<Probe>, Stop> {
    if !parameters.boolean("remote_src", false)? {
        return Ok(None);
    }
    let src = parameters.required("src")?;
    if src.contains("://") {
        return Err(Failure::new("`unarchive` does not fetch from the net")
            .help("fetch the archive with `get_url` first, with its checksum, and unpack that")
            .into());
    }
    Ok(Some(Probe::Content(paths::required(
        parameters, look, "src",
    )?)))
}

impl Archive {
    pub(super) fn of(parameters: &Parameters, look: &Look<'_>) -> Result<Self, Stop> {
        if parameters.boolean("remote_src", false)? {
            return Self::of_host(look, &paths::required(parameters, look, "src")?);
        }
        let file = parameters
            .file("src")
            .ok_or_else(|| Stop::failed("`src` has not been read"))?;
        match &file.content {
            LocalContent::File { bytes, .. } => Ok(Self {
                name: file.name.clone(),
                kind: ArchiveKind::of_bytes(bytes.as_bytes()),
                place: Place::Here(bytes.clone()),
            }),
            LocalContent::Folder(_) => Err(Failure::new(format!("`{}` is a folder", file.name))
                .help("`copy` puts folders on hosts")
                .into()),
        }
    }

    fn of_host(look: &Look<'_>, path: &str) -> Result<Self, Stop> {
        let target = Target::find(look, path, Links::Follow)?;
        let Some(info) = target.info() else {
            let failure = Failure::new(format!("there is no `{path}` on the host"))
                .help("leave `remote_src` out to unpack an archive of this machine");
            return Err(pending::missing(look, failure));
        };
        if info.kind != FileKind::File {
            return Err(Stop::failed(format!("`{path}` is no file")));
        }
        let kind = match &info.content {
            Some(content) => ArchiveKind::of_bytes(content.as_bytes()),
            None => ArchiveKind::of_name(&target.path),
        };
        Ok(Self {
            name: path.to_owned(),
            kind,
            place: Place::Host(target.path),
        })
    }
}
