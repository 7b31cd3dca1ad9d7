//! A server and clients as child processes, in folders of their own.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before the test is taken to hang.
pub const WATCHDOG: Duration = Duration::from_mins(2);

/// A folder for keys and data, gone with the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The program, with its configuration and data in this folder.
pub fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sayagain"));
    command
        .env("SAYAGAIN_CONFIG_DIR", home.join("config"))
        .env("SAYAGAIN_DATA_DIR", home.join("data"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Lines of a child's output as they come.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Lines {
    pub fn of(output: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let filled = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                filled.0.0.lock().unwrap().push(line);
                filled.0.1.notify_all();
            }
        });
        lines
    }

    /// All so far.
    pub fn all(&self) -> Vec<String> {
        self.0.0.lock().unwrap().clone()
    }

    /// Waits until the lines so far are what is wanted, and takes that out of them.
    pub fn wait<T>(&self, what: &str, wanted: impl Fn(&[String]) -> Option<T>) -> T {
        let began = Instant::now();
        let mut lines = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = wanted(&lines) {
                return found;
            }
            assert!(began.elapsed() < WATCHDOG, "waited in vain for {what}; so far: {lines:#?}");
            lines = self.0.1.wait_timeout(lines, Duration::from_secs(1)).unwrap().0;
        }
    }

    /// Waits for a line that contains this.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(text, |lines| lines.iter().find(|line| line.contains(text)).cloned())
    }
}

/// A running server; killed with the test.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub output: Lines,
    pub log: Lines,
}

impl Server {
    /// `serve` on this address with these further arguments.
    pub fn start(home: &Path, listen: &str, arguments: &[&str]) -> Self {
        let mut command = program(home);
        command.args(["serve", "--listen", listen]).args(arguments);
        Self::of(command)
    }

    /// What this command starts.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the server starts");
        let output = Lines::of(child.stdout.take().unwrap());
        let log = Lines::of(child.stderr.take().unwrap());
        let address = output.wait("a listening line", |lines| {
            let line = lines.iter().find(|line| line.starts_with("listening "))?;
            line.rsplit(' ').next()?.parse().ok()
        });
        Self { child, address, output, log }
    }

    /// On a free port of loopback.
    pub fn anywhere(home: &Path, arguments: &[&str]) -> Self {
        Self::start(home, "127.0.0.1:0", arguments)
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ends.
    #[cfg(unix)]
    pub fn terminate(mut self) -> ExitStatus {
        terminate(&self.child);
        wait(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks a child to end.
#[cfg(unix)]
pub fn terminate(child: &Child) {
    let asked = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(asked.success());
}

/// Waits for a child's end.
pub fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(began.elapsed() < WATCHDOG, "the program does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running `chat --json`; killed with the test.
pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    pub output: Lines,
    pub errors: Lines,
    /// A folder of its own, which goes with it.
    home: Option<TempDir>,
}

impl Client {
    /// A person of their own, with a key of their own.
    pub fn person(server: SocketAddr, name: &str, arguments: &[&str]) -> Self {
        let home = folder();
        let mut client = Self::at(home.path(), server, &[&["--name", name], arguments].concat());
        client.home = Some(home);
        client
    }

    /// With the keys in this folder.
    pub fn at(home: &Path, server: SocketAddr, arguments: &[&str]) -> Self {
        let mut child = program(home)
            .args(["chat", &server.to_string(), "--json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let output = Lines::of(child.stdout.take().unwrap());
        let errors = Lines::of(child.stderr.take().unwrap());
        Self { input: child.stdin.take(), child, output, errors, home: None }
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("input is open"), "{line}").expect("the client reads");
    }

    /// Types no more.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Value> {
        events(&self.output.all())
    }

    /// Waits for an event like this.
    pub fn wait(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.output.wait(what, |lines| events(lines).into_iter().find(|event| wanted(event)))
    }

    /// Waits for an event of this kind.
    pub fn wait_event(&self, kind: &str) -> Value {
        self.wait(kind, |event| event["event"] == kind)
    }

    /// Waits for a message with this text.
    pub fn wait_text(&self, text: &str) -> Value {
        self.wait(text, |event| event["text"] == text && event["event"] != "error")
    }

    /// Waits until it is in its first room.
    pub fn wait_joined(&self) {
        self.wait("its own join", |event| event["event"] == "joined" && event["own"] == true);
    }

    /// Waits for its end; gives the exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        wait(&mut self.child).code()
    }

    /// The child itself.
    #[cfg(unix)]
    pub const fn child(&self) -> &Child {
        &self.child
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn events(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

/// Runs a command that ends by itself; gives exit code, output and errors.
pub fn run(mut command: Command) -> (Option<i32>, String, String) {
    let mut child = command.spawn().expect("it starts");
    let output = Lines::of(child.stdout.take().unwrap());
    let errors = Lines::of(child.stderr.take().unwrap());
    let code = wait(&mut child).code();
    // The readers end with the pipes; what they have by then is all there is.
    std::thread::sleep(Duration::from_millis(50));
    (code, output.all().join("\n"), errors.all().join("\n"))
}

/// Where the database of a server in this folder is.
pub fn database(home: &Path) -> PathBuf {
    home.join("data").join("sayagain.db")
}
