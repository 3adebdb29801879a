//! `command` and `shell`: a program runs, or a text is given to a shell.

mod conditions;
mod expand;
mod free_form;

use conditions::Conditions;
use free_form::FreeForm;

use super::shared::paths;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Undo};
use crate::model::probe::Program;
use crate::model::step::{Action, Step};
use crate::model::value::Value;

/// Runs a program with its arguments: no shell, no patterns; variables and `~` are expanded, as Ansible does it.
///
/// Arguments are seen by every user of the host, so a secret belongs into `stdin`. What such a program changes
/// cannot be known beforehand: `creates`, `removes`, `unless` and `onlyif` say when there is nothing to do, and hold
/// in a dry run too.
#[derive(Debug)]
pub struct Command;

/// Gives a text to a shell.
///
/// Use it for pipes and variables; `command` does with less. What it says of secrets and of conditions holds here.
#[derive(Debug)]
pub struct Shell;

const CMD: Parameter = Parameter::new("cmd", Kind::String, "What is to run.");
const FREE_FORM: Parameter = Parameter::new(
    "free_form",
    Kind::String,
    "What is to run, as the plain text after the module's name; `creates=`, `removes=`, `chdir=`, `executable=`, \
     `stdin=` and `stdin_add_newline=` are read out of it.",
)
.aliases(&["_raw_params"]);
const CREATES: Parameter = Parameter::new(
    "creates",
    Kind::String,
    "A path or pattern, relative to `chdir` where it does not begin with `/`; where it exists there is nothing to do.",
);
const REMOVES: Parameter = Parameter::new(
    "removes",
    Kind::String,
    "A path or pattern, relative to `chdir` where it does not begin with `/`; where it does not exist there is nothing to do.",
);
const UNLESS: Parameter = Parameter::new(
    "unless",
    Kind::Any,
    "A program that changes nothing, as a text for the shell or a list of words; where it succeeds there is nothing to do. \
     It runs in dry runs too.",
);
const ONLYIF: Parameter = Parameter::new(
    "onlyif",
    Kind::Any,
    "The same; where it does not succeed there is nothing to do.",
);
const CHDIR: Parameter = Parameter::new("chdir", Kind::Path, "The directory to run in.");
const STDIN: Parameter = Parameter::new("stdin", Kind::String, "What the program reads.");
const STDIN_ADD_NEWLINE: Parameter = Parameter::new(
    "stdin_add_newline",
    Kind::Boolean,
    "Ends `stdin` with a newline.",
)
.default("yes");

static COMMAND: Spec = Spec {
    name: "command",
    aliases: &[],
    summary: "Runs a program, without a shell.",
    parameters: &[
        Parameter::new(
            "argv",
            Kind::Arguments,
            "The program and its arguments, each a word.",
        ),
        CMD,
        FREE_FORM,
        CREATES,
        REMOVES,
        UNLESS,
        ONLYIF,
        CHDIR,
        Parameter::new(
            "expand_argument_vars",
            Kind::Boolean,
            "`$NAME`, `${NAME}` and a `~` at the beginning of a word are expanded on the host; variables that it does not \
             have stay as they are written.",
        )
        .default("yes"),
        STDIN,
        STDIN_ADD_NEWLINE,
    ],
    free_form: Some("free_form"),
    one_of: &[&["argv", "cmd", "free_form"]],
};

static SHELL: Spec = Spec {
    name: "shell",
    aliases: &[],
    summary: "Runs a text in a shell.",
    parameters: &[
        CMD,
        FREE_FORM,
        Parameter::new("executable", Kind::Path, "The shell.").default("/bin/sh"),
        CREATES,
        REMOVES,
        UNLESS,
        ONLYIF,
        CHDIR,
        STDIN,
        STDIN_ADD_NEWLINE,
    ],
    free_form: Some("free_form"),
    one_of: &[&["cmd", "free_form"]],
};

impl Module for Command {
    fn spec(&self) -> &'static Spec {
        &COMMAND
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let words = |text: &str| {
            shlex::split(text).ok_or_else(|| {
                Stop::from(
                    Failure::new("a quotation mark in the command is not closed")
                        .help("close it, or give the words as a list with `argv`"),
                )
            })
        };
        let mut options = FreeForm::default();
        let argv = if parameters.has("argv") {
            parameters.arguments("argv")?
        } else if let Some(text) = parameters.string("cmd")? {
            words(&text)?
        } else {
            options = FreeForm::read(&parameters.required("free_form")?);
            if options.get("executable").is_some() {
                return Err(
                    Failure::new("`command` has no shell that `executable=` could name")
                        .help("use `shell`")
                        .into(),
                );
            }
            words(&options.text)?
        };
        if argv.first().is_none_or(String::is_empty) {
            return Err(Stop::failed("`command` names no program to run"));
        }
        let shown =
            shlex::try_join(argv.iter().map(String::as_str)).unwrap_or_else(|_| argv.join(" "));
        let cmd = Value::List(argv.iter().map(|word| Value::from(word.as_str())).collect());
        let argv = if parameters.boolean("expand_argument_vars", true)? {
            expand::expanded(argv)
        } else {
            argv
        };
        run(Program::new(argv), &shown, cmd, &options, parameters, look)
    }
}

impl Module for Shell {
    fn spec(&self) -> &'static Spec {
        &SHELL
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let options = match parameters.string("cmd")? {
            Some(text) => FreeForm::only(text),
            None => FreeForm::read(&parameters.required("free_form")?),
        };
        let text = options.text.trim();
        if text.is_empty() {
            return Err(Stop::failed("`shell` has nothing to run"));
        }
        let executable = match parameters.string("executable")? {
            Some(executable) => executable,
            None => options.get("executable").unwrap_or("/bin/sh").to_owned(),
        };
        let program = Program::new([executable.as_str(), "-c", text]);
        run(program, text, Value::from(text), &options, parameters, look)
    }
}

/// Runs a program unless a condition says that there is nothing to do.
fn run(
    mut program: Program,
    shown: &str,
    cmd: Value,
    options: &FreeForm,
    parameters: &Parameters,
    look: &Look<'_>,
) -> Result<Decision, Stop> {
    let mut directory = text(parameters, options, "chdir")?;
    if let Some(path) = &directory
        && let Some(path) = paths::below_home(path, look)?
    {
        directory = Some(path);
    }
    let conditions = Conditions::read(parameters, options, directory.as_deref())?;
    if let Some(reason) = conditions.nothing_to_do(look)? {
        let mut decision = Decision::unchanged()
            .with("cmd", cmd)
            .with("rc", 0)
            .with("stdout", format!("skipped, since {reason}"))
            .with("stderr", "");
        decision.message = Some(format!("did not run, since {reason}"));
        return Ok(decision);
    }
    program.directory = directory;
    program.stdin = stdin(parameters, options)?;
    let title = title(shown);
    let step = Step {
        action: Action::Program {
            program: Box::new(program),
            accepted: vec![0],
        },
        guard: conditions.guard(),
    };
    Ok(Decision {
        output_of: Some(0),
        ..Decision::change(Change {
            kind: ChangeKind::Run,
            resource: title.clone(),
            difference: Difference::None,
            notes: Vec::new(),
            steps: vec![step],
            undo: Undo::Impossible(format!("`{title}` has run, and what it did is not known")),
            effects: conditions.effects(&title),
        })
    }
    .with("cmd", cmd))
}

fn text(parameters: &Parameters, options: &FreeForm, name: &str) -> Result<Option<String>, Stop> {
    Ok(parameters
        .string(name)?
        .or_else(|| options.get(name).map(str::to_owned)))
}

fn stdin(parameters: &Parameters, options: &FreeForm) -> Result<Option<Blob>, Stop> {
    let Some(mut stdin) = text(parameters, options, "stdin")? else {
        return Ok(None);
    };
    let add_newline = match options.get("stdin_add_newline") {
        Some(word) if !parameters.has("stdin_add_newline") => {
            let value = Value::from(word);
            value
                .truth()
                .ok_or_else(|| parameters.wrong("stdin_add_newline", "yes or no", &value))?
        }
        _ => parameters.boolean("stdin_add_newline", true)?,
    };
    if add_newline && !stdin.ends_with('\n') {
        stdin.push('\n');
    }
    Ok(Some(Blob::from(stdin)))
}

/// The first line, for a person.
fn title(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        format!("{first} ...")
    } else {
        first.to_owned()
    }
}
