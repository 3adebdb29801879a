//! Running servers, asked through their own client.

use crate::model::blob::Blob;
use crate::model::probe::{Observation, RedisAddress, RedisState};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::frames::{Frame, find, words};
use crate::transport::script::library::Part;
use crate::transport::script::nonce::Nonce;
use crate::transport::script::quote::Heredoc;

pub(super) fn compile(number: usize, address: &RedisAddress, builder: &mut Builder) {
    let tag = &builder.nonce().tag;
    let commands =
        format!("PING\nPING {tag}:info\nINFO all\nPING {tag}:config\nCONFIG GET *\nPING {tag}:end");
    ask(number, address, commands, builder);
}

/// Puts commands to a server, a line each.
pub(super) fn ask(number: usize, address: &RedisAddress, commands: String, builder: &mut Builder) {
    builder.need(Part::Redis);
    let heredoc = Heredoc::new(&Blob::from(commands), &builder.nonce().frame);
    let call = command("c_redis", client_words(address));
    builder
        .raw(&format!(
            "c_number={number}\n{call}{}\n",
            heredoc.redirection
        ))
        .raw(&heredoc.lines);
}

/// The password and the arguments with which the client finds a server.
pub(in crate::transport::script) fn client_words(address: &RedisAddress) -> Vec<String> {
    let secret = address.password.as_ref();
    let mut words = vec![secret.map_or_else(String::new, |secret| secret.expose().to_owned())];
    match &address.socket {
        Some(socket) => words.extend(["-s".to_owned(), socket.clone()]),
        None => {
            let host = address.host.as_deref().unwrap_or("127.0.0.1");
            let port = address.port.to_string();
            words.extend(["-h".to_owned(), host.to_owned(), "-p".to_owned(), port]);
        }
    }
    words.extend(
        address
            .tls
            .iter()
            .flat_map(crate::model::probe::TlsFiles::client_words),
    );
    if let Some(user) = &address.user {
        words.extend(["--user".to_owned(), user.clone()]);
    }
    words
}

/// What a server says that knows no password, to one that gives one: from 6.0 on, and before.
const WANTS_NONE: [&str; 2] = ["without any password configured", "no password is set"];

/// What the client printed, and what it complained of.
pub(super) struct Said<'f> {
    pub(super) answer: &'f [u8],
    pub(super) complaint: String,
    pub(super) timed_out: bool,
}

impl<'f> Said<'f> {
    pub(super) fn find(number: usize, frames: &[Frame<'f>]) -> Option<Self> {
        let of = |label: &str| {
            frames
                .iter()
                .find(|frame| frame.label == label && frame.number(0) == Some(number))
        };
        Some(Self {
            answer: of("redis")?.body,
            complaint: of("redis-error").map_or(String::new(), |frame| words(frame.body)),
            timed_out: of("redis-error").and_then(|frame| frame.number::<i32>(1)) == Some(137),
        })
    }
}

/// The client's code is 0 whatever the server answers, so only the words count.
pub(super) fn parse(number: usize, nonce: &Nonce, frames: &[Frame<'_>]) -> Observation {
    let Some(said) = Said::find(number, frames) else {
        return Observation::Failed(String::from("the host said nothing of the server"));
    };
    let (complaint, timed_out) = (said.complaint, said.timed_out);
    let marks = ["info", "config", "end"].map(|part| format!("{}:{part}\n", nonce.tag));
    let (ping, rest) = split(said.answer, &marks[0]);
    let (info, rest) = split(rest, &marks[1]);
    let (config, _) = split(rest, &marks[2]);
    let ping = words(ping);
    let info = String::from_utf8_lossy(info).into_owned();
    let config = String::from_utf8_lossy(config).into_owned();
    // The client goes on as nobody when its password was not taken: what follows then is no answer to who asks.
    let not_taken = complaint
        .lines()
        .find_map(|line| line.trim().strip_prefix("AUTH failed: "));
    let open = not_taken.is_some_and(|words| WANTS_NONE.iter().any(|none| words.contains(none)));
    let answered = ping.lines().any(|line| line == "PONG");
    let alive = answered && (not_taken.is_none() || open);
    let refused = |text: &str| error_line(text);
    let error = if timed_out {
        Some(String::from("the server did not answer in time"))
    } else if let Some(words) = not_taken.filter(|_| answered && !open) {
        Some(words.to_owned())
    } else if !alive && !complaint.is_empty() {
        Some(complaint.lines().next().unwrap_or_default().to_owned())
    } else if !alive {
        Some(refused(&ping).unwrap_or_else(|| String::from("the server did not answer PING")))
    } else {
        refused(&info)
            .or_else(|| refused(&config))
            .or_else(|| (!complaint.is_empty()).then(|| complaint.clone()))
    };
    let told = |text: String| match alive && error_line(&text).is_none() {
        true => text,
        false => String::new(),
    };
    Observation::Redis(RedisState {
        alive,
        open,
        error,
        info: told(info),
        config: told(config),
    })
}

/// What stands before a mark, and after it. Without the mark everything stands before it.
pub(super) fn split<'a>(body: &'a [u8], mark: &str) -> (&'a [u8], &'a [u8]) {
    match find(body, mark.as_bytes()) {
        Some(place) => (&body[..place], &body[place + mark.len()..]),
        None => (body, &[]),
    }
}

/// The server's error, when an answer is one: its first word is in capitals, as in `NOAUTH` or `ERR`.
pub(super) fn error_line(answer: &str) -> Option<String> {
    let line = answer.trim_start().lines().next()?.trim();
    let line = line.strip_prefix("(error) ").unwrap_or(line);
    let (code, _) = line.split_once(' ')?;
    (code.len() >= 2 && code.chars().all(|letter| letter.is_ascii_uppercase()))
        .then(|| line.to_owned())
}
