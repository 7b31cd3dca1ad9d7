//! Where does real chance come from? From the operating system, 32 bytes at a time.

use crate::rng::Rng;
use rand::TryRng as _;
use rand::rngs::SysRng;

/// 32 bytes that nobody can guess.
///
/// # Panics
/// If the system has no entropy to give: no key made then would be one.
pub fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives entropy");
    bytes
}

/// A generator that nobody can foresee.
pub fn rng() -> Rng {
    Rng::from_bytes(entropy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(entropy(), entropy());
        assert_ne!(rng().next_u64(), rng().next_u64());
    }
}
