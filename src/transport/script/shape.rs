//! What scripts have in common: a script, or its answer, without the words that nobody can guess.

use super::frames::{find, find_all};
use super::nonce::Nonce;

/// The words that make a script different from all others.
#[derive(Debug)]
pub struct Words(Nonce);

impl Words {
    /// Those of a script. What is none of ours has no words.
    pub fn of(script: &[u8]) -> Self {
        let word = |name: &[u8], length: usize| {
            let start = find(script, name)? + name.len();
            let quoted = script.get(start..)?;
            let bare = quoted.strip_prefix(b"'").unwrap_or(quoted);
            std::str::from_utf8(bare.get(..length)?)
                .ok()
                .map(str::to_owned)
        };
        Self(Nonce {
            frame: word(b"c_nonce=", 32).unwrap_or_default(),
            tag: word(b"c_tag=", 16).unwrap_or_default(),
        })
    }

    /// A text with other words in their place, always the same.
    pub fn taken_from(&self, text: &[u8]) -> Vec<u8> {
        replace(text, &self.0, &nobodys())
    }

    /// A text from which words were taken, with these put in.
    pub fn put_into(&self, text: &[u8]) -> Vec<u8> {
        replace(text, &nobodys(), &self.0)
    }
}

/// The words that stand in for all others.
fn nobodys() -> Nonce {
    Nonce {
        frame: "(frame of a simulated host, 32 )".to_owned(),
        tag: "(its tag, of 16)".to_owned(),
    }
}

fn replace(text: &[u8], old: &Nonce, new: &Nonce) -> Vec<u8> {
    if old.frame.is_empty() {
        return text.to_vec();
    }
    let pairs = [
        (old.frame.clone(), new.frame.clone()),
        (old.alias_prefix(), new.alias_prefix()),
        (old.tag.clone(), new.tag.clone()),
    ];
    let mut text = text.to_vec();
    for (old, new) in pairs {
        let places = find_all(&text, old.as_bytes());
        let mut replaced = Vec::with_capacity(text.len());
        let mut from = 0;
        for place in places {
            replaced.extend_from_slice(&text[from..place]);
            replaced.extend_from_slice(new.as_bytes());
            from = place + old.len();
        }
        replaced.extend_from_slice(&text[from..]);
        text = replaced;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::probe::Probe;
    use crate::transport::script::compile_probes;

    #[test]
    fn scripts_that_ask_the_same_have_one_shape() {
        let probes = [Probe::File("/etc/redis".to_owned()), Probe::Facts];
        let scripts = [compile_probes(&probes), compile_probes(&probes)];
        let [first, second] = [&scripts[0], &scripts[1]].map(|script| {
            let words = Words::of(script.text());
            let shape = words.taken_from(script.text());
            assert_eq!(words.put_into(&shape), script.text());
            shape
        });
        assert_ne!(scripts[0].text(), scripts[1].text());
        assert_eq!(first, second);
        let other = compile_probes(&probes[1..]);
        assert_ne!(Words::of(other.text()).taken_from(other.text()), first);
    }

    #[test]
    fn what_is_no_script_stays_as_it_is() {
        let words = Words::of(b"echo c_nonce=");
        assert_eq!(words.taken_from(b"echo"), b"echo");
        assert_eq!(words.put_into(b"echo"), b"echo");
    }
}
