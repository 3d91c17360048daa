//! Losses × seeds on the same data: trains or reuses their runs in parallel.

use std::path::PathBuf;

use super::compare::{Finished, LossRuns};
use super::schedule::run_in_parallel;
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

/// The runs to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The variants to compare, at least one.
    pub variants: Vec<Variant>,
    /// The seeds; each variant has one run per seed.
    pub seeds: Vec<u64>,
    /// Number of parallel runs.
    pub jobs: usize,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Whether to repeat finished runs.
    pub force: bool,
    /// The metric that decides.
    pub score: Score,
    /// The command line.
    pub command: String,
}

impl Plan {
    /// Checks the plan.
    ///
    /// # Errors
    /// No variant or no seed, or duplicates; a metric that decides but is not computed.
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

    /// Trains or reuses all runs and evaluates them, `jobs` at a time.
    ///
    /// A failed run does not stop the others; their results stay on disk, and the next call reuses
    /// them. An interruption stops all runs at a checkpoint.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if an interruption left runs unfinished; else the first error of a run,
    /// after all others have ended. A diverged run is not an error: see [`LossRuns::diverged`].
    pub fn carry_out(&self, session: &Session) -> Result<Vec<LossRuns>> {
        let session = &self.with_display(session)?;
        let tasks = self.tasks();
        let done =
            run_in_parallel(session, self.jobs, tasks.clone(), |session, (variant, seed)| {
                let variant = &self.variants[variant];
                let finished = self.run(session, variant, seed);
                session.progress.ended();
                finished.inspect_err(|error| report_failure(session, variant, seed, error))
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
        let index = |seed: u64| self.seeds.iter().position(|&s| s == seed);
        for variant in &mut results {
            variant.runs.sort_by_key(|run| index(run.seed));
            variant.diverged.sort_by_key(|run| index(run.seed));
        }
        Ok(results)
    }

    /// Notes on a comparison before it starts: unequal budgets, and losses tuned on its validation
    /// images.
    pub fn remarks(&self) -> Vec<String> {
        let unequal = self.unequal().then(|| UNEQUAL.to_owned());
        let tuned = |(name, seed): (&str, u64)| {
            format!(
                "{name} was tuned on the validation images of seed {seed}, so its result there will be \
                 optimistic: leave {seed} out of --seeds"
            )
        };
        unequal
            .into_iter()
            .chain(self.tuned_on_evaluation_images().into_iter().map(tuned))
            .collect()
    }

    /// Losses that were tuned on validation images that also evaluate them, with the seed.
    pub fn tuned_on_evaluation_images(&self) -> Vec<(&str, u64)> {
        let seed = |variant: &&Variant| variant.tuned.filter(|seed| self.seeds.contains(seed));
        self.variants
            .iter()
            .filter_map(|variant| Some((variant.name.as_str(), seed(&variant)?)))
            .collect()
    }

    /// Whether variants have different budgets: epochs, steps, batch size or images.
    pub fn unequal(&self) -> bool {
        self.variants.iter().any(|variant| variant.budget() != self.variants[0].budget())
    }

    /// The metric that decides, `[variant][seed]`.
    pub fn scores(&self, results: &[LossRuns]) -> Vec<Vec<f64>> {
        let score = |run: &Finished| self.score.of(&run.evaluation.figures).unwrap_or(f64::NAN);
        results.iter().map(|variant| variant.runs.iter().map(score).collect()).collect()
    }

    /// All runs as index of the variant and seed. The longest come first, so that none of them is left
    /// for the end.
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

    /// A session whose progress display counts all runs.
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

    /// Checks that the runs can be compared, and that memory and disk space suffice for those that do
    /// not exist yet.
    ///
    /// # Errors
    /// As [`ResourceEstimate::check`]; settings that do not fit the data; variants with equal settings.
    pub fn check_resources(&self, session: &Session) -> Result<ResourceEstimate> {
        let needs = self.needs(session)?;
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))?;
        Ok(needs)
    }

    /// Like [`Plan::check_resources`], for runs on other machines, whose memory is unknown.
    ///
    /// # Errors
    /// As [`Plan::check_resources`], except for memory.
    pub fn check_resources_elsewhere(&self, session: &Session) -> Result<()> {
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
            run.check_evaluation_images(self.score)?;
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
        variant.equal_budget.apply(session, &mut config)?;
        Run::new(session, config, &self.runs, None)
    }

    /// The plan without the variants that are not in `results`, because they diverged.
    pub fn restricted_to(&self, results: &[LossRuns]) -> Plan {
        let is_in = |variant: &&Variant| results.iter().any(|loss| loss.loss == variant.name);
        Plan { variants: self.variants.iter().filter(is_in).cloned().collect(), ..self.clone() }
    }

    /// Evaluates the runs on test images, in parallel; `results` are those of the variants, in the same
    /// order.
    ///
    /// # Errors
    /// As [`evaluate_test`]; an interruption before a run.
    pub fn test(
        &self,
        session: &Session,
        results: &[LossRuns],
        test: &Dataset,
    ) -> Result<Vec<LossRuns>> {
        let tasks = results
            .iter()
            .zip(&self.variants)
            .flat_map(|(loss, variant)| loss.runs.iter().map(move |run| (variant, run)))
            .collect();
        let done = run_in_parallel(session, self.jobs, tasks, |session, (variant, finished)| {
            session
                .interrupt
                .check("the runs are finished, but not all are evaluated on the test images")?;
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

/// The note about unequal budgets.
const UNEQUAL: &str = "the training budgets differ (epochs, steps, batch size or images), so this \
                       compares budgets as well as losses";

/// Reports why a run did not finish.
fn report_failure(session: &Session, variant: &Variant, seed: u64, error: &Error) {
    let what = match error {
        Error::Interrupted(message) => message.clone(),
        // The remedy is reported once for all runs.
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
            score: Score::by_default(false),
            command: String::new(),
        }
    }

    #[test]
    fn duplicate_losses_and_seeds_are_refused() {
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
    fn the_longest_runs_start_first() {
        let tasks = plan(&["cross-entropy", "contrastive"], &[7, 8]).tasks();
        assert_eq!(tasks, [(1, 7), (1, 8), (0, 7), (0, 8)]);
    }
}
