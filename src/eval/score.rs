//! The metric that ranks losses or settings.

use std::fmt;
use std::str::FromStr;

use super::metrics::{K, METRICS, Metric, Value, headline, ranked_means};
use super::{EvalConfig, Figures, Results, RetrievalTask, Wanted, Watch, knn_metrics, retrieve};
use crate::error::{Error, Result};
use crate::words::either;

/// A metric by which runs are ranked: in percent, higher is better.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    metric: &'static Metric,
    /// The k of a family.
    k: Option<usize>,
}

impl Score {
    /// The metric that decides unless the user names one: k-NN accuracy, or MAP@R for images of
    /// classes that were not trained on.
    pub fn by_default(unseen: bool) -> Score {
        Score { metric: headline(unseen), k: None }
    }

    /// What `--metric` takes; a family's `recall@k` stands for every k.
    pub fn words() -> Vec<String> {
        let deciding = METRICS.iter().filter(|metric| metric.decides());
        deciding.map(|metric| metric.cli_name(None)).collect()
    }

    /// The same with the k of the default settings.
    pub fn words_by_default() -> Vec<String> {
        let EvalConfig { vote_top, recall_at, .. } = EvalConfig::default();
        let words = |metric: &Metric| match metric.value {
            Value::VoteTop => vote_top.iter().map(|&k| metric.cli_name(Some(k))).collect(),
            Value::RecallAt => recall_at.iter().map(|&k| metric.cli_name(Some(k))).collect(),
            _ => vec![metric.cli_name(None)],
        };
        METRICS.iter().filter(|metric| metric.decides()).flat_map(words).collect()
    }

    /// # Errors
    /// The settings do not compute it.
    pub fn check(self, config: &EvalConfig) -> Result<()> {
        let (key, ks) = match self.metric.value {
            Value::VoteTop => ("eval.vote_top", &config.vote_top),
            Value::RecallAt => ("eval.recall_at", &config.recall_at),
            _ => return Ok(()),
        };
        match self.k.filter(|k| !ks.contains(k)) {
            None => Ok(()),
            Some(k) => {
                let problem = format!("must contain {k} for --metric {self}");
                Err(Error::setting(key, format!("{ks:?}"), problem))
            }
        }
    }

    /// The settings of the votes that it depends on, so that a remark is about those alone; `None` if it
    /// depends on no votes.
    pub fn voting(self, config: &EvalConfig) -> Option<EvalConfig> {
        match self.metric.value {
            Value::Votes(_) => Some(EvalConfig { voters: 1, ..config.clone() }),
            Value::VoteTop => Some(EvalConfig { knn: 1, ..config.clone() }),
            _ => None,
        }
    }

    /// Its value in 0..=1; `None` if no query has a reference of its class.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        Results::from(figures).value(self.metric, self.k)
    }

    /// Computes only what this metric needs; the seed is for samples.
    ///
    /// # Errors
    /// There is no query or no reference; an embedding value is NaN, infinite or too large.
    pub fn measure(
        self,
        task: &RetrievalTask,
        config: &EvalConfig,
        seed: u64,
    ) -> Result<Option<f64>> {
        let (ks, means) = (Vec::from_iter(self.k), ranked_means());
        let rank = || {
            let wanted = Wanted { ks: &ks, means: &means };
            retrieve(&task.references, task.queries.as_ref(), wanted)
        };
        Ok(match self.metric.value {
            Value::Votes(of) => of(&knn_metrics(task, config)?.0),
            Value::VoteTop => {
                let found = knn_metrics(task, config)?.1;
                found.at.iter().find(|at| Some(at.k) == self.k).and_then(|at| at.accuracy)
            }
            Value::RecallAt => rank()?.recall_at[0].recall,
            Value::Ranked(_) => rank()?.means.get(self.metric.key),
            _ => self.of(&Figures::of(task, config, seed, &Watch::default())?),
        })
    }

    /// Its key in JSON.
    pub fn key(self) -> String {
        self.metric.key(self.k)
    }

    /// Its name in tables and sentences; `voters` neighbours vote.
    pub fn name(self, voters: usize) -> String {
        self.metric.name(self.k.or(Some(voters)))
    }

    /// Its name in the hashes that folders are named after, which never changes.
    pub fn first_name(self) -> String {
        match self.metric.value {
            Value::RecallAt => self.to_string().replacen("recall", "hit", 1),
            _ => self.to_string(),
        }
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        (self.metric.key, self.k) == (other.metric.key, other.k)
    }
}

impl Eq for Score {}

impl FromStr for Score {
    type Err = String;

    /// Reads `map@r` as well as `map-at-r`, and a family's metric with its k: `recall@1`.
    fn from_str(text: &str) -> std::result::Result<Score, String> {
        let key = text.replace('@', "_at_").replace('-', "_");
        let read = |metric: &'static Metric| match metric.key.strip_suffix(K) {
            Some(start) => {
                let k = key.strip_prefix(start)?.parse().ok();
                // `recall@+1` and `recall@01` would be second names of one metric.
                let k = k.filter(|&k| k > 0 && metric.key(Some(k)) == key)?;
                Some(Score { metric, k: Some(k) })
            }
            None => (metric.key == key).then_some(Score { metric, k: None }),
        };
        let known = METRICS.iter().filter(|metric| metric.decides()).find_map(read);
        known.ok_or_else(|| format!("expected {}", either(&Score::words())))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric.cli_name(self.k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(word: &str) -> Score {
        word.parse().unwrap()
    }

    #[test]
    fn a_metric_that_is_not_computed_cannot_rank() {
        let config = EvalConfig { recall_at: vec![2], ..EvalConfig::default() };
        assert!(score("accuracy").check(&config).is_ok());
        assert!(score("recall@1").check(&EvalConfig::default()).is_ok());
        let message = score("recall@1").check(&config).unwrap_err().to_string();
        assert_eq!(message, "eval.recall_at = [2]: must contain 1 for --metric recall@1");
        let message = score("vote-top-9").check(&config).unwrap_err().to_string();
        assert!(
            message.starts_with("eval.vote_top = [1, 2, 3, 4, 5]: must contain 9"),
            "{message}"
        );
    }

    #[test]
    fn folder_hashes_use_the_earlier_names() {
        let names = ["accuracy", "map@r", "recall@1"].map(|word| score(word).first_name());
        assert_eq!(names, ["accuracy", "map@r", "hit@1"]);
    }

    #[test]
    fn scores_round_trip_through_text() {
        let words = Score::words_by_default();
        assert!(
            ["accuracy", "macro-f1", "map@r", "recall@8"]
                .iter()
                .all(|w| words.contains(&w.to_string()))
        );
        for word in &words {
            assert_eq!(score(word).to_string(), *word);
        }
        assert_eq!([score("map-at-r"), score("recall-at-1")], [score("map@r"), score("recall@1")]);
        assert!("recall".parse::<Score>().unwrap_err().contains("recall@k"));
        assert!(
            ["recall@0", "recall@+1", "recall@01", "nmi", "relative-spread"]
                .iter()
                .all(|w| w.parse::<Score>().is_err())
        );
    }
}
