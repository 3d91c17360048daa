//! The losses along a run, in the table of its folder.

use std::path::Path;

use crate::error::Result;
use crate::files::{read_csv, write_atomically};
use crate::loss::BoundTerms;

/// The losses after a number of steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub step: usize,
    pub terms: BoundTerms,
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

pub fn is_finite(row: &Row) -> bool {
    let BoundTerms { cross_entropy, bound, spce, .. } = row.terms;
    [cross_entropy, bound, spce].iter().all(|value| value.is_finite())
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

pub fn write(path: &Path, rows: &[Row]) -> Result<()> {
    write_atomically(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        writer.write_record(COLUMNS)?;
        rows.iter().try_for_each(|row| writer.serialize((row.step, row.terms)))?;
        writer.flush()
    })
}

/// What to do about a damaged table, which only training can create.
pub const REMEDY: &str = "run the same dml bound again with --force, which trains only this run";

/// The rows so far; empty if the run has not started.
pub fn read(path: &Path) -> Result<Vec<Row>> {
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
    use crate::files::layout::BOUND;

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
}
