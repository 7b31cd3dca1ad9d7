//! The chat as lines that a person would read, for pipes and for `--plain`.

use super::face::{Face, News};
use super::stats;
use crate::chat::client::event::UserEvent;
use crate::chat::client::past::past_lines;
use crate::chat::client::plain::{PlainContext, plain_lines};
use crate::files::plain as files;
use crate::shell::local_time::local_seconds;
use crate::transport::session::Transport;
use std::io::{self, Write};

/// Writes a line for each event; one's own lines are not echoed. Words of the program itself go to
/// standard error.
#[derive(Debug)]
pub struct PlainFace<W> {
    output: W,
    transport: String,
    server: String,
    name: String,
    stats_wanted: bool,
}

impl<W: Write> PlainFace<W> {
    /// Lines to `output`; `stats_wanted`: also the statistics that nobody asked for, once a second.
    pub fn new(output: W, transport: Transport, stats_wanted: bool) -> Self {
        Self {
            output,
            transport: transport.to_string(),
            server: String::new(),
            name: String::new(),
            stats_wanted,
        }
    }

    fn event(&mut self, event: &UserEvent) -> io::Result<()> {
        if let UserEvent::Connected { name } | UserEvent::Renamed { new: name, own: true, .. } = event {
            self.name.clone_from(name);
        }
        let context = PlainContext { server: &self.server, transport: &self.transport, name: &self.name };
        let lines = plain_lines(event, &context).into_iter().chain(past_lines(event, local_seconds));
        lines.collect::<Vec<_>>().iter().try_for_each(|line| self.line(line))
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.output, "{line}")?;
        self.output.flush()
    }
}

impl<W: Write> Face for PlainFace<W> {
    fn show(&mut self, news: News) -> io::Result<()> {
        match news {
            News::Reached(server) => {
                self.server = server;
                Ok(())
            }
            News::Carried(transport) => {
                self.transport = transport.to_string();
                Ok(())
            }
            News::Chat(event) => self.event(&event),
            News::File(event) => files::lines(&event).iter().try_for_each(|line| self.line(line)),
            News::Stats(_, None) if !self.stats_wanted => Ok(()),
            News::Stats(measured, None) => self.line(&format!("* {}", stats::in_words(&measured))),
            News::Stats(measured, Some(_)) => {
                stats::table(&measured).iter().try_for_each(|row| self.line(&format!("* {row}")))
            }
            News::Note(text) => {
                eprintln!("{text}");
                Ok(())
            }
            News::Keys { .. } | News::Input(_) | News::Traced | News::End => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::{MessageId, PostKind};

    fn shown(news: Vec<News>) -> String {
        let mut face = PlainFace::new(Vec::new(), Transport::Udp, false);
        for news in news {
            face.show(news).expect("memory does not fail");
        }
        String::from_utf8(face.output).expect("text")
    }

    #[test]
    fn connecting_names_the_server_the_transport_and_oneself() {
        let news = vec![
            News::Reached("10.0.0.5:4747".into()),
            News::Chat(UserEvent::Connected { name: "ann".into() }),
        ];
        assert_eq!(shown(news), "* connected to 10.0.0.5:4747 over udp as ann\n");
    }

    #[test]
    fn what_others_say_is_a_line_and_what_oneself_said_is_none() {
        let said = |from: &str, own| {
            News::Chat(UserEvent::Message {
                room: "lobby".into(),
                from: from.into(),
                kind: PostKind::Text,
                text: "hi".into(),
                id: MessageId(1),
                at_ms: 0,
                history: false,
                own,
            })
        };
        assert_eq!(shown(vec![said("bob", false), said("ann", true)]), "[lobby] bob: hi\n");
    }
}
