//! What is done to the nodes of a world, and when?

use crate::lab::link::{LinkConfig, Rebind};
use crate::service::api::Preference;
use crate::time::{Duration, Instant};
use crate::transport::session::Transport;

/// One thing that is done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Deed {
    /// A client's program is started. Once: whoever comes back takes another seat.
    Start { client: usize },
    /// Its user types a line.
    Type { client: usize, line: String },
    /// Its user will type no more.
    EndInput { client: usize },
    /// Its program is killed: it says nothing to anybody.
    Kill { client: usize },
    /// Its program stands still for so long.
    PauseClient { client: usize, length: Duration },
    /// Its address or port changes, and it does not know.
    Rebind { client: usize, what: Rebind },
    /// From now on nothing of this transport passes between it and the server, or everything does again.
    Block { client: usize, transport: Transport, blocked: bool },
    /// The server is killed: all is lost but what is in its store.
    KillServer,
    /// The server is started (again); nothing if it runs.
    StartServer,
    /// The server stands still for so long.
    PauseServer { length: Duration },
}

/// Where a client sits.
#[derive(Clone, PartialEq, Debug)]
pub struct SeatPlan {
    /// What is to carry its session.
    pub transport: Preference,
    /// Its way to the server. For TCP only delay, jitter, loss and outages count.
    pub link: LinkConfig,
}

/// A whole run: who sits where, and what is done. The server runs from the start.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Script {
    /// One for each client.
    pub seats: Vec<SeatPlan>,
    /// What is done, in any order of time.
    pub deeds: Vec<(Instant, Deed)>,
    /// How long the store takes for a request, at most.
    pub store_delay: Duration,
}
