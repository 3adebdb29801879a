//! The program: read the command line, run one command, end with its exit code.

use std::process::ExitCode;

use anyhow::Context;
use cachesmith::cli::args::{Arguments, Command};
use cachesmith::cli::{self, Exit};
use cachesmith::view::Console;
use clap::Parser;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            return Ok(ExitCode::from(cli::tell_usage(error).code()));
        }
    };
    let mut console = Console::new(arguments.output.settings());
    if matches!(arguments.command, Command::ManPage) {
        let page = cli::man_page().context("the manual page cannot be made")?;
        console.text(page.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let exit = match cli::run(&arguments, &mut console) {
        Ok(exit) => exit,
        Err(error) => {
            console.diagnostics(&error.diagnostics);
            Exit::from(error.kind)
        }
    };
    Ok(ExitCode::from(exit.code()))
}
