//! The words of `ansible_ssh_common_args` and `ansible_ssh_extra_args`.
//!
//! What ssh can obey for us is passed on. What our way of using ssh does anyway (share one connection, never ask, keep quiet)
//! is dropped. What could not work is an error that says why, before anything is connected.

use std::time::Duration;

use crate::transport::error::{TransportError, TransportErrorKind};
use crate::transport::flags::{
    self, Flag,
    Verdict::{Drop, Pass, Refuse},
};

/// Words that ssh can be given, and what we need to know of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SshWords {
    pub(super) arguments: Vec<String>,
    /// A `ConnectTimeout` among them.
    pub(super) connect_timeout: Option<Duration>,
}

const ONE_CONNECTION: &str = "each host has one connection that only scripts run on";
const SHARED: &str = "connections are always shared, at a place of our own";
const NO_TERMINAL: &str = "scripts run without a terminal, so that any bytes come through";
const NO_TUNNELS: &str = "a connection carries scripts and nothing else";
const NO_AGENT: &str = "a host is given no access to the agent; scripts need none";
const OWN_LOG: &str = "ssh's log is kept for error messages and not shown otherwise";
const NO_QUESTIONS: &str = "nobody is there to answer a question";

/// ssh's flags, from `ssh(1)` of OpenSSH 10.
const FLAGS: [Flag; 46] = [
    ('4', false, Pass),
    ('6', false, Pass),
    ('A', false, Refuse(NO_AGENT)),
    ('a', false, Drop),
    ('B', true, Pass),
    ('b', true, Pass),
    ('C', false, Pass),
    ('c', true, Pass),
    ('D', true, Refuse(NO_TUNNELS)),
    ('E', true, Refuse(OWN_LOG)),
    ('e', true, Refuse(NO_TERMINAL)),
    ('F', true, Pass),
    ('f', false, Refuse(ONE_CONNECTION)),
    ('G', false, Refuse(ONE_CONNECTION)),
    ('g', false, Refuse(NO_TUNNELS)),
    ('I', true, Pass),
    ('i', true, Pass),
    ('J', true, Pass),
    ('K', false, Pass),
    ('k', false, Pass),
    ('L', true, Refuse(NO_TUNNELS)),
    ('l', true, Pass),
    ('M', false, Drop),
    ('m', true, Pass),
    ('N', false, Refuse(ONE_CONNECTION)),
    ('n', false, Refuse("scripts are read from standard input")),
    ('O', true, Refuse(SHARED)),
    ('o', true, Pass),
    ('P', true, Pass),
    ('p', true, Pass),
    ('Q', true, Refuse(ONE_CONNECTION)),
    ('q', false, Drop),
    ('R', true, Refuse(NO_TUNNELS)),
    ('S', true, Refuse(SHARED)),
    ('s', false, Refuse(ONE_CONNECTION)),
    ('T', false, Drop),
    ('t', false, Refuse(NO_TERMINAL)),
    ('V', false, Refuse(ONE_CONNECTION)),
    ('v', false, Refuse(OWN_LOG)),
    ('W', true, Refuse(NO_TUNNELS)),
    ('w', true, Refuse(NO_TUNNELS)),
    ('X', false, Refuse(NO_TUNNELS)),
    ('x', false, Drop),
    ('Y', false, Refuse(NO_TUNNELS)),
    ('y', false, Refuse(OWN_LOG)),
    (
        '1',
        false,
        Refuse("this version of the protocol is no longer spoken"),
    ),
];

/// The options of `-o` that are not simply passed on: the name in lower case, the values that say what is so anyway
/// (`*` is any value, `!` any but the one behind it), and why no other value can be used.
const OPTIONS: [(&str, &[&str], &str); 21] = [
    ("batchmode", &["yes"], NO_QUESTIONS),
    ("clearallforwardings", &["yes"], NO_TUNNELS),
    ("controlmaster", &["yes", "auto", "ask", "autoask"], SHARED),
    ("controlpath", &["!none"], SHARED),
    ("controlpersist", &["*"], SHARED),
    ("dynamicforward", &[], NO_TUNNELS),
    ("forkafterauthentication", &[], ONE_CONNECTION),
    ("forwardagent", &["no"], NO_AGENT),
    ("forwardx11", &["no"], NO_TUNNELS),
    ("forwardx11trusted", &["no"], NO_TUNNELS),
    ("localcommand", &[], ONE_CONNECTION),
    ("localforward", &[], NO_TUNNELS),
    ("loglevel", &["*"], OWN_LOG),
    ("permitlocalcommand", &["no"], ONE_CONNECTION),
    ("remotecommand", &["none"], ONE_CONNECTION),
    ("remoteforward", &[], NO_TUNNELS),
    ("requesttty", &["no"], NO_TERMINAL),
    (
        "sendenv",
        &[],
        "a shared connection does not carry our environment; `SetEnv` can set a variable",
    ),
    ("sessiontype", &["default"], ONE_CONNECTION),
    ("stdinnull", &["no"], "scripts are read from standard input"),
    ("tunnel", &["no"], NO_TUNNELS),
];

/// Reads the words of both variables.
///
/// # Errors
/// A word that ssh cannot obey for us, with the reason.
pub(super) fn read(
    host: &str,
    common: &[String],
    extra: &[String],
) -> Result<SshWords, TransportError> {
    let mut read = SshWords::default();
    for (variable, words) in [
        ("ansible_ssh_common_args", common),
        ("ansible_ssh_extra_args", extra),
    ] {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            read.word(word, &mut words).map_err(|reason| {
                TransportError::new(
                    TransportErrorKind::Arguments,
                    host,
                    format!("`{variable}` cannot be used: {reason}"),
                )
                .help("what `ssh` reads from ~/.ssh/config for this host is used, too")
            })?;
        }
    }
    Ok(read)
}

impl SshWords {
    /// The files among them that decide whom ssh connects to, and as whom: configuration and keys.
    pub(super) fn files(&self) -> Vec<&str> {
        let value_of = |(at, word): (usize, &String)| {
            let value = self.arguments.get(at + 1)?;
            match word.as_str() {
                "-F" | "-i" => Some(value.as_str()),
                "-o" => {
                    let end = value.find(|c: char| c == '=' || c.is_whitespace())?;
                    let (name, rest) = value.split_at(end);
                    let file = rest.trim_start_matches(|c: char| c == '=' || c.is_whitespace());
                    name.eq_ignore_ascii_case("IdentityFile")
                        .then(|| file.trim_matches('"'))
                }
                _ => None,
            }
        };
        self.arguments
            .iter()
            .enumerate()
            .filter_map(value_of)
            .collect()
    }

    /// Reads one word, and a further one where its value stands apart. The error is a reason.
    fn word<'a>(
        &mut self,
        word: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        for (letter, value) in flags::read("ssh", &FLAGS, word, rest)? {
            if letter == 'o' {
                self.option(&value.unwrap_or_default())?;
            } else {
                self.arguments.push(format!("-{letter}"));
                self.arguments.extend(value);
            }
        }
        Ok(())
    }

    /// Reads what stands behind `-o`: `Name=value` or `Name value`.
    fn option(&mut self, option: &str) -> Result<(), String> {
        let option = option.trim();
        let end = option
            .find(|c: char| c == '=' || c.is_whitespace())
            .ok_or_else(|| format!("`-o {option}` has no value"))?;
        let name = option[..end].to_ascii_lowercase();
        let value = option[end..]
            .trim_start_matches(|c: char| c == '=' || c.is_whitespace())
            .trim_matches('"');
        if let Some((_, harmless, reason)) = OPTIONS.iter().find(|(known, ..)| *known == name) {
            let is_harmless = harmless
                .iter()
                .any(|harmless| match harmless.strip_prefix('!') {
                    Some(other) => !value.eq_ignore_ascii_case(other),
                    None => *harmless == "*" || value.eq_ignore_ascii_case(harmless),
                });
            return if is_harmless {
                Ok(())
            } else {
                Err(format!("`{option}`: {reason}"))
            };
        }
        if name == "connecttimeout" && self.connect_timeout.is_none() {
            self.connect_timeout = seconds(value).map(Duration::from_secs);
        }
        self.arguments.extend(["-o".to_owned(), option.to_owned()]);
        Ok(())
    }
}

/// A time as ssh writes it: `90`, `90s`, `1m30s`. `None` for what is not one; ssh itself will say so.
fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut digits = String::new();
    for c in text.chars() {
        let factor = match c.to_ascii_lowercase() {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        let number: u64 = std::mem::take(&mut digits).parse().ok()?;
        total = total.checked_add(number.checked_mul(factor)?)?;
    }
    if !digits.is_empty() {
        total = total.checked_add(digits.parse().ok()?)?;
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::{read, seconds};
    use std::time::Duration;

    fn words(text: &str) -> Result<super::SshWords, String> {
        let words = shlex::split(text).unwrap();
        read("cache01", &words, &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_ssh_can_do_is_passed_on_in_order() {
        let read = words("-4C -p2222 -l root -J jump1,jump2 -i ~/.ssh/id -oServerAliveInterval=5 -o 'ProxyCommand=nc %h %p' -F ~/c")
            .unwrap();
        assert_eq!(
            read.arguments,
            [
                "-4",
                "-C",
                "-p",
                "2222",
                "-l",
                "root",
                "-J",
                "jump1,jump2",
                "-i",
                "~/.ssh/id",
                "-o",
                "ServerAliveInterval=5",
                "-o",
                "ProxyCommand=nc %h %p",
                "-F",
                "~/c"
            ]
        );
    }

    #[test]
    fn files_that_decide_are_found() {
        let read = words("-4i ~/.ssh/id -F ./config -o 'identityfile \"/etc/key\"' -oIdentityFile=other -o User=-F -o Port=22").unwrap();
        assert_eq!(read.files(), ["~/.ssh/id", "./config", "/etc/key", "other"]);
    }

    #[test]
    fn both_variables_are_read() {
        let read = read(
            "cache01",
            &["-4".into()],
            &["-o".into(), "User=deploy".into()],
        )
        .unwrap();
        assert_eq!(read.arguments, ["-4", "-o", "User=deploy"]);
    }

    #[test]
    fn what_is_so_anyway_is_dropped() {
        let read = words("-q -T -x -a -o ControlMaster=auto -o ControlPersist=30m -o 'ControlPath ~/.ansible/cp/%h' -oLogLevel=ERROR -o BatchMode=yes")
            .unwrap();
        assert_eq!(read.arguments, [""; 0]);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        for (text, expected) in [
            ("-A", "`-A`"),
            ("-o ForwardAgent=yes", "`ForwardAgent=yes`"),
            ("-4t", "`-t`"),
            ("-L 80:x:80", "`-L`"),
            ("-o ControlMaster=no", "`ControlMaster=no`"),
            ("-o ControlPath=none", "`ControlPath=none`"),
            ("-o 'SendEnv FOO'", "`SendEnv FOO`"),
            ("-vvv", "`-v`"),
            ("-Z", "`-Z`"),
            ("cache02", "`cache02`"),
            ("-", "`-`"),
            ("-p", "`-p` wants a value"),
            ("-o Compression", "`-o Compression` has no value"),
        ] {
            let error = words(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.contains("ansible_ssh_common_args"), "{error}");
        }
    }

    #[test]
    fn a_time_limit_among_the_words_is_noticed() {
        let read = words("-o ConnectTimeout=1m30s -o connecttimeout=5").unwrap();
        assert_eq!(read.connect_timeout, Some(Duration::from_secs(90)));
        assert_eq!(read.arguments.len(), 4);
        assert_eq!(seconds("none"), None);
        assert_eq!(seconds("0"), None);
    }

    #[test]
    fn every_flag_stands_once() {
        let mut letters: Vec<char> = super::FLAGS.iter().map(|flag| flag.0).collect();
        letters.sort_unstable();
        let count = letters.len();
        letters.dedup();
        assert_eq!(letters.len(), count);
    }
}
