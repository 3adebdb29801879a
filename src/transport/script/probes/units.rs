//! Units of systemd: one `systemctl show` for all.

use std::collections::HashMap;

use crate::model::probe::{Observation, UnitState};
use crate::transport::script::frames::{Frame, words};

/// What systemd said of all units.
#[derive(Default)]
pub(super) struct Answers {
    units: HashMap<String, UnitState>,
    /// Why nothing can be said of the others.
    reason: String,
}

impl Answers {
    pub(super) fn read(asked: &[&str], frames: &[Frame<'_>]) -> Self {
        let mut answers = Self::default();
        for frame in frames {
            match frame.label {
                "no-systemd" => {
                    answers.reason = String::from("the host has no systemctl, so no systemd");
                }
                "units" => answers.take(asked, &String::from_utf8_lossy(frame.body)),
                "units-end" => {
                    answers.reason = match frame.number::<u32>(0) {
                        Some(137) => String::from("systemd did not answer in time"),
                        _ => words(frame.body),
                    };
                }
                _ => {}
            }
        }
        answers
    }

    /// One block for each unit that was asked for, in the same order, with an empty line between them.
    fn take(&mut self, asked: &[&str], text: &str) {
        let blocks: Vec<&str> = text
            .split("\n\n")
            .map(str::trim)
            .filter(|block| !block.is_empty())
            .collect();
        for (place, block) in blocks.iter().enumerate() {
            let unit = read_block(block);
            if blocks.len() == asked.len() {
                self.units.insert(asked[place].to_owned(), unit);
            } else {
                for name in unit.names.clone() {
                    self.units.insert(name, unit.clone());
                }
            }
        }
    }

    pub(super) fn unit(&self, name: &str) -> Observation {
        match self.units.get(name) {
            Some(unit) => Observation::Unit(unit.clone()),
            None if self.reason.is_empty() => {
                Observation::Failed(format!("systemd said nothing of {name}"))
            }
            None => Observation::Failed(format!("{name}: {}", self.reason)),
        }
    }
}

fn read_block(block: &str) -> UnitState {
    let mut unit = UnitState::default();
    let list = |value: &str| value.split_whitespace().map(str::to_owned).collect();
    for line in block.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        match name {
            "LoadState" => unit.load = value.to_owned(),
            "ActiveState" => unit.active = value.to_owned(),
            "SubState" => unit.sub = value.to_owned(),
            "UnitFileState" => unit.enabled = value.to_owned(),
            "FragmentPath" => unit.fragment = value.to_owned(),
            "DropInPaths" => unit.drop_ins = list(value),
            "NeedDaemonReload" => unit.needs_reload = value == "yes",
            "MainPID" => unit.main_pid = value.parse().unwrap_or(0),
            "Names" => unit.names = list(value),
            _ => {}
        }
    }
    unit
}
