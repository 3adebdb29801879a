//! Encodings and checksums.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{refuse, text, text_argument};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours("b64encode", &[], "The text in Base64.", encode),
    Entry::ours(
        "b64decode",
        &[],
        "The text that stands in Base64; it has to be UTF-8.",
        decode,
    ),
    Entry::ours(
        "hash",
        &[Argument::optional(
            "algorithm",
            "`sha256`, unless given, or `sha512`",
        )],
        "The checksum of the text, in hexadecimal digits.",
        hash,
    ),
];

fn encode(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    Ok(Value::from(STANDARD.encode(text(value)?.as_bytes())))
}

fn decode(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    // Programs that write Base64 break its lines.
    let encoded: String = text(value)?.split_whitespace().collect();
    let Ok(bytes) = STANDARD.decode(&encoded) else {
        return refuse("this is not valid Base64");
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::from(text)),
        Err(_) => refuse("what is encoded here is not UTF-8 text"),
    }
}

fn hash(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let text = text(value)?;
    let algorithm = text_argument(arguments, "algorithm")?;
    let digest = match algorithm.as_deref().unwrap_or("sha256") {
        "sha256" => hexadecimal(&Sha256::digest(text.as_bytes())),
        "sha512" => hexadecimal(&Sha512::digest(text.as_bytes())),
        other => {
            return refuse(format!(
                "`{other}` is not known here; use `sha256` or `sha512`"
            ));
        }
    };
    Ok(Value::from(digest))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
