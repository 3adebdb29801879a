//! Reads words that a person wrote for a program of ours to be called with: one-letter flags, as `getopt` does.

/// What becomes of a flag.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    /// The program gets it.
    Pass,
    /// It is so anyway, or it is ours to set.
    Drop,
    /// It cannot work, for this reason.
    Refuse(&'static str),
}

/// A letter, whether a value follows it, and what becomes of it.
pub(super) type Flag = (char, bool, Verdict);

/// A flag for the program, with its value.
pub(super) type Given = (char, Option<String>);

/// Reads one word of flags (`-C`, `-4C`, `-p2222`, `-p` and its value in the next word) and gives those that pass.
///
/// # Errors
/// What is wrong with it, without the name of the variable it stands in.
pub(super) fn read<'a>(
    program: &str,
    flags: &[Flag],
    word: &str,
    rest: &mut impl Iterator<Item = &'a String>,
) -> Result<Vec<Given>, String> {
    let letters = word
        .strip_prefix('-')
        .filter(|letters| !letters.is_empty())
        .ok_or_else(|| format!("`{word}` is not an option of {program}"))?;
    let mut given = Vec::new();
    for (at, letter) in letters.char_indices() {
        let Some((_, takes_value, verdict)) = flags.iter().find(|flag| flag.0 == letter) else {
            return Err(format!("{program} has no flag `-{letter}` that we know"));
        };
        if let Verdict::Refuse(reason) = verdict {
            return Err(format!("`-{letter}`: {reason}"));
        }
        let value = if *takes_value {
            let attached = &letters[at + letter.len_utf8()..];
            Some(match attached {
                "" => rest
                    .next()
                    .ok_or_else(|| format!("`-{letter}` wants a value"))?
                    .clone(),
                attached => attached.to_owned(),
            })
        } else {
            None
        };
        if matches!(verdict, Verdict::Pass) {
            given.push((letter, value));
        }
        if *takes_value {
            break;
        }
    }
    Ok(given)
}
