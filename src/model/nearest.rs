//! The name that was probably meant.

/// The candidate nearest to `given`, if one is near enough to be worth suggesting.
pub fn nearest<'a>(given: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&given, &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= (given.chars().count().max(candidate.chars().count()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
    }
}
