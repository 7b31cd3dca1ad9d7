//! Do the keys that are written down open what was recorded, and does nothing else get them?

use super::*;
use crate::crypto::Identity;
use crate::rng::Rng;
use crate::time::at;
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::endpoint::{Endpoint, ServerSetup};
use crate::transport::handshake::client::ClientHello;
use crate::transport::path::Path as NetPath;
use crate::transport::session::{ChannelId, SessionEvent};
use crate::transport::stream::{HandshakeInput, Stream, StreamConfig};
use crate::transport::trust::TrustAll;
use crate::wire::datagram::{self, DATA_HEADER};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce, Tag};
use std::net::SocketAddr;

const KEYS: SessionKeys<'static> =
    SessionKeys { transport: "udp", client: 0xab, server: 1, to_server: &[1; 32], to_client: &[0xff; 32] };

#[test]
fn a_direction_is_a_line() {
    let (one, two) = ("01".repeat(32), "ff".repeat(32));
    let expected = format!(
        "UDP_CLIENT_TRAFFIC_KEY 00000000000000ab 0000000000000001 0 {one}\n\
         UDP_SERVER_TRAFFIC_KEY 00000000000000ab 0000000000000001 0 {two}\n"
    );
    assert_eq!(lines(&KEYS), expected);
}

#[test]
fn in_the_clear_there_is_nothing_to_log() {
    let option = KeylogOption { keylog: Some("/nowhere/at/all".into()) };
    assert!(option.open(true).err().is_some_and(|stop| stop.text.contains("no keys")));
    assert!(option.open(false).err().is_some_and(|stop| stop.text.contains("/nowhere/at/all")));
}

#[cfg(unix)]
#[test]
fn keys_are_added_and_only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder to test in");
    let path = folder.path().join("keys");
    std::fs::write(&path, "before\n").expect("written");
    let option = KeylogOption { keylog: Some(path.clone()) };
    option.open(false).ok().flatten().expect("a file").keys(&KEYS);
    let text = std::fs::read_to_string(&path).expect("readable");
    assert_eq!((text.lines().count(), text.lines().next()), (3, Some("before")));
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_full_disk_costs_the_log_and_nothing_else() {
    struct Full(u32);
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            assert_eq!(self.0, 1, "nothing is written after an error");
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = KeyFile { writer: Mutex::new(Some(Full(0))) };
    file.keys(&KEYS);
    file.keys(&KEYS);
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn tracer(&self) -> Tracer {
        Tracer::default().with_keys(Arc::new(KeyFile { writer: Mutex::new(Some(self.clone())) }))
    }

    /// The words of each line.
    fn lines(&self) -> Vec<Vec<String>> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).expect("text");
        text.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }
}

/// As a dissector would: header as associated data, the number as nonce (Noise §12.3).
fn opened(key: &str, number: u64, header: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let key: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&key[at * 2..at * 2 + 2], 16).expect("hexadecimal")).collect();
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&number.to_le_bytes());
    let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    let mut body = body.to_vec();
    let cipher = ChaCha20Poly1305::new_from_slice(&key).expect("32 bytes");
    cipher.decrypt_in_place_detached(&nonce, header, &mut body, Tag::from_slice(tag)).ok()?;
    Some(body)
}

/// Takes the mask off a header as docs/tracing.md has it, with nothing but the key of a line.
fn unmasked(key: &str, header: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&key[at * 2..at * 2 + 2], 16).expect("hexadecimal")).collect();
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&(u64::MAX - 1).to_le_bytes());
    let mut mask_key = [0; 32];
    let cipher = ChaCha20Poly1305::new_from_slice(&key).expect("32 bytes");
    cipher.encrypt_in_place_detached(&nonce, &[], &mut mask_key).expect("short");
    let mut mask = [0; 5];
    let mut stream = ChaCha20::new(&mask_key.into(), sealed[4..16].into());
    let block = u32::from_le_bytes(sealed[..4].try_into().expect("four bytes"));
    stream.seek(u64::from(block) * 64);
    stream.apply_keystream(&mut mask);
    let mut header = header.to_vec();
    header[0] ^= mask[0] & 1;
    header[9..].iter_mut().zip(&mask[1..]).for_each(|(byte, mask)| *byte ^= mask);
    header
}

const TEXT: &[u8] = b"what nobody else may read";

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(TEXT.len()).any(|window| window == TEXT)
}

#[test]
fn a_captured_packet_is_opened_with_the_key_of_its_line() {
    let [client_log, server_log] = [(); 2].map(|()| Log::default());
    let path = NetPath { remote: SocketAddr::from(([192, 0, 2, 1], 1)), local: None };
    let (config, trust) = (TransportConfig::default(), Arc::new(TrustAll));
    let identity = Arc::new(Identity::from_secret([1; 32]));
    let hello = ClientHello { identity, server: None, greeting: b"ann".to_vec(), trust };
    let mut client = Connection::client(at(0), config, hello, path, Rng::from_seed(1), client_log.tracer());
    let identity = Arc::new(Identity::from_secret([2; 32]));
    let setup = ServerSetup { config, identity, greeting: Vec::new(), max_sessions: 9 };
    let mut server = Endpoint::new(setup, Rng::from_seed(2), server_log.tracer());
    let (mut captured, mut buffer) = ([Vec::new(), Vec::new()], Vec::new());
    client.send(ChannelId::CONTROL, TEXT.into()).expect("room");
    for _ in 0..4 {
        while client.poll_transmit(at(0), &mut buffer).is_some() {
            captured[0].push(buffer.clone());
            server.handle_datagram(at(0), path, &mut buffer);
        }
        while server.poll_transmit(at(0), &mut buffer).is_some() {
            captured[1].push(buffer.clone());
            client.handle_datagram(at(0), path, &mut buffer);
        }
        while let Some((id, event)) = server.poll_event() {
            if let SessionEvent::Message { channel, bytes } = event {
                server.send(at(0), id, channel, bytes.into()).expect("room");
            }
        }
    }
    let lines = client_log.lines();
    assert_eq!(lines, server_log.lines(), "both ends tell the same keys under the same names");
    assert_eq!(
        lines.iter().map(|line| line[0].as_str()).collect::<Vec<_>>(),
        ["UDP_CLIENT_TRAFFIC_KEY", "UDP_SERVER_TRAFFIC_KEY"]
    );
    for (way, datagrams) in captured.iter().enumerate() {
        let other = if way == 0 { &lines[0][2] } else { &lines[0][1] };
        let plain: Vec<Vec<u8>> = datagrams
            .iter()
            .filter_map(|datagram| {
                let skip = datagram::read_handshake(datagram).map_or(0, |part| part.len);
                let (header, sealed) = datagram[skip..].split_at_checked(DATA_HEADER)?;
                let destination = datagram::read_destination(header).ok()?;
                assert_eq!(&format!("{:016x}", destination.0), other);
                let header = unmasked(&lines[way][4], header, sealed);
                let number = datagram::read_data_header(&header).ok()?.truncated;
                Some(opened(&lines[way][4], number.into(), &header, sealed).expect("the key of the line"))
            })
            .collect();
        assert!(plain.iter().any(|plain| contains(plain)), "direction {way}");
    }
    assert!(!captured.iter().flatten().any(|datagram| contains(datagram)));
}

#[test]
fn over_tcp_both_ends_tell_the_same_keys_under_the_client_s_id() {
    let [client_log, server_log] = [(); 2].map(|()| Log::default());
    let identity = |n| Identity::from_secret([n; 32]);
    let (pattern, trust) = (crate::crypto::Pattern::Xx, Arc::new(TrustAll));
    let input = HandshakeInput {
        pattern,
        identity: identity(1),
        server: None,
        greeting: Vec::new(),
        seed: [3; 32],
        trust,
    };
    let mut client = Stream::client(at(0), StreamConfig::default(), input).traced(client_log.tracer());
    let mut server = Stream::server(at(0), StreamConfig::default(), identity(2), Vec::new(), [4; 32])
        .traced(server_log.tracer());
    for _ in 0..4 {
        let bytes = client.output().to_vec();
        client.written(at(0), bytes.len());
        server.handle_bytes(at(0), &bytes);
        let bytes = server.output().to_vec();
        server.written(at(0), bytes.len());
        client.handle_bytes(at(0), &bytes);
    }
    let lines = client_log.lines();
    assert_eq!((lines.len(), &lines), (2, &server_log.lines()));
    assert!(lines[0][0].starts_with("TCP_CLIENT") && lines[0][1] != lines[0][2]);
}

#[test]
fn no_debug_output_shows_a_key() {
    let log = Log::default();
    let text = format!(
        "{:?} {:?}",
        log.tracer(),
        crate::crypto::Secrets { to_server: [171; 32], to_client: [171; 32] }
    );
    assert!(!text.contains("171") && !text.contains("ab"), "{text}");
}
