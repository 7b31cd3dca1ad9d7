//! What does `sayagain link --report FILE` write?
//!
//! One JSON object; spans are microseconds:
//!
//! ```text
//! {"options": "--delay 25ms --loss 5%", "seed": 7, "start_us": 81000000,
//!  "up": {"packets": 412, "bytes": 51020, "dropped": {"loss": 21}, "overload": 0,
//!         "lateness_us": {"p50": 4, "p99": 60, "max": 310}},
//!  "down": {…}}
//! ```

use super::measurement::{LinkReport, WayReport};
use super::members::{member, moment, number, object, text};
use crate::lab::link::DropCause;
use crate::time::Duration;
use serde_json::Value;

/// The longest report that is read, in bytes.
pub const BYTES_MAX: usize = 1 << 20;
/// Causes of drops in one direction, at most.
const CAUSES_MAX: usize = 32;
/// The longest word for a cause, in bytes.
const WORD_BYTES_MAX: usize = 32;

/// Reads a report; the error says what is wrong with it.
pub fn read(report: &str) -> Result<LinkReport, String> {
    let value = object(report, BYTES_MAX)?;
    let way = |name: &str| {
        let way = member(&value, name)?;
        read_way(way).map_err(|error| format!("{name}: {error}"))
    };
    Ok(LinkReport {
        options: text(&value, "options")?.to_owned(),
        seed: number(&value, "seed")?,
        start: Some(moment(&value, "start_us")?),
        up: way("up")?,
        down: way("down")?,
    })
}

fn read_way(way: &Value) -> Result<WayReport, String> {
    let lateness = member(way, "lateness_us")?;
    let span = |name: &str| number(lateness, name).map(Duration::from_micros);
    Ok(WayReport {
        packets: number(way, "packets")?,
        bytes: number(way, "bytes")?,
        dropped: read_drops(member(way, "dropped")?)?,
        overload: number(way, "overload")?,
        lateness_p50: span("p50")?,
        lateness_p99: span("p99")?,
    })
}

/// Those that happened, but for the emulator's own overload, which has a member to itself.
fn read_drops(drops: &Value) -> Result<Vec<(String, u64)>, String> {
    let drops = drops.as_object().ok_or("`dropped` is no object")?;
    if drops.len() > CAUSES_MAX || drops.keys().any(|word| word.len() > WORD_BYTES_MAX) {
        return Err("`dropped` has more or longer words than there are causes".to_owned());
    }
    let mut counts = Vec::new();
    for (word, count) in drops.iter().filter(|(word, _)| *word != DropCause::Overload.word()) {
        let count = count.as_u64().ok_or_else(|| format!("`{word}` is no whole number"))?;
        if count > 0 {
            counts.push((word.clone(), count));
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn good() -> Value {
        let way = |packets| {
            json!({
                "packets": packets, "bytes": 51_020, "dropped": {"loss": 21, "queue": 0, "overload": 2},
                "overload": 2, "lateness_us": {"p50": 4, "p99": 60, "max": 310},
            })
        };
        json!({"options": "--delay 25ms --loss 5%", "seed": 7, "start_us": 81, "up": way(412), "down": way(398)})
    }

    #[test]
    fn a_report_is_read_whole() {
        let report = read(&good().to_string()).expect("a good report");
        assert_eq!((report.options.as_str(), report.seed), ("--delay 25ms --loss 5%", 7));
        assert_eq!(report.start, Some(crate::time::at(81)));
        assert_eq!((report.up.packets, report.down.packets, report.up.bytes), (412, 398, 51_020));
        assert_eq!((report.up.dropped, report.up.overload), (vec![("loss".to_owned(), 21)], 2));
        assert_eq!(report.down.lateness_p50, Duration::from_micros(4));
        assert_eq!(report.down.lateness_p99, Duration::from_micros(60));
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_kind_is_named() {
        for (pointer, value, hint) in [
            ("/seed", json!(null), "`seed`"),
            ("/seed", json!(-1), "`seed`"),
            ("/start_us", json!("now"), "`start_us`"),
            ("/options", json!(5), "`options`"),
            ("/up/packets", json!("many"), "up: `packets`"),
            ("/down/lateness_us", json!({}), "down: `p50` is missing"),
            ("/down/dropped", json!([1]), "down: `dropped`"),
            ("/down/dropped", json!({"loss": 0.5}), "down: `loss`"),
        ] {
            let mut report = good();
            *report.pointer_mut(pointer).expect("it is there") = value;
            let error = read(&report.to_string()).expect_err(pointer);
            assert!(error.contains(hint), "{pointer}: {error}");
        }
        assert!(read("[]").is_err() && read("{").is_err() && read("").is_err());
    }

    #[test]
    fn a_report_has_a_bound_and_so_have_its_causes() {
        let padded = |bytes: usize| format!("{}{}", good(), " ".repeat(bytes - good().to_string().len()));
        assert!(read(&padded(BYTES_MAX)).is_ok());
        assert!(read(&padded(BYTES_MAX + 1)).is_err_and(|error| error.contains("longer than")));
        let drops = |count: usize| {
            let mut report = good();
            report["up"]["dropped"] = (0..count).map(|n| (format!("c{n}"), json!(1))).collect();
            read(&report.to_string()).is_ok()
        };
        assert!(drops(CAUSES_MAX) && !drops(CAUSES_MAX + 1));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC*", from in 0..400_usize, length in 0..40_usize) {
            let _ = read(&text);
            let mut broken = good().to_string();
            let end = (from + length).min(broken.len());
            broken.replace_range(from.min(end)..end, "");
            let _ = read(&broken);
        }
    }
}
