//! Names of variables that tell that they hold a secret.

/// Parts of names that tell a secret.
const TELLING: &[&str] = &[
    "passw",
    "passphrase",
    "secret",
    "token",
    "credential",
    "private_key",
    "api_key",
    "apikey",
];

/// Whole words of names that tell one: `redis_pass`, `requirepass`, `db_pwd`.
const TELLING_WORDS: &[&str] = &[
    "pass",
    "pwd",
    "psk",
    "requirepass",
    "masterauth",
    "masterpass",
    "userpass",
    "dbpass",
];

/// Endings of names that look like secrets and hold none: files, switches, ages.
const HARMLESS: &[&str] = &[
    "_file", "_path", "_length", "_age", "_policy", "_lock", "_enabled", "_user", "_name", "_dir",
];

/// Whether what a variable of this name holds is a secret.
pub fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has_word = name
        .split(|character: char| !character.is_alphanumeric())
        .any(|word| TELLING_WORDS.contains(&word));
    (has_word || TELLING.iter().any(|part| name.contains(part)))
        && !HARMLESS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::is_telling;

    #[test]
    fn names_tell() {
        for name in [
            "redis_password",
            "redis_pass",
            "requirepass",
            "API_TOKEN",
            "tls_private_key",
            "clientSecret",
            "db.pwd",
        ] {
            assert!(is_telling(name), "{name}");
        }
        for name in [
            "redis_password_file",
            "compass",
            "passive",
            "bypass_cache",
            "token_path",
            "cache_pass_through_user",
        ] {
            assert!(!is_telling(name), "{name}");
        }
    }
}
