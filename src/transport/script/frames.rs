//! A host's answer, cut into frames.

use super::Garbled;

/// One frame: a line of words and all bytes up to the next frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) label: &'a str,
    pub(super) words: Vec<&'a str>,
    pub(super) body: &'a [u8],
}

impl Frame<'_> {
    /// The word at a place as a number.
    pub(super) fn number<T: std::str::FromStr>(&self, place: usize) -> Option<T> {
        self.words.get(place)?.parse().ok()
    }
}

/// Cuts an answer. What stands before the first frame (a login banner) is dropped, and so is a last frame whose
/// line was cut.
pub(super) fn cut<'a>(nonce: &str, output: &'a [u8]) -> Vec<Frame<'a>> {
    let mut frames = Vec::new();
    let Some(start) = find(output, nonce.as_bytes()) else {
        return frames;
    };
    let mut rest = &output[start..];
    while let Some(after) = rest.get(nonce.len()..) {
        let next = find(after, nonce.as_bytes());
        let whole = &after[..next.unwrap_or(after.len())];
        if let Some(end) = whole.iter().position(|byte| *byte == b'\n')
            && let Ok(line) = std::str::from_utf8(&whole[..end])
        {
            let mut words = line.split_ascii_whitespace();
            frames.push(Frame {
                label: words.next().unwrap_or(""),
                words: words.collect(),
                body: &whole[end + 1..],
            });
        }
        match next {
            Some(next) => rest = &after[next..],
            None => break,
        }
    }
    frames
}

/// Cuts the answer of a script that ran to its end.
///
/// # Errors
/// When it did not begin, or its end is missing.
pub(super) fn whole<'a>(nonce: &str, output: &'a [u8]) -> Result<Vec<Frame<'a>>, Garbled> {
    let frames = cut(nonce, output);
    match frames.last() {
        None => Err(Garbled::NotStarted {
            said: excerpt(output),
        }),
        Some(last) if last.label == "finish" => Ok(frames),
        Some(_) => Err(Garbled::Cut),
    }
}

/// The beginning of an unexpected answer, for a message.
fn excerpt(output: &[u8]) -> String {
    let text = words(&output[..output.len().min(600)]);
    if text.is_empty() {
        String::from("nothing")
    } else {
        text
    }
}

/// Where `needle` begins first.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(offset) = haystack.get(from..)?.iter().position(|byte| *byte == first) {
        let place = from + offset;
        if haystack[place..].starts_with(needle) {
            return Some(place);
        }
        from = place + 1;
    }
    None
}

/// The places where `needle` begins.
pub(super) fn find_all(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(offset) = haystack.get(from..).and_then(|rest| find(rest, needle)) {
        places.push(from + offset);
        from += offset + needle.len();
    }
    places
}

/// Bytes as text for a person.
pub(super) fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
