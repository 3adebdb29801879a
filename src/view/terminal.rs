//! Events as a person reads them: gathered while they come in, told at the end of each wave or play.

use super::gather::{HostSet, Hosts, Section};
use super::page::{Line, Page, Role};
use super::tell::{self, Names, Seen, Tally, count};
use crate::model::event::{Event, Mode, RunStarted};

/// Turns events into text.
#[derive(Debug)]
pub struct Terminal {
    width: usize,
    /// 0: what changes; 1: all tasks; 2: each host too.
    detail: u8,
    hosts: Hosts,
    started: Option<RunStarted>,
    play: (usize, String),
    section: Option<Section>,
    /// The hosts that a gate is being asked about.
    gate: HostSet,
    is_taking_back: bool,
    seen: Seen,
    tally: Tally,
    /// The run is over and told from its record.
    is_record: bool,
}

impl Terminal {
    pub fn new(width: usize, detail: u8) -> Self {
        Self {
            width,
            detail,
            hosts: Hosts::default(),
            started: None,
            play: (0, String::new()),
            section: None,
            gate: HostSet::default(),
            is_taking_back: false,
            seen: Seen::default(),
            tally: Tally::default(),
            is_record: false,
        }
    }

    /// For events of a run that is over.
    pub fn of_record(width: usize, detail: u8) -> Self {
        Self {
            is_record: true,
            ..Self::new(width, detail)
        }
    }

    /// Tells what is left where the events of a record end before the run did.
    pub fn cut_off(&mut self) -> Page {
        let mut page = Page::new(self.width);
        self.flush(&mut page);
        let line = Line::of(Role::Warning, "Not ended").and(
            Role::Plain,
            ": this run is still under way, or was ended from outside.",
        );
        page.wrapped(0, 2, &line);
        page
    }

    /// Takes an event in, and returns what is to be told now.
    pub fn event(&mut self, event: &Event) -> Page {
        let mut page = Page::new(self.width);
        match event {
            Event::RunStarted(started) => self.begin(&mut page, started),
            Event::PlayStarted { play, name, hosts } => {
                self.flush(&mut page);
                self.play = (*play, name.clone());
                // A second run on the same hosts, or the next play, is told in full.
                self.seen.clear();
                self.open(None, hosts);
            }
            Event::WavesPlanned { waves, gates, .. } => {
                self.section().add_waves(waves, gates);
            }
            Event::WaveStarted {
                number, of, hosts, ..
            } => {
                if self.is_told_by_wave() {
                    self.section
                        .take_if(|section| section.tasks.is_empty() && section.ended.is_empty());
                    self.flush(&mut page);
                    self.open(Some((*number, *of)), hosts);
                }
            }
            Event::HostReached { .. } => {}
            Event::TopologyFound {
                shards, warnings, ..
            } => {
                let open = self.section.take();
                tell::topology(&mut page, shards, warnings, self.detail);
                self.section = open;
            }
            Event::FailedOver(failover) => tell::failed_over(&mut page, failover),
            Event::TaskEnded(report) => self.section().add_task(report),
            Event::HostEnded(report) => {
                self.section().add_host(report);
                let is_over = self.section.as_ref().is_some_and(Section::is_over);
                if is_over && self.is_told_by_wave() {
                    self.flush(&mut page);
                }
            }
            Event::GateStarted { hosts, .. } => {
                self.flush(&mut page);
                self.gate = self.hosts.numbers(hosts);
            }
            Event::GateEnded(ended) => {
                let failures = tell::gate_causes(ended, &mut self.hosts);
                let names = Names {
                    hosts: &self.hosts,
                    all: &self.gate,
                    in_full: self.detail > 0,
                    width: page.width(),
                };
                tell::gate(&mut page, ended, &failures, names);
            }
            Event::RollbackStarted { play, hosts } => {
                self.flush(&mut page);
                self.play = (*play, "Taking back what was done".to_owned());
                self.seen.clear();
                self.is_taking_back = true;
                if hosts.is_empty() {
                    page.push(Line::plain(
                        "Nothing had been done that could be taken back.",
                    ));
                    page.blank();
                } else {
                    self.open(None, hosts);
                }
            }
            Event::HostNoted { host, message } => self.section().add_note(host, message),
            Event::Stopped { reason } => {
                self.flush(&mut page);
                self.tally.stopped = true;
                let line =
                    Line::of(Role::Failure, "Stopped").and(Role::Plain, &format!(": {reason}."));
                page.wrapped(0, 2, &line);
            }
            Event::RunEnded(ended) => {
                self.flush(&mut page);
                tell::ending(
                    &mut page,
                    self.started.as_ref(),
                    ended,
                    &self.tally,
                    &mut self.hosts,
                );
                if !self.is_record && self.is_told_by_wave() && !self.tally.is_idle() {
                    let line = Line::plain("What was done, and how to undo it: ")
                        .and(Role::Hint, &format!("cachesmith show {}", ended.run));
                    page.wrapped(0, 2, &line);
                }
            }
        }
        page
    }

    /// A plan and a verification change nothing between two waves, so that each play is told as a whole.
    fn is_told_by_wave(&self) -> bool {
        self.started
            .as_ref()
            .is_none_or(|started| started.mode == Mode::Apply)
    }

    fn begin(&mut self, page: &mut Page, started: &RunStarted) {
        *self = Self {
            is_record: self.is_record,
            ..Self::new(self.width, self.detail)
        };
        if started.mode == Mode::Apply {
            let hosts = count(started.hosts, "host");
            let (present, past, what) = match (&started.undoes, &started.resumes) {
                (Some(run), _) => ("takes back", "took back", format!("{run} on {hosts}")),
                (None, Some(run)) => (
                    "goes on with",
                    "went on with",
                    format!("{run}, {} to {hosts}", started.playbook),
                ),
                (None, None) => (
                    "applies",
                    "applied",
                    format!("{} to {hosts}", started.playbook),
                ),
            };
            let text = if self.is_record {
                let user = match started.user.as_str() {
                    "" => String::new(),
                    user => format!(" by {user}"),
                };
                format!(" {past} {what} on {}{user}.", tell::time(&started.time))
            } else {
                format!(" {present} {what}.")
            };
            let line = Line::plain("Run ").and(Role::Heading, &started.run);
            page.wrapped(0, 2, &line.and(Role::Plain, &text));
            page.blank();
        }
        self.started = Some(started.clone());
    }

    fn open(&mut self, wave: Option<(usize, usize)>, hosts: &[String]) {
        let hosts = self.hosts.numbers(hosts);
        let (play, name) = self.play.clone();
        self.section = Some(Section {
            play,
            name,
            wave,
            hosts,
            keep_each: self.detail > 1,
            ..Section::default()
        });
    }

    /// The section that events belong to, with the names of hosts.
    fn section(&mut self) -> Open<'_> {
        let (play, name) = &self.play;
        let keep_each = self.detail > 1;
        Open {
            section: self.section.get_or_insert_with(|| Section {
                play: *play,
                name: name.clone(),
                keep_each,
                ..Section::default()
            }),
            hosts: &mut self.hosts,
        }
    }

    /// Tells what was gathered.
    fn flush(&mut self, page: &mut Page) {
        let Some(section) = self.section.take() else {
            return;
        };
        // What is taken back is no further change.
        if !self.is_taking_back {
            self.tally.add(&section);
        }
        if !(section.is_notable() || section.wave.is_some() || self.detail > 0) {
            return;
        }
        let seen = (self.detail == 0 && section.wave.is_some()).then_some(&mut self.seen);
        tell::section(page, &section, &self.hosts, self.detail, seen);
    }
}

/// A section that takes in events.
struct Open<'a> {
    section: &'a mut Section,
    hosts: &'a mut Hosts,
}

impl Open<'_> {
    fn add_task(self, report: &crate::model::event::TaskReport) {
        self.section.add_task(report, self.hosts);
    }

    fn add_waves(self, waves: &[Vec<String>], gates: &[String]) {
        self.section.add_waves(waves, gates, self.hosts);
    }

    fn add_note(self, host: &str, message: &str) {
        self.section.add_note(host, message, self.hosts);
    }

    fn add_host(self, report: &crate::model::event::HostReport) {
        self.section.add_host(report, self.hosts);
    }
}
