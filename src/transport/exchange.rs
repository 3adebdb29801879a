//! Moves a script in and its answer out, whatever carries it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use super::limits::LARGEST_ANSWER;
use super::script::{Known, Stay, Text, WATCH};
use super::shell_words;
use super::sudo::{Dialogue, Heard};

/// How long a script may run before it is asked to watch the time of its programs: most are over by then. It is asked again
/// after twice that, and so on: a shell that is slow to begin reads the word along with its script.
const UNWATCHED: Duration = Duration::from_secs(1);

/// The longest time between two such words.
const WORD_PAUSE: Duration = Duration::from_secs(64);

/// What to send, and how long it may take.
pub(super) struct Errand<'a> {
    pub(super) script: Text<'a>,
    /// Where the shell is to serve further scripts: how it tells that it is done with this one.
    pub(super) stay: Option<Stay>,
    /// Whether logins that were there before it are not what a new one would be.
    pub(super) changes_login: bool,
    /// What to say to sudo before the script.
    pub(super) dialogue: Option<Dialogue<'a>>,
    /// When it has to be over.
    pub(super) deadline: Instant,
    /// Whether the script hears [`WATCH`].
    pub(super) listens: bool,
    /// Turns true when the script has to be told to end: then its input, which stays open for that, is closed.
    pub(super) brake: Option<watch::Receiver<bool>>,
    /// Turns true when it has to be given up.
    pub(super) cut: watch::Receiver<bool>,
}

impl Errand<'_> {
    /// The command whose shell reads the script.
    pub(super) fn command(&self) -> String {
        command(self.dialogue.as_ref())
    }
}

/// The command whose shell reads scripts.
pub(super) fn command(dialogue: Option<&Dialogue<'_>>) -> String {
    match dialogue {
        None => "sh".to_owned(),
        Some(dialogue) => shell_words::join(&dialogue.command()),
    }
}

/// A shell's input and outputs.
#[derive(Debug)]
pub(super) struct Pipes<I, O, E> {
    /// `None` once it is closed.
    pub(super) stdin: Option<I>,
    pub(super) stdout: O,
    pub(super) stderr: E,
}

/// What came back.
pub(super) struct Collected<T> {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) end: End<T>,
}

impl<T> Collected<T> {
    /// Where nothing came back.
    pub(super) fn nothing(end: End<T>) -> Self {
        Self {
            stdout: Vec::new(),
            stderr: Vec::new(),
            end,
        }
    }
}

/// How it ended.
pub(super) enum End<T> {
    /// The shell ended; this is what the carrier says about it.
    Exited(T),
    /// The script is over and the shell waits for the next one.
    Stayed,
    TimedOut,
    TooLarge,
    /// It was given up.
    Cut,
}

/// The bytes that wait to be sent.
struct Input<'a> {
    parts: VecDeque<Part<'a>>,
    offset: usize,
}

enum Part<'a> {
    Secret(Zeroizing<Vec<u8>>),
    Plain(Cow<'a, [u8]>),
    /// Nothing behind it is sent until sudo has let us through.
    Gate,
}

impl<'a> Input<'a> {
    fn new(errand: &Errand<'a>, known: &Known) -> Self {
        let (stay, dialogue) = (errand.stay.as_ref(), errand.dialogue.as_ref());
        let mut parts = VecDeque::new();
        if let Some((password, go)) = dialogue.and_then(Dialogue::opening) {
            parts.push_back(Part::Secret(password));
            if !dialogue.is_some_and(Dialogue::is_trusted) {
                parts.push_back(Part::Gate);
            }
            parts.push_back(Part::Plain(Cow::Owned(go)));
        }
        let script = stay.map_or(errand.script, |stay| stay.most_of(errand.script));
        let pieces = script.beyond(known).into_iter();
        parts.extend(pieces.map(|piece| Part::Plain(Cow::Borrowed(piece))));
        if let Some(stay) = stay {
            parts.push_back(Part::Plain(Cow::Owned(stay.rest().into_bytes())));
        }
        let mut input = Self { parts, offset: 0 };
        input.skip_empty();
        input
    }

    /// What can be sent now.
    fn ready(&self) -> &[u8] {
        match self.parts.front() {
            Some(Part::Secret(bytes)) => &bytes[self.offset..],
            Some(Part::Plain(bytes)) => &bytes[self.offset..],
            Some(Part::Gate) | None => &[],
        }
    }

    fn sent(&mut self, count: usize) {
        self.offset += count;
        self.skip_empty();
    }

    fn skip_empty(&mut self) {
        while self.ready().is_empty() && !matches!(self.parts.front(), Some(Part::Gate) | None) {
            self.parts.pop_front();
            self.offset = 0;
        }
    }

    /// Sends something more.
    fn add(&mut self, bytes: &'static [u8]) {
        self.parts.push_back(Part::Plain(Cow::Borrowed(bytes)));
    }

    fn open_gate(&mut self) {
        self.parts.retain(|part| !matches!(part, Part::Gate));
    }

    fn is_at_gate(&self) -> bool {
        matches!(self.parts.front(), Some(Part::Gate))
    }

    fn is_finished(&self) -> bool {
        self.parts.is_empty()
    }
}

/// Carries one errand out for a shell that knows parts of scripts: writes and reads at the same time, so that neither side
/// can block the other.
///
/// Ends when both outputs are closed, when both told that the shell is done with the script and waits for another, when the
/// time is over, or when the answer grows too large. What had arrived by then is always given back. The shell's status has
/// to be asked for after this, not meanwhile: once an SSH channel has told it, the rest of its output is lost.
pub(super) async fn exchange<I, O, E>(
    pipes: &mut Pipes<I, O, E>,
    errand: &mut Errand<'_>,
    known: &Known,
) -> Collected<()>
where
    I: AsyncWrite + Unpin,
    O: AsyncRead + Unpin,
    E: AsyncRead + Unpin,
{
    let Pipes {
        stdin,
        stdout,
        stderr,
    } = pipes;
    let mut input = Input::new(errand, known);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    // Whether an output told that the shell is done with the script.
    let (mut out_done, mut err_done) = (false, false);
    let mut stopped = false;
    // When the script is asked next to watch the time of its programs, once it was sent.
    let mut watch_at = None;
    let mut word_pause = UNWATCHED;
    let patience = Instant::now() + super::sudo::PATIENCE;

    let end = loop {
        if out_done && err_done && !stopped {
            break End::Stayed;
        }
        if !out_open && !err_open {
            *stdin = None;
            break End::Exited(());
        }
        let held = (errand.brake.is_some() || errand.stay.is_some()) && !stopped;
        if input.is_finished() && !held {
            *stdin = None;
        }
        if out.len() + err.len() > LARGEST_ANSWER {
            break End::TooLarge;
        }
        if errand.listens && input.is_finished() && watch_at.is_none() {
            watch_at = Some(Instant::now() + word_pause);
        }
        tokio::select! {
            read = stdout.read_buf(&mut out), if out_open => {
                let count = read.unwrap_or(0);
                out_open = count > 0;
                out_done |= is_told(errand.stay.as_ref(), &mut out, count);
            }
            read = stderr.read_buf(&mut err), if err_open => {
                let count = read.unwrap_or(0);
                err_open = count > 0;
                match errand.dialogue.as_mut().map(|dialogue| dialogue.hear(&mut err)) {
                    Some(Heard::Ready) => input.open_gate(),
                    // No script line may be taken for a password: sudo gets an end of file instead.
                    Some(Heard::Refused) => *stdin = None,
                    Some(Heard::Nothing) | None => {}
                }
                err_done |= is_told(errand.stay.as_ref(), &mut err, count);
            }
            written = send(stdin, input.ready()), if stdin.is_some() && !input.ready().is_empty() => {
                match written {
                    Ok(count) => input.sent(count),
                    // The shell ended before it read everything; its status tells the rest.
                    Err(_) => *stdin = None,
                }
            }
            Ok(_) = errand.cut.wait_for(|cut| *cut) => break End::Cut,
            () = pulled(&mut errand.brake), if !stopped && stdin.is_some() && input.is_finished() => {
                stopped = true;
                *stdin = None;
            }
            () = sleep_until(watch_at.unwrap_or(errand.deadline)), if watch_at.is_some() && stdin.is_some() => {
                watch_at = None;
                word_pause = (word_pause * 2).min(WORD_PAUSE);
                input.add(WATCH);
            }
            () = sleep_until(patience), if stdin.is_some() && input.is_at_gate() => *stdin = None,
            () = sleep_until(errand.deadline) => break End::TimedOut,
        }
    };
    Collected {
        stdout: out,
        stderr: err,
        end,
    }
}

/// Whether an output's last bytes tell that the shell is done with the script. They are taken away.
fn is_told(stay: Option<&Stay>, output: &mut Vec<u8>, fresh: usize) -> bool {
    let Some(end) = stay.and_then(|stay| stay.end_in(output, fresh)) else {
        return false;
    };
    output.truncate(end);
    true
}

/// Waits until the script has to be told to end.
async fn pulled(brake: &mut Option<watch::Receiver<bool>>) {
    if let Some(brake) = brake
        && brake.wait_for(|asked| *asked).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

async fn send<I: AsyncWrite + Unpin>(
    stdin: &mut Option<I>,
    bytes: &[u8],
) -> std::io::Result<usize> {
    match stdin {
        Some(stdin) => stdin.write(bytes).await,
        None => std::future::pending().await,
    }
}
