//! Estimates what a command with many runs will do and how long it will take.

use super::measure::{RunSeconds, measure, measure_trial, measure_variants};
use crate::error::Result;
use crate::evaluation::evaluated;
use crate::experiment::plan::Plan;
use crate::run::{ResourceEstimate, Run, Status};
use crate::runtime::bytes;
use crate::session::Session;
use crate::words::things;

/// The work of a command, and the estimated time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeEstimate {
    /// Per variant: name, number of unfinished runs, seconds per run.
    pub variants: Vec<(String, usize, f64)>,
    /// Total number of runs.
    pub runs: usize,
    /// Number of finished runs.
    pub finished: usize,
    /// Number of parallel runs.
    pub jobs: usize,
    /// Seconds until all runs are finished.
    pub seconds: f64,
    /// Bytes to be written.
    pub disk: u64,
    /// Notes on the plan.
    pub remarks: Vec<String>,
}

/// The remaining work of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Remaining {
    /// Remaining share of the training, 0 to 1.
    pub training: f64,
    /// Whether the evaluation remains.
    pub evaluation: bool,
}

impl Remaining {
    /// A whole run.
    pub fn all() -> Remaining {
        Remaining { training: 1.0, evaluation: true }
    }

    /// The remaining work of a run.
    ///
    /// # Errors
    /// A file of the run cannot be read.
    pub fn of(session: &Session, run: &Run) -> Result<Remaining> {
        let Some(record) = run.folder.record()? else { return Ok(Remaining::all()) };
        if record.status == Status::Trained {
            let evaluation = evaluated(session, &run.folder, &run.config)?.is_none();
            let evaluation = evaluation && run.divergence()?.is_none();
            return Ok(Remaining { training: 0.0, evaluation });
        }
        if run.divergence()?.is_some() {
            return Ok(Remaining { training: 0.0, evaluation: false });
        }
        let done = run.folder.history().map_or(0, |history| history.epochs.len());
        let training = 1.0 - done as f64 / (run.config.train.epochs + 1) as f64;
        Ok(Remaining { training, evaluation: true })
    }

    /// Whether the run has finished or diverged.
    pub fn is_nothing(self) -> bool {
        self.training == 0.0 && !self.evaluation
    }

    fn seconds(self, of_run: RunSeconds) -> f64 {
        let evaluation = if self.evaluation { of_run.evaluation } else { 0.0 };
        self.training * of_run.training + evaluation
    }
}

impl TimeEstimate {
    /// Times a few steps and a small evaluation of each variant, with `plan.jobs` in parallel, and
    /// extrapolates to the unfinished runs.
    ///
    /// # Errors
    /// Settings that do not fit the data; not enough memory or disk space.
    pub fn of(session: &Session, plan: &Plan) -> Result<TimeEstimate> {
        let ResourceEstimate { disk, .. } = plan.check_resources(session)?;
        let mut left: Vec<(usize, Remaining)> = Vec::new();
        for (variant, seed) in plan.tasks() {
            let run = plan.prepare_run(session, &plan.variants[variant], seed)?;
            left.push((
                variant,
                if plan.force { Remaining::all() } else { Remaining::of(session, &run)? },
            ));
        }
        let runs_left =
            |variant: usize| left.iter().filter(|l| l.0 == variant && !l.1.is_nothing()).count();
        let variants: Vec<usize> =
            (0..plan.variants.len()).filter(|&variant| runs_left(variant) > 0).collect();
        let all_left = left.iter().filter(|(_, left)| !left.is_nothing()).count();
        let mut seconds = vec![RunSeconds::default(); plan.variants.len()];
        for (variant, of_run) in measure_variants(session, plan, &variants, all_left, measure)? {
            seconds[variant] = of_run;
        }
        let of_variant = |variant: usize| {
            (
                plan.variants[variant].name.clone(),
                runs_left(variant),
                Remaining::all().seconds(seconds[variant]),
            )
        };
        let times: Vec<f64> =
            left.iter().map(|&(variant, left)| left.seconds(seconds[variant])).collect();
        let jobs = plan.jobs.clamp(1, left.len());
        Ok(TimeEstimate {
            variants: variants.into_iter().map(of_variant).collect(),
            runs: left.len(),
            finished: left.iter().filter(|(_, left)| left.is_nothing()).count(),
            jobs,
            seconds: makespan(&times, jobs),
            disk,
            remarks: Vec::new(),
        })
    }

    /// Estimates `left` of `all` trials, each as long as a run of the plan's only variant.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn of_trials(
        session: &Session,
        plan: &Plan,
        (all, left): (usize, usize),
        disk: u64,
    ) -> Result<TimeEstimate> {
        let variants: &[usize] = if left > 0 { &[0] } else { &[] };
        let found = measure_variants(session, plan, variants, left, measure_trial)?;
        let RunSeconds { training, evaluation } =
            found.first().map(|found| found.1).unwrap_or_default();
        let epochs = plan.variants[0].config.train.epochs;
        let seconds = training + evaluation * epochs as f64;
        let jobs = plan.jobs.clamp(1, left.max(1));
        Ok(TimeEstimate {
            variants: if left > 0 {
                vec![(plan.variants[0].name.clone(), left, seconds)]
            } else {
                Vec::new()
            },
            runs: all,
            finished: all - left,
            jobs,
            seconds: makespan(&vec![seconds; left], jobs),
            disk,
            remarks: Vec::new(),
        })
    }

    /// The plan as lines of text.
    pub fn to_text(&self) -> String {
        let TimeEstimate { runs, finished, jobs, .. } = self;
        let done =
            if *finished > 0 { format!(", {finished} of them finished") } else { String::new() };
        let mut lines = vec![format!("plan: {}{done}; {jobs} at a time", runs_text(*runs))];
        lines.extend(self.variants.iter().map(|(name, runs, seconds)| {
            format!("  {name}: {} of about {}", runs_text(*runs), duration(*seconds))
        }));
        if self.variants.is_empty() {
            lines.push("  nothing is left to train".to_owned());
        } else {
            lines.push(format!(
                "  about {} in all, measured over a few steps; up to {} to be written",
                duration(self.seconds),
                bytes(self.disk)
            ));
        }
        lines.extend(self.remarks.iter().map(|remark| format!("  note: {remark}")));
        lines.join("\n")
    }
}

fn runs_text(number: usize) -> String {
    format!("{number} {}", things(number, "run"))
}

/// Seconds until workers that take tasks in this order have finished all of them.
fn makespan(times: &[f64], workers: usize) -> f64 {
    let mut free = vec![0.0_f64; workers.max(1)];
    for time in times {
        let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("at least one");
        *next += time;
    }
    free.into_iter().fold(0.0, f64::max)
}

/// A duration as `45 s`, `3 min 20 s` or `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(1.0).round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remaining_work_takes_its_share_of_the_time() {
        let of_run = RunSeconds { training: 20.0, evaluation: 5.0 };
        assert_eq!(Remaining::all().seconds(of_run), 25.0);
        assert_eq!(Remaining { training: 0.5, evaluation: true }.seconds(of_run), 15.0);
        let done = Remaining { training: 0.0, evaluation: false };
        assert!(done.is_nothing() && done.seconds(of_run) == 0.0);
        assert!(!Remaining { training: 0.0, evaluation: true }.is_nothing());
    }

    #[test]
    fn free_workers_take_the_next_task() {
        assert_eq!(makespan(&[5.0, 1.0, 1.0, 1.0], 2), 5.0);
        assert_eq!(makespan(&[2.0, 2.0, 2.0], 2), 4.0);
        assert_eq!(makespan(&[], 2), 0.0);
    }

    #[test]
    fn durations_have_suitable_units() {
        assert_eq!(
            [0.1, 59.6, 200.0, 7530.0].map(duration),
            ["1 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
        );
    }

    #[test]
    fn the_text_of_a_plan_shows_the_remaining_runs() {
        let mut estimate = TimeEstimate {
            variants: vec![("cross-entropy".to_owned(), 2, 20.0)],
            runs: 3,
            finished: 1,
            jobs: 2,
            seconds: 20.0,
            disk: 9_000_000,
            remarks: vec!["mind the step".to_owned()],
        };
        assert_eq!(
            estimate.to_text(),
            "plan: 3 runs, 1 of them finished; 2 at a time\n  cross-entropy: 2 runs of about 20 s\n  \
             about 20 s in all, measured over a few steps; up to 9 MB to be written\n  note: mind the step"
        );
        estimate.variants.clear();
        assert!(estimate.to_text().ends_with("nothing is left to train\n  note: mind the step"));
    }
}
