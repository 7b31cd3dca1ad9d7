//! How do you, at a terminal, talk with ann and bob?

use super::link_of;
use super::people::{Person, ROOM, Stage, wait_until_in};
use super::script::{ANN, BOB, WELCOME, YOU, answer};
use crate::chat::client::event::UserEvent;
use crate::chat::command::COMMANDS;
use crate::cli::chat::face::{self, Face, FaceThread, News};
use crate::cli::chat::terminal_face::TerminalFace;
use crate::cli::chat::witness::Witness;
use crate::cli::signals::Signals;
use crate::lab::link::LinkConfig;
use crate::service::api::Ending;
use crate::time::Duration;
use crate::trace::Tracer;
use crate::transport::session::Transport;
use crate::tui::state::{Link, State, Status};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;

/// Between two lines for somebody who is reading them.
const READING_PAUSE: Duration = Duration::from_millis(2_500);

/// You, at the terminal, with ann and bob.
pub fn talk(link: &LinkConfig) -> io::Result<()> {
    let tracer = Tracer::default();
    let stage = Stage::open(tracer.clone())?;
    let (bobs_news, bobs_ear) = face::queue();
    let (anns_news, anns_ear) = face::queue();
    let ann = Person::join(ANN, stage.address, link_of(0, link), anns_news, tracer.clone())?;
    let bob = Person::join(BOB, stage.address, link_of(1, link), bobs_news, tracer.clone())?;
    let (news, queue) = face::queue();
    let witness = Arc::new(Witness::default());
    let yours = tracer.and(Arc::clone(&witness) as _);
    let you = Person::join(YOU, stage.address, link_of(2, link), news.clone(), yours)?;
    let face = face_for_you(&you, &news, witness, stage.address)?;
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
    face.finish().map_err(io::Error::other)?;
    stage.close()?;
    // They have said all they had to; that their server has gone is no news.
    drop(company);
    match ending? {
        Ending::NotConnected(why) => Err(io::Error::other(why)),
        _ => Ok(()),
    }
}

fn face_for_you(
    you: &Person,
    keys: &SyncSender<News>,
    witness: Arc<Witness>,
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
    Ok(Box::new(TerminalFace::new(state, you.client().clone(), keys.clone(), witness, false)?))
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
