//! `demo`: what is this about, in a minute and with nothing to configure?
//!
//! ```text
//!  1  a server on loopback; ann, bob and you join it, each over a link that loses packets
//!  2  they talk (on a terminal: with you), and nothing is missing
//!  3  the same link twice more: bare UDP against UDP with our layer, in a table
//! ```
//!
//! Everything is measured as it happens; nothing is read from or written to anybody's folders.

pub mod bare;
pub mod layered;
pub mod people;
pub mod race;
pub mod script;
pub mod table;
pub mod tally;

use super::arguments::Demo;
use super::chat::face::{self, Face, FaceThread, News};
use super::chat::terminal_face::TerminalFace;
use super::exit::{Exit, Outcome, Stop};
use super::link;
use super::signals::Signals;
use crate::chat::client::event::UserEvent;
use crate::chat::client::plain::{PlainContext, plain_lines};
use crate::chat::command::COMMANDS;
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::shell::{clock, entropy};
use crate::time::Duration;
use crate::transport::session::{SessionStats, Transport};
use crate::tui::state::{Link, State, Status};
use bare::Bare;
use people::{Person, ROOM, Stage, wait_until_in};
use race::Workload;
use script::{ANN, BOB, PLAY, WELCOME, YOU, answer};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use tally::Row;

/// What each row of the table carried.
const WORKLOAD: Workload =
    Workload { messages: 200, beat: Duration::from_millis(20), bytes: 100, patience: Duration::from_secs(4) };
/// Between two lines of the script.
const PAUSE: Duration = Duration::from_millis(350);
/// Between two lines for somebody who is reading them.
const READING_PAUSE: Duration = Duration::from_millis(2_500);
/// How long the last line of the script may take to arrive.
const LAST_LINE_WITHIN: Duration = Duration::from_secs(5);

/// Plays, or lets you play, and prints the table.
pub fn run(demo: &Demo) -> Outcome {
    if link::printed_profiles(&demo.link)? {
        return Ok(Exit::Done);
    }
    let link = link::config(&demo.link)?.unwrap_or_else(usual_link);
    let said = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        talk_with_you(&link)
    } else {
        play(&link)
    };
    said.and_then(|()| compare(&link)).map(|()| Exit::Done).or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        io::ErrorKind::InvalidInput => Err(Stop::usage(error)),
        _ => Err(Stop::failed(error)),
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

/// The script, as you would see it, line by line on standard output.
fn play(link: &LinkConfig) -> io::Result<()> {
    println("A server, ann, bob and you, over UDP; the link of each of you loses packets both ways:\n")?;
    let stage = Stage::open()?;
    let mut people = Vec::new();
    let mut ears = Vec::new();
    for (number, name) in (0..).zip([ANN, BOB, YOU]) {
        let (news, ear) = face::queue();
        people.push(Person::join(name, stage.address, link_of(number, link), news)?);
        ears.push(ear);
    }
    if !ears.iter().all(wait_until_in) {
        return Err(io::Error::other("the link is so bad that not everybody could join in time"));
    }
    let mut seat = Seat::default();
    let ear = ears.pop();
    ears.into_iter().try_for_each(ignore)?;
    for (name, text) in PLAY {
        people.iter_mut().filter(|person| person.name == name).for_each(|person| person.say(text));
        seat.listen(ear.as_ref(), PAUSE, usize::MAX)?;
    }
    seat.listen(ear.as_ref(), LAST_LINE_WITHIN, PLAY.len())?;
    // The statistics of now, not those of up to a second ago.
    people.iter_mut().filter(|person| person.name == YOU).for_each(|person| person.say("/stats"));
    seat.listen(ear.as_ref(), PAUSE, usize::MAX)?;
    seat.sum_up()?;
    people.iter().for_each(Person::say_no_more);
    for person in people {
        person.wait()?;
    }
    stage.close()
}

/// What you saw so far.
#[derive(Default)]
struct Seat {
    messages: usize,
    stats: SessionStats,
}

impl Seat {
    /// Prints what comes within this span, until so many messages have been seen in all.
    fn listen(&mut self, ear: Option<&Receiver<News>>, span: Duration, enough: usize) -> io::Result<()> {
        let deadline = clock::now() + span;
        let Some(ear) = ear else { return Ok(()) };
        while self.messages < enough {
            match ear.recv_timeout(deadline - clock::now()) {
                Ok(News::Chat(event)) => self.show(event)?,
                Ok(News::Stats(stats, _)) => self.stats = stats,
                Ok(_) => {}
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// One's own lines are shown too: who reads this did not type them.
    fn show(&mut self, mut event: UserEvent) -> io::Result<()> {
        if let UserEvent::Message { own, .. } = &mut event {
            self.messages += 1;
            *own = false;
        }
        let context = PlainContext { server: "the server", transport: "udp", name: YOU };
        plain_lines(&event, &context).iter().try_for_each(|line| println(line))
    }

    fn sum_up(&self) -> io::Result<()> {
        let (seen, said) = (self.messages, PLAY.len());
        let SessionStats { sent, loss, retransmitted, .. } = self.stats;
        let (lost, again) = (loss.unwrap_or(0.0) * 100.0, retransmitted.unwrap_or(0));
        println(&format!(
            "\n{seen} of {said} lines reached you. Of the {sent} datagrams that your own client sent meanwhile \
             {lost:.0} % were\nseen to be lost, and {again} carried something for the second time or later."
        ))
    }
}

/// Somebody whose screen nobody watches.
fn ignore(ear: Receiver<News>) -> io::Result<()> {
    let work = move || while !matches!(ear.recv(), Ok(News::End) | Err(_)) {};
    thread::Builder::new().spawn(work).map(drop)
}

/// You, at the terminal, with ann and bob.
fn talk_with_you(link: &LinkConfig) -> io::Result<()> {
    let stage = Stage::open()?;
    let (bobs_news, bobs_ear) = face::queue();
    let (anns_news, anns_ear) = face::queue();
    let ann = Person::join(ANN, stage.address, link_of(0, link), anns_news)?;
    let bob = Person::join(BOB, stage.address, link_of(1, link), bobs_news)?;
    let (news, queue) = face::queue();
    let you = Person::join(YOU, stage.address, link_of(2, link), news.clone())?;
    let face = face_for_you(&you, &news, stage.address)?;
    let leaving = you.client().clone();
    let signals = Signals::install().map_err(io::Error::other)?;
    let on_signal = leaving.clone();
    signals.call(move || {
        on_signal.quit();
    });
    let face = FaceThread::start(face, (news, queue), move || {
        leaving.quit();
    })?;
    let company = thread::spawn(move || keep_company(ann, bob, &anns_ear, &bobs_ear));
    let ending = you.wait();
    face.finish()?;
    stage.close()?;
    // They have said all they had to; that their server has gone is no news.
    drop(company);
    match ending? {
        crate::service::api::Ending::NotConnected(why) => Err(io::Error::other(why)),
        _ => Ok(()),
    }
}

fn face_for_you(
    you: &Person,
    keys: &SyncSender<News>,
    server: SocketAddr,
) -> io::Result<Box<dyn Face + Send>> {
    let status = Status {
        server: server.to_string(),
        transport: Transport::Udp,
        insecure: false,
        name: YOU.to_owned(),
        room: Some(ROOM.to_owned()),
        link: Link::Connecting,
        rtt: None,
        loss: None,
    };
    let state = State::new(status, COMMANDS.iter().map(|command| format!("/{}", command.name)));
    Ok(Box::new(TerminalFace::new(state, you.client().clone(), keys.clone(), false)?))
}

/// Ann and bob say their welcome and then answer what you say, in turn.
fn keep_company(mut ann: Person, mut bob: Person, anns_ear: &Receiver<News>, bobs_ear: &Receiver<News>) {
    if !wait_until_in(anns_ear) || !wait_until_in(bobs_ear) {
        return;
    }
    let mut say = |name: &str, text: &str| if name == ANN { ann.say(text) } else { bob.say(text) };
    for (name, text) in WELCOME {
        say(name, text);
        thread::sleep(READING_PAUSE);
    }
    let mut answers = 0;
    while let Ok(news) = bobs_ear.recv() {
        match news {
            News::End => return,
            News::Chat(UserEvent::Message { from, text, .. }) if from == YOU => {
                let (name, text) = answer(answers, &text);
                say(name, &text);
                answers += 1;
            }
            _ => {}
        }
    }
}

/// The same link once with nothing on top of UDP and once with our layer, side by side.
fn compare(link: &LinkConfig) -> io::Result<()> {
    let Workload { messages, beat, bytes, .. } = WORKLOAD;
    println(&format!(
        "\nNow {messages} messages of {bytes} bytes, one each {} ms, over the same link (seed {}), measured live:\n",
        beat.as_millis(),
        link.seed
    ))?;
    let rows = rows(link)?;
    print!("{}", table::table(&rows));
    println(
        "\nBare UDP sends each message once and forgets it: what the link drops is gone. Our layer hears what \
         arrived and\nsays the rest again, and in order: nothing is lost or doubled, and the price is some waiting \
         (p99, max: the latency,\nfrom sending to delivery) and more datagrams (there + back).",
    )
}

/// One row for each way of sending; all at the same time, each over a link of its own with the same seed.
fn rows(link: &LinkConfig) -> io::Result<Vec<Row>> {
    let (one, other) = (link.clone(), link.clone());
    let bare = thread::spawn(move || {
        race::run("bare UDP", WORKLOAD, one, |_, _| Ok((Bare::default(), Bare::default())))
    });
    let layered = thread::spawn(move || {
        race::run("UDP with our layer", WORKLOAD, other, |now, server| {
            Ok(layered::ends(now, server, &mut entropy::rng()))
        })
    });
    [bare, layered]
        .into_iter()
        .map(|race| race.join().unwrap_or_else(|_| Err(io::Error::other("a race panicked"))))
        .collect()
}

fn println(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
