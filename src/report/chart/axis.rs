//! A value axis: its range, its ticks and how their numbers are written.

use std::ops::Range;

use plotters::coord::ranged1d::{
    KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter,
};

use super::geometry::Rect;
use super::text::{TextStyle, text_width};
use crate::words::significant;

/// Least space between two names of ticks, in pixels.
const SPACE: f64 = 8.0;

fn half_width(name: &str) -> f64 {
    text_width(name, TextStyle::tick()) / 2.0
}

/// Values beyond this are left out like those that are not numbers: their differences overflow.
const LARGEST: f64 = 1e300;

/// Whether a value can be drawn at all.
pub fn drawable(value: f64) -> bool {
    value.abs() < LARGEST
}

/// One axis: the range shown, the ticks and the label.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The label of the axis, with its unit.
    pub label: String,
    /// The value at the lower or left end.
    pub low: f64,
    /// The value at the upper or right end.
    pub high: f64,
    /// Values with a tick, rising.
    pub ticks: Vec<f64>,
    /// The label of each tick; empty if it is the number.
    pub names: Vec<String>,
    /// Whether it is an axis of amounts that leaves out 0: lengths along it are not amounts.
    pub broken: bool,
}

impl Axis {
    /// An axis that shows all of some values with a little room; `None` if no value is finite.
    ///
    /// Zero is shown where the values are not far from it (they reach down to half of the highest).
    pub fn around(label: &str, values: impl Iterator<Item = f64>) -> Option<Axis> {
        let (low, high) = bounds(values)?;
        let room = match high - low {
            0.0 if high == 0.0 => 1.0,
            0.0 => high.abs() * 0.1,
            width => width * 0.06,
        };
        let from_zero = low >= 0.0 && high > 0.0 && low <= 0.5 * high;
        let (low, high) = (if from_zero { 0.0 } else { low - room }, high + room);
        Some(Axis::amounts(label, low, high))
    }

    fn amounts(label: &str, low: f64, high: f64) -> Axis {
        Axis {
            label: label.to_owned(),
            low,
            high,
            ticks: round_ticks(low, high, 6.0),
            names: Vec::new(),
            broken: low > 0.0 || high < 0.0,
        }
    }

    /// The remark below the picture on an axis that leaves out 0.
    pub fn remark(&self) -> Option<String> {
        let step = self.ticks.windows(2).map(|pair| pair[1] - pair[0]).next_back().unwrap_or(1.0);
        // Ticks may begin above the lower end: a digit more than they have.
        let decimals = (1.0 - step.log10().floor()).clamp(0.0, 12.0) as usize;
        let low = match self.in_powers(step) {
            true => self.number(self.low),
            false => {
                let low = format!("{:.decimals$}", self.low);
                let short = match low.contains('.') {
                    true => low.trim_end_matches('0').trim_end_matches('.'),
                    false => &low,
                };
                short.replace('-', "−")
            }
        };
        // The unit is not part of the name.
        let what = self.label.split(", ").next().unwrap_or_default();
        self.broken.then(|| format!("the axis of {what} starts at {low}, not at 0"))
    }

    /// An axis for shares in 0..=1, zoomed to the values, never beyond 1; `None` where no value is
    /// finite.
    pub fn share(label: &str, values: impl Iterator<Item = f64>) -> Option<Axis> {
        let (low, high) = bounds(values.map(|value| value.clamp(0.0, 1.0)))?;
        let room = ((high - low) * 0.08).max(0.005);
        let high = (high + room).min(1.0);
        let low = if low < 0.3 { 0.0 } else { low - room };
        // Down to a tick, so that a zoomed axis starts at a labelled number.
        let step = round_step(low, high, 6.0);
        let low = ((low / step).floor() * step).max(0.0);
        Some(Axis::amounts(label, low, high))
    }

    /// An axis without values, for a picture that has nothing to show.
    pub fn empty(label: &str) -> Axis {
        let (label, ticks, names) = (label.to_owned(), Vec::new(), Vec::new());
        Axis { label, low: 0.0, high: 1.0, ticks, names, broken: false }
    }

    /// An axis of whole numbers 1..=`last`, at least one, with ticks on whole numbers only.
    pub fn counted(label: &str, last: usize) -> Axis {
        let last = last.max(1);
        let step = (1..).map(nice_whole).find(|step| last / step <= 10).unwrap_or(last);
        let multiples = (1..=last / step).map(|i| (i * step) as f64);
        let ticks = if step == 1 {
            multiples.collect()
        } else {
            [1.0].into_iter().chain(multiples).collect()
        };
        let room = (last as f64 * 0.03).max(0.3);
        Axis {
            label: label.to_owned(),
            low: 1.0 - room,
            high: last as f64 + room,
            ticks,
            names: Vec::new(),
            broken: false,
        }
    }

    /// An axis over some rising positions, with ticks at them that have names of their own. Where a
    /// name would touch the one before on an axis of `width` pixels, it is left out.
    pub fn named(label: &str, ticks: &[f64], names: &[String], width: f64) -> Axis {
        let (first, last) = bounds(ticks.iter().copied()).unwrap_or((0.0, 1.0));
        let room = if last > first { (last - first) * 0.05 } else { 0.5 };
        let (low, high) = (first - room, last + room);
        let mut end = f64::NEG_INFINITY;
        let shown = |(tick, name): (&f64, &String)| {
            let (middle, half) = ((tick - low) / (high - low) * width, half_width(name));
            let fits = middle - half > end;
            end = if fits { middle + half + SPACE } else { end };
            if fits { name.clone() } else { String::new() }
        };
        let names = ticks.iter().zip(names).map(shown).collect();
        let (label, ticks) = (label.to_owned(), ticks.to_vec());
        Axis { label, low, high, ticks, names, broken: false }
    }

    /// An axis over words side by side, at 0, 1, 2 and so on; see [`Axis::named`].
    pub fn of_words(label: &str, words: &[String], width: f64) -> Axis {
        let ticks: Vec<f64> = (0..words.len()).map(|index| index as f64).collect();
        Axis::named(label, &ticks, words, width)
    }

    /// How high on the page a value of a y axis lies, beside a rectangle.
    pub fn height(&self, value: f64, area: Rect) -> f64 {
        area.bottom() - (value - self.low) / (self.high - self.low) * area.height
    }

    /// The label of a tick.
    pub fn name(&self, tick: usize) -> String {
        self.names.get(tick).cloned().unwrap_or_else(|| self.number(self.ticks[tick]))
    }

    /// Formats a tick's number with as many decimals as distinguish the ticks.
    pub fn number(&self, value: f64) -> String {
        let step = self.ticks.windows(2).map(|pair| pair[1] - pair[0]).next_back().unwrap_or(1.0);
        // A tick that is meant to be zero may miss it by a rounding error.
        let value = if value.abs() < step / 1000.0 { 0.0 } else { value };
        let text = match self.in_powers(step) {
            true if value == 0.0 => "0".to_owned(),
            // Ticks are round: zeros behind them only take the room of the axis' name.
            true => format!("{:e}", significant(value, 3)),
            false => {
                let decimals = (-(step * 1.0001).log10().floor()).max(0.0) as usize;
                format!("{value:.decimals$}")
            }
        };
        text.replace('-', "−")
    }

    /// Whether its numbers would be long lines of digits, written out.
    fn in_powers(&self, step: f64) -> bool {
        self.low.abs().max(self.high.abs()) >= 1e6 || step < 1e-4
    }
}

/// plotters maps values with it, and draws a grid line at each tick.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        (f64::from(from) + share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.clone(),
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().position(|tick| tick == value);
        tick.map_or(String::new(), |tick| self.name(tick))
    }
}

/// The least and greatest of the drawable values.
fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| drawable(*value)).fold(None, |bounds, value| {
        let (low, high) = bounds.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// About `count` multiples of 1, 2 or 5 times a power of ten in a range.
fn round_ticks(low: f64, high: f64, count: f64) -> Vec<f64> {
    let step = round_step(low, high, count);
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    // A range that is tiny beside its values has no room for multiples: its ends will do.
    if !(last - first).is_finite() || last - first > 20.0 || last < first {
        return vec![low, high];
    }
    (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect()
}

/// The least of 1, 2 or 5 times a power of ten that goes at most `count` times into a range.
fn round_step(low: f64, high: f64, count: f64) -> f64 {
    let rough = (high - low) / count;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|factor| factor * power);
    step.into_iter().find(|step| *step >= rough).unwrap_or(10.0 * power)
}

/// 1, 2, 5, 10, 20, 50, …: the n-th of them, from 1.
fn nice_whole(n: u32) -> usize {
    let power = 10usize.saturating_pow((n - 1) / 3);
    power.saturating_mul([1, 2, 5][((n - 1) % 3) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_written_alike() {
        let axis = Axis::around("loss", [0.31, 0.95].into_iter()).unwrap();
        assert_eq!(axis.low, 0.0);
        let written: Vec<String> = axis.ticks.iter().map(|tick| axis.number(*tick)).collect();
        assert_eq!(written, ["0.0", "0.2", "0.4", "0.6", "0.8"]);
    }

    #[test]
    fn epochs_have_whole_ticks_and_never_too_many() {
        assert_eq!(Axis::counted("epoch", 1).ticks, [1.0]);
        assert_eq!(Axis::counted("epoch", 5).ticks, [1.0, 2.0, 3.0, 4.0, 5.0]);
        let long = Axis::counted("epoch", 350);
        assert_eq!(long.ticks[..3], [1.0, 50.0, 100.0]);
        assert!(Axis::counted("epoch", usize::MAX / 2).ticks.len() <= 11);
    }

    #[test]
    fn equal_values_still_have_a_range() {
        for value in [0.0, 0.5, -3.0, 1e12, 1e-12] {
            let axis = Axis::around("loss", [value, value].into_iter()).unwrap();
            assert!(axis.high > axis.low && axis.low <= value && value <= axis.high, "{axis:?}");
            assert!((1..=21).contains(&axis.ticks.len()), "{axis:?}");
        }
        let axis = Axis::share("recall", [1.0].into_iter()).unwrap();
        assert!(axis.low < 1.0 && axis.high == 1.0, "{axis:?}");
    }

    #[test]
    fn an_axis_that_leaves_out_zero_says_where_it_starts() {
        let axis = Axis::share("vote top-k accuracy", [0.86, 0.96].into_iter()).unwrap();
        assert_eq!(
            axis.remark().unwrap(),
            "the axis of vote top-k accuracy starts at 0.84, not at 0"
        );
        let loss = |values: [f64; 2]| Axis::around("value, nats", values.into_iter()).unwrap();
        let far = loss([99.0, 100.0]).remark().unwrap();
        assert_eq!(far, "the axis of value starts at 98.94, not at 0");
        assert_eq!(
            loss([-5.0, -4.0]).remark().unwrap(),
            "the axis of value starts at −5.06, not at 0"
        );
        assert_eq!(loss([0.1, 0.9]).remark(), None);
        assert_eq!(loss([-0.1, 0.9]).remark(), None);
        assert_eq!(Axis::counted("epoch", 5).remark(), None);
    }

    #[test]
    fn large_and_small_numbers_are_written_in_powers_of_ten_and_zero_as_zero() {
        let of = |values: [f64; 2]| Axis::around("loss", values.into_iter()).unwrap();
        let written = |values| {
            let axis = of(values);
            axis.ticks.iter().map(|tick| axis.number(*tick)).collect::<Vec<_>>()
        };
        assert_eq!(written([1e29, 1e30])[..2], ["0", "2e29"]);
        assert_eq!(written([0.0, 2e-5])[..2], ["0", "5e−6"]);
        let remark = of([9.9e29, 1e30]).remark().unwrap();
        assert_eq!(remark, "the axis of loss starts at 9.89e29, not at 0");
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(Axis::around("loss", [f64::NAN, f64::INFINITY, f64::MAX].into_iter()), None);
        let axis = Axis::around("loss", [f64::NAN, 1.0, 1.1].into_iter()).unwrap();
        assert!(axis.low > 0.9 && axis.high < 1.2, "{axis:?}");
    }
}
