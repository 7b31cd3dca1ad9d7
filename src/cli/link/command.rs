//! What does `sayagain link` do?
//!
//! ```text
//! sayagain link --delay 25ms --loss 5% -- iperf3 -s -1 :: iperf3 -c 10.77.0.2
//! ```

use crate::cli::arguments::Link;
use crate::cli::exit::{Outcome, Stop};
use std::ffi::OsString;

/// Between the two programs.
const SEPARATOR: &str = "::";

/// The words of the server's command and those of the client's.
fn two_commands(words: &[OsString]) -> Result<(Vec<OsString>, Vec<OsString>), Stop> {
    let mut parts = words.split(|word| word == SEPARATOR).map(<[_]>::to_vec);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(server), Some(client), None) if !server.is_empty() && !client.is_empty() => {
            Ok((server, client))
        }
        _ => Err(Stop::usage(
            "two commands are wanted, with `::` between them: sayagain link --loss 5% -- SERVER … :: CLIENT …",
        )),
    }
}

/// Runs both programs over the link. On Linux only: elsewhere it says what can be had.
#[cfg(target_os = "linux")]
pub fn run(link: &Link) -> Outcome {
    linux::run(link)
}

/// Runs both programs over the link. On Linux only: elsewhere it says what can be had.
#[cfg(not(target_os = "linux"))]
pub fn run(link: &Link) -> Outcome {
    if super::printed_profiles(&link.link)? {
        return Ok(crate::cli::exit::Exit::Done);
    }
    two_commands(&link.programs)?;
    Err(Stop::failed(
        "an emulated link below IP, and with it the kernel's own TCP on it, can only be had on Linux; on \
         Windows, WSL2 will do. Here `sayagain serve` and `sayagain chat` take the same options for UDP, \
         `sayagain sim` plays them on virtual time, and `sayagain compare` shows a model of TCP.",
    ))
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::{capture, chosen, packets, report};
    use super::{Link, OsString, Outcome, Stop, two_commands};
    use crate::cli::exit::Exit;
    use crate::shell::emulation::{Emulation, Role, Summary, split};
    use std::io;
    use std::process;

    pub fn run(link: &Link) -> Outcome {
        if chosen::printed_profiles(&link.link)? {
            return Ok(Exit::Done);
        }
        let (server, client) = two_commands(&link.programs)?;
        // No option is a perfect link: a wire of its own between two programs.
        let config = chosen::config(&link.link)?.unwrap_or_default();
        match split(link.with_parent).map_err(Stop::unavailable)? {
            Role::Outer(code) => process::exit(code),
            Role::Relay { caller, lifeline } => {
                let emulation =
                    Emulation::set_up(config.clone(), caller, lifeline).map_err(Stop::unavailable)?;
                let summary = play(link, emulation, &server, client)?;
                report::tell(&summary, &config, link.link.trace(), link.report.as_deref())
                    .map_err(Stop::failed)?;
                let code = summary.code;
                // Files are written to their end.
                drop(summary);
                // Here the pid namespace ends, and with it whatever the programs have left behind.
                process::exit(code)
            }
        }
    }

    fn play(
        link: &Link,
        mut emulation: Emulation,
        server: &[OsString],
        client: Vec<OsString>,
    ) -> Result<Summary, Stop> {
        let named = |path: &std::path::Path, error: io::Error| {
            Stop::failed(format!("cannot write {}: {error}", path.display()))
        };
        if let Some(path) = &link.pcap {
            emulation.listen(Box::new(capture::Capture::create(path).map_err(|error| named(path, error))?));
        }
        if let Some(path) = &link.packets {
            emulation.listen(Box::new(packets::Packets::create(path).map_err(|error| named(path, error))?));
        }
        if link.bare {
            emulation.leave_model_out();
        }
        if link.no_spin {
            emulation.sleep_to_the_end();
        }
        emulation.run(server, client).map_err(Stop::failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn two_commands_stand_on_the_two_sides_of_the_separator() {
        let (server, client) = two_commands(&words("nc -l 1 :: nc 10.77.0.2 1")).expect("two commands");
        assert_eq!((server, client), (words("nc -l 1"), words("nc 10.77.0.2 1")));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for line in ["", "a", "a ::", ":: a", "a :: b :: c", "::"] {
            let stop = two_commands(&words(line)).expect_err(line);
            assert!(stop.text.contains("SERVER … :: CLIENT …"), "{line}: {}", stop.text);
        }
    }
}
