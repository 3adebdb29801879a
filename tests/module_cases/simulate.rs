//! A file system in memory that carries out steps: are their guards right, do they do what the effects say, and
//! does the undo restore what was there? Programs cannot be carried out here; a change with one is not judged.

use std::collections::BTreeMap;

use cachesmith::model::blob::Blob;
use cachesmith::model::change::{Change, Effect, Undo};
use cachesmith::model::probe::{FileInfo, FileKind, FileState, Observation, Probe};
use cachesmith::model::step::{Action, Attributes, Guard, Step};
use cachesmith::model::value::{Map, Value};

use crate::Problem;
use crate::observed::Pair;

/// What is known of paths; `None`: nothing stands there.
#[derive(Clone, Default)]
struct Files {
    paths: BTreeMap<String, Option<FileInfo>>,
    /// Numbers of users and groups.
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
    /// Who owns what is made; the group has the same name.
    session: String,
}

/// Whether all steps could be carried out here.
#[derive(PartialEq)]
enum Done {
    All,
    NotJudged,
}

/// Judges the steps, the effects and the undo of changes.
pub(crate) fn judge(facts: &Map, observed: &[Pair], changes: &[Change]) -> Result<(), Problem> {
    let before = Files::of(facts, observed);
    let mut after = before.clone();
    for change in changes {
        let earlier = after.clone();
        if after.run(&change.steps)? == Done::NotJudged {
            return Ok(());
        }
        check_effects(&earlier, &after, change)?;
    }
    let mut restored = after.clone();
    for change in changes.iter().rev() {
        match &change.undo {
            Undo::Impossible(_) | Undo::Again { .. } => return Ok(()),
            Undo::Steps(steps) => {
                let done = restored.run(steps);
                match done.map_err(|problem| format!("undo of {}: {problem}", change.resource))? {
                    Done::All => {}
                    Done::NotJudged => return Ok(()),
                }
            }
        }
    }
    for (path, old) in &before.paths {
        let now = restored.paths.get(path).cloned().flatten();
        if !alike(old.as_ref(), now.as_ref()) {
            return Err(format!(
                "after the undo `{path}` is {now:?}, and it was {old:?}"
            ));
        }
    }
    Ok(())
}

/// Every path that is said to become something did, and every one that did is said to.
fn check_effects(before: &Files, after: &Files, change: &Change) -> Result<(), Problem> {
    for effect in &change.effects {
        if let Effect::Attributes { path, after: said } = effect {
            let is = after.known(path);
            let mut expected = before.known(path).cloned();
            if let Some(info) = &mut expected {
                said.apply(info);
            }
            if !alike(expected.as_ref(), is) {
                return Err(format!(
                    "its effects say {said:?} of `{path}`, which is {is:?}"
                ));
            }
        }
        let Effect::Becomes(Probe::File(path) | Probe::Content(path), Observation::File(state)) =
            effect
        else {
            continue;
        };
        let said = match state {
            FileState::Present(info) => Some(&**info),
            FileState::Absent { .. } => None,
        };
        let is = after.paths.get(path).cloned().flatten();
        if !alike(said, is.as_ref()) {
            return Err(format!(
                "its steps make {is:?} of `{path}`, and its effects say {said:?}"
            ));
        }
    }
    for step in &change.steps {
        let (Action::WriteFile { path, .. }
        | Action::SetAttributes { path, .. }
        | Action::MakeDirectory { path, .. }
        | Action::Link { path, .. }
        | Action::Remove { path }) = &step.action
        else {
            continue;
        };
        // Something that comes and goes within the change.
        if before.known(path).is_none() && after.known(path).is_none() {
            continue;
        }
        let tells = |probe: &Probe| {
            change.effects.iter().any(|effect| match effect {
                Effect::Attributes { path: told, .. } => told == path,
                Effect::Becomes(told, _) | Effect::Unknown { probe: told, .. } => told == probe,
                _ => false,
            })
        };
        for probe in [Probe::File(path.clone()), Probe::Content(path.clone())] {
            if !tells(&probe) {
                return Err(format!("its effects do not tell of {probe:?}"));
            }
        }
    }
    Ok(())
}

/// Equal in all that was said of both: times, and sizes and contents that are not known, do not count.
fn alike(one: Option<&FileInfo>, other: Option<&FileInfo>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let kinds = match (&one.kind, &other.kind) {
                (FileKind::Link { target: a, .. }, FileKind::Link { target: b, .. }) => {
                    return a == b;
                }
                (a, b) => a == b,
            };
            kinds
                && (one.mode, one.uid, one.gid) == (other.mode, other.uid, other.gid)
                && (&one.owner, &one.group) == (&other.owner, &other.group)
                && one.sha256 == other.sha256
        }
        _ => false,
    }
}

impl Files {
    fn of(facts: &Map, observed: &[Pair]) -> Self {
        let mut files = Self::default();
        files.users.insert("root".to_owned(), 0);
        files.groups.insert("root".to_owned(), 0);
        let number = |name: &str| match facts.get(name) {
            Some(Value::Int(number)) => u32::try_from(*number).unwrap_or_default(),
            _ => 0,
        };
        let session = facts.get("ansible_user_id").and_then(Value::as_str);
        files.session = session.unwrap_or("root").to_owned();
        files
            .users
            .insert(files.session.clone(), number("ansible_user_uid"));
        files
            .groups
            .insert(files.session.clone(), number("ansible_user_gid"));
        for (probe, answer) in observed {
            match (probe, answer) {
                (Probe::File(path) | Probe::Content(path), Observation::File(state)) => {
                    let info = match state {
                        FileState::Present(info) => Some((**info).clone()),
                        FileState::Absent { .. } => None,
                    };
                    files.paths.insert(path.clone(), info);
                }
                (Probe::Tree(directory), Observation::Tree(entries)) => {
                    for (name, info) in entries {
                        let path = format!("{directory}/{name}");
                        files.paths.entry(path).or_insert(Some(info.clone()));
                    }
                }
                (_, Observation::User(Some(user))) => {
                    files.users.insert(user.name.clone(), user.uid);
                }
                (_, Observation::Group(Some(group))) => {
                    files.groups.insert(group.name.clone(), group.gid);
                }
                _ => {}
            }
            // Who owns a file has a number too.
            if let Observation::File(FileState::Present(info)) = answer {
                files.users.entry(info.owner.clone()).or_insert(info.uid);
                files.groups.entry(info.group.clone()).or_insert(info.gid);
            }
        }
        files
    }

    fn run(&mut self, steps: &[Step]) -> Result<Done, Problem> {
        for step in steps {
            if let Some(guard) = &step.guard {
                self.check(guard)?;
            }
            if self.carry_out(&step.action)? == Done::NotJudged {
                return Ok(Done::NotJudged);
            }
        }
        Ok(Done::All)
    }

    fn known(&self, path: &str) -> Option<&FileInfo> {
        self.paths.get(path).and_then(Option::as_ref)
    }

    fn check(&self, guard: &Guard) -> Result<(), Problem> {
        let holds = match guard {
            Guard::Absent { path } => self.known(path).is_none(),
            Guard::Exists { path } => self.known(path).is_some(),
            Guard::Sha256 { path, sha256 } => {
                self.known(path).and_then(|info| info.sha256.as_ref()) == Some(sha256)
            }
            Guard::KernelValue { .. }
            | Guard::MainProcess { .. }
            | Guard::Config { .. }
            | Guard::RedisUser { .. } => true,
        };
        if holds {
            return Ok(());
        }
        Err(format!("the guard {guard:?} does not hold"))
    }

    fn carry_out(&mut self, action: &Action) -> Result<Done, Problem> {
        match action {
            Action::WriteFile {
                path,
                content,
                attributes,
                backup,
                ..
            } => {
                let old = self.known(path).cloned();
                if let Some(backup) = backup {
                    self.paths.insert(backup.clone(), old.clone());
                }
                let mut info = match old.filter(|old| old.kind == FileKind::File) {
                    Some(old) => old,
                    None => self.new_file(path, FileKind::File, 0o644)?,
                };
                info.sha256 = Some(content.sha256());
                info.content = Some(content.clone());
                self.paths.insert(path.clone(), Some(info));
                self.set(path, attributes)?;
            }
            Action::SetAttributes { path, attributes } => self.set(path, attributes)?,
            Action::MakeDirectory { path, attributes } => {
                if self.known(path).is_some() {
                    return Err(format!("`{path}` is there already"));
                }
                let info = self.new_file(path, FileKind::Directory, 0o755)?;
                self.paths.insert(path.clone(), Some(info));
                self.set(path, attributes)?;
            }
            Action::Link { path, target, hard } => {
                let info = if *hard {
                    self.known(target)
                        .cloned()
                        .ok_or(format!("`{target}` is not there"))?
                } else {
                    let kind = FileKind::Link {
                        target: target.clone(),
                        resolved: None,
                    };
                    self.new_file(path, kind, 0o777)?
                };
                if self
                    .known(path)
                    .is_some_and(|old| old.kind == FileKind::Directory)
                {
                    return Err(format!("`{path}` is a directory"));
                }
                self.paths.insert(path.clone(), Some(info));
            }
            Action::Remove { path } => self.remove(path)?,
            Action::Touch { path, .. } => {
                if self.known(path).is_none() {
                    let mut info = self.new_file(path, FileKind::File, 0o644)?;
                    info.sha256 = Some(Blob::default().sha256());
                    self.paths.insert(path.clone(), Some(info));
                }
            }
            Action::Program { program, .. } => match program.argv.as_slice() {
                [name, dashes, path] if name == "rmdir" && dashes == "--" => {
                    let inside = format!("{path}/");
                    let mut children = self.paths.iter();
                    if let Some((child, _)) =
                        children.find(|(child, info)| child.starts_with(&inside) && info.is_some())
                    {
                        return Err(format!("`{path}` is not empty: `{child}`"));
                    }
                    self.remove(path)?;
                }
                [name, force, dashes, from, to]
                    if (name.as_str(), force.as_str(), dashes.as_str()) == ("mv", "-f", "--") =>
                {
                    let moved = self.known(from).cloned();
                    self.remove(from)?;
                    self.paths.insert(to.clone(), moved);
                }
                _ => return Ok(Done::NotJudged),
            },
            Action::RecordRun { .. }
            | Action::KeepNote { .. }
            | Action::RemoveNote { .. }
            | Action::KernelValue { .. }
            | Action::ConfigSet { .. }
            | Action::LowerMaxmemory { .. }
            | Action::RedisUser { .. }
            | Action::Failover { .. }
            | Action::Reboot { .. } => return Ok(Done::NotJudged),
        }
        Ok(Done::All)
    }

    fn remove(&mut self, path: &str) -> Result<(), Problem> {
        if self.known(path).is_none() {
            return Err(format!("`{path}` is not there to be removed"));
        }
        let inside = format!("{path}/");
        for (other, info) in &mut self.paths {
            if other == path || other.starts_with(&inside) {
                *info = None;
            }
        }
        Ok(())
    }

    /// Something new of the session's user. Its directory is there, as far as anything is known of it.
    fn new_file(&self, path: &str, kind: FileKind, mode: u32) -> Result<FileInfo, Problem> {
        let parent = path.rsplit_once('/').map_or("", |parts| parts.0);
        if self.paths.get(parent).is_some_and(Option::is_none) {
            return Err(format!("the directory of `{path}` is not there"));
        }
        Ok(FileInfo {
            kind,
            mode,
            owner: self.session.clone(),
            group: self.session.clone(),
            uid: self.users[&self.session],
            gid: self.groups[&self.session],
            size: 0,
            modified: 0,
            sha256: None,
            content: None,
        })
    }

    fn set(&mut self, path: &str, attributes: &Attributes) -> Result<(), Problem> {
        let id = |names: &BTreeMap<String, u32>, name: &String| {
            let number = names.get(name).copied().or_else(|| name.parse().ok());
            number.ok_or(format!("nothing says which number `{name}` has"))
        };
        let uid = attributes.owner.as_ref().map(|name| id(&self.users, name));
        let gid = attributes.group.as_ref().map(|name| id(&self.groups, name));
        let info = self.paths.get_mut(path).and_then(Option::as_mut);
        let info = info.ok_or(format!("`{path}` is not there"))?;
        if let Some(mode) = attributes.mode {
            info.mode = mode;
        }
        if let (Some(name), Some(uid)) = (&attributes.owner, uid) {
            info.owner.clone_from(name);
            info.uid = uid?;
        }
        if let (Some(name), Some(gid)) = (&attributes.group, gid) {
            info.group.clone_from(name);
            info.gid = gid?;
        }
        Ok(())
    }
}
