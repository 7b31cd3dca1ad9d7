//! By which names are the settings of a direction called?
//!
//! One table for all who write them: the command line (`--delay 25ms`, `--up-delay 25ms`), profiles and
//! trace files (`delay=25ms up-loss=5%`). A setting that is read becomes a [`Change`], a value that can be
//! applied to a direction as often as one likes.

use super::config::{Direction, DirectionConfig, Fade, LinkConfig, Outage, QueueLimit};
use super::values::{Rate, Share, Span};
use crate::time::Duration;
use std::str::FromStr;

/// One setting with its value.
#[expect(missing_docs, reason = "the fields of DirectionConfig explain them")]
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Change {
    Delay(Duration),
    Jitter(Duration),
    Loss(f64),
    Burst(Option<f64>),
    Fade(Fade),
    Reorder(f64),
    ReorderBy(Duration),
    Duplicate(f64),
    Corrupt(f64),
    Rate(Option<u64>),
    Queue(Option<QueueLimit>),
    Ecn(bool),
    Mtu(Option<u32>),
    Outage(Outage),
}

impl Change {
    /// Makes it so. An outage comes on top of those there are.
    pub fn apply(self, way: &mut DirectionConfig) {
        match self {
            Self::Delay(delay) => way.delay = delay,
            Self::Jitter(jitter) => way.jitter = jitter,
            Self::Loss(share) => way.loss = share,
            Self::Burst(burst) => way.burst = burst,
            Self::Fade(fade) => way.fade = Some(fade),
            Self::Reorder(share) => way.reorder = share,
            Self::ReorderBy(span) => way.reorder_by = span,
            Self::Duplicate(share) => way.duplicate = share,
            Self::Corrupt(share) => way.corrupt = share,
            Self::Rate(rate) => way.rate = rate,
            Self::Queue(limit) => way.queue = limit,
            Self::Ecn(on) => way.ecn = on,
            Self::Mtu(mtu) => way.mtu = mtu,
            Self::Outage(outage) => way.outages.push(outage),
        }
    }
}

/// A setting as people know it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// As on the command line, without the dashes: for both directions, for up, for down.
    pub names: [&'static str; 3],
    /// What its value is called; empty for `ecn`, which the command line gives without a value.
    pub value: &'static str,
    /// A line for `--help`.
    pub help: &'static str,
    /// May be given several times.
    pub repeats: bool,
    /// May change while the link runs (in a trace file).
    pub changes: bool,
    /// Reads its value.
    pub read: fn(&str) -> Result<Change, String>,
}

/// Which way each of [`Setting::names`] means.
pub const FORMS: [Option<Direction>; 3] = [None, Some(Direction::Up), Some(Direction::Down)];

macro_rules! forms {
    ($name:literal) => {
        [$name, concat!("up-", $name), concat!("down-", $name)]
    };
}

/// All settings, in the order of the help text.
pub const SETTINGS: [Setting; 14] = [
    setting(forms!("delay"), "TIME", "Delay one way, such as 25ms", |text| Ok(Change::Delay(span(text)?))),
    setting(forms!("jitter"), "TIME", "More delay, uniform from 0 to this; order is kept", |text| {
        Ok(Change::Jitter(span(text)?))
    }),
    setting(forms!("loss"), "SHARE", "Packets lost by chance, such as 5%", |text| {
        Ok(Change::Loss(share(text)?))
    }),
    setting(forms!("burst"), "N", "Mean run of lost packets (with --loss)", |text| {
        Ok(Change::Burst(off_or(text, burst)?))
    }),
    Setting {
        changes: false,
        ..setting(
            forms!("fade"),
            "TIME@SHARE",
            "Random outages: mean length, share of the time: 80ms@5%",
            |text| text.parse().map(Change::Fade),
        )
    },
    setting(forms!("reorder"), "SHARE", "Packets held back, so that later ones overtake", |text| {
        Ok(Change::Reorder(share(text)?))
    }),
    setting(forms!("reorder-by"), "TIME", "How long they are held back [default: 10ms]", |text| {
        Ok(Change::ReorderBy(span(text)?))
    }),
    setting(forms!("duplicate"), "SHARE", "Packets that arrive twice", |text| {
        Ok(Change::Duplicate(share(text)?))
    }),
    setting(forms!("corrupt"), "SHARE", "Packets with one flipped bit", |text| {
        Ok(Change::Corrupt(share(text)?))
    }),
    setting(forms!("rate"), "RATE", "Bottleneck, counted in IP bytes, such as 20mbit", |text| {
        Ok(Change::Rate(off_or(text, |text| text.parse::<Rate>().map(|rate| rate.0))?))
    }),
    setting(
        forms!("queue"),
        "LIMIT",
        "What may wait there: 50ms, 25pkt or 125kB [default: one bandwidth-delay product]",
        |text| Ok(Change::Queue(off_or(text, QueueLimit::from_str)?)),
    ),
    setting(forms!("ecn"), "", "Mark instead of dropping from half of the queue on", ecn),
    setting(forms!("mtu"), "BYTES", "Larger packets vanish", |text| Ok(Change::Mtu(off_or(text, mtu)?))),
    Setting {
        changes: false,
        repeats: true,
        ..setting(
            forms!("outage"),
            "TIME+TIME",
            "Nothing passes from the one for the other: 10s+3s (repeatable)",
            |text| text.parse().map(Change::Outage),
        )
    },
];

const fn setting(
    names: [&'static str; 3],
    value: &'static str,
    help: &'static str,
    read: fn(&str) -> Result<Change, String>,
) -> Setting {
    Setting { names, value, help, repeats: false, changes: true, read }
}

fn span(text: &str) -> Result<Duration, String> {
    text.parse::<Span>().map(|span| span.0)
}

fn share(text: &str) -> Result<f64, String> {
    text.parse::<Share>().map(|share| share.0)
}

/// `off` takes a limit away again, as a trace may want.
fn off_or<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text == "off" { Ok(None) } else { read(text).map(Some) }
}

fn burst(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| (1.0..=1e6).contains(number))
        .ok_or_else(|| format!("`{text}` is no run of packets; write 4 (at least 1)"))
}

fn ecn(text: &str) -> Result<Change, String> {
    match text {
        "on" | "true" => Ok(Change::Ecn(true)),
        "off" | "false" => Ok(Change::Ecn(false)),
        _ => Err(format!("`{text}` is neither on nor off")),
    }
}

fn mtu(text: &str) -> Result<u32, String> {
    let bytes: Option<u32> = text.parse().ok();
    bytes
        .filter(|bytes| (68..=65_535).contains(bytes)) // RFC 791 §3.2: every link carries 68.
        .ok_or_else(|| format!("`{text}` is no MTU; write 1400 (68 to 65535 bytes)"))
}

/// A change of one direction, or of both (`None`).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Assignment {
    /// Which way; `None`: both.
    pub direction: Option<Direction>,
    /// What.
    pub change: Change,
}

impl Assignment {
    /// Makes it so.
    pub fn apply(self, config: &mut LinkConfig) {
        for direction in Direction::BOTH {
            if self.direction.is_none_or(|only| only == direction) {
                self.change.apply(config.way_mut(direction));
            }
        }
    }
}

/// Reads `delay=25ms` or `up-loss=5%`, as profiles and trace files have them.
pub fn read_assignment(text: &str) -> Result<(Setting, Assignment), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is no setting; write delay=25ms or up-loss=5%"))?;
    let (setting, direction) = find(name).ok_or_else(|| {
        let names = SETTINGS.map(|setting| setting.names[0]).join(", ");
        format!("there is no setting `{name}`; there are {names}, each also with up- or down-")
    })?;
    let change = (setting.read)(value).map_err(|error| format!("{name}: {error}"))?;
    Ok((setting, Assignment { direction, change }))
}

fn find(name: &str) -> Option<(Setting, Option<Direction>)> {
    SETTINGS.into_iter().find_map(|setting| {
        let form = setting.names.iter().position(|known| *known == name)?;
        Some((setting, FORMS[form]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(texts: &[&str]) -> LinkConfig {
        let mut config = LinkConfig::default();
        for text in texts {
            read_assignment(text).expect("a good setting").1.apply(&mut config);
        }
        config
    }

    #[test]
    fn a_setting_holds_for_both_directions_or_for_the_one_named() {
        let config = applied(&["delay=25ms", "up-loss=5%", "down-rate=1mbit", "down-reorder-by=3ms"]);
        assert_eq!(config.up.delay, config.down.delay);
        assert!(config.up.loss > 0.0 && config.down.loss <= 0.0);
        assert_eq!((config.up.rate, config.down.rate), (None, Some(1_000_000)));
        assert_eq!(config.down.reorder_by, Duration::from_millis(3));
    }

    #[test]
    fn every_setting_changes_the_default_and_what_has_an_off_can_be_taken_back() {
        let values = [
            "delay=1ms",
            "jitter=1ms",
            "loss=1%",
            "burst=2",
            "fade=80ms@5%",
            "reorder=1%",
            "reorder-by=1ms",
            "duplicate=1%",
            "corrupt=1%",
            "rate=1mbit",
            "queue=5pkt",
            "ecn=on",
            "mtu=1400",
            "outage=1s+1s",
        ];
        assert_eq!(values.len(), SETTINGS.len());
        for (text, setting) in values.into_iter().zip(SETTINGS) {
            assert!(text.starts_with(setting.names[0]));
            assert_ne!(applied(&[text]), LinkConfig::default(), "{text}");
        }
        let off = [
            "burst=2",
            "burst=off",
            "rate=1mbit",
            "rate=off",
            "queue=5pkt",
            "queue=off",
            "mtu=99",
            "mtu=off",
        ];
        assert_eq!(applied(&off), LinkConfig::default());
    }

    #[test]
    fn what_is_no_setting_is_refused_with_what_there_is() {
        for (text, hint) in [
            ("delay", "delay=25ms"),
            ("dely=25ms", "there are delay, jitter"),
            ("sideways-delay=25ms", "up- or down-"),
            ("up-loss=5", "5%"),
            ("burst=0", "at least 1"),
            ("burst=nan", "at least 1"),
            ("mtu=20", "1400"),
            ("ecn=maybe", "neither on nor off"),
        ] {
            let error = read_assignment(text).expect_err(text);
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
