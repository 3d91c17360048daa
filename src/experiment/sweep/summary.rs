//! What the curves of a sweep say, in words.

use super::crossings::{Crossing, FEW, near};
use super::line::Line;
use crate::experiment::compare::{NO_SPREAD, RankedLoss, standings};
use crate::stats::{LEVEL, listed, percent};
use crate::words::count;

/// The highest at a place, and which of the others it is not apart from.
fn leader(lines: &[&Line], place: usize, score: &str, label: &str) -> String {
    let scores: Vec<Vec<f64>> =
        lines.iter().map(|line| line.points[place].scores.clone()).collect();
    let standings = standings(&scores);
    let (best, others) = standings.split_first().expect("at least one line");
    let value = &lines[0].points[place].value;
    let share = percent(best.estimate.mean);
    if others.is_empty() {
        return format!("At {label} {value}, {score} is {share}.");
    }
    let name = &lines[best.loss].name;
    let is_level =
        |other: &&RankedLoss| (best.estimate.mean - other.estimate.mean).abs() < NO_SPREAD;
    let mut level: Vec<usize> = others.iter().filter(is_level).map(|other| other.loss).collect();
    level.push(best.loss);
    level.sort_unstable();
    let level: Vec<&str> = level.into_iter().map(|line| lines[line].name.as_str()).collect();
    if level.len() > 1 {
        let of = match level.len() == lines.len() {
            true => String::new(),
            false => format!(", the highest of {}", lines.len()),
        };
        return format!(
            "At {label} {value}, {} have the same {score}, {share}{of}.",
            listed(&level)
        );
    }
    let close: Vec<&str> = others
        .iter()
        .filter(|other| other.p.is_none_or(|p| p >= LEVEL))
        .map(|other| lines[other.loss].name.as_str())
        .collect();
    let sure = match close.as_slice() {
        _ if scores[0].len() == 1 => "one seed does not tell it from chance".to_owned(),
        [] if others.len() == 1 => "better by these seeds (p below 0.05)".to_owned(),
        [] => "better than each other one (p below 0.05, Holm's correction)".to_owned(),
        close => format!("not settled against {} by these seeds", listed(close)),
    };
    format!("At {label} {value}, {name} has the highest {score}, {share}: {sure}.")
}

/// Where lines have no figure, as their losses became no number there; a sentence for each value.
fn diverged(lines: &[Line], label: &str) -> Vec<String> {
    let at = |place: usize| {
        let no_figure = |line: &&Line| !line.points[place].diverged.is_empty();
        let names: Vec<&str> =
            lines.iter().filter(no_figure).map(|line| line.name.as_str()).collect();
        let value = &lines[0].points[place].value;
        match names.len() {
            0 => None,
            all if all == lines.len() && all > 1 => {
                Some(format!("At {label} {value} every loss diverged, so there is no figure."))
            }
            1 => {
                Some(format!("{} diverged at {label} {value}, and has no figure there.", names[0]))
            }
            _ => {
                let names = listed(&names);
                Some(format!("{names} diverged at {label} {value}, and have no figures there."))
            }
        }
    };
    (0..lines[0].points.len()).filter_map(at).collect()
}

/// The crossings in words.
fn crossed(crossings: &[Crossing]) -> Vec<String> {
    let all = crossings.len() <= FEW;
    let one = |crossing: &Crossing| {
        let Crossing { before, after, from, to, at, sure, .. } = crossing;
        let near = near(*at);
        let doubt = match sure {
            true => "",
            false => "; on one side at least the two are within the spread of the seeds",
        };
        format!("{after} overtakes {before} between {from} and {to}, {near} (by the means{doubt}).")
    };
    let told = crossings.iter().filter(|crossing| all || crossing.sure).map(one);
    let mut sentences: Vec<String> = told.collect();
    let others = crossings.len() - sentences.len();
    if others > 0 {
        let other = if sentences.is_empty() { "" } else { "other " };
        let (are, them) = if others == 1 { ("is", "it") } else { ("are", "them") };
        sentences.push(format!(
            "{} of the means {are} within the spread of the seeds on one side at least; sweep.json \
             has {them}.",
            count(others, &format!("{other}crossing"))
        ));
    }
    sentences
}

/// The curves in words: the best at both ends, and where lines cross.
pub fn summarise(
    lines: &[Line],
    crossings: Option<&Vec<Crossing>>,
    score: &str,
    label: &str,
) -> String {
    let mut sentences = Vec::new();
    let count = lines[0].points.len();
    let finished = |place: usize| -> Vec<&Line> {
        lines.iter().filter(|line| line.points[place].diverged.is_empty()).collect()
    };
    let with_figures = || (0..count).filter(|&place| !finished(place).is_empty());
    let mut ends: Vec<usize> =
        with_figures().next().into_iter().chain(with_figures().next_back()).collect();
    ends.dedup();
    sentences.extend(ends.iter().map(|&place| leader(&finished(place), place, score, label)));
    sentences.extend(diverged(lines, label));
    if lines.len() == 1 && count > 2 {
        let mean = |place: &usize| lines[0].points[*place].estimate.mean;
        let finished = || (0..count).filter(|place| !mean(place).is_nan());
        let best = finished().map(|place| mean(&place)).fold(f64::NEG_INFINITY, f64::max);
        let at = finished().filter(|place| best - mean(place) < NO_SPREAD);
        let at: Vec<&str> = at.map(|place| lines[0].points[place].value.as_str()).collect();
        sentences.extend(match at.len() {
            0 => None,
            all if all == count => Some(format!("The mean is {} everywhere.", percent(best))),
            _ => Some(format!("The highest mean is {}, at {}.", percent(best), listed(&at))),
        });
    }
    sentences.extend(crossed(crossings.map_or(&[], Vec::as_slice)));
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
    fn a_place_where_a_run_diverged_is_a_gap_and_is_named() {
        let mut lines = [line("a", &[0.5, 0.6, 0.7]), line("c", &[0.4, 0.7, 0.9])];
        let point = &mut lines[0].points[2];
        (point.estimate, point.diverged) = (crate::stats::Estimate::missing(), vec![2]);
        let found = crossings(&lines, &POSITIONS);
        assert_eq!(found.len(), 1);
        let text = summarise(&lines, Some(&found), "MAP@R", "x");
        assert!(text.contains("At x 10,000, MAP@R is 90.00 %."), "{text}");
        assert!(text.contains("a diverged at x 10,000, and has no figure there."), "{text}");
        assert!(
            summarise(&lines[..1], None, "MAP@R", "x").contains("At x 1,000, MAP@R is 60.00 %.")
        );
        let alone = summarise(&lines[..1], None, "MAP@R", "x");
        assert!(alone.ends_with("The highest mean is 60.00 %, at 1,000."), "{alone}");
    }

    #[test]
    fn of_many_crossings_those_that_are_sure_are_told_and_drawn() {
        let lines = [
            line("a", &[0.5, 0.6, 0.7]),
            line("b", &[0.4, 0.7, 0.9]),
            line("c", &[0.45, 0.5, 0.95]),
            line("d", &[0.3, 0.8, 0.2]),
        ];
        let mut found = crossings(&lines, &POSITIONS);
        assert!(found.len() > FEW, "{}", found.len());
        found.iter_mut().skip(1).for_each(|crossing| crossing.sure = false);
        found[0].sure = true;
        assert_eq!((drawn(&found).len(), crossed(&found).len()), (1, 2));
        assert!(crossed(&found)[1].starts_with(&format!("{} other crossings", found.len() - 1)));
        assert_eq!(crossed(&found[..2]).len(), 2);
    }

    #[test]
    fn places_are_told_with_two_digits() {
        let told = [1e30, 316.2, 57_123.0, 9.96, 0.5, 0.0316, 3.16e-4, 0.0].map(near);
        let expected =
            ["≈ 1.0e30", "≈ 320", "≈ 57,000", "≈ 10.0", "≈ 0.50", "≈ 0.032", "≈ 3.2e-4", "≈ 0"];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_lead_within_the_spread_of_the_seeds_is_called_not_settled() {
        let mut lines = [line("a", &[0.5]), line("b", &[0.5001]), line("c", &[0.2])];
        lines[1].points[0].scores.rotate_left(1);
        let leader = |lines: &[Line]| leader(&lines.iter().collect::<Vec<_>>(), 0, "MAP@R", "x");
        let text = leader(&lines);
        assert!(text.ends_with("50.01 %: not settled against a by these seeds."), "{text}");
        let apart = leader(&[line("a", &[0.5]), line("c", &[0.2]), line("b", &[0.7])]);
        assert!(
            apart.ends_with("better than each other one (p below 0.05, Holm's correction)."),
            "{apart}"
        );
        lines.iter_mut().for_each(|line| line.points[0].scores.truncate(1));
        let one = leader(&lines);
        assert!(one.ends_with("one seed does not tell it from chance."), "{one}");
    }

    #[test]
    fn equal_means_are_told_as_equal() {
        let level = [line("a", &[0.5, 0.6]), line("b", &[0.5, 0.7]), line("c", &[0.4, 0.7])];
        let text = summarise(&level, None, "MAP@R", "x");
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
    fn where_every_place_has_a_gap_nothing_is_said_of_figures() {
        let mut lines = [line("a", &[0.5, 0.6, 0.7])];
        for point in &mut lines[0].points {
            (point.estimate, point.diverged) = (crate::stats::Estimate::missing(), vec![2]);
        }
        let text = summarise(&lines, None, "MAP@R", "x");
        assert!(text.starts_with("a diverged at x ") && !text.contains('%'), "{text}");
    }

    #[test]
    fn a_line_alone_tells_its_best_place() {
        let text = summarise(&[line("a", &[0.5, 0.7, 0.6])], None, "MAP@R", "loss.margin");
        assert!(text.ends_with("The highest mean is 70.00 %, at 1,000."), "{text}");
    }
}
