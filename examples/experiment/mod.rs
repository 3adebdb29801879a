//! What the benchmark and the proof have in common: options, the machine they ran on, and documents that show results.

pub mod document;
pub mod machine;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

/// Which of its parts an experiment makes, and where the results go.
#[derive(Args)]
pub struct Choice {
    /// Less of everything, and every kind of it
    #[arg(long)]
    pub quick: bool,
    /// Only those whose names begin with this; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Say which there are, and run none
    #[arg(long)]
    pub list: bool,
    /// Put the tables into the documents, if all is well
    #[arg(long)]
    pub record: bool,
    /// Where the compiled programs are
    #[arg(long, value_name = "FOLDER", default_value = "target/release")]
    pub programs: PathBuf,
}

impl Choice {
    /// Whether a part with this name is wanted.
    pub fn takes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only))
    }
}

/// Says a line.
pub fn tell(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The day, as documents name it.
pub fn today() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%d").to_string()
}
