//! The server's own judgement of a file, before the file takes its place.

use crate::redis::catalogue::{self, Kind};
use crate::redis::version::Server;

/// Its first lines say what it does. Seen with Redis 7.0 and 8.0 and Valkey 8.1.
const TRIAL: &str = include_str!("trial.sh");

/// The words that make `program` try the file at `%s`, as `account`; without one it only reads it.
pub(in crate::module) fn with(
    program: &str,
    account: Option<&str>,
    server: Option<&Server>,
) -> Vec<String> {
    let untold: Vec<&str> = catalogue::all()
        .iter()
        .filter(|known| {
            known.kind == Kind::Repeated
                || server.is_none_or(|server| known.ignored_by.contains(server))
        })
        .flat_map(catalogue::Directive::names)
        .collect();
    let account = account.unwrap_or_default();
    let untold = untold.join(" ");
    [
        "/bin/sh", "-c", TRIAL, "sh", program, "%s", account, &untold,
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `%s` becomes the file's path wherever it stands.
    #[test]
    fn the_path_has_one_place() {
        let words = with("redis-server", Some("redis"), Some(&Server::redis(8, 0, 2)));
        let places: Vec<&String> = words.iter().filter(|word| word.contains("%s")).collect();
        assert_eq!(places, ["%s"]);
        assert!(words[7].contains("rename-command") && words[7].contains("io-threads-do-reads"));
    }
}
