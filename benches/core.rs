//! What does one small message cost the reliability layer, in time and in heap allocations?
//!
//! A client's connection and a server's endpoint on virtual time, a clean link between them that keeps
//! order and takes no time to compute: what is measured is the core alone, without the system.
//!
//! ```text
//!   send ─▶ Connection ─ datagram ─▶ Endpoint ─▶ Message      one turn of the bench: one message of
//!                      ◀─ ACK ──────                          64 bytes sent, received, acknowledged
//! ```
//!
//! Time is the processor's, told by criterion; allocations are counted by the allocator of this program, over 10,000
//! messages after as many each way to warm up. `cargo bench --bench core`.
//!
//! Instructions are counted by callgrind, which repeats exactly: `core-… turns 3000` plays the warm-up and 3,000
//! turns each way in the clear and nothing else. What it takes more than `turns 1000`, divided by 4,000, is a
//! message's: 7,822 with its checksums (docs/measurements.md).

#[path = "../tests/suite/lean/allocator.rs"]
mod allocator;
mod meter;
#[path = "../tests/suite/lean/pair.rs"]
mod pair;

use allocator::asked_in;
use criterion::{BenchmarkId, Criterion, criterion_group};
use meter::CpuTime;
use pair::{DIRECTIONS, MESSAGE_BYTES, Pair};

/// Messages over which allocations are counted.
const COUNTED: u64 = 10_000;

const SEALS: [(&str, bool); 2] = [("sealed", false), ("clear", true)];

fn time(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("message sent, received, acknowledged");
    for (seal, insecure) in SEALS {
        let mut pair = Pair::warm(insecure);
        for (direction, send) in DIRECTIONS {
            group.bench_function(BenchmarkId::new(direction, seal), |b| b.iter(|| send(&mut pair)));
        }
    }
}

/// Exact and the same with each run: everything here is deterministic, the heap included.
fn print_allocations() {
    println!("\nheap allocations a message ({MESSAGE_BYTES} bytes; sent, received, acknowledged)\n");
    println!("| direction | seal | allocations | bytes |\n| --- | --- | ---: | ---: |");
    for (seal, insecure) in SEALS {
        let mut pair = Pair::warm(insecure);
        for (direction, send) in DIRECTIONS {
            let asked = asked_in(|| (0..COUNTED).for_each(|_| send(&mut pair)));
            println!("| {direction} | {seal} | {} | {} |", each(asked.times), each(asked.bytes));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn each(total: u64) -> String {
    format!("{:.2}", total as f64 / COUNTED as f64)
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = time
}

/// Nothing but so many turns of each direction in the clear, of so many messages each, for a tool that counts
/// instructions.
fn turn(count: u64, together: u64) {
    let mut pair = Pair::warm(true);
    pair.together = together;
    for (_, send) in DIRECTIONS {
        (0..count).for_each(|_| send(&mut pair));
    }
}

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "turns").skip(1);
    if let Some(count) = words.next().and_then(|word| word.parse().ok()) {
        return turn(count, words.next().and_then(|word| word.parse().ok()).unwrap_or(1));
    }
    print_allocations();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
