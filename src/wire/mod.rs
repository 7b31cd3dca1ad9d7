//! Bytes ⇄ values. Total functions: whatever bytes come, the answer is a value or a [`Malformed`], never
//! a panic and never more memory than the bytes themselves account for.
//!
//! - [`bytes`]: numbers, strings, byte runs
//! - [`datagram`]: what a datagram looks like from outside
//! - [`frame`]: what stands inside a sealed packet
//! - [`number`]: packet numbers in four bytes
//! - [`ranges`]: sets of numbers, for acknowledgements and reassembly

pub mod bytes;
pub mod datagram;
pub mod frame;
pub mod number;
pub mod ranges;

pub use bytes::{Malformed, Reader, Writer};

#[cfg(test)]
mod vectors;
