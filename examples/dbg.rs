use sayagain::lab::flow::testbed::{Ears, Testbed};
use sayagain::lab::flow::*;
use sayagain::lab::link::config::Fade;
use sayagain::lab::link::*;
use sayagain::time::*;
use sayagain::trace::*;
use std::sync::{Arc, Mutex};
#[derive(Default)]
struct S(Mutex<Vec<(u64, String)>>, &'static str);
impl Sink for S {
    fn event(&self, now: Instant, _: u64, e: &TraceEvent) {
        self.0.lock().unwrap().push((now.as_micros(), format!("{} {:?}", self.1, e)));
    }
}
fn main() {
    let seed: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let fade = Some(Fade { mean: Duration::from_millis(80), share: 0.05 });
    let way = DirectionConfig { delay: Duration::from_millis(25), fade, ..Default::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.paced = Paced { messages: 5250, ..Default::default() };
    plan.warm_up = Duration::from_secs(5);
    let c = Arc::new(S(Default::default(), "C"));
    let s = Arc::new(S(Default::default(), "S"));
    let mut t = Testbed::new(&plan, seed, Ears { clients: Some(c.clone()), server: Some(s.clone()) });
    t.finish().unwrap();
    // ideal
    let mut link: Link<()> = Link::new(LinkConfig { seed, ..plan.link.clone() }, at(0));
    let mut up = vec![];
    for ms in 0..200_000u64 {
        let v = link.handle_packet(at(ms * 1000), Direction::Up, 100, &[], ());
        up.push(matches!(v, Verdict::Passes(_)));
        while link.poll_delivery(at(ms * 1000)).is_some() {}
    }
    // deliveries
    let mut sent = vec![];
    let mut got = vec![];
    for (t, e) in c.0.lock().unwrap().iter() {
        if e.contains("PieceSent") && e.contains("cause: First") {
            sent.push(*t);
        }
    }
    for (t, e) in s.0.lock().unwrap().iter() {
        if e.contains("MessageDelivered") {
            got.push(*t);
        }
    }
    let mut worst = vec![];
    for (i, (a, b)) in sent.iter().zip(&got).enumerate() {
        let mut ms = a.div_ceil(1000) as usize;
        while !up[ms] {
            ms += 1;
        }
        let ideal = ms as u64 * 1000 + 25_000;
        worst.push((b.saturating_sub(ideal), i, *a, *b, ideal));
    }
    worst.sort();
    worst.reverse();
    for w in worst.iter().take(12) {
        println!("{w:?}");
    }
    let (_, _, a, b, _) = worst[0];
    let mut all: Vec<_> =
        c.0.lock()
            .unwrap()
            .iter()
            .chain(s.0.lock().unwrap().iter())
            .filter(|(t, _)| *t >= a.saturating_sub(30_000) && *t <= b + 1000)
            .cloned()
            .collect();
    all.sort_by_key(|x| x.0);
    for (t, e) in all {
        println!("{t} {} {e}", if up[(t / 1000) as usize] { ' ' } else { 'x' });
    }
}
