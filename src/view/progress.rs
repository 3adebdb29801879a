//! One line that says how far a run is, while it runs, on a terminal.

use std::collections::HashSet;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tell::count;
use crate::model::event::{Event, HostStatus, Mode};

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// The line on the terminal.
pub struct Progress {
    bar: ProgressBar,
    state: State,
}

/// What it says.
#[derive(Debug, Default)]
struct State {
    word: &'static str,
    hosts: usize,
    wave: Option<(usize, usize)>,
    is_at_gate: bool,
    running: HashSet<String>,
    done: usize,
    failed: usize,
    unreachable: usize,
}

impl Progress {
    /// Begins to draw, on standard error.
    pub fn begin() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.enable_steady_tick(TICK);
        Self {
            bar,
            state: State::default(),
        }
    }

    /// Begins to draw how many of so many hosts have answered.
    pub fn of_questions(hosts: usize) -> Self {
        let mut progress = Self::begin();
        progress.state.word = "Asking";
        progress.state.hosts = hosts;
        progress.bar.set_message(progress.state.text());
        progress
    }

    /// One more host has answered, or has not.
    pub fn answered(&mut self, is_good: bool) {
        if is_good {
            self.state.done += 1;
        } else {
            self.state.failed += 1;
        }
        self.bar.set_message(self.state.text());
    }

    pub fn event(&mut self, event: &Event) {
        self.wake();
        self.state.event(event);
        self.bar.set_message(self.state.text());
    }

    /// Lets something be printed meanwhile.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Leaves the terminal to a question, until the next event.
    pub fn rest(&self) {
        self.bar.disable_steady_tick();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    fn wake(&self) {
        if self.bar.is_hidden() {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            self.bar.enable_steady_tick(TICK);
        }
    }

    pub fn end(self) {
        self.bar.finish_and_clear();
    }
}

impl State {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => {
                self.word = match started.mode {
                    Mode::Plan => "Planning",
                    Mode::Apply => "Applying",
                    Mode::Verify => "Verifying",
                };
                self.hosts = started.hosts;
            }
            Event::PlayStarted { hosts, .. } => self.next(None, hosts.len()),
            Event::WaveStarted {
                number, of, hosts, ..
            } => self.next(Some((*number, *of)), hosts.len()),
            Event::HostReached { host } => {
                self.running.insert(host.clone());
            }
            Event::HostEnded(report) => {
                self.running.remove(&report.host);
                match report.status {
                    HostStatus::Done => self.done += 1,
                    HostStatus::Failed | HostStatus::Refused => self.failed += 1,
                    HostStatus::Unreachable => self.unreachable += 1,
                    HostStatus::Interrupted => {}
                }
            }
            Event::GateStarted { .. } => self.is_at_gate = true,
            Event::GateEnded(_) => self.is_at_gate = false,
            Event::RollbackStarted { hosts, .. } => self.next(None, hosts.len()),
            Event::WavesPlanned { .. }
            | Event::TopologyFound { .. }
            | Event::FailedOver(_)
            | Event::TaskEnded(_)
            | Event::HostNoted { .. }
            | Event::Stopped { .. }
            | Event::RunEnded(_) => {}
        }
    }

    fn next(&mut self, wave: Option<(usize, usize)>, hosts: usize) {
        self.wave = wave;
        self.hosts = hosts;
        self.done = 0;
        self.running.clear();
    }

    /// `Applying, wave 2 of 3: 12 of 40 hosts done, 8 running, 1 failed`
    fn text(&self) -> String {
        let mut text = self.word.to_owned();
        if let Some((number, of)) = self.wave {
            text.push_str(&format!(", wave {number} of {of}"));
        }
        if self.is_at_gate {
            text.push_str(", at the gate");
        }
        text.push_str(&format!(
            ": {} of {} done",
            self.done,
            count(self.hosts, "host")
        ));
        for (number, word) in [
            (self.running.len(), "running"),
            (self.failed, "failed"),
            (self.unreachable, "unreachable"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {word}"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_the_wave_and_the_hosts() {
        let mut state = State {
            word: "Applying",
            ..State::default()
        };
        let names = |number: usize| (0..number).map(|host| format!("c{host}")).collect();
        state.event(&Event::WaveStarted {
            play: 0,
            number: 2,
            of: 3,
            hosts: names(40),
        });
        for host in ["c1", "c2"] {
            state.event(&Event::HostReached {
                host: host.to_owned(),
            });
        }
        assert_eq!(
            state.text(),
            "Applying, wave 2 of 3: 0 of 40 hosts done, 2 running"
        );
    }
}
