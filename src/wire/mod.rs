//! Bytes ⇄ values. Total functions: whatever bytes come, the answer is a value or a [`Malformed`], never
//! a panic and never more memory than the bytes themselves account for.

pub mod bytes;

pub use bytes::{Malformed, Reader, Writer};
