//! The time that runs take, measured over a few steps and a small evaluation.

use std::time::Instant;

use ndarray::Array2;

use crate::data::{DataSplit, Subset};
use crate::error::{Error, Result};
use crate::eval::{self, Figures, LabelledEmbeddings, RetrievalTask, Watch, tsne};
use crate::evaluation::score;
use crate::experiment::plan::Plan;
use crate::experiment::schedule::side_by_side;
use crate::experiment::variant::Variant;
use crate::model::Network;
use crate::run::Run;
use crate::session::Session;
use crate::train::time_steps;

/// Images that an evaluation is timed with.
const TRIED: usize = 1000;

/// Seconds that the parts of a run take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// Of the whole training.
    pub training: f64,
    /// Of the evaluation, or of the score after one epoch of a trial.
    pub evaluation: f64,
}

/// Times variants as they will run: as many side by side as will be, each variant at least once, since a run
/// alone has cores lent that it lacks beside others.
pub fn measured(
    session: &Session,
    plan: &Plan,
    variants: &[usize],
    left: usize,
    measure: fn(&Session, &Plan, &Variant) -> Result<Pace>,
) -> Result<Vec<(usize, Pace)>> {
    let copies = plan.jobs.min(left).div_ceil(variants.len().max(1)).max(1);
    let tasks: Vec<usize> =
        variants.iter().copied().cycle().take(copies * variants.len()).collect();
    let found = side_by_side(session, plan.jobs, tasks.clone(), |session, variant| {
        measure(session, plan, &plan.variants[variant])
    });
    tasks.into_iter().zip(found).map(|(variant, pace)| Ok((variant, pace?))).collect()
}

/// Times a variant under the first seed.
pub fn measure(session: &Session, plan: &Plan, variant: &Variant) -> Result<Pace> {
    timed(session, plan, variant, time_evaluation)
}

/// The same of a trial, which is scored after each epoch in place of an evaluation.
pub fn measure_trial(session: &Session, plan: &Plan, variant: &Variant) -> Result<Pace> {
    timed(session, plan, variant, |session, run, network, parts| {
        let start = Instant::now();
        match score(session, &run.config, parts, plan.score, network) {
            // The first weights alone give embeddings without distances: the trials will tell.
            Err(Error::Diverged(_)) | Ok(_) => Ok(start.elapsed().as_secs_f64()),
            Err(error) => Err(error),
        }
    })
}

fn timed(
    session: &Session,
    plan: &Plan,
    variant: &Variant,
    evaluate: impl Fn(&Session, &Run, &mut dyn Network, &DataSplit) -> Result<f64>,
) -> Result<Pace> {
    let run = plan.prepare_run(session, variant, plan.seeds[0])?;
    let parts = session.parts(&run.config)?;
    run.with_task(session, |task, network| {
        let first = network.state();
        let step = time_steps(task, network)?;
        // The steps may have diverged; embeddings without distances would take no time to judge.
        network.load_state(&first)?;
        let evaluation = evaluate(session, &run, network, &parts)?;
        Ok(Pace { training: step * run.steps() as f64, evaluation })
    })
}

/// Seconds of an evaluation, scaled up from one of few images.
fn time_evaluation(
    session: &Session,
    run: &Run,
    network: &mut dyn Network,
    parts: &DataSplit,
) -> Result<f64> {
    let judged = parts.evaluation_set();
    let (references, queries) = (parts.train.rows.len(), judged.rows.len());
    let some = |part: &Subset| part.rows[..TRIED.min(part.rows.len())].to_vec();
    let mut start = Instant::now();
    let mut lap = || std::mem::replace(&mut start, Instant::now()).elapsed().as_secs_f64();
    let rows = some(&parts.train);
    let embeddings: Array2<f32> = eval::embed(network, &session.images, &rows, false);
    let embedding = lap() * (references + queries) as f64 / rows.len() as f64;
    let labels: Vec<i64> = rows.iter().map(|&row| session.dataset.labels[row as usize]).collect();
    let asked = embeddings.slice(ndarray::s![..rows.len().min(300), ..]).to_owned();
    let trial = RetrievalTask {
        references: LabelledEmbeddings::new(&embeddings, &labels),
        queries: Some(LabelledEmbeddings::new(&asked, &labels[..asked.nrows()])),
        classes: session.dataset.classes.len(),
    };
    // Too few images for the settings: there is next to nothing to time.
    let _ = session.cores.spread(|| Figures::of(&trial, &run.config.eval, 0, &Watch::default()))?;
    let scale = references as f64 * queries as f64 / (rows.len() * asked.nrows()) as f64;
    let neighbours = lap() * scale.max(1.0).sqrt();
    let _ =
        session.cores.spread(|| tsne::embed(embeddings.view(), &run.config.tsne, 0, &|_, _| {}))?;
    let map = lap() * queries.min(3000) as f64 / rows.len() as f64;
    Ok(embedding + neighbours + map)
}
