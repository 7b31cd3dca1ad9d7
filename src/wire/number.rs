//! How does a 64-bit packet number travel in four bytes?
//!
//! Packet numbers are never reused and run to 2^62. Only the low 32 bits are on the wire; the receiver
//! takes the candidate that is nearest to the number it expects next (RFC 9000 appendix A.3). That is
//! unambiguous while fewer than 2^31 packets are in flight, which a window here never allows.

/// The low half that travels.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
pub const fn truncate(number: u64) -> u32 {
    number as u32
}

/// The whole number again, given the largest one received so far (`None` before the first).
pub const fn expand(truncated: u32, largest: Option<u64>) -> u64 {
    const WINDOW: u64 = 1 << 32;
    let expected = match largest {
        Some(largest) => largest + 1,
        None => 0,
    };
    let candidate = (expected & !(WINDOW - 1)) | truncated as u64;
    if candidate + WINDOW / 2 <= expected && candidate < (1 << 62) - WINDOW {
        candidate + WINDOW
    } else if candidate > expected + WINDOW / 2 && candidate >= WINDOW {
        candidate - WINDOW
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_near_the_expected_one_survives(largest in 0u64..1 << 40, ahead in -1_000_000i64..1_000_000) {
            let number = (largest + 1).saturating_add_signed(ahead);
            prop_assert_eq!(expand(truncate(number), Some(largest)), number);
        }
    }

    #[test]
    fn the_first_packet_needs_no_history() {
        assert_eq!(expand(0, None), 0);
        assert_eq!(expand(7, None), 7);
    }

    #[test]
    fn the_wrap_of_the_low_half_is_crossed_in_both_directions() {
        let edge = 1u64 << 32;
        assert_eq!(expand(truncate(edge + 2), Some(edge - 3)), edge + 2);
        assert_eq!(expand(truncate(edge - 2), Some(edge + 3)), edge - 2);
    }
}
