//! The floor: the whole job as one script, made of the same templates and values as everybody else's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Puts the script together from a folder with `floor.sh`, `vars.yml` and `templates`.
pub fn script(job: &Path) -> Result<String> {
    let read = |name: &str| {
        let path = job.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let mut script = read("floor.sh")?.replace("@variables@", &variables(&read("vars.yml")?));
    for entry in fs::read_dir(job.join("templates"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let text = read(&format!("templates/{name}"))?;
        script = script.replace(
            &format!("@{name}@"),
            &word(&text).with_context(|| name.clone())?,
        );
    }
    Ok(script)
}

/// `key: value` lines as assignments.
fn variables(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| format!("{name}='{value}'\n"))
        .collect()
}

/// A template as a quoted word of the shell, in which `{{ name }}` is a variable of the shell's.
fn word(template: &str) -> Result<String> {
    if template.contains(['$', '`', '\\']) {
        bail!("the floor's script cannot hold this template: it has signs that a shell expands");
    }
    let text = template.trim_end_matches('\n').replace('"', "\\\"");
    Ok(format!(
        "\"{}\"",
        text.replace("{{ ", "${").replace(" }}", "}")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_becomes_a_word() {
        assert_eq!(word("a \"b\" {{ c }}\n").unwrap(), "\"a \\\"b\\\" ${c}\"");
        assert!(word("$HOME").is_err());
    }

    #[test]
    fn the_whole_script_has_no_place_left_to_fill() {
        let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/job");
        let script = script(&job).unwrap();
        let body = script.split_once("set -eu").unwrap().1;
        assert!(!body.contains('@'), "{body}");
        assert!(!body.contains("{{"), "{body}");
        assert!(body.contains("maxmemory_pct='70'\n"));
        let parsed = std::process::Command::new("sh")
            .args(["-n", "-c", &script])
            .status();
        assert!(parsed.unwrap().success());
    }
}
