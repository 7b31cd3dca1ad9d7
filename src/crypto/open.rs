//! Which key opens what just came, when keys change and datagrams overtake each other?
//!
//! ```text
//!   numbers      …  7  8  9 │ 10 11 12 13  …
//!   phase bit       0  0  0 │  1  1  1  1         present phase: 1, opened so far: lowest 11, highest 12
//!                                 ▲───▲
//!   bit as the present phase                    ─▶ the present key
//!   other bit, number below the lowest opened   ─▶ the former key: a late datagram
//!   other bit, number above the highest opened  ─▶ the next key; if it opens, the phase begins here
//!   other bit, in between                       ─▶ forged
//! ```
//!
//! Nothing moves before the tag was found true, so a flipped phase bit costs its sender a packet and us one
//! attempt. All three keys lie ready, and what must be forged is tried all the same, so that every attempt
//! takes as long and tells nothing of what the header's mask hides (RFC 9001 §9.5). The former key is kept
//! until the next change.
//!
//! Source: RFC 9001 §6.2 to §6.5, whose rule this is.

use super::lock::{Forged, Lock};
use super::shroud::Shroud;
use crate::wire::datagram::DATA_HEADER;

/// Opens what the peer sealed for this direction.
#[derive(Debug)]
pub struct Opener {
    /// What masks the peer's headers; none in the clear.
    shroud: Option<Shroud>,
    phase: bool,
    former: Option<Lock>,
    present: Lock,
    next: Lock,
    /// The lowest and the highest number opened in the present phase.
    opened: Option<(u64, u64)>,
}

/// A choice of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Which {
    Former,
    Present,
    Next,
}

impl Opener {
    pub(super) fn new(lock: Lock) -> Self {
        let (shroud, next) = (lock.shroud(), lock.next());
        Self { shroud, phase: false, former: None, next, present: lock, opened: None }
    }

    /// How many bytes an opened payload is shorter: 16, or 4 in the clear.
    pub const fn overhead(&self) -> usize {
        self.present.overhead()
    }

    /// The phase of the newest packet opened.
    pub const fn phase(&self) -> bool {
        self.phase
    }

    /// The header of a data packet without its mask, if the packet has a header and is as long as a sealed one.
    /// The packet stays as it is: nobody has vouched for it yet.
    pub fn uncover(&self, packet: &[u8]) -> Result<[u8; DATA_HEADER], Forged> {
        match &self.shroud {
            Some(shroud) => shroud.taken_off(packet),
            None => packet.first_chunk().copied(),
        }
        .ok_or(Forged)
    }

    /// Opens in place and returns the plaintext's length, a prefix of `payload`. `phase` and `number` are
    /// what the header says. What is forged changes nothing, neither here nor in `payload`. Whether the
    /// number was seen before is for [`ReplayWindow`](super::ReplayWindow) to say.
    pub fn open(
        &mut self,
        phase: bool,
        number: u64,
        header: &[u8],
        payload: &mut [u8],
    ) -> Result<usize, Forged> {
        let which = self.choose(phase, number);
        let lock = match which {
            Some(Which::Former) => self.former.as_ref(),
            Some(Which::Present) => Some(&self.present),
            Some(Which::Next) => Some(&self.next),
            None => None,
        };
        let (Some(which), Some(lock)) = (which, lock) else {
            // Ours: with a key that was never used with this bit, only for the time that it takes.
            let _ = self.present.open(number, header, payload);
            return Err(Forged);
        };
        let len = lock.open(number, header, payload)?;
        self.on_opened(which, number);
        Ok(len)
    }

    fn choose(&self, phase: bool, number: u64) -> Option<Which> {
        if phase == self.phase {
            return Some(Which::Present);
        }
        match self.opened {
            Some((lowest, _)) if number < lowest => Some(Which::Former),
            Some((_, highest)) if number <= highest => None,
            _ => Some(Which::Next),
        }
    }

    fn on_opened(&mut self, which: Which, number: u64) {
        match which {
            Which::Former => {}
            Which::Present => {
                let (lowest, highest) = self.opened.unwrap_or((number, number));
                self.opened = Some((lowest.min(number), highest.max(number)));
            }
            Which::Next => {
                let after = self.next.next();
                let present = std::mem::replace(&mut self.next, after);
                self.former = Some(std::mem::replace(&mut self.present, present));
                self.phase = !self.phase;
                self.opened = Some((number, number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::seal::Sealer;
    use super::*;
    use crate::rng::Rng;

    /// A sealed packet: the header is its phase and number.
    #[derive(Clone, Debug)]
    struct Packet {
        phase: bool,
        number: u64,
        sealed: Vec<u8>,
    }

    fn header(phase: bool, number: u64) -> Vec<u8> {
        [&[u8::from(phase)], number.to_be_bytes().as_slice()].concat()
    }

    fn seal(sealer: &mut Sealer, number: u64) -> Packet {
        let mut buffer = header(sealer.phase(), number);
        let from = buffer.len();
        buffer.extend_from_slice(format!("packet {number}").as_bytes());
        sealer.seal(number, &mut buffer, from);
        Packet { phase: sealer.phase(), number, sealed: buffer.split_off(from) }
    }

    fn open(opener: &mut Opener, packet: &Packet) -> Result<Vec<u8>, Forged> {
        let Packet { phase, number, mut sealed } = packet.clone();
        let len = opener.open(phase, number, &header(phase, number), &mut sealed)?;
        sealed.truncate(len);
        Ok(sealed)
    }

    fn pair() -> (Sealer, Opener) {
        let lock = Lock::new(&[9; 32]);
        (Sealer::new(lock.clone()), Opener::new(lock))
    }

    /// Thirty packets, ten a phase.
    fn three_phases(sealer: &mut Sealer) -> Vec<Packet> {
        (0..30)
            .map(|number| {
                if number % 10 == 0 && number > 0 {
                    sealer.rekey();
                }
                seal(sealer, number)
            })
            .collect()
    }

    #[test]
    fn phases_follow_each_other_through_loss_and_reordering() {
        for seed in 0..200 {
            let mut rng = Rng::from_seed(seed);
            let (mut sealer, mut opener) = pair();
            let mut packets = three_phases(&mut sealer);
            packets.retain(|packet| !rng.chance(0.2) || packet.number % 10 == 9);
            // Neighbours trade places up to nine numbers away: late ones are of the former phase at most.
            packets.sort_by_cached_key(|packet| packet.number + rng.below(10));
            for packet in &packets {
                let expected = format!("packet {}", packet.number).into_bytes();
                assert_eq!(open(&mut opener, packet), Ok(expected), "seed {seed}, {packet:?}");
            }
        }
    }

    #[test]
    fn a_late_datagram_of_the_former_phase_opens_and_moves_nothing() {
        let (mut sealer, mut opener) = pair();
        let packets = three_phases(&mut sealer);
        for number in [0, 1, 12] {
            open(&mut opener, &packets[number]).expect("in order");
        }
        assert!(opener.phase());
        for number in [5, 9, 2] {
            open(&mut opener, &packets[number]).expect("late");
            assert!(opener.phase());
        }
        open(&mut opener, &packets[10]).expect("late in the present phase");
        open(&mut opener, &packets[25]).expect("the phase after");
        assert_eq!(open(&mut opener, &packets[4]), Err(Forged), "two phases back: its key is gone");
        open(&mut opener, &packets[14]).expect("one phase back");
    }

    #[test]
    fn a_forged_packet_with_a_flipped_phase_moves_nothing() {
        let (mut sealer, mut opener) = pair();
        let packets = three_phases(&mut sealer);
        open(&mut opener, &packets[3]).expect("genuine");
        for number in [0, 3, 4, 1_000_000] {
            let forged = Packet { phase: true, number, sealed: packets[4].sealed.clone() };
            assert_eq!(open(&mut opener, &forged), Err(Forged));
        }
        assert!(!opener.phase());
        assert!(packets[4..].iter().all(|packet| open(&mut opener, packet).is_ok()));
    }

    #[test]
    fn a_flipped_phase_on_a_genuine_packet_is_forged_whichever_way() {
        let (mut sealer, mut opener) = pair();
        for packet in three_phases(&mut sealer) {
            let flipped = Packet { phase: !packet.phase, ..packet.clone() };
            assert_eq!(open(&mut opener, &flipped), Err(Forged));
            open(&mut opener, &packet).expect("genuine");
        }
    }

    #[test]
    fn another_number_than_the_sealed_one_is_forged() {
        let (mut sealer, mut opener) = pair();
        let packet = seal(&mut sealer, 6);
        assert_eq!(open(&mut opener, &Packet { number: 7, ..packet }), Err(Forged));
    }

    #[test]
    fn the_clear_changes_phases_all_the_same() {
        let (mut sealer, mut opener) = (Sealer::new(Lock::Clear), Opener::new(Lock::Clear));
        for packet in three_phases(&mut sealer) {
            open(&mut opener, &packet).expect("genuine");
        }
        assert_eq!(opener.phase(), sealer.phase());
    }
}
