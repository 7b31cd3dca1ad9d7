//! What can a peer that proved itself make the server hold, and who pays for it?

use super::super::lean::held_bytes;
use super::rogue::Rogue;
use super::room::Room;
use sayagain::time::Duration;
use sayagain::wire::frame::Piece;

const PEOPLE: usize = 50;
const ROGUES: u8 = 20;
/// What a session may have waiting, twice: payload and what holds it.
const EACH_MAX: i64 = 2 << 20;

/// One byte of a message of 65,536.
fn begun(channel: u64, sequence: u64) -> Piece<'static> {
    Piece { channel, sequence, total: 65_536, offset: 0, bytes: b"x" }
}

fn rogues(room: &mut Room) -> Vec<Rogue> {
    (0..ROGUES).map(|index| Rogue::enter(room, index)).collect()
}

#[test]
fn reassembly_bombs_end_the_session_that_sent_them_and_leave_memory_and_all_others_as_they_were() {
    let mut room = Room::of(PEOPLE, 51);
    room.chat("before");
    let before = held_bytes();
    let mut rogues = rogues(&mut room);
    assert_eq!(room.server.sessions(), PEOPLE + usize::from(ROGUES));
    for sequence in 0..40 {
        for rogue in &mut rogues {
            // Many messages of many channels, none of which is ever whole.
            rogue.send_piece(&mut room, &begun(8 + 4 * (sequence % 5), sequence / 5));
        }
        room.say(sequence as usize, &format!("meanwhile {sequence}"));
        room.pass(Duration::from_millis(10));
        let grown = held_bytes() - before;
        assert!(grown < i64::from(ROGUES) * EACH_MAX, "{grown} bytes after {sequence}");
    }
    assert_eq!(room.server.sessions(), PEOPLE, "the bombs ended their senders' sessions");
    room.pass(Duration::from_secs(10));
    let grown = held_bytes() - before;
    assert!(grown < 2 << 20, "{grown} bytes are still held");
    room.assert_whole();
}

#[test]
fn a_peer_that_begins_what_it_may_and_ends_nothing_holds_one_session_s_worth_until_it_falls_silent() {
    let mut room = Room::of(PEOPLE, 52);
    room.chat("before");
    let before = held_bytes();
    let mut rogues = rogues(&mut room);
    for sequence in 0..15 {
        for rogue in &mut rogues {
            rogue.send_piece(&mut room, &begun(8 + 4 * (sequence % 5), sequence / 5));
        }
    }
    room.chat("meanwhile");
    assert_eq!(room.server.sessions(), PEOPLE + usize::from(ROGUES), "this is within the rules");
    let grown = held_bytes() - before;
    assert!(grown > i64::from(ROGUES) * (900 << 10), "{grown} bytes: too little to show anything");
    assert!(grown < i64::from(ROGUES) * EACH_MAX, "{grown} bytes");
    room.pass(Duration::from_secs(40));
    room.chat("after");
    let grown = held_bytes() - before;
    assert!(grown < 4 << 20, "{grown} bytes are still held");
    room.assert_whole();
}
