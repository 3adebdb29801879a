//! What became of each step, out of as much of the answer as came.

use std::collections::BTreeSet;

use crate::model::blob::Blob;
use crate::model::probe::CONTENT_LIMIT;
use crate::model::step::{Outcome, Step, StepStatus};
use crate::transport::script::frames::Frame;

/// One outcome for each step. A step that began and was not reported is lost. What a program wrote comes before the step is
/// reported, or, where it is long, at the end of the script: of a step that was done, it may not have come whole then.
pub(crate) fn parse(steps: &[Step], frames: &[Frame<'_>]) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = steps.iter().map(|_| outcome(StepStatus::NotRun)).collect();
    let mut current: Option<usize> = None;
    let mut message: &[u8] = &[];
    let mut untold = BTreeSet::new();
    let mut telling = None;
    for frame in frames {
        match frame.label {
            "begin" => {
                current = frame.number(0).filter(|number| *number < outcomes.len());
                message = &[];
                if let Some(number) = current {
                    outcomes[number].status = StepStatus::Lost;
                }
            }
            "output" => {
                current = frame.number(0).filter(|number| *number < outcomes.len());
                // What stands before it has come whole.
                if let Some(told) = std::mem::replace(&mut telling, current) {
                    untold.remove(&told);
                }
            }
            "finish" => untold.clear(),
            // A program that was asked behind all steps.
            "program" => current = None,
            "message" => message = frame.body,
            "end" => {
                current = None;
                // Steps that waited for each other are told behind each other.
                let number: Option<usize> = frame.number(0);
                if let Some(outcome) = number.and_then(|number| outcomes.get_mut(number)) {
                    finish(outcome, frame, &Blob::from(std::mem::take(&mut message)));
                    if outcome.status == StepStatus::Done && frame.words.get(5) == Some(&"yes") {
                        untold.extend(number);
                    }
                }
            }
            label => {
                if let Some(number) = current {
                    match label {
                        "out" => outcomes[number].stdout = bounded(frame.body),
                        "err" => {
                            let message = std::mem::take(&mut outcomes[number].stderr);
                            outcomes[number].stderr = joined(bounded(frame.body), &message);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    for number in untold {
        outcomes[number].output_lost = true;
    }
    outcomes
}

/// `end NUMBER STATUS CODE BEGAN ENDED RAN`, the times in seconds since the boot; RAN is yes where a program ran of which it is
/// still to be told what it wrote.
fn finish(outcome: &mut Outcome, frame: &Frame<'_>, message: &Blob) {
    outcome.status = match frame.words.get(1) {
        Some(&"done") => StepStatus::Done,
        Some(&"late") => StepStatus::TimedOut,
        Some(&"guard") => StepStatus::GuardFailed,
        Some(&"failed") => StepStatus::Failed,
        Some(&"undone") => StepStatus::NotRun,
        _ => StepStatus::Lost,
    };
    outcome.code = frame.number(2).unwrap_or(0);
    if let (Some(began), Some(ended)) = (
        frame.words.get(3).and_then(|word| milliseconds(word)),
        frame.words.get(4).and_then(|word| milliseconds(word)),
    ) {
        outcome.milliseconds = ended.saturating_sub(began);
    }
    outcome.stderr = joined(std::mem::take(&mut outcome.stderr), message);
}

/// What a program said, and behind it what we say of it.
fn joined(said: Blob, message: &Blob) -> Blob {
    if message.is_empty() {
        return said;
    }
    let mut text = said.as_bytes().to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(message.as_bytes());
    Blob::from(text)
}

/// Seconds with two digits behind the point, in milliseconds.
fn milliseconds(word: &str) -> Option<u64> {
    let (seconds, hundredths) = word.split_once('.').unwrap_or((word, "0"));
    let seconds: u64 = seconds.parse().ok()?;
    let hundredths: u64 = hundredths.parse().ok()?;
    Some(seconds * 1000 + hundredths * 10)
}

fn outcome(status: StepStatus) -> Outcome {
    Outcome {
        status,
        code: 0,
        stdout: Blob::default(),
        stderr: Blob::default(),
        milliseconds: 0,
        output_lost: false,
    }
}

/// The output of a program; where there was more than the limit, a line says so at the end.
pub(crate) fn bounded(body: &[u8]) -> Blob {
    let limit = usize::try_from(CONTENT_LIMIT).unwrap_or(usize::MAX);
    match body.get(..limit) {
        Some(kept) if body.len() > limit => {
            let mut text = kept.to_vec();
            text.extend_from_slice(
                format!("\n(the rest is left out: it is more than {limit} bytes)\n").as_bytes(),
            );
            Blob::from(text)
        }
        _ => Blob::from(body),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::blob::Blob;
    use crate::model::step::{Action, Outcome, Step, StepStatus};
    use crate::transport::script::frames;

    fn outcome(answer: &str) -> Outcome {
        let step = Step::new(Action::Remove {
            path: "/tmp/x".to_owned(),
        });
        let mut outcomes = parse(&[step], &frames::cut("NONCE", answer.as_bytes()));
        outcomes.remove(0)
    }

    #[test]
    fn what_a_program_wrote_may_come_before_its_step_is_reported() {
        let told = "NONCE start\nNONCE begin 0\nNONCE out\nsaid\nNONCE err\noops";
        let end = "NONCE message\nour words\nNONCE end 0 failed 2 1.00 1.01 told\nNONCE finish\n";
        let whole = outcome(&format!("{told}\n{end}"));
        assert_eq!(whole.status, StepStatus::Failed);
        assert_eq!(whole.stdout, Blob::from("said\n"));
        assert_eq!(whole.stderr, Blob::from("oops\nour words\n"));
        assert!(!whole.output_lost);
        assert_eq!(outcome(told).status, StepStatus::Lost);
    }

    #[test]
    fn a_script_that_is_killed_before_it_tells_what_programs_wrote_is_noticed() {
        let answer = "NONCE start\nNONCE begin 0\nNONCE end 0 done 0 10.00 10.05 yes\nNONCE output 0\nNONCE out\n36000\nNONCE finish\n";
        let whole = outcome(answer);
        assert_eq!(whole.status, StepStatus::Done);
        assert_eq!(whole.stdout, Blob::from("36000\n"));
        assert_eq!(whole.milliseconds, 50);
        assert!(!whole.output_lost);
        for end in ["NONCE output", "NONCE out\n", "000", "NONCE finish"] {
            let cut = answer.split_once(end).unwrap().0;
            let cut = outcome(cut);
            assert_eq!(cut.status, StepStatus::Done, "{end}");
            assert!(cut.output_lost, "{end}");
        }
    }
}
