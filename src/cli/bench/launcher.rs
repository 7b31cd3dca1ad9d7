//! How is a run started, and what do its programs tell?
//!
//! Over the emulated link the run is one process, `sayagain link`, which starts both sides and ends with the
//! clients. On plain loopback, for tests of everything but the link, it is two processes and no link.

use super::folder::Folder;
use super::interrupt::Interrupt;
use super::plan::Plan;
use super::process::{Process, TellProgress};
use super::rows;
use crate::cli::config;
use crate::cli::exit::{Exit, Stop};
use crate::lab::bench::{
    Account, Carried, Departures, LinkReport, Measurement, Passage, account, departure, link_report,
    packet_lines,
};
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the server listens on the emulated link.
const FAR_END: &str = "10.77.0.2:4747";
/// The longest file of packets that is read, in bytes.
const PACKETS_BYTES_MAX: u64 = 512 << 20;
/// The longest line that a server says before it listens, in bytes.
const LISTENING_BYTES_MAX: usize = 1_000;

/// Takes one run over the emulated link, with this very program. A run that this system cannot take says so
/// with [`Exit::Unavailable`]: its row is to be left out aloud.
pub fn take(plan: &Plan) -> Result<Measurement, Stop> {
    Launcher::of_this_program()?.take(plan)
}

/// The way of starting runs.
#[derive(Clone, Debug)]
pub struct Launcher {
    program: PathBuf,
    /// Over the emulated link, or on plain loopback.
    has_link: bool,
    interrupt: Interrupt,
    shows_progress: bool,
}

/// What the programs of a run told.
struct Told {
    account: Account,
    link: LinkReport,
    passages: Vec<Passage>,
    departures: Departures,
}

impl Launcher {
    /// With this very program, over the emulated link, ended by signals; progress is shown if standard error
    /// is a terminal.
    pub fn of_this_program() -> Result<Self, Stop> {
        let program = env::current_exe().map_err(Stop::failed)?;
        let interrupt = Interrupt::of_this_process();
        Ok(Self { program, has_link: true, interrupt, shows_progress: io::stderr().is_terminal() })
    }

    /// With this program, over the emulated link, ended by this interrupt.
    pub fn over_link(program: PathBuf, interrupt: Interrupt) -> Self {
        Self { program, has_link: true, interrupt, shows_progress: false }
    }

    /// With this program, on plain loopback without a link, ended by this interrupt.
    pub fn on_loopback(program: PathBuf, interrupt: Interrupt) -> Self {
        Self { program, has_link: false, interrupt, shows_progress: false }
    }

    /// Takes a run; where TCP's usual congestion control is not allowed here, with the system's own.
    pub fn take_as_allowed(&self, plan: &Plan) -> Result<Measurement, Stop> {
        match self.take(plan) {
            // A namespace of an ordinary user may set only what the system allows to everybody.
            Err(stop) if stop.exit == Exit::Unavailable => {
                rows::with_what_there_is(plan).map_or(Err(stop), |plan| self.take(&plan))
            }
            outcome => outcome,
        }
    }

    /// An error if the end of it all was asked for.
    pub fn check_interrupt(&self) -> Result<(), Stop> {
        self.interrupt.check()
    }

    /// Sets a link up and takes it down again: an error says what the system refuses, and what helps.
    pub fn try_link(&self) -> Result<(), String> {
        let program = self.program.as_os_str();
        let version = OsStr::new("--version");
        let output = Command::new(program)
            .args([
                OsStr::new("link"),
                OsStr::new("--"),
                program,
                version,
                OsStr::new("::"),
                program,
                version,
            ])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("error: ").to_owned())
        }
    }

    /// Takes a run.
    pub fn take(&self, plan: &Plan) -> Result<Measurement, Stop> {
        let folder = Folder::new().map_err(|error| Stop::failed(format!("a temporary folder: {error}")))?;
        let told = if self.has_link {
            self.take_over_link(plan, &folder)
        } else {
            self.take_over_loopback(plan, &folder)
        };
        if self.shows_progress {
            show_progress("");
        }
        told.map(|told| measurement(plan, told))
    }

    fn take_over_link(&self, plan: &Plan, folder: &Folder) -> Result<Told, Stop> {
        let (report, packets) = (folder.path().join("report.json"), folder.path().join("packets.jsonl"));
        // A bench that is killed cannot end what it has started: the link does so by itself.
        let mut words = vec![OsString::from("link"), "--with-parent".into()];
        words.extend(plan.link_words());
        words.extend(["--report".into(), report.clone().into_os_string()]);
        if plan.want_packets {
            words.extend(["--packets".into(), packets.clone().into_os_string()]);
        }
        if let Some(file) = &plan.pcap {
            words.extend(["--pcap".into(), file.clone().into_os_string()]);
        }
        let [up, down] = ["clients", "server"].map(|side| folder.path().join(format!("{side}.departures")));
        let is_told = plan.want_packets && plan.carried == Carried::Udp;
        let tells = |file: &Path| is_told.then(|| ["--departures".into(), file.as_os_str().to_owned()]);
        words.extend(["--".into(), self.program.clone().into_os_string()]);
        words.extend(plan.server_words(FAR_END).into_iter().chain(tells(&down).into_iter().flatten()));
        words.extend(["::".into(), self.program.clone().into_os_string()]);
        words.extend(plan.client_words(FAR_END).into_iter().chain(tells(&up).into_iter().flatten()));
        let account = self.account_of(self.command(&words, folder), plan)?;
        let link =
            read_file(&report, link_report::BYTES_MAX as u64).and_then(|text| link_report::read(&text));
        let passages = if plan.want_packets {
            read_file(&packets, PACKETS_BYTES_MAX).and_then(|text| packet_lines::read(&text))
        } else {
            Ok(Vec::new())
        };
        let wrong = |what: &'static str| move |error| Stop::failed(format!("the link's {what}: {error}"));
        let of_side = |file: &Path| {
            let told = if is_told { read_file(file, PACKETS_BYTES_MAX) } else { Ok(String::new()) };
            told.and_then(|text| departure::read(&text))
                .map_err(|error| Stop::failed(format!("what an end tells of its datagrams: {error}")))
        };
        Ok(Told {
            account,
            departures: Departures { up: of_side(&up)?, down: of_side(&down)? },
            link: link.map_err(wrong("report"))?,
            passages: passages.map_err(wrong("packets"))?,
        })
    }

    fn take_over_loopback(&self, plan: &Plan, folder: &Folder) -> Result<Told, Stop> {
        let server = self.command(&plan.server_words("127.0.0.1:0"), folder);
        let server = Process::start(server, LISTENING_BYTES_MAX, Box::new(|_| {}))?;
        let address = |line: &str| Some(line.strip_prefix("listening ")?.rsplit(' ').next()?.to_owned());
        let (server, address) = server.wait_for(&self.interrupt, address)?;
        let account = self.account_of(self.command(&plan.client_words(&address), folder), plan)?;
        drop(server);
        Ok(Told {
            account,
            link: LinkReport::default(),
            passages: Vec::new(),
            departures: Departures::default(),
        })
    }

    /// What the clients tell when this command is over.
    fn account_of(&self, command: Command, plan: &Plan) -> Result<Account, Stop> {
        let process = Process::start(command, account::BYTES_MAX, self.progress(&plan.label))?;
        let output = process.output(&self.interrupt)?;
        let line = output.lines().next_back().unwrap_or_default();
        Account::read(line).map_err(|error| Stop::failed(format!("what the clients tell: {error}")))
    }

    /// The program with these words, and with folders of the run's own: the user's names and keys are not
    /// touched, and their settings change no measurement.
    fn command(&self, words: &[OsString], folder: &Folder) -> Command {
        let mut command = Command::new(&self.program);
        for variable in config::variables() {
            command.env_remove(variable);
        }
        command
            .args(words)
            .env("SAYAGAIN_CONFIG_DIR", folder.path().join("config"))
            .env("SAYAGAIN_DATA_DIR", folder.path().join("data"));
        command
    }

    fn progress(&self, label: &str) -> TellProgress {
        if !self.shows_progress {
            return Box::new(|_| {});
        }
        let label = label.to_owned();
        Box::new(move |told| show_progress(&format!("{label}: {told}")))
    }
}

/// In one line of the terminal, over what stood there before (ECMA-48 §8.3.41, EL).
fn show_progress(text: &str) {
    let mut terminal = io::stderr().lock();
    // A terminal that has gone misses nothing.
    let _ = write!(terminal, "\r{text}\x1b[K").and_then(|()| terminal.flush());
}

fn read_file(path: &Path, bytes_max: u64) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    // One byte more shows that it is too long.
    let read = file.take(bytes_max + 1).read_to_string(&mut text);
    match read.map_err(|error| error.to_string())? {
        count if count as u64 > bytes_max => Err(format!("longer than {bytes_max} bytes")),
        _ => Ok(text),
    }
}

fn measurement(plan: &Plan, told: Told) -> Measurement {
    let Told { account, mut link, passages, departures } = told;
    if link.options.is_empty() {
        link.seed = plan.link.seed;
    }
    Measurement {
        carried: plan.carried,
        label: plan.label.clone(),
        model: false,
        command: plan.command(),
        messages: account.messages(),
        receivers: account.receivers(),
        fates: account.fates(&plan.workload),
        duplicated: account.duplicated(),
        out_of_order: account.out_of_order(&plan.workload),
        link,
        detail: account.detail,
        passages,
        departures,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let folder = Folder::new().expect("a folder");
        let path = folder.path().join("report");
        fs::write(&path, "12345").expect("it may be written");
        assert_eq!(read_file(&path, 5).as_deref(), Ok("12345"));
        assert!(read_file(&path, 4).is_err_and(|error| error.contains("longer than 4")));
        assert!(read_file(&folder.path().join("none"), 5).is_err());
    }
}
