//! Does this block fit where the file ends so far?
//!
//! ```text
//!   0 ───── written ───── taken ────────── size
//!           │ credited    │ at most a window further
//! ```

use super::window::WINDOW_BYTES_MAX;

/// One file on its way in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receiver {
    size: u64,
    taken: u64,
    written: u64,
}

impl Receiver {
    /// Takes what lies between these bytes.
    pub const fn new(from: u64, size: u64) -> Self {
        Self { size, taken: from, written: from }
    }

    /// A block came. An error if it is not the next one, runs beyond the file, or if more waits to be written
    /// than any sender may have under way.
    pub fn on_block(&mut self, offset: u64, len: usize) -> Result<(), &'static str> {
        let end = offset.saturating_add(len as u64);
        if offset != self.taken || len == 0 {
            return Err("a block that is not the next");
        }
        if end > self.size {
            return Err("a block beyond the end of its file");
        }
        if end - self.written > WINDOW_BYTES_MAX {
            return Err("more blocks than a window has");
        }
        self.taken = end;
        Ok(())
    }

    /// All through here is written. True if that is the whole file.
    pub fn on_written(&mut self, through: u64) -> bool {
        self.written = self.written.max(through.min(self.taken));
        self.written == self.size
    }

    /// The next block begins here.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// All through here is written.
    pub const fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_in_order_and_only_within_the_file() {
        let mut receiver = Receiver::new(10, 30);
        assert!(receiver.on_block(0, 5).is_err() && receiver.on_block(11, 5).is_err());
        assert!(receiver.on_block(10, 0).is_err() && receiver.on_block(10, 21).is_err());
        assert_eq!(receiver.on_block(10, 20), Ok(()));
        assert_eq!((receiver.on_written(25), receiver.on_written(30)), (false, true));
    }

    #[test]
    fn what_waits_to_be_written_is_bounded() {
        let mut receiver = Receiver::new(0, u64::MAX);
        let block = 8_192;
        let taken = (0..1_000).take_while(|n| receiver.on_block(n * block, 8_192).is_ok()).count() as u64;
        assert_eq!(taken * block, WINDOW_BYTES_MAX);
        receiver.on_written(block);
        assert_eq!(receiver.on_block(taken * block, 8_192), Ok(()));
    }
}
