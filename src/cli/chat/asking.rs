//! Who answers when the server wants something proved?
//!
//! ```text
//!  loop ── question ─▶ a thread of its own: the secret known, or a person at the terminal ── proof ─▶ loop
//! ```
//!
//! A thread of its own, because a person takes their time and stretching takes some ten milliseconds. What
//! was given or typed is kept in memory for later sessions of this start, and stretched once for each salt;
//! nothing of it is ever written down.

use crate::chat::message::{Failure, Proof, Wanted};
use crate::cli::exit::Stop;
use crate::cli::{hidden, secret};
use crate::crypto::{BoundSalt, Stretched};
use crate::service::Token;
use crate::service::api::{Answer, Question};
use crate::shell::client_loop::ClientHandle;
use clap::Args;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Where the secret may stand besides.
const VARIABLE: &str = "SAYAGAIN_SECRET";

/// The client's secret.
#[derive(Args, Clone, Debug)]
pub struct SecretOption {
    /// What the server may ask for is this file's first line: the class secret, your password or a token
    /// [default: the variable `SAYAGAIN_SECRET`, else a question at a terminal]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// Something that may be what the server wants.
#[derive(Clone, PartialEq, Eq)]
enum Secret {
    Token(Token),
    Text(String),
}

impl Secret {
    /// What was typed or given so; an error says why it is no token, if it looks like one.
    fn parse(text: &str) -> Result<Self, String> {
        if Token::is_meant_by(text) {
            return text.parse().map(Self::Token).map_err(|error| error.to_string());
        }
        Ok(Self::Text(text.to_owned()))
    }
}

/// What this start of the client knows.
#[derive(Default)]
pub struct Known {
    secret: Option<Secret>,
    /// What it was typed for; `None` if it was given for whatever is asked.
    typed_for: Option<(Wanted, String)>,
    stretched: Option<(BoundSalt, [u8; 32])>,
    was_warned: bool,
}

/// The same, shared by the attempts to join under one name after another.
pub type SharedKnown = Arc<Mutex<Known>>;

impl Known {
    /// What the options and the environment give.
    pub fn given(option: &SecretOption) -> Result<SharedKnown, Stop> {
        let text = secret::given(option.secret_file.as_deref(), VARIABLE)?;
        let secret = text.map(|text| Secret::parse(&text)).transpose().map_err(Stop::usage)?;
        Ok(Arc::new(Mutex::new(Self { secret, ..Self::default() })))
    }

    /// The proof that is known for this question, if there is any that was not wrong already.
    fn proof(&mut self, question: &Question) -> Option<Proof> {
        let fits = |typed_for: &(Wanted, String)| match (typed_for.0, question.wanted) {
            (Wanted::Password, Wanted::Password) => typed_for.1 == question.name,
            (typed, wanted) => typed == wanted,
        };
        match self.secret.clone().filter(|_| !question.again)? {
            Secret::Token(token) => Some(Proof::Token(token.0)),
            Secret::Text(text) if self.typed_for.as_ref().is_none_or(fits) => {
                let stretched = self.stretched.take().filter(|(salt, _)| *salt == question.salt);
                let (_, bytes) = *self.stretched.insert(
                    stretched.unwrap_or_else(|| (question.salt, Stretched::of(&text, &question.salt).0)),
                );
                Some(Proof::Stretched(bytes))
            }
            Secret::Text(_) => None,
        }
    }

    fn on_typed(&mut self, secret: Secret, question: &Question) {
        self.secret = Some(secret);
        self.typed_for = Some((question.wanted, question.name.clone()));
        self.stretched = None;
    }

    /// Why there is no answer.
    fn failure(&self, question: &Question) -> Failure {
        const WHAT_TO_DO: &str = "put it into the first line of a file and say --secret-file FILE, or into the \
                                  variable SAYAGAIN_SECRET, or join at a terminal, which asks";
        let what = what(question);
        match (&self.secret, question.wanted) {
            (None, _) => {
                Failure::new("secret-required", format!("this server asks for {what}: {WHAT_TO_DO}"))
            }
            (Some(Secret::Token(_)), _) => Failure::new(
                "wrong-token",
                format!("the token is not good for {} on this server", question.name),
            ),
            (Some(Secret::Text(_)), Wanted::Secret) => {
                Failure::new("wrong-secret", format!("that is not {what}: ask whoever runs the server"))
            }
            (Some(Secret::Text(_)), Wanted::Password) => {
                Failure::new("wrong-password", format!("that is not {what}, or it has no account there"))
            }
        }
    }
}

/// As people say it.
fn what(question: &Question) -> String {
    match question.wanted {
        Wanted::Secret => "the class secret".to_owned(),
        Wanted::Password => format!("the password of {}", question.name),
    }
}

/// Is the answer no longer wanted, or is there nobody to ask any more?
#[derive(Default)]
struct Flags {
    is_over: AtomicBool,
    /// The terminal is drawn on: nothing can be asked there now.
    is_inside: AtomicBool,
}

/// The thread that answers.
pub struct Asking {
    questions: Sender<Question>,
    flags: Arc<Flags>,
    thread: JoinHandle<()>,
}

impl Asking {
    /// Starts it. `may_ask`: there is a person at the terminal.
    pub fn start(known: SharedKnown, may_ask: bool, client: ClientHandle) -> io::Result<Self> {
        let (questions, asked) = channel();
        let flags = Arc::new(Flags::default());
        let work = Work { known, may_ask, flags: Arc::clone(&flags) };
        let thread = thread::Builder::new().name("asking".into()).spawn(move || work.run(&asked, &client))?;
        Ok(Self { questions, flags, thread })
    }

    /// Where questions go.
    pub fn ear(&self) -> Ear {
        Ear { questions: self.questions.clone(), flags: Arc::clone(&self.flags) }
    }

    /// Nothing is wanted any more; the terminal is as it was when this returns.
    pub fn finish(self) {
        self.flags.is_over.store(true, Ordering::Relaxed);
        drop(self.questions);
        // A panic of that thread has been printed by itself.
        let _ = self.thread.join();
    }
}

/// What tells the thread.
pub struct Ear {
    questions: Sender<Question>,
    flags: Arc<Flags>,
}

impl Ear {
    /// The server asks this.
    pub fn ask(&self, question: Question) {
        // Fails only when the thread has ended, and the client will with it.
        let _ = self.questions.send(question);
    }

    /// The server has let us in.
    pub fn on_inside(&self) {
        self.flags.is_inside.store(true, Ordering::Relaxed);
    }
}

struct Work {
    known: SharedKnown,
    may_ask: bool,
    flags: Arc<Flags>,
}

impl Work {
    fn run(&self, asked: &Receiver<Question>, client: &ClientHandle) {
        while let Ok(question) = asked.recv() {
            if self.flags.is_over.load(Ordering::Relaxed) {
                return;
            }
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = self.answer(&mut known, &question);
            client.answer(answer);
        }
    }

    fn answer(&self, known: &mut Known, question: &Question) -> Answer {
        let may_ask = self.may_ask && !self.flags.is_inside.load(Ordering::Relaxed);
        if question.first_meeting && !std::mem::replace(&mut known.was_warned, true) {
            eprintln!("{}", first_meeting(may_ask));
        }
        if let Some(proof) = known.proof(question) {
            return Ok(proof);
        }
        if !may_ask {
            return Err(known.failure(question));
        }
        if question.again {
            let tries = if question.tries_left == 1 { "try is" } else { "tries are" };
            eprintln!("that was wrong; {} {tries} left", question.tries_left);
        }
        let secret = self.ask(question)?;
        known.on_typed(secret, question);
        let unasked = Question { again: false, ..question.clone() };
        known.proof(&unasked).ok_or_else(|| known.failure(question))
    }

    fn ask(&self, question: &Question) -> Result<Secret, Failure> {
        let nothing = || Failure::new("secret-required", format!("{} was not given", what(question)));
        loop {
            let is_over = || self.flags.is_over.load(Ordering::Relaxed);
            let typed = hidden::ask(&format!("{} (or a token)", what(question)), is_over)
                .ok()
                .flatten()
                .ok_or_else(nothing)?;
            match Secret::parse(&typed) {
                Ok(Secret::Text(text)) if text.trim().is_empty() => {}
                Ok(secret) => return Ok(secret),
                Err(why) => eprintln!("{why}"),
            }
        }
    }
}

fn first_meeting(may_ask: bool) -> &'static str {
    if may_ask {
        "This is the first time that you meet this server, and nothing has shown yet that it is the one you \
         mean. If you are not sure, leave with Ctrl-C before you type the secret, and come by its join code \
         (sa-…), which vouches for it."
    } else {
        "warning: the secret goes to a server that is met for the first time and whose key nobody has compared; \
         its join code (sa-…) would vouch for it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{PublicKey, Purpose};

    fn question(wanted: Wanted, name: &str, again: bool) -> Question {
        let salt = BoundSalt::new(Purpose::Password, &PublicKey([1; 32]), [0; 16]);
        Question { wanted, name: name.to_owned(), salt, tries_left: 5, again, first_meeting: false }
    }

    fn given(text: &str) -> Known {
        Known { secret: Some(Secret::parse(text).expect("a secret")), ..Known::default() }
    }

    #[test]
    fn what_was_given_answers_whatever_is_asked_but_not_twice() {
        let mut known = given("correct horse");
        for wanted in [Wanted::Secret, Wanted::Password] {
            let asked = question(wanted, "ann", false);
            let stretched = Stretched::of("correct horse", &asked.salt);
            assert_eq!(known.proof(&asked), Some(Proof::Stretched(stretched.0)));
            assert_eq!(known.proof(&question(wanted, "ann", true)), None);
        }
        let mut known = given(&Token([5; 16]).to_string());
        assert_eq!(known.proof(&question(Wanted::Secret, "ann", false)), Some(Proof::Token([5; 16])));
    }

    #[test]
    fn what_was_typed_for_one_thing_is_not_sent_for_another() {
        let mut known = Known::default();
        known.on_typed(Secret::parse("correct horse").unwrap(), &question(Wanted::Password, "ann", false));
        assert!(known.proof(&question(Wanted::Password, "ann", false)).is_some());
        assert_eq!(known.proof(&question(Wanted::Password, "ben", false)), None);
        assert_eq!(known.proof(&question(Wanted::Secret, "ann", false)), None);
    }

    #[test]
    fn why_there_is_no_answer_has_a_code_for_scripts() {
        let code = |known: &Known, wanted| known.failure(&question(wanted, "ann", true)).code;
        assert_eq!(code(&Known::default(), Wanted::Secret), "secret-required");
        assert_eq!(code(&given("correct horse"), Wanted::Secret), "wrong-secret");
        assert_eq!(code(&given("correct horse"), Wanted::Password), "wrong-password");
        assert_eq!(code(&given(&Token([5; 16]).to_string()), Wanted::Password), "wrong-token");
        assert!(Secret::parse("sat-1234").is_err_and(|why| why.contains("28 characters")));
    }
}
