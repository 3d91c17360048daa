//! Where the curves of two losses cross.

use serde::{Deserialize, Serialize};

use super::axes::is_wide;
use super::line::Line;
use crate::report::chart::series;
use crate::words::grouped;

/// Two lines cross between two values of the swept key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// The line that leads before the crossing.
    pub before: String,
    /// The line that leads after it.
    pub after: String,
    /// The last value at which the first line leads.
    pub from: String,
    /// The first value at which the second line leads.
    pub to: String,
    /// Approximate position of the crossing, between these values, by the means.
    pub at: f64,
    /// The score there.
    pub score: f64,
    /// Whether the lines differ significantly on both sides: the 95 % intervals of the paired difference
    /// exclude zero, with opposite signs.
    pub sure: bool,
}

impl Crossing {
    /// The crossing for the picture.
    fn drawn(&self) -> series::Crossing {
        series::Crossing { x: self.at, y: self.score, label: near(self.at) }
    }
}

/// All crossings of all pairs of lines, from left to right.
///
/// Interpolates linearly between positions, on the scale of the picture's axis.
pub fn crossings(lines: &[Line], positions: &[f64]) -> Vec<Crossing> {
    let mut found = Vec::new();
    let logarithmic = is_wide(positions);
    for (i, a) in lines.iter().enumerate() {
        for b in &lines[i + 1..] {
            let gap: Vec<f64> = differences(a, b);
            for (from, to) in changes_of_sign(&gap) {
                found.push((from, crossing((a, b), &gap, (from, to), positions, logarithmic)));
            }
        }
    }
    found.sort_by_key(|(from, _)| *from);
    found.into_iter().map(|(_, crossing)| crossing).collect()
}

/// Pairs of indices between which a gap changes its sign, with only zeros in between. A NaN ends the
/// search from the left.
fn changes_of_sign(gap: &[f64]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut last: Option<usize> = None;
    for (index, &here) in gap.iter().enumerate() {
        if here.is_nan() {
            last = None;
        } else if here != 0.0 {
            found.extend(last.filter(|&last| gap[last] * here < 0.0).map(|last| (last, index)));
            last = Some(index);
        }
    }
    found
}

/// Mean of `a` minus mean of `b` at each position.
fn differences(a: &Line, b: &Line) -> Vec<f64> {
    a.points.iter().zip(&b.points).map(|(a, b)| a.estimate.mean - b.estimate.mean).collect()
}

fn crossing(
    (a, b): (&Line, &Line),
    gap: &[f64],
    (from, to): (usize, usize),
    positions: &[f64],
    logarithmic: bool,
) -> Crossing {
    let (first, second) = if gap[from] > 0.0 { (a, b) } else { (b, a) };
    // If the lines meet at a position of the grid, the crossing is there.
    let (left, right) = if to > from + 1 { (from + 1, from + 1) } else { (from, to) };
    let fraction = if left == right { 0.0 } else { gap[left] / (gap[left] - gap[right]) };
    let scaled = |x: f64| if logarithmic { x.ln() } else { x };
    let between =
        scaled(positions[left]) + fraction * (scaled(positions[right]) - scaled(positions[left]));
    let means = [left, right].map(|index| a.points[index].estimate.mean);
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
        at: if logarithmic { between.exp() } else { between },
        score: means[0] + fraction * (means[1] - means[0]),
        sure: excludes(from) && excludes(to),
    }
}

/// Maximum number of crossings to report all of; if there are more, only the sure ones.
pub const MAX_REPORTED: usize = 3;

/// The crossings for the picture: those that the text reports.
pub fn drawn(crossings: &[Crossing]) -> Vec<series::Crossing> {
    let all = crossings.len() <= MAX_REPORTED;
    crossings.iter().filter(|crossing| all || crossing.sure).map(Crossing::drawn).collect()
}

/// Numbers from here on are in scientific notation.
const LARGE: f64 = 1e7;

/// An approximate value with two significant digits.
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
    use super::super::line::GridPoint;
    use super::*;
    use crate::experiment::sweep::summary::summarise;
    use crate::stats::estimate;

    /// A line with these means over three seeds.
    pub fn line(name: &str, means: &[f64]) -> Line {
        let point = |(index, mean): (usize, &f64)| {
            // With equal spreads, all differences of two lines would be equal.
            let spread = if name == "b" { 0.0011 } else { 0.001 };
            let scores = vec![mean - spread, *mean, mean + spread];
            let value = ["100", "1,000", "10,000"][index].to_owned();
            let (seeds, diverged) = (vec![1, 2, 3], Vec::new());
            let (map_at_r, runs) = (Vec::new(), Vec::new());
            let estimate = estimate(&scores);
            GridPoint { value, seeds, estimate, scores, map_at_r, runs, diverged }
        };
        Line { name: name.to_owned(), points: means.iter().enumerate().map(point).collect() }
    }

    /// The positions of its values.
    pub const POSITIONS: [f64; 3] = [100.0, 1000.0, 10_000.0];

    #[test]
    fn lines_cross_between_two_values() {
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
            "At training images 100, a has the highest 1-NN accuracy, 50.00 %: better (p below 0.05). \
             At training images 10,000, b has the highest 1-NN accuracy, 90.00 %: better (p below \
             0.05). b overtakes a between 100 and 1,000, ≈ 320 (by the means)."
        );
    }

    #[test]
    fn lines_that_meet_at_a_position_and_swap_cross_there() {
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
    fn separate_lines_do_not_cross() {
        let lines = [line("a", &[0.5, 0.6, 0.7]), line("b", &[0.4, 0.5, 0.6])];
        assert!(crossings(&lines, &POSITIONS).is_empty());
        assert!(
            summarise(&lines, Some(&Vec::new()), "MAP@R", "x").ends_with("No two lines cross.")
        );
    }
}
