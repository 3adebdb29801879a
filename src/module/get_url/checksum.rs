//! What a file is, by its checksum.

use super::fetch::Fetch;
use crate::model::probe::{FileInfo, Probe, Program};
use crate::module::world::Origin;
use crate::module::{Failure, Look, Parameters, Stop};

/// A way to compute a checksum: its name, and how many hexadecimal digits it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) name: &'static str,
    digits: usize,
}

const ALGORITHMS: &[Algorithm] = &[
    Algorithm {
        name: "md5",
        digits: 32,
    },
    Algorithm {
        name: "sha1",
        digits: 40,
    },
    Algorithm {
        name: "sha224",
        digits: 56,
    },
    Algorithm::SHA256,
    Algorithm {
        name: "sha384",
        digits: 96,
    },
    Algorithm {
        name: "sha512",
        digits: 128,
    },
];

impl Algorithm {
    pub(super) const SHA256: Self = Self {
        name: "sha256",
        digits: 64,
    };

    /// The checksum of a file of the host.
    pub(super) fn of_file(
        self,
        look: &Look<'_>,
        path: &str,
        found: &FileInfo,
    ) -> Result<String, Stop> {
        if self == Self::SHA256
            && let Some(sha256) = &found.sha256
        {
            return Ok(sha256.clone());
        }
        let probe = Probe::File(path.to_owned());
        if look.origin(&probe) == Some(Origin::Predicted) {
            // Another task writes it before: whatever it is now, it will be another.
            return Ok(String::new());
        }
        let program = Program::new([&format!("{}sum", self.name), "--", path]);
        let said = look.program(&program)?;
        if said.code != 0 {
            return Err(Failure::new(format!(
                "`{}sum` failed on `{path}`: {}",
                self.name,
                said.stderr.to_lossy().trim()
            ))
            .help("give a `sha256:` checksum, which needs no such program")
            .into());
        }
        let text = said.stdout.to_lossy();
        let word = text.split_whitespace().next().unwrap_or_default();
        Ok(word.trim_start_matches('\\').to_lowercase())
    }
}

/// The checksum that a file is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) algorithm: Algorithm,
    /// In lower case.
    pub(super) hex: String,
}

/// What the parameter `checksum` says; a list of checksums is fetched.
pub(super) fn wanted(
    parameters: &Parameters,
    look: &Look<'_>,
    fetch: &Fetch,
) -> Result<Option<Wanted>, Stop> {
    let Some(text) = parameters
        .string("checksum")?
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let wrong = |reason: String| -> Stop {
        Failure::new(reason)
            .help(
                "write `sha256:` and 64 hexadecimal digits, or the address of a list of checksums",
            )
            .into()
    };
    let Some((name, rest)) = text.split_once(':') else {
        return Err(wrong(format!(
            "`checksum: {text}` does not say how it was computed"
        )));
    };
    let algorithm = *ALGORITHMS
        .iter()
        .find(|algorithm| algorithm.name.eq_ignore_ascii_case(name.trim()))
        .ok_or_else(|| wrong(format!("`{name}` is no way to compute a checksum")))?;
    let rest = rest.trim();
    let hex = if rest.contains("://") {
        let list = fetch.at(rest).text_of_it(look)?;
        find(&list, fetch.file_name()).ok_or_else(|| {
            wrong(format!(
                "`{}` has no checksum of `{}`",
                fetch.at(rest).shown(),
                fetch.file_name()
            ))
        })?
    } else {
        rest.to_owned()
    };
    let hex = hex.to_lowercase();
    if hex.len() != algorithm.digits || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong(format!(
            "`{hex}` is no {} checksum: it has {} hexadecimal digits",
            algorithm.name, algorithm.digits
        )));
    }
    Ok(Some(Wanted { algorithm, hex }))
}

/// The checksum of a file in a list: `digits  name`, `digits *name`, `SHA256 (name) = digits`, or digits alone.
fn find(list: &str, name: &str) -> Option<String> {
    let lines: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    if let [line] = lines.as_slice()
        && let [digits] = line.as_slice()
    {
        return Some((*digits).to_owned());
    }
    lines.iter().find_map(|words| {
        let is = |word: &str| {
            let word = word.trim_start_matches(['*', '(']).trim_end_matches(')');
            word.rsplit('/').next() == Some(name)
        };
        match words.as_slice() {
            [digits, file] if is(file) => Some((*digits).to_owned()),
            [_, file, "=", digits] if is(file) => Some((*digits).to_owned()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn lists_of_checksums_are_read_as_they_are_written() {
        assert_eq!(find("abc\n", "x").as_deref(), Some("abc"));
        assert_eq!(find("abc  y\ndef *x\n", "x").as_deref(), Some("def"));
        assert_eq!(find("abc  ./dist/x\n", "x").as_deref(), Some("abc"));
        assert_eq!(find("SHA256 (x) = abc\n", "x").as_deref(), Some("abc"));
        assert_eq!(find("abc  xx\n", "x"), None);
        assert_eq!(find("", "x"), None);
    }
}
