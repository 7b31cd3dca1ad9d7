//! The client against a server made of paper: scripted, where a test says what the server says, and
//! generated, where sessions break at random and every promise is checked.

mod generated;
mod past;
mod scripted;
mod terms;
mod toy_server;
mod whole_chat;

use super::event::{LineNumber, UserEvent};
use super::{ChatClient, ChatClientConfig, Reading};
use crate::chat::message::Instance;

const INSTANCE: Instance = Instance([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9]);

fn client() -> ChatClient {
    let (name, room) = ("ann".to_owned(), "lobby".to_owned());
    ChatClient::new(ChatClientConfig {
        instance: INSTANCE,
        name,
        room,
        reading: Reading { history: 5, ..Reading::default() },
    })
}

fn events(client: &mut ChatClient) -> Vec<UserEvent> {
    std::iter::from_fn(|| client.poll_event()).collect()
}
