//! What was sent, what arrived, what is lost, and when to ask again?
//!
//! Leaves that know nothing of each other, each a file that is read in one sitting:
//!
//! - [`rtt`]: how long a round trip takes (RFC 6298, RFC 9002 §5)
//! - [`sent`]: which packets are in flight, and what each carried
//! - [`received`]: which packets arrived, and what to acknowledge
//! - [`loss`]: the verdict on a packet that later ones overtook (RFC 9002 §6.1)
//! - [`probe`]: when to ask again after silence (RFC 9002 §6.2)
//!
//! [`recovery`] is where their verdicts meet.

pub mod loss;
pub mod probe;
pub mod received;
pub mod recovery;
pub mod rtt;
pub mod sent;
