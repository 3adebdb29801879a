//! Hashes of passwords.

use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, Probe, Program, UserState};
use crate::model::secret::Secret;
use crate::model::step::Step;
use crate::module::shared::program::run_program;
use crate::module::{Failure, Parameters, Stop};

/// A hash as it stands in `shadow(5)`, without the mark that locks it.
pub(super) struct Password(Secret);

impl Password {
    pub(super) fn of(parameters: &Parameters) -> Result<Option<Self>, Stop> {
        let Some(secret) = parameters.secret("password")? else {
            return Ok(None);
        };
        let field = secret.expose();
        let hash = field.trim_start_matches('!');
        let is_hash = hash.is_empty()
            || hash.starts_with('*')
            || hash.starts_with('$')
            || hash.starts_with('_')
            || (hash.len() == 13
                && hash
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "./".contains(c)));
        if !is_hash || field.contains([':', '\n', '\0']) {
            return Err(Failure::new("`password` is no hash of a password")
                .help("the account could not log in with it; make a hash with `mkpasswd -m yescrypt` or `openssl passwd -6`")
                .into());
        }
        Ok(Some(Self(secret)))
    }

    /// What will stand in `shadow(5)`. `lock`: marked as locked.
    fn field(&self, lock: bool) -> Secret {
        if lock && !self.0.expose().starts_with('!') {
            Secret::new(format!("!{}", self.0.expose()))
        } else {
            self.0.clone()
        }
    }

    /// Whether a fingerprint is that of the hash, locked or not.
    pub(super) fn is(&self, fingerprint: &str) -> bool {
        let hash = self.0.expose().trim_start_matches('!');
        ["", "!", "!!"]
            .iter()
            .any(|mark| fingerprint_of(&format!("{mark}{hash}")) == fingerprint)
    }

    /// The step that sets it. The hash goes by standard input: arguments can be seen by everybody.
    pub(super) fn step(&self, name: &str, lock: bool) -> Step {
        let field = self.field(lock);
        run_program(Program {
            stdin: Some(Blob::from(format!("{name}:{}\n", field.expose()))),
            ..Program::new(["chpasswd", "-e"])
        })
    }

    /// The account with the password set.
    pub(super) fn set(&self, user: &mut UserState, lock: bool) {
        let field = self.field(lock);
        let text = field.expose();
        user.locked = Some(text.starts_with(['!', '*']));
        user.password_fingerprint = Some(fingerprint_of(text));
    }

    /// The field of a difference, which shows fingerprints.
    pub(super) fn difference(before: Option<&UserState>, after: &UserState) -> Field {
        let show = |user: &UserState| {
            let fingerprint = user.password_fingerprint.as_deref()?;
            Some(fingerprint.chars().take(12).collect::<String>())
        };
        Field {
            secret: true,
            ..Field::new("password", before.and_then(show), show(after))
        }
    }

    /// The change of an existing account's password; `None`: it is the wanted one.
    pub(super) fn change(
        &self,
        user: &UserState,
        lock: Option<bool>,
    ) -> Result<Option<Change>, Stop> {
        let fingerprint = known(user)?;
        if self.is(fingerprint) {
            return Ok(None);
        }
        let lock = lock == Some(true);
        let mut after = user.clone();
        self.set(&mut after, lock);
        Ok(Some(Change {
            kind: ChangeKind::Update,
            resource: format!("user {}", user.name),
            difference: Difference::Fields(vec![Self::difference(Some(user), &after)]),
            notes: Vec::new(),
            steps: vec![self.step(&user.name, lock)],
            undo: Undo::Impossible(format!(
                "the old password of `{}` never left the host",
                user.name
            )),
            effects: vec![Effect::Becomes(
                Probe::User(user.name.clone()),
                Observation::User(Some(after)),
            )],
        }))
    }
}

/// The fingerprint of an account's password.
pub(super) fn known(user: &UserState) -> Result<&str, Stop> {
    user.password_fingerprint.as_deref().ok_or_else(|| {
        Failure::new(format!("the password of `{}` cannot be seen", user.name))
            .help("it takes root to read it: add `become: true`")
            .into()
    })
}

/// As the host computes it: SHA-256 of the field.
pub(super) fn fingerprint_of(field: &str) -> String {
    Blob::from(field).sha256()
}
