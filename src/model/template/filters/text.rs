//! Texts.

use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{refuse, text};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

const PAT: &[Argument] = &[Argument::optional(
    "pat",
    "what is taken away instead of white space",
)];

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours("string", &[], "The value as a text.", string),
    Entry::ours(
        "quote",
        &[],
        "The text as one word of a shell's command line.",
        quote,
    ),
    Entry::teras("upper", &[], "In capitals."),
    Entry::teras("lower", &[], "In small letters."),
    Entry::teras(
        "capitalize",
        &[],
        "The first letter in capitals, the rest small.",
    ),
    Entry::teras("title", &[], "The first letter of each word in capitals."),
    Entry::teras("trim", PAT, "Without white space at both ends."),
    Entry::teras("trim_start", PAT, "Without white space at the start."),
    Entry::teras("trim_end", PAT, "Without white space at the end."),
    Entry::teras(
        "replace",
        &[
            Argument::required("from", "what is replaced, as it stands"),
            Argument::required("to", "what takes its place"),
        ],
        "With each occurrence of a text replaced.",
    ),
    Entry::teras(
        "split",
        &[Argument::required("pat", "what stands between the parts")],
        "A list of its parts.",
    ),
    Entry::teras(
        "truncate",
        &[
            Argument::required("length", "how many characters stay"),
            Argument::optional("end", "what is put behind them, `…` unless given"),
        ],
        "No longer than so many characters.",
    ),
    Entry::teras(
        "indent",
        &[
            Argument::optional("width", "how many spaces, 4 unless given"),
            Argument::optional("indentation", "another character than a space"),
            Argument::optional("first", "true: the first line too"),
            Argument::optional("blank", "true: empty lines too"),
        ],
        "Each line moved to the right.",
    ),
    Entry::teras("wordcount", &[], "How many words it has."),
    Entry::teras(
        "pluralize",
        &[
            Argument::optional("singular", "the ending for one, empty unless given"),
            Argument::optional("plural", "the ending for others, `s` unless given"),
        ],
        "The ending of a noun, for a number.",
    ),
    Entry::teras("str", &[], "As `string`."),
    Entry::teras(
        "escape_html",
        &[],
        "With the special characters of HTML escaped.",
    ),
    Entry::teras(
        "escape_xml",
        &[],
        "With the special characters of XML escaped.",
    ),
];

fn string(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    Ok(Value::from(value.to_string()))
}

fn quote(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let text = text(value)?;
    match shlex::try_quote(&text) {
        Ok(quoted) => Ok(Value::from(quoted)),
        Err(_) => refuse("a NUL character cannot be on a command line"),
    }
}
