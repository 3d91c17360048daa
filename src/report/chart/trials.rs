//! The trials of a search: the score over each setting that was searched.

use plotters::style::RGBColor;

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::{Axis, drawable};
use super::elements::marker;
use super::layout::{Layout, MOST_PANELS, Panel};
use super::legend::{Entry, Key, Legend};
use super::marker::{Dash, Marker, Shape};
use super::palette::{FIRST, QUIET_TEXT, SECOND, tint};
use super::picture::Picture;
use super::scale::Scale;
use super::series_style::SeriesStyle;
use crate::error::{Error, Result};

/// A setting that was searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter<'a> {
    /// Its key.
    pub name: &'a str,
    /// The scale of its values.
    pub scale: Scale<'a>,
}

/// One trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial<'a> {
    /// A value for each setting; NaN if it has none.
    pub values: &'a [f64],
    /// Its score; NaN if it failed.
    pub score: f64,
    /// Whether it was stopped early.
    pub stopped: bool,
}

/// Draws a panel for each setting, a point in it for each trial that has a score; `note`, which may
/// be empty, is in faint text below them.
///
/// # Errors
/// [`Error::Other`] without a setting or with more than 48.
pub fn draw(
    score: &str,
    parameters: &[Parameter<'_>],
    trials: &[Trial<'_>],
    best: usize,
    note: &str,
) -> Result<Picture> {
    if parameters.is_empty() || parameters.len() > MOST_PANELS {
        let found = parameters.len();
        let problem = format!("1 to {MOST_PANELS} settings of a search can be drawn, not {found}");
        return Err(Error::Other(problem));
    }
    let scores = trials.iter().map(|trial| trial.score);
    let y = Axis::share(score, scores).unwrap_or_else(|| Axis::empty(score));
    let remark = y.remark().map(|remark| format!("{remark}, in every panel"));
    let broken = (0..parameters.len()).any(|index| {
        let values = trials.iter().map(|trial| trial.values[index]);
        let linear = matches!(parameters[index].scale, Scale::Linear);
        linear && Axis::around("", values).is_some_and(|axis| axis.broken)
    });
    let beside = broken.then(|| "a broken axis does not start at 0".to_owned());
    let notes = [Some(note.to_owned()).filter(|note| !note.is_empty()), remark, beside];
    let note = notes.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let layout = layout(parameters, trials, &note);
    layout.draw(|page| {
        for (index, (parameter, &area)) in parameters.iter().zip(&layout.areas).enumerate() {
            let values: Vec<f64> = trials.iter().map(|trial| trial.values[index]).collect();
            let panel = axes::panel(page, area);
            let x = parameter.scale.axis(&values, area.width);
            let mut chart = axes::with_axes(&panel, &x, &y)?;
            draw_trials(&mut chart, &parameter.scale.positions(&values), trials, best)?;
        }
        Ok(())
    })
}

const PALE: f64 = 0.45;

fn styles() -> [SeriesStyle; 3] {
    let style = |colour: RGBColor, hollow| SeriesStyle {
        colour,
        marker: Marker { shape: Shape::Circle, hollow },
        dash: Dash::Solid,
    };
    [style(FIRST, false), style(tint(QUIET_TEXT, PALE), true), style(SECOND, false)]
}

fn layout(parameters: &[Parameter<'_>], trials: &[Trial<'_>], note: &str) -> Layout {
    let (width, height) = match Layout::columns(parameters.len()) {
        1 => (700.0, 420.0),
        2 => (480.0, 340.0),
        _ => (320.0, 250.0),
    };
    let any_stopped = trials.iter().any(|trial| trial.stopped);
    let entries = styles().into_iter().zip(["trial", STOPPED, "best"]);
    let entries = entries.filter(|(_, name)| any_stopped || *name != STOPPED);
    let entries: Vec<Entry> =
        entries.map(|(style, name)| Entry::new(Key::Marker(style), name)).collect();
    let titles: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let panel = Panel { width, height, left: LEFT, below: BELOW };
    Layout::new(&titles, panel, note, Legend::new(entries, height))
}

const STOPPED: &str = "stopped early";

/// Stopped trials first, the best last, so that nothing lies on it.
fn draw_trials(
    chart: &mut Chart<'_>,
    across: &[f64],
    trials: &[Trial<'_>],
    best: usize,
) -> Result<()> {
    let kind = |number: usize, trial: &Trial<'_>| match (number == best, trial.stopped) {
        (true, _) => 2,
        (_, true) => 1,
        _ => 0,
    };
    for (shown, radius) in [(1, 4.0), (0, 4.6), (2, 6.4)] {
        let of_kind =
            trials.iter().enumerate().filter(|(number, trial)| kind(*number, trial) == shown);
        let points = of_kind.map(|(number, trial)| (across[number], trial.score));
        let points = points.filter(|(x, y)| drawable(*x) && drawable(*y));
        chart.draw_series(points.map(|at| marker(at, (styles()[shown], radius, 1.0), None)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    #[test]
    fn every_setting_has_a_panel_and_odd_values_do_not_panic() {
        let words = ["constant".to_owned(), "cosine".to_owned()];
        let parameters = [
            Parameter { name: "train.learning_rate", scale: Scale::Logarithmic },
            Parameter { name: "loss.margin", scale: Scale::Linear },
            Parameter { name: "train.schedule", scale: Scale::Categories(&words) },
        ];
        let values = [[1e-3, 2.5, 0.0], [1e-2, 1.0, 1.0], [0.0, f64::NAN, 1.0], [1e-4, 3.0, 0.0]];
        let score = [0.8, 0.85, f64::NAN, 0.5];
        let trials: Vec<Trial> = values
            .iter()
            .zip(score)
            .map(|(values, score)| Trial { values, score, stopped: score == 0.5 })
            .collect();
        let drawn = draw("1-NN accuracy", &parameters, &trials, 1, "a note").unwrap();
        let picture = Pixels::of(&drawn);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let remark = |start: f64| {
            format!(
                "a note · the axis of 1-NN accuracy starts at {start}, not at 0, in every panel"
            )
        };
        assert_eq!(drawn.captions(), remark(0.4));
        let high = [trials[0], trials[1]];
        let captions = draw("1-NN accuracy", &parameters, &high, 1, "a note").unwrap().captions();
        assert_eq!(captions, remark(0.79));
        let failed = [Trial { values: &values[2], score: f64::NAN, stopped: false }];
        draw("1-NN accuracy", &parameters, &failed, 0, "").unwrap();
        let error = draw("x", &[], &[], 0, "").unwrap_err().to_string();
        assert!(error.contains("1 to 48 settings"), "{error}");
    }
}
