//! Cross-entropy and the pairwise losses that it bounds, during one training run.

use std::path::{Path, PathBuf};

use tch::Tensor;

use crate::config::Config;
use crate::data::Subset;
use crate::error::{Error, Fault, Result};
use crate::eval;
use crate::files::layout::BOUND;
use crate::files::{read_csv, write_atomically};
use crate::loss::{BoundTerms, bound_terms};
use crate::model::Network;
use crate::report::chart::{Picture, bound};
use crate::report::table::Table;
use crate::run::{Existing, Run, RunLock};
use crate::session::Session;
use crate::train::{EpochDecision, Observer, RunProgress, remedy};
use crate::words::{decimals, grouped};

/// The picture of the losses.
const PICTURE: &str = "bound.png";

/// The losses after a number of steps.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    step: usize,
    terms: BoundTerms,
}

impl Row {
    /// From the columns of the table.
    fn new(step: usize, values: [f64; 8]) -> Row {
        let [cross_entropy, bound, spce, attraction, pairwise, repulsion, spce_attraction, last] =
            values;
        let terms = BoundTerms {
            cross_entropy,
            bound,
            spce,
            attraction,
            pairwise,
            repulsion,
            spce_attraction,
            spce_repulsion: last,
        };
        Row { step, terms }
    }
}

/// A training run with the losses along the way.
pub struct Bound {
    rows: Vec<Row>,
    run: Run,
    images: usize,
    /// What to change if training diverged; else empty.
    remedy: String,
}

impl Bound {
    /// Trains or resumes a run, and computes the losses on the validation images at about `points`
    /// steps.
    ///
    /// # Errors
    /// As [`Run::train`]; embeddings with fewer dimensions than classes, which cannot be logits.
    pub fn new(
        session: &Session,
        config: Config,
        points: usize,
        (runs, force): (&Path, bool),
    ) -> Result<Bound> {
        let run = Run::prefixed(session, config, runs, &format!("bound-{points}-"))?;
        let (validation, classes) =
            (run.validation_numbered()?, run.trained_classes()?.len() as i64);
        let all_classes = session.dataset.classes.len();
        let size = run.config.model.architecture(session.dataset.shape, all_classes)?.embedding();
        if size < classes {
            let problem = format!(
                "must be at least {classes}, because the embeddings are the logits of cross-entropy"
            );
            return Err(Error::setting("model.embedding", size, problem));
        }
        let all = run.steps();
        let path = run.folder.file(BOUND);
        run.check_resources(session)?;
        let _lock = RunLock::take(&run.folder)?;
        let (existing, rows) = match force {
            true => (Existing::Replace, Vec::new()),
            false => (Existing::Resume, read(&path)?),
        };
        let images = validation.rows.len();
        let every = all.div_ceil(points).max(1);
        let mut tracer = Tracer {
            session,
            validation,
            classes,
            path,
            every,
            all,
            epochs: run.config.train.epochs,
            rows,
        };
        let bar = session.progress.run(&run.title(), run.images());
        run.train_observed(session, existing, &mut tracer, &bar)?;
        let rows = tracer.rows;
        if rows.last().is_none_or(|row| row.step != all) {
            // Something else has continued the run, without computing the losses.
            let problem = format!("ends before the last step of training, {all}");
            let fault = Fault::new(&run.folder.file(BOUND), problem);
            return Err(fault.remedy(REMEDY).into());
        }
        let settings = &run.config;
        let remedy = match rows.iter().all(is_finite) {
            true => String::new(),
            false => remedy(&settings.train, &settings.loss, &session.images, true),
        };
        let bound = Bound { rows, run, images, remedy };
        bound.run.folder.create_plots()?;
        bound.draw()?.save(&bound.run.folder.plot(PICTURE), session.style)?;
        Ok(bound)
    }

    /// The losses at the beginning, after a quarter, after half, and at the end.
    pub fn table(&self) -> Table {
        let mut table = Table::new(["step", "cross-entropy", "pairwise bound", "gap", "SPCE"]);
        let last = self.rows.len() - 1;
        let mut shown_rows = vec![0, last / 4, last / 2, last];
        shown_rows.dedup();
        for row in shown_rows.into_iter().map(|row| self.rows[row]) {
            let values = [
                row.terms.cross_entropy,
                row.terms.bound,
                row.terms.cross_entropy - row.terms.bound,
                row.terms.spce,
            ];
            table.push(std::iter::once(row.step.to_string()).chain(values.map(shown)));
        }
        table
    }

    /// The result in words.
    pub fn conclusion(&self) -> String {
        if let Some(text) = divergence_text(&self.rows, &self.remedy) {
            return text;
        }
        let above = self
            .rows
            .iter()
            .filter(|row| row.terms.cross_entropy >= row.terms.bound - 1e-9)
            .count();
        let (first, last) = (self.rows[0], self.rows[self.rows.len() - 1]);
        let gap = |row: &Row| row.terms.cross_entropy - row.terms.bound;
        let course = |value: &dyn Fn(&Row) -> f64| {
            let [from, to] = [value(&first), value(&last)].map(|value| decimals(value, 3));
            match value(&last) - value(&first) {
                _ if from == to => format!("stayed at {to}"),
                change if change < 0.0 => format!("fell from {from} to {to}"),
                _ => format!("rose from {from} to {to}"),
            }
        };
        format!(
            "Cross-entropy was above the pairwise bound at {above} of {} steps, as it must be. From the \
             first to the last step, cross-entropy {}, the gap {}, SPCE {}. Measured on {} validation \
             images while {} was minimised.",
            self.rows.len(),
            course(&|row| row.terms.cross_entropy),
            course(&gap),
            course(&|row| row.terms.spce),
            grouped(self.images),
            self.run.config.loss.name(),
        )
        .replace(" -", " −")
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.run.folder.path()
    }

    fn draw(&self) -> Result<Picture> {
        let of = |value: fn(&Row) -> f64| self.rows.iter().map(value).collect::<Vec<f64>>();
        let steps = of(|row| row.step as f64);
        let losses = [
            ("cross-entropy", 0, false, of(|row| row.terms.cross_entropy)),
            ("pairwise bound", 1, false, of(|row| row.terms.bound)),
            ("SPCE", 2, false, of(|row| row.terms.spce)),
        ];
        let terms = [
            ("attraction, cross-entropy", 0, false, of(|row| row.terms.attraction)),
            ("attraction, all pairs", 1, false, of(|row| row.terms.pairwise)),
            ("repulsion, cross-entropy", 0, true, of(|row| row.terms.repulsion)),
            ("attraction, SPCE", 2, false, of(|row| row.terms.spce_attraction)),
            ("repulsion, SPCE", 2, true, of(|row| row.terms.spce_repulsion)),
        ];
        let drawn = [&losses[..], &terms].map(|list| -> Vec<bound::Quantity> {
            list.iter()
                .map(|(name, loss, dashed, values)| bound::Quantity {
                    name,
                    loss: *loss,
                    dashed: *dashed,
                    values,
                })
                .collect()
        });
        let title = format!("{}, on validation images", self.run.title());
        let panels = [
            bound::BoundPanel { title: &title, quantities: &drawn[0] },
            bound::BoundPanel { title: "Their terms", quantities: &drawn[1] },
        ];
        let note = "pairwise bound: the repulsion of cross-entropy with the attraction of all pairs of a class";
        bound::draw(note, &steps, &panels)
    }
}

fn is_finite(row: &Row) -> bool {
    let BoundTerms { cross_entropy, bound, spce, .. } = row.terms;
    [cross_entropy, bound, spce].iter().all(|value| value.is_finite())
}

/// The text instead of a conclusion if losses are NaN or infinite.
fn divergence_text(rows: &[Row], remedy: &str) -> Option<String> {
    let first = rows.iter().find(|row| !is_finite(row))?;
    let odd = rows.iter().filter(|row| !is_finite(row)).count();
    Some(format!(
        "At {odd} of {} steps, first at step {}, the losses are NaN or infinite: training diverged, so \
         this run says nothing about the bound. What to change: {remedy}.",
        rows.len(),
        first.step
    ))
}

/// A loss with four decimals, in scientific notation if it is very large or small.
fn shown(value: f64) -> String {
    decimals(value, 4).replace('-', "−")
}

/// Computes the losses at regular intervals.
struct Tracer<'a> {
    session: &'a Session,
    validation: Subset,
    classes: i64,
    path: PathBuf,
    every: usize,
    all: usize,
    epochs: usize,
    rows: Vec<Row>,
}

impl Tracer<'_> {
    fn record(&mut self, step: usize, network: &mut dyn Network) -> Result<()> {
        let embeddings = eval::embed(network, &self.session.images, &self.validation.rows, false);
        let (rows, columns) = embeddings.dim();
        let flat = Tensor::from_slice(&embeddings.into_raw_vec_and_offset().0);
        let z = flat.view([rows as i64, columns as i64]);
        let labels = Tensor::from_slice(&self.validation.labels);
        // After an interruption a step may come again.
        self.rows.retain(|row| row.step < step);
        self.rows.push(Row { step, terms: bound_terms(&z, &labels, self.classes) });
        write(&self.path, &self.rows)
    }
}

impl Observer for Tracer<'_> {
    fn step_interval(&self) -> Option<usize> {
        Some(self.every)
    }

    fn after_steps(&mut self, steps: usize, network: &mut dyn Network) -> Result<()> {
        self.record(steps, network)
    }

    fn after_epoch(
        &mut self,
        epoch: usize,
        network: &mut dyn Network,
        _progress: &RunProgress,
    ) -> Result<EpochDecision> {
        if epoch == self.epochs {
            self.record(self.all, network)?;
        }
        Ok(EpochDecision::Continue)
    }
}

/// Names of the columns.
const COLUMNS: [&str; 9] = [
    "step",
    "cross_entropy",
    "bound",
    "spce",
    "attraction",
    "pairwise",
    "repulsion",
    "spce_attraction",
    "spce_repulsion",
];

fn write(path: &Path, rows: &[Row]) -> Result<()> {
    write_atomically(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        writer.write_record(COLUMNS)?;
        rows.iter().try_for_each(|row| writer.serialize((row.step, row.terms)))?;
        writer.flush()
    })
}

/// What to do about a damaged table, which only training can create.
const REMEDY: &str = "run the same dml bound again with --force, which trains only this run";

/// The rows so far; empty if the run has not started.
fn read(path: &Path) -> Result<Vec<Row>> {
    let parse = |rows: Vec<(usize, [f64; 8])>| {
        let rows: Vec<Row> =
            rows.into_iter().map(|(step, values)| Row::new(step, values)).collect();
        // Losses may be NaN, but steps must increase.
        match rows.windows(2).all(|pair| pair[0].step < pair[1].step) {
            true => Ok(rows),
            false => Err("has steps out of order".to_owned()),
        }
    };
    Ok(read_csv(path, REMEDY, parse)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_losses_are_read_back_exactly() {
        let terms = BoundTerms {
            cross_entropy: 0.1 + 0.2,
            bound: -0.1,
            spce: 1.0 / 3.0,
            attraction: -4.0,
            pairwise: -5e-17,
            repulsion: 6.0,
            spce_attraction: -7.0,
            spce_repulsion: 8.25,
        };
        let rows = [Row { step: 0, terms }, Row { step: 37, terms }];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(BOUND);
        assert!(read(&path).unwrap().is_empty());
        write(&path, &rows).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("step,cross_entropy,bound,spce,attraction,pairwise,repulsion,"));
        assert_eq!(read(&path).unwrap(), rows);
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("run the same dml bound again"));
    }

    #[test]
    fn nothing_is_claimed_about_losses_that_diverged() {
        let terms = BoundTerms {
            cross_entropy: 2.0,
            bound: 1.0,
            spce: 2.5,
            attraction: 0.0,
            pairwise: 0.0,
            repulsion: 0.0,
            spce_attraction: 0.0,
            spce_repulsion: 0.0,
        };
        let odd = BoundTerms { cross_entropy: f64::NAN, ..terms };
        let rows = |all: [BoundTerms; 3]| {
            all.into_iter().enumerate().map(|(step, terms)| Row { step, terms }).collect::<Vec<_>>()
        };
        assert_eq!(divergence_text(&rows([terms; 3]), ""), None);
        let text = divergence_text(&rows([terms, odd, terms]), "try less").unwrap();
        assert!(text.starts_with("At 1 of 3 steps, first at step 1, the losses are NaN"), "{text}");
        assert!(text.ends_with("What to change: try less."), "{text}");
        let numbers = [0.25, -12.0, -1.5e30, f64::NAN].map(shown);
        assert_eq!(numbers, ["0.2500", "−12.0000", "−1.50e30", "NaN"]);
    }
}
