//! Where the curves of two losses cross.

use serde::{Deserialize, Serialize};

use super::axes::in_powers;
use super::line::Line;
use crate::report::chart::series;
use crate::words::grouped;

/// Two lines change places between two values of the swept key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    fn drawn(&self) -> series::Crossing {
        series::Crossing { x: self.at, y: self.score, label: near(self.at) }
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
            crate::stats::paired_difference(&ahead.points[at].scores, &behind.points[at].scores);
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

/// Crossings that are told one by one; of more, only those that are sure.
pub const FEW: usize = 3;

/// The crossings that a picture shows: those that are told.
pub fn drawn(crossings: &[Crossing]) -> Vec<series::Crossing> {
    let all = crossings.len() <= FEW;
    crossings.iter().filter(|crossing| all || crossing.sure).map(Crossing::drawn).collect()
}

/// Numbers from here on are told in powers of ten.
const LARGE: f64 = 1e7;

/// A value of an axis as it is told: two digits, and the zeros that they need.
pub fn near(value: f64) -> String {
    if value == 0.0 {
        return "≈ 0".to_owned();
    }
    let size = value.abs().log10().floor();
    let power = 10_f64.powf(size - 1.0);
    let rounded = (value / power).round() * power;
    match rounded {
        v if v.abs() >= LARGE => format!("≈ {v:.1e}"),
        v if v >= 100.0 => format!("≈ {}", grouped(v.round() as usize)),
        v if v.abs() >= 1e-3 => format!("≈ {v:.*}", (1.0 - size).max(0.0) as usize),
        v => format!("≈ {v:.1e}"),
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::line::Place;
    use super::*;
    use crate::experiment::sweep::summary::summarise;
    use crate::stats::estimate;

    /// A line with these means over three seeds.
    pub fn line(name: &str, means: &[f64]) -> Line {
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

    /// Where its values lie.
    pub const POSITIONS: [f64; 3] = [100.0, 1000.0, 10_000.0];

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
        let text = summarise(&lines, Some(&found), "1-NN accuracy", "training images");
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
    fn lines_apart_do_not_cross() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("b", &[0.4, 0.5, 0.6])];
        assert!(crossings(&lines, &POSITIONS).is_empty());
        assert!(
            summarise(&lines, Some(&Vec::new()), "MAP@R", "x").ends_with("No two lines cross.")
        );
    }
}
