//! Puts a script together: the same frame around every one, and the parts that it needs.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::Script;
use super::library::Part;
use super::nonce::Nonce;
use super::quote::quote;

/// A script in the making.
pub(super) struct Builder {
    nonce: Nonce,
    parts: BTreeSet<Part>,
    body: Zeroizing<String>,
}

impl Builder {
    pub(super) fn new(nonce: Nonce) -> Self {
        Self {
            nonce,
            parts: BTreeSet::from([Part::Frame]),
            body: Zeroizing::default(),
        }
    }

    pub(super) fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// Brings in a part of the library with all that it calls.
    pub(super) fn need(&mut self, part: Part) -> &mut Self {
        if self.parts.insert(part) {
            for further in part.needs() {
                self.need(*further);
            }
        }
        self
    }

    /// Adds shell text as it is.
    pub(super) fn raw(&mut self, text: &str) -> &mut Self {
        self.body.push_str(text);
        self
    }

    /// Adds a command on a line of its own: a function of the library and its quoted arguments.
    pub(super) fn call<S: AsRef<str>>(
        &mut self,
        function: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> &mut Self {
        let line = command(function, arguments);
        self.raw(&line).raw("\n")
    }

    /// The whole script.
    ///
    /// All of it is functions, called by the last line: of a script that was cut anywhere, nothing is carried
    /// out. It runs in a subshell, so that one shell can serve many scripts, with an input of its own, so that
    /// no program can eat the next one. The functions of the library are that shell's: it reads them once.
    pub(super) fn finish(self) -> Script {
        let name = format!("cachesmith_{}", self.nonce.tag);
        let mut text = Zeroizing::new(String::new());
        let mut library = Vec::new();
        for part in &self.parts {
            let start = text.len();
            text.push_str(&part.text().definitions);
            library.push((*part, start..text.len()));
        }
        text.push_str(&format!(
            "{name}() {{\n\
             exec 3>&1\n\
             set -u\n\
             umask 077\n\
             unset IFS CDPATH\n\
             LC_ALL=C PATH=${{PATH:-}}${{PATH:+:}}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             export LC_ALL PATH\n\
             c_nonce={} c_tag={}\n\
             c_format=\"$c_tag:%s:%f:%u:%g:%Y:%U:%G:%n\"\n",
            quote(&self.nonce.frame),
            quote(&self.nonce.tag),
        ));
        for part in &self.parts {
            text.push_str(&part.text().beginning);
        }
        text.push_str("c_body() {\n:\n");
        text.push_str(&self.body);
        text.push_str("}\nc_mark start\nc_body\n");
        if self.parts.contains(&Part::Program) {
            text.push_str("c_tell\n");
        }
        text.push_str("c_mark finish\nreturn \"${c_near:-0}\"\n}\n");
        if self.parts.contains(&Part::Room) {
            text.push_str("c_choose_room; ");
        }
        // The listener reads the shell's own input.
        text.push_str(&if self.parts.contains(&Part::Listener) {
            format!("( {name} ) 4<&0 </dev/null; cachesmith_told=$?; unset -f {name}; exit\n")
        } else {
            format!("( {name} ) </dev/null; cachesmith_told=$?; unset -f {name}\n")
        });
        Script {
            text,
            library,
            nonce: self.nonce,
            changes_login: false,
        }
    }
}

/// A function and its quoted arguments, without a newline.
pub(super) fn command<S: AsRef<str>>(
    function: &str,
    arguments: impl IntoIterator<Item = S>,
) -> String {
    let mut line = String::from(function);
    for argument in arguments {
        line.push(' ');
        line.push_str(&quote(argument.as_ref()));
    }
    line
}
