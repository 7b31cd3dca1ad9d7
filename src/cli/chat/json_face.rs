//! The chat as JSON, an object a line, for scripts.

use super::face::{Face, News};
use crate::cli::json::{self, Session};
use crate::cli::json_files;
use crate::shell::clock;
use crate::transport::session::Transport;
use serde_json::Value;
use std::io::{self, Write};

/// Writes an object for each event. Words of the program itself go to standard error.
#[derive(Debug)]
pub struct JsonFace<W> {
    output: W,
    transport: String,
    server: String,
    stats_wanted: bool,
}

impl<W: Write> JsonFace<W> {
    /// Lines to `output`; `stats_wanted`: also the statistics that nobody asked for, once a second.
    pub fn new(output: W, transport: Transport, stats_wanted: bool) -> Self {
        Self { output, transport: transport.to_string(), server: String::new(), stats_wanted }
    }

    fn object(&mut self, object: &Value) -> io::Result<()> {
        writeln!(self.output, "{object}")?;
        self.output.flush()
    }
}

impl<W: Write> Face for JsonFace<W> {
    fn show(&mut self, news: News) -> io::Result<()> {
        let at_us = clock::now().as_micros();
        match news {
            News::Reached(server) => {
                self.server = server;
                Ok(())
            }
            News::Carried(transport) => {
                self.transport = transport.to_string();
                Ok(())
            }
            News::Chat(event) => {
                let session = Session { transport: &self.transport, server: &self.server };
                let object = json::object(&event, session, at_us);
                self.object(&object)
            }
            News::File(event) => self.object(&json_files::object(&event, at_us)),
            News::Stats(_, None) if !self.stats_wanted => Ok(()),
            News::Stats(stats, line) => self.object(&json::stats(&stats, line, at_us)),
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
    use crate::chat::client::event::UserEvent;

    #[test]
    fn each_event_is_one_line_stamped_when_it_is_written() {
        let before = clock::now().as_micros();
        let mut face = JsonFace::new(Vec::new(), Transport::Tcp, false);
        for news in [
            News::Reached("[::1]:4747".into()),
            News::Chat(UserEvent::Connected { name: "ann".into() }),
            News::Chat(UserEvent::Notice { text: "two\nlines".into() }),
        ] {
            face.show(news).expect("memory does not fail");
        }
        let text = String::from_utf8(face.output).expect("text");
        let objects: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(objects.len(), 2);
        assert_eq!((&objects[0]["server"], &objects[0]["transport"]), (&"[::1]:4747".into(), &"tcp".into()));
        let at_us = objects[0]["at_us"].as_u64().expect("a number");
        assert!((before..=clock::now().as_micros()).contains(&at_us));
        assert_eq!(objects[1]["text"], "two\nlines");
    }

    #[test]
    fn each_connected_names_what_carries_the_session_now() {
        let mut face = JsonFace::new(Vec::new(), Transport::Udp, false);
        let connected = || News::Chat(UserEvent::Connected { name: "ann".into() });
        for news in [connected(), News::Carried(Transport::Tcp), connected(), connected()] {
            face.show(news).expect("memory does not fail");
        }
        let text = String::from_utf8(face.output).expect("text");
        let told: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(told.iter().map(|event| &event["transport"]).collect::<Vec<_>>(), ["udp", "tcp", "tcp"]);
    }
}
