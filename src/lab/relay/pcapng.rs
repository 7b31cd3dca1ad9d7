//! How is a capture written?
//!
//! A file that Wireshark opens, made by the emulator itself: no privilege to capture is needed, both ends
//! are in one file, and what was dropped is there too, with a comment that says why.
//!
//! ```text
//!  section header │ interface 0 "client's end" │ interface 1 "server's end" │ packet │ packet │ …
//!
//!  block: │ type 4 │ length 4 │ body, padded to 4 │ length 4 │        (draft-ietf-opsawg-pcapng §3.1)
//! ```
//!
//! Pure: each function puts a block into a buffer. Little endian, times in microseconds since 1970.

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Bare IPv4 or IPv6 packets: <https://www.tcpdump.org/linktypes.html>, `LINKTYPE_RAW`.
const LINKTYPE_RAW: u16 = 101;
const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const SHB_USERAPPL: u16 = 4;

/// One packet of the capture.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// At which interface, in the order in which they were put.
    pub interface: u32,
    /// Microseconds since 1970.
    pub unix_us: u64,
    /// The whole IP packet.
    pub bytes: &'a [u8],
    /// What is said of it; empty: nothing.
    pub comment: &'a str,
}

/// Puts the head of a file: the section and its interfaces.
pub fn put_head(out: &mut Vec<u8>, interfaces: &[&str]) {
    put_block(out, SECTION, |body| {
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend([1, 0, 0, 0]);
        // A section of unknown length.
        body.extend(u64::MAX.to_le_bytes());
        put_option(body, SHB_USERAPPL, concat!("sayagain ", env!("CARGO_PKG_VERSION")));
        put_option(body, OPT_END, "");
    });
    for name in interfaces {
        put_block(out, INTERFACE, |body| {
            body.extend(LINKTYPE_RAW.to_le_bytes());
            // Reserved; and no limit to what is kept of a packet.
            body.extend([0; 6]);
            put_option(body, IF_NAME, name);
            put_option(body, OPT_END, "");
        });
    }
}

/// Puts a packet.
pub fn put_packet(out: &mut Vec<u8>, packet: &Captured<'_>) {
    put_block(out, ENHANCED_PACKET, |body| {
        let length = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        let [high, low] = [packet.unix_us >> 32, packet.unix_us & u64::from(u32::MAX)];
        body.extend(packet.interface.to_le_bytes());
        body.extend(u32::try_from(high).unwrap_or(u32::MAX).to_le_bytes());
        body.extend(u32::try_from(low).unwrap_or(u32::MAX).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend_from_slice(packet.bytes);
        pad(body);
        if !packet.comment.is_empty() {
            put_option(body, OPT_COMMENT, packet.comment);
            put_option(body, OPT_END, "");
        }
    });
}

fn put_block(out: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(kind.to_le_bytes());
    out.extend(length);
    out.append(&mut body);
    out.extend(length);
}

fn put_option(body: &mut Vec<u8>, code: u16, text: &str) {
    // An option's length has two bytes; our comments are a line.
    let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
    body.extend_from_slice(text);
    pad(body);
}

/// Everything begins at a multiple of four bytes; a block's head has eight.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (type, body) of each block; both lengths of each agree.
    fn blocks(mut file: &[u8]) -> Vec<(u32, &[u8])> {
        let mut found = Vec::new();
        while !file.is_empty() {
            let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
            let length = number(4) as usize;
            assert!(length.is_multiple_of(4) && number(length - 4) as usize == length);
            found.push((number(0), &file[8..length - 4]));
            file = &file[length..];
        }
        found
    }

    #[test]
    fn a_file_is_a_section_its_interfaces_and_packets() {
        let mut file = Vec::new();
        put_head(&mut file, &["client's end", "server's end"]);
        let unix_us = 1_700_000_000_123_456;
        put_packet(&mut file, &Captured { interface: 1, unix_us, bytes: b"12345", comment: "dropped: loss" });
        let blocks = blocks(&file);
        assert_eq!(blocks.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [SECTION, 1, 1, 6]);
        assert!(blocks[2].1.windows(12).any(|window| window == b"server's end"));
        let packet = blocks[3].1;
        let number = |at: usize| u32::from_le_bytes(packet[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((number(0), u64::from(number(4)) << 32 | u64::from(number(8))), (1, unix_us));
        assert_eq!((number(12), number(16), &packet[20..28]), (5, 5, &b"12345\0\0\0"[..]));
        assert_eq!(&packet[28..32], [1, 0, 13, 0]);
        assert_eq!(&packet[32..45], b"dropped: loss");
    }

    #[test]
    fn a_packet_of_which_nothing_is_said_has_no_options() {
        let mut file = Vec::new();
        put_packet(&mut file, &Captured { interface: 0, unix_us: 0, bytes: b"1234", comment: "" });
        assert_eq!(blocks(&file), [(6, &[&[0; 12][..], &[4, 0, 0, 0, 4, 0, 0, 0], b"1234"].concat()[..])]);
    }
}
