//! Settings of evaluation by nearest neighbours.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What stands under `[eval]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvalConfig {
    /// Which of a run's two models is evaluated.
    pub model: Which,
    /// Neighbours that vote on the class of an image; at least 1.
    pub knn: usize,
    /// The ks of recall@k, each at least 1 and at most 100,000.
    pub recall_at: Vec<usize>,
    /// Neighbours that vote on the ranking of classes for recall@k; at least 1.
    pub recall_voters: usize,
    /// The ks of hit@k, each at least 1.
    pub hits_at: Vec<usize>,
    /// Whether k-means clusters are compared with the classes (NMI and AMI).
    pub clusters: bool,
}

/// One of the two models that a run keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// After the last epoch, as the tutorial does.
    #[default]
    Last,
    /// After the epoch with the lowest validation loss.
    Best,
}

impl Default for EvalConfig {
    fn default() -> EvalConfig {
        EvalConfig {
            model: Which::Last,
            knn: 1,
            recall_at: (1..=5).collect(),
            recall_voters: 10,
            hits_at: vec![1, 2, 4, 8],
            clusters: true,
        }
    }
}

/// More classes than anybody ranks: tables and pictures have a place for each k up to the largest.
const LARGEST_K: usize = 100_000;

impl EvalConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        let at_least_one = |key: &str, value: usize| match value {
            0 => Err(Error::setting(key, 0, "must be at least 1")),
            _ => Ok(()),
        };
        at_least_one("eval.knn", self.knn)?;
        at_least_one("eval.recall_voters", self.recall_voters)?;
        for (key, ks) in [("eval.recall_at", &self.recall_at), ("eval.hits_at", &self.hits_at)] {
            if ks.is_empty() {
                return Err(Error::setting(key, "[]", "must hold at least one k"));
            }
            ks.iter().try_for_each(|&k| at_least_one(key, k))?;
        }
        match self.recall_at.iter().find(|&&k| k > LARGEST_K) {
            Some(k) => {
                let problem = format!("must be at most {LARGEST_K}");
                Err(Error::setting("eval.recall_at", k, problem))
            }
            None => Ok(()),
        }
    }

    /// Neighbours that are searched for so that all votes can be taken.
    pub fn voters(&self) -> usize {
        self.knn.max(self.recall_voters)
    }

    /// Refuses more voters than there are images to come from.
    ///
    /// # Errors
    /// The setting, with the most it can be.
    pub fn check_references(&self, count: usize) -> Result<()> {
        for (key, k) in [("eval.knn", self.knn), ("eval.recall_voters", self.recall_voters)] {
            if k > count {
                let problem = format!("must be at most {count}, the number of references");
                return Err(Error::setting(key, k, problem));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_are_told_with_their_key() {
        type Spoil = fn(&mut EvalConfig);
        let cases: [(&str, Spoil); 6] = [
            ("eval.knn = 0: must be at least 1", |c| c.knn = 0),
            ("eval.recall_voters = 0: must be at least 1", |c| c.recall_voters = 0),
            ("eval.recall_at = []: must hold at least one k", |c| c.recall_at.clear()),
            ("eval.recall_at = 0: must be at least 1", |c| c.recall_at.push(0)),
            ("eval.recall_at = 4611686018427387904: must be at most 100000", |c| {
                c.recall_at.push(1 << 62);
            }),
            ("eval.hits_at = 0: must be at least 1", |c| c.hits_at.push(0)),
        ];
        for (told, spoil) in cases {
            let mut config = EvalConfig::default();
            assert!(config.check().is_ok());
            spoil(&mut config);
            assert_eq!(config.check().unwrap_err().to_string(), told);
        }
    }
}
