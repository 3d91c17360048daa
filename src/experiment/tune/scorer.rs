//! Scores a trial after each epoch, and prunes it by the median stopping rule.

use std::path::PathBuf;

use crate::config::Config;
use crate::data::DataSplit;
use crate::error::Result;
use crate::eval::Score;
use crate::evaluation::score;
use crate::files::write_json;
use crate::model::Network;
use crate::run::{State, Trial};
use crate::session::Session;
use crate::train::{EpochDecision, Observer, RunProgress};

/// Minimum number of earlier trials for a median.
const MIN_EARLIER: usize = 4;

/// Whether a trial is pruned after an epoch (from 1; median stopping rule): at least four earlier trials
/// reached this epoch, and the median of their scores is higher.
///
/// # Source
/// Golovin et al.: Google Vizier, KDD 2017, the median stopping rule, with the last value instead of the
/// running mean.
pub fn is_pruned(score: f64, epoch: usize, earlier: &[Trial]) -> bool {
    let mut others: Vec<f64> =
        earlier.iter().filter_map(|trial| trial.scores.get(epoch - 1)).copied().collect();
    if others.len() < MIN_EARLIER {
        return false;
    }
    others.sort_by(f64::total_cmp);
    let (low, high) = (others[(others.len() - 1) / 2], others[others.len() / 2]);
    score < 0.5 * (low + high)
}

/// Scores a trial after each epoch, and stops it if it is pruned.
pub struct Scorer<'a> {
    /// The trial.
    pub trial: Trial,
    /// The file of the trial.
    pub path: PathBuf,
    session: &'a Session,
    config: &'a Config,
    score: Score,
    parts: DataSplit,
    earlier: Vec<Trial>,
}

impl<'a> Scorer<'a> {
    /// A scorer of a trial, given the earlier trials that it may depend on.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(
        session: &'a Session,
        config: &'a Config,
        score: Score,
        trial: Trial,
        earlier: Vec<Trial>,
        path: PathBuf,
    ) -> Result<Scorer<'a>> {
        let parts = session.parts(config)?;
        Ok(Scorer { trial, path, session, config, score, parts, earlier })
    }
}

impl Observer for Scorer<'_> {
    fn after_epoch(
        &mut self,
        epoch: usize,
        network: &mut dyn Network,
        progress: &RunProgress,
    ) -> Result<EpochDecision> {
        let score = score(self.session, self.config, &self.parts, self.score, network)?;
        // After an interruption an epoch may come again.
        self.trial.scores.truncate(epoch - 1);
        self.trial.scores.push(score);
        let last = epoch == self.config.train.epochs;
        let stops = !last && is_pruned(score, epoch, &self.earlier);
        if stops {
            self.trial.state = State::Stopped;
        }
        let name = self.score.name(self.config.eval.knn);
        progress.say(&format!("{name} {score:.4} after epoch {epoch}"));
        write_json(&self.path, &self.trial)?;
        Ok(if stops { EpochDecision::Stop } else { EpochDecision::Continue })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn trials(scores: &[&[f64]]) -> Vec<Trial> {
        let trial =
            |scores: &&[f64]| Trial { scores: scores.to_vec(), ..Trial::new(1, BTreeMap::new()) };
        scores.iter().map(trial).collect()
    }

    #[test]
    fn a_trial_below_the_median_of_earlier_trials_is_pruned() {
        let earlier = trials(&[&[0.5, 0.6], &[0.6, 0.7], &[0.7], &[0.8, 0.9]]);
        assert!(is_pruned(0.64, 1, &earlier) && !is_pruned(0.66, 1, &earlier));
        assert!(!is_pruned(0.0, 2, &earlier), "three are too few");
        assert!(!is_pruned(0.0, 1, &[]));
    }
}
