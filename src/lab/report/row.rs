//! What carries the messages of a row, and what is special about it?
//!
//! | written | is |
//! | --- | --- |
//! | `raw` | bare UDP: sent once and forgotten |
//! | `udp` | our layer |
//! | `udp:go-back-n` | our layer, repeating as that textbook does |
//! | `tcp` | the kernel's TCP, CUBIC, Nagle off |
//! | `tcp:bbr`, `tcp:reno` | with that congestion control |
//! | `tcp:nagle` | with Nagle's algorithm (RFC 896) |

use crate::lab::bench::Carried;
use crate::transport::arq::Arq;
use std::str::FromStr;

/// The congestion controls that a row of TCP may ask for.
pub const TCP_CONTROLS: [&str; 3] = ["cubic", "reno", "bbr"];

/// A row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    /// What carries the messages.
    pub carried: Carried,
    /// Our layer's way to repeat; of no account elsewhere.
    pub arq: Arq,
    /// The kernel's congestion control; of no account elsewhere.
    pub control: &'static str,
    /// Does TCP wait for more to send? Of no account elsewhere.
    pub nagle: bool,
}

impl Row {
    /// The usual one of this kind.
    pub const fn of(carried: Carried) -> Self {
        Self { carried, arq: Arq::Ours, control: TCP_CONTROLS[0], nagle: false }
    }

    /// The three that a lecture compares.
    pub const fn usual() -> [Self; 3] {
        [Self::of(Carried::Raw), Self::of(Carried::Udp), Self::of(Carried::Tcp)]
    }

    /// The kernel's TCP with this congestion control.
    pub const fn tcp(control: &'static str) -> Self {
        Self { control, ..Self::of(Carried::Tcp) }
    }

    /// Did nobody choose a congestion control of TCP?
    pub fn has_usual_control(self) -> bool {
        self.control == TCP_CONTROLS[0]
    }

    /// What the row is called: `udp`, `udp go-back-n`, `tcp bbr`, `tcp nagle`.
    pub fn label(self) -> String {
        let Self { carried, arq, control, nagle } = self;
        let mut label = carried.word().to_owned();
        if carried == Carried::Udp && arq.is_teaching() {
            label = format!("{label} {}", arq.name());
        }
        if carried == Carried::Tcp && control != TCP_CONTROLS[0] {
            label = format!("{label} {control}");
        }
        if carried == Carried::Tcp && nagle { label + " nagle" } else { label }
    }

    /// The options of `bench` that ask for it.
    pub fn options(self) -> String {
        let Self { carried, arq, control, nagle } = self;
        let mut options = format!("--transport {}", carried.word());
        if carried == Carried::Udp && arq.is_teaching() {
            options = format!("{options} --arq {}", arq.name());
        }
        if carried == Carried::Tcp && control != TCP_CONTROLS[0] {
            options = format!("{options} --tcp-cc {control}");
        }
        if carried == Carried::Tcp && nagle { options + " --nagle" } else { options }
    }

    /// As `compare --transports` takes it.
    pub fn word(self) -> String {
        let Self { carried, arq, control, nagle } = self;
        let mut word = carried.word().to_owned();
        match carried {
            Carried::Udp if arq.is_teaching() => word = format!("{word}:{}", arq.name()),
            Carried::Tcp => {
                if control != TCP_CONTROLS[0] {
                    word = format!("{word}:{control}");
                }
                if nagle {
                    word.push_str(":nagle");
                }
            }
            Carried::Udp | Carried::Raw => {}
        }
        word
    }

    fn with(self, choice: &str) -> Option<Self> {
        match self.carried {
            Carried::Raw => None,
            Carried::Udp => Some(Self { arq: choice.parse().ok()?, ..self }),
            Carried::Tcp if choice == "nagle" => Some(Self { nagle: true, ..self }),
            Carried::Tcp => {
                let control = TCP_CONTROLS.into_iter().find(|control| *control == choice)?;
                Some(Self { control, ..self })
            }
        }
    }
}

impl FromStr for Row {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no row; write raw, udp, tcp, udp:go-back-n, tcp:reno, tcp:bbr or tcp:nagle, with \
                 commas between them"
            )
        };
        let mut words = text.split(':');
        let carried = [Carried::Raw, Carried::Udp, Carried::Tcp];
        let first = words.next().unwrap_or_default();
        let carried = carried.into_iter().find(|it| it.word() == first).ok_or_else(wrong)?;
        words.try_fold(Self::of(carried), Self::with).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_it_is_read() {
        for word in ["raw", "udp", "tcp", "udp:go-back-n", "udp:tcp-like", "tcp:bbr", "tcp:reno:nagle"] {
            assert_eq!(word.parse::<Row>().map(Row::word), Ok(word.to_owned()));
        }
    }

    #[test]
    fn what_is_no_row_is_answered_with_those_there_are() {
        for word in ["", "quic", "raw:nagle", "udp:bbr", "tcp:go-back-n", "udp:", "tcp:cubic:"] {
            let error = word.parse::<Row>().expect_err(word);
            assert!(error.contains("tcp:bbr"), "{error}");
        }
    }

    #[test]
    fn label_and_options_name_only_what_is_special() {
        let told = |word: &str| word.parse::<Row>().map(|row| (row.label(), row.options()));
        let of = |label: &str, options: &str| Ok((label.to_owned(), options.to_owned()));
        assert_eq!(told("tcp:cubic"), of("tcp", "--transport tcp"));
        assert_eq!(told("tcp:bbr:nagle"), of("tcp bbr nagle", "--transport tcp --tcp-cc bbr --nagle"));
        assert_eq!(told("udp:tcp-like"), of("udp tcp-like", "--transport udp --arq tcp-like"));
    }
}
