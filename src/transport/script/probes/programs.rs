//! Programs that only look.

use crate::model::probe::{Observation, Program, ProgramResult};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::frames::{Frame, words};
use crate::transport::script::library::Part;
use crate::transport::script::steps::{bounded, start};

/// Seconds for a program of a probe that has no limit of its own.
const TIME_LIMIT: u64 = 60;

pub(super) fn compile(number: usize, program: &Program, builder: &mut Builder) {
    builder.need(Part::ProgramProbe);
    let input = start(program, builder);
    builder.raw(&format!(
        "c_number={number} c_asked=no c_error=\nc_ready && {}{} && c_ask {}\n",
        input.command,
        input.heredoc.redirection,
        program.time_limit.unwrap_or(TIME_LIMIT)
    ));
    builder.raw(&input.heredoc.lines).raw("c_answer\n");
}

/// A program before its turn, behind the questions for files: it may be that the host does not run it.
pub(super) fn compile_early(number: usize, program: &Program, builder: &mut Builder) {
    begin_early("c_tell_read", number, program, builder);
    // Without an input of its own there is nothing to bring.
    start(program, builder);
    builder
        .call("c_run_early", [number.to_string()])
        .raw("fi\n");
}

/// The same behind steps, of which nobody knows how large the files are that they left.
pub(crate) fn compile_ahead(number: usize, program: &Program, builder: &mut Builder) {
    begin_early("c_tell_value", number, program, builder);
    compile(number, program, builder);
    builder.raw("fi\n");
}

/// `tell`: what tells a value of the kernel's without the program.
fn begin_early(tell: &str, number: usize, program: &Program, builder: &mut Builder) {
    builder.need(Part::EarlyProgram);
    let words = program.argv.iter().skip(1);
    let may_run = command("c_may_run_early", words);
    match program.kernel_value() {
        Some(file) => {
            let may_read = command("c_may_run_early", [file]);
            let number = number.to_string();
            let tell = command(tell, [number.as_str(), &program.argv[0], file]);
            builder.raw(&format!(
                "if {may_read} && {tell}; then\n:\nelif {may_run}; then\n"
            ));
        }
        None => {
            builder.raw(&format!("if {may_run}; then\n"));
        }
    }
}

/// `read`: what stands in the file that the program would read.
pub(crate) fn parse_early(number: usize, frames: &[Frame<'_>], read: Option<&[u8]>) -> Observation {
    if place("program-read", number, frames).is_some() {
        return read.map_or(Observation::NotAsked, |content| {
            Observation::Program(ProgramResult {
                stdout: bounded(content),
                ..ProgramResult::default()
            })
        });
    }
    match place("program", number, frames) {
        Some(_) => parse(number, frames),
        None => Observation::NotAsked,
    }
}

/// Where what is told of a program begins.
fn place(label: &str, number: usize, frames: &[Frame<'_>]) -> Option<usize> {
    frames
        .iter()
        .position(|frame| frame.label == label && frame.number(0) == Some(number))
}

pub(super) fn parse(number: usize, frames: &[Frame<'_>]) -> Observation {
    let Some(place) = place("program", number, frames) else {
        return Observation::Failed(String::from("the host said nothing of the program"));
    };
    let mut result = ProgramResult::default();
    for frame in &frames[place + 1..] {
        match frame.label {
            "out" => result.stdout = bounded(frame.body),
            "err" => result.stderr = bounded(frame.body),
            "program-error" => return Observation::Failed(words(frame.body)),
            "program-end" => {
                result.code = frame.number(1).unwrap_or(-1);
                result.timed_out = frame.words.get(2) == Some(&"yes");
                return Observation::Program(result);
            }
            _ => break,
        }
    }
    Observation::Failed(String::from("the program's answer is not complete"))
}
