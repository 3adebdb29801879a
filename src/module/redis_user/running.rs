//! The account in the running server.

use super::wanted::Request;
use super::{fields, kind};
use crate::model::change::{Change, Difference, Effect, Undo};
use crate::model::probe::{Observation, Probe, RedisAddress, RedisUserQuestion, RedisUserState};
use crate::model::step::{Action, Guard, Step};
use crate::module::redis_config::live::Live;
use crate::module::shared::redis_address::place;
use crate::module::{Failure, Look, Stop};
use crate::redis::acl::Rules;

/// What the server says of the account, and how it reads the wanted rules.
pub(super) struct Running<'a> {
    question: RedisUserQuestion,
    /// All that was asked: the rules that it has are known before it is asked how it says more of them.
    asked: Vec<Probe>,
    pub(super) rules: Option<&'a [String]>,
    read: Option<&'a [String]>,
}

/// Whether a word is about how, or whether, somebody logs in.
fn is_of_login(word: &str) -> bool {
    ["on", "off", "nopass", "resetpass"].contains(&word) || word.starts_with(['#', '>'])
}

/// The question about an account: how would the server say its rules, those that it has included where they stay.
pub(super) fn question(
    address: &RedisAddress,
    request: &Request,
    words: &[String],
    has: Option<&[String]>,
) -> RedisUserQuestion {
    let has = has.unwrap_or_default().iter();
    let has = has.filter(|word| !is_of_login(word));
    let rules = has.chain(words).cloned();
    RedisUserQuestion {
        address: address.clone(),
        name: request.name.clone(),
        rules: if request.is_present() {
            rules.collect()
        } else {
            Vec::new()
        },
    }
}

impl<'a> Running<'a> {
    /// # Errors
    /// Where the server does not tell of its accounts, or does not take the rules.
    pub(super) fn ask(
        look: &Look<'a>,
        live: &Live<'a>,
        request: &Request,
        words: &[String],
    ) -> Result<Self, Stop> {
        let mut question = question(&live.address, request, words, None);
        let probe = |question: &RedisUserQuestion| Probe::RedisUser(Box::new(question.clone()));
        let mut asked = vec![probe(&question)];
        let mut state = look.redis_user(&question)?;
        if request.append
            && let Some(has) = &state.rules
        {
            question = self::question(&live.address, request, words, Some(has));
            asked.push(probe(&question));
            state = look.redis_user(&question)?;
        }
        let at = place(&live.address);
        if let Some(error) = &state.error {
            let help = if error.contains("unknown command") {
                "accounts came with Redis 6.0"
            } else {
                "the account that asks needs +acl, +multi and +exec, beside +ping, +info, +config|get and +config|set"
            };
            return Err(Failure::new(format!(
                "the server at {at} does not tell of its accounts: {error}"
            ))
            .help(help)
            .into());
        }
        if let Some(refused) = &state.refused {
            return Err(Failure::new(format!(
                "the server at {at} does not take the rules of `{}`: {refused}",
                request.name
            ))
            .help("`ACL CAT` tells its categories; a command has to be one that it knows")
            .into());
        }
        Ok(Self {
            question,
            asked,
            rules: state.rules.as_deref(),
            read: state.read.as_deref(),
        })
    }

    pub(super) fn address(&self) -> &RedisAddress {
        &self.question.address
    }

    /// What the server will say of an account with the wanted rules; how to log in is no matter of words.
    pub(super) fn expected(&self, wanted: &Rules) -> Option<Rules> {
        let read = Rules::parse(self.read?);
        Some(read.with_login_of(wanted))
    }

    /// The wanted rules as the server will say them, but for their order.
    fn as_said(&self, wanted: &[String]) -> Vec<String> {
        let Some(read) = self.read else {
            return wanted.to_vec();
        };
        let login = wanted.iter().filter(|word| is_of_login(word));
        let others = read.iter().filter(|word| !is_of_login(word));
        login.chain(others).cloned().collect()
    }

    /// What has to be done in the server; `None`: the account is as it should be.
    pub(super) fn change(&self, request: &Request, wanted: Option<&[String]>) -> Option<Change> {
        let before = self.rules.map(Rules::parse);
        let after = wanted.map(Rules::parse);
        let expected = after
            .as_ref()
            .map(|after| self.expected(after).unwrap_or_else(|| after.clone()));
        if before == expected {
            return None;
        }
        let address = self.address();
        let step = |rules: Option<Vec<String>>| {
            Step::new(Action::RedisUser {
                address: address.clone(),
                name: request.name.clone(),
                rules,
            })
        };
        let old = self.rules.map(<[String]>::to_vec);
        let probe = Probe::RedisUser(Box::new(self.question.clone()));
        let state = RedisUserState {
            rules: wanted.map(<[String]>::to_vec),
            read: self.read.map(<[String]>::to_vec),
            ..RedisUserState::default()
        };
        Some(Change {
            kind: kind(before.is_some(), expected.is_some()),
            resource: format!(
                "account {} of the server at {}",
                request.name,
                place(address)
            ),
            difference: Difference::Fields(fields(
                &request.name,
                before.as_ref(),
                expected.as_ref(),
            )),
            notes: Vec::new(),
            steps: vec![
                step(wanted.map(<[String]>::to_vec)).guarded(Guard::RedisUser {
                    address: address.clone(),
                    name: request.name.clone(),
                    rules: old.clone(),
                }),
            ],
            // Whoever takes it back looks whether the account is still what the server makes of these rules.
            undo: Undo::Steps(vec![step(old).guarded(Guard::RedisUser {
                address: address.clone(),
                name: request.name.clone(),
                rules: wanted.map(|wanted| self.as_said(wanted)),
            })]),
            effects: std::iter::once(Effect::Becomes(probe, Observation::RedisUser(state)))
                .chain(self.asked.iter().cloned().map(Effect::AskAgain))
                .collect(),
        })
    }
}
