//! The conclusion of a sweep in words.

use super::crossings::{Crossing, MAX_REPORTED, near};
use super::line::Line;
use crate::experiment::compare::{NO_SPREAD, RankedLoss, rank};
use crate::stats::{LEVEL, listed, percent};
use crate::words::count;

/// The best line at one value, and from which of the others it does not differ significantly.
fn leader(lines: &[&Line], index: usize, score: &str, label: &str) -> String {
    let scores: Vec<Vec<f64>> =
        lines.iter().map(|line| line.points[index].scores.clone()).collect();
    let ranking = rank(&scores);
    let (best, others) = ranking.split_first().expect("at least one line");
    let value = &lines[0].points[index].value;
    let share = percent(best.estimate.mean);
    if others.is_empty() {
        return format!("At {label} {value}, {score} is {share}.");
    }
    let name = &lines[best.loss].name;
    let is_tied =
        |other: &&RankedLoss| (best.estimate.mean - other.estimate.mean).abs() < NO_SPREAD;
    let mut tied: Vec<usize> = others.iter().filter(is_tied).map(|other| other.loss).collect();
    tied.push(best.loss);
    tied.sort_unstable();
    let tied: Vec<&str> = tied.into_iter().map(|line| lines[line].name.as_str()).collect();
    if tied.len() > 1 {
        let of = match tied.len() == lines.len() {
            true => String::new(),
            false => format!(", the highest of {}", lines.len()),
        };
        return format!(
            "At {label} {value}, {} have the same {score}, {share}{of}.",
            listed(&tied)
        );
    }
    let close: Vec<&str> = others
        .iter()
        .filter(|other| other.p.is_none_or(|p| p >= LEVEL))
        .map(|other| lines[other.loss].name.as_str())
        .collect();
    let verdict = match close.as_slice() {
        _ if scores[0].len() == 1 => "one seed cannot tell a difference from chance".to_owned(),
        [] if others.len() == 1 => "better (p below 0.05)".to_owned(),
        [] => "better than all others (p below 0.05 after Holm's correction)".to_owned(),
        close => format!("inconclusive against {} with these seeds", listed(close)),
    };
    format!("At {label} {value}, {name} has the highest {score}, {share}: {verdict}.")
}

/// The lines that diverged, in one sentence per value.
fn diverged(lines: &[Line], label: &str) -> Vec<String> {
    let at = |index: usize| {
        let has_gap = |line: &&Line| !line.points[index].diverged.is_empty();
        let names: Vec<&str> =
            lines.iter().filter(has_gap).map(|line| line.name.as_str()).collect();
        let value = &lines[0].points[index].value;
        match names.len() {
            0 => None,
            all if all == lines.len() && all > 1 => {
                Some(format!("At {label} {value} all losses diverged, so there is no result."))
            }
            1 => Some(format!("{} diverged at {label} {value} and has no result there.", names[0])),
            _ => {
                let names = listed(&names);
                Some(format!("{names} diverged at {label} {value} and have no results there."))
            }
        }
    };
    (0..lines[0].points.len()).filter_map(at).collect()
}

/// The crossings in words.
fn crossing_sentences(crossings: &[Crossing]) -> Vec<String> {
    let all = crossings.len() <= MAX_REPORTED;
    let one = |crossing: &Crossing| {
        let Crossing { before, after, from, to, at, sure, .. } = crossing;
        let near = near(*at);
        let doubt = match sure {
            true => "",
            false => "; on at least one side the difference is within the spread of the seeds",
        };
        format!("{after} overtakes {before} between {from} and {to}, {near} (by the means{doubt}).")
    };
    let reported = crossings.iter().filter(|crossing| all || crossing.sure);
    let mut sentences: Vec<String> = reported.map(one).collect();
    let others = crossings.len() - sentences.len();
    if others > 0 {
        let other = if sentences.is_empty() { "" } else { "other " };
        let (are, them) = if others == 1 { ("is", "it") } else { ("are", "them") };
        sentences.push(format!(
            "{} of the means {are} within the spread of the seeds on at least one side; sweep.json has \
             {them}.",
            count(others, &format!("{other}crossing"))
        ));
    }
    sentences
}

/// The best line at both ends, diverged lines, and crossings.
pub fn summarise(
    lines: &[Line],
    crossings: Option<&Vec<Crossing>>,
    score: &str,
    label: &str,
) -> String {
    let mut sentences = Vec::new();
    let count = lines[0].points.len();
    let finished = |index: usize| -> Vec<&Line> {
        lines.iter().filter(|line| line.points[index].diverged.is_empty()).collect()
    };
    let with_results = || (0..count).filter(|&index| !finished(index).is_empty());
    let mut ends: Vec<usize> =
        with_results().next().into_iter().chain(with_results().next_back()).collect();
    ends.dedup();
    sentences.extend(ends.iter().map(|&index| leader(&finished(index), index, score, label)));
    sentences.extend(diverged(lines, label));
    if lines.len() == 1 && count > 2 {
        let mean = |index: &usize| lines[0].points[*index].estimate.mean;
        let finished = || (0..count).filter(|index| !mean(index).is_nan());
        let best = finished().map(|index| mean(&index)).fold(f64::NEG_INFINITY, f64::max);
        let at = finished().filter(|index| best - mean(index) < NO_SPREAD);
        let at: Vec<&str> = at.map(|index| lines[0].points[index].value.as_str()).collect();
        sentences.extend(match at.len() {
            0 => None,
            all if all == count => Some(format!("The mean is {} everywhere.", percent(best))),
            _ => Some(format!("The highest mean is {}, at {}.", percent(best), listed(&at))),
        });
    }
    sentences.extend(crossing_sentences(crossings.map_or(&[], Vec::as_slice)));
    if lines.len() > 1 && count > 1 && crossings.is_some_and(Vec::is_empty) {
        sentences.push("No two lines cross.".to_owned());
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sweep::crossings::tests::{POSITIONS, line};
    use crate::experiment::sweep::crossings::{crossings, drawn};

    #[test]
    fn a_diverged_point_is_a_gap_and_is_named() {
        let mut lines = [line("a", &[0.5, 0.6, 0.7]), line("c", &[0.4, 0.7, 0.9])];
        let point = &mut lines[0].points[2];
        (point.estimate, point.diverged) = (crate::stats::Estimate::missing(), vec![2]);
        let found = crossings(&lines, &POSITIONS);
        assert_eq!(found.len(), 1);
        let text = summarise(&lines, Some(&found), "MAP@R", "x");
        assert!(text.contains("At x 10,000, MAP@R is 90.00 %."), "{text}");
        assert!(text.contains("a diverged at x 10,000 and has no result there."), "{text}");
        assert!(
            summarise(&lines[..1], None, "MAP@R", "x").contains("At x 1,000, MAP@R is 60.00 %.")
        );
        let alone = summarise(&lines[..1], None, "MAP@R", "x");
        assert!(alone.ends_with("The highest mean is 60.00 %, at 1,000."), "{alone}");
    }

    #[test]
    fn of_many_crossings_only_the_sure_ones_are_reported_and_drawn() {
        let lines = [
            line("a", &[0.5, 0.6, 0.7]),
            line("b", &[0.4, 0.7, 0.9]),
            line("c", &[0.45, 0.5, 0.95]),
            line("d", &[0.3, 0.8, 0.2]),
        ];
        let mut found = crossings(&lines, &POSITIONS);
        assert!(found.len() > MAX_REPORTED, "{}", found.len());
        found.iter_mut().skip(1).for_each(|crossing| crossing.sure = false);
        found[0].sure = true;
        assert_eq!((drawn(&found).len(), crossing_sentences(&found).len()), (1, 2));
        assert!(
            crossing_sentences(&found)[1]
                .starts_with(&format!("{} other crossings", found.len() - 1))
        );
        assert_eq!(crossing_sentences(&found[..2]).len(), 2);
    }

    #[test]
    fn approximate_values_have_two_digits() {
        let texts = [1e30, 316.2, 57_123.0, 9.96, 0.5, 0.0316, 3.16e-4, 0.0].map(near);
        let expected =
            ["≈ 1.0e30", "≈ 320", "≈ 57,000", "≈ 10.0", "≈ 0.50", "≈ 0.032", "≈ 3.2e-4", "≈ 0"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_lead_within_the_spread_of_the_seeds_is_called_inconclusive() {
        let mut lines = [line("a", &[0.5]), line("b", &[0.5001]), line("c", &[0.2])];
        lines[1].points[0].scores.rotate_left(1);
        let leader = |lines: &[Line]| leader(&lines.iter().collect::<Vec<_>>(), 0, "MAP@R", "x");
        let text = leader(&lines);
        assert!(text.ends_with("50.01 %: inconclusive against a with these seeds."), "{text}");
        let apart = leader(&[line("a", &[0.5]), line("c", &[0.2]), line("b", &[0.7])]);
        assert!(
            apart.ends_with("better than all others (p below 0.05 after Holm's correction)."),
            "{apart}"
        );
        lines.iter_mut().for_each(|line| line.points[0].scores.truncate(1));
        let one = leader(&lines);
        assert!(one.ends_with("one seed cannot tell a difference from chance."), "{one}");
    }

    #[test]
    fn equal_means_are_reported_as_the_same() {
        let tied = [line("a", &[0.5, 0.6]), line("b", &[0.5, 0.7]), line("c", &[0.4, 0.7])];
        let text = summarise(&tied, None, "MAP@R", "x");
        let first = "At x 100, a and b have the same MAP@R, 50.00 %, the highest of 3.";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("b and c have the same MAP@R, 70.00 %, the highest of 3."), "{text}");
        let all = summarise(&[line("a", &[0.5]), line("b", &[0.5])], None, "MAP@R", "x");
        assert_eq!(all, "At x 100, a and b have the same MAP@R, 50.00 %.");
        let alone = summarise(&[line("a", &[0.5, 0.7, 0.7])], None, "MAP@R", "x");
        assert!(alone.ends_with("The highest mean is 70.00 %, at 1,000 and 10,000."), "{alone}");
        let flat = summarise(&[line("a", &[0.5, 0.5, 0.5])], None, "MAP@R", "x");
        assert!(flat.ends_with("The mean is 50.00 % everywhere."), "{flat}");
    }

    #[test]
    fn a_line_with_only_gaps_has_no_results() {
        let mut lines = [line("a", &[0.5, 0.6, 0.7])];
        for point in &mut lines[0].points {
            (point.estimate, point.diverged) = (crate::stats::Estimate::missing(), vec![2]);
        }
        let text = summarise(&lines, None, "MAP@R", "x");
        assert!(text.starts_with("a diverged at x ") && !text.contains('%'), "{text}");
    }

    #[test]
    fn a_single_line_reports_its_best_value() {
        let text = summarise(&[line("a", &[0.5, 0.7, 0.6])], None, "MAP@R", "loss.margin");
        assert!(text.ends_with("The highest mean is 70.00 %, at 1,000."), "{text}");
    }
}
