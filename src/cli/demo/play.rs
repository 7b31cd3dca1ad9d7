//! How does the script become a conversation that can be read, with nobody at the terminal?

use super::people::{Person, Stage, wait_until_in};
use super::script::{ANN, BOB, PLAY, YOU};
use super::wire_count::{Counted, WireCount};
use super::{link_of, println};
use crate::chat::client::event::UserEvent;
use crate::chat::client::plain::{PlainContext, plain_lines};
use crate::cli::chat::face::{self, News};
use crate::lab::link::LinkConfig;
use crate::shell::clock;
use crate::time::Duration;
use crate::trace::Tracer;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

/// Between two lines of the script.
const PAUSE: Duration = Duration::from_millis(350);
/// How long the last line of the script may take to arrive.
const LAST_LINE_WITHIN: Duration = Duration::from_secs(5);

/// The script, as you would see it, line by line on standard output.
pub fn play(link: &LinkConfig) -> io::Result<()> {
    println("A server, ann, bob and you, over UDP; the link of each of you loses packets both ways:\n")?;
    let count = Arc::new(WireCount::default());
    let tracer = Tracer::new(Arc::clone(&count) as _);
    let stage = Stage::open(tracer.clone())?;
    let mut people = Vec::new();
    let mut ears = Vec::new();
    for (number, name) in (0..).zip([ANN, BOB, YOU]) {
        let (news, ear) = face::queue();
        people.push(Person::join(name, stage.address, link_of(number, link), news, tracer.clone())?);
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
    seat.listen(ear.as_ref(), PAUSE, usize::MAX)?;
    let Counted { sent, again, lost } = count.now();
    println(&format!(
        "\n{} of {} lines reached you. For all that the four sent {sent} packets, of which {lost}\n\
         were lost on the way; {again} said again what was missing, or asked after it.",
        seat.messages,
        PLAY.len()
    ))?;
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
}

impl Seat {
    /// Prints what comes within this span, until so many messages have been seen in all.
    fn listen(&mut self, ear: Option<&Receiver<News>>, span: Duration, enough: usize) -> io::Result<()> {
        let deadline = clock::now() + span;
        let Some(ear) = ear else { return Ok(()) };
        while self.messages < enough {
            match ear.recv_timeout(deadline - clock::now()) {
                Ok(News::Chat(event)) => self.show(event)?,
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
}

/// Somebody whose screen nobody watches.
fn ignore(ear: Receiver<News>) -> io::Result<()> {
    let work = move || while !matches!(ear.recv(), Ok(News::End) | Err(_)) {};
    thread::Builder::new().spawn(work).map(drop)
}
