//! The one figure that decides: which loss, or which settings, are better.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{EvalConfig, Figures, Trial, judge, retrieve};
use crate::error::{Error, Result};

/// A figure of an evaluation, higher is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// Accuracy of the vote of the nearest neighbours.
    Accuracy,
    /// MAP@R.
    MapAtR,
    /// Share of the images whose nearest other is of their class, the Recall@1 of papers.
    HitAt1,
}

impl Score {
    /// # Errors
    /// The settings leave it out.
    pub fn check(self, config: &EvalConfig) -> Result<()> {
        if self == Score::HitAt1 && !config.hits_at.contains(&1) {
            let (shown, problem) =
                (format!("{:?}", config.hits_at), "must hold 1, as --metric hit@1 decides");
            return Err(Error::setting("eval.hits_at", shown, problem));
        }
        Ok(())
    }

    /// Its value in 0..=1; none where no query has a reference of its class.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let hit = |k| figures.retrieval.hits.iter().find(|hit| hit.k == k)?.share;
        match self {
            Score::Accuracy => figures.knn.accuracy,
            Score::MapAtR => figures.retrieval.map_at_r,
            Score::HitAt1 => hit(1),
        }
    }

    /// Computes it alone.
    ///
    /// # Errors
    /// No query or no reference; embeddings that are not finite.
    pub fn measure(self, trial: &Trial, config: &EvalConfig) -> Result<Option<f64>> {
        if self == Score::Accuracy {
            return Ok(judge(trial, config)?.0.accuracy);
        }
        let found = retrieve(&trial.references, trial.queries.as_ref(), &[1])?;
        Ok(if self == Score::MapAtR { found.map_at_r } else { found.hits[0].share })
    }

    /// Its name in tables and sentences; `k` neighbours vote.
    pub fn name(self, k: usize) -> String {
        match self {
            Score::Accuracy => format!("{k}-NN accuracy"),
            Score::MapAtR => "MAP@R".to_owned(),
            Score::HitAt1 => "hit@1".to_owned(),
        }
    }
}

impl FromStr for Score {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Score, String> {
        match text {
            "accuracy" => Ok(Score::Accuracy),
            "map@r" | "map-at-r" => Ok(Score::MapAtR),
            "hit@1" | "hit-at-1" => Ok(Score::HitAt1),
            _ => Err("take accuracy, map@r or hit@1".to_owned()),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Score::Accuracy => "accuracy",
            Score::MapAtR => "map@r",
            Score::HitAt1 => "hit@1",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_computed_cannot_decide() {
        let config = EvalConfig { hits_at: vec![2], ..EvalConfig::default() };
        assert!(Score::Accuracy.check(&config).is_ok());
        assert!(Score::HitAt1.check(&EvalConfig::default()).is_ok());
        let told = Score::HitAt1.check(&config).unwrap_err().to_string();
        assert_eq!(told, "eval.hits_at = [2]: must hold 1, as --metric hit@1 decides");
    }

    #[test]
    fn a_score_is_written_as_it_is_read() {
        for score in [Score::Accuracy, Score::MapAtR, Score::HitAt1] {
            assert_eq!(score.to_string().parse(), Ok(score));
        }
        assert!("recall".parse::<Score>().unwrap_err().contains("hit@1"));
    }
}
