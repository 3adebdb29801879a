//! A link with a round trip of its own: a proxy that holds every byte for some time in each direction, and counts how
//! often the talk turns back to the client. It models delay and TCP's own handshake, no bandwidth, loss or slow start.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

/// What one direction takes.
pub const DELAY: Duration = Duration::from_millis(25);

/// What went over the link so far.
#[derive(Default)]
pub struct Traffic {
    /// Questions and answers: how often the client spoke after the host had.
    pub exchanges: AtomicU64,
    pub sent: AtomicU64,
    pub received: AtomicU64,
}

/// Starts the proxy on a thread of its own: what comes for `port` of any loopback address goes to `backend` of the same.
pub fn start(port: u16, backend: u16) -> Result<Arc<Traffic>> {
    let traffic = Arc::new(Traffic::default());
    let counted = Arc::clone(&traffic);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
        .context("the delaying proxy cannot listen")?;
    thread::spawn(move || runtime.block_on(serve(listener, backend, counted)));
    Ok(traffic)
}

async fn serve(listener: TcpListener, backend: u16, traffic: Arc<Traffic>) {
    while let Ok((client, _)) = listener.accept().await {
        let traffic = Arc::clone(&traffic);
        tokio::spawn(async move {
            // A connection that fails shows at both ends.
            let _ = carry(client, backend, traffic).await;
        });
    }
}

async fn carry(client: TcpStream, backend: u16, traffic: Arc<Traffic>) -> std::io::Result<()> {
    let address: IpAddr = client.local_addr()?.ip();
    client.set_nodelay(true)?;
    // The client's kernel shook hands with us at once: a round trip, and one way more until the host knows of it.
    sleep(DELAY * 3).await;
    let host = TcpStream::connect(SocketAddr::new(address, backend)).await?;
    host.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_host, to_host) = host.into_split();
    let host_spoke = Arc::new(AtomicBool::new(true));
    let (asked, spoken) = (Arc::clone(&traffic), Arc::clone(&host_spoke));
    let up = tokio::spawn(hold(from_client, to_host, move |count| {
        asked.sent.fetch_add(count, Ordering::Relaxed);
        if spoken.swap(false, Ordering::Relaxed) {
            asked.exchanges.fetch_add(1, Ordering::Relaxed);
        }
    }));
    hold(from_host, to_client, move |count| {
        traffic.received.fetch_add(count, Ordering::Relaxed);
        host_spoke.store(true, Ordering::Relaxed);
    })
    .await;
    let _ = up.await;
    Ok(())
}

/// Hands bytes on, each piece a delay after it came.
async fn hold(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, count: impl Fn(u64)) {
    let (pieces, mut held) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reader = async move {
        let mut buffer = vec![0; 65536];
        while let Ok(length) = from.read(&mut buffer).await {
            if length > 0 {
                count(u64::try_from(length).unwrap_or_default());
            }
            // An empty piece is the end.
            if pieces
                .send((Instant::now() + DELAY, buffer[..length].to_vec()))
                .is_err()
                || length == 0
            {
                break;
            }
        }
    };
    let writer = async move {
        while let Some((due, piece)) = held.recv().await {
            sleep_until(due).await;
            if piece.is_empty() || to.write_all(&piece).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(reader, writer);
}
