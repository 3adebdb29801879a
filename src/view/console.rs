//! The terminal, standard output and standard error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is this layer's work"
)]

use std::io::IsTerminal;

use crate::cli::args::OutputArguments;
use crate::journal::{RunDetail, RunLine};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Event;

/// What a command tells, and asks, the person at the terminal.
pub struct Console {
    json: bool,
}

impl Console {
    pub fn new(arguments: &OutputArguments) -> Self {
        Self {
            json: arguments.json,
        }
    }

    /// Tells one event of a run.
    pub fn event(&mut self, event: &Event) {
        if self.json {
            println!("{}", serde_json::to_string(event).unwrap_or_default());
        } else {
            println!("{event:?}");
        }
    }

    pub fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let place = diagnostic
            .at
            .as_ref()
            .map(|at| format!("{at}: "))
            .unwrap_or_default();
        eprintln!("error: {place}{}", diagnostic.summary);
        for help in &diagnostic.help {
            eprintln!("  help: {help}");
        }
    }

    /// One sentence about what was or was not done.
    pub fn note(&mut self, text: &str) {
        eprintln!("{text}");
    }

    /// Text that a program may read.
    pub fn text(&mut self, text: &str) {
        println!("{text}");
    }

    /// Whether there is somebody to ask.
    pub fn can_ask(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }

    pub fn confirm(&mut self, question: &str) -> bool {
        println!("{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok()
            && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    pub fn runs(&mut self, runs: &[RunLine]) {
        for run in runs {
            println!("{}", run.name);
        }
    }

    pub fn run(&mut self, run: &RunDetail) {
        println!("{}", run.name);
    }

    pub fn completions(&mut self, shell: clap_complete::Shell) {
        let mut command = <crate::cli::args::Arguments as clap::CommandFactory>::command();
        clap_complete::generate(shell, &mut command, "cachesmith", &mut std::io::stdout());
    }
}
