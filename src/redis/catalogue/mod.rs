//! What is known of every configuration directive, and what is wrong with a configuration.
//!
//! The data is `directives.csv`, read from the configuration tables in the source of Redis 5.0.14, 6.0.20, 6.2.16,
//! 7.0.15, 7.2.6, 7.4.1, 8.0.6 and 8.6.3 and of Valkey 7.2.7, 8.0.1, 8.1.1 and 9.1.2, and held against running servers
//! by `tests/servers`. Its columns:
//!
//! | column | meaning |
//! | --- | --- |
//! | `name`, `older_name` | the newest name, and the one it had before (still accepted beside it) |
//! | `kind` | how its value is read, see [`Kind`] |
//! | `accepted_by`, `older_accepted_by` | releases that take the name (the older name) |
//! | `runtime_in` | releases in which CONFIG SET can change it |
//! | `ignored_by` | releases that accept it and do nothing |
//! | `minimum`, `maximum`, `values`, `default` | bounds, allowed words, and what holds when it is absent; `x@redis-7.4+` restricts `x` to those releases; in a default `_` is a space and `""` the empty text |
//! | `secret` | whether its value must not be shown |

mod check;

mod releases;
mod row;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use check::{Finding, Reason, check};
pub use releases::{NoReleases, Releases, is_newer_than_catalogue, is_unread};
pub use row::{Directive, Kind};

use crate::model::nearest::nearest;
use crate::redis::version::Server;

const DATA: &str = include_str!("directives.csv");

/// All directives, in the order of the data file. A test holds that every line of it can be read.
static DIRECTIVES: LazyLock<Vec<Directive>> = LazyLock::new(|| {
    DATA.lines()
        .skip(1)
        .filter_map(Directive::from_row)
        .collect()
});

/// Every name and older name, to its place in [`DIRECTIVES`].
static BY_NAME: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (index, directive) in DIRECTIVES.iter().enumerate() {
        names.extend(directive.names().map(|name| (name, index)));
    }
    names
});

/// Every directive that is known.
#[must_use]
pub fn all() -> &'static [Directive] {
    &DIRECTIVES
}

/// The directive with this name or older name; case does not matter, as in Redis.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Directive> {
    let index = BY_NAME.get(name.to_ascii_lowercase().as_str())?;
    DIRECTIVES.get(*index)
}

/// The name under which a directive is compared: its newest name, or the given one in lower case if it is unknown.
#[must_use]
pub fn canonical(name: &str) -> String {
    lookup(name).map_or_else(
        || name.to_ascii_lowercase(),
        |directive| directive.name.to_owned(),
    )
}

/// The known name nearest to a wrong one, if any is near enough to have been meant.
#[must_use]
pub fn suggestion(name: &str) -> Option<&'static str> {
    let names: Vec<&'static str> = DIRECTIVES.iter().flat_map(Directive::names).collect();
    nearest(name, &names)
}

/// Whether the value of a directive must not be shown. Unknown names that sound like a secret count as one, since a
/// module's or a newer server's password is one too.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    match lookup(name) {
        Some(directive) => directive.secret,
        None => {
            let name = name.to_ascii_lowercase();
            [
                "pass",
                "secret",
                "auth",
                "token",
                "credential",
                "key-file-pass",
            ]
            .iter()
            .any(|word| name.contains(word))
                // A misspelt `requirepass` holds a password too.
                || suggestion(&name).and_then(lookup).is_some_and(|near| near.secret)
        }
    }
}

/// Whether CONFIG SET can change the directive on this server. False where that is not known, so that a caller
/// falls back to a restart.
#[must_use]
pub fn is_live_settable(name: &str, server: Option<&Server>) -> bool {
    server
        .zip(lookup(name))
        .is_some_and(|(server, directive)| directive.runtime_in.contains(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_is_read_and_no_name_stands_twice() {
        assert_eq!(all().len(), DATA.lines().count() - 1);
        assert_eq!(
            BY_NAME.len(),
            all().iter().flat_map(Directive::names).count()
        );
        for directive in all() {
            assert!(!directive.accepted_by.is_empty(), "{}", directive.name);
            assert_eq!(
                directive.older_name.is_some(),
                !directive.older_accepted_by.is_empty(),
                "{}",
                directive.name
            );
        }
    }

    #[test]
    fn older_names_lead_to_the_same_directive() {
        for (older, newest) in [
            ("slave-lazy-flush", "replica-lazy-flush"),
            ("hash-max-ziplist-value", "hash-max-listpack-value"),
            ("MASTERAUTH", "primaryauth"),
            ("slowlog-max-len", "commandlog-slow-execution-max-len"),
            ("slaveof", "replicaof"),
            ("lua-time-limit", "busy-reply-threshold"),
        ] {
            assert_eq!(canonical(older), newest);
            assert_eq!(canonical(newest), newest);
        }
        assert_eq!(canonical("Some.Module-Option"), "some.module-option");
    }

    #[test]
    fn what_can_be_set_at_run_time_depends_on_the_server() {
        let old = Server::redis(6, 2, 16);
        assert!(is_live_settable("disable-thp", Some(&old)));
        assert!(!is_live_settable(
            "disable-thp",
            Some(&Server::redis(7, 0, 15))
        ));
        assert!(is_live_settable(
            "io-threads",
            Some(&Server::valkey(9, 1, 0))
        ));
        assert!(!is_live_settable(
            "io-threads",
            Some(&Server::valkey(8, 1, 1))
        ));
        assert!(
            is_live_settable("maxmemory", Some(&Server::redis(8, 2, 0))),
            "open ranges go on"
        );
        assert!(!is_live_settable("maxmemory", None));
        assert!(!is_live_settable("no-such-thing", Some(&old)));
    }

    #[test]
    fn secrets_are_known_by_every_name() {
        for name in [
            "requirepass",
            "masterauth",
            "primaryauth",
            "masteruser",
            "user",
            "rename-command",
            "tls-key-file-pass",
            "sentinel",
        ] {
            assert!(is_secret(name), "{name}");
        }
        assert!(is_secret("my-module.password"));
        assert!(is_secret("requirepas") && is_secret("RequrePass"));
        for name in ["maxmemory", "tls-key-file", "aclfile", "tls-auth-clients"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_misspelt_name_leads_to_the_right_one() {
        assert_eq!(suggestion("maxmemmory"), Some("maxmemory"));
        assert_eq!(suggestion("active-defrag"), Some("activedefrag"));
        assert_eq!(suggestion("completely-different-thing"), None);
    }
}
