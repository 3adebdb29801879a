//! Steps that run a program.

use crate::model::probe::Program;
use crate::model::step::{Action, Step};

/// Runs a program that has to succeed.
pub fn run<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Step {
    run_program(Program::new(argv))
}

/// The same for a program with more than its words.
pub fn run_program(program: Program) -> Step {
    Step::new(Action::Program {
        program: Box::new(program),
        accepted: vec![0],
    })
}
