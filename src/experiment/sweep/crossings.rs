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

/// A value of an axis as it is told: three digits at most.
fn near(value: f64) -> String {
    match value {
        v if v >= 100.0 => {
            let power = 10_f64.powf(v.log10().floor() - 1.0);
            format!("≈ {}", grouped(((v / power).round() * power) as usize))
        }
        v => format!("≈ {v:.2}"),
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
            for (place, pair) in gap.windows(2).enumerate() {
                if pair[0] * pair[1] < 0.0 {
                    found.push((place, crossing(a, b, (place, pair), positions, powers)));
                }
            }
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, crossing)| crossing).collect()
}

/// Mean of `a` less mean of `b` at every place.
fn differences(a: &Line, b: &Line) -> Vec<f64> {
    a.points.iter().zip(&b.points).map(|(a, b)| a.estimate.mean - b.estimate.mean).collect()
}

fn crossing(
    a: &Line,
    b: &Line,
    (place, gap): (usize, &[f64]),
    positions: &[f64],
    powers: bool,
) -> Crossing {
    let (first, second) = if gap[0] > 0.0 { (a, b) } else { (b, a) };
    let way = gap[0] / (gap[0] - gap[1]);
    let scaled = |x: f64| if powers { x.ln() } else { x };
    let (left, right) = (scaled(positions[place]), scaled(positions[place + 1]));
    let between = left + way * (right - left);
    let means = [place, place + 1].map(|place| a.points[place].estimate.mean);
    let excludes = |side: usize| {
        let (ahead, behind) = if side == 0 { (first, second) } else { (second, first) };
        let at = place + side;
        let difference =
            super::super::paired_difference(&ahead.points[at].scores, &behind.points[at].scores);
        difference.interval.is_some_and(|(low, _)| low > 0.0)
    };
    Crossing {
        before: first.name.clone(),
        after: second.name.clone(),
        from: a.points[place].value.clone(),
        to: a.points[place + 1].value.clone(),
        at: if powers { between.exp() } else { between },
        score: means[0] + way * (means[1] - means[0]),
        sure: excludes(0) && excludes(1),
    }
}

/// The highest at a place, and which of the others it is not apart from.
fn leader(lines: &[Line], place: usize, score: &str, label: &str) -> String {
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

/// The curves in words: the best at both ends, and where lines cross.
pub fn told(lines: &[Line], crossings: Option<&Vec<Crossing>>, score: &str, label: &str) -> String {
    let mut sentences = Vec::new();
    let count = lines[0].points.len();
    let mut ends = vec![0, count - 1];
    ends.dedup();
    sentences.extend(ends.into_iter().map(|place| leader(lines, place, score, label)));
    if lines.len() == 1 && count > 2 {
        let mean = |place: &usize| lines[0].points[*place].estimate.mean;
        let best = (0..count).max_by(|a, b| mean(a).total_cmp(&mean(b))).expect("one place");
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
            let tilt = if name == "b" { 0.0001 } else { 0.0 };
            let scores = vec![mean - 0.001, *mean, mean + 0.001 + tilt];
            let value = ["100", "1,000", "10,000"][place].to_owned();
            let (map_at_r, runs) = (Vec::new(), Vec::new());
            Place { value, estimate: estimate(&scores), scores, map_at_r, runs }
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
    fn lines_apart_do_not_cross() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("b", &[0.4, 0.5, 0.6])];
        assert!(crossings(&lines, &POSITIONS).is_empty());
        assert!(told(&lines, Some(&Vec::new()), "MAP@R", "x").ends_with("No two lines cross."));
    }

    #[test]
    fn a_lead_within_the_spread_of_the_seeds_is_called_not_settled() {
        let mut lines = [line("a", &[0.5]), line("b", &[0.5001]), line("c", &[0.2])];
        lines[1].points[0].scores.rotate_left(1);
        let text = leader(&lines, 0, "MAP@R", "x");
        assert!(text.ends_with("50.01 %: not settled against a by these seeds."), "{text}");
        let apart = leader(&[line("a", &[0.5]), line("c", &[0.2]), line("b", &[0.7])], 0, "", "x");
        assert!(
            apart.ends_with("better than each other one (p below 0.05, Holm's correction)."),
            "{apart}"
        );
        lines.iter_mut().for_each(|line| line.points[0].scores.truncate(1));
        let one = leader(&lines, 0, "MAP@R", "x");
        assert!(one.ends_with("one seed does not tell it from chance."), "{one}");
    }

    #[test]
    fn a_line_alone_tells_its_best_place() {
        let text = told(&[line("a", &[0.5, 0.7, 0.6])], None, "MAP@R", "loss.margin");
        assert!(text.ends_with("The highest mean is 70.00 %, at 1,000."), "{text}");
    }
}
