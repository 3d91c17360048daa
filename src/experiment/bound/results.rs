//! The losses along a run as a table, in words and as a picture.

use super::Bound;
use super::rows::{Row, is_finite};
use crate::error::Result;
use crate::report::chart::{Picture, bound};
use crate::report::table::Table;
use crate::words::{decimals, grouped};

impl Bound {
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

    pub(super) fn draw(&self) -> Result<Picture> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::BoundTerms;

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
