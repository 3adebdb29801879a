//! What a command tells, and asks, the person at the terminal.

use std::io::IsTerminal;

use super::facts::{Answer, Survey};
use super::locks::{self, LockAnswer};
use super::output::Output;
use super::page::Page;
use super::progress::Progress;
use super::settings::Settings;
use super::terminal::Terminal;
use super::{diagnostic, explain, page, record};
use crate::journal::{RunDetail, RunLine};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Event;
use crate::model::wish::Wish;

/// Standard output for results, standard error for everything about them.
pub struct Console {
    settings: Settings,
    out: Output,
    err: Output,
    terminal: Terminal,
    progress: Option<Progress>,
    survey: Survey,
    /// Whether the answers of hosts are told as derivations.
    explains: bool,
    /// Whether one of them has no answer to tell.
    fails: bool,
    /// Events of a run that are kept, and whether they are not told.
    kept: Option<Vec<Event>>,
    is_quiet: bool,
}

impl Console {
    pub fn new(settings: Settings) -> Self {
        let out = Output::stdout(settings.color);
        Self {
            terminal: Terminal::new(out.width, settings.detail),
            err: Output::stderr(settings.color),
            out,
            settings,
            kept: None,
            is_quiet: false,
            progress: None,
            survey: Survey::default(),
            explains: false,
            fails: false,
        }
    }

    /// How much detail was asked for.
    pub const fn detail(&self) -> u8 {
        self.settings.detail
    }

    /// Keeps the events of the next run, which is not told where that is `quiet`.
    pub fn keep_events(&mut self, is_quiet: bool) {
        self.kept = Some(Vec::new());
        self.is_quiet = is_quiet;
    }

    /// The events that were kept; from now on none is.
    pub fn kept_events(&mut self) -> Vec<Event> {
        self.is_quiet = false;
        self.kept.take().unwrap_or_default()
    }

    /// Tells one event of a run.
    pub fn event(&mut self, event: &Event) {
        if let Some(kept) = &mut self.kept {
            kept.push(event.clone());
        }
        if self.is_quiet {
            return;
        }
        if self.settings.json {
            // An event has no maps with keys other than text and no numbers that JSON lacks.
            if let Ok(line) = serde_json::to_string(event) {
                self.out.write(&format!("{line}\n"));
            }
            return;
        }
        if self.progress.is_none() && self.out.is_terminal && self.err.is_terminal {
            self.progress = Some(Progress::begin());
        }
        let text = self.terminal.event(event).render(self.out.colours);
        if let Some(progress) = &mut self.progress {
            progress.event(event);
        }
        match self.progress.take() {
            Some(progress) if matches!(event, Event::RunEnded(_)) => {
                progress.end();
                self.out.write(&text);
            }
            Some(progress) => {
                if !text.is_empty() {
                    let out = &mut self.out;
                    progress.suspend(|| out.write(&text));
                }
                self.progress = Some(progress);
            }
            None => self.out.write(&text),
        }
    }

    /// Tells what is wrong or doubtful, all of it together.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic]) {
        let text = diagnostic::render_all(diagnostics, self.err.width, self.err.colours);
        self.err.write(&text);
    }

    /// Tells what was found in files that were to be looked at: results, and so on standard output. With `--json` the
    /// lines that are given.
    pub fn findings(&mut self, found: &[Diagnostic], lines: &[serde_json::Value]) {
        if self.settings.json {
            for line in lines {
                self.out.write(&format!("{line}\n"));
            }
        } else if found.is_empty() {
            self.out.write("Nothing is wrong.\n");
        } else {
            let text = diagnostic::render_all(found, self.out.width, self.out.colours);
            self.out.write(&text);
        }
    }

    /// One sentence about what was or was not done.
    pub fn note(&mut self, text: &str) {
        let lines: Vec<_> = text.split('\n').map(page::clean).collect();
        let text = format!("{}\n", lines.join("\n"));
        match &self.progress {
            Some(progress) => progress.suspend(|| self.err.write(&text)),
            None => self.err.write(&text),
        }
    }

    /// Text that a program may read.
    pub fn text(&mut self, text: &str) {
        self.out.write(&format!("{text}\n"));
    }

    /// A sentence that belongs to the result, for people.
    pub fn remark(&mut self, text: &str) {
        if !self.settings.json {
            let lines: Vec<_> = text.split('\n').map(page::clean).collect();
            self.out.write(&format!("{}\n", lines.join("\n")));
        }
    }

    /// Whether there is somebody to ask.
    pub fn can_ask(&self) -> bool {
        !self.settings.json && std::io::stdin().is_terminal() && self.out.is_terminal
    }

    /// Asks; [`answer`] waits for what is typed.
    pub fn ask(&mut self, question: &str) {
        if let Some(progress) = &self.progress {
            progress.rest();
        }
        self.out.write(&format!("\n{question} [y/N] "));
    }

    /// Begins to gather the facts of these hosts.
    pub fn begin_facts(&mut self, hosts: &[String]) {
        self.survey = Survey::of(hosts);
        if !self.settings.json && self.out.is_terminal && self.err.is_terminal {
            self.progress = Some(Progress::of_questions(hosts.len()));
        }
    }

    /// Begins to gather facts, to tell what follows from them.
    pub fn begin_explaining(&mut self, hosts: &[String]) {
        self.begin_facts(hosts);
        self.explains = true;
    }

    /// Tells what a host answered; as text it is told at the end, with all that is alike.
    /// `wishes` is what people wrote about its sizing.
    pub fn facts(&mut self, host: &str, answer: &Answer<'_>, wishes: &[Wish]) {
        if self.explains
            && let Answer::Known(_, variables) = answer
        {
            let text = if self.settings.json {
                format!("{}\n", explain::to_json(host, variables, wishes))
            } else {
                let page = explain::page(host, variables, wishes, self.out.width);
                page.render(self.out.colours)
            };
            match &self.progress {
                Some(progress) => progress.suspend(|| self.out.write(&text)),
                None => self.out.write(&text),
            }
            if let Some(progress) = &mut self.progress {
                progress.answered(true);
            }
            return;
        }
        if self.settings.json {
            self.out.write(&format!("{}\n", answer.to_json(host)));
            return;
        }
        self.fails |= self.explains;
        self.survey.add(host, answer);
        if let Some(progress) = &mut self.progress {
            progress.answered(matches!(answer, Answer::Known(..)));
        }
    }

    /// Tells all that was gathered.
    pub fn end_facts(&mut self) {
        if self.settings.json {
            return;
        }
        if let Some(progress) = self.progress.take() {
            progress.end();
        }
        if self.explains && !self.fails {
            return;
        }
        let page = self.survey.page(self.out.width, self.settings.detail);
        self.out.write(&page.render(self.out.colours));
    }

    /// Tells what hosts say of leases and locks.
    pub fn locks(&mut self, answers: &[(String, LockAnswer)]) {
        if self.settings.json {
            for (host, answer) in answers {
                self.out
                    .write(&format!("{}\n", locks::to_json(host, answer)));
            }
        } else {
            let page = locks::page(answers, self.out.width);
            self.out.write(&page.render(self.out.colours));
        }
    }

    /// Tells how many kept connections were ended, and how many a run is using.
    pub fn disconnected(&mut self, ended: usize, in_use: usize) {
        let text = if self.settings.json {
            serde_json::json!({ "ended": ended, "in_use": in_use }).to_string()
        } else {
            disconnected(ended, in_use)
        };
        self.out.write(&format!("{text}\n"));
    }

    /// Tells the recorded runs.
    pub fn runs(&mut self, runs: &[RunLine]) {
        if self.settings.json {
            for run in runs {
                self.out.write(&format!("{}\n", record::to_json(run)));
            }
        } else {
            let page = record::list(runs, self.out.width);
            self.out.write(&page.render(self.out.colours));
        }
    }

    /// Tells one recorded run: what was done, and how it would be undone.
    pub fn run(&mut self, run: &RunDetail) {
        if self.settings.json {
            run.events.iter().for_each(|event| self.event(event));
            return;
        }
        let mut terminal = Terminal::of_record(self.out.width, self.settings.detail);
        let mut pages: Vec<Page> = run
            .events
            .iter()
            .map(|event| terminal.event(event))
            .collect();
        if !matches!(run.events.last(), Some(Event::RunEnded(_))) {
            pages.push(terminal.cut_off());
        }
        pages.push(record::undoing(
            &run.recorded,
            self.out.width,
            self.settings.detail,
        ));
        pages.push(record::standing(run, self.out.width, self.settings.detail));
        for page in pages {
            self.out.write(&page.render(self.out.colours));
        }
    }
}

/// Waits for the answer to a question: true only where it is yes.
pub fn answer() -> bool {
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// How many kept connections were ended, in words.
fn disconnected(ended: usize, in_use: usize) -> String {
    let ended = match (ended, in_use) {
        (0, 0) => "There was no kept connection.".to_owned(),
        (0, _) => "No kept connection was ended.".to_owned(),
        (1, _) => "Ended 1 kept connection.".to_owned(),
        (ended, _) => format!("Ended {ended} kept connections."),
    };
    match in_use {
        0 => ended,
        1 => format!("{ended} 1 is in use by a run and stays."),
        in_use => format!("{ended} {in_use} are in use by runs and stay."),
    }
}

#[cfg(test)]
mod tests {
    use super::disconnected;

    #[test]
    fn kept_connections_are_counted_in_words() {
        for (ended, in_use, words) in [
            (0, 0, "There was no kept connection."),
            (1, 0, "Ended 1 kept connection."),
            (7, 0, "Ended 7 kept connections."),
            (
                0,
                1,
                "No kept connection was ended. 1 is in use by a run and stays.",
            ),
            (
                1,
                2,
                "Ended 1 kept connection. 2 are in use by runs and stay.",
            ),
        ] {
            assert_eq!(disconnected(ended, in_use), words);
        }
    }
}
