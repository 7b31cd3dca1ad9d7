//! How loud is the program on standard error?

use clap::Args;
use log::LevelFilter;
use simplelog::{ConfigBuilder, WriteLogger};

/// `-v`, `-vv`, `-q`.
#[derive(Args, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Verbosity {
    /// Say more (-vv: everything)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

impl Verbosity {
    /// The level for a program that usually says `usual`.
    pub fn level(self, usual: LevelFilter) -> LevelFilter {
        if self.quiet {
            return LevelFilter::Error;
        }
        match self.verbose {
            0 => usual,
            1 => LevelFilter::Debug.max(usual),
            _ => LevelFilter::Trace,
        }
    }

    /// From now on log records go to standard error, with the time of day (UTC).
    pub fn start(self, usual: LevelFilter) {
        let config = ConfigBuilder::new()
            .set_thread_level(LevelFilter::Off)
            .set_target_level(LevelFilter::Off)
            .add_filter_allow_str(env!("CARGO_PKG_NAME"))
            .build();
        // Fails only if a logger is there already: then that one goes on.
        let _ = WriteLogger::init(self.level(usual), config, std::io::stderr());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_says_more_and_q_only_errors() {
        let level = |verbose, quiet| Verbosity { verbose, quiet }.level(LevelFilter::Info);
        assert_eq!(level(0, false), LevelFilter::Info);
        assert_eq!(level(1, false), LevelFilter::Debug);
        assert_eq!(level(5, false), LevelFilter::Trace);
        assert_eq!(level(0, true), LevelFilter::Error);
    }
}
