//! What is copied: a text, files of this machine, or files of the host.

use crate::model::blob::Blob;
use crate::model::json_text;
use crate::model::probe::{FileInfo, FileKind, FileState, Probe};
use crate::model::value::Value;
use crate::module::parameters::LocalContent;
use crate::module::shared::attributes::Wanted;
use crate::module::shared::mode::Mode;
use crate::module::shared::target::{Links, Target};
use crate::module::shared::{paths, pending};
use crate::module::{Failure, Look, Parameters, Stop};

/// What is copied, in the order of its paths: directories before what is in them.
pub(super) struct Source {
    /// As the task names it; empty for a text.
    pub(super) name: String,
    pub(super) entries: Vec<Entry>,
    pub(super) is_folder: bool,
    pub(super) is_remote: bool,
    pub(super) is_text: bool,
}

/// One thing to copy. Paths are relative to the folder, and empty for what was named itself.
pub(super) enum Entry {
    Directory {
        path: String,
        /// Of a directory of the host.
        mode: Option<u32>,
    },
    File {
        path: String,
        content: Blob,
        mode: u32,
    },
    /// A file of the host that is too large to be read.
    Large {
        path: String,
        from: String,
        sha256: String,
        size: u64,
        mode: u32,
    },
    Link {
        path: String,
        target: String,
    },
}

impl Entry {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Directory { path, .. }
            | Self::File { path, .. }
            | Self::Large { path, .. }
            | Self::Link { path, .. } => path,
        }
    }

    /// Whether a file has its content already.
    pub(super) fn is_at(&self, target: &Target) -> bool {
        let sha256 = match self {
            Self::File { content, .. } => &content.sha256(),
            Self::Large { sha256, .. } => sha256,
            Self::Directory { .. } | Self::Link { .. } => return false,
        };
        target
            .info()
            .is_some_and(|info| info.kind == FileKind::File && info.sha256.as_ref() == Some(sha256))
    }
}

impl Source {
    pub(super) fn of(
        parameters: &Parameters,
        look: &Look<'_>,
        wanted: &Wanted,
    ) -> Result<Self, Stop> {
        if let Some(content) = parameters.get("content") {
            if wanted.mode == Some(Mode::Preserve) {
                return Err(Stop::failed(
                    "`mode: preserve` means nothing for a `content`: write the mode in digits",
                ));
            }
            return Self::text(parameters, content);
        }
        if parameters.boolean("remote_src", false)? {
            return Self::remote(look, &paths::required(parameters, look, "src")?);
        }
        let file = parameters
            .file("src")
            .ok_or_else(|| Stop::failed("`src` has not been read"))?;
        let (entries, is_folder) = match &file.content {
            LocalContent::File { bytes, mode } => {
                let entry = Entry::File {
                    path: String::new(),
                    content: bytes.clone(),
                    mode: *mode,
                };
                (vec![entry], false)
            }
            LocalContent::Folder(files) => {
                let entries = files.iter().map(|(path, mode, bytes)| match bytes {
                    None => Entry::Directory {
                        path: path.clone(),
                        mode: None,
                    },
                    Some(bytes) => Entry::File {
                        path: path.clone(),
                        content: bytes.clone(),
                        mode: *mode,
                    },
                });
                (entries.collect(), true)
            }
        };
        Ok(Self {
            name: file.name.clone(),
            entries,
            is_folder,
            is_remote: false,
            is_text: false,
        })
    }

    fn text(parameters: &Parameters, content: &Value) -> Result<Self, Stop> {
        if let Some(unknown) = content.first_unknown() {
            return Err(Stop::Unknown(unknown.clone()));
        }
        let text = match content.scalar_text() {
            Some(text) => text,
            None => json_text::line(content)
                .map_err(|_| parameters.wrong("content", "a text", content))?,
        };
        let entry = Entry::File {
            path: String::new(),
            content: Blob::from(text),
            mode: 0o644,
        };
        Ok(Self {
            name: String::new(),
            entries: vec![entry],
            is_folder: false,
            is_remote: false,
            is_text: true,
        })
    }

    fn remote(look: &Look<'_>, path: &str) -> Result<Self, Stop> {
        let found = Target::find(look, path, Links::Follow)?;
        let Some(info) = found.info() else {
            let failure = Failure::new(format!("there is no `{path}` on the host")).help(
                "`remote_src: yes` copies from one place of the host to another; leave it out to copy from here",
            );
            return Err(pending::missing(look, failure));
        };
        let is_folder = info.kind == FileKind::Directory;
        let entries = if is_folder {
            remote_folder(look, &found.path, info)?
        } else {
            vec![remote_file(String::new(), &found.path, info)?]
        };
        Ok(Self {
            name: path.to_owned(),
            entries,
            is_folder,
            is_remote: true,
            is_text: false,
        })
    }
}

fn remote_folder(look: &Look<'_>, folder: &str, info: &FileInfo) -> Result<Vec<Entry>, Stop> {
    let tree = look.tree(folder)?;
    let files = tree
        .iter()
        .filter(|(_, info)| info.kind == FileKind::File)
        .map(|(path, _)| Probe::Content(paths::join(folder, path)));
    look.ask(&files.collect::<Vec<_>>())?;
    let mut entries = vec![Entry::Directory {
        path: String::new(),
        mode: Some(info.mode),
    }];
    for (path, info) in tree {
        let from = paths::join(folder, path);
        entries.push(match &info.kind {
            FileKind::Directory => Entry::Directory {
                path: path.clone(),
                mode: Some(info.mode),
            },
            FileKind::Link { target, .. } => Entry::Link {
                path: path.clone(),
                target: target.clone(),
            },
            FileKind::File => match look.content(&from)? {
                FileState::Present(info) => remote_file(path.clone(), &from, info)?,
                FileState::Absent { .. } => continue,
            },
            FileKind::Other => return Err(not_copied(&from)),
        });
    }
    Ok(entries)
}

fn remote_file(path: String, from: &str, info: &FileInfo) -> Result<Entry, Stop> {
    match (&info.kind, &info.content, &info.sha256) {
        (FileKind::File, Some(content), _) => Ok(Entry::File {
            path,
            content: content.clone(),
            mode: info.mode,
        }),
        (FileKind::File, None, Some(sha256)) => Ok(Entry::Large {
            path,
            from: from.to_owned(),
            sha256: sha256.clone(),
            size: info.size,
            mode: info.mode,
        }),
        _ => Err(not_copied(from)),
    }
}

fn not_copied(path: &str) -> Stop {
    Stop::failed(format!(
        "`{path}` is a device, a socket or a pipe, and is not copied"
    ))
}
