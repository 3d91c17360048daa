//! Measures how long runs take, with a few steps and a small evaluation.

use std::time::Instant;

use ndarray::Array2;

use crate::data::{DataSplit, Subset};
use crate::error::{Error, Result};
use crate::eval::{self, Figures, LabelledEmbeddings, RetrievalTask, Watch, tsne};
use crate::evaluation::score;
use crate::experiment::plan::Plan;
use crate::experiment::schedule::run_in_parallel;
use crate::experiment::variant::Variant;
use crate::model::Network;
use crate::run::Run;
use crate::session::Session;
use crate::train::time_steps;

/// Number of images of a timed evaluation.
const SAMPLE_SIZE: usize = 1000;

/// Seconds of the parts of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunSeconds {
    /// The whole training.
    pub training: f64,
    /// The evaluation, or the score after one epoch of a trial.
    pub evaluation: f64,
}

/// Times variants as they will run: with the same number in parallel, because a run alone borrows idle
/// cores. Each variant is timed at least once.
pub fn measure_variants(
    session: &Session,
    plan: &Plan,
    variants: &[usize],
    left: usize,
    measure: fn(&Session, &Plan, &Variant) -> Result<RunSeconds>,
) -> Result<Vec<(usize, RunSeconds)>> {
    let copies = plan.jobs.min(left).div_ceil(variants.len().max(1)).max(1);
    let tasks: Vec<usize> =
        variants.iter().copied().cycle().take(copies * variants.len()).collect();
    let found = run_in_parallel(session, plan.jobs, tasks.clone(), |session, variant| {
        measure(session, plan, &plan.variants[variant])
    });
    tasks.into_iter().zip(found).map(|(variant, pace)| Ok((variant, pace?))).collect()
}

/// Times a variant under the first seed.
pub fn measure(session: &Session, plan: &Plan, variant: &Variant) -> Result<RunSeconds> {
    time_run(session, plan, variant, time_evaluation)
}

/// Times a trial, which is scored after each epoch instead of an evaluation.
pub fn measure_trial(session: &Session, plan: &Plan, variant: &Variant) -> Result<RunSeconds> {
    time_run(session, plan, variant, |session, run, network, parts| {
        let start = Instant::now();
        match score(session, &run.config, parts, plan.score, network) {
            // Only the initial weights give NaN; the trials will report it.
            Err(Error::Diverged(_)) | Ok(_) => Ok(start.elapsed().as_secs_f64()),
            Err(error) => Err(error),
        }
    })
}

fn time_run(
    session: &Session,
    plan: &Plan,
    variant: &Variant,
    evaluate: impl Fn(&Session, &Run, &mut dyn Network, &DataSplit) -> Result<f64>,
) -> Result<RunSeconds> {
    let run = plan.prepare_run(session, variant, plan.seeds[0])?;
    let parts = session.parts(&run.config)?;
    run.with_task(session, |task, network| {
        let initial = network.state();
        let step = time_steps(task, network)?;
        // The steps may have diverged, and evaluating NaN would take no time.
        network.load_state(&initial)?;
        let evaluation = evaluate(session, &run, network, &parts)?;
        Ok(RunSeconds { training: step * run.steps() as f64, evaluation })
    })
}

/// Seconds of an evaluation, extrapolated from a few images.
fn time_evaluation(
    session: &Session,
    run: &Run,
    network: &mut dyn Network,
    parts: &DataSplit,
) -> Result<f64> {
    let evaluation_images = parts.evaluation_set();
    let (references, queries) = (parts.train.rows.len(), evaluation_images.rows.len());
    let sample = |part: &Subset| part.rows[..SAMPLE_SIZE.min(part.rows.len())].to_vec();
    let mut start = Instant::now();
    let mut lap = || std::mem::replace(&mut start, Instant::now()).elapsed().as_secs_f64();
    let rows = sample(&parts.train);
    let embeddings: Array2<f32> = eval::embed(network, &session.images, &rows, false);
    let embedding = lap() * (references + queries) as f64 / rows.len() as f64;
    let labels: Vec<i64> = rows.iter().map(|&row| session.dataset.labels[row as usize]).collect();
    let queried = embeddings.slice(ndarray::s![..rows.len().min(300), ..]).to_owned();
    let task = RetrievalTask {
        references: LabelledEmbeddings::new(&embeddings, &labels),
        queries: Some(LabelledEmbeddings::new(&queried, &labels[..queried.nrows()])),
        classes: session.dataset.classes.len(),
    };
    // An error means too few images for the settings, so there is hardly any time to measure.
    let _ = session
        .cores
        .run_on_free_cores(|| Figures::of(&task, &run.config.eval, 0, &Watch::default()))?;
    let scale = references as f64 * queries as f64 / (rows.len() * queried.nrows()) as f64;
    let neighbours = lap() * scale.max(1.0).sqrt();
    let _ = session
        .cores
        .run_on_free_cores(|| tsne::embed(embeddings.view(), &run.config.tsne, 0, &|_, _| {}))?;
    let map = lap() * queries.min(3000) as f64 / rows.len() as f64;
    Ok(embedding + neighbours + map)
}
