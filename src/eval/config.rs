//! Settings of the evaluation.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The settings of `[eval]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvalConfig {
    /// The model to evaluate.
    pub model: ModelChoice,
    /// k of the k-NN classifier; at least 1.
    pub knn: usize,
    /// The k of vote top-k accuracy (the tutorial's recall@k), each at least 1 and at most 100,000.
    pub vote_top: Vec<usize>,
    /// Neighbours whose votes rank the classes for it; at least 1.
    pub voters: usize,
    /// The k of Recall@k, each at least 1 and at most 100,000. A file that leaves out `vote_top` sets
    /// both.
    pub recall_at: Vec<usize>,
    /// Whether to compare k-means clusters with the classes (NMI and AMI).
    pub clusters: bool,
}

/// One of the two models of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelChoice {
    /// After the last epoch, as the tutorial does.
    #[default]
    Last,
    /// After the epoch with the lowest validation loss.
    Best,
}

impl Default for EvalConfig {
    fn default() -> EvalConfig {
        EvalConfig {
            model: ModelChoice::Last,
            knn: 1,
            vote_top: (1..=5).collect(),
            voters: 10,
            recall_at: vec![1, 2, 4, 8],
            clusters: true,
        }
    }
}

/// Upper bound on k: tables and pictures have a row for each k up to the largest.
pub const LARGEST_K: usize = 100_000;

impl EvalConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        let at_least_one = |key: &str, value: usize| match value {
            0 => Err(Error::setting(key, 0, "must be at least 1")),
            _ => Ok(()),
        };
        at_least_one("eval.knn", self.knn)?;
        at_least_one("eval.voters", self.voters)?;
        for (key, ks) in [("eval.recall_at", &self.recall_at), ("eval.vote_top", &self.vote_top)] {
            if ks.is_empty() {
                return Err(Error::setting(key, "[]", "must hold at least one k"));
            }
            ks.iter().try_for_each(|&k| at_least_one(key, k))?;
            if let Some(k) = ks.iter().find(|&&k| k > LARGEST_K) {
                return Err(Error::setting(key, k, format!("must be at most {LARGEST_K}")));
            }
        }
        Ok(())
    }

    /// Neighbours to search for, so that there are enough for every vote.
    pub fn neighbours_needed(&self) -> usize {
        self.knn.max(self.voters)
    }

    /// The same with at most as many voters as there are references.
    pub fn fitted(&self, references: usize) -> EvalConfig {
        EvalConfig {
            knn: self.knn.min(references),
            voters: self.voters.min(references),
            ..self.clone()
        }
    }

    /// The warning if there are fewer references than voters.
    pub fn remark(&self, references: usize) -> Option<String> {
        let voters = [("eval.knn", self.knn), ("eval.voters", self.voters)];
        let more = voters.iter().filter(|(_, voters)| *voters > references);
        let named: Vec<String> = more.map(|(key, voters)| format!("{key} = {voters}")).collect();
        let named = named.join(" and ");
        let warning = || match references {
            1 => format!("there is only one reference for {named}: only that one votes"),
            _ => format!("there are only {references} references for {named}: all of them vote"),
        };
        (!named.is_empty()).then(warning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_values_are_refused_with_their_key() {
        type Spoil = fn(&mut EvalConfig);
        let cases: [(&str, Spoil); 6] = [
            ("eval.knn = 0: must be at least 1", |c| c.knn = 0),
            ("eval.voters = 0: must be at least 1", |c| c.voters = 0),
            ("eval.recall_at = []: must hold at least one k", |c| c.recall_at.clear()),
            ("eval.recall_at = 0: must be at least 1", |c| c.recall_at.push(0)),
            ("eval.recall_at = 4611686018427387904: must be at most 100000", |c| {
                c.recall_at.push(1 << 62);
            }),
            ("eval.vote_top = 0: must be at least 1", |c| c.vote_top.push(0)),
        ];
        for (message, spoil) in cases {
            let mut config = EvalConfig::default();
            assert!(config.check().is_ok());
            spoil(&mut config);
            assert_eq!(config.check().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn one_warning_names_the_settings_that_exceed_the_references() {
        let config = EvalConfig { knn: 20, ..EvalConfig::default() };
        assert_eq!(config.remark(20), None);
        assert_eq!((config.fitted(20), config.fitted(7).knn), (config.clone(), 7));
        assert_eq!(config.fitted(7).voters, 7);
        let warnings = [12, 7, 1].map(|references| config.remark(references).unwrap());
        let expected = [
            "there are only 12 references for eval.knn = 20: all of them vote",
            "there are only 7 references for eval.knn = 20 and eval.voters = 10: all of \
             them vote",
            "there is only one reference for eval.knn = 20 and eval.voters = 10: only that \
             one votes",
        ];
        assert_eq!(warnings, expected);
    }
}
