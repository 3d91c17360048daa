//! Accuracy and macro precision, recall and F1, as scikit-learn defines them.
//!
//! All figures come from one confusion matrix. Classes that occur neither in the truth nor in the
//! predictions take no part in a macro mean, a quotient 0/0 counts as 0 (`zero_division=0`), and
//! macro F1 is the mean of the classes' F1, not the F1 of the two means.

use serde::{Deserialize, Serialize};

/// How often each class was taken for which: C×C counts, row = true class, column = predicted.
///
/// Written as a list of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Vec<u64>>", try_from = "Vec<Vec<u64>>")]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

/// The figures of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The class, 0..C.
    pub class: usize,
    /// Share of the rows predicted as this class that are of it; 0 when none was predicted.
    pub precision: f64,
    /// Share of this class's rows that were predicted as it; 0 when it has no row.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 when both are 0.
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
    /// When the two differ in length or a value is no class: classes are numbered by the data
    /// set, so either is a bug.
    pub fn new(truth: &[i64], predicted: &[i64], classes: usize) -> ConfusionMatrix {
        assert_eq!(truth.len(), predicted.len(), "one prediction a row");
        let place = |class: i64| {
            usize::try_from(class).ok().filter(|&class| class < classes).expect("a known class")
        };
        let mut counts = vec![0; classes * classes];
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            counts[place(truth) * classes + place(predicted)] += 1;
        }
        ConfusionMatrix { classes, counts }
    }

    /// Number of classes C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The counts, row-major `[C * C]`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// One slice `[C]` a true class.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }

    /// Share of right predictions in 0..=1; 0 without a row.
    pub fn accuracy(&self) -> f64 {
        let right = (0..self.classes).map(|class| self.counts[class * self.classes + class]).sum();
        ratio(right, self.counts.iter().sum())
    }

    /// Mean precision of the classes that occur, in 0..=1.
    pub fn macro_precision(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.precision))
    }

    /// Mean recall of the classes that occur, in 0..=1.
    pub fn macro_recall(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.recall))
    }

    /// Mean F1 of the classes that occur, in 0..=1.
    pub fn macro_f1(&self) -> f64 {
        mean(self.per_class().iter().map(|class| class.f1))
    }

    /// The figures of every class that occurs in the truth or in the predictions, in order.
    pub fn per_class(&self) -> Vec<ClassMetrics> {
        let mut predicted = vec![0; self.classes];
        for row in self.rows() {
            predicted.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
        }
        let figures = self.rows().zip(predicted).enumerate().map(|(class, (row, predicted))| {
            let (right, support) = (row[class], row.iter().sum());
            ClassMetrics {
                class,
                precision: ratio(right, predicted),
                recall: ratio(right, support),
                // 2PR/(P + R) with the counts put in: one rounding instead of four.
                f1: ratio(2 * right, predicted + support),
                support,
                predicted,
            }
        });
        figures.filter(|class| class.support + class.predicted > 0).collect()
    }
}

impl From<ConfusionMatrix> for Vec<Vec<u64>> {
    fn from(matrix: ConfusionMatrix) -> Vec<Vec<u64>> {
        matrix.rows().map(<[u64]>::to_vec).collect()
    }
}

impl TryFrom<Vec<Vec<u64>>> for ConfusionMatrix {
    type Error = String;

    fn try_from(rows: Vec<Vec<u64>>) -> Result<ConfusionMatrix, String> {
        let classes = rows.len();
        if let Some(row) = rows.iter().find(|row| row.len() != classes) {
            return Err(format!(
                "a confusion matrix is square, but one of its {classes} rows has {} counts",
                row.len()
            ));
        }
        Ok(ConfusionMatrix { classes, counts: rows.concat() })
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
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::RngExt;

    #[derive(Deserialize)]
    struct Reference {
        classification: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        classes: usize,
        truth: Vec<i64>,
        predicted: Vec<i64>,
        labels: Vec<usize>,
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
        per_class: PerClass,
        confusion: Vec<Vec<u64>>,
    }

    #[derive(Deserialize)]
    struct PerClass {
        precision: Vec<f64>,
        recall: Vec<f64>,
        f1: Vec<f64>,
        support: Vec<u64>,
    }

    fn cases() -> Vec<Case> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/metrics.json");
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Reference>(&text).unwrap().classification
    }

    fn near(ours: f64, theirs: f64) -> bool {
        (ours - theirs).abs() < 1e-12
    }

    #[test]
    fn every_figure_is_scikit_learns() {
        let cases = cases();
        assert!(cases.len() >= 10);
        for case in cases {
            let matrix = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes);
            let pairs = [
                ("accuracy", matrix.accuracy(), case.accuracy),
                ("precision", matrix.macro_precision(), case.precision),
                ("recall", matrix.macro_recall(), case.recall),
                ("F1", matrix.macro_f1(), case.f1),
            ];
            for (figure, ours, theirs) in pairs {
                assert!(near(ours, theirs), "{}: {figure} {ours} against {theirs}", case.name);
            }
            assert_eq!(Vec::from(matrix), case.confusion, "{}", case.name);
        }
    }

    #[test]
    fn every_class_is_scikit_learns() {
        for case in cases() {
            let ours = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes).per_class();
            let occurring: Vec<usize> = ours.iter().map(|class| class.class).collect();
            assert_eq!(occurring, case.labels, "{}", case.name);
            for (i, class) in ours.iter().enumerate() {
                let theirs = &case.per_class;
                assert!(near(class.precision, theirs.precision[i]), "{}: {class:?}", case.name);
                assert!(near(class.recall, theirs.recall[i]), "{}: {class:?}", case.name);
                assert!(near(class.f1, theirs.f1[i]), "{}: {class:?}", case.name);
                assert_eq!(class.support, theirs.support[i], "{}: {class:?}", case.name);
            }
        }
    }

    #[test]
    fn truth_and_prediction_exchanged_exchange_precision_and_recall() {
        let case =
            cases().into_iter().find(|c| c.name == "precision and recall far apart").unwrap();
        let right = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes);
        let exchanged = ConfusionMatrix::new(&case.predicted, &case.truth, case.classes);
        assert!((right.macro_precision() - right.macro_recall()).abs() > 0.05);
        assert!(near(exchanged.macro_precision(), right.macro_recall()));
        assert!(!near(exchanged.macro_precision(), case.precision));
    }

    #[test]
    fn shuffled_labels_are_right_about_as_often_as_chance() {
        let mut random = generator(1, Purpose::Sample, 0);
        let truth: Vec<i64> = (0..20_000).map(|row| row % 10).collect();
        let predicted: Vec<i64> = truth.iter().map(|_| random.random_range(0..10)).collect();
        let matrix = ConfusionMatrix::new(&truth, &predicted, 10);
        assert!((matrix.accuracy() - 0.1).abs() < 0.01, "{}", matrix.accuracy());
        assert!((matrix.macro_f1() - 0.1).abs() < 0.01, "{}", matrix.macro_f1());
    }

    #[test]
    fn no_rows_give_zeros_and_no_nan() {
        let matrix = ConfusionMatrix::new(&[], &[], 3);
        let figures = [matrix.accuracy(), matrix.macro_precision(), matrix.macro_f1()];
        assert_eq!(figures, [0.0; 3]);
        assert!(matrix.per_class().is_empty());
    }

    #[test]
    fn a_matrix_is_read_back_as_it_was_written() {
        let matrix = ConfusionMatrix::new(&[0, 1, 1], &[0, 0, 1], 2);
        let text = serde_json::to_string(&matrix).unwrap();
        assert_eq!(text, "[[1,0],[1,1]]");
        assert_eq!(serde_json::from_str::<ConfusionMatrix>(&text).unwrap(), matrix);
        let ragged = serde_json::from_str::<ConfusionMatrix>("[[1,0],[1]]").unwrap_err();
        assert!(ragged.to_string().contains("square"), "{ragged}");
    }
}
