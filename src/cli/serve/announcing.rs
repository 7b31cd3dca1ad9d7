//! Is the server announced on its network, and what does it tell there?

use super::door::DoorKind;
use crate::cli::arguments::{Serve, ServedTransport};
use crate::crypto::{PublicKey, Thumbprint};
use crate::service::api::ServerEvent;
use crate::service::discovery::{Announcement, Door, Reach, Spoken};
use crate::shell::discovery::Announcer;
use crate::wire::datagram::VERSION;
use clap::Args;
use log::{info, warn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether to announce.
#[derive(Args, Clone, Copy, Debug)]
pub struct AnnounceOptions {
    /// Do not announce this server on its network: clients need its join code or its address
    #[arg(long)]
    pub unannounced: bool,
}

/// How many are here, for the thread that tells it.
#[derive(Clone, Default, Debug)]
pub struct People(Arc<AtomicU32>);

impl People {
    /// Something happened that may have changed it.
    pub fn on_event(&self, event: &ServerEvent) {
        if let ServerEvent::Connected { sessions, .. } | ServerEvent::Disconnected { sessions, .. } = event {
            self.0.store(u32::try_from(*sessions).unwrap_or(u32::MAX), Ordering::Relaxed);
        }
    }
}

/// Announces the server that is bound to this address, unless it is told not to; until what is given back is
/// dropped.
pub fn announce(serve: &Serve, name: &str, bound: SocketAddr, key: &PublicKey, people: &People) -> Announcer {
    if serve.announce.unannounced {
        info!("not announced on the network: clients need its join code or its address");
        return Announcer::default();
    }
    if Reach::of(bound.ip()) == Reach::Nowhere {
        return Announcer::default();
    }
    let told = announcement(serve, name, bound, key);
    let (announcer, complaints) = Announcer::start(&told, bound.ip(), Arc::clone(&people.0));
    complaints.iter().for_each(|complaint| warn!("{complaint}"));
    if announcer.is_announced() {
        info!("announced on the network as \"{name}\"; there `sayagain chat` finds it by itself");
    }
    announcer
}

fn announcement(serve: &Serve, name: &str, bound: SocketAddr, key: &PublicKey) -> Announcement {
    let door = match serve.door.door {
        DoorKind::Open => Door::Open,
        DoorKind::Secret => Door::Secret,
        DoorKind::Members => Door::Members,
    };
    Announcement {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: VERSION,
        port: bound.port(),
        thumbprint: Thumbprint::of(key),
        door,
        spoken: Spoken {
            udp: serve.transport != ServedTransport::Tcp,
            tcp: serve.transport != ServedTransport::Udp,
        },
        is_clear: serve.insecure,
        // Whoever may not come in need not know how many are inside.
        people: (door == Door::Open).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use clap::Parser;

    fn serve(line: &str) -> Serve {
        let arguments = Arguments::try_parse_from(line.split_whitespace()).expect("a good line");
        match arguments.command {
            Command::Serve(serve) => serve,
            other => panic!("{other:?}"),
        }
    }

    fn told(line: &str) -> Announcement {
        announcement(&serve(line), "lab", "0.0.0.0:4750".parse().unwrap(), &PublicKey([1; 32]))
    }

    #[test]
    fn what_is_told_is_what_is_served() {
        let open = told("sayagain serve");
        assert_eq!((open.port, open.door, open.people), (4750, Door::Open, Some(0)));
        assert_eq!(open.spoken, Spoken { udp: true, tcp: true });
        assert!(!open.is_clear && told("sayagain serve --insecure").is_clear);
        assert_eq!(told("sayagain serve --transport tcp").spoken, Spoken { udp: false, tcp: true });
        assert_eq!(told("sayagain serve --transport udp").spoken, Spoken { udp: true, tcp: false });
        assert_eq!(open.thumbprint, Thumbprint::of(&PublicKey([1; 32])));
    }

    #[test]
    fn behind_a_door_nobody_is_told_how_many_are_inside() {
        for (word, door) in [("secret", Door::Secret), ("members", Door::Members)] {
            let told = told(&format!("sayagain serve --door {word}"));
            assert_eq!((told.door, told.people), (door, None));
        }
    }

    #[test]
    fn loopback_is_not_announced_and_neither_is_who_does_not_want_it() {
        let lines = [
            ("sayagain serve", "127.0.0.1:1"),
            ("sayagain serve", "[::1]:1"),
            ("sayagain serve --unannounced", "0.0.0.0:1"),
        ];
        for (line, bound) in lines {
            let bound = bound.parse().unwrap();
            let announcer = announce(&serve(line), "lab", bound, &PublicKey([1; 32]), &People::default());
            assert!(!announcer.is_announced(), "{line} {bound}");
        }
    }

    #[test]
    fn how_many_are_here_follows_who_comes_and_goes() {
        let people = People::default();
        let address = "10.0.0.1:1".parse().unwrap();
        let gone = |sessions| ServerEvent::Disconnected {
            name: "ann".into(),
            address,
            reason: "left".into(),
            sessions,
        };
        people.on_event(&gone(3));
        people.on_event(&ServerEvent::Renamed { old: "a".into(), new: "b".into() });
        assert_eq!(people.0.load(Ordering::Relaxed), 3);
    }
}
