//! Who the session is, and the accounts of servers.

use super::machine::number;
use super::record::Records;
use crate::model::facts::Facts;

pub(super) fn read(records: &Records, facts: &mut Facts) {
    let user = &mut facts.user;
    let Some(uid) = number(records.get("uid")).and_then(|uid| u32::try_from(uid).ok()) else {
        facts
            .missing
            .insert("user".to_owned(), "/proc/self/status has no Uid".to_owned());
        return;
    };
    user.uid = uid;
    user.gid = number(records.get("gid"))
        .and_then(|gid| u32::try_from(gid).ok())
        .unwrap_or(uid);
    let account = accounts(records)
        .into_iter()
        .find(|account| account.uid == uid);
    let session = |name: &str| facts.environment.get(name).cloned().unwrap_or_default();
    match account {
        Some(account) => {
            user.name = account.name.to_owned();
            user.home = account.home.to_owned();
            user.shell = account.shell.to_owned();
        }
        // An account of a directory service: the session knows its own name.
        None => {
            user.name = session("USER");
            user.home = session("HOME");
            user.shell = session("SHELL");
        }
    }
}

/// One line of the accounts that were asked for.
pub(super) struct Account<'a> {
    pub(super) name: &'a str,
    pub(super) uid: u32,
    home: &'a str,
    shell: &'a str,
}

pub(super) fn accounts(records: &Records) -> Vec<Account<'_>> {
    let text = records.get("accounts").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some(Account {
                name: fields.next()?,
                uid: fields.next()?.parse().ok()?,
                home: fields.next()?,
                shell: fields.next()?,
            })
        })
        .collect()
}
