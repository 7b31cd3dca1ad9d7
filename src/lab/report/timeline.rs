//! What became of each message of one run, and which packets were lost meanwhile?
//!
//! ```text
//!  delivered ──────●──●──────●●●●───●──   a stroke leans as far to the right as its message took
//!                 /  /      ////   /
//!  handed in  ───●──●──●──●──●──●──●───
//!  lost up              ×
//!  lost down                   ×
//! ```

use super::comparison::shown_label;
use super::quantity::{is_late, late_bound, millis};
use super::spread::rounded;
use crate::lab::bench::{Fate, Measurement};
use crate::lab::link::{Direction, DropCause};
use crate::time::{Duration, Instant};

/// How long after the last message something is still drawn.
const AFTER: Duration = Duration::from_millis(200);

/// What became of a message; times in ms since the first was handed in.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stroke {
    /// Its number.
    pub number: u64,
    /// When it was handed in.
    pub sent: f64,
    /// When it was delivered; `None`: never.
    pub delivered: Option<f64>,
    /// It came late: see [`super::quantity::LATE`].
    pub late: bool,
}

/// A packet that the link dropped.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lost {
    /// When, in ms since the first message was handed in.
    pub at: f64,
    /// Which way.
    pub direction: Direction,
    /// Why.
    pub cause: DropCause,
}

/// A run, message by message, to its first receiver.
#[derive(Clone, PartialEq, Debug)]
pub struct Timeline {
    /// What the run is called.
    pub label: String,
    /// The simulator computed it.
    pub model: bool,
    /// The command that takes it again.
    pub command: String,
    /// From when on a message is late, in ms.
    pub late_from: Option<f64>,
    /// Each message.
    pub strokes: Vec<Stroke>,
    /// Each packet that was lost meanwhile; `None`: nobody kept the packets.
    pub lost: Option<Vec<Lost>>,
    /// Where it ends, in ms.
    pub end: f64,
}

impl Timeline {
    /// Of this run.
    pub fn of(run: &Measurement) -> Self {
        let fates = || run.fates.iter().filter(|fate| fate.receiver == 0);
        let zero = fates().map(|fate| fate.sent).min().unwrap_or_default();
        let moments = fates().flat_map(|fate| [Some(fate.sent), fate.delivered]).flatten();
        let end = moments.max().unwrap_or(zero) + AFTER;
        let bound = late_bound(run);
        let strokes = fates().map(|fate| Stroke {
            number: fate.number,
            sent: since(zero, fate.sent),
            delivered: fate.delivered.map(|at| since(zero, at)),
            late: bound.is_some_and(|bound| is_late(fate, bound)),
        });
        Self {
            label: shown_label(run),
            model: run.model,
            command: run.command.clone(),
            late_from: bound.map(|bound| rounded(millis(bound))),
            strokes: strokes.collect(),
            lost: (!run.passages.is_empty()).then(|| lost(run, zero, end)),
            end: since(zero, end),
        }
    }

    /// How many were late, and how many never came.
    pub fn late_and_missing(&self) -> (usize, usize) {
        let late = self.strokes.iter().filter(|stroke| stroke.late).count();
        (late, self.strokes.iter().filter(|stroke| stroke.delivered.is_none()).count())
    }
}

fn lost(run: &Measurement, zero: Instant, end: Instant) -> Vec<Lost> {
    let meanwhile = run.passages.iter().filter(|it| (zero..=end).contains(&it.entered));
    let dropped = meanwhile.filter_map(|it| match it.fate {
        Fate::Dropped(cause) => Some(Lost { at: since(zero, it.entered), direction: it.direction, cause }),
        Fate::Delivered(_) => None,
    });
    dropped.collect()
}

fn since(zero: Instant, moment: Instant) -> f64 {
    rounded(millis(moment - zero))
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::lab::bench::{Passage, Protocol};
    use crate::time::at;

    #[test]
    fn each_message_and_each_lost_packet_has_its_moment() {
        let mut run = made_up::run("udp", &[Some(50), None, Some(100)]);
        let dropped = |entered| Passage {
            entered: at(entered),
            direction: Direction::Down,
            number: 1,
            ip_bytes: 128,
            client_port: 1,
            protocol: Protocol::Udp,
            fate: Fate::Dropped(DropCause::Loss),
        };
        assert_eq!(Timeline::of(&run).lost, None, "nobody kept the packets");
        run.passages = vec![dropped(900_000), dropped(1_010_000), dropped(1_900_000)];
        let timeline = Timeline::of(&run);
        let strokes: Vec<_> = timeline.strokes.iter().map(|it| (it.sent, it.delivered, it.late)).collect();
        assert_eq!(strokes, [(0.0, Some(50.0), false), (20.0, None, false), (40.0, Some(140.0), true)]);
        let lost = timeline.lost.as_deref().unwrap_or_default();
        assert_eq!(lost.iter().map(|it| it.at).collect::<Vec<_>>(), [10.0]);
        assert_eq!((timeline.late_and_missing(), timeline.end), ((1, 1), 340.0));
    }
}
