//! What a command with many runs will do and how long it will take, measured before it begins.

use super::measure::{Pace, measure, measure_trial, measured};
use crate::error::Result;
use crate::evaluation::evaluated;
use crate::experiment::plan::Plan;
use crate::run::{ResourceEstimate, Run, Status};
use crate::runtime::bytes;
use crate::session::Session;
use crate::words::things;

/// What is to be done, and the time it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeEstimate {
    /// One line a variant: its name, runs that are still to be done, seconds of each.
    pub variants: Vec<(String, usize, f64)>,
    /// Runs in all.
    pub runs: usize,
    /// Runs that are finished.
    pub finished: usize,
    /// Runs at a time.
    pub jobs: usize,
    /// Seconds until all are done.
    pub seconds: f64,
    /// Bytes that will be written.
    pub disk: u64,
    /// What is to be known of the plan before it begins.
    pub remarks: Vec<String>,
}

/// What of a run is still to be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// The share of its training, 0 to 1.
    pub training: f64,
    /// Whether its evaluation is.
    pub evaluation: bool,
}

impl Left {
    /// All of it.
    pub fn all() -> Left {
        Left { training: 1.0, evaluation: true }
    }

    /// What is left of a run.
    ///
    /// # Errors
    /// Files of it that cannot be read.
    pub fn of(session: &Session, run: &Run) -> Result<Left> {
        let Some(record) = run.folder.record()? else { return Ok(Left::all()) };
        if record.status == Status::Trained {
            let evaluation = evaluated(session, &run.folder, &run.config)?.is_none();
            let evaluation = evaluation && run.divergence()?.is_none();
            return Ok(Left { training: 0.0, evaluation });
        }
        if run.divergence()?.is_some() {
            return Ok(Left { training: 0.0, evaluation: false });
        }
        let done = run.folder.history().map_or(0, |history| history.epochs.len());
        let training = 1.0 - done as f64 / (run.config.train.epochs + 1) as f64;
        Ok(Left { training, evaluation: true })
    }

    /// Whether the run is finished, or has no end.
    pub fn is_nothing(self) -> bool {
        self.training == 0.0 && !self.evaluation
    }

    fn seconds(self, pace: Pace) -> f64 {
        let evaluation = if self.evaluation { pace.evaluation } else { 0.0 };
        self.training * pace.training + evaluation
    }
}

impl TimeEstimate {
    /// Measures a few steps and a small evaluation of every variant, `plan.jobs` side by side as they
    /// will run, and adds up what is not done yet.
    ///
    /// # Errors
    /// Settings that do not fit the data; not enough memory or disk.
    pub fn of(session: &Session, plan: &Plan) -> Result<TimeEstimate> {
        let ResourceEstimate { disk, .. } = plan.check_needs(session)?;
        let mut left: Vec<(usize, Left)> = Vec::new();
        for (variant, seed) in plan.tasks() {
            let run = plan.prepare_run(session, &plan.variants[variant], seed)?;
            left.push((variant, if plan.force { Left::all() } else { Left::of(session, &run)? }));
        }
        let runs_left =
            |variant: usize| left.iter().filter(|l| l.0 == variant && !l.1.is_nothing()).count();
        let variants: Vec<usize> =
            (0..plan.variants.len()).filter(|&variant| runs_left(variant) > 0).collect();
        let all_left = left.iter().filter(|(_, left)| !left.is_nothing()).count();
        let mut paces = vec![Pace::default(); plan.variants.len()];
        for (variant, pace) in measured(session, plan, &variants, all_left, measure)? {
            paces[variant] = pace;
        }
        let of_variant = |variant: usize| {
            (
                plan.variants[variant].name.clone(),
                runs_left(variant),
                Left::all().seconds(paces[variant]),
            )
        };
        let times: Vec<f64> =
            left.iter().map(|&(variant, left)| left.seconds(paces[variant])).collect();
        let jobs = plan.jobs.clamp(1, left.len());
        Ok(TimeEstimate {
            variants: variants.into_iter().map(of_variant).collect(),
            runs: left.len(),
            finished: left.iter().filter(|(_, left)| left.is_nothing()).count(),
            jobs,
            seconds: in_turn(&times, jobs),
            disk,
            remarks: Vec::new(),
        })
    }

    /// The same of `left` trials of `all` that are as long as a run of the plan's one variant.
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
        let found = measured(session, plan, variants, left, measure_trial)?;
        let Pace { training, evaluation } = found.first().map(|found| found.1).unwrap_or_default();
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
            seconds: in_turn(&vec![seconds; left], jobs),
            disk,
            remarks: Vec::new(),
        })
    }

    /// The plan in words, a line each.
    pub fn told(&self) -> String {
        let TimeEstimate { runs, finished, jobs, .. } = self;
        let done =
            if *finished > 0 { format!(", {finished} of them finished") } else { String::new() };
        let mut lines = vec![format!("plan: {}{done}; {jobs} at a time", runs_of(*runs))];
        lines.extend(self.variants.iter().map(|(name, runs, seconds)| {
            format!("  {name}: {} of about {}", runs_of(*runs), spoken(*seconds))
        }));
        if self.variants.is_empty() {
            lines.push("  nothing is left to train".to_owned());
        } else {
            lines.push(format!(
                "  about {} in all, measured over a few steps; up to {} to be written",
                spoken(self.seconds),
                bytes(self.disk)
            ));
        }
        lines.extend(self.remarks.iter().map(|remark| format!("  note: {remark}")));
        lines.join("\n")
    }
}

fn runs_of(number: usize) -> String {
    format!("{number} {}", things(number, "run"))
}

/// Seconds until tasks in this order are done by so many workers.
fn in_turn(times: &[f64], workers: usize) -> f64 {
    let mut free = vec![0.0_f64; workers.max(1)];
    for time in times {
        let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("at least one");
        *next += time;
    }
    free.into_iter().fold(0.0, f64::max)
}

/// `45 s`, `3 min 20 s`, `2 h 5 min`.
pub fn spoken(seconds: f64) -> String {
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
    fn what_is_left_of_a_run_takes_its_part_of_the_time() {
        let pace = Pace { training: 20.0, evaluation: 5.0 };
        assert_eq!(Left::all().seconds(pace), 25.0);
        assert_eq!(Left { training: 0.5, evaluation: true }.seconds(pace), 15.0);
        let done = Left { training: 0.0, evaluation: false };
        assert!(done.is_nothing() && done.seconds(pace) == 0.0);
        assert!(!Left { training: 0.0, evaluation: true }.is_nothing());
    }

    #[test]
    fn workers_take_the_next_task_when_they_are_free() {
        assert_eq!(in_turn(&[5.0, 1.0, 1.0, 1.0], 2), 5.0);
        assert_eq!(in_turn(&[2.0, 2.0, 2.0], 2), 4.0);
        assert_eq!(in_turn(&[], 2), 0.0);
    }

    #[test]
    fn times_are_told_as_people_say_them() {
        assert_eq!(
            [0.1, 59.6, 200.0, 7530.0].map(spoken),
            ["1 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
        );
    }

    #[test]
    fn a_plan_tells_what_is_left() {
        let mut forecast = TimeEstimate {
            variants: vec![("cross-entropy".to_owned(), 2, 20.0)],
            runs: 3,
            finished: 1,
            jobs: 2,
            seconds: 20.0,
            disk: 9_000_000,
            remarks: vec!["mind the step".to_owned()],
        };
        assert_eq!(
            forecast.told(),
            "plan: 3 runs, 1 of them finished; 2 at a time\n  cross-entropy: 2 runs of about 20 s\n  \
             about 20 s in all, measured over a few steps; up to 9 MB to be written\n  note: mind the step"
        );
        forecast.variants.clear();
        assert!(forecast.told().ends_with("nothing is left to train\n  note: mind the step"));
    }
}
