//! The name that was probably meant.

/// The candidate nearest to `given`, if one is near enough to be worth suggesting: it differs in few letters, or one
/// of both is short for the other (`src` for `source`).
pub fn nearest<'a>(given: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .iter()
        .filter_map(|candidate| {
            let name = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&given, &name);
            let longest = given.chars().count().max(name.chars().count());
            if distance <= 1 {
                Some((distance, *candidate))
            } else if is_short_for(&given, &name) || is_short_for(&name, &given) {
                Some((2, *candidate))
            } else {
                (distance <= longest / 3).then_some((distance + 1, *candidate))
            }
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether a word of at least three letters is made of letters of another, in their order, from its first on, and
/// has not less than a third of them.
fn is_short_for(short: &str, long: &str) -> bool {
    let (letters, all) = (short.chars().count(), long.chars().count());
    if letters < 3
        || letters >= all
        || letters * 3 < all
        || short.chars().next() != long.chars().next()
    {
        return false;
    }
    let mut rest = long.chars();
    short
        .chars()
        .all(|letter| rest.by_ref().any(|other| other == letter))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["template", "sysctl", "service"];
        assert_eq!(nearest("tempalte", &names), Some("template"));
        assert_eq!(nearest("Sysctrl", &names), Some("sysctl"));
        assert_eq!(nearest("frobnicate", &names), None);
        assert_eq!(nearest("source", &["force", "src", "dest"]), Some("src"));
        assert_eq!(nearest("destination", &["src", "dest"]), Some("dest"));
    }
}
