//! How shall datagrams be sent, and which wishes contradict each other?

use crate::transport::arq::{Arq, WINDOW_MAX};
use crate::transport::config::Choices;
use crate::transport::congestion::Congestion;
use crate::transport::redundancy::Redundancy;
use clap::Args;

/// How datagrams are sent.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Sending over UDP")]
pub struct Sending {
    /// Copies of small messages before they are missed: off, auto (as the measured loss calls for) or max
    /// [default: auto]
    #[arg(long, value_name = "HOW")]
    redundancy: Option<Redundancy>,
    /// Congestion control: fixed (or fixed:PACKETS), newreno, cubic, or tolerant [default: tolerant; with
    /// --arq tcp-like newreno]
    #[arg(long = "cc", value_name = "NAME")]
    congestion: Option<Congestion>,
    /// Repeat what is lost as a textbook does: stop-and-wait, go-back-n, selective-repeat, or tcp-like (a
    /// model of TCP) [default: our own way]
    #[arg(long, value_name = "NAME")]
    arq: Option<Arq>,
    /// So many packets in flight, whatever happens: the window of go-back-n and selective-repeat (8 unless
    /// given); without --arq the same as --cc fixed:N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(WINDOW_MAX)))]
    window: Option<u32>,
}

impl Sending {
    /// What was chosen; an error says which options contradict each other, and what to do.
    pub fn choices(self) -> Result<Choices, String> {
        let Some(arq) = self.arq else {
            let congestion = match (self.congestion, self.window) {
                (Some(_), Some(_)) => return Err(WINDOW_AND_CC.into()),
                (None, Some(packets)) => Congestion::Fixed(packets),
                (congestion, None) => congestion.unwrap_or_default(),
            };
            let redundancy = self.redundancy.unwrap_or_default();
            return Ok(Choices { arq: Arq::Ours, congestion, redundancy });
        };
        if self.redundancy.is_some_and(|redundancy| redundancy != Redundancy::Off) {
            let name = arq.name();
            return Err(format!(
                "--arq {name} sends each message once until it is lost: leave --redundancy away"
            ));
        }
        let congestion =
            if arq.is_textbook() { self.fixed_window(arq)? } else { self.congestion_of_model()? };
        Ok(Choices { arq, congestion, redundancy: Redundancy::Off })
    }

    /// Over TCP the kernel decides all of it: whoever asks for some is told so.
    pub fn refuse_over_tcp(self) -> Result<(), String> {
        let Self { redundancy, congestion, arq, window } = self;
        if redundancy.is_none() && congestion.is_none() && arq.is_none() && window.is_none() {
            return Ok(());
        }
        Err("--redundancy, --cc, --arq and --window need --transport udp: over TCP the system's kernel decides \
             what is sent when"
            .into())
    }

    /// The words that ask for these choices; none for our own way.
    pub fn words(choices: Choices) -> Vec<String> {
        let Choices { arq, congestion, redundancy } = choices;
        let usual = Choices::default();
        let option = |name: &str, value: String| [format!("--{name}"), value];
        if arq == Arq::Ours {
            let cc = (congestion != usual.congestion).then(|| option("cc", congestion.to_string()));
            let copies =
                (redundancy != usual.redundancy).then(|| option("redundancy", redundancy.to_string()));
            return cc.into_iter().chain(copies).flatten().collect();
        }
        let second = match congestion {
            Congestion::Fixed(packets) if arq.is_textbook() => option("window", packets.to_string()),
            other => option("cc", other.to_string()),
        };
        option("arq", arq.name().to_owned()).into_iter().chain(second).collect()
    }

    /// Was nothing chosen?
    pub fn is_empty(self) -> bool {
        self.refuse_over_tcp().is_ok()
    }

    /// The way to repeat, if one was named.
    pub const fn arq(self) -> Option<Arq> {
        self.arq
    }

    /// The same with this way to repeat.
    #[must_use]
    pub const fn with_arq(self, arq: Arq) -> Self {
        Self { arq: Some(arq), ..self }
    }

    fn fixed_window(self, arq: Arq) -> Result<Congestion, String> {
        let name = arq.name();
        if self.congestion.is_some() {
            return Err(format!(
                "--arq {name} has a fixed window: leave --cc away, and say --window N for N packets"
            ));
        }
        match self.window {
            Some(2..) if arq == Arq::StopAndWait => {
                Err("stop-and-wait has a window of one packet: for more say --arq go-back-n or \
                     --arq selective-repeat"
                    .into())
            }
            Some(packets) => Ok(Congestion::Fixed(packets)),
            None => Ok(arq.congestion(Congestion::default())),
        }
    }

    fn congestion_of_model(self) -> Result<Congestion, String> {
        if self.window.is_some() {
            return Err(
                "--arq tcp-like has a congestion window: say --cc newreno or --cc cubic, or --cc fixed:N \
                        for one of N packets"
                    .into(),
            );
        }
        // Ours: NewReno, because the formulas that TCP is measured by are of it, and at the rate of a chat
        // CUBIC does the same (RFC 9438 §4.3).
        Ok(self.congestion.unwrap_or(Congestion::NewReno))
    }
}

const WINDOW_AND_CC: &str = "--window N is short for --cc fixed:N: say one of them";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sending: Sending,
    }

    fn chosen(line: &str) -> Result<Choices, String> {
        let words = std::iter::once("x").chain(line.split_whitespace());
        Line::try_parse_from(words).map_err(|error| error.to_string())?.sending.choices()
    }

    #[test]
    fn without_a_word_all_is_our_own() {
        assert_eq!(chosen(""), Ok(Choices::default()));
    }

    #[test]
    fn over_tcp_nobody_is_left_to_believe_that_a_wish_was_heard() {
        let of = |words: &[&str]| Line::parse_from(words).sending.refuse_over_tcp();
        assert_eq!(of(&["x"]), Ok(()));
        for wish in [["x", "--cc", "cubic"], ["x", "--window", "3"], ["x", "--redundancy", "auto"]] {
            assert!(of(&wish).is_err_and(|text| text.contains("--transport udp")), "{wish:?}");
        }
    }

    #[test]
    fn a_window_is_that_of_the_mode_and_else_a_fixed_one() {
        for (line, arq, congestion) in [
            ("--window 5", Arq::Ours, Congestion::Fixed(5)),
            ("--cc cubic", Arq::Ours, Congestion::Cubic),
            ("--arq stop-and-wait", Arq::StopAndWait, Congestion::Fixed(1)),
            ("--arq stop-and-wait --window 1", Arq::StopAndWait, Congestion::Fixed(1)),
            ("--arq go-back-n", Arq::GoBackN, Congestion::Fixed(8)),
            ("--arq go-back-n --window 4 --redundancy off", Arq::GoBackN, Congestion::Fixed(4)),
            ("--arq selective-repeat --window 1024", Arq::SelectiveRepeat, Congestion::Fixed(1_024)),
            ("--arq tcp-like", Arq::TcpLike, Congestion::NewReno),
            ("--arq tcp-like --cc cubic", Arq::TcpLike, Congestion::Cubic),
        ] {
            let choices = chosen(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!((choices.arq, choices.congestion), (arq, congestion), "{line}");
        }
    }

    #[test]
    fn the_words_of_a_choice_choose_it() {
        for line in [
            "",
            "--cc cubic",
            "--cc fixed:3 --redundancy max",
            "--redundancy off",
            "--arq stop-and-wait --window 1",
            "--arq go-back-n --window 4",
            "--arq selective-repeat --window 8",
            "--arq tcp-like --cc newreno",
            "--arq tcp-like --cc fixed:9",
        ] {
            let choices = chosen(line).expect(line);
            assert_eq!(Sending::words(choices).join(" "), line);
        }
    }

    #[test]
    fn what_contradicts_a_mode_is_answered_with_what_to_do() {
        for (line, advice) in [
            ("--window 5 --cc cubic", "say one of them"),
            ("--arq go-back-n --cc newreno", "say --window N"),
            ("--arq stop-and-wait --cc fixed:1", "leave --cc away"),
            ("--arq stop-and-wait --window 2", "say --arq go-back-n"),
            ("--arq tcp-like --window 4", "--cc fixed:N"),
            ("--arq selective-repeat --redundancy auto", "leave --redundancy away"),
            ("--arq tcp-like --redundancy max", "leave --redundancy away"),
            ("--arq sliding-window", "there are stop-and-wait, go-back-n"),
            ("--arq go-back-n --window 0", "1..=1024"),
        ] {
            let error = chosen(line).expect_err(line);
            assert!(error.contains(advice), "{line}: {error}");
        }
    }
}
