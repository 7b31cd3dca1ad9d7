//! What waits to be written, and how much may?

/// Written bytes are cut off the front once they are this many, so that each is moved at most once.
const CUT: usize = 1 << 16;

/// Bytes on their way to the socket.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    written: usize,
    /// All bytes ever written.
    total: u64,
}

impl Output {
    /// Appends these.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What is to be written next.
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// The socket took so many of the pending bytes.
    pub fn on_written(&mut self, len: usize) {
        let len = len.min(self.pending().len());
        self.written += len;
        self.total += len as u64;
        if self.written == self.bytes.len() {
            self.clear();
        } else if self.written >= CUT && self.written >= self.bytes.len() / 2 {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }

    /// Gives up what is pending.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(CUT);
        self.written = 0;
    }

    /// All bytes ever written.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn what_is_put_in_comes_out_in_order_whatever_the_portions() {
        let mut rng = Rng::from_seed(6);
        let (mut output, mut put, mut taken) = (Output::default(), Vec::new(), Vec::new());
        for _ in 0..500 {
            let mut portion = vec![0; usize::try_from(rng.below(3_000)).expect("small")];
            rng.fill(&mut portion);
            output.put(&portion);
            put.extend_from_slice(&portion);
            let len = usize::try_from(rng.below(3_100)).expect("small").min(output.pending().len());
            taken.extend_from_slice(&output.pending()[..len]);
            output.on_written(len);
        }
        taken.extend_from_slice(output.pending());
        output.on_written(usize::MAX);
        assert!(taken == put && output.pending().is_empty());
        assert_eq!(output.total(), put.len() as u64);
    }
}
