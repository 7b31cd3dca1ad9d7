//! Makes checksums true, so that what is changed gets to the inner readers.

/// The bytes with the checksum of a handshake datagram made true, as far as they have one.
pub fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    const BODY: usize = 23;
    let mut datagram = bytes.to_vec();
    if let Some(&[high, low]) = bytes.get(BODY - 2..BODY) {
        let end = BODY + usize::from(u16::from_be_bytes([high, low]));
        if end + 4 <= datagram.len() {
            let checksum = crc32fast::hash(&datagram[..end]).to_be_bytes();
            datagram[end..end + 4].copy_from_slice(&checksum);
        }
    }
    datagram
}
