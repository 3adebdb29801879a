//! Results inside a document that people keep: they stand between two marks.

use std::fs;

use anyhow::{Context, Result};

/// Puts results into a document in place of the earlier ones. `name`: that of the marks.
pub fn record(document: &str, name: &str, results: &str) -> Result<()> {
    let text = fs::read_to_string(document).context(document.to_owned())?;
    let text = recorded(&text, name, results)
        .with_context(|| format!("{document} has no marks for the results"))?;
    Ok(fs::write(document, text)?)
}

fn recorded(document: &str, name: &str, results: &str) -> Option<String> {
    let begin = format!("<!-- {name}: begin -->\n");
    let end = format!("<!-- {name}: end -->\n");
    let (before, rest) = document.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{results}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::recorded;

    #[test]
    fn results_are_put_between_the_marks() {
        let document = "before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n";
        assert_eq!(
            recorded(document, "x", "new\n").unwrap(),
            document.replace("old", "new")
        );
        assert_eq!(recorded("no marks\n", "x", "new\n"), None);
    }
}
