use super::super::json;
use super::super::made_up;
use super::super::matrix::Matrix;
use super::super::model;
use super::super::scenario::SCENARIOS;
use super::super::{About, NoRun, Run};
use super::*;
use serde_json::Value;

/// The usual matrix, played by the simulator.
fn comparison() -> Comparison {
    let matrix = Matrix::usual();
    let runs = matrix
        .wanted()
        .into_iter()
        .map(|wanted| Run { outcome: model::take(&wanted).map_err(NoRun::Skipped), wanted })
        .collect();
    let about = About {
        command: "sayagain compare --model <&\">".to_owned(),
        why_model: Some("asked for".to_owned()),
        ..About::default()
    };
    Comparison { about, matrix, runs }
}

/// The value of an attribute in each element that has it, in the order of the page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn numbers(text: &str) -> Vec<Vec<f64>> {
    let point = |point: &str| point.split(',').filter_map(|number| number.parse().ok()).collect();
    text.split_whitespace().map(point).collect()
}

#[test]
fn every_plotted_number_is_the_one_in_json() {
    let comparison = comparison();
    let (page, document) = (page(&comparison), json::document(&comparison));
    let figures = document["figures"].as_array().expect("figures");
    let mut expected: Vec<(String, String, Vec<Vec<f64>>)> = Vec::new();
    for figure in figures {
        for series in figure["series"].as_array().expect("series") {
            let points = series["points"].as_array().expect("points").iter();
            let row =
                |point: &Value| point.as_array().expect("numbers").iter().filter_map(Value::as_f64).collect();
            let label = series["label"].as_str().unwrap_or_default().to_owned();
            expected.push((
                figure["id"].as_str().unwrap_or_default().to_owned(),
                label,
                points.map(row).collect(),
            ));
        }
    }
    let [ids, points] = ["data-figure", "data-points"].map(|name| attributes(&page, name));
    let mut drawn: Vec<_> =
        ids.iter().zip(&points).map(|(id, points)| ((*id).to_owned(), numbers(points))).collect();
    let mut wanted: Vec<_> = expected.into_iter().map(|(id, _, points)| (id, points)).collect();
    drawn.sort_by(|one, other| one.0.cmp(&other.0));
    wanted.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(drawn.len(), 10 * 3, "five distributions and five plots over loss, three rows each");
    assert_eq!(drawn, wanted);
}

#[test]
fn every_number_of_the_table_is_the_one_in_json() {
    let comparison = comparison();
    let (page, document) = (page(&comparison), json::document(&comparison));
    let [quantities, values] = ["data-quantity", "data-value"].map(|name| attributes(&page, name));
    let mut cells = quantities.iter().zip(values);
    let columns = [
        "latency_p50_ms",
        "latency_p90_ms",
        "latency_p99_ms",
        "late_percent",
        "missing_percent",
        "goodput_kb_per_s",
        "wire_bytes_per_byte",
    ];
    let lines = document["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 15);
    for line in lines {
        for column in columns {
            let value = |member: &str| line[column][member].as_f64().expect("a number");
            let (quantity, told) = cells.next().expect("a cell");
            assert_eq!(
                (*quantity, numbers(told)),
                (column, vec![vec![value("median"), value("least"), value("most")]])
            );
        }
    }
}

#[test]
fn every_message_and_every_lost_packet_of_the_timeline_is_the_one_in_json() {
    let comparison = comparison();
    let (page, document) = (page(&comparison), json::document(&comparison));
    let drawn = attributes(&page, "data-messages");
    let timelines = document["timelines"].as_array().expect("timelines");
    assert_eq!((drawn.len(), timelines.len()), (3, 3));
    for (index, (drawn, timeline)) in drawn.iter().zip(timelines).enumerate() {
        let messages = timeline["messages"].as_array().expect("messages");
        let row =
            |it: &Value| it.as_array().expect("a row").iter().take(3).filter_map(Value::as_f64).collect();
        assert_eq!(numbers(drawn), messages.iter().map(row).collect::<Vec<Vec<f64>>>());
        let lost = attributes(&page, "data-lost")[index].split_whitespace().count();
        assert_eq!(lost, timeline["lost"].as_array().map_or(0, Vec::len));
        assert!(lost > 3, "5 % of some 300 packets");
    }
}

#[test]
fn the_page_needs_nothing_but_itself_and_says_model_wherever_it_is_one() {
    let comparison = comparison();
    let page = page(&comparison);
    for outside in ["http://", "https://", "<script", "src=", "@import", "url(", "onload"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("sayagain compare --model &lt;&amp;&quot;&gt;") && !page.contains("<&\">"));
    for label in ["raw (model)", "udp (model)", "tcp-like (model)"] {
        assert!(page.contains(label), "{label}");
    }
    let (figures, titles) = (page.matches("<figure>").count(), page.matches("<h3>").count());
    let flagged = page.matches("</span></h3>").count();
    assert_eq!((figures, titles, flagged), (10 + 1 + 3, 13, 13), "and the timeline's heading is an h2");
    assert!(page.matches("<svg").count() == page.matches("<title id=").count());
    assert_eq!(page.matches("<desc id=").count(), figures);
}

#[test]
fn ids_of_the_page_are_unique_and_every_figure_carries_a_command() {
    let page = page(&comparison());
    let ids = attributes(&page, "id");
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let captions: Vec<&str> = page.split("<figcaption>").skip(1).collect();
    assert!(
        captions
            .iter()
            .all(|it| it.split("</figcaption>").next().is_some_and(|it| it.contains("<code>sayagain")))
    );
}

#[test]
fn every_row_of_the_table_stands_in_the_answer_once() {
    let sentences = answer::sentences(&comparison());
    assert_eq!(sentences.len(), 4, "{sentences:?}");
    assert!(sentences[0].contains("--delay 25ms --loss 5%"), "{sentences:?}");
    assert!(sentences[1].starts_with("raw (model) loses"), "{sentences:?}");
    assert!(
        sentences[2].starts_with("udp (model) delivers every message; the median takes 50 ms"),
        "{sentences:?}"
    );
    assert!(sentences[3].starts_with("tcp-like (model) delivers"), "{sentences:?}");
}

#[test]
fn a_scenario_has_its_question_its_sentences_and_its_columns_and_carries_its_own_command() {
    for (scenario, _) in SCENARIOS {
        let matrix = scenario.matrix();
        let wanted = matrix.wanted().into_iter();
        let runs = wanted.map(|wanted| {
            let label = wanted.row.label();
            Run { outcome: Ok(made_up::run(&label, &[Some(50), Some(200), Some(60)])), wanted }
        });
        let about = About { command: "sayagain compare --scenario".to_owned(), ..About::default() };
        let runs = runs.collect();
        let comparison = Comparison { about, matrix, runs };
        let (page, document) = (page(&comparison), json::document(&comparison));
        assert!(page.contains(&format!("<h1>{}</h1>", escaped(scenario.title))), "{}", scenario.name);
        assert!(scenario.look.iter().all(|sentence| page.contains(&escaped(sentence))), "{}", scenario.name);
        assert_eq!(document["scenario"]["name"], scenario.name);
        for part in &comparison.matrix.parts {
            assert!(part.columns.iter().all(|it| page.contains(it.head_with_unit())), "{}", scenario.name);
        }
        // `compare` has no option for each of a scenario's messages.
        let figures = document["figures"].as_array().expect("figures");
        assert!(figures.iter().all(|it| it["command"] == "sayagain compare --scenario"), "{}", scenario.name);
    }
}

#[test]
fn a_comparison_in_which_everything_was_skipped_is_still_a_page() {
    let matrix = Matrix::full();
    let runs = matrix
        .wanted()
        .into_iter()
        .map(|wanted| Run { wanted, outcome: Err(NoRun::Skipped("<no>".to_owned())) })
        .collect();
    let comparison = Comparison { about: About::default(), matrix, runs };
    let page = page(&comparison);
    assert!(page.contains("Skipped: tcp: &lt;no&gt;") && !page.contains("<no>") && !page.contains("NaN"));
    assert!(json::document(&comparison)["figures"].as_array().is_some_and(Vec::is_empty));
}
