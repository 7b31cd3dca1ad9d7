//! How does a user describe a link on the command line?
//!
//! `--delay 25ms --loss 5% --up-rate 2mbit --seed 7`: every setting of [`super::settings`] as an option for
//! both directions and, with `--up-` and `--down-`, for one; a profile to start from; and what belongs to
//! the link as a whole. [`LinkOptions`] is flattened into every command that takes link options.
//!
//! What is said of one direction counts for more than what is said of both, and that more than the profile,
//! in whatever order they are given.

use super::conditions::Conditions;
use super::config::LinkConfig;
use super::drops::NamedDrop;
use super::profile::Profile;
use super::rebind::RebindPlan;
use super::settings::{Assignment, Change, FORMS, SETTINGS, Setting};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const HEADING: &str = "The link (for both directions; --up-… and --down-… set one, such as --up-loss 5%)";

/// All link options.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = HEADING)]
pub struct LinkOptions {
    /// A link with a name, to start from; `list` prints what each sets
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileChoice>,

    #[command(flatten)]
    settings: SettingOptions,

    /// The client's port (`addr`: address) changes: port@1s/5s, at 1 s, then each 5 s
    #[arg(long, value_name = "WHAT@TIME[/TIME]")]
    rebind: Option<RebindPlan>,

    /// Drop a packet by name: client:packet#3 (repeatable)
    #[arg(long = "drop", value_name = "PACKET")]
    drops: Vec<NamedDrop>,

    /// Conditions that change over time: lines such as `10s loss=20% down-rate=1mbit`
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// The seed of all that is random: the k-th packet of a direction always meets the same fate
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// `--profile`: one of them, or the list.
#[derive(Clone, Copy, Debug)]
enum ProfileChoice {
    List,
    One(Profile),
}

impl FromStr for ProfileChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "list" { Ok(Self::List) } else { text.parse().map(Self::One) }
    }
}

impl LinkOptions {
    /// `--profile list`: print [`super::profile::list`] and end.
    pub const fn asks_for_profiles(&self) -> bool {
        matches!(self.profile, Some(ProfileChoice::List))
    }

    /// The seed, if one was given.
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The file of conditions that change over time, if one was given.
    pub fn trace(&self) -> Option<&Path> {
        self.trace.as_deref()
    }

    /// Was anything said about the link? A seed alone says nothing.
    pub fn is_empty(&self) -> bool {
        let nothing_whole = self.profile.is_none() && self.rebind.is_none() && self.trace.is_none();
        nothing_whole && self.drops.is_empty() && self.settings.0.is_empty()
    }

    /// The link that was asked for; `None` if no link option was given. `read_trace` reads the trace file.
    /// The error says which options do not fit together, or what is wrong with the trace.
    pub fn config(
        &self,
        default_seed: u64,
        read_trace: impl FnOnce(&Path) -> io::Result<String>,
    ) -> Result<Option<LinkConfig>, String> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut config = LinkConfig {
            seed: self.seed.unwrap_or(default_seed),
            rebind: self.rebind,
            drops: self.drops.clone(),
            conditions: self.conditions(read_trace)?,
            ..LinkConfig::default()
        };
        if let Some(ProfileChoice::One(profile)) = self.profile {
            profile.apply(&mut config)?;
        }
        self.settings.0.iter().for_each(|assignment| assignment.apply(&mut config));
        config.up.check().and_then(|()| config.down.check())?;
        config.conditions.check(config.clone())?;
        Ok(Some(config))
    }

    fn conditions(&self, read_trace: impl FnOnce(&Path) -> io::Result<String>) -> Result<Conditions, String> {
        let Some(path) = &self.trace else { return Ok(Conditions::default()) };
        let text =
            read_trace(path).map_err(|error| format!("cannot read the trace {}: {error}", path.display()))?;
        text.parse().map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// The options that the table of settings makes: those for both directions first.
#[derive(Clone, Debug, Default)]
struct SettingOptions(Vec<Assignment>);

fn option(setting: Setting, form: usize) -> Arg {
    let name = setting.names[form];
    let arg = Arg::new(name).long(name).help(setting.help).hide(form > 0).value_parser(setting.read);
    match setting {
        Setting { value: "", .. } => arg.action(ArgAction::Set).num_args(0).default_missing_value("on"),
        Setting { value, repeats: true, .. } => arg.value_name(value).action(ArgAction::Append),
        Setting { value, .. } => arg.value_name(value),
    }
}

impl Args for SettingOptions {
    fn augment_args(command: Command) -> Command {
        let all = (0..FORMS.len()).flat_map(|form| SETTINGS.map(|setting| option(setting, form)));
        command.args(all)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut assignments = Vec::new();
        for (form, direction) in FORMS.into_iter().enumerate() {
            for setting in SETTINGS {
                let changes = matches.get_many::<Change>(setting.names[form]).unwrap_or_default();
                assignments.extend(changes.map(|change| Assignment { direction, change: *change }));
            }
        }
        Ok(Self(assignments))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Program {
        #[command(flatten)]
        link: LinkOptions,
    }

    fn config(line: &str) -> Result<Option<LinkConfig>, String> {
        let words = std::iter::once("program").chain(line.split_whitespace());
        let program = Program::try_parse_from(words).map_err(|error| error.to_string())?;
        program.link.config(7, |_| Ok("5s loss=50%".to_owned()))
    }

    fn good(line: &str) -> LinkConfig {
        config(line)
            .unwrap_or_else(|error| panic!("{line}: {error}"))
            .unwrap_or_else(|| panic!("{line}: no link"))
    }

    #[test]
    fn no_link_option_is_no_link() {
        assert_eq!(config(""), Ok(None));
        assert_eq!(config("--seed 4"), Ok(None));
        assert!(config("--delay 0").is_ok_and(|link| link.is_some()));
    }

    #[test]
    fn the_examples_of_the_manual_are_understood() {
        for line in [
            "--delay 25ms",
            "--jitter 5ms",
            "--loss 5% --burst 4",
            "--fade 80ms@5%",
            "--reorder 1% --reorder-by 10ms",
            "--duplicate 1% --corrupt 0.1%",
            "--rate 20mbit --queue 50ms",
            "--rate 20mbit --queue 25pkt --ecn",
            "--rate 20mbit --queue 125kB",
            "--mtu 1400",
            "--outage 10s+3s --outage 20s+1s",
            "--rebind port@1s/5s",
            "--drop client:packet#3 --drop server:ack#1",
            "--trace conditions.txt",
            "--profile satellite --seed 3",
        ] {
            assert_ne!(good(line), LinkConfig { seed: good(line).seed, ..LinkConfig::default() }, "{line}");
        }
    }

    #[test]
    fn one_direction_counts_more_than_both_and_both_more_than_the_profile() {
        let link = good("--up-delay 1ms --delay 2ms --profile satellite --down-loss 9% --seed 5");
        assert_eq!(link.up.delay, Duration::from_millis(1));
        assert_eq!(link.down.delay, Duration::from_millis(2));
        assert!(link.down.loss > link.up.loss && link.up.rate.is_some());
        assert_eq!((link.seed, good("--delay 1ms").seed), (5, 7));
    }

    #[test]
    fn a_flag_for_one_direction_leaves_the_other() {
        let link = good("--rate 1mbit --down-ecn");
        assert!(link.down.ecn && !link.up.ecn);
    }

    #[test]
    fn bad_options_are_refused_with_the_right_form() {
        for (line, hint) in [
            ("--loss 5", "write 5%"),
            ("--up-delay 25", "write 25ms"),
            ("--loss 5% --loss 6%", "cannot be used multiple times"),
            ("--burst 4", "give --loss"),
            ("--loss 80% --burst 2", "--burst 4"),
            ("--queue 50ms", "give --rate"),
            ("--down-ecn", "give --rate"),
            ("--drop client:3", "client:packet#3"),
            ("--rebind 5s", "port@1s/5s"),
            ("--profile wifi", "good-wifi"),
            ("--loss 1% --burst 9 --trace conditions.txt --seed x", "--seed"),
        ] {
            let error = config(line).expect_err(line);
            assert!(error.contains(hint), "{line}: {error}");
        }
    }

    #[test]
    fn a_trace_that_cannot_be_read_is_named() {
        let program = Program::try_parse_from(["program", "--trace", "bus.txt"]).expect("good options");
        let error =
            program.link.config(0, |_| Err(io::ErrorKind::NotFound.into())).expect_err("no such file");
        assert!(error.contains("bus.txt"), "{error}");
        let error = program.link.config(0, |_| Ok("0s loss=5".to_owned())).expect_err("a bad line");
        assert!(error.starts_with("bus.txt: trace, line 1"), "{error}");
    }

    #[test]
    fn the_list_of_profiles_can_be_asked_for() {
        let asks =
            |line: [&str; 3]| Program::try_parse_from(line).is_ok_and(|it| it.link.asks_for_profiles());
        assert!(asks(["program", "--profile", "list"]) && !asks(["program", "--profile", "lan"]));
    }

    #[test]
    fn the_help_shows_each_option_once() {
        let help = <Program as clap::CommandFactory>::command().render_long_help().to_string();
        assert_eq!(help.matches("--delay").count(), 1, "{help}");
        assert!(help.contains("The link (for both") && !help.contains("--up-delay"), "{help}");
    }
}
