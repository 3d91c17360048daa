//! Losses × seeds on the same data: trained or reused side by side, then put beside each other.

use std::path::{Path, PathBuf};

use super::{
    Evaluation, Existing, Needs, Run, RunLock, Session, evaluate, evaluated, side_by_side,
};
use crate::config::Config;
use crate::data::BatchKind;
use crate::error::{Error, Result, chain};
use crate::files::sha256_hex;
use crate::loss::Loss;
use crate::runtime::Memory;
use crate::train::{History, TrainConfig};

/// What to compare.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Settings of all runs but loss and seed.
    pub config: Config,
    /// The losses; the first is the one that the others are measured against.
    pub losses: Vec<Loss>,
    /// The seeds, each of which every loss is run with.
    pub seeds: Vec<u64>,
    /// Runs side by side.
    pub jobs: usize,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Whether to do again what is finished.
    pub force: bool,
}

/// One run of a comparison, trained and evaluated.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its seed.
    pub seed: u64,
    /// Its folder.
    pub folder: PathBuf,
    /// Losses and times of its epochs.
    pub history: History,
    /// Its figures.
    pub evaluation: Evaluation,
}

/// All runs of one loss, in the order of the seeds.
#[derive(Debug, Clone)]
pub struct LossRuns {
    /// Name of the loss.
    pub loss: String,
    /// One a seed.
    pub runs: Vec<Finished>,
}

impl LossRuns {
    /// Runs that ended with all images at nearly one point.
    pub fn collapsed(&self) -> usize {
        self.runs.iter().filter(|run| run.history.collapsed()).count()
    }
}

impl Plan {
    /// # Errors
    /// No loss, no seed, or one of them twice.
    pub fn check(&self) -> Result<()> {
        let losses: Vec<String> = self.losses.iter().map(|loss| loss.name().to_owned()).collect();
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        for (flag, values) in [("--losses", losses), ("--seeds", seeds)] {
            if values.is_empty() {
                return Err(Error::setting(flag, "", "must name at least one"));
            }
            if let Some(twice) = (1..values.len()).find(|&i| values[..i].contains(&values[i])) {
                let problem = format!("names {} twice", values[twice]);
                return Err(Error::setting(flag, values.join(","), problem));
            }
        }
        self.seeds.iter().try_for_each(|&seed| {
            let train = TrainConfig { seed, ..self.config.train.clone() };
            train.check()
        })
    }

    /// Trains or reuses every run and evaluates it, `jobs` at a time.
    ///
    /// A run that fails does not stop the others; what they computed stays on disk and is reused
    /// by the next call. So it is with an interruption: it stops every run where a checkpoint holds
    /// it, and no other begins.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where a run was not finished for that; else the first error of a run,
    /// after all others have ended.
    pub fn carry_out(&self, session: &Session) -> Result<Vec<LossRuns>> {
        self.check_needs(session)?;
        let tasks = self.tasks();
        let done = side_by_side(session, self.jobs, tasks.clone(), |session, (loss, seed)| {
            let loss = &self.losses[loss];
            self.run(session, loss, seed).inspect_err(|error| tell(session, loss, seed, error))
        });
        if done.iter().any(|run| matches!(run, Err(Error::Interrupted(_)))) {
            let finished = done.iter().filter(|run| run.is_ok()).count();
            let all = done.len();
            return Err(Error::Interrupted(format!("{finished} of {all} runs are finished")));
        }
        let mut results: Vec<LossRuns> = self
            .losses
            .iter()
            .map(|loss| LossRuns { loss: loss.name().to_owned(), runs: Vec::new() })
            .collect();
        for ((loss, _), finished) in tasks.into_iter().zip(done) {
            results[loss].runs.push(finished?);
        }
        let place = |seed: u64| self.seeds.iter().position(|&s| s == seed);
        for loss in &mut results {
            loss.runs.sort_by_key(|run| place(run.seed));
        }
        Ok(results)
    }

    /// Every run as place of its loss and seed; those that take longest first, so that none of
    /// them is left over for the end.
    fn tasks(&self) -> Vec<(usize, u64)> {
        let mut tasks: Vec<(usize, u64)> =
            self.seeds.iter().flat_map(|&s| (0..self.losses.len()).map(move |l| (l, s))).collect();
        tasks.sort_by_key(|&(loss, _)| self.losses[loss].batches() != BatchKind::Pairs);
        tasks
    }

    /// Says or refuses what memory or disk will not suffice for; runs that are there count as
    /// made.
    ///
    /// # Errors
    /// As [`Needs::check`]; settings that do not fit the data.
    fn check_needs(&self, session: &Session) -> Result<()> {
        let mut new = 0;
        for (loss, seed) in self.tasks() {
            let folder = self.settle(session, &self.losses[loss], seed)?.folder;
            new += usize::from(self.force || !folder.is_taken());
        }
        let jobs = self.jobs.min(self.losses.len() * self.seeds.len());
        let needs = Needs::of(session, &self.config, &self.losses, jobs, new)?;
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))
    }

    fn settle(&self, session: &Session, loss: &Loss, seed: u64) -> Result<Run> {
        let mut config = self.config.clone();
        config.loss = loss.clone();
        config.train.seed = seed;
        Run::new(session, config, &self.runs, None)
    }

    fn run(&self, session: &Session, loss: &Loss, seed: u64) -> Result<Finished> {
        session.interrupt.check("not begun")?;
        let run = self.settle(session, loss, seed)?;
        let _lock = RunLock::take(&run.folder)?;
        let progress = session.progress.run(&run.title(), run.images());
        let existing = if self.force { Existing::Replace } else { Existing::GoOn };
        let history = run.train(session, existing, &progress)?;
        let evaluation = match evaluated(session, &run.folder, &run.config)? {
            Some(evaluation) => evaluation,
            None => evaluate(session, &run.folder, &run.config, &progress)?,
        };
        progress.say(&format!(
            "{}-NN accuracy {:.4}",
            evaluation.figures.knn.k, evaluation.figures.knn.accuracy
        ));
        Ok(Finished { seed, folder: run.folder.path().to_path_buf(), history, evaluation })
    }
}

/// Says what became of a run that did not come to its end.
fn tell(session: &Session, loss: &Loss, seed: u64, error: &Error) {
    let what = match error {
        Error::Interrupted(place) => place.clone(),
        error => format!("failed: {}", chain(error)),
    };
    session.progress.say(&format!("{} seed {seed}: {what}", loss.name()));
}

/// Folder of a comparison's tables and pictures, beside its runs: `compare-A-vs-B-HASH`, or
/// `compare-17-losses-HASH`.
pub fn comparison_folder(plan: &Plan, results: &[LossRuns]) -> PathBuf {
    let names: Vec<&str> = results.iter().map(|loss| loss.loss.as_str()).collect();
    let runs: Vec<String> = results
        .iter()
        .flat_map(|loss| &loss.runs)
        .map(|run| run.folder.to_string_lossy().into_owned() + &run.evaluation.fingerprint)
        .collect();
    let hash = sha256_hex(runs.join("\n").as_bytes());
    // A name of many losses would be longer than a file's may be.
    let what = match names.len() {
        1..=3 => names.join("-vs-"),
        many => format!("{many}-losses"),
    };
    plan.runs.join(Path::new(&format!("compare-{what}-{}", &hash[..6])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(losses: &[&str], seeds: &[u64]) -> Plan {
        Plan {
            config: Config::default(),
            losses: losses.iter().map(|name| Loss::by_name(name).unwrap()).collect(),
            seeds: seeds.to_vec(),
            jobs: 2,
            runs: PathBuf::from("runs"),
            force: false,
        }
    }

    #[test]
    fn nothing_is_compared_with_itself() {
        assert!(plan(&["contrastive", "cross-entropy"], &[1, 2]).check().is_ok());
        let message = |plan: Plan| plan.check().unwrap_err().to_string();
        let twice = message(plan(&["contrastive", "contrastive"], &[1]));
        assert_eq!(twice, "--losses = contrastive,contrastive: names contrastive twice");
        assert_eq!(message(plan(&["contrastive"], &[3, 1, 3])), "--seeds = 3,1,3: names 3 twice");
        assert_eq!(message(plan(&["contrastive"], &[])), "--seeds = : must name at least one");
        let largest = message(plan(&["contrastive"], &[1, u64::MAX]));
        assert!(largest.starts_with("train.seed = 18446744073709551615: must be"), "{largest}");
    }

    #[test]
    fn runs_that_take_longest_begin_first() {
        let tasks = plan(&["cross-entropy", "contrastive"], &[7, 8]).tasks();
        assert_eq!(tasks, [(1, 7), (1, 8), (0, 7), (0, 8)]);
    }
}
