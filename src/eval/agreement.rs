//! Agreement of two clusterings: NMI and AMI, as scikit-learn defines them.
//!
//! Both are the mutual information of the two labellings over the arithmetic mean of their
//! entropies; AMI subtracts from both what chance gives for clusters of these sizes. Sources:
//! `sklearn.metrics.normalized_mutual_info_score` and `adjusted_mutual_info_score` of scikit-learn
//! 1.9; N. X. Vinh, J. Epps, J. Bailey, "Information Theoretic Measures for Clusterings
//! Comparison", JMLR 11 (2010), whose equation 24a is [`expected`].

use std::collections::BTreeMap;

use statrs::function::factorial::ln_factorial;

/// Contingency table of two labellings of the same rows.
pub struct Agreement {
    /// Number of rows of each pair of labels that occurs.
    pairs: BTreeMap<(i64, i64), u64>,
    /// Number of rows of each label in the first and in the second labelling.
    sizes: [BTreeMap<i64, u64>; 2],
    rows: u64,
}

impl Agreement {
    /// Counts the pairs of labels.
    ///
    /// # Shapes
    /// first, second `[N]`, any numbers
    ///
    /// # Panics
    /// If the two differ in length: a bug.
    pub fn new(first: &[i64], second: &[i64]) -> Agreement {
        assert_eq!(first.len(), second.len(), "two labels per row");
        let mut pairs = BTreeMap::new();
        let mut sizes = [BTreeMap::new(), BTreeMap::new()];
        for (&a, &b) in first.iter().zip(second) {
            *pairs.entry((a, b)).or_default() += 1;
            *sizes[0].entry(a).or_default() += 1;
            *sizes[1].entry(b).or_default() += 1;
        }
        Agreement { pairs, sizes, rows: first.len() as u64 }
    }

    /// Normalised mutual information in 0..=1; 1 if both labellings have only one label.
    pub fn nmi(&self) -> f64 {
        if self.sizes.iter().all(|sizes| sizes.len() <= 1) {
            return 1.0;
        }
        match self.mutual_information() {
            0.0 => 0.0,
            information => information / self.mean_entropy(),
        }
    }

    /// Adjusted mutual information, at most 1; about 0 for chance, and possibly negative. 1 if both
    /// labellings have only one label, 0 if one of them has.
    pub fn ami(&self) -> f64 {
        match self.sizes.each_ref().map(BTreeMap::len) {
            [0 | 1, 0 | 1] => return 1.0,
            [1, _] | [_, 1] => return 0.0,
            _ => {}
        }
        let expected = expected(&self.sizes[0], &self.sizes[1], self.rows);
        let above = off_zero(self.mutual_information() - expected);
        above / off_zero(self.mean_entropy() - expected)
    }

    /// In nats, not negative.
    fn mutual_information(&self) -> f64 {
        let rows = self.rows as f64;
        let of_pair = |(&(a, b), &count): (&(i64, i64), &u64)| {
            let count = count as f64;
            let outer = self.sizes[0][&a] as f64 * self.sizes[1][&b] as f64;
            let share = count / rows;
            let part = share * (count.ln() - rows.ln()) + share * (2.0 * rows.ln() - outer.ln());
            if part.abs() < f64::EPSILON { 0.0 } else { part }
        };
        self.pairs.iter().map(of_pair).sum::<f64>().max(0.0)
    }

    /// Mean of the two entropies in nats.
    fn mean_entropy(&self) -> f64 {
        let rows = self.rows as f64;
        let of_group = |&size: &u64| -(size as f64 / rows) * ((size as f64).ln() - rows.ln());
        let [first, second] =
            self.sizes.each_ref().map(|sizes| sizes.values().map(of_group).sum::<f64>());
        f64::midpoint(first, second)
    }
}

/// The value, moved away from zero by at least a rounding error, so that a perfect match fully
/// explained by chance gives 1.
fn off_zero(value: f64) -> f64 {
    if value < 0.0 { value.min(-f64::EPSILON) } else { value.max(f64::EPSILON) }
}

/// Expected mutual information, in nats, of random labellings with clusters of these sizes.
///
/// Clusters of equal size contribute equally, so each pair of sizes is computed once.
fn expected(first: &BTreeMap<i64, u64>, second: &BTreeMap<i64, u64>, rows: u64) -> f64 {
    let factorials: Vec<f64> = (0..=rows).map(ln_factorial).collect();
    let ln = |n: u64| factorials[n as usize];
    let (first, second) = (clusters_of_each_size(first), clusters_of_each_size(second));
    let mut sum = 0.0;
    for (&a, &groups) in &first {
        for (&b, &others) in &second {
            let sides = ln(a) + ln(b) + ln(rows - a) + ln(rows - b) - ln(rows);
            let outer = (a as f64).ln() + (b as f64).ln();
            let least = 1.max((a + b).saturating_sub(rows));
            let of_overlap = |n: u64| {
                let probability = sides - ln(n) - ln(a - n) - ln(b - n) - ln(rows + n - a - b);
                let information = (rows as f64).ln() + (n as f64).ln() - outer;
                n as f64 / rows as f64 * information * probability.exp()
            };
            sum += (groups * others) as f64 * (least..=a.min(b)).map(of_overlap).sum::<f64>();
        }
    }
    sum
}

/// Number of clusters of each size.
fn clusters_of_each_size(sizes: &BTreeMap<i64, u64>) -> BTreeMap<u64, u64> {
    let mut groups = BTreeMap::new();
    sizes.values().for_each(|&size| *groups.entry(size).or_default() += 1);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::seq::SliceRandom;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        clusters: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        truth: Vec<i64>,
        found: Vec<i64>,
        nmi: f64,
        ami: f64,
    }

    fn cases() -> Vec<Case> {
        let text = include_str!("../../tests/reference/retrieval.json");
        serde_json::from_str::<Reference>(text).unwrap().clusters
    }

    #[test]
    fn nmi_and_ami_match_scikit_learn() {
        let cases = cases();
        assert!(cases.len() >= 12);
        for case in cases {
            let ours = Agreement::new(&case.truth, &case.found);
            let (nmi, ami) = (ours.nmi(), ours.ami());
            assert!((nmi - case.nmi).abs() < 1e-10, "{}: {nmi} for {}", case.name, case.nmi);
            assert!((ami - case.ami).abs() < 1e-10, "{}: {ami} for {}", case.name, case.ami);
        }
    }

    #[test]
    fn nmi_and_ami_ignore_the_order_of_labellings_and_the_names_of_labels() {
        let case = cases().into_iter().find(|case| case.name == "mostly right").unwrap();
        let renamed: Vec<i64> = case.found.iter().map(|label| 7 - 3 * label).collect();
        let turned = Agreement::new(&renamed, &case.truth);
        assert!((turned.nmi() - case.nmi).abs() < 1e-12);
        assert!((turned.ami() - case.ami).abs() < 1e-12);
    }

    #[test]
    fn ami_corrects_the_agreement_of_shuffled_labels() {
        let truth: Vec<i64> = (0..500).map(|row| row % 25).collect();
        let mut found = truth.clone();
        found.shuffle(&mut generator(1, Purpose::Sample, 0));
        let chance = Agreement::new(&truth, &found);
        assert!(chance.nmi() > 0.15, "{}", chance.nmi());
        assert!(chance.ami().abs() < 0.02, "{}", chance.ami());
    }

    #[test]
    fn empty_labellings_are_a_perfect_match() {
        let nothing = Agreement::new(&[], &[]);
        assert_eq!((nothing.nmi(), nothing.ami()), (1.0, 1.0));
    }
}
