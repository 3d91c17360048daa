//! The metric that ranks losses or settings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{EvalConfig, Figures, RetrievalTask, knn_metrics, retrieve};
use crate::error::{Error, Result};

/// A metric by which runs are ranked; higher is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// k-NN accuracy.
    Accuracy,
    /// MAP@R.
    MapAtR,
    /// Recall@1: share of the images whose nearest other is of their class.
    RecallAt1,
}

impl Score {
    /// # Errors
    /// The settings do not compute it.
    pub fn check(self, config: &EvalConfig) -> Result<()> {
        if self == Score::RecallAt1 && !config.recall_at.contains(&1) {
            let (shown, problem) =
                (format!("{:?}", config.recall_at), "must contain 1 for --metric recall@1");
            return Err(Error::setting("eval.recall_at", shown, problem));
        }
        Ok(())
    }

    /// Its value in 0..=1; `None` if no query has a reference of its class.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let recall = |k| figures.retrieval.recall_at.iter().find(|at| at.k == k)?.recall;
        match self {
            Score::Accuracy => figures.knn.accuracy,
            Score::MapAtR => figures.retrieval.map_at_r,
            Score::RecallAt1 => recall(1),
        }
    }

    /// Computes only this metric.
    ///
    /// # Errors
    /// There is no query or no reference; an embedding value is NaN, infinite or too large.
    pub fn measure(self, task: &RetrievalTask, config: &EvalConfig) -> Result<Option<f64>> {
        if self == Score::Accuracy {
            return Ok(knn_metrics(task, config)?.0.accuracy);
        }
        let found = retrieve(&task.references, task.queries.as_ref(), &[1])?;
        Ok(if self == Score::MapAtR { found.map_at_r } else { found.recall_at[0].recall })
    }

    /// Its name in tables and sentences; `k` neighbours vote.
    pub fn name(self, k: usize) -> String {
        match self {
            Score::Accuracy => format!("{k}-NN accuracy"),
            Score::MapAtR => "MAP@R".to_owned(),
            Score::RecallAt1 => "Recall@1".to_owned(),
        }
    }
}

impl Score {
    /// Its name in the hashes that folders are named after, which never changes.
    pub fn first_name(self) -> &'static str {
        match self {
            Score::Accuracy => "accuracy",
            Score::MapAtR => "map@r",
            Score::RecallAt1 => "hit@1",
        }
    }
}

impl FromStr for Score {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Score, String> {
        match text {
            "accuracy" => Ok(Score::Accuracy),
            "map@r" | "map-at-r" => Ok(Score::MapAtR),
            "recall@1" | "recall-at-1" => Ok(Score::RecallAt1),
            _ => Err("take accuracy, map@r or recall@1".to_owned()),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Score::Accuracy => "accuracy",
            Score::MapAtR => "map@r",
            Score::RecallAt1 => "recall@1",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_not_computed_cannot_rank() {
        let config = EvalConfig { recall_at: vec![2], ..EvalConfig::default() };
        assert!(Score::Accuracy.check(&config).is_ok());
        assert!(Score::RecallAt1.check(&EvalConfig::default()).is_ok());
        let message = Score::RecallAt1.check(&config).unwrap_err().to_string();
        assert_eq!(message, "eval.recall_at = [2]: must contain 1 for --metric recall@1");
    }

    #[test]
    fn folder_hashes_use_the_earlier_names() {
        let names = [Score::Accuracy, Score::MapAtR, Score::RecallAt1].map(Score::first_name);
        assert_eq!(names, ["accuracy", "map@r", "hit@1"]);
    }

    #[test]
    fn scores_round_trip_through_text() {
        for score in [Score::Accuracy, Score::MapAtR, Score::RecallAt1] {
            assert_eq!(score.to_string().parse(), Ok(score));
        }
        assert!("recall".parse::<Score>().unwrap_err().contains("recall@1"));
    }
}
