//! A sweep: all losses × cells of a grid × seeds, and the curves.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::axes::Axes;
use super::crossings::{Crossing, crossings, drawn};
use super::line::{GridPoint, Line};
use super::summary::summarise;
use crate::error::{Fault, Result};
use crate::eval::MAP_AT_R;
use crate::experiment::compare::{Finished, LossRuns, current_name, hash_of, without_diverged};
use crate::experiment::plan::Plan;
use crate::files::layout::SWEEP;
use crate::files::{Checked, ResultFolder, is_share, read_json, write_json, write_text};
use crate::report::Style;
use crate::report::chart::{Picture, series};
use crate::report::table::Table;
use crate::run::{Owner, RunLock, all_diverged, diverged_in, hashed_folder};
use crate::session::Session;
use crate::stats::{CLIPPED, Ends, Estimate, SHARES, estimate, is_within};
use crate::words::things;

/// A swept grid, trained and evaluated.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {
    /// The command line; empty in files of earlier versions.
    #[serde(default)]
    pub command: String,
    /// The data file.
    pub data: String,
    /// SHA-256 of its uncompressed content.
    pub data_sha256: String,
    /// The swept keys.
    pub keys: Vec<String>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Name of the metric that decides.
    #[serde(deserialize_with = "current_name")]
    pub score: String,
    /// The lines of the curves: a loss with values of all keys but the first.
    pub series: Vec<Line>,
    /// Crossings of two lines.
    pub crossings: Vec<Crossing>,
    /// The conclusion in words.
    pub conclusion: String,
    axes: Axes,
    /// Whether the runs were evaluated on unseen classes.
    unseen: bool,
    #[serde(skip)]
    pub folder: PathBuf,
    #[serde(skip)]
    style: Style,
}

impl GridPoint {
    /// Whether its lists match its seeds, and its numbers are shares.
    fn fits(&self) -> bool {
        let seeds = self.seeds.len();
        [self.scores.len(), self.map_at_r.len(), self.runs.len()] == [seeds; 3]
            && (seeds > 0 || !self.diverged.is_empty())
            && self.scores.iter().chain(&self.map_at_r).all(|&share| is_within(share, SHARES))
            && self.estimate.fits(SHARES)
    }

    /// Mean and interval in percent, or that runs diverged.
    fn shown(&self, ends: Ends) -> String {
        match self.diverged.len() {
            0 => self.estimate.with(ends, SHARES).percent(),
            some => diverged_in(some, some + self.seeds.len()),
        }
    }
}

impl Sweep {
    /// Trains or reuses all runs of a plan that has these axes and losses, and evaluates them.
    ///
    /// # Errors
    /// As [`Plan::carry_out`]; runs of all variants diverged.
    pub fn new(session: &Session, plan: &Plan, axes: Axes, names: Vec<String>) -> Result<Sweep> {
        let results = plan.carry_out(session)?;
        let Some(complete) = results.iter().find(|variant| variant.diverged.is_empty()) else {
            return Err(all_diverged(&without_diverged(results).1));
        };
        let evaluation = &complete.runs[0].evaluation;
        // The evaluation has a smaller k if there are few training images.
        let knn = plan.variants[0].config.eval.knn;
        let (score, unseen) = (plan.score.name(knn), evaluation.unseen);
        let series = lines(plan, &axes, &names, &results);
        let crossings = match axes.ordered() {
            true => crossings(&series, &axes.positions()),
            false => Vec::new(),
        };
        let hash = hash_of(&results, &[plan.score.first_name()]);
        let owner = |folder: &Path| Sweep::owner(folder, &series);
        let folder =
            hashed_folder(&plan.runs, &format!("sweep-{}", axes.file_name()), &hash, owner);
        let conclusion =
            summarise(&series, axes.ordered().then_some(&crossings), &score, &axes.first_label());
        Ok(Sweep {
            command: plan.command.clone(),
            data: plan.variants[0].config.data.path.clone(),
            data_sha256: session.dataset.sha256.clone(),
            keys: axes.keys(),
            seeds: plan.seeds.clone(),
            score,
            series,
            crossings,
            conclusion,
            axes,
            folder,
            unseen,
            style: session.style,
        })
    }

    /// Whether a folder contains a sweep of exactly these runs.
    fn owner(folder: &Path, series: &[Line]) -> Owner {
        let runs = |series: &[Line]| -> Vec<PathBuf> {
            let points = series.iter().flat_map(|line| &line.points);
            points.flat_map(|point| point.runs.clone()).collect()
        };
        match read_json::<Sweep>(&folder.join(SWEEP), "") {
            Ok(Some(made)) if runs(&made.series) == runs(series) => Owner::Same,
            _ => Owner::Unknown,
        }
    }

    /// Reads a sweep from its folder.
    ///
    /// # Errors
    /// Not the folder of a finished sweep; a file was changed.
    pub fn read(path: &Path) -> Result<Sweep> {
        let remedy = "run the same dml sweep again, which trains nothing again";
        let read: Option<Sweep> = read_json(&ResultFolder::new(path).file(SWEEP), remedy)?;
        let missing = || Fault::new(path, format!("is not a finished sweep: it has no {SWEEP}"));
        let mut sweep = read.ok_or_else(missing)?;
        sweep.folder = path.to_path_buf();
        Ok(sweep)
    }

    /// Metric, keys, data and seeds in a sentence.
    pub fn caption(&self) -> String {
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        let named = things(seeds.len(), "seed");
        let spread = if seeds.len() > 1 { "; mean and 95 % t-interval" } else { "" };
        let mut points = self.series.iter().flat_map(|line| &line.points);
        let clipped = match points.any(|point| point.estimate.exceeds(SHARES)) {
            true => format!("; intervals {CLIPPED}"),
            false => String::new(),
        };
        format!(
            "{} over {} on {}{}; {named} {}{spread}{clipped}{}",
            self.y_label(),
            self.keys.join(" × "),
            self.data,
            if self.unseen { ", unseen classes" } else { "" },
            seeds.join(", "),
            self.axes.equal_budget().map_or(String::new(), |budget| format!("; {budget}")),
        )
    }

    fn y_label(&self) -> String {
        format!("{}, %", self.score)
    }

    /// One row per value of the first key, one column per line.
    pub fn table(&self) -> Table {
        self.table_with(Ends::Clipped)
    }

    fn table_with(&self, ends: Ends) -> Table {
        let header = std::iter::once(self.axes.first_label())
            .chain(self.series.iter().map(|line| line.name.clone()));
        let mut table = Table::new(header);
        for (index, value) in self.axes.first_values().iter().enumerate() {
            let cells = self.series.iter().map(|line| line.points[index].shown(ends));
            table.push(std::iter::once(value.clone()).chain(cells));
        }
        table
    }

    /// Writes tables, conclusion and picture into a folder among the runs, and returns its path.
    ///
    /// # Errors
    /// A file cannot be written; another process writes the same sweep.
    pub fn write(&self) -> Result<PathBuf> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        folder.create()?;
        let table = self.table();
        self.table_with(Ends::Computed).write_csv(&folder.file("table.csv"))?;
        self.each_run().write_csv(&folder.file("runs.csv"))?;
        let text = format!("{}\n\n{}\n{}\n", self.caption(), table.markdown(), self.conclusion);
        write_text(&folder.file("table.md"), &text)?;
        write_json(&folder.file(SWEEP), self)?;
        self.draw()?.save(&folder.plot("sweep.png"), self.style)?;
        Ok(self.folder.clone())
    }

    /// One row per run.
    pub fn each_run(&self) -> Table {
        let header = ["line", self.keys[0].as_str(), "seed", &self.score, MAP_AT_R.name, "run"];
        let number = |value: f64| if value.is_nan() { String::new() } else { value.to_string() };
        let mut table = Table::new(header);
        for line in &self.series {
            for point in &line.points {
                for (index, seed) in point.seeds.iter().enumerate() {
                    table.push([
                        line.name.clone(),
                        point.value.clone(),
                        seed.to_string(),
                        number(point.scores[index]),
                        number(point.map_at_r[index]),
                        point.runs[index].display().to_string(),
                    ]);
                }
            }
        }
        table
    }

    /// The curves.
    ///
    /// # Errors
    /// There are no lines.
    pub fn draw(&self) -> Result<Picture> {
        let positions = self.axes.positions();
        let points: Vec<Vec<series::SeriesPoint>> = self
            .series
            .iter()
            .map(|line| {
                let drawn_point = |(x, point): (&f64, &GridPoint)| series::SeriesPoint {
                    x: *x,
                    mean: point.estimate.mean,
                    interval: point.estimate.interval,
                };
                positions.iter().zip(&line.points).map(drawn_point).collect()
            })
            .collect();
        let lines: Vec<series::Series> = self
            .series
            .iter()
            .zip(&points)
            .map(|(line, points)| series::Series { name: &line.name, points })
            .collect();
        let crossings = drawn(&self.crossings);
        let label = self.axes.first_label();
        let words = self.axes.first_values();
        let of = if self.unseen { "unseen" } else { "validation" };
        let picture = series::Lines {
            title: &format!("{} of {of} images over {label}", self.score),
            note: &self.note(),
            x_label: &label,
            scale: self.axes.scale(&words),
            y_label: &self.score,
            series: &lines,
            crossings: &crossings,
        };
        series::draw(&picture)
    }

    fn note(&self) -> String {
        let bands = match self.seeds.len() {
            1 => "one seed".to_owned(),
            seeds => format!("bands: 95 % interval over {seeds} seeds"),
        };
        self.axes.equal_budget().map_or(bands.clone(), |budget| format!("{bands} · {budget}"))
    }
}

impl Checked for Sweep {
    fn check(&self) -> std::result::Result<(), String> {
        let Some(columns) = self.axes.columns() else {
            return Err("has a key without a value".to_owned());
        };
        let line_fits =
            |line: &Line| line.points.len() == columns && line.points.iter().all(GridPoint::fits);
        let fits = !self.series.is_empty()
            && self.keys == self.axes.keys()
            && self.series.iter().all(line_fits)
            && self.crossings.iter().all(|crossing| is_share(crossing.score));
        match fits {
            true => Ok(()),
            false => Err("contains lists or numbers that do not match".to_owned()),
        }
    }
}

/// The results of a plan's variants, which are ordered by loss and then by cell, as lines.
fn lines(plan: &Plan, axes: &Axes, names: &[String], results: &[LossRuns]) -> Vec<Line> {
    let cells = axes.cells();
    let firsts = axes.first_values();
    let mut lines: Vec<Line> = Vec::new();
    for (index, variant) in results.iter().enumerate() {
        let (base, cell) = (index / cells.len(), &cells[index % cells.len()]);
        let name = axes.line_name(&names[base], cell);
        let of_run = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let score = |run: &Finished| of_run(plan.score.of(&run.evaluation.figures));
        let map_at_r = |run: &Finished| of_run(run.evaluation.results().value(&MAP_AT_R, None));
        let scores: Vec<f64> = variant.runs.iter().map(score).collect();
        let point = GridPoint {
            value: firsts[cell[0]].clone(),
            seeds: variant.runs.iter().map(|run| run.seed).collect(),
            estimate: if variant.diverged.is_empty() {
                estimate(&scores)
            } else {
                Estimate::missing()
            },
            scores,
            map_at_r: variant.runs.iter().map(map_at_r).collect(),
            runs: variant.runs.iter().map(|run| run.folder.clone()).collect(),
            diverged: variant.diverged.iter().map(|run| run.seed).collect(),
        };
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name, points: vec![point] }),
        }
    }
    lines
}
