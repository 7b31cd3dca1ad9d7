//! What does `sayagain link --packets FILE` write?
//!
//! A JSON object a line for each packet that entered, in that order; moments are microseconds of the
//! monotonic clock:
//!
//! ```text
//! {"at_us":81234567,"way":"up","number":12,"bytes":140,"client_port":40000,"protocol":"udp","due_us":81259567}
//! {"at_us":81250000,"way":"down","number":9,"bytes":52,"client_port":40001,"protocol":"tcp",
//!  "tcp":{"flags":16,"sequence":1,"acknowledgement":2,"bytes":0},"dropped":"loss"}        (on one line)
//! ```

use super::members::{fitting, member, moment, number, object, text};
use super::passage::{Fate, Passage, Protocol, TcpPart};
use crate::lab::link::{Direction, DropCause};
use serde_json::Value;

/// Packets that are kept, at most.
pub const LINES_MAX: usize = 2_000_000;
/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1_000;

/// Reads all lines; the error names the one that is no packet.
pub fn read(lines: &str) -> Result<Vec<Passage>, String> {
    read_at_most(LINES_MAX, lines)
}

fn read_at_most(lines_max: usize, lines: &str) -> Result<Vec<Passage>, String> {
    let mut passages = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        if index >= lines_max {
            return Err(format!("more than {lines_max} packets"));
        }
        passages.push(read_line(line).map_err(|error| format!("line {}: {error}", index + 1))?);
    }
    Ok(passages)
}

/// Reads one line.
pub fn read_line(line: &str) -> Result<Passage, String> {
    let value = object(line, LINE_BYTES_MAX)?;
    Ok(Passage {
        entered: moment(&value, "at_us")?,
        direction: direction(text(&value, "way")?)?,
        number: number(&value, "number")?,
        ip_bytes: fitting(&value, "bytes")?,
        client_port: fitting(&value, "client_port")?,
        protocol: protocol(&value)?,
        fate: fate(&value)?,
    })
}

fn direction(word: &str) -> Result<Direction, String> {
    let found = Direction::BOTH.into_iter().find(|direction| direction.to_string() == word);
    found.ok_or_else(|| format!("`{word}` is no way; there are up and down"))
}

fn protocol(value: &Value) -> Result<Protocol, String> {
    match text(value, "protocol")? {
        "udp" => Ok(Protocol::Udp),
        "other" => Ok(Protocol::Other),
        "tcp" => {
            let part = member(value, "tcp")?;
            Ok(Protocol::Tcp(TcpPart {
                flags: fitting(part, "flags")?,
                sequence: fitting(part, "sequence")?,
                acknowledgement: fitting(part, "acknowledgement")?,
                bytes: fitting(part, "bytes")?,
            }))
        }
        word => Err(format!("`{word}` is no protocol; there are tcp, udp and other")),
    }
}

fn fate(value: &Value) -> Result<Fate, String> {
    if value.get("dropped").is_none() {
        return moment(value, "due_us").map(Fate::Delivered);
    }
    let word = text(value, "dropped")?;
    let cause = DropCause::ALL.into_iter().find(|cause| cause.word() == word);
    cause.map(Fate::Dropped).ok_or_else(|| format!("`{word}` is no cause of a drop"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use proptest::prelude::*;

    const UDP: &str = r#"{"at_us":81234567,"way":"up","number":12,"bytes":140,"client_port":40000,"protocol":"udp","due_us":81259567}"#;
    const TCP: &str = r#"{"at_us":5,"way":"down","number":9,"bytes":52,"client_port":40001,"protocol":"tcp","tcp":{"flags":18,"sequence":4294967295,"acknowledgement":2,"bytes":0},"dropped":"queue"}"#;

    #[test]
    fn a_packet_is_read_with_its_fate() {
        let passages = read(&format!("{UDP}\n{TCP}\n")).expect("two packets");
        let udp = Passage {
            entered: at(81_234_567),
            direction: Direction::Up,
            number: 12,
            ip_bytes: 140,
            client_port: 40_000,
            protocol: Protocol::Udp,
            fate: Fate::Delivered(at(81_259_567)),
        };
        let part = TcpPart { flags: 18, sequence: u32::MAX, acknowledgement: 2, bytes: 0 };
        let tcp = Passage {
            entered: at(5),
            direction: Direction::Down,
            number: 9,
            ip_bytes: 52,
            client_port: 40_001,
            protocol: Protocol::Tcp(part),
            fate: Fate::Dropped(DropCause::Queue),
        };
        assert_eq!(passages, [udp, tcp]);
    }

    #[test]
    fn every_cause_of_a_drop_is_known() {
        for cause in DropCause::ALL {
            let line = TCP.replace("\"queue\"", &format!("\"{cause}\""));
            assert_eq!(read_line(&line).map(|passage| passage.fate), Ok(Fate::Dropped(cause)));
        }
    }

    #[test]
    fn a_line_that_is_no_packet_is_named() {
        for (part, other, hint) in [
            ("\"up\"", "\"sideways\"", "up and down"),
            ("\"udp\"", "\"sctp\"", "tcp, udp and other"),
            ("\"udp\"", "\"tcp\"", "`tcp` is missing"),
            ("40000", "70000", "`client_port` is too large"),
            ("\"due_us\"", "\"when\"", "`due_us` is missing"),
            ("\"due_us\":81259567", "\"dropped\":\"theft\"", "no cause"),
            ("}", "", "EOF"),
        ] {
            let error = read(&format!("{TCP}\n{}", UDP.replace(part, other))).expect_err(hint);
            assert!(error.starts_with("line 2: ") && error.contains(hint), "{error}");
        }
    }

    #[test]
    fn a_line_has_a_bound() {
        let padded = |bytes: usize| format!("{UDP}{}", " ".repeat(bytes - UDP.len()));
        assert!(
            read_line(&padded(LINE_BYTES_MAX)).is_ok() && read_line(&padded(LINE_BYTES_MAX + 1)).is_err()
        );
    }

    #[test]
    fn packets_have_a_bound() {
        let three = format!("{UDP}\n{TCP}\n{UDP}\n");
        assert!(read_at_most(3, &three).is_ok());
        assert!(read_at_most(2, &three).is_err_and(|error| error.contains("more than 2 packets")));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "\\PC*", from in 0..200_usize, length in 0..30_usize) {
            let _ = read_line(&line);
            for mut broken in [UDP.to_owned(), TCP.to_owned()] {
                let end = (from + length).min(broken.len());
                broken.replace_range(from.min(end)..end, "");
                let _ = read_line(&broken);
            }
        }
    }
}
