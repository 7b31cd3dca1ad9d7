//! Who may come in, as the server's owner says on the command line?

use crate::chat::server::{DoorConfig, Rule};
use crate::cli::exit::Stop;
use crate::cli::{hidden, secret};
use crate::crypto::{BoundSalt, Identity, Purpose, Salts, Stretched};
use clap::{Args, ValueEnum};
use log::info;
use std::path::PathBuf;

/// Where the class secret may stand besides.
const VARIABLE: &str = "SAYAGAIN_CLASS_SECRET";

/// The door.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Who may come in")]
pub struct DoorOptions {
    /// Everybody, whoever knows the class secret (and members), or members only: those with an account or a
    /// token. At every door a name with an account is asked for its password
    #[arg(long, value_enum, default_value_t = DoorKind::Open, env = "SAYAGAIN_DOOR")]
    pub door: DoorKind,
    /// The class secret is this file's first line [default: the variable `SAYAGAIN_CLASS_SECRET`, else a question]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// Whom the door lets in.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DoorKind {
    /// Everybody.
    Open,
    /// Whoever knows the class secret, and members.
    Secret,
    /// Members.
    Members,
}

impl DoorOptions {
    /// What contradicts itself is wrong usage.
    pub fn check(&self, insecure: bool, ephemeral: bool) -> Result<(), Stop> {
        if insecure && self.door != DoorKind::Open {
            return Err(Stop::usage(
                "--door needs the seal: with --insecure everybody on the way could read what is proved. Leave \
                 one of the two out",
            ));
        }
        if ephemeral && self.door == DoorKind::Members {
            return Err(Stop::usage(
                "--door members needs accounts or tokens, and with --ephemeral none are kept: serve without \
                 --ephemeral, or with --door secret",
            ));
        }
        if self.secret_file.is_some() && self.door != DoorKind::Secret {
            return Err(Stop::usage("--secret-file is for --door secret"));
        }
        Ok(())
    }

    /// The door of the server with this key. Asks for the class secret where that is needed and not given.
    pub fn config(&self, server: &Identity, has_members: bool) -> Result<DoorConfig, Stop> {
        let rule = match self.door {
            DoorKind::Open => Rule::Open,
            DoorKind::Members => Rule::Members,
            DoorKind::Secret => {
                let salt = BoundSalt::new(Purpose::ClassSecret, &server.public(), [0; 16]);
                Rule::Secret(Stretched::of(&self.class_secret()?, &salt).kept())
            }
        };
        Ok(DoorConfig { rule, has_members, salts: Salts::of(server) })
    }

    fn class_secret(&self) -> Result<String, Stop> {
        const WHAT: &str = "the class secret";
        match secret::given(self.secret_file.as_deref(), VARIABLE)? {
            Some(given) => secret::checked(&given, WHAT),
            None if hidden::is_possible() => secret::new(WHAT),
            None => Err(Stop::usage(format!(
                "--door secret needs the class secret: write it into a file and say --secret-file FILE, or put \
                 it into the variable {VARIABLE}"
            ))),
        }
    }

    /// For the log.
    pub fn announce(&self) {
        match self.door {
            DoorKind::Open => {}
            DoorKind::Secret => info!("its door: whoever knows the class secret may come in, and members"),
            DoorKind::Members => info!("its door: only members may come in"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    fn options(door: DoorKind, file: bool) -> DoorOptions {
        DoorOptions { door, secret_file: file.then(|| PathBuf::from("/nowhere")) }
    }

    #[test]
    fn what_contradicts_itself_is_wrong_usage() {
        let refused = |options: DoorOptions, insecure, ephemeral| {
            let stop = options.check(insecure, ephemeral).expect_err("refused");
            assert_eq!(stop.exit, Exit::Usage);
            stop.text
        };
        assert!(refused(options(DoorKind::Secret, true), true, false).contains("--insecure"));
        assert!(refused(options(DoorKind::Members, false), false, true).contains("--ephemeral"));
        assert!(refused(options(DoorKind::Open, true), false, false).contains("--door secret"));
        assert_eq!(options(DoorKind::Secret, true).check(false, true), Ok(()));
        assert_eq!(options(DoorKind::Open, false).check(true, true), Ok(()));
    }
}
