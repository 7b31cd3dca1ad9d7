//! QUIC: one bidirectional stream, each message behind its length, on a runtime of its own.
//!
//! *Prompt*: the peer is asked to acknowledge every packet at once (`AckFrequencyConfig`), as quinn's
//! documentation says for low latency; without it acknowledgements may wait 25 ms (RFC 9000 §18.2).

use crate::inbox::Inbox;
use crate::peer::{CLIENT, Peer, SERVER};
use quinn::{
    AckFrequencyConfig, ClientConfig, Endpoint, RecvStream, SendStream, ServerConfig, TransportConfig, VarInt,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Messages that wait for the stream, at most.
const QUEUE: usize = 64;

/// Either end.
pub struct Quic {
    outgoing: mpsc::Sender<Vec<u8>>,
    inbox: Inbox,
    _runtime: Runtime,
}

/// Both ends are of one program, so the certificate is derived from nothing: each writes and reads it at
/// this place of the run's folder.
fn certificate_path() -> std::path::PathBuf {
    std::env::var_os("PEERS_FOLDER").map_or_else(std::env::temp_dir, Into::into).join("certificate")
}

fn transport(prompt: bool) -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    if prompt {
        let mut acknowledgements = AckFrequencyConfig::default();
        acknowledgements
            .ack_eliciting_threshold(VarInt::from_u32(0))
            .max_ack_delay(Some(Duration::from_millis(1)));
        config.ack_frequency_config(Some(acknowledgements));
    }
    Arc::new(config)
}

fn server(prompt: bool) -> Result<Endpoint, Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(vec!["sayagain".to_owned()])?;
    std::fs::write(certificate_path(), made.cert.der())?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::with_single_cert(vec![made.cert.der().clone()], key.into())?;
    config.transport_config(transport(prompt));
    Ok(Endpoint::server(config, SERVER)?)
}

fn client(prompt: bool) -> Result<Endpoint, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(std::fs::read(certificate_path())?))?;
    let mut config = ClientConfig::with_root_certificates(Arc::new(roots))?;
    config.transport_config(transport(prompt));
    let mut endpoint = Endpoint::client(CLIENT)?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

/// Connects, or waits for who does.
pub fn open(is_server: bool, prompt: bool) -> Result<Quic, Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let (outgoing, queued) = mpsc::channel(QUEUE);
    let (heard, incoming) = channel();
    let guard = runtime.enter();
    let endpoint = if is_server { server(prompt)? } else { client(prompt)? };
    drop(guard);
    let (connection, sending, receiving) = runtime.block_on(async {
        if is_server {
            let connection = endpoint.accept().await.ok_or("nobody came")?.await?;
            let (sending, receiving) = connection.accept_bi().await?;
            Ok::<_, Box<dyn Error>>((connection, sending, receiving))
        } else {
            let connection = endpoint.connect(SERVER, "sayagain")?.await?;
            let (sending, receiving) = connection.open_bi().await?;
            Ok((connection, sending, receiving))
        }
    })?;
    runtime.spawn(async move {
        // The connection lives as long as its stream is read.
        let _held = (endpoint, connection);
        read(receiving, heard).await
    });
    runtime.spawn(write(sending, queued));
    Ok(Quic { outgoing, inbox: Inbox::new(incoming), _runtime: runtime })
}

async fn read(mut stream: RecvStream, heard: Sender<Vec<u8>>) {
    let mut length = [0; 4];
    while stream.read_exact(&mut length).await.is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        if stream.read_exact(&mut message).await.is_err() || heard.send(message).is_err() {
            return;
        }
    }
}

async fn write(mut stream: SendStream, mut queued: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = queued.recv().await {
        let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
        if stream.write_all(&[&length, &message[..]].concat()).await.is_err() {
            return;
        }
    }
}

impl Peer for Quic {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.inbox.wait(until)
    }

    fn is_connected(&self) -> bool {
        true
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        Ok(self.outgoing.try_send(message.to_vec()).is_ok())
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        self.inbox.next()
    }
}
