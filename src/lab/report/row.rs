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
//! | `udp:no-copies` | our layer without copies of small messages |
//! | `udp+tcp`, `tcp+tcp:bbr` | a transfer beside it, over that; a congestion control holds for all TCP |

use crate::lab::bench::Carried;
use crate::transport::arq::Arq;
use crate::transport::config::Choices;
use crate::transport::congestion::Congestion;
use crate::transport::redundancy::Redundancy;
use std::str::FromStr;

/// The congestion controls that a row of TCP may ask for.
pub const TCP_CONTROLS: [&str; 3] = ["cubic", "reno", "bbr"];

/// The word for a row without copies.
const NO_COPIES: &str = "no-copies";

/// A row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    /// What carries the messages.
    pub carried: Carried,
    /// Our layer's way to repeat; of no account elsewhere.
    pub arq: Arq,
    /// Does our layer send copies of small messages before they are missed? Of no account elsewhere.
    pub copies: bool,
    /// The kernel's congestion control; of no account elsewhere.
    pub control: &'static str,
    /// Does TCP wait for more to send? Of no account elsewhere.
    pub nagle: bool,
    /// What carries a transfer beside it, if there is one.
    pub beside: Option<Carried>,
}

impl Row {
    /// The usual one of this kind.
    pub const fn of(carried: Carried) -> Self {
        Self { carried, arq: Arq::Ours, copies: true, control: TCP_CONTROLS[0], nagle: false, beside: None }
    }

    /// The three that a lecture compares.
    pub const fn usual() -> [Self; 3] {
        [Self::of(Carried::Raw), Self::of(Carried::Udp), Self::of(Carried::Tcp)]
    }

    /// The kernel's TCP with this congestion control.
    pub const fn tcp(control: &'static str) -> Self {
        Self { control, ..Self::of(Carried::Tcp) }
    }

    /// The same with a transfer beside it.
    #[must_use]
    pub const fn beside(self, beside: Carried) -> Self {
        Self { beside: Some(beside), ..self }
    }

    /// Our layer repeating in this way.
    pub const fn repeating(arq: Arq) -> Self {
        Self { arq, ..Self::of(Carried::Udp) }
    }

    /// How its sessions over UDP send.
    pub fn choices(self) -> Choices {
        let usual = Choices::default();
        let copies = if self.copies { usual.redundancy } else { Redundancy::Off };
        // As `--arq` chooses: the formulas that TCP is measured by are of NewReno.
        let control = if self.arq == Arq::TcpLike { Congestion::NewReno } else { usual.congestion };
        Choices {
            arq: self.arq,
            redundancy: self.arq.redundancy(copies),
            congestion: self.arq.congestion(control),
        }
    }

    /// Is it on this, or what is beside it?
    fn has(self, carried: Carried) -> bool {
        self.carried == carried || self.beside == Some(carried)
    }

    /// Did nobody choose a congestion control of TCP?
    pub fn has_usual_control(self) -> bool {
        self.control == TCP_CONTROLS[0]
    }

    /// What the row is called: `udp`, `udp go-back-n`, `tcp bbr`, `tcp nagle`.
    pub fn label(self) -> String {
        let of = |carried: Carried| [vec![carried.word()], self.special(carried)].concat().join(" ");
        let beside = self.beside.map(|beside| format!(" beside {}", of(beside)));
        of(self.carried) + &beside.unwrap_or_default()
    }

    /// What is special about it, as words; `carried`: of this or of what is beside it.
    fn special(self, carried: Carried) -> Vec<&'static str> {
        let Self { arq, copies, control, nagle, .. } = self;
        let words = match carried {
            Carried::Raw => [None, None],
            Carried::Udp => [arq.is_teaching().then(|| arq.name()), (!copies).then_some(NO_COPIES)],
            Carried::Tcp => [(!self.has_usual_control()).then_some(control), nagle.then_some("nagle")],
        };
        words.into_iter().flatten().collect()
    }

    /// The options of `bench` that ask for it.
    pub fn options(self) -> String {
        let Self { carried, arq, control, .. } = self;
        let mut options = format!("--transport {}", carried.word());
        if let Some(beside) = self.beside {
            options = format!("{options} --beside {}", beside.word());
        }
        if self.has(Carried::Udp) && arq.is_teaching() {
            options = format!("{options} --arq {}", arq.name());
        }
        if self.has(Carried::Udp) && !self.copies {
            options.push_str(" --redundancy off");
        }
        if self.has(Carried::Tcp) && !self.has_usual_control() {
            options = format!("{options} --tcp-cc {control}");
        }
        if self.has(Carried::Tcp) && self.nagle { options + " --nagle" } else { options }
    }

    /// As `compare --transports` takes it.
    pub fn word(self) -> String {
        let beside = self.beside.map(|beside| format!("+{}", beside.word())).unwrap_or_default();
        let ours = if self.has(Carried::Udp) { self.special(Carried::Udp) } else { Vec::new() };
        let tcps = if self.has(Carried::Tcp) { self.special(Carried::Tcp) } else { Vec::new() };
        let first = format!("{}{beside}", self.carried.word());
        [vec![first.as_str()], ours, tcps].concat().join(":")
    }

    fn with(self, choice: &str) -> Option<Self> {
        let control = || TCP_CONTROLS.into_iter().find(|control| *control == choice);
        if self.has(Carried::Tcp) && choice == "nagle" {
            Some(Self { nagle: true, ..self })
        } else if let (true, Some(control)) = (self.has(Carried::Tcp), control()) {
            Some(Self { control, ..self })
        } else if self.has(Carried::Udp) && choice == NO_COPIES {
            Some(Self { copies: false, ..self })
        } else if self.has(Carried::Udp) {
            Some(Self { arq: choice.parse().ok()?, ..self })
        } else {
            None
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
        let first = words.next().unwrap_or_default();
        let (first, beside) = first.split_once('+').map_or((first, None), |(first, it)| (first, Some(it)));
        let carried = |word: &str| Carried::ALL.into_iter().find(|it| it.word() == word).ok_or_else(wrong);
        let row = Self::of(carried(first)?);
        let row = Self { beside: beside.map(carried).transpose()?, ..row };
        // A transfer needs a server, which bare UDP has not.
        if row.beside.is_some() && row.has(Carried::Raw) {
            return Err(wrong());
        }
        words.try_fold(row, Self::with).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_it_is_read() {
        for word in [
            "raw",
            "udp",
            "tcp",
            "udp:go-back-n",
            "udp:tcp-like",
            "tcp:bbr",
            "tcp:reno:nagle",
            "udp:no-copies",
            "udp+tcp:bbr",
            "tcp+tcp",
        ] {
            assert_eq!(word.parse::<Row>().map(Row::word), Ok(word.to_owned()));
        }
    }

    #[test]
    fn what_is_no_row_is_answered_with_those_there_are() {
        for word in [
            "",
            "quic",
            "raw:nagle",
            "udp:bbr",
            "tcp:go-back-n",
            "udp:",
            "tcp:cubic:",
            "raw+tcp",
            "udp+raw",
            "udp+udp:bbr",
            "tcp+",
        ] {
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
        assert_eq!(
            told("udp+tcp:no-copies:bbr"),
            of("udp no-copies beside tcp bbr", "--transport udp --beside tcp --redundancy off --tcp-cc bbr")
        );
        assert_eq!(told("udp:tcp-like"), of("udp tcp-like", "--transport udp --arq tcp-like"));
    }
}
