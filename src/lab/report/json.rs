//! What does `compare --json` say?
//!
//! | member | holds |
//! | --- | --- |
//! | `about` | command, program, system, machine, date; `tcp`: the congestion controls in force; `model`: why the simulator stood in, or null |
//! | `scenario` | its name, its question and what to look for; null of a matrix |
//! | `parts` | the questions: links with their options, rows, messages, seeds |
//! | `lines` | one for each link and row: of each quantity median, least, most over the seeds |
//! | `runs` | one for each link, row and seed: what `bench --json` says of it, without the counters |
//! | `figures` | every plotted number: for each series `points`, each x, y, least, most |
//! | `timelines`, `stories` | the single runs that the page draws |

use super::comparison::{Comparison, Line, Run};
use super::figures::{Figure, Series, figures};
use super::matrix::Part;
use super::quantity::{Quantity, millis};
use super::spread::rounded;
use super::story::{self, Story};
use super::timeline::Timeline;
use crate::lab::bench::{Measurement, WayReport};
use crate::time::Duration;
use serde_json::{Map, Value, json};

/// All of it.
pub fn document(comparison: &Comparison) -> Value {
    let about = &comparison.about;
    let parts = || 0..comparison.matrix.parts.len();
    let lines = parts().flat_map(|part| comparison.lines(part));
    let figures = parts().flat_map(|part| figures(comparison, part));
    json!({
        "about": {
            "command": about.command, "program": about.program, "system": about.system,
            "machine": about.machine, "tcp": comparison.tcp_in_force(), "date": about.date, "model": about.why_model,
        },
        "scenario": comparison.matrix.scenario.map(|it| json!({ "name": it.name, "title": it.title, "look": it.look })),
        "parts": comparison.matrix.parts.iter().map(part).collect::<Vec<_>>(),
        "lines": lines.map(|it| line(&it)).collect::<Vec<_>>(),
        "runs": comparison.runs.iter().map(run).collect::<Vec<_>>(),
        "figures": figures.map(|it| figure(&it)).collect::<Vec<_>>(),
        "timelines": timelines(comparison).iter().map(timeline).collect::<Vec<_>>(),
        "stories": stories(comparison).iter().map(story).collect::<Vec<_>>(),
    })
}

/// The runs that are drawn one by one.
pub fn timelines(comparison: &Comparison) -> Vec<Timeline> {
    comparison.shown_runs().into_iter().map(|(_, run)| Timeline::of(run)).collect()
}

/// The worst message of each row of the first part, over the shown link.
pub fn stories(comparison: &Comparison) -> Vec<Story> {
    let Some(part) = comparison.shown_part() else { return Vec::new() };
    let of_row = |row| {
        let taken = comparison.taken(0, part.shown(), row);
        story::worst(taken.filter_map(|run| Some((&run.wanted, run.outcome.as_ref().ok()?))), &[])
    };
    part.rows.iter().filter_map(|row| of_row(*row)).collect()
}

fn part(part: &Part) -> Value {
    let links =
        part.links.iter().map(|link| json!({ "name": link.name, "x": link.x, "options": link.options }));
    json!({
        "id": part.id, "title": part.title, "links": links.collect::<Vec<_>>(),
        "rows": part.rows.iter().map(|row| row.word()).collect::<Vec<_>>(),
        "workload": part.workload.options(), "seeds": part.seeds,
    })
}

fn line(line: &Line) -> Value {
    let mut object = Map::new();
    let Line {
        part, link, row, label, model, runs, unfit, missing, out_of_order, duplicated, command, ..
    } = line;
    let told = json!({
        "part": part, "link": link, "transport": row.carried.word(), "row": row.word(), "label": label,
        "model": model, "runs": runs, "unfit": unfit, "missing": missing.as_ref().map(|it| json!({ it.word(): it.why() })), "out_of_order": out_of_order,
        "duplicated": duplicated, "command": command,
    });
    object.extend(told.as_object().cloned().unwrap_or_default());
    for quantity in Quantity::ALL {
        let spread = line.spread(quantity);
        let value = spread
            .map(|it| json!({ "median": it.median, "least": it.least, "most": it.most, "of": it.count }));
        object.insert(quantity.member().to_owned(), value.unwrap_or_default());
    }
    object.into()
}

fn run(run: &Run) -> Value {
    let wanted = &run.wanted;
    let place =
        json!({ "part": wanted.part, "link": wanted.link, "seed": wanted.seed, "command": wanted.command() });
    let mut object = place.as_object().cloned().unwrap_or_default();
    let told = match &run.outcome {
        Ok(taken) => measurement(taken),
        Err(why) => json!({ "label": wanted.row.label(), why.word(): why.why() }),
    };
    object.extend(told.as_object().cloned().unwrap_or_default());
    object.into()
}

fn measurement(run: &Measurement) -> Value {
    let latencies = run.latencies();
    let ms = |span: Option<Duration>| span.map(|span| rounded(millis(span)));
    let at = |per_mille| ms(latencies.quantile(per_mille));
    let ways = [&run.link.up, &run.link.down];
    let both = |of: fn(&WayReport) -> u64| json!({ "up": of(ways[0]), "down": of(ways[1]) });
    json!({
        "transport": run.carried.word(), "label": run.label, "model": run.model, "fit": run.link.is_fit(),
        "messages": run.messages, "receivers": run.receivers, "delivered": run.delivered(), "lost": run.lost(),
        "duplicated": run.duplicated, "out_of_order": run.out_of_order,
        "latency_ms": {
            "min": ms(latencies.min()), "p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999),
            "max": ms(latencies.max()),
        },
        "wire": {
            "datagrams": both(|way| way.packets), "bytes": both(|way| way.bytes),
            "dropped": both(WayReport::dropped_in_all),
        },
        "link": {
            "options": run.link.options, "seed": run.link.seed,
            "lateness_p99_ms": { "up": ms(Some(ways[0].lateness_p99)), "down": ms(Some(ways[1].lateness_p99)) },
            "overload": both(|way| way.overload),
        },
    })
}

fn figure(figure: &Figure) -> Value {
    let Figure { id, title, command, x, y, .. } = figure;
    json!({
        "id": id, "title": title, "command": command, "x": x.title, "y": y.title,
        "series": figure.series.iter().map(series).collect::<Vec<_>>(),
    })
}

fn series(series: &Series) -> Value {
    let point = |it: &super::figures::Point| {
        let (least, most) = it.range.unwrap_or((it.y, it.y));
        json!([it.x, it.y, least, most])
    };
    json!({
        "label": series.label, "model": series.model, "unfit": series.unfit,
        "points": series.points.iter().map(point).collect::<Vec<_>>(),
    })
}

fn timeline(timeline: &Timeline) -> Value {
    let stroke = |it: &super::timeline::Stroke| json!([it.number, it.sent, it.delivered, it.late]);
    let lost = |it: &super::timeline::Lost| json!([it.at, it.direction.to_string(), it.cause.word()]);
    json!({
        "label": timeline.label, "model": timeline.model, "command": timeline.command,
        "late_from_ms": timeline.late_from,
        "messages": timeline.strokes.iter().map(stroke).collect::<Vec<_>>(),
        "lost": timeline.lost.as_ref().map(|all| all.iter().map(lost).collect::<Vec<_>>()),
    })
}

fn story(story: &Story) -> Value {
    json!({
        "label": story.label, "model": story.model, "command": story.command, "message": story.number,
        "latency_ms": story.latency.map(|span| rounded(millis(span))), "reasons": story.reasons,
    })
}
