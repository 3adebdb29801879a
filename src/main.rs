//! The program: read the command line, run one command, end with its exit code.

use std::process::ExitCode;

use cachesmith::cli::{self, Exit, args::Arguments};
use cachesmith::view::Console;
use clap::Parser;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut console = Console::new(arguments.output.settings());
    let exit = match cli::run(&arguments, &mut console) {
        Ok(exit) => exit,
        Err(error) => {
            console.diagnostics(&error.diagnostics);
            Exit::from(error.kind)
        }
    };
    ExitCode::from(exit.code())
}
