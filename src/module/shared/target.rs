//! What stands where a task wants a file.

use super::paths;
use crate::model::blob::Blob;
use crate::model::probe::{CONTENT_LIMIT, FileInfo, FileKind, FileState};
use crate::module::{Failure, Look, Stop};

/// How many links are followed one after the other; the kernel stops at 40.
const MOST_LINKS: usize = 40;

/// What a task does about a link at the path of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The file that it leads to is meant.
    Follow,
    /// The link itself is meant, and a file takes its place.
    Replace,
}

/// The place of a file, with what stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The path to write: where links are followed, that of the file.
    pub path: String,
    /// What stands at `path`; a link only where links are replaced.
    pub state: FileState,
    /// The links that led to `path`.
    pub links: Vec<(String, FileInfo)>,
}

impl Target {
    /// Looks at a path with its content.
    ///
    /// # Errors
    /// When links go round in a circle, beside what [`Look::observe`] says.
    pub fn find(look: &Look<'_>, path: &str, links: Links) -> Result<Self, Stop> {
        let mut target = Self {
            path: paths::without_slash(path).to_owned(),
            state: look.content(paths::without_slash(path))?.clone(),
            links: Vec::new(),
        };
        if links == Links::Follow {
            while target.follow(look)? {
                if target.links.len() > MOST_LINKS {
                    return Err(Stop::failed(format!(
                        "the links at `{path}` go in a circle"
                    )));
                }
            }
        }
        Ok(target)
    }

    /// Goes on to what a link leads to, if one stands here.
    fn follow(&mut self, look: &Look<'_>) -> Result<bool, Stop> {
        let FileState::Present(info) = &self.state else {
            return Ok(false);
        };
        let FileKind::Link { target, resolved } = &info.kind else {
            return Ok(false);
        };
        let next = match resolved {
            Some(resolved) => resolved.clone(),
            None => paths::join(paths::parent(&self.path), target),
        };
        let state = look.content(&next)?.clone();
        let link = (**info).clone();
        self.links
            .push((std::mem::replace(&mut self.path, next), link));
        self.state = state;
        Ok(true)
    }

    /// What stands there, if anything does.
    pub fn info(&self) -> Option<&FileInfo> {
        match &self.state {
            FileState::Present(info) => Some(info),
            FileState::Absent { .. } => None,
        }
    }

    /// Whether a directory, or a link to one, stands there.
    ///
    /// # Errors
    /// See [`Look::observe`].
    pub fn is_directory(&self, look: &Look<'_>) -> Result<bool, Stop> {
        Ok(match self.info().map(|info| (&info.kind, &info.sha256)) {
            Some((FileKind::Directory, _)) => true,
            Some((
                FileKind::Link {
                    resolved: Some(resolved),
                    ..
                },
                None,
            )) => is_directory(look.file(resolved)?),
            _ => false,
        })
    }

    /// The content of the file, `None` where nothing stands there; a link's is that of the file it leads to.
    ///
    /// # Errors
    /// When something else than a file stands there, or the file is too large to be read.
    pub fn content(&self) -> Result<Option<&Blob>, Stop> {
        let Some(info) = self.info() else {
            return Ok(None);
        };
        match (&info.kind, &info.content) {
            (FileKind::Directory, _) => {
                Err(Stop::failed(format!("`{}` is a directory", self.path)))
            }
            (FileKind::Other, _) => Err(Stop::failed(format!(
                "`{}` is a device, a socket or a pipe",
                self.path
            ))),
            (FileKind::Link { resolved: None, .. }, _) => Ok(None),
            (_, Some(content)) => Ok(Some(content)),
            (_, None) => Err(Failure::new(format!(
                "`{}` is larger than {} KiB and is not read",
                self.path,
                CONTENT_LIMIT / 1024
            ))
            .help("replace the whole file with `copy` or `template`, or edit it with a `command`")
            .into()),
        }
    }
}

/// Whether it is a directory itself.
pub fn is_directory(state: &FileState) -> bool {
    matches!(state, FileState::Present(info) if info.kind == FileKind::Directory)
}
