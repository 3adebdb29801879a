//! Changes as short words that tell nothing of what is in them, but whether two are the same.

use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::change::{Change, ChangeKind, Difference};
use super::step::{Action, Guard, Pace, Step};

/// Numbers and no text: among texts, what looks like a secret is masked.
pub type Fingerprint = [u32; 8];

/// Bytes of a key.
pub const KEY: usize = 32;

/// Without it, nobody can try out which content a fingerprint is of.
#[derive(Clone)]
pub struct FingerprintKey(Zeroizing<[u8; KEY]>);

impl FingerprintKey {
    pub fn new(key: [u8; KEY]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The key itself, to be kept where nobody else reads it.
    pub fn expose(&self) -> &[u8; KEY] {
        &self.0
    }

    /// HMAC-SHA256.
    fn digest(&self, text: &[u8]) -> Fingerprint {
        let pad = |with: u8| -> Zeroizing<Vec<u8>> {
            let mut block = Zeroizing::new(vec![with; 64]);
            for (byte, key) in block.iter_mut().zip(self.0.iter()) {
                *byte ^= key;
            }
            block
        };
        let inner = Sha256::new()
            .chain_update(&*pad(0x36))
            .chain_update(text)
            .finalize();
        let outer = Sha256::new()
            .chain_update(&*pad(0x5c))
            .chain_update(inner)
            .finalize();
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(outer.chunks(4)) {
            *word = bytes
                .iter()
                .fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        words
    }
}

/// What must be the same for a change to be the one that was planned: what it is of, from what to what, by which steps,
/// and under which conditions.
#[derive(Serialize)]
struct Essence<'c> {
    kind: ChangeKind,
    resource: &'c str,
    difference: &'c Difference,
    steps: Vec<Step>,
}

/// The fingerprint of a task's changes. What undoes them and the notes beside them are left out. So is what a host that is
/// in use has another of at every moment: which process a service runs, which is checked by the step itself, and in which
/// steps a limit comes down to where it ends, which follows from what the server holds by then.
pub fn fingerprint(key: &FingerprintKey, changes: &[Change]) -> Fingerprint {
    let essences: Vec<Essence<'_>> = changes
        .iter()
        .map(|change| Essence {
            kind: change.kind,
            resource: &change.resource,
            difference: &change.difference,
            steps: change.steps.iter().cloned().map(at_any_moment).collect(),
        })
        .collect();
    // Changes are kept as JSON elsewhere: there is nothing in them that cannot be written so.
    let text = Zeroizing::new(serde_json::to_vec(&essences).unwrap_or_default());
    key.digest(&text)
}

/// A step without what is measured anew each time.
fn at_any_moment(mut step: Step) -> Step {
    step.guard
        .take_if(|guard| matches!(guard, Guard::MainProcess { .. }));
    if let Action::LowerMaxmemory { pace, .. } = &mut step.action {
        *pace = Pace {
            to: pace.to,
            percent: pace.percent,
            most_bytes: 0,
            evictions_per_second: 0,
            time_limit: 0,
        };
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Undo;
    use crate::model::probe::RedisAddress;

    fn change(path: &str, sha256: &str) -> Change {
        let remove = Action::Remove {
            path: path.to_owned(),
        };
        Change {
            kind: ChangeKind::Remove,
            resource: path.to_owned(),
            difference: Difference::None,
            notes: Vec::new(),
            steps: vec![Step::new(remove).guarded(Guard::Sha256 {
                path: path.to_owned(),
                sha256: sha256.to_owned(),
            })],
            undo: Undo::Impossible(sha256.to_owned()),
            effects: Vec::new(),
        }
    }

    #[test]
    fn it_is_of_what_is_done_and_under_which_condition() {
        let key = FingerprintKey::new([7; KEY]);
        let first = fingerprint(&key, &[change("/a", "1")]);
        assert_eq!(first, fingerprint(&key, &[change("/a", "1")]));
        assert_ne!(first, fingerprint(&key, &[change("/a", "2")]));
        assert_ne!(first, fingerprint(&key, &[change("/b", "1")]));
        assert_ne!(
            first,
            fingerprint(&key, &[change("/a", "1"), change("/b", "1")])
        );
        assert_ne!(
            first,
            fingerprint(&FingerprintKey::new([8; KEY]), &[change("/a", "1")])
        );
    }

    #[test]
    fn what_a_server_holds_by_then_makes_no_other_change() {
        let lowered = |to: u64, percent: u64, measured: u64| {
            let pace = Pace {
                to,
                percent,
                most_bytes: measured,
                evictions_per_second: measured,
                time_limit: measured,
            };
            let address = RedisAddress::default();
            let mut change = change("/a", "1");
            change.steps = vec![Step::new(Action::LowerMaxmemory { address, pace })];
            fingerprint(&FingerprintKey::new([7; KEY]), &[change])
        };
        assert_eq!(lowered(100, 2, 10), lowered(100, 2, 20));
        assert_ne!(lowered(100, 2, 10), lowered(101, 2, 10));
        assert_ne!(lowered(100, 2, 10), lowered(100, 3, 10));
    }

    /// Compared with what Python's `hmac` makes of the same.
    #[test]
    fn it_is_an_hmac() {
        let key = FingerprintKey::new([0x0b; KEY]);
        assert_eq!(
            key.digest(b"Hi There"),
            [
                0x198a607e, 0xb44bfbc6, 0x9903a0f1, 0xcf2bbdc5, 0xba0aa3f3, 0xd9ae3c1c, 0x7a3b1696,
                0xa0b68cf7
            ]
        );
    }
}
