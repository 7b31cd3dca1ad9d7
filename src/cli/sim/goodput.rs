//! How is the table of goodput told: what a teaching mode gets through, beside its formula?

use super::table::columns;
use crate::cli::arguments::Sim;
use crate::cli::exit::{Exit, Outcome, Stop};
use crate::lab::flow::goodput::{RATE, Row, SEEDS, table};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::transport::arq::Arq;
use crate::transport::config::Choices;
use std::io::{self, Write};

const HEADS: [&str; 7] = ["round trip", "loss", "a", "formula", "Mathis", "measured", "measured/formula"];

/// Prints the table of the mode that was named, or of each that teaches.
pub fn print(sim: &Sim, link: Option<&LinkConfig>, seed: u64) -> Outcome {
    let rate = rate(link)?;
    let modes = sim.sending.arq().map_or_else(|| Arq::TEACHING.to_vec(), |arq| vec![arq]);
    let mut out = io::stdout();
    for arq in modes {
        let choices = sim.sending.with_arq(arq).choices().map_err(Stop::usage)?;
        let rows = table(choices, rate, seed).map_err(Stop::failed)?;
        match out.write_all(told(choices, rate, seed, &rows).as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Stop::failed(error)),
            Err(_) => break,
            Ok(()) => {}
        }
    }
    Ok(Exit::Done)
}

/// The table chooses losses and delays by itself.
fn rate(link: Option<&LinkConfig>) -> Result<u64, Stop> {
    let Some(link) = link else { return Ok(RATE) };
    let rate = link.up.rate;
    let way = DirectionConfig { rate, ..DirectionConfig::default() };
    match rate {
        Some(rate) if *link == LinkConfig::symmetric(way, link.seed) => Ok(rate),
        _ => Err(Stop::usage(
            "--goodput goes through losses and round trips of its own: of the link options give it only \
             --rate (5mbit unless given) and --seed",
        )),
    }
}

fn told(choices: Choices, rate: u64, seed: u64, rows: &[Row]) -> String {
    let Choices { arq, congestion, .. } = choices;
    #[expect(clippy::cast_precision_loss, reason = "a rate far below 2^53")]
    let mbit = rate as f64 / 1e6;
    let last = seed.wrapping_add(SEEDS - 1);
    let (of, rule) = formula(arq);
    let mut lines = vec![HEADS.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(cells));
    if rows.iter().all(|row| row.mathis.is_none()) {
        lines.iter_mut().for_each(|line| _ = line.remove(4));
    }
    format!(
        "{arq}, window {congestion}: goodput in Mbit/s over a line of {mbit} Mbit/s, data lost at random, the \
         median of seeds {seed} to {last}\n{rule} ({of})\n\n{}\n",
        columns(&lines)
    )
}

/// Where a mode's formula is from, and what it says.
const fn formula(arq: Arq) -> (&'static str, &'static str) {
    match arq {
        Arq::StopAndWait => ("Stallings", "(1 - p) / (1 + 2a)"),
        Arq::GoBackN => {
            ("Stallings", "(1 - p) / (1 + 2ap) if W ≥ 1 + 2a, else W (1 - p) / ((1 + 2a) (1 - p + Wp))")
        }
        Arq::SelectiveRepeat | Arq::Ours => ("Stallings", "(1 - p) min(1, W / (1 + 2a))"),
        Arq::TcpLike => (
            "Padhye et al. 1998; Mathis et al. 1997 without timeouts; at most what the line carries",
            "1 / (RTT √(2bp/3) + T0 min(1, 3 √(3bp/8)) p (1 + 32p²)) packets a second, b = 2, T0 ≥ 200 ms",
        ),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let mathis = row.mathis.map_or_else(String::new, |mathis| format!("{mathis:.3}"));
    vec![
        format!("{} ms", row.round_trip.as_millis()),
        format!("{:.0} %", row.loss * 100.0),
        format!("{:.1}", row.a),
        format!("{:.3}", row.formula),
        mathis,
        format!("{:.3}", row.measured),
        format!("{:.2}", row.measured / row.formula),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::time::Duration;
    use crate::transport::congestion::Congestion;
    use clap::Parser;

    fn asked(command: &str) -> Result<u64, Stop> {
        let words = std::iter::once("sayagain").chain(command.split_whitespace());
        let Ok(Arguments { command: Command::Sim(sim), .. }) = Arguments::try_parse_from(words) else {
            panic!("{command}")
        };
        let link = sim.link.config(1, |_| Err(io::ErrorKind::NotFound.into())).expect("good options");
        rate(link.as_ref())
    }

    #[test]
    fn the_rate_may_be_chosen_and_no_other_fault() {
        assert_eq!(asked("sim --goodput"), Ok(RATE));
        assert_eq!(asked("sim --goodput --rate 1mbit --seed 4"), Ok(1_000_000));
        for line in ["sim --goodput --loss 1%", "sim --goodput --rate 1mbit --delay 5ms"] {
            assert!(asked(line).is_err_and(|stop| stop.exit == Exit::Usage), "{line}");
        }
    }

    #[test]
    fn a_model_is_called_one_and_has_a_column_more() {
        let row = Row {
            loss: 0.05,
            round_trip: Duration::from_millis(50),
            a: 13.1,
            formula: 2.0,
            mathis: Some(3.0),
            measured: 1.9,
        };
        let choices = Choices { arq: Arq::TcpLike, congestion: Congestion::NewReno, ..Choices::default() };
        let text = told(choices, RATE, 1, &[row]);
        assert!(text.starts_with("tcp-like (model), window newreno"), "{text}");
        assert!(text.contains("Mathis  measured") && text.contains("3.000     1.900"), "{text}");
        let text = told(Choices { arq: Arq::GoBackN, ..choices }, RATE, 1, &[Row { mathis: None, ..row }]);
        assert!(!text.contains("Mathis"), "{text}");
    }
}
