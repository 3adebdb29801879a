//! The answer to CONFIG GET, as redis-cli prints it.

use indexmap::IndexMap;

/// Why an answer to CONFIG GET cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigGetError {
    #[error("CONFIG GET was refused: {0}")]
    Refused(String),
    #[error("the answer to CONFIG GET has a name without a value after line {0}")]
    Odd(usize),
    #[error(
        "line {0} of the answer to CONFIG GET should be the name of a directive; a value before it has a line break"
    )]
    NotAName(usize),
}

/// Reads what `redis-cli CONFIG GET '*'` prints when its output is no terminal: a line with a name, a line with its
/// value, and so on. Names come out in lower case.
///
/// # Errors
/// An error of the server, which redis-cli prints in the same way, and anything that is not such pairs.
pub fn parse(text: &str) -> Result<IndexMap<String, String>, ConfigGetError> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    let refusals = [
        "ERR ",
        "NOPERM ",
        "NOAUTH ",
        "(error) ",
        "LOADING ",
        "WRONGPASS ",
        "DENIED ",
    ];
    if let Some(first) = lines
        .first()
        .filter(|line| refusals.iter().any(|refusal| line.starts_with(refusal)))
    {
        return Err(ConfigGetError::Refused((*first).to_owned()));
    }
    // An answer of no pairs is an empty line.
    let lines = if lines == [""] { Vec::new() } else { lines };
    let (pairs, rest) = lines.as_chunks::<2>();
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let mut values = IndexMap::new();
    for (index, [name, value]) in pairs.iter().enumerate() {
        if !is_name(name) {
            return Err(ConfigGetError::NotAName(2 * index + 1));
        }
        values.insert(name.to_ascii_lowercase(), (*value).to_owned());
    }
    if rest.is_empty() {
        Ok(values)
    } else {
        Err(ConfigGetError::Odd(lines.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn config_get_answers_pairs_of_lines() {
        let values = parse("maxmemory\n1073741824\nsave\n\nBind\n127.0.0.1 ::1\n").unwrap();
        assert_eq!(values["maxmemory"], "1073741824");
        assert_eq!(values["save"], "");
        assert_eq!(values["bind"], "127.0.0.1 ::1");
        assert_eq!(parse("\n"), Ok(IndexMap::new()));
        assert_eq!(parse("maxmemory\n1\nsave\n"), Err(ConfigGetError::Odd(3)));
        assert_eq!(
            parse("requirepass\na\nb c\nsave\n"),
            Err(ConfigGetError::NotAName(3))
        );
        let refused = parse("NOAUTH Authentication required.\n\n");
        assert_eq!(
            refused,
            Err(ConfigGetError::Refused(
                "NOAUTH Authentication required.".to_owned()
            ))
        );
    }

    proptest! {
        #[test]
        fn pairs_are_read_back(pairs in prop::collection::vec(("[a-z][a-z0-9-]{0,12}", "[ -~]{0,20}"), 1..8)) {
            let text: String = pairs.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
            let values = parse(&text).unwrap();
            for (name, _) in &pairs {
                let last = pairs.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value);
                prop_assert_eq!(values.get(name), last);
            }
        }

        #[test]
        fn no_answer_makes_it_panic(text in "\\PC{0,60}(\r\n\\PC{0,30}){0,5}") {
            let _ = parse(&text);
        }
    }
}
