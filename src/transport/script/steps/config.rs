//! Running servers: CONFIG GET as a guard, CONFIG SET as a step.

use super::action::Line;
use crate::model::blob::Blob;
use crate::model::probe::RedisAddress;
use crate::model::secret::Secret;
use crate::model::step::{ConfigSetting, Pace};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::probes::client_words;
use crate::transport::script::quote::{Heredoc, has_nul};

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
            input.push_str(&format!(" {} {}", setting.name, quoted(&setting.value)));
        }
        let secret = settings.iter().any(|setting| setting.secret);
        command("c_config_set", [yes_or_no(secret)])
    } else {
        for setting in settings {
            let name = &setting.name;
            input.push_str(&format!(
                "{name}\n{}\nCONFIG SET {name} {}\nCONFIG SET {name} {}\n",
                yes_or_no(setting.secret),
                quoted(&setting.value),
                quoted(&setting.before)
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

/// A word as the client reads it: in double quotes, with every byte that is not plain as `\xHH`.
fn quoted(value: &Blob) -> String {
    let mut text = String::from("\"");
    for byte in value.as_bytes() {
        match byte {
            b'"' | b'\\' => text.push_str(&format!("\\{}", char::from(*byte))),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}

/// Why a server at an address cannot be spoken to, if so.
pub(super) fn refused_address(address: &RedisAddress) -> Option<String> {
    let words = [&address.socket, &address.host, &address.user];
    let secret = address.password.as_ref().map(Secret::expose);
    words
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(secret)
        .any(has_nul)
        .then(|| String::from("the address of a server cannot hold a NUL byte"))
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
    fn words_are_quoted_for_the_client() {
        assert_eq!(quoted(&Blob::from("")), "\"\"");
        assert_eq!(quoted(&Blob::from("a b'$(c)\\\"")), "\"a b'$(c)\\\\\\\"\"");
        assert_eq!(quoted(&Blob::from("é\n")), "\"\\xc3\\xa9\\x0a\"");
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(refused_directive("maxmemory"), None);
        for name in ["", "a b", "a\nFLUSHALL", "\"x\""] {
            assert!(refused_directive(name).is_some(), "{name:?}");
        }
    }
}
