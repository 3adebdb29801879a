//! What hosts say of leases and locks, as a table.

use indexmap::IndexMap;

use super::page::{Line, Page, Role, Table};
use crate::model::lock::{HostLock, LockKind};
use crate::view::gather::fold;

/// What one host says of one lock.
#[derive(Clone, Debug)]
pub enum LockAnswer {
    /// There is one.
    Has(HostLock),
    Set(HostLock),
    Removed(HostLock),
    /// It is somebody else's, and was left alone.
    Refused(HostLock),
    /// There was nothing to take away.
    Nothing,
    Unreachable(String),
    Failed(String),
}

impl LockAnswer {
    /// The word for it, in JSON as in text.
    fn word(&self) -> &'static str {
        match self {
            Self::Has(lock) if lock.kind == LockKind::Lease => "lease",
            Self::Has(_) => "lock",
            Self::Set(_) => "locked",
            Self::Removed(lock) if lock.kind == LockKind::Lease => "broken",
            Self::Removed(_) => "unlocked",
            Self::Refused(_) => "refused",
            Self::Nothing => "nothing",
            Self::Unreachable(_) => "unreachable",
            Self::Failed(_) => "failed",
        }
    }

    fn role(&self) -> Role {
        match self {
            Self::Has(_) | Self::Refused(_) => Role::Warning,
            Self::Set(_) | Self::Removed(_) => Role::Good,
            Self::Nothing => Role::Faint,
            Self::Unreachable(_) | Self::Failed(_) => Role::Failure,
        }
    }

    fn lock(&self) -> Option<&HostLock> {
        match self {
            Self::Has(lock) | Self::Set(lock) | Self::Removed(lock) | Self::Refused(lock) => {
                Some(lock)
            }
            Self::Nothing | Self::Unreachable(_) | Self::Failed(_) => None,
        }
    }

    /// What stands behind the word.
    fn text(&self) -> String {
        match self {
            Self::Nothing => "there was none".to_owned(),
            Self::Unreachable(why) | Self::Failed(why) => why.clone(),
            _ => self.lock().map(HostLock::words).unwrap_or_default(),
        }
    }

    /// For how long, in whole minutes so that hosts are alike.
    fn left(&self) -> String {
        match self.lock().filter(|_| !matches!(self, Self::Removed(_))) {
            None => String::new(),
            Some(lock) if lock.busy && lock.left == Some(0) => "its script is at work".to_owned(),
            Some(lock) => match lock.left {
                None => "until it is unlocked".to_owned(),
                Some(seconds) => match seconds.div_ceil(60) {
                    minutes @ 0..60 => format!("{minutes} min left"),
                    minutes => format!("{} h {} min left", minutes / 60, minutes % 60),
                },
            },
        }
    }
}

/// All answers, alike ones told once.
pub fn page(answers: &[(String, LockAnswer)], width: usize) -> Page {
    let mut page = Page::new(width);
    if answers.is_empty() {
        page.push(Line::plain("No host is held or locked."));
        return page;
    }
    let mut rows: IndexMap<(&str, String, String), (Role, Vec<&str>)> = IndexMap::new();
    for (host, answer) in answers {
        let row = rows
            .entry((answer.word(), answer.text(), answer.left()))
            .or_insert_with(|| (answer.role(), Vec::new()));
        row.1.push(host);
    }
    let mut table = Table::new();
    for ((word, text, left), (role, hosts)) in rows {
        table.row([
            Line::of(Role::Heading, &fold(hosts)),
            Line::of(role, word),
            Line::plain(&text),
            Line::of(Role::Faint, &left),
        ]);
    }
    table.write(&mut page, 0);
    page
}

/// One answer as a line of JSON; `docs/locks.md` describes it.
pub fn to_json(host: &str, answer: &LockAnswer) -> String {
    let mut value = serde_json::json!({ "host": host, "result": answer.word() });
    if let Some(lock) = answer.lock() {
        value["lock"] = serde_json::json!(lock);
    } else if !matches!(answer, LockAnswer::Nothing) {
        value["message"] = serde_json::json!(answer.text());
    }
    value.to_string()
}
