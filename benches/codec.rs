//! What does it cost to turn values into bytes and back: chat messages, frames, headers, and the seal? And a
//! key into the bits of a join code?
//!
//! Time is the processor's, so that a busy machine falsifies little.
//!
//! `cargo bench --bench codec`; one group with `cargo bench --bench codec -- seal`.

mod meter;

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use meter::CpuTime;
use sayagain::chat::codec::{decode_to_client, decode_to_server, encode_to_client, encode_to_server};
use sayagain::chat::message::{
    Counter, MessageId, Origin, PersonId, PostKind, RoomMessage, ToClient, ToServer,
};
use sayagain::crypto::{Identity, Initiator, Opener, Pattern, PublicKey, Responder, Sealer, StretchedKey};
use sayagain::wire::bytes::{Reader, Writer};
use sayagain::wire::datagram::{
    ConnectionId, DATA_HEADER, HELLO_MIN, Handshake, put_data_header, put_handshake, read_data_header,
    read_handshake,
};
use sayagain::wire::frame::{Frame, Piece, put_ack, put_piece, take_frame};
use sayagain::wire::ranges::RangeSet;
use std::hint::black_box;
use std::time::Duration;

const TO: ConnectionId = ConnectionId(0x1122_3344_5566_7788);

/// A line as people type them: 44 bytes.
const TEXT: &str = "has anybody seen the slides of last Tuesday?";

fn chat(criterion: &mut Criterion<CpuTime>) {
    let post = ToServer::Post { counter: Counter(4_711), kind: PostKind::Text, text: TEXT.to_owned() };
    let message = ToClient::Message {
        message: RoomMessage {
            id: MessageId(123_456),
            person: PersonId(17),
            name: "ann".into(),
            origin: Origin(0x0123_4567_89ab_cdef),
            counter: Counter(4_711),
            at_ms: 1_700_000_000_000,
            kind: PostKind::Text,
            text: TEXT.into(),
        },
        history: false,
    };
    let (posted, told) = (encode_to_server(&post), encode_to_client(&message));
    let mut group = criterion.benchmark_group("chat");
    group.bench_function("encode post", |b| b.iter(|| encode_to_server(black_box(&post))));
    group.bench_function("decode post", |b| b.iter(|| decode_to_server(black_box(&posted))));
    group.bench_function("encode message", |b| b.iter(|| encode_to_client(black_box(&message))));
    group.bench_function("decode message", |b| b.iter(|| decode_to_client(black_box(&told))));
}

fn frames(criterion: &mut Criterion<CpuTime>) {
    let mut received = RangeSet::default();
    for first in [0, 10, 20, 30] {
        received.insert(first, first + 5);
    }
    let piece = Piece { channel: 8, sequence: 900, total: 44, offset: 0, bytes: TEXT.as_bytes() };
    let (mut ack, mut message) = (Vec::new(), Vec::new());
    put_ack(&mut Writer::new(&mut ack), &received, 250, 0, usize::MAX);
    put_piece(&mut Writer::new(&mut message), &piece);

    let mut group = criterion.benchmark_group("frame");
    let mut buffer = Vec::with_capacity(256);
    group.bench_function("put ACK of 4 ranges", |b| {
        b.iter(|| {
            buffer.clear();
            put_ack(&mut Writer::new(&mut buffer), black_box(&received), 250, 0, usize::MAX);
        });
    });
    group.bench_function("take ACK of 4 ranges", |b| {
        b.iter(|| match take_frame(&mut Reader::new(black_box(&ack))) {
            Ok(Some(Frame::Ack { ranges, .. })) => {
                ranges.iter().map(|range| range.end() - range.start()).sum::<u64>()
            }
            _ => 0,
        });
    });
    group.bench_function("put MESSAGE", |b| {
        b.iter(|| {
            buffer.clear();
            put_piece(&mut Writer::new(&mut buffer), black_box(&piece));
        });
    });
    group.bench_function("take MESSAGE", |b| {
        b.iter(|| take_frame(&mut Reader::new(black_box(&message))).is_ok());
    });
}

fn headers(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("header");
    let (mut data, mut hello) = (Vec::new(), Vec::new());
    put_data_header(&mut data, TO, true, 70_000);
    let noise = [7; HELLO_MIN - 100];
    let content = Handshake::Hello { pattern: 1, token: &[], noise: &noise };
    put_handshake(&mut hello, TO, ConnectionId(9), &content);

    let mut buffer = Vec::with_capacity(2 * HELLO_MIN);
    group.bench_function("put data", |b| {
        b.iter(|| {
            buffer.clear();
            put_data_header(&mut buffer, black_box(TO), true, black_box(70_000));
        });
    });
    group.bench_function("read data", |b| b.iter(|| read_data_header(black_box(&data))));
    group.bench_function("put HELLO", |b| {
        b.iter(|| {
            buffer.clear();
            put_handshake(&mut buffer, black_box(TO), ConnectionId(9), &content);
        });
    });
    group.bench_function("read HELLO", |b| b.iter(|| read_handshake(black_box(&hello)).is_ok()));
}

/// One direction of a session: its sealing and its opening end.
fn direction(pattern: Pattern) -> (Sealer, Opener) {
    let (client, server) = (Identity::from_secret([1; 32]), Identity::from_secret([2; 32]));
    let mut initiator =
        Initiator::new(pattern, &client, Some(server.public()), b"bench", [3; 32]).expect("the key is known");
    let hello = initiator.write_hello(b"").expect("its turn");
    let (mut responder, _) =
        Responder::accept(pattern, &server, b"bench", [4; 32], &hello).expect("a good hello");
    let welcome = responder.write_welcome(b"").expect("its turn");
    initiator.read_welcome(&welcome).expect("a good welcome");
    let (sealer, _) = initiator.into_keys().expect("over").client();
    let (_, opener) = responder.into_keys().expect("over").server();
    (sealer, opener)
}

/// One guess of somebody who wants another key with the same join code.
fn stretch(criterion: &mut Criterion<CpuTime>) {
    let key = PublicKey([7; 32]);
    criterion.bench_function("a key stretched", |b| b.iter(|| StretchedKey::of(black_box(&key))));
}

fn seal(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("seal and open");
    for (name, pattern) in [("ChaCha20-Poly1305", Pattern::Ik), ("clear (CRC-32)", Pattern::Clear)] {
        for len in [100_usize, 1_100] {
            let (mut sealer, mut opener) = direction(pattern);
            let payload = vec![7; len];
            let mut buffer = Vec::with_capacity(1_200);
            let mut number = 0;
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(BenchmarkId::new(name, len), |b| {
                b.iter(|| {
                    buffer.clear();
                    put_data_header(&mut buffer, TO, sealer.phase(), number);
                    buffer.extend_from_slice(&payload);
                    sealer.seal(number, &mut buffer, DATA_HEADER);
                    let (header, body) = buffer.split_at_mut(DATA_HEADER);
                    let len_again = opener.open(sealer.phase(), number, header, body);
                    number += 1;
                    assert_eq!(len_again, Ok(len), "what was sealed opens");
                });
            });
        }
    }
}

/// The same with the header masked, as datagrams travel; on a stream it is not.
fn shroud(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("seal, mask and open");
    for len in [100_usize, 1_100] {
        let (mut sealer, mut opener) = direction(Pattern::Ik);
        let payload = vec![7; len];
        let mut buffer = Vec::with_capacity(1_200);
        let mut number = 0;
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("ChaCha20-Poly1305", len), |b| {
            b.iter(|| {
                buffer.clear();
                put_data_header(&mut buffer, TO, sealer.phase(), number);
                buffer.extend_from_slice(&payload);
                sealer.seal_packet(number, &mut buffer);
                let header = opener.uncover(&buffer).expect("long enough");
                let len_again = opener.open(sealer.phase(), number, &header, &mut buffer[DATA_HEADER..]);
                number += 1;
                assert_eq!(len_again, Ok(len), "what was sealed opens");
            });
        });
    }
}

/// The cipher that is used and two that could be, each alone: key schedule done, 13 bytes of associated data.
fn cipher<C: KeyInit + AeadInPlace>(criterion: &mut Criterion<CpuTime>, name: &str) {
    let cipher = C::new(&chacha20poly1305::aead::Key::<C>::default());
    let header = [0x40; DATA_HEADER];
    let mut group = criterion.benchmark_group("cipher");
    for len in [100_usize, 1_100] {
        let mut sealed = vec![7; len];
        let nonce = chacha20poly1305::aead::Nonce::<C>::default();
        let tag = cipher.encrypt_in_place_detached(&nonce, &header, &mut sealed).expect("short enough");
        let mut buffer = vec![7; len];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new(format!("{name} seal"), len), |b| {
            b.iter(|| cipher.encrypt_in_place_detached(&nonce, &header, black_box(&mut buffer)).is_ok());
        });
        group.bench_function(BenchmarkId::new(format!("{name} open"), len), |b| {
            b.iter(|| {
                buffer.copy_from_slice(&sealed);
                let opened = cipher.decrypt_in_place_detached(&nonce, &header, black_box(&mut buffer), &tag);
                assert!(opened.is_ok(), "what was sealed opens");
            });
        });
    }
}

fn ciphers(criterion: &mut Criterion<CpuTime>) {
    cipher::<ChaCha20Poly1305>(criterion, "ChaCha20-Poly1305");
    cipher::<Aes128Gcm>(criterion, "AES-128-GCM");
    cipher::<Aes256Gcm>(criterion, "AES-256-GCM");
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = chat, frames, headers, seal, shroud, ciphers, stretch
}
criterion_main!(benches);
