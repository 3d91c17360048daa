//! The trials of a search: the score over each setting that was searched.

use std::path::Path;

use super::paint::style::{FIRST, QUIET_TEXT, SECOND, tint};
use super::paint::{
    Axis, Canvas, Colour, Dash, Entry, Frame, Key, Legend, Look, MOST_PANELS, Marker, Panel, Shape,
    Sheet,
};
use crate::error::{Error, Result};

/// A setting that was searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter<'a> {
    /// Its key.
    pub name: &'a str,
    /// How its values lie across.
    pub scale: Scale<'a>,
}

/// How the values of a setting lie across.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale<'a> {
    /// As numbers.
    Linear,
    /// As powers of ten.
    Logarithm,
    /// As words, by their places from 0.
    Words(&'a [String]),
}

/// One trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial<'a> {
    /// A value for each setting; no number where it has none.
    pub values: &'a [f64],
    /// Its score; no number where it failed.
    pub score: f64,
    /// Whether it was stopped early.
    pub stopped: bool,
}

/// Draws a panel for each setting, a point in it for each trial that has a score.
///
/// # Errors
/// [`Error::Other`] without a setting or with more than 48; [`Error::Io`] when the file cannot be
/// written.
pub fn draw(
    score: &str,
    parameters: &[Parameter<'_>],
    trials: &[Trial<'_>],
    best: usize,
    path: &Path,
) -> Result<()> {
    if parameters.is_empty() || parameters.len() > MOST_PANELS {
        let (path, found) = (path.display(), parameters.len());
        let problem = format!("1 to {MOST_PANELS} settings of a search can be drawn, not {found}");
        return Err(Error::Other(format!("{path}: {problem}")));
    }
    let sheet = sheet(parameters);
    let mut canvas = sheet.canvas();
    let scores = trials.iter().map(|trial| trial.score);
    let y = Axis::share(score, scores).unwrap_or_else(|| Axis::empty(score));
    for (place, (parameter, area)) in parameters.iter().zip(&sheet.areas).enumerate() {
        let x = across(parameter, trials.iter().map(|trial| trial.values[place]), area.width);
        let frame = Frame::new(*area, &x, &y);
        frame.draw(&mut canvas);
        draw_trials(&mut canvas, &frame, parameter, place, trials, best);
    }
    canvas.save(path)
}

const PALE: f64 = 0.45;

fn looks() -> [Look; 3] {
    let look = |colour: Colour, hollow| Look {
        colour,
        marker: Marker { shape: Shape::Circle, hollow },
        dash: Dash::Solid,
    };
    [look(FIRST, false), look(tint(QUIET_TEXT, PALE), true), look(SECOND, false)]
}

fn sheet(parameters: &[Parameter<'_>]) -> Sheet {
    let (width, height) = match Sheet::columns(parameters.len()) {
        1 => (700.0, 420.0),
        2 => (480.0, 340.0),
        _ => (320.0, 250.0),
    };
    let names = ["trial", "stopped early", "best"];
    let entries = looks().into_iter().zip(names);
    let entries: Vec<Entry> = entries
        .map(|(look, name)| Entry { key: Key::Marker(look), name: name.to_owned() })
        .collect();
    let titles: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let panel = Panel { width, height, left: Frame::LEFT, below: Frame::BELOW };
    Sheet::new(&titles, panel, "", Legend::new(entries, height))
}

fn position(scale: Scale<'_>, value: f64) -> f64 {
    match scale {
        Scale::Logarithm => value.log10(),
        _ => value,
    }
}

fn across(parameter: &Parameter<'_>, values: impl Iterator<Item = f64>, width: f64) -> Axis {
    match parameter.scale {
        Scale::Linear => Axis::around("", values).unwrap_or_else(|| Axis::empty("")),
        Scale::Logarithm => {
            let powers: Vec<f64> = values.map(f64::log10).filter(|p| p.is_finite()).collect();
            let low = powers.iter().copied().fold(f64::INFINITY, f64::min).floor();
            let high = powers.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil();
            if !(low.is_finite() && high.is_finite()) {
                return Axis::empty("");
            }
            let ticks: Vec<f64> = (low as i32..=high as i32).map(f64::from).collect();
            let name = |&power: &f64| match power {
                p if (-2.0..=4.0).contains(&p) => format!("{}", 10_f64.powf(p)),
                p => format!("1e{p}"),
            };
            let names: Vec<String> = ticks.iter().map(name).collect();
            Axis::named("", &ticks, &names, width)
        }
        Scale::Words(words) => Axis::of_words("", words, width),
    }
}

/// Stopped trials first, the best last, so that nothing lies on it.
fn draw_trials(
    canvas: &mut Canvas,
    frame: &Frame<'_>,
    parameter: &Parameter<'_>,
    place: usize,
    trials: &[Trial<'_>],
    best: usize,
) {
    let kind = |number: usize, trial: &Trial<'_>| match (number == best, trial.stopped) {
        (true, _) => 2,
        (_, true) => 1,
        _ => 0,
    };
    for (shown, radius) in [(1, 4.0), (0, 4.6), (2, 6.4)] {
        for (number, trial) in trials.iter().enumerate() {
            let at = frame.place(position(parameter.scale, trial.values[place]), trial.score);
            if let Some(at) = at.filter(|_| kind(number, trial) == shown) {
                canvas.marker(at, radius, looks()[shown], 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::probe::Picture;

    #[test]
    fn every_setting_has_a_panel_and_odd_values_do_not_panic() {
        let words = ["constant".to_owned(), "cosine".to_owned()];
        let parameters = [
            Parameter { name: "train.learning_rate", scale: Scale::Logarithm },
            Parameter { name: "loss.margin", scale: Scale::Linear },
            Parameter { name: "train.schedule", scale: Scale::Words(&words) },
        ];
        let values = [[1e-3, 2.5, 0.0], [1e-2, 1.0, 1.0], [0.0, f64::NAN, 1.0], [1e-4, 3.0, 0.0]];
        let score = [0.8, 0.85, f64::NAN, 0.5];
        let trials: Vec<Trial> = values
            .iter()
            .zip(score)
            .map(|(values, score)| Trial { values, score, stopped: score == 0.5 })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.png");
        draw("1-NN accuracy", &parameters, &trials, 1, &path).unwrap();
        let picture = Picture::read(&path);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let failed = [Trial { values: &values[2], score: f64::NAN, stopped: false }];
        draw("1-NN accuracy", &parameters, &failed, 0, &path).unwrap();
        let error = draw("x", &[], &[], 0, &path).unwrap_err().to_string();
        assert!(error.contains("trials.png: 1 to 48 settings"), "{error}");
    }
}
