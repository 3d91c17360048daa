//! Accuracy and macro precision, recall and F1, as scikit-learn defines them.
//!
//! All metrics come from one confusion matrix. Classes that occur neither in the truth nor in the
//! predictions are left out of macro means, 0/0 counts as 0 (`zero_division=0`), and
//! macro F1 is the mean of the classes' F1, not the F1 of the two means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Confusion matrix: C×C counts, rows are true classes, columns predicted ones.
///
/// Stored sparsely. Serialised as a list of rows, or, for more than
/// [`ConfusionMatrix::LARGEST_SQUARE`] classes, as the pairs that occur:
/// `{"classes": 11316, "counts": [[true, predicted, count], …]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Serialised", try_from = "Serialised")]
pub struct ConfusionMatrix {
    classes: usize,
    /// Non-zero counts by true and predicted class.
    counts: BTreeMap<(u32, u32), u64>,
}

/// The serialised matrix.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Serialised {
    Square(Vec<Vec<u64>>),
    Pairs { classes: usize, counts: Vec<(u32, u32, u64)> },
}

/// The metrics of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The class, 0..C.
    pub class: usize,
    /// Precision; 0 if the class was never predicted.
    pub precision: f64,
    /// Recall; 0 if the class has no row.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 if both are 0.
    pub f1: f64,
    /// Rows of this class.
    pub support: u64,
    /// Rows that were predicted as this class.
    pub predicted: u64,
}

impl ConfusionMatrix {
    /// Counts the predictions.
    ///
    /// # Shapes
    /// truth, predicted `[N]`, each value in 0..classes
    ///
    /// # Panics
    /// If the two differ in length or a value is out of range: a bug, as the data set numbers the
    /// classes.
    pub fn new(truth: &[i64], predicted: &[i64], classes: usize) -> ConfusionMatrix {
        assert_eq!(truth.len(), predicted.len(), "one prediction per row");
        let index = |class: i64| {
            u32::try_from(class)
                .ok()
                .filter(|&class| (class as usize) < classes)
                .expect("a known class")
        };
        let mut counts = BTreeMap::new();
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            *counts.entry((index(truth), index(predicted))).or_default() += 1;
        }
        ConfusionMatrix { classes, counts }
    }

    /// Largest number of classes that is serialised as a square, which takes some tens of MB.
    pub const LARGEST_SQUARE: usize = 2000;

    /// Number of classes C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Whether it is too large to be serialised as a square.
    pub fn is_large(&self) -> bool {
        self.classes > ConfusionMatrix::LARGEST_SQUARE
    }

    /// True class, predicted class and count of every pair that occurs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        let pair = |(&(truth, predicted), &count): (&(u32, u32), &u64)| {
            (truth as usize, predicted as usize, count)
        };
        self.counts.iter().map(pair)
    }

    /// The counts, row-major `[C * C]`: a gigabyte for 11,000 classes.
    pub fn counts(&self) -> Vec<u64> {
        self.rows().flatten().collect()
    }

    /// One row of counts `[C]` per true class.
    pub fn rows(&self) -> impl Iterator<Item = Vec<u64>> + '_ {
        (0..self.classes as u32).map(|truth| {
            let mut row = vec![0; self.classes];
            for (&(_, predicted), &count) in self.counts.range((truth, 0)..=(truth, u32::MAX)) {
                row[predicted as usize] = count;
            }
            row
        })
    }

    /// Accuracy in 0..=1; 0 without rows.
    pub fn accuracy(&self) -> f64 {
        let right = self.pairs().filter(|pair| pair.0 == pair.1).map(|pair| pair.2).sum();
        ratio(right, self.counts.values().sum())
    }

    /// Macro precision of the classes that occur, in 0..=1.
    pub fn macro_precision(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.precision))
    }

    /// Macro recall of the classes that occur, in 0..=1.
    pub fn macro_recall(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.recall))
    }

    /// Macro F1 of the classes that occur, in 0..=1.
    pub fn macro_f1(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.f1))
    }

    /// The metrics of every class that occurs in the truth or in the predictions, in order.
    pub fn per_class(&self) -> Vec<ClassMetrics> {
        let mut sums = vec![[0; 3]; self.classes];
        for (truth, predicted, count) in self.pairs() {
            sums[truth][0] += count;
            sums[predicted][1] += count;
            sums[truth][2] += if truth == predicted { count } else { 0 };
        }
        let figures = sums.into_iter().enumerate().map(|(class, [support, predicted, right])| {
            ClassMetrics {
                class,
                precision: ratio(right, predicted),
                recall: ratio(right, support),
                // 2PR/(P + R) in terms of counts: one rounding instead of four.
                f1: ratio(2 * right, predicted + support),
                support,
                predicted,
            }
        });
        figures.filter(|class| class.support + class.predicted > 0).collect()
    }
}

impl From<ConfusionMatrix> for Serialised {
    fn from(matrix: ConfusionMatrix) -> Serialised {
        if !matrix.is_large() {
            return Serialised::Square(matrix.rows().collect());
        }
        let counts = matrix.counts.into_iter();
        let counts = counts.map(|((truth, predicted), count)| (truth, predicted, count)).collect();
        Serialised::Pairs { classes: matrix.classes, counts }
    }
}

impl TryFrom<Serialised> for ConfusionMatrix {
    type Error = String;

    fn try_from(written: Serialised) -> Result<ConfusionMatrix, String> {
        match written {
            Serialised::Square(rows) => ConfusionMatrix::of_square(&rows),
            Serialised::Pairs { classes, counts } => {
                let outside = |&&(truth, predicted, _): &&(u32, u32, u64)| {
                    truth.max(predicted) as usize >= classes
                };
                if let Some((truth, predicted, _)) = counts.iter().find(outside) {
                    return Err(format!(
                        "a confusion matrix of {classes} classes has none with the numbers {truth} \
                         and {predicted}"
                    ));
                }
                let occurs = counts.into_iter().filter(|pair| pair.2 > 0);
                let counts = occurs.map(|(truth, taken, count)| ((truth, taken), count)).collect();
                Ok(ConfusionMatrix { classes, counts })
            }
        }
    }
}

impl ConfusionMatrix {
    fn of_square(rows: &[Vec<u64>]) -> Result<ConfusionMatrix, String> {
        let classes = rows.len();
        if let Some(row) = rows.iter().find(|row| row.len() != classes) {
            return Err(format!(
                "a confusion matrix is square, but one of its {classes} rows has {} counts",
                row.len()
            ));
        }
        let mut counts = BTreeMap::new();
        for (truth, row) in (0_u32..).zip(rows) {
            let occurs = (0_u32..).zip(row).filter(|(_, count)| **count > 0);
            counts.extend(occurs.map(|(predicted, &count)| ((truth, predicted), count)));
        }
        Ok(ConfusionMatrix { classes, counts })
    }
}

/// The quotient, and 0 for 0/0.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The mean, and 0 of nothing.
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1);
    values.sum::<f64>() / count as f64
}

#[cfg(test)]
mod tests;
