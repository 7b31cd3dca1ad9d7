//! Does the mask hide what it should, agree with the RFC, and survive whatever comes?

use super::*;
use crate::crypto::{Opener, Sealer, TrafficKeys};
use crate::rng::Rng;
use crate::wire::datagram::{ConnectionId, put_data_header, read_data_header, read_destination};
use std::collections::BTreeSet;

const TO: ConnectionId = ConnectionId(0x1122_3344_5566_7788);

fn direction() -> (Sealer, Opener) {
    let keys = || TrafficKeys::sealed(&[7; 32], &[8; 32]);
    (keys().client().0, keys().server().1)
}

/// A data packet with these frames, as it travels.
fn packet(sealer: &mut Sealer, number: u64, frames: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::new();
    put_data_header(&mut buffer, TO, sealer.phase(), number);
    buffer.extend_from_slice(frames);
    sealer.seal_packet(number, &mut buffer);
    buffer
}

/// Takes a packet as a connection does that knows its number's high half: phase, number and frames.
fn open(opener: &mut Opener, packet: &[u8]) -> Option<(bool, u32, Vec<u8>)> {
    let head = opener.uncover(packet).ok()?;
    let header = read_data_header(&head).ok()?;
    let mut body = packet[DATA_HEADER..].to_vec();
    let len = opener.open(header.phase, header.truncated.into(), &head, &mut body).ok()?;
    body.truncate(len);
    Some((header.phase, header.truncated, body))
}

/// The four bytes where the number stands.
fn number_bytes(packet: &[u8]) -> [u8; 4] {
    packet[DATA_HEADER - 4..DATA_HEADER].try_into().unwrap()
}

#[test]
fn the_mask_is_that_of_rfc_9001_appendix_a_5() {
    let key = [
        0x25, 0xa2, 0x82, 0xb9, 0xe8, 0x2f, 0x06, 0xf2, 0x1f, 0x48, 0x89, 0x17, 0xa4, 0xfc, 0x8f, 0x1b, 0x73,
        0x57, 0x36, 0x85, 0x60, 0x85, 0x97, 0xd0, 0xef, 0xcb, 0x07, 0x6b, 0x0a, 0xb7, 0xa7, 0xa4,
    ];
    let sample = 0x5e5c_d55c_41f6_9080_575d_7999_c25a_5bfb_u128.to_be_bytes();
    assert_eq!(Shroud::new(key).mask(&sample), [0xae, 0xfe, 0xfe, 0x7d, 0x03]);
}

#[test]
fn the_last_block_counter_is_a_sample_like_any_other() {
    let mut sample = [0; SAMPLE_LEN];
    sample[..4].fill(0xff);
    let shroud = Shroud::new([1; 32]);
    let (last, first) = (shroud.mask(&sample), shroud.mask(&[0; SAMPLE_LEN]));
    assert_ne!(last, first);
}

#[test]
fn the_packet_number_and_the_phase_cannot_be_read_on_the_way() {
    let (mut sealer, mut opener) = direction();
    let (mut ones, mut phases_shown, mut as_it_is) = ([0_u32; 32], 0_u32, 0);
    for number in 0..4_000_u64 {
        if number == 2_000 {
            sealer.rekey();
        }
        let packet = packet(&mut sealer, number, b"the same words again and again");
        assert_eq!(read_destination(&packet), Ok(TO));
        assert_eq!(packet[0] & !1, 0x40, "the form is for everybody");
        let shown = u32::from_be_bytes(number_bytes(&packet));
        (0..32).for_each(|bit| ones[bit] += shown >> bit & 1);
        phases_shown += u32::from((packet[0] & 1 == 1) == sealer.phase());
        as_it_is += u32::from(u64::from(shown) == number);
        let (phase, truncated, _) = open(&mut opener, &packet).expect("its receiver reads it");
        assert_eq!((phase, u64::from(truncated)), (number >= 2_000, number));
    }
    // Six standard deviations around a coin's 2,000 of 4,000.
    assert!(ones.iter().all(|ones| (1_810..2_190).contains(ones)), "{ones:?}");
    assert!((1_810..2_190).contains(&phases_shown), "{phases_shown}");
    assert_eq!(as_it_is, 0);
}

#[test]
fn two_datagrams_with_neighbouring_numbers_show_no_relation() {
    let (mut sealer, _) = direction();
    let packets: Vec<Vec<u8>> = (0..4_000).map(|number| packet(&mut sealer, number, b"\x01")).collect();
    let shown: Vec<u32> = packets.iter().map(|packet| u32::from_be_bytes(number_bytes(packet))).collect();
    assert!(shown.iter().collect::<BTreeSet<_>>().len() > 3_990, "4,000 of 2^32 hardly meet");
    let near = shown.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 1 << 16).count();
    assert!(near < 10, "{near} neighbours lie close together");
    let differing: u32 = shown.windows(2).map(|pair| (pair[0] ^ pair[1]).count_ones()).sum();
    let mean = f64::from(differing) / 3_999.0;
    assert!((15.7..16.3).contains(&mean), "{mean} of 32 bits differ");
}

#[test]
fn an_empty_packet_has_enough_for_a_sample() {
    let (mut sealer, mut opener) = direction();
    let packet = packet(&mut sealer, 5, b"");
    assert_eq!(packet.len(), DATA_HEADER + SAMPLE_LEN);
    assert_eq!(open(&mut opener, &packet), Some((false, 5, Vec::new())));
    for len in 0..packet.len() {
        assert!(opener.uncover(&packet[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn the_mask_outlives_the_keys_and_late_packets_open() {
    for seed in 0..50 {
        let mut rng = Rng::from_seed(seed);
        let (mut sealer, mut opener) = direction();
        let mut packets: Vec<(u64, Vec<u8>)> = Vec::new();
        for number in 0..60 {
            if number % 15 == 14 {
                sealer.rekey();
            }
            packets.push((number, packet(&mut sealer, number, &number.to_be_bytes())));
        }
        packets.retain(|(number, _)| !rng.chance(0.2) || number % 15 >= 13);
        // Neighbours trade places up to nine numbers away: late ones are of the former phase at most.
        packets.sort_by_cached_key(|(number, _)| number + rng.below(10));
        for (number, packet) in &packets {
            let (phase, truncated, frames) = open(&mut opener, packet).expect("genuine");
            assert_eq!((u64::from(truncated), frames), (*number, number.to_be_bytes().to_vec()));
            assert_eq!(phase, (number + 1) / 15 % 2 == 1, "seed {seed}");
        }
    }
}

#[test]
fn a_bit_changed_in_header_or_sample_is_forged_and_changes_nothing() {
    let (mut sealer, mut opener) = direction();
    let packet = packet(&mut sealer, 9, b"some frames");
    for bit in 0..packet.len() * 8 {
        let mut changed = packet.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&mut opener, &changed), None, "bit {bit}");
    }
    assert_eq!(open(&mut opener, &packet), Some((false, 9, b"some frames".to_vec())));
}

#[test]
fn the_key_of_the_mask_is_not_the_key_of_the_seal_and_each_direction_has_its_own() {
    let masks: BTreeSet<[u8; MASK_LEN]> = [[7; 32], [8; 32]]
        .into_iter()
        .flat_map(|key| {
            let derived = crate::crypto::lock::Lock::new(&key).shroud().expect("sealed");
            let next = crate::crypto::lock::Lock::new(&key).next().shroud().expect("sealed");
            [derived, next, Shroud::new(key)]
        })
        .map(|shroud| shroud.mask(&[3; SAMPLE_LEN]))
        .collect();
    assert_eq!(masks.len(), 6);
}

#[test]
fn in_the_clear_nothing_is_masked() {
    let (mut sealer, _) = TrafficKeys::clear().client();
    let (_, opener) = TrafficKeys::clear().server();
    let packet = packet(&mut sealer, 77, b"\x01");
    let header = read_data_header(&packet).unwrap();
    assert_eq!((header.destination, header.phase, header.truncated), (TO, false, 77));
    assert_eq!(opener.uncover(&packet).unwrap(), packet[..DATA_HEADER]);
}
