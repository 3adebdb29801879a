//! The frame of the answer: records of a name and bytes.

/// The byte that begins a record.
const START: u8 = 0x1e;

/// The records of an answer, in order. Bytes that are not UTF-8 are replaced.
#[derive(Debug, Default)]
pub(super) struct Records {
    list: Vec<(String, String)>,
    complete: bool,
}

impl Records {
    /// Reads as many whole records as there are. Bytes that belong to none (a message that some program printed
    /// in between) are skipped.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut records = Self::default();
        let mut rest = bytes;
        while let Some(start) = rest.iter().position(|byte| *byte == START) {
            rest = &rest[start + 1..];
            let Some((name, body, after)) = record(rest) else {
                continue;
            };
            if name == "end" {
                records.complete = true;
                break;
            }
            records.list.push((name, body));
            rest = after;
        }
        records
    }

    /// The text of the first record with this name; `None` when there is none or it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.list
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, text)| text.as_str())
            .find(|text| !text.is_empty())
    }

    /// The texts of all records with this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.list
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, text)| text.as_str())
    }

    /// The records whose name is `kind` and another word or more: that word, and the text.
    pub(super) fn named<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.list.iter().filter_map(move |(key, text)| {
            let word = key.strip_prefix(kind)?.strip_prefix(' ')?;
            Some((word, text.as_str()))
        })
    }

    /// Groups: each begins with a record named `first` and holds all records up to the next such one.
    pub(super) fn groups<'a>(&'a self, first: &'a str) -> impl Iterator<Item = Group<'a>> {
        let starts = self
            .list
            .iter()
            .enumerate()
            .filter(move |(_, (key, _))| key == first)
            .map(|(index, _)| index);
        starts.map(move |start| {
            let length = self.list[start + 1..]
                .iter()
                .position(|(key, _)| key == first)
                .unwrap_or(self.list.len() - start - 1);
            Group(&self.list[start..=start + length])
        })
    }

    /// Why the answer is not whole, if it is not.
    pub(super) fn cut_off(&self) -> Option<String> {
        if self.complete {
            return None;
        }
        Some(match self.list.last() {
            Some((name, _)) => format!("the answer ended early, after `{name}`"),
            None => "there was no answer".to_owned(),
        })
    }
}

/// Records that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a>(&'a [(String, String)]);

impl<'a> Group<'a> {
    /// The text of the first record with this name; empty when there is none.
    pub(super) fn get(self, name: &str) -> &'a str {
        self.find(name).unwrap_or_default()
    }

    /// The text of the first record with this name.
    pub(super) fn find(self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, text)| text.as_str())
    }
}

/// One record after its first byte: name, text, and what follows. `None` when it is not whole.
fn record(bytes: &[u8]) -> Option<(String, String, &[u8])> {
    let line = bytes.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&bytes[..line]).ok()?;
    let (name, length) = header.rsplit_once(' ')?;
    let length: usize = length.parse().ok()?;
    let end = line.checked_add(1)?.checked_add(length)?;
    let body = bytes.get(line + 1..end)?;
    (*bytes.get(end)? == b'\n').then(|| {
        let text = String::from_utf8_lossy(body).into_owned();
        (name.to_owned(), text, &bytes[end + 1..])
    })
}

/// The value of the first line that begins with `key` and `separator`, white space around it left out.
pub(super) fn field<'a>(text: &'a str, key: &str, separator: char) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(separator))
        .map(str::trim)
}
