//! Distances of pairs of one class against those of pairs of different classes.

use plotters::series::AreaSeries;
use plotters::style::{Color, RGBColor};

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::{Axis, drawable};
use super::elements::polyline;
use super::geometry::STEPS;
use super::layout::{Layout, Panel};
use super::legend::{Entry, Key, Legend};
use super::marker::Dash;
use super::palette::{FIRST, HAIRLINE, SECOND, STROKE};
use super::picture::Picture;
use crate::error::{Error, Result};

/// How often each distance occurs, in bins of equal width from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pairs<'a> {
    /// The title above the histogram.
    pub title: &'a str,
    /// Where the last bin ends.
    pub largest: f64,
    /// Pairs of one class in each bin.
    pub same: &'a [u64],
    /// Pairs of different classes in each bin.
    pub other: &'a [u64],
    /// Mean distance of pairs of one class, if there are any.
    pub same_mean: Option<f64>,
    /// Mean distance of pairs of different classes, if there are any.
    pub other_mean: Option<f64>,
}

/// The bars of one kind of pairs.
struct Kind {
    name: &'static str,
    colour: RGBColor,
    dash: Dash,
    /// Per cent of these pairs in each bin.
    shares: Vec<f64>,
    mean: Option<f64>,
}

/// Draws both histograms over each other, each as shares of its own pairs, with their means.
///
/// # Errors
/// [`Error::Other`] without a bin or with two numbers of bins.
pub fn draw(pairs: &Pairs<'_>) -> Result<Picture> {
    if pairs.same.is_empty() || pairs.same.len() != pairs.other.len() {
        let (same, other) = (pairs.same.len(), pairs.other.len());
        return Err(Error::Other(format!("cannot draw {same} bins beside {other}")));
    }
    let kinds = kinds(pairs);
    let x = Axis::around("Euclidean distance", [0.0, pairs.largest].into_iter());
    let shares = kinds.iter().flat_map(|kind| kind.shares.iter().copied());
    let y = Axis::around("share of its pairs in a bin, %", shares.chain([0.0]));
    let layout = layout(pairs.title, &kinds);
    let area = layout.areas[0];
    layout.draw(|page| {
        let (Some(x), Some(y)) = (&x, &y) else {
            return axes::remark(page, area, "no finite distance to show");
        };
        let panel = axes::panel(page, area);
        let mut chart = axes::with_axes(&panel, x, y)?;
        for kind in kinds.iter().filter(|kind| kind.mean.is_some()) {
            kind.draw(&mut chart, pairs.largest)?;
        }
        kinds.iter().try_for_each(|kind| kind.draw_mean(&mut chart, y.high))
    })
}

fn kinds(pairs: &Pairs<'_>) -> [Kind; 2] {
    let shares = |counts: &[u64]| {
        let all = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|&count| 100.0 * count as f64 / all).collect()
    };
    [
        Kind {
            name: "other class",
            colour: SECOND,
            dash: Dash::Dotted,
            shares: shares(pairs.other),
            mean: pairs.other_mean,
        },
        Kind {
            name: "same class",
            colour: FIRST,
            dash: Dash::Dashed,
            shares: shares(pairs.same),
            mean: pairs.same_mean,
        },
    ]
}

fn layout(title: &str, kinds: &[Kind; 2]) -> Layout {
    let panel = Panel { width: 760.0, height: 420.0, left: LEFT, below: BELOW };
    let entry = |kind: &Kind| {
        let key = Key::Stroke(kind.colour, 9.0);
        let name = match kind.mean {
            Some(mean) => format!("{}, mean {}", kind.name, number(mean)),
            None => format!("{}: no pair", kind.name),
        };
        Entry::new(key, &name)
    };
    let legend = Legend::new(kinds.iter().rev().map(entry).collect(), panel.height);
    let note = "each kind of pairs adds up to 100 % · broken lines: means (dashed same class, \
                dotted other class)";
    Layout::new(&[title], panel, note, legend)
}

/// Four significant digits, for values of any size.
fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-3..1e4).contains(&size) => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}

impl Kind {
    /// The filled steps and their outline.
    fn draw(&self, chart: &mut Chart<'_>, largest: f64) -> Result<()> {
        let width = largest / self.shares.len() as f64;
        let step = |(bin, &share): (usize, &f64)| {
            [bin as f64 * width, (bin + 1) as f64 * width].map(|end| (end, share))
        };
        let steps = self.shares.iter().enumerate().flat_map(step);
        let whole = [(0.0, 0.0)].into_iter().chain(steps).chain([(largest, 0.0)]);
        let whole = whole.filter(|(x, _)| drawable(*x));
        let edge = self.colour.stroke_width((2.0 * HAIRLINE * STEPS) as u32);
        let area = AreaSeries::new(whole, 0.0, self.colour.mix(0.3)).border_style(edge);
        chart.draw_series(area)?;
        Ok(())
    }

    fn draw_mean(&self, chart: &mut Chart<'_>, high: f64) -> Result<()> {
        if let Some(mean) = self.mean.filter(|mean| drawable(*mean)) {
            let line = vec![(mean, 0.0), (mean, high)];
            chart.draw_series([polyline(line, (self.colour, STROKE, self.dash))])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::geometry::Rect;
    use crate::report::chart::pixels::Pixels;

    const PAIRS: Pairs<'_> = Pairs {
        title: "Distances",
        largest: 4.0,
        same: &[10, 5, 1, 0],
        other: &[0, 10, 80, 90],
        same_mean: Some(0.8),
        other_mean: Some(2.7),
    };

    fn drawn(pairs: &Pairs<'_>) -> Pixels {
        Pixels::of(&draw(pairs).unwrap())
    }

    /// Pixels in a part of the data rectangle that are more of this colour than of the other.
    fn tinted(picture: &Pixels, part: Rect, blue: bool) -> usize {
        let is = |pixel: &&[u8; 3]| {
            let tint = i32::from(pixel[2]) - i32::from(pixel[0]);
            if blue { tint > 30 } else { tint < -30 }
        };
        picture.pixels(part).iter().filter(is).count()
    }

    #[test]
    fn near_pairs_of_one_class_are_blue_on_the_left_and_far_ones_orange_on_the_right() {
        let picture = drawn(&PAIRS);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let area = layout(PAIRS.title, &kinds(&PAIRS)).areas[0];
        let half = Rect { width: area.width / 4.2, ..area };
        let right = Rect { x: area.x + area.width * 0.72, ..half };
        assert!(tinted(&picture, half, true) > 10 * tinted(&picture, half, false));
        assert!(tinted(&picture, right, false) > 10 * tinted(&picture, right, true));
        // The mean of each kind is a line of its colour through its own bins, in the empty part
        // above them.
        let above = |mean: f64| {
            let x = area.x + area.width * mean / (PAIRS.largest * 1.06);
            Rect { x: x - 3.0, y: area.y + 4.0, width: 6.0, height: 12.0 }
        };
        assert!(tinted(&picture, above(0.8), true) > 5 && tinted(&picture, above(0.8), false) == 0);
        assert!(tinted(&picture, above(2.7), false) > 5 && tinted(&picture, above(2.7), true) == 0);
    }

    #[test]
    fn each_kind_is_drawn_as_shares_of_its_own_pairs() {
        let few = drawn(&PAIRS);
        let many = Pairs { same: &[10_000, 5_000, 1_000, 0], ..PAIRS };
        let area = layout(PAIRS.title, &kinds(&PAIRS)).areas[0];
        assert_eq!(few.pixels(area), drawn(&many).pixels(area));
    }

    #[test]
    fn a_kind_without_pairs_a_collapse_and_overflow_are_drawn() {
        let alone = Pairs { other: &[0; 4], other_mean: None, ..PAIRS };
        let collapsed = Pairs { largest: 0.0, same_mean: Some(0.0), ..PAIRS };
        let overflow = Pairs { largest: f64::INFINITY, ..PAIRS };
        for pairs in [alone, collapsed, overflow] {
            assert!(drawn(&pairs).shows_something());
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let odd = Pairs { other: &[1, 2], ..PAIRS };
        let message = draw(&odd).unwrap_err().to_string();
        assert_eq!(message, "cannot draw 4 bins beside 2");
    }
}
