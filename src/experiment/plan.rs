//! Losses × seeds on the same data: trained or reused side by side, then put beside each other.

use std::path::PathBuf;

use super::compare::{Finished, LossRuns};
use super::schedule::side_by_side;
use super::variant::{Variant, refuse_unlike};
use crate::data::{BatchKind, Dataset};
use crate::error::{Divergence, Error, Result, chain};
use crate::eval::Score;
use crate::evaluation::tested;
use crate::run::{DivergedRun, ResourceEstimate, Run, RunLock, evaluate_test};
use crate::runtime::Memory;
use crate::session::Session;
use crate::train::TrainConfig;
use crate::words::things;

/// What to compare.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is held against each other; at least one.
    pub variants: Vec<Variant>,
    /// The seeds, each of which every variant is run with.
    pub seeds: Vec<u64>,
    /// Runs side by side.
    pub jobs: usize,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Whether to do again what is finished.
    pub force: bool,
    /// The figure that decides.
    pub score: Score,
    /// What was typed to have it carried out.
    pub command: String,
}

impl Plan {
    /// # Errors
    /// No variant, no seed, or one of them twice; a figure that decides and is not computed.
    pub fn check(&self) -> Result<()> {
        let losses: Vec<String> =
            self.variants.iter().map(|variant| variant.name.clone()).collect();
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
        for variant in &self.variants {
            self.score.check(&variant.config.eval)?;
            for &seed in &self.seeds {
                TrainConfig { seed, ..variant.config.train.clone() }.check()?;
            }
        }
        Ok(())
    }

    /// Trains or reuses every run and evaluates it, `jobs` at a time.
    ///
    /// A run that fails does not stop the others; what they computed stays on disk and is reused
    /// by the next call. So it is with an interruption: it stops every run where a checkpoint holds
    /// it, and no other begins.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where a run was not finished for that; else the first error of a run,
    /// after all others have ended. A run that diverged is no error: see [`LossRuns::diverged`].
    pub fn carry_out(&self, session: &Session) -> Result<Vec<LossRuns>> {
        let session = &self.with_display(session)?;
        let tasks = self.tasks();
        let done = side_by_side(session, self.jobs, tasks.clone(), |session, (variant, seed)| {
            let variant = &self.variants[variant];
            let finished = self.run(session, variant, seed);
            session.progress.ended();
            finished.inspect_err(|error| tell(session, variant, seed, error))
        });
        if done.iter().any(|run| matches!(run, Err(Error::Interrupted(_)))) {
            let finished = done.iter().filter(|run| run.is_ok()).count();
            let all = done.len();
            let all = format!("{all} {}", things(all, "run"));
            let are = if finished == 1 { "is" } else { "are" };
            return Err(Error::Interrupted(format!("{finished} of {all} {are} finished")));
        }
        let mut results: Vec<LossRuns> = self
            .variants
            .iter()
            .map(|variant| LossRuns { loss: variant.name.clone(), ..LossRuns::default() })
            .collect();
        for ((variant, seed), finished) in tasks.into_iter().zip(done) {
            match finished {
                Err(Error::Diverged(divergence)) => {
                    let folder = self.prepare_run(session, &self.variants[variant], seed)?.folder;
                    let folder = folder.path().to_path_buf();
                    results[variant].diverged.push(DivergedRun { seed, folder, divergence });
                }
                finished => results[variant].runs.push(finished?),
            }
        }
        let place = |seed: u64| self.seeds.iter().position(|&s| s == seed);
        for variant in &mut results {
            variant.runs.sort_by_key(|run| place(run.seed));
            variant.diverged.sort_by_key(|run| place(run.seed));
        }
        Ok(results)
    }

    /// What is to be known of a comparison before it begins: unequal budgets, and validation images
    /// that settings were chosen by.
    pub fn remarks(&self) -> Vec<String> {
        let unequal = self.unequal().then(|| UNEQUAL.to_owned());
        let told = |(name, seed): (&str, u64)| {
            format!(
                "{name} was tuned under seed {seed}, by the very validation images that will judge it \
                 there: leave {seed} out of --seeds"
            )
        };
        unequal.into_iter().chain(self.tuned_on_judges().into_iter().map(told)).collect()
    }

    /// Losses whose settings were chosen by validation images that judge them, with the seed of those.
    pub fn tuned_on_judges(&self) -> Vec<(&str, u64)> {
        let judged = |variant: &&Variant| variant.tuned.filter(|seed| self.seeds.contains(seed));
        self.variants
            .iter()
            .filter_map(|variant| Some((variant.name.as_str(), judged(&variant)?)))
            .collect()
    }

    /// Whether some variants train longer than others: on more epochs, steps or images.
    pub fn unequal(&self) -> bool {
        self.variants.iter().any(|variant| variant.budget() != self.variants[0].budget())
    }

    /// What decides, of each run: per variant, per seed.
    pub fn scores(&self, results: &[LossRuns]) -> Vec<Vec<f64>> {
        let score = |run: &Finished| self.score.of(&run.evaluation.figures).unwrap_or(f64::NAN);
        results.iter().map(|variant| variant.runs.iter().map(score).collect()).collect()
    }

    /// Every run as place of its variant and seed; those that take longest first, so that none of
    /// them is left over for the end.
    pub fn tasks(&self) -> Vec<(usize, u64)> {
        let mut tasks: Vec<(usize, u64)> = self
            .seeds
            .iter()
            .flat_map(|&s| (0..self.variants.len()).map(move |variant| (variant, s)))
            .collect();
        tasks.sort_by_key(|&(variant, _)| {
            self.variants[variant].config.loss.batches() != BatchKind::Pairs
        });
        tasks
    }

    /// A session whose display counts all runs.
    fn with_display(&self, session: &Session) -> Result<Session> {
        let images: Vec<u64> = self
            .tasks()
            .into_iter()
            .map(|(variant, seed)| {
                Ok(self.prepare_run(session, &self.variants[variant], seed)?.images())
            })
            .collect::<Result<_>>()?;
        let mut session = session.share();
        session.progress = session.progress.of_many(images.len(), images.iter().sum());
        Ok(session)
    }

    /// Says or refuses what cannot be done together, and what memory or disk will not suffice for;
    /// runs that are there count as made.
    ///
    /// # Errors
    /// As [`ResourceEstimate::check`]; settings that do not fit the data; two variants whose runs would be one.
    pub fn check_needs(&self, session: &Session) -> Result<ResourceEstimate> {
        let needs = self.needs(session)?;
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))?;
        Ok(needs)
    }

    /// The same where the runs will be done on other machines, whose memory is not known.
    ///
    /// # Errors
    /// As [`Plan::check_needs`], but for memory.
    pub fn check_needs_elsewhere(&self, session: &Session) -> Result<()> {
        let needs = ResourceEstimate { memory: 0, ..self.needs(session)? };
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))
    }

    fn needs(&self, session: &Session) -> Result<ResourceEstimate> {
        refuse_unlike(session, &self.variants)?;
        let mut needs = ResourceEstimate { memory: 0, disk: 0 };
        let mut runs: Vec<(String, &Variant)> = Vec::new();
        let jobs = self.jobs.min(self.variants.len() * self.seeds.len());
        for (variant, seed) in self.tasks() {
            let variant = &self.variants[variant];
            let run = self.prepare_run(session, variant, seed)?;
            run.check_judged(self.score)?;
            if self.force {
                run.check_replaceable(self.variants.iter().map(|variant| &variant.config))?;
            }
            if let Some((_, other)) = runs.iter().find(|(known, _)| known == run.fingerprint()) {
                let (a, b) = (&other.name, &variant.name);
                return Err(Error::Other(format!("{a} and {b} have the same settings: drop one")));
            }
            runs.push((run.fingerprint().to_owned(), variant));
            let new = usize::from(self.force || !run.folder.is_taken());
            let losses = std::slice::from_ref(&variant.config.loss);
            let one = ResourceEstimate::of(session, &variant.config, losses, jobs, new)?;
            needs.memory = needs.memory.max(one.memory);
            needs.disk = needs.disk.saturating_add(one.disk);
        }
        Ok(needs)
    }

    /// A run of a variant under a seed.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn prepare_run(&self, session: &Session, variant: &Variant, seed: u64) -> Result<Run> {
        let mut config = variant.config.clone();
        config.train.seed = seed;
        variant.level.apply(session, &mut config)?;
        Run::new(session, config, &self.runs, None)
    }

    /// The same without the variants that are not in `results`, having diverged.
    pub fn of_results(&self, results: &[LossRuns]) -> Plan {
        let is_in = |variant: &&Variant| results.iter().any(|loss| loss.loss == variant.name);
        Plan { variants: self.variants.iter().filter(is_in).cloned().collect(), ..self.clone() }
    }

    /// The same runs judged by a file of test images, side by side; `results` are those of the
    /// variants, in their order.
    ///
    /// # Errors
    /// As [`evaluate_test`]; an interruption before a run.
    pub fn test(
        &self,
        session: &Session,
        results: &[LossRuns],
        test: &Dataset,
    ) -> Result<Vec<LossRuns>> {
        let places = results
            .iter()
            .zip(&self.variants)
            .flat_map(|(loss, variant)| loss.runs.iter().map(move |run| (variant, run)))
            .collect();
        let done = side_by_side(session, self.jobs, places, |session, (variant, finished)| {
            session.interrupt.check("the runs are finished, not all of them are tested")?;
            let run = self.prepare_run(session, variant, finished.seed)?;
            let _lock = RunLock::take(&run.folder)?;
            let name = format!("{} seed {}", variant.name, finished.seed);
            let evaluation = match tested(session, &run.folder, &run.config, test)? {
                Some(evaluation) => evaluation,
                None => {
                    let progress = session.progress.run(&name, 0);
                    evaluate_test(session, &run.folder, &run.config, test, &progress)?
                }
            };
            Ok(Finished { evaluation, ..finished.clone() })
        });
        let mut done = done.into_iter();
        let of_variant = |variant: &LossRuns| {
            let runs = done.by_ref().take(variant.runs.len()).collect::<Result<_>>()?;
            Ok(LossRuns { runs, ..variant.clone() })
        };
        results.iter().map(of_variant).collect()
    }
}

/// What a plan says of unequal budgets.
const UNEQUAL: &str = "the losses do not train equally long (epochs, steps, batch or images differ), \
                       so this compares budgets as well as losses";

/// Says what became of a run that did not come to its end.
fn tell(session: &Session, variant: &Variant, seed: u64, error: &Error) {
    let what = match error {
        Error::Interrupted(place) => place.clone(),
        // The way out is told once for all runs.
        Error::Diverged(Divergence { why, .. }) => format!("diverged: {why}"),
        error => format!("failed: {}", chain(error)),
    };
    session.progress.say(&format!("{} seed {seed}: {what}", variant.name));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::loss::Loss;

    fn plan(losses: &[&str], seeds: &[u64]) -> Plan {
        let variant = |name: &&str| {
            let loss = Loss::by_name(name).unwrap();
            Variant::new(*name, Config { loss, ..Config::default() })
        };
        Plan {
            variants: losses.iter().map(variant).collect(),
            seeds: seeds.to_vec(),
            jobs: 2,
            runs: PathBuf::from("runs"),
            force: false,
            score: Score::Accuracy,
            command: String::new(),
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
