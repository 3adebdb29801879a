//! The line to a master's control socket that we hold as long as we need the master.
//!
//! As long as somebody is connected to its control socket, a master does not count itself idle. So with a
//! short `ControlPersist` the master lives exactly as long as this line, and a few seconds longer when this process is
//! killed without a chance to close it. The line's end also tells at once that the master is gone.
//!
//! The messages are those of OpenSSH's `PROTOCOL.mux`, version 4; the `openssh` crate opens channels with them, but can
//! only ask a master to stop listening, which waits for channels that hang.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

const HELLO: u32 = 0x0000_0001;
const ALIVE_CHECK: u32 = 0x1000_0004;
const TERMINATE: u32 = 0x1000_0005;
const ALIVE: u32 = 0x8000_0005;
const VERSION: u32 = 4;

/// How long a master on this machine may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A held connection to a master.
#[derive(Debug)]
pub(super) struct Control {
    stream: UnixStream,
    /// The master's process id.
    pub(super) pid: u32,
}

impl Control {
    /// Connects to a master's socket and learns its process id.
    pub(super) async fn connect(socket: &Path) -> io::Result<Self> {
        timeout(PATIENCE, Self::greet(socket))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn greet(socket: &Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(&message(&[HELLO, VERSION])).await?;
        let hello = read_message(&mut stream).await?;
        if number(&hello, 0) != Some(HELLO) || number(&hello, 1) != Some(VERSION) {
            return Err(io::Error::other(
                "ssh speaks another version of its control protocol",
            ));
        }
        stream.write_all(&message(&[ALIVE_CHECK, 0])).await?;
        let alive = read_message(&mut stream).await?;
        match (number(&alive, 0), number(&alive, 2)) {
            (Some(ALIVE), Some(pid)) if pid > 1 => Ok(Self { stream, pid }),
            _ => Err(io::Error::other(
                "ssh gave an unknown answer on its control socket",
            )),
        }
    }

    /// Returns when the master is gone.
    pub(super) async fn gone(&self) {
        let mut answer = [0; 64];
        loop {
            if self.stream.readable().await.is_err() {
                return;
            }
            match self.stream.try_read(&mut answer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    /// Tells the master to end now, whatever runs on it. Does not wait: so few bytes always fit into a socket.
    pub(super) fn terminate(&self) {
        let message = message(&[TERMINATE, 1]);
        if let Err(error) = self.stream.try_write(&message) {
            tracing::debug!(pid = self.pid, %error, "the master is gone already");
        }
    }
}

/// A message: its length, then its numbers, all in network order.
fn message(numbers: &[u32]) -> Vec<u8> {
    let length = u32::try_from(numbers.len() * 4).unwrap_or(u32::MAX);
    std::iter::once(&length)
        .chain(numbers)
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

async fn read_message(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    // What we ask for is answered in a few numbers.
    if length > 4096 {
        return Err(io::Error::other(
            "ssh gave an endless answer on its control socket",
        ));
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or_default()];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

/// The number at a place, counted in numbers.
fn number(body: &[u8], place: usize) -> Option<u32> {
    let bytes = body.get(place * 4..place * 4 + 4)?;
    bytes.try_into().ok().map(u32::from_be_bytes)
}
