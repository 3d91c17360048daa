//! Losses over the steps of one training, side by side with the terms that they consist of.

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::Axis;
use super::elements::{marker, pieces, polyline};
use super::layout::{Layout, MOST_PANELS, Panel};
use super::legend::{Entry, Key, Legend};
use super::marker::{Dash, Marker};
use super::palette::STROKE;
use super::picture::Picture;
use super::series_style::{SeriesStyle, line_style};
use crate::error::{Error, Result};

/// A quantity that was measured at every step of interest during training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity<'a> {
    /// Its name.
    pub name: &'a str,
    /// The loss that it belongs to, from 0: all of one loss have its colour.
    pub loss: usize,
    /// Whether it is dashed, as one term of a loss beside another.
    pub dashed: bool,
    /// Its value at each measured step; NaN leaves a gap.
    pub values: &'a [f64],
}

/// Quantities that share an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundPanel<'a> {
    /// Above the panel.
    pub title: &'a str,
    /// The quantities to draw.
    pub quantities: &'a [Quantity<'a>],
}

const WIDTH: f64 = 500.0;
const HEIGHT: f64 = 420.0;

/// Initial values, far from the later ones, that an axis may leave out.
const BEGINNING: usize = 2;
/// It does if that makes its range this many times smaller.
const MUCH: f64 = 4.0;

impl Quantity<'_> {
    fn style(&self) -> SeriesStyle {
        let style = line_style(self.loss);
        let (dash, hollow) = if self.dashed { (Dash::Dashed, true) } else { (Dash::Solid, false) };
        SeriesStyle { dash, marker: Marker { hollow, ..style.marker }, ..style }
    }

    /// Draws the line over the steps, with gaps outside the axis; `number` is its index in the panel.
    fn draw(&self, chart: &mut Chart<'_>, steps: &[f64], y: &Axis, number: usize) -> Result<()> {
        let style = self.style();
        let inside = |value: f64| (y.low..=y.high).contains(&value);
        let point = |(&step, &value): (&f64, &f64)| inside(value).then_some((step, value));
        let points: Vec<Option<(f64, f64)>> = steps.iter().zip(self.values).map(point).collect();
        let line = (style.colour, STROKE, style.dash);
        chart.draw_series(pieces(points.clone()).into_iter().map(|piece| polyline(piece, line)))?;
        // A marker now and then: enough to distinguish lines, too few to hide them.
        let every = points.len().div_ceil(12).max(1);
        let marked = points.into_iter().skip((2 * number) % every).step_by(every).flatten();
        chart.draw_series(marked.map(|at| marker(at, (style, 4.2, 1.0), None)))?;
        Ok(())
    }
}

/// Draws the panels side by side, with one legend.
///
/// # Errors
/// [`Error::Other`] without a panel.
pub fn draw(note: &str, steps: &[f64], panels: &[BoundPanel<'_>]) -> Result<Picture> {
    if panels.is_empty() || panels.len() > MOST_PANELS {
        return Err(Error::Other("no panel to draw".to_owned()));
    }
    let quantities = || panels.iter().flat_map(|panel| panel.quantities);
    let entries: Vec<Entry> =
        quantities().map(|q| Entry::new(Key::Line(q.style()), q.name)).collect();
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    let panel = Panel { width: WIDTH, height: HEIGHT, left: LEFT, below: BELOW };
    let x = Axis::around("step", steps.iter().copied()).unwrap_or_else(|| Axis::empty("step"));
    let scales: Vec<Axis> = panels.iter().map(up_axis).collect();
    let note = full_note(note, panels, &scales);
    let layout = Layout::new(&titles, panel, &note, Legend::new(entries, HEIGHT));
    layout.draw(|page| {
        for ((panel, y), &area) in panels.iter().zip(&scales).zip(&layout.areas) {
            let plot = axes::panel(page, area);
            let mut chart = axes::with_axes(&plot, &x, y)?;
            for (number, quantity) in panel.quantities.iter().enumerate() {
                quantity.draw(&mut chart, steps, y, number)?;
            }
        }
        Ok(())
    })
}

/// The note, with remarks on the axes.
fn full_note(note: &str, panels: &[BoundPanel<'_>], axes: &[Axis]) -> String {
    let mut notes: Vec<String> =
        Some(note.to_owned()).filter(|note| !note.is_empty()).into_iter().collect();
    let ranges =
        |axes: &[Axis]| axes.windows(2).all(|w| (w[0].low, w[0].high) == (w[1].low, w[1].high));
    if !ranges(axes) {
        notes.push("the panels have scales of their own".to_owned());
    }
    for (panel, axis) in panels.iter().zip(axes) {
        let remark = axis.remark();
        notes.extend(remark.map(|remark| match panels.len() {
            1 => remark,
            _ => format!("{}: {remark}", panel.title),
        }));
    }
    notes.join(" · ")
}

fn up_axis(panel: &BoundPanel<'_>) -> Axis {
    let values = |from: usize| {
        let of = move |q: &Quantity<'_>| q.values.iter().skip(from).copied().collect::<Vec<_>>();
        Axis::around("value, nats", panel.quantities.iter().flat_map(of))
    };
    let (all, later) = (values(0), values(BEGINNING));
    match (all, later) {
        (Some(all), Some(later)) if all.high - all.low > MUCH * (later.high - later.low) => later,
        (Some(all), _) => all,
        (None, _) => Axis::empty("value, nats"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    #[test]
    fn a_beginning_far_off_is_left_out_of_the_axis_and_gaps_do_not_panic() {
        let falling = [90.0, 40.0, 2.0, 1.5, 1.0];
        let other = [f64::NAN, 3.0, 1.0, 0.5, 0.25];
        let quantities = [
            Quantity { name: "cross-entropy", loss: 0, dashed: false, values: &falling },
            Quantity { name: "spce", loss: 1, dashed: true, values: &other },
        ];
        let panel = BoundPanel { title: "losses", quantities: &quantities };
        assert!(up_axis(&panel).high < 3.0);
        let near = [Quantity { values: &[3.0, 2.0, 1.0, 0.5], ..quantities[0] }];
        assert!(up_axis(&BoundPanel { title: "", quantities: &near }).high > 3.0);
        let steps = [0.0, 10.0, 20.0, 30.0, 40.0];
        let panels = [panel, BoundPanel { title: "terms", quantities: &[] }];
        let picture = Pixels::of(&draw("a note", &steps, &panels).unwrap());
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        assert!(draw("", &steps, &[]).is_err());
    }
}
