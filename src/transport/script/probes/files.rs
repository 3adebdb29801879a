//! What stands at paths: one stat for all, one reading program for all contents, one for all hashes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::stat;
use crate::model::blob::Blob;
use crate::model::probe::{CONTENT_LIMIT, FileInfo, FileKind, FileState, Observation};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::{Frame, words};
use crate::transport::script::library::Part;
use crate::transport::script::nonce::Nonce;
use crate::transport::script::quote::quote;

/// Bytes of paths that go to one program. Linux takes 2 MiB of arguments and environment.
const ARGUMENTS: usize = 512 * 1024;

/// What is wanted of a path, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// Attributes.
    Attributes,
    /// And the hash of a file.
    Hash,
    /// And the content of a file.
    Content,
}

/// All paths that are asked for.
#[derive(Default)]
pub(super) struct Files {
    paths: IndexMap<String, Want>,
}

impl Files {
    /// Asks for a path, and for the directory that holds it.
    pub(super) fn want(&mut self, path: &str, want: Want) {
        self.want_alone(path, want);
        self.want_alone(&parent(path), Want::Attributes);
    }

    /// Asks for a path alone.
    pub(super) fn want_alone(&mut self, path: &str, want: Want) {
        let known = self.paths.entry(path.to_owned()).or_insert(want);
        *known = want.max(*known);
    }

    pub(super) fn compile(&self, builder: &mut Builder) {
        if self.paths.is_empty() {
            return;
        }
        builder.need(Part::Files);
        let prefix = builder.nonce().alias_prefix();
        builder.raw(&format!("c_at={}\n", quote(&prefix)));
        let mut some = Vec::new();
        let mut size = 0;
        for (path, want) in self.in_order() {
            size += prefix.len() + path.len();
            some.push((path, want));
            if size > ARGUMENTS {
                ask(&some, builder);
                some.clear();
                size = 0;
            }
        }
        if !some.is_empty() {
            ask(&some, builder);
        }
    }

    /// The paths in the order in which the host is asked for them: those with content first.
    fn in_order(&self) -> Vec<(&str, Want)> {
        let mut paths: Vec<(&str, Want)> = self
            .paths
            .iter()
            .map(|(path, want)| (path.as_str(), *want))
            .collect();
        paths.sort_by_key(|(_, want)| Reverse(*want));
        paths
    }
}

/// Asks for as many paths as go to one program, by their aliases.
fn ask(paths: &[(&str, Want)], builder: &mut Builder) {
    for (want, name) in [
        (Want::Content, "c_with_content"),
        (Want::Hash, "c_with_hash"),
        (Want::Attributes, "c_with_attributes"),
    ] {
        builder.raw(&format!("{name}() {{ \"$@\""));
        for (path, _) in paths.iter().filter(|(_, wanted)| *wanted == want) {
            let rest = path.strip_prefix('/').unwrap_or(path);
            builder.raw(" \"$c_at\"").raw(&quote(rest));
        }
        builder.raw("; }\n");
    }
    builder.raw("c_files\n");
}

/// The directory that holds a path, spelled so that a link to a directory counts as one.
fn parent(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((parent, _)) => format!("{parent}/."),
        None => String::from("/."),
    }
}

/// What the host said of all paths.
pub(super) struct Answers {
    stats: HashMap<Vec<u8>, FileInfo>,
    links: HashMap<Vec<u8>, FileKind>,
    hashes: HashMap<Vec<u8>, String>,
    contents: HashMap<Vec<u8>, Vec<u8>>,
    /// Paths that did not answer in time.
    dead: HashSet<Vec<u8>>,
    /// Why attributes could not be had, by path.
    reasons: HashMap<Vec<u8>, String>,
    /// What reading contents complained of.
    complaints: String,
    /// Whether the host has no program for hashes.
    no_hash: bool,
}

impl Answers {
    pub(super) fn read(asked: &Files, nonce: &Nonce, frames: &[Frame<'_>]) -> Self {
        let mut answers = Self {
            stats: HashMap::new(),
            links: HashMap::new(),
            hashes: HashMap::new(),
            contents: HashMap::new(),
            dead: HashSet::new(),
            reasons: HashMap::new(),
            complaints: String::new(),
            no_hash: false,
        };
        let names: Vec<Vec<u8>> = asked
            .in_order()
            .into_iter()
            .map(|(path, _)| key(path))
            .collect();
        let expected: HashSet<Vec<u8>> = names.iter().cloned().collect();
        let mut errors = Vec::new();
        for frame in frames {
            match frame.label {
                "stat" => answers.stats.extend(stat::read_stats(nonce, frame.body)),
                "stat-again" => errors.clear(),
                "stat-error" => errors.extend(split_errors(frame.body)),
                "links" => answers.links.extend(stat::read_links(nonce, frame.body)),
                "hash" => answers.hashes.extend(stat::read_hashes(nonce, frame.body)),
                "content" => {
                    let contents = stat::read_contents(nonce, &expected, frame.body);
                    answers.contents.extend(contents);
                }
                "content-error" => {
                    answers.complaints.push_str(&words(frame.body));
                    answers.complaints.push('\n');
                }
                "no-sha256sum" => answers.no_hash = true,
                "dead" => {
                    let prefix = nonce.alias_prefix();
                    if let Some(name) = frame.body.strip_prefix(prefix.as_bytes()) {
                        answers.dead.insert(name.to_vec());
                        answers.stats.remove(name);
                    }
                }
                _ => {}
            }
        }
        answers.give_reasons(&names, &errors);
        answers
    }

    /// stat reports what it cannot find in the order of its arguments: the nth complaint is of the nth path
    /// without attributes.
    fn give_reasons(&mut self, names: &[Vec<u8>], errors: &[String]) {
        let missing: Vec<&Vec<u8>> = names
            .iter()
            .filter(|name| !self.stats.contains_key(*name) && !self.dead.contains(*name))
            .collect();
        let all = errors.join("; ");
        for (place, name) in missing.iter().enumerate() {
            let reason = if errors.len() == missing.len() {
                errors[place].clone()
            } else {
                all.clone()
            };
            self.reasons.insert((*name).clone(), reason);
        }
    }

    /// What stands at a path.
    fn state(&self, path: &str) -> Result<FileState, String> {
        let name = key(path);
        if self.dead.contains(&name) {
            return Err(format!(
                "{path} did not answer in time: is it on a file system whose server is gone?"
            ));
        }
        let Some(info) = self.stats.get(&name) else {
            let reason = self.reasons.get(&name).map_or("", String::as_str);
            if reason.ends_with("No such file or directory") || reason.ends_with("Not a directory")
            {
                let parent_exists = self.stats.contains_key(&key(&parent(path)));
                return Ok(FileState::Absent { parent_exists });
            }
            return Err(format!("{path}: {}", in_words(reason)));
        };
        let mut info = info.clone();
        if let (FileKind::Link { .. }, Some(kind)) = (&info.kind, self.links.get(&name)) {
            info.kind = kind.clone();
        }
        info.sha256 = self.hashes.get(&name).cloned();
        Ok(FileState::Present(Box::new(info)))
    }

    /// The answer to `Probe::File`.
    pub(super) fn file(&self, path: &str) -> Observation {
        match self.state(path) {
            Ok(FileState::Present(mut info)) => {
                // It may have been read for another probe's sake.
                if info.sha256.is_none()
                    && let Some(content) = self.contents.get(&key(path))
                    && !too_large(content)
                {
                    info.sha256 = Some(Blob::from(content.as_slice()).sha256());
                }
                if info.sha256.is_none() && self.no_hash && info.kind == FileKind::File {
                    return Observation::Failed(self.no_hash(path));
                }
                Observation::File(FileState::Present(info))
            }
            Ok(state) => Observation::File(state),
            Err(reason) => Observation::Failed(reason),
        }
    }

    /// The answer to `Probe::Content`.
    pub(super) fn content(&self, path: &str) -> Observation {
        let mut info = match self.state(path) {
            Ok(FileState::Present(info)) => info,
            Ok(state) => return Observation::File(state),
            Err(reason) => return Observation::Failed(reason),
        };
        match self.contents.get(&key(path)) {
            // Its hash stands for it.
            Some(content) if too_large(content) && info.sha256.is_some() => {}
            Some(content) if too_large(content) => return Observation::Failed(self.no_hash(path)),
            Some(content) => {
                let blob = Blob::from(content.as_slice());
                info.sha256 = Some(blob.sha256());
                if info.kind == FileKind::File {
                    info.size = blob.len() as u64;
                }
                info.content = Some(blob);
            }
            // A link that leads nowhere has no content to complain of.
            None if matches!(info.kind, FileKind::Link { resolved: None, .. }) => {}
            None if info.kind == FileKind::File || self.complaint(path).is_some() => {
                return Observation::Failed(self.unreadable(path));
            }
            None => {}
        }
        Observation::File(FileState::Present(info))
    }

    /// The content of a file as text; `None` where there is none.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, String> {
        match self.content(path) {
            Observation::File(FileState::Present(info)) => match info.content {
                Some(content) => Ok(Some(content.to_lossy().into_owned())),
                None => Err(format!("{path} is not a file")),
            },
            Observation::Failed(reason) => Err(reason),
            _ => Ok(None),
        }
    }

    /// The content of a file, where it was read and is not too large.
    pub(super) fn bytes(&self, path: &str) -> Option<&[u8]> {
        let content = self.contents.get(&key(path))?;
        (!too_large(content)).then_some(content)
    }

    fn no_hash(&self, path: &str) -> String {
        if self.no_hash {
            format!(
                "{path}: the host has no sha256sum program (coreutils or busybox), so its content cannot be compared"
            )
        } else {
            format!("{path}: its SHA-256 could not be had in time")
        }
    }

    fn complaint(&self, path: &str) -> Option<&str> {
        // coreutils put the name in quotes, busybox a colon behind it.
        let name = path.trim_start_matches('/');
        let ends = [format!("/{name}'"), format!("/{name}: ")];
        self.complaints
            .lines()
            .find(|line| ends.iter().any(|end| line.contains(end)))
    }

    fn unreadable(&self, path: &str) -> String {
        let complaint = self.complaint(path).unwrap_or(self.complaints.trim());
        format!("{path} cannot be read: {}", in_words(complaint))
    }
}

/// A path as answers hold it: without the slash that belongs to the alias.
fn key(path: &str) -> Vec<u8> {
    path.strip_prefix('/').unwrap_or(path).as_bytes().to_vec()
}

fn too_large(content: &[u8]) -> bool {
    content.len() as u64 > CONTENT_LIMIT
}

/// The part of a complaint that says why: after the last colon.
fn in_words(complaint: &str) -> &str {
    match complaint.rsplit_once(": ") {
        Some((_, reason)) => reason,
        None if complaint.is_empty() => "the host does not say why",
        None => complaint,
    }
}

/// Complaints of stat, which may stretch over lines where a name does.
fn split_errors(body: &[u8]) -> Vec<String> {
    let text = words(body);
    let mut errors: Vec<String> = Vec::new();
    for line in text.lines() {
        match errors.last_mut() {
            Some(last) if !line.starts_with("stat: ") => {
                last.push('\n');
                last.push_str(line);
            }
            _ => errors.push(line.to_owned()),
        }
    }
    errors
}
