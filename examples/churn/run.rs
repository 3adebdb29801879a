//! One run of a load: when it began, which phase it is in, and why it ended.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub struct Run {
    began: Instant,
    deadline: Instant,
    phase: AtomicUsize,
    ended: AtomicBool,
    reason: Mutex<Option<String>>,
    errors: Mutex<BTreeMap<String, u64>>,
}

impl Run {
    pub fn begin(limit: Duration) -> Self {
        let began = Instant::now();
        Self {
            began,
            deadline: began + limit,
            phase: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            reason: Mutex::new(None),
            errors: Mutex::new(BTreeMap::new()),
        }
    }

    pub fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn phase(&self) -> usize {
        self.phase.load(Ordering::Relaxed)
    }

    pub fn enter_phase(&self, phase: usize) {
        self.phase.store(phase, Ordering::Relaxed);
    }

    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Ends the run. The first reason is kept.
    pub fn end(&self, reason: &str) {
        if let Ok(mut kept) = self.reason.lock() {
            kept.get_or_insert_with(|| reason.to_owned());
        }
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether the load is to go on; ends the run where its time is up.
    pub fn goes_on(&self) -> bool {
        if Instant::now() >= self.deadline {
            self.end("time limit");
        }
        !self.ended()
    }

    pub fn reason(&self) -> String {
        let reason = self.reason.lock().ok().and_then(|kept| kept.clone());
        reason.unwrap_or_default()
    }

    /// Counts an error that a client saw, by its first word (`OOM`, `LOADING`, ...), or by `disconnected`.
    pub fn count_error(&self, text: &str) {
        let kind = text.split_whitespace().next().unwrap_or("unknown");
        if let Ok(mut errors) = self.errors.lock() {
            *errors.entry(kind.to_owned()).or_default() += 1;
        }
    }

    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors
            .lock()
            .map(|errors| errors.clone())
            .unwrap_or_default()
    }
}
