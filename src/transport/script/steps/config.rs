//! Running servers: CONFIG GET as a guard, CONFIG SET as a step.

use super::action::Line;
use crate::model::blob::Blob;
use crate::model::probe::RedisAddress;
use crate::model::step::{ConfigSetting, Pace};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::probes::client_words;
use crate::transport::script::quote::{Heredoc, client_word};

/// Adds the guard that CONFIG GET answers as it did.
pub(super) fn guard(
    address: &RedisAddress,
    values: &[(String, Blob)],
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::RedisSet);
    client("c_guarded_server", address, builder);
    let end = format!("{}:end", builder.nonce().tag);
    let mut questions = String::new();
    let mut expected = Vec::new();
    for (name, value) in values {
        questions.push_str(&format!("CONFIG GET {name}\n"));
        expected.extend_from_slice(format!("{name}\n").as_bytes());
        expected.extend_from_slice(value.as_bytes());
        expected.push(b'\n');
    }
    questions.push_str(&format!("PING {end}"));
    expected.extend_from_slice(end.as_bytes());
    let heredoc = Heredoc::new(&Blob::from(questions), &builder.nonce().frame);
    // Refused beforehand where it is no text.
    let expected = String::from_utf8(expected).unwrap_or_default();
    line.then(&command("c_guard_config", [expected]))
        .feed(&heredoc);
}

/// Adds the step that sets directives.
pub(super) fn set(
    address: &RedisAddress,
    settings: &[ConfigSetting],
    at_once: bool,
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::RedisSet);
    client("c_server", address, builder);
    let yes_or_no = |truth| if truth { "yes" } else { "no" };
    let mut input = String::new();
    let function = if at_once {
        input.push_str("CONFIG SET");
        for setting in settings {
            input.push_str(&format!(
                " {} {}",
                setting.name,
                client_word(setting.value.as_bytes())
            ));
        }
        let secret = settings.iter().any(|setting| setting.secret);
        command("c_config_set", [yes_or_no(secret)])
    } else {
        for setting in settings {
            let name = &setting.name;
            input.push_str(&format!(
                "{name}\n{}\nCONFIG SET {name} {}\nCONFIG SET {name} {}\n",
                yes_or_no(setting.secret),
                client_word(setting.value.as_bytes()),
                client_word(setting.before.as_bytes())
            ));
        }
        "c_config_set_each".to_owned()
    };
    let heredoc = Heredoc::new(&Blob::from(input), &builder.nonce().frame);
    line.then(&function).feed(&heredoc);
}

/// Adds the step that lowers `maxmemory`.
pub(super) fn lower(address: &RedisAddress, pace: &Pace, line: &mut Line, builder: &mut Builder) {
    builder.need(Part::RedisLower);
    client("c_server", address, builder);
    let words = [
        pace.to,
        pace.percent,
        pace.most_bytes,
        pace.evictions_per_second,
        pace.time_limit,
    ];
    line.then(&command("c_lower", words.map(|word| word.to_string())));
}

/// Defines a function as the client at an address.
pub(super) fn client(function: &str, address: &RedisAddress, builder: &mut Builder) {
    let words = command("c_redis_speak", client_words(address));
    builder.raw(&format!("{function}() {{\n{words}\n}}\n"));
}

/// Why a directive cannot be asked for or set, if so.
pub(super) fn refused_directive(name: &str) -> Option<String> {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    let good = !name.is_empty() && name.bytes().all(plain);
    (!good).then(|| format!("`{}` is not the name of a directive", name.escape_debug()))
}

/// Why the values of a guard cannot be compared, if so.
pub(super) fn refused_values(values: &[(String, Blob)]) -> Option<String> {
    values.iter().find_map(|(name, value)| {
        refused_directive(name).or_else(|| {
            value
                .as_text()
                .is_none()
                .then(|| format!("the value of `{name}` is no text and cannot be compared"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(refused_directive("maxmemory"), None);
        for name in ["", "a b", "a\nFLUSHALL", "\"x\""] {
            assert!(refused_directive(name).is_some(), "{name:?}");
        }
    }
}
