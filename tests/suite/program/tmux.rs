//! A real terminal that a test can type into and look at: tmux, if there is one.
//!
//! Each test has a server of tmux of its own, which ends with it. In it a shell runs a script that starts the
//! program; so what stood there before, and whether it is there again, is part of every picture.

use super::harness::{WATCHDOG, program};
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Between two looks at the window.
const GLANCE: Duration = Duration::from_millis(40);

/// A window of a terminal, and the shell in it.
pub struct Window {
    home: TempDir,
}

impl Window {
    /// A window of this size; `None`, told aloud, where there is no tmux.
    pub fn open(test: &str, width: u16, height: u16) -> Option<Self> {
        let version = Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            eprintln!("skipped: {test}: there is no tmux");
            return None;
        }
        let window = Self { home: tempfile::tempdir().expect("a temporary folder") };
        let (width, height) = (width.to_string(), height.to_string());
        let opened = window
            .command(&[
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                &width,
                "-y",
                &height,
                "env PS1='ready> ' sh",
            ])
            .status()
            .expect("tmux starts");
        assert!(opened.success(), "tmux opens a window");
        window.wait_for("ready>");
        Some(window)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .env("TMUX_TMPDIR", self.home.path())
            .env_remove("TMUX")
            .args(["-u", "-L", "window"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// What tmux says to this; `None` when it refuses.
    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output = self.command(arguments).output().expect("tmux runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn tell(&self, arguments: &[&str]) {
        self.ask(arguments).unwrap_or_else(|| panic!("tmux refuses {arguments:?}"));
    }

    /// Starts `chat` in the window, by means of another program if `through` names one. When it has ended, the
    /// window says `ended with` and the exit code.
    pub fn chat(&self, server: SocketAddr, name: &str, through: &str) {
        let script = self.home.path().join("chat.sh");
        let plain = program(self.home.path());
        let mut text = String::new();
        for (name, value) in plain.get_envs() {
            let (name, value) = (name.to_string_lossy(), value.unwrap_or_default().to_string_lossy());
            let _ = writeln!(text, "export {name}='{value}'");
        }
        let start = format!("'{}' chat {server} --name {name}", env!("CARGO_BIN_EXE_sayagain"));
        let pid = self.pid_file().display().to_string();
        let _ = writeln!(text, "echo what stood here before");
        let _ = writeln!(text, "{through} sh -c 'echo $$ > \"{pid}\"; exec \"$@\"' - {start}");
        let _ = writeln!(text, "echo \"ended with $?\"");
        fs::write(&script, text).expect("the script is written");
        self.say(&format!(". '{}'", script.display()));
        self.press("Enter");
    }

    fn pid_file(&self) -> PathBuf {
        self.home.path().join("pid")
    }

    /// The number of the process of the chat.
    pub fn pid(&self) -> String {
        fs::read_to_string(self.pid_file()).expect("the script wrote it").trim().to_owned()
    }

    /// Types these characters.
    pub fn say(&self, text: &str) {
        self.tell(&["send-keys", "-l", text]);
    }

    /// Presses a key by tmux's name for it.
    pub fn press(&self, key: &str) {
        self.tell(&["send-keys", key]);
    }

    /// Pastes this, in brackets if the program asked for them.
    pub fn paste(&self, text: &str) {
        self.tell(&["set-buffer", text]);
        self.tell(&["paste-buffer", "-p"]);
    }

    /// Another size.
    pub fn resize(&self, width: u16, height: u16) {
        self.tell(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// What stands in the window, a line each.
    pub fn rows(&self) -> Vec<String> {
        self.ask(&["capture-pane", "-p"]).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// A property of the window, as tmux names it.
    pub fn property(&self, name: &str) -> String {
        self.ask(&["display-message", "-p", &format!("#{{{name}}}")]).unwrap_or_default().trim().to_owned()
    }

    /// The window is closed: whoever runs in it loses the terminal.
    pub fn close(&self) {
        self.tell(&["kill-server"]);
    }

    /// Waits until the window is as wanted, and gives its rows.
    pub fn wait(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let rows = self.rows();
            if wanted(&rows) {
                return rows;
            }
            assert!(
                began.elapsed() < WATCHDOG,
                "waited in vain for {what}; the window:\n{}",
                rows.join("\n")
            );
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits until a row has this text.
    pub fn wait_for(&self, text: &str) -> Vec<String> {
        self.wait(text, |rows| rows.iter().any(|row| row.contains(text)))
    }

    /// Waits until the server has what was said here, whether or not all have seen it.
    pub fn wait_accepted(&self, text: &str) -> Vec<String> {
        let wanted = [format!("✓ ann: {text}"), format!("✓✓ann: {text}")];
        self.wait(text, |rows| rows.iter().any(|row| wanted.iter().any(|wanted| row.contains(wanted))))
    }

    /// Waits until no row has it.
    pub fn wait_without(&self, text: &str) -> Vec<String> {
        self.wait(&format!("no {text}"), |rows| !rows.iter().any(|row| row.contains(text)))
    }

    /// Waits until what is being typed begins so.
    pub fn wait_typed(&self, text: &str) {
        self.wait(&format!("the line {text}"), |rows| {
            rows.iter().rfind(|row| !row.is_empty()).is_some_and(|row| row.starts_with(text))
        });
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It is gone already where the test has closed it.
        let _ = self.command(&["kill-server"]).status();
    }
}
