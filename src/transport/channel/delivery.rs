//! In which order is a channel's messages handed on, and what becomes of those that are lost?
//!
//! The two low bits of a channel's number say so, at both ends alike:
//!
//! ```text
//!   sent                  1   2   3   4        2 is lost at first
//!   0  ordered            1           2 3 4    each once, in the order sent
//!   1  unordered          1       3   4   2    each once, as they come
//!   2  latest only        1       3   4        what is older than the newest is worth nothing
//!   3  one stream         as 0; each message begins with the number of the channel that it is meant for
//! ```

/// What a channel promises.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Delivery {
    /// Every message once, in the order sent: a room.
    #[default]
    Ordered,
    /// Every message once, as soon as it is whole: things that do not depend on each other.
    Unordered,
    /// Only what is newer than all that was handed on: a typing notice, a position, a gauge.
    Latest,
}

impl Delivery {
    /// That of the channel with this number.
    pub const fn of(channel: u64) -> Self {
        match channel & 3 {
            1 => Self::Unordered,
            2 => Self::Latest,
            _ => Self::Ordered,
        }
    }

    /// The two low bits that stand for it.
    pub const fn bits(self) -> u64 {
        match self {
            Self::Ordered => 0,
            Self::Unordered => 1,
            Self::Latest => 2,
        }
    }

    /// May a message of it be given up?
    pub const fn may_abandon(self) -> bool {
        !matches!(self, Self::Ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_low_bits_of_a_number_are_its_delivery() {
        for delivery in [Delivery::Ordered, Delivery::Unordered, Delivery::Latest] {
            assert_eq!(Delivery::of(40 + delivery.bits()), delivery);
        }
        assert_eq!(Delivery::of(43), Delivery::Ordered);
    }
}
