//! What is asked of the kernel's TCP by those who measure it?
//!
//! Hidden options of the two programs of a run; people say `--tcp-cc` and `--nagle` to `bench`.

use crate::shell::tcp_tuning::TcpTuning;
use clap::Args;

/// `--tcp-cc`, `--nagle`.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct TcpWishes {
    /// The kernel's congestion control of TCP connections: cubic, reno, bbr, …
    #[arg(long, value_name = "NAME", hide = true)]
    tcp_cc: Option<String>,
    /// Let small segments wait for acknowledgements
    #[arg(long, hide = true)]
    nagle: bool,
}

impl TcpWishes {
    /// What is to be asked; `None` if there is nothing.
    pub fn tuning(&self) -> Option<TcpTuning> {
        let tuning = TcpTuning { congestion: self.tcp_cc.clone(), nagle: self.nagle };
        (tuning != TcpTuning::default()).then_some(tuning)
    }

    /// The words that ask for this.
    pub fn words(tuning: &TcpTuning) -> Vec<String> {
        let congestion = tuning.congestion.iter().flat_map(|name| ["--tcp-cc".to_owned(), name.clone()]);
        let nagle = tuning.nagle.then(|| "--nagle".to_owned());
        congestion.chain(nagle).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        tcp: TcpWishes,
    }

    #[test]
    fn the_words_of_a_wish_ask_for_it() {
        let bbr = Some("bbr".to_owned());
        for tuning in [
            TcpTuning { congestion: bbr.clone(), nagle: true },
            TcpTuning { congestion: bbr, nagle: false },
            TcpTuning { congestion: None, nagle: true },
        ] {
            let words = std::iter::once("x".to_owned()).chain(TcpWishes::words(&tuning));
            assert_eq!(Line::parse_from(words).tcp.tuning(), Some(tuning));
        }
        assert!(TcpWishes::words(&TcpTuning::default()).is_empty());
        assert_eq!(TcpWishes::default().tuning(), None);
    }
}
