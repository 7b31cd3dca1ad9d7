//! The server as a whole, on virtual time: a [`World`] plays its store, its sessions and its clock.

mod door;
mod exactly_once;
mod keeping;
mod order;
mod past;
mod people;
mod posting;
mod rank;
mod rooms;
mod seeds;
mod seen;
mod storage;
mod world;

use crate::chat::message::{Counter, PostKind, ToServer};
use world::World;

/// The keys of two people.
const ANN: [u8; 32] = [1; 32];
const BEN: [u8; 32] = [2; 32];

/// The channel of the first and of the second room.
const ROOM: u64 = 8;
const ROOM_B: u64 = 12;

fn join(room: &str) -> ToServer {
    ToServer::Join { room: room.to_owned(), since: None, history: 50, since_left: false }
}

fn post(counter: u64, text: &str) -> ToServer {
    ToServer::Post { counter: Counter(counter), kind: PostKind::Text, text: text.to_owned() }
}

fn private(counter: u64, to: &str, text: &str) -> ToServer {
    ToServer::Private { counter: Counter(counter), to: to.to_owned(), text: text.to_owned() }
}

/// Ann in session 1 and Ben in session 2, both in the lobby; nothing left to hear.
fn ann_and_ben() -> World {
    let mut world = World::new();
    world.connect(1, ANN, 1, "ann");
    world.connect(2, BEN, 2, "ben");
    world.hear(1, ROOM, &join("lobby"));
    world.hear(2, ROOM, &join("lobby"));
    world.pass_ms(5_000);
    world.take_all();
    world
}
