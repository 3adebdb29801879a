//! Arguments of `ssh` (`ansible_ssh_common_args` and its kin) as settings of an `ssh_config`.
//!
//! A connection is opened once and shared, through a generated configuration, so an argument counts only if it
//! says how to connect. What would change what the connection is used for (`-L`, `-N`, `-t`) is refused.

/// One setting of an `ssh_config`, such as `ProxyJump bastion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshOption {
    pub keyword: String,
    pub value: String,
}

/// What the arguments of `ssh` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshArguments {
    /// Settings in the order in which they were given; for most of them `ssh` takes the first of a keyword.
    pub options: Vec<SshOption>,
    /// `-F`: the configuration to read instead of the user's own.
    pub config_file: Option<String>,
}

/// Letters that stand alone, and the setting that each of them means.
const FLAGS: [(char, &str, &str); 13] = [
    ('4', "AddressFamily", "inet"),
    ('6', "AddressFamily", "inet6"),
    ('A', "ForwardAgent", "yes"),
    ('a', "ForwardAgent", "no"),
    ('C', "Compression", "yes"),
    ('K', "GSSAPIAuthentication", "yes"),
    ('k', "GSSAPIDelegateCredentials", "no"),
    ('q', "LogLevel", "QUIET"),
    ('T', "RequestTTY", "no"),
    ('v', "LogLevel", "VERBOSE"),
    ('X', "ForwardX11", "yes"),
    ('x', "ForwardX11", "no"),
    ('Y', "ForwardX11Trusted", "yes"),
];

/// Letters that take a value, and the setting that holds it.
const WITH_VALUE: [(char, &str); 9] = [
    ('B', "BindInterface"),
    ('b', "BindAddress"),
    ('c', "Ciphers"),
    ('I', "PKCS11Provider"),
    ('i', "IdentityFile"),
    ('J', "ProxyJump"),
    ('l', "User"),
    ('m', "MACs"),
    ('p', "Port"),
];

/// Settings of the shared connection itself, which are Cachesmith's business; they are left out.
const OWN: [&str; 3] = ["controlmaster", "controlpath", "controlpersist"];

impl SshArguments {
    /// Adds what some arguments say.
    ///
    /// # Errors
    /// An argument without meaning for a shared connection, with the reason in words.
    pub fn add(&mut self, words: &[String]) -> Result<(), String> {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                return Err(format!("`{word}` is no option of ssh"));
            };
            let mut rest = letters.chars();
            while let Some(letter) = rest.next() {
                if let Some((_, keyword, value)) = FLAGS.iter().find(|(flag, ..)| *flag == letter) {
                    self.push(keyword, value)?;
                    continue;
                }
                let attached = rest.as_str();
                let mut value = || {
                    if attached.is_empty() {
                        words.next().map(String::as_str)
                    } else {
                        Some(attached)
                    }
                    .ok_or_else(|| format!("`-{letter}` needs a value after it"))
                };
                if letter == 'o' {
                    let (keyword, value) = setting(value()?)?;
                    self.push(keyword, value)?;
                } else if letter == 'F' {
                    self.config_file = Some(value()?.to_owned());
                } else if let Some((_, keyword)) =
                    WITH_VALUE.iter().find(|(flag, _)| *flag == letter)
                {
                    self.push(keyword, value()?)?;
                } else {
                    return Err(format!(
                        "`-{letter}` has no meaning for a connection that many commands share"
                    ));
                }
                break;
            }
        }
        Ok(())
    }

    /// Adds one setting.
    ///
    /// # Errors
    /// A value that would not stay in its line.
    pub fn push(&mut self, keyword: &str, value: &str) -> Result<(), String> {
        if value.chars().any(char::is_control) || value.is_empty() {
            return Err(format!(
                "the value of `{keyword}` is empty or holds a line break"
            ));
        }
        if !OWN.contains(&keyword.to_ascii_lowercase().as_str()) {
            self.options.push(SshOption {
                keyword: keyword.to_owned(),
                value: value.to_owned(),
            });
        }
        Ok(())
    }
}

/// `Keyword=value` or `Keyword value`.
fn setting(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim();
    let end = text
        .find(|letter: char| letter == '=' || letter.is_whitespace())
        .ok_or_else(|| format!("`-o {text}` has no value"))?;
    let (keyword, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let value = rest.strip_prefix('=').unwrap_or(rest).trim();
    if keyword.is_empty() || !keyword.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(format!(
            "`-o {text}` does not begin with the name of a setting"
        ));
    }
    Ok((keyword, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Vec<String>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut arguments = SshArguments::default();
        arguments.add(&words)?;
        let mut lines: Vec<String> = arguments
            .options
            .iter()
            .map(|option| format!("{} {}", option.keyword, option.value))
            .collect();
        lines.extend(arguments.config_file.map(|file| format!("-F {file}")));
        Ok(lines)
    }

    #[test]
    fn arguments_become_settings() {
        assert_eq!(
            options(&[
                "-o",
                "ProxyCommand=ssh -W %h:%p jump",
                "-oUser=ops",
                "-o",
                "Port 22",
                "-J",
                "a,b",
                "-CA",
                "-p2222",
                "-F",
                "other",
                "-o",
                "ControlMaster=auto",
                "-o",
                "ControlPersist=60s",
            ]),
            Ok(vec![
                "ProxyCommand ssh -W %h:%p jump".to_owned(),
                "User ops".to_owned(),
                "Port 22".to_owned(),
                "ProxyJump a,b".to_owned(),
                "Compression yes".to_owned(),
                "ForwardAgent yes".to_owned(),
                "Port 2222".to_owned(),
                "-F other".to_owned(),
            ])
        );
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused() {
        for words in [
            &["-L", "1:a:2"][..],
            &["-N"],
            &["-tt"],
            &["host"],
            &["-o"],
            &["-o", "ProxyJump"],
            &["-o", "=x"],
            &["-o", "User=a\nProxyCommand=b"],
            &["-J"],
        ] {
            assert!(options(words).is_err(), "{words:?}");
        }
    }
}
