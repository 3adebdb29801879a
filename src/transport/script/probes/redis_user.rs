//! Accounts of a running server, and how it reads their rules.
//!
//! The server says rules in its own words, which differ by version: for an account that nobody can log in to, made and
//! removed again in one transaction, so that no other client ever sees it and nothing of it is written anywhere.

use super::redis::{Said, ask, error_line, split};
use crate::model::probe::{Observation, RedisUserQuestion, RedisUserState};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::Frame;
use crate::transport::script::nonce::Nonce;
use crate::transport::script::quote::client_word;

pub(super) fn compile(number: usize, question: &RedisUserQuestion, builder: &mut Builder) {
    let tag = &builder.nonce().tag;
    let mut commands = format!("PING {tag}:list\nACL LIST\nPING {tag}:trial\n");
    if !question.rules.is_empty() {
        let words: String = question
            .rules
            .iter()
            .map(|word| format!(" {}", client_word(word.as_bytes())))
            .collect();
        let trial = trial(&builder.nonce().tag);
        commands.push_str(&format!(
            "MULTI\nACL SETUSER {trial} reset{words} off\nACL LIST\nACL DELUSER {trial}\nEXEC\n"
        ));
    }
    commands.push_str(&format!("PING {tag}:end"));
    ask(number, &question.address, commands, builder);
}

/// A name that no account has.
fn trial(tag: &str) -> String {
    format!("cachesmith-{tag}")
}

pub(super) fn parse(
    number: usize,
    question: &RedisUserQuestion,
    nonce: &Nonce,
    frames: &[Frame<'_>],
) -> Observation {
    let Some(said) = Said::find(number, frames) else {
        return Observation::Failed(String::from("the host said nothing of the server"));
    };
    let marks = ["list", "trial", "end"].map(|part| format!("{}:{part}\n", nonce.tag));
    let (before, rest) = split(said.answer, &marks[0]);
    let (list, rest) = split(rest, &marks[1]);
    let (tried, _) = split(rest, &marks[2]);
    let [before, list, tried] = [before, list, tried].map(String::from_utf8_lossy);
    let complained = || {
        let line = said.complaint.lines().next().unwrap_or_default().trim();
        let line = line.strip_prefix("AUTH failed: ").unwrap_or(line);
        (!line.is_empty()).then(|| line.to_owned())
    };
    let mut state = RedisUserState {
        rules: rules_of(&list, &question.name),
        ..RedisUserState::default()
    };
    // A server always has the account `default`: a list without any account is no list.
    if !list.lines().any(|line| line.starts_with("user ")) {
        state.error = error_line(&list)
            .or_else(|| error_line(&before))
            .or_else(complained)
            .or_else(|| Some(String::from("the server told nothing of its accounts")));
        return Observation::RedisUser(state);
    }
    if !question.rules.is_empty() {
        state.read = rules_of(&tried, &trial(&nonce.tag));
        if state.read.is_none() {
            let refused = tried.lines().find_map(error_line);
            state.refused =
                refused.or_else(|| Some(String::from("the server told nothing of these rules")));
        }
    }
    Observation::RedisUser(state)
}

/// The rules of an account in an answer to ACL LIST.
fn rules_of(list: &str, name: &str) -> Option<Vec<String>> {
    list.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.next() == Some("user") && words.next() == Some(name);
        is_it.then(|| words.map(str::to_owned).collect())
    })
}
