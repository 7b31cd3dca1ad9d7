//! `demo`: what is this about, in a minute and with nothing to configure?
//!
//! ```text
//!  1  a server on loopback; ann, bob and you join it, each over a link that loses packets
//!  2  they talk (on a terminal: with you), and nothing is missing
//!  3  the same link again: bare UDP against UDP with our layer, and against the kernel's TCP where a link
//!     below it can be made, in a table
//! ```
//!
//! Everything is measured as it happens; nothing is read from or written to anybody's folders.

pub mod bare;
pub mod compare;
pub mod layered;
pub mod people;
pub mod play;
pub mod race;
pub mod real;
pub mod script;
pub mod table;
pub mod talk;
pub mod tally;
pub mod wire_count;

use super::arguments::Demo;
use super::exit::{Exit, Outcome, Stop};
use super::link;
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::shell::entropy;
use crate::time::Duration;
use std::io::{self, IsTerminal, Write};

/// Plays, or lets you play, and prints the table.
pub fn run(demo: &Demo) -> Outcome {
    if link::printed_profiles(&demo.link)? {
        return Ok(Exit::Done);
    }
    let link = link::config(&demo.link)?.unwrap_or_else(usual_link);
    let said = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        talk::talk(&link)
    } else {
        play::play(&link)
    };
    said.and_then(|()| compare::compare(&link, demo.link.trace())).map(|()| Exit::Done).or_else(|error| {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(Exit::Done),
            io::ErrorKind::InvalidInput => Err(Stop::usage(error)),
            _ => Err(Stop::failed(error)),
        }
    })
}

/// 20 % loss and 25 ms, each way.
fn usual_link() -> LinkConfig {
    let way = DirectionConfig { loss: 0.2, delay: Duration::from_millis(25), ..DirectionConfig::default() };
    LinkConfig::symmetric(way, entropy::rng().below(1_000_000))
}

/// The same settings with dice of its own: three people are not struck by the same losses.
fn link_of(person: u64, link: &LinkConfig) -> LinkConfig {
    LinkConfig { seed: link.seed.wrapping_add(person), ..link.clone() }
}

/// A line on standard output, at once.
fn println(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
