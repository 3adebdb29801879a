//! Rules of accounts: what a server says of them when it is asked within a transaction, and what it does with them.

use cachesmith::redis::acl::Rules;

use crate::build::Build;
use crate::instance::Instance;
use crate::resp::Reply;

/// Rules that every server takes.
const RULES: [&str; 6] = [
    "~a:* ~b:* +@read +@write -@dangerous",
    "allkeys allcommands",
    "~a:* +set +get -get +get",
    "~* +@all -@admin -@dangerous +info",
    "+config|get +client|id +ping",
    "~x",
];

/// A server says the same of rules in a transaction as of an account that has them, and nothing stays of the former.
pub fn accounts(build: &Build) -> Vec<String> {
    let mut instance = Instance::start(build);
    let mut wrong = Vec::new();
    let before = list(&mut instance);
    for rules in RULES {
        let words: Vec<&str> = rules.split(' ').collect();
        instance.ask(&["MULTI"]);
        instance.ask(
            &[
                &["ACL", "SETUSER", "trial", "reset"],
                words.as_slice(),
                &["off"],
            ]
            .concat(),
        );
        instance.ask(&["ACL", "LIST"]);
        instance.ask(&["ACL", "DELUSER", "trial"]);
        let tried = instance.ask(&["EXEC"]);
        let Reply::List(answers) = &tried else {
            wrong.push(format!("{rules}: the transaction answered {tried:?}"));
            continue;
        };
        let said = answers.get(1).and_then(|answer| rules_of(answer, "trial"));
        if list(&mut instance) != before {
            wrong.push(format!("{rules}: something of the trial stays"));
        }
        instance.ask(
            &[
                &["ACL", "SETUSER", "app", "reset", "on", "nopass"],
                words.as_slice(),
            ]
            .concat(),
        );
        let live = rules_of(&Reply::List(list(&mut instance)), "app");
        let (Some(said), Some(live)) = (said, live) else {
            wrong.push(format!("{rules}: {tried:?} does not tell of it"));
            continue;
        };
        let live = Rules::parse(&live);
        if Rules::parse(&said).with_login_of(&live) != live {
            wrong.push(format!(
                "{rules}: {said:?} in a trial, and {live:?} of an account"
            ));
        }
        instance.ask(&["ACL", "DELUSER", "app"]);
    }
    instance.ask(&["MULTI"]);
    instance.ask(&[
        "ACL",
        "SETUSER",
        "trial",
        "reset",
        "+no-such-command",
        "off",
    ]);
    instance.ask(&["ACL", "DELUSER", "trial"]);
    let refused = format!("{:?}", instance.ask(&["EXEC"]));
    if !refused.contains("Unknown command or category") {
        wrong.push(format!("a command that it does not have: {refused}"));
    }
    wrong
}

fn list(instance: &mut Instance) -> Vec<Reply> {
    match instance.ask(&["ACL", "LIST"]) {
        Reply::List(lines) => lines,
        other => vec![other],
    }
}

/// The rules of an account, as words.
fn rules_of(list: &Reply, name: &str) -> Option<Vec<String>> {
    let Reply::List(lines) = list else {
        return None;
    };
    lines.iter().find_map(|line| {
        let mut words = line.text().split_whitespace();
        let is_it = words.next() == Some("user") && words.next() == Some(name);
        is_it.then(|| words.map(str::to_owned).collect())
    })
}
