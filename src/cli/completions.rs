//! `completions`: what does a shell need to complete our commands?
//!
//! Written by `clap_complete` from the very definition that parses the command line, so nothing can be missing.

use super::arguments::{Arguments, Completions};
use super::exit::{Exit, Outcome, Stop};
use clap::CommandFactory;
use std::io::{self, Write};

/// Prints the script for this shell.
pub fn run(asked: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "sayagain", &mut script);
    io::stdout().write_all(&script).map_err(Stop::failed)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap_complete::Shell;

    #[test]
    fn every_shell_gets_a_script_that_knows_every_command_that_is_not_hidden() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "sayagain", &mut script);
            let script = String::from_utf8(script).expect("text");
            for command in Arguments::command().get_subcommands().filter(|it| !it.is_hide_set()) {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
