//! How is a program of a run started, listened to and surely ended?
//!
//! Its output and what it says on standard error are read on threads while it runs, within bounds. When the
//! value goes, however that comes to pass, the program is killed if it still runs.

use super::interrupt::Interrupt;
use crate::cli::exit::{Exit, Stop};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What leads a line on standard error that tells how far a program is.
pub const PROGRESS: &str = "progress: ";
/// Lines of standard error that are kept, the last ones.
const ERROR_LINES_MAX: usize = 40;
/// Bytes of one such line.
const ERROR_LINE_BYTES_MAX: u64 = 4_096;
/// How often one looks whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Is told how far a program is.
pub type TellProgress = Box<dyn FnMut(&str) + Send>;

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    errors: JoinHandle<VecDeque<String>>,
}

impl Process {
    /// Starts it. Lines of its output longer than `line_bytes_max` bytes are cut.
    pub fn start(mut command: Command, line_bytes_max: usize, progress: TellProgress) -> Result<Self, Stop> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(|error| Stop::failed(format!("{program}: {error}")))?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Stop::failed("a program without output"));
        };
        let (tell, lines) = channel();
        thread::spawn(move || {
            each_line(output, line_bytes_max as u64, |line| {
                // Fails when nobody listens any more.
                let _ = tell.send(line);
            });
        });
        let errors = thread::spawn(move || last_words(errors, progress));
        Ok(Self { child, lines, errors })
    }

    /// Waits for a line of output of which `wanted` makes something.
    pub fn wait_for<T>(
        mut self,
        interrupt: &Interrupt,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T), Stop> {
        loop {
            interrupt.check()?;
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return Ok((self, found));
                    }
                }
                Err(why) => {
                    if let Some(status) = self.child.try_wait().map_err(Stop::failed)? {
                        return Err(self.stop(status));
                    }
                    if why == RecvTimeoutError::Disconnected {
                        thread::sleep(LOOK);
                    }
                }
            }
        }
    }

    /// Waits for its end and gives its output; the error is what it said on standard error.
    pub fn output(mut self, interrupt: &Interrupt) -> Result<String, Stop> {
        loop {
            interrupt.check()?;
            if let Some(status) = self.child.try_wait().map_err(Stop::failed)? {
                if !status.success() {
                    return Err(self.stop(status));
                }
                let lines: Vec<String> = self.lines.iter().collect();
                return Ok(lines.join("\n"));
            }
            thread::sleep(LOOK);
        }
    }

    /// Why the program ended so.
    fn stop(mut self, status: ExitStatus) -> Stop {
        let (_, nothing) = channel();
        self.lines = nothing;
        let errors = std::mem::replace(&mut self.errors, thread::spawn(VecDeque::new));
        stop(status.code(), &errors.join().unwrap_or_default())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a program that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The codes that mean the same to whoever asked for the run are passed on.
fn stop(code: Option<i32>, errors: &VecDeque<String>) -> Stop {
    let exit = match code {
        Some(code) if code == i32::from(Exit::UNAVAILABLE) => Exit::Unavailable,
        Some(3) => Exit::NotConnected,
        _ => Exit::Failed,
    };
    let named = errors.iter().rev().find_map(|line| line.strip_prefix("error: "));
    let text = match (named, code) {
        (Some(text), _) => text.to_owned(),
        (None, _) if !errors.is_empty() => errors.iter().cloned().collect::<Vec<_>>().join("\n"),
        (None, Some(code)) => format!("a program of the run ended with {code}, without a word"),
        (None, None) => "a program of the run was killed".to_owned(),
    };
    Stop { exit, text }
}

fn last_words(errors: impl Read, mut progress: TellProgress) -> VecDeque<String> {
    let mut last = VecDeque::new();
    each_line(errors, ERROR_LINE_BYTES_MAX, |line| {
        if let Some(told) = line.strip_prefix(PROGRESS) {
            progress(told);
            return;
        }
        if last.len() == ERROR_LINES_MAX {
            last.pop_front();
        }
        last.push_back(line);
    });
    last
}

/// Hands on each line; what is longer than `bytes_max` comes in several.
fn each_line(input: impl Read, bytes_max: u64, mut take: impl FnMut(String)) {
    let mut input = BufReader::new(input);
    loop {
        let mut line = Vec::new();
        match read_line(&mut input, bytes_max, &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned()),
        }
    }
}

fn read_line(input: &mut impl BufRead, bytes_max: u64, line: &mut Vec<u8>) -> io::Result<usize> {
    input.take(bytes_max).read_until(b'\n', line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn told(text: &str) -> (VecDeque<String>, Vec<String>) {
        let progress: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&progress);
        let note = move |line: &str| noted.lock().expect("nobody panicked").push(line.to_owned());
        let last = last_words(text.as_bytes(), Box::new(note));
        let progress = progress.lock().expect("nobody panicked").clone();
        (last, progress)
    }

    #[test]
    fn progress_is_told_and_the_rest_is_kept() {
        let (last, progress) = told("progress: sent 1\nerror: no way\nprogress: sent 2\n");
        assert_eq!(
            (last, progress),
            (["error: no way".to_owned()].into(), vec!["sent 1".into(), "sent 2".into()])
        );
    }

    #[test]
    fn what_a_program_says_is_bounded_in_lines_and_in_their_length() {
        let (last, _) = told(&"no\n".repeat(10 * ERROR_LINES_MAX));
        assert_eq!(last.len(), ERROR_LINES_MAX);
        let (last, _) = told(&"x".repeat(5_000));
        assert!(last.iter().all(|line| line.len() as u64 <= ERROR_LINE_BYTES_MAX) && last.len() == 2);
    }

    #[test]
    fn the_reason_of_an_end_is_what_the_program_said_of_it() {
        let said = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<VecDeque<_>>();
        let one = stop(Some(69), &said(&["counters", "error: no cubic here", "more counters"]));
        assert_eq!(one, Stop::unavailable("no cubic here"));
        assert_eq!(stop(Some(3), &said(&["nobody there"])), Stop::not_connected("nobody there"));
        assert_eq!(stop(None, &said(&[])), Stop::failed("a program of the run was killed"));
    }
}
