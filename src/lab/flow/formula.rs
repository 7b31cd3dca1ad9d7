//! What do the textbooks say that a protocol gets through?
//!
//! Pure formulas. Of a link of a stated rate the *utilisation* is the share of its time in which it sends
//! something that is used:
//!
//! ```text
//!   a = propagation time one way / transmission time of a packet     1 + 2a: a round trip, in packets
//!   p = probability that a packet must go again                      W: the window, in packets
//!
//!   stop-and-wait       (1 - p) / (1 + 2a)
//!   selective repeat    (1 - p) · min(1, W / (1 + 2a))
//!   go-back-N           (1 - p) / (1 + 2ap)                          if W ≥ 1 + 2a
//!                       W (1 - p) / ((1 + 2a) (1 - p + Wp))          else
//! ```
//!
//! and of TCP, with b = 2 packets for each acknowledgement, in packets a second:
//!
//! ```text
//!   Mathis et al.       √(3 / 2bp) / RTT
//!   Padhye et al.       1 / (RTT √(2bp / 3) + T0 · min(1, 3 √(3bp / 8)) · p (1 + 32 p²))
//! ```
//!
//! Sources: Stallings, Data and Computer Communications, the performance of ARQ (the first three, with
//! Tanenbaum, Computer Networks, §3.4 on the same); Mathis, Semke, Mahdavi, Ott, CCR 27(3), 1997; Padhye,
//! Firoiu, Towsley, Kurose, SIGCOMM 1998, formula 30. Left out on purpose: lost acknowledgements, which the
//! books count into p and which cost nothing where a later one says the same.

/// Packets for each acknowledgement of TCP (RFC 5681 §4.2).
const PACKETS_EACH: f64 = 2.0;

/// The share of a link's time that stop-and-wait uses.
pub fn stop_and_wait(p: f64, a: f64) -> f64 {
    (1.0 - p) / (1.0 + 2.0 * a)
}

/// The same of selective repeat with a window of so many packets.
pub fn selective_repeat(p: f64, a: f64, window: f64) -> f64 {
    (1.0 - p) * (window / (1.0 + 2.0 * a)).min(1.0)
}

/// The same of go-back-N.
pub fn go_back_n(p: f64, a: f64, window: f64) -> f64 {
    let trip = 1.0 + 2.0 * a;
    if window >= trip {
        (1.0 - p) / (1.0 + 2.0 * a * p)
    } else {
        window * (1.0 - p) / (trip * (1.0 - p + window * p))
    }
}

/// Packets a second that TCP sends if this share is lost, by Mathis et al.; endless without loss.
pub fn mathis(p: f64, round_trip: f64) -> f64 {
    (3.0 / (2.0 * PACKETS_EACH * p)).sqrt() / round_trip
}

/// The same by Padhye et al., who count timeouts of `timeout` seconds as well.
pub fn padhye(p: f64, round_trip: f64, timeout: f64) -> f64 {
    let b = PACKETS_EACH;
    let halved = round_trip * (2.0 * b * p / 3.0).sqrt();
    let timed_out = timeout * (3.0 * (3.0 * b * p / 8.0).sqrt()).min(1.0) * p * (1.0 + 32.0 * p * p);
    1.0 / (halved + timed_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-3, "{value}, not {expected}");
    }

    #[test]
    fn the_examples_of_the_books_come_out() {
        near(stop_and_wait(0.0, 0.5), 0.5);
        // Tanenbaum §3.4: 50 kbit/s by satellite, 250 ms one way, packets of 1,000 bits: 4 %.
        near(stop_and_wait(0.0, 12.5), 0.038);
        near(selective_repeat(0.1, 10.0, 127.0), 0.9);
        near(selective_repeat(0.0, 10.0, 7.0), 1.0 / 3.0);
        near(go_back_n(0.1, 10.0, 127.0), 0.3);
        near(go_back_n(0.1, 10.0, 7.0), 7.0 * 0.9 / (21.0 * 1.6));
    }

    #[test]
    fn a_window_of_one_is_stop_and_wait_whatever_its_name() {
        for (p, a) in [(0.0, 3.0), (0.1, 0.5), (0.3, 40.0)] {
            near(selective_repeat(p, a, 1.0), stop_and_wait(p, a));
            near(go_back_n(p, a, 1.0), stop_and_wait(p, a));
        }
    }

    #[test]
    fn tcp_gets_half_for_four_times_the_loss_and_less_where_it_times_out() {
        near(mathis(0.01, 0.1), 86.6025);
        near(mathis(0.04, 0.1), 86.6025 / 2.0);
        near(padhye(0.01, 0.1, 0.2), 1.0 / (0.011_547 + 0.2 * 0.259_807 * 0.01 * 1.003_2));
        assert!(padhye(0.2, 0.1, 0.2) < mathis(0.2, 0.1) / 2.0);
        assert!(mathis(0.0, 0.1).is_infinite() && padhye(0.0, 0.1, 0.2).is_infinite());
    }
}
