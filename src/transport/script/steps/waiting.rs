//! Steps of one kind that follow each other are told together, behind what one program does for all of them.

use crate::model::step::{Action, Guard, Step};

/// What a step may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The name of its file is brought onto the disk.
    File,
    /// Its directory is made.
    Directory,
}

/// The steps behind which nothing has been settled.
#[derive(Default)]
pub(super) struct Waiting<'a> {
    kind: Option<Kind>,
    /// What is not there until it is settled.
    paths: Vec<&'a str>,
}

impl<'a> Waiting<'a> {
    /// Whether there is anything that may wait.
    pub(super) fn is_any(&self) -> bool {
        self.kind.is_some()
    }

    /// Takes in the next step. True: what waits has to be settled before it.
    pub(super) fn take(&mut self, step: &'a Step) -> bool {
        let (kind, path) = match &step.action {
            Action::WriteFile { path, .. } => (Some(Kind::File), path),
            Action::MakeDirectory { path, .. } => (Some(Kind::Directory), path),
            _ => {
                self.paths.clear();
                return self.kind.take().is_some();
            }
        };
        let path = path.trim_end_matches('/');
        let goes_on = self.kind == kind
            && (kind == Some(Kind::File)
                || !self.paths.contains(&path) && looks_at(step).is_none_or(|at| at == path));
        let settles = self.is_any() && !goes_on;
        if settles {
            self.paths.clear();
        }
        self.kind = kind;
        self.paths.push(path);
        settles
    }
}

/// The path that the guard looks at; another kind of guard looks at everything.
fn looks_at(step: &Step) -> Option<&str> {
    match step.guard.as_ref()? {
        Guard::Absent { path } => Some(path.trim_end_matches('/')),
        _ => Some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::Attributes;

    fn directory(path: &str) -> Step {
        Step::new(Action::MakeDirectory {
            path: path.to_owned(),
            attributes: Attributes::default(),
        })
    }

    fn file() -> Step {
        Step::new(Action::WriteFile {
            path: "/a/file".to_owned(),
            content: "text".into(),
            attributes: Attributes::default(),
            validate: None,
            backup: None,
        })
    }

    fn settled(steps: &[Step]) -> Vec<bool> {
        let mut waiting = Waiting::default();
        steps.iter().map(|step| waiting.take(step)).collect()
    }

    #[test]
    fn steps_of_one_kind_wait_for_each_other() {
        let remove = Step::new(Action::Remove {
            path: "/b".to_owned(),
        });
        let steps = [
            directory("/a"),
            directory("/b"),
            file(),
            file(),
            remove.clone(),
            remove,
        ];
        assert_eq!(settled(&steps), [false, false, true, false, true, false]);
    }

    #[test]
    fn what_a_directory_is_decided_from_is_there_before_it_is_looked_at() {
        let path = || "/b".to_owned();
        let own = directory("/b/").guarded(Guard::Absent { path: path() });
        assert_eq!(settled(&[directory("/a"), own.clone()]), [false, false]);
        assert_eq!(settled(&[own.clone(), own]), [false, true]);
        let other = directory("/b/c").guarded(Guard::Exists { path: path() });
        assert_eq!(settled(&[directory("/b"), other]), [false, true]);
    }
}
