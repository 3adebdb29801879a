//! JSON as Python writes it, which Ansible's users know: a space behind `,` and `:`, and nothing beyond ASCII.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// One line.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// A value on one line.
///
/// # Errors
/// A value that JSON does not have.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, Spaced)
}

/// A value in the form that a formatter gives it.
///
/// # Errors
/// A value that JSON does not have.
pub fn written(value: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(in_ascii(&String::from_utf8_lossy(&bytes)))
}

/// Beyond ASCII there is only what stands in strings, where it can be escaped.
fn in_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, '\n' | ' '..='~') {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn as_python_writes_it() {
        let value = serde_json::json!({"b": 1, "a": ["é", "😀", "\n\u{7f}", {}], "c": null});
        assert_eq!(
            line(&value).unwrap(),
            r#"{"b": 1, "a": ["\u00e9", "\ud83d\ude00", "\n\u007f", {}], "c": null}"#
        );
    }
}
