//! Where the curves of two losses cross, and what the curves say in words.

use serde::Serialize;

use super::{LEVEL, Line, grouped, in_powers, listed, percent, standings};
use crate::report::series;

/// Two lines change places between two values of the swept key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crossing {
    /// The line that is ahead before.
    pub before: String,
    /// The line that is ahead after.
    pub after: String,
    /// The last value at which the first is ahead.
    pub from: String,
    /// The first value at which the second is.
    pub to: String,
    /// About where, between the two, in the means.
    pub at: f64,
    /// The score there.
    pub score: f64,
    /// Whether the two are apart on both sides: their 95 % intervals of the paired difference
    /// exclude zero, with opposite signs.
    pub sure: bool,
}

impl Crossing {
    /// As a picture shows it.
    pub fn drawn(&self) -> series::Crossing {
        series::Crossing { x: self.at, y: self.score, label: near(self.at) }
    }
}

/// A value of an axis as it is told: two digits, and the zeros that they need.
fn near(value: f64) -> String {
    if value == 0.0 {
        return "≈ 0".to_owned();
    }
    let size = value.abs().log10().floor();
    let power = 10_f64.powf(size - 1.0);
    let rounded = (value / power).round() * power;
    match rounded {
        v if v >= 100.0 => format!("≈ {}", grouped(v.round() as usize)),
        v if v.abs() >= 1e-3 => format!("≈ {v:.*}", (1.0 - size).max(0.0) as usize),
        v => format!("≈ {v:.1e}"),
    }
}

/// All crossings of all pairs of lines, from the left to the right.
///
/// Between two positions the place is found on straight lines, as the picture's axis has them.
pub fn crossings(lines: &[Line], positions: &[f64]) -> Vec<Crossing> {
    let mut found = Vec::new();
    let powers = in_powers(positions);
    for (i, a) in lines.iter().enumerate() {
        for b in &lines[i + 1..] {
            let gap: Vec<f64> = differences(a, b);
            for (from, to) in changes_of_sign(&gap) {
                found.push((from, crossing((a, b), &gap, (from, to), positions, powers)));
            }
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, crossing)| crossing).collect()
}

/// Places between which a gap changes its sign; between the two it is zero, and a place without a
/// number parts what is before it from what is after it.
fn changes_of_sign(gap: &[f64]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut last: Option<usize> = None;
    for (place, &here) in gap.iter().enumerate() {
        if here.is_nan() {
            last = None;
        } else if here != 0.0 {
            found.extend(last.filter(|&last| gap[last] * here < 0.0).map(|last| (last, place)));
            last = Some(place);
        }
    }
    found
}

/// Mean of `a` less mean of `b` at every place.
fn differences(a: &Line, b: &Line) -> Vec<f64> {
    a.points.iter().zip(&b.points).map(|(a, b)| a.estimate.mean - b.estimate.mean).collect()
}

fn crossing(
    (a, b): (&Line, &Line),
    gap: &[f64],
    (from, to): (usize, usize),
    positions: &[f64],
    powers: bool,
) -> Crossing {
    let (first, second) = if gap[from] > 0.0 { (a, b) } else { (b, a) };
    // Where the two meet at a place of the grid, it is that place.
    let (left, right) = if to > from + 1 { (from + 1, from + 1) } else { (from, to) };
    let way = if left == right { 0.0 } else { gap[left] / (gap[left] - gap[right]) };
    let scaled = |x: f64| if powers { x.ln() } else { x };
    let between =
        scaled(positions[left]) + way * (scaled(positions[right]) - scaled(positions[left]));
    let means = [left, right].map(|place| a.points[place].estimate.mean);
    let excludes = |at: usize| {
        let (ahead, behind) = if at == from { (first, second) } else { (second, first) };
        let difference =
            super::super::paired_difference(&ahead.points[at].scores, &behind.points[at].scores);
        difference.interval.is_some_and(|(low, _)| low > 0.0)
    };
    Crossing {
        before: first.name.clone(),
        after: second.name.clone(),
        from: a.points[from].value.clone(),
        to: a.points[to].value.clone(),
        at: if powers { between.exp() } else { between },
        score: means[0] + way * (means[1] - means[0]),
        sure: excludes(from) && excludes(to),
    }
}

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

/// Where a line has no figure, as its loss became no number there.
fn diverged(line: &Line, label: &str) -> Option<String> {
    let values: Vec<&str> = line
        .points
        .iter()
        .filter(|point| !point.diverged.is_empty())
        .map(|point| point.value.as_str())
        .collect();
    (!values.is_empty()).then(|| {
        format!("{} diverged at {label} {}, and has no figure there.", line.name, listed(&values))
    })
}

/// The curves in words: the best at both ends, and where lines cross.
pub fn told(lines: &[Line], crossings: Option<&Vec<Crossing>>, score: &str, label: &str) -> String {
    let mut sentences = Vec::new();
    let count = lines[0].points.len();
    let mut ends = vec![0, count - 1];
    ends.dedup();
    sentences.extend(ends.into_iter().filter_map(|place| {
        let at = |line: &&Line| line.points[place].diverged.is_empty();
        let finished: Vec<&Line> = lines.iter().filter(at).collect();
        (!finished.is_empty()).then(|| leader(&finished, place, score, label))
    }));
    sentences.extend(lines.iter().filter_map(|line| diverged(line, label)));
    if lines.len() == 1 && count > 2 {
        let mean = |place: &usize| lines[0].points[*place].estimate.mean;
        let finished = (0..count).filter(|place| !mean(place).is_nan());
        let best = finished.max_by(|a, b| mean(a).total_cmp(&mean(b))).expect("one was finished");
        let (value, share) = (&lines[0].points[best].value, 100.0 * mean(&best));
        sentences.push(format!("The highest mean is {share:.2} %, at {value}."));
    }
    for crossing in crossings.into_iter().flatten() {
        let Crossing { before, after, from, to, at, sure, .. } = crossing;
        let near = near(*at);
        let doubt = match sure {
            true => "",
            false => "; on one side at least the two are within the spread of the seeds",
        };
        sentences.push(format!(
            "{after} overtakes {before} between {from} and {to}, {near} (by the means{doubt})."
        ));
    }
    if lines.len() > 1 && count > 1 && crossings.is_some_and(Vec::is_empty) {
        sentences.push("No two lines cross.".to_owned());
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::super::estimate;
    use super::super::Place;
    use super::*;

    fn line(name: &str, means: &[f64]) -> Line {
        let point = |(place, mean): (usize, &f64)| {
            // Without another spread, all differences of two lines would be the same.
            let spread = if name == "b" { 0.0011 } else { 0.001 };
            let scores = vec![mean - spread, *mean, mean + spread];
            let value = ["100", "1,000", "10,000"][place].to_owned();
            let (seeds, diverged) = (vec![1, 2, 3], Vec::new());
            let (map_at_r, runs) = (Vec::new(), Vec::new());
            let estimate = estimate(&scores);
            Place { value, seeds, estimate, scores, map_at_r, runs, diverged }
        };
        Line { name: name.to_owned(), points: means.iter().enumerate().map(point).collect() }
    }

    const POSITIONS: [f64; 3] = [100.0, 1000.0, 10_000.0];

    #[test]
    fn lines_that_change_places_cross_between_the_two_values() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("b", &[0.4, 0.7, 0.9])];
        let found = crossings(&lines, &POSITIONS);
        assert!(found.len() == 1 && found[0].sure);
        let crossing = &found[0];
        assert_eq!((crossing.before.as_str(), crossing.after.as_str()), ("a", "b"));
        // Half-way in powers of ten: 10^2.5.
        assert!((crossing.at - 316.23).abs() < 0.01 && (crossing.score - 0.55).abs() < 1e-9);
        assert_eq!(crossing.drawn().label, "≈ 320");
        let text = told(&lines, Some(&found), "1-NN accuracy", "training images");
        assert_eq!(
            text,
            "At training images 100, a has the highest 1-NN accuracy, 50.00 %: better by these seeds \
             (p below 0.05). At training images 10,000, b has the highest 1-NN accuracy, 90.00 %: \
             better by these seeds (p below 0.05). b overtakes a between 100 and 1,000, ≈ 320 (by the \
             means)."
        );
    }

    #[test]
    fn lines_that_meet_at_a_place_and_part_the_other_way_cross_there() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("c", &[0.4, 0.6, 0.9])];
        let found = crossings(&lines, &POSITIONS);
        assert_eq!(
            (found.len(), found[0].from.as_str(), found[0].to.as_str()),
            (1, "100", "10,000")
        );
        assert!((found[0].at - 1000.0).abs() < 1e-6 && (found[0].score - 0.6).abs() < 1e-9);
        let touching = [line("a", &[0.5, 0.6, 0.7]), line("c", &[0.4, 0.6, 0.6])];
        assert!(crossings(&touching, &POSITIONS).is_empty());
    }

    #[test]
    fn a_place_where_a_run_diverged_is_a_gap_and_is_named() {
        let mut lines = [line("a", &[0.5, 0.6, 0.7]), line("c", &[0.4, 0.7, 0.9])];
        let point = &mut lines[0].points[2];
        (point.estimate, point.diverged) = (super::super::super::Estimate::nothing(), vec![2]);
        let found = crossings(&lines, &POSITIONS);
        assert_eq!(found.len(), 1);
        let text = told(&lines, Some(&found), "MAP@R", "x");
        assert!(text.contains("At x 10,000, MAP@R is 90.00 %."), "{text}");
        assert!(text.contains("a diverged at x 10,000, and has no figure there."), "{text}");
        let alone = told(&lines[..1], None, "MAP@R", "x");
        assert!(alone.ends_with("The highest mean is 60.00 %, at 1,000."), "{alone}");
    }

    #[test]
    fn places_are_told_with_two_digits() {
        let told = [316.2, 57_123.0, 9.96, 0.5, 0.0316, 3.16e-4, 0.0].map(near);
        let expected = ["≈ 320", "≈ 57,000", "≈ 10.0", "≈ 0.50", "≈ 0.032", "≈ 3.2e-4", "≈ 0"];
        assert_eq!(told, expected);
    }

    #[test]
    fn lines_apart_do_not_cross() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("b", &[0.4, 0.5, 0.6])];
        assert!(crossings(&lines, &POSITIONS).is_empty());
        assert!(told(&lines, Some(&Vec::new()), "MAP@R", "x").ends_with("No two lines cross."));
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
    fn a_line_alone_tells_its_best_place() {
        let text = told(&[line("a", &[0.5, 0.7, 0.6])], None, "MAP@R", "loss.margin");
        assert!(text.ends_with("The highest mean is 70.00 %, at 1,000."), "{text}");
    }
}
