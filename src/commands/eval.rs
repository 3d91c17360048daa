//! `dml eval`: evaluates a trained run, or embeddings of another program.

use std::path::{Path, PathBuf};

use super::{
    embedding_config, evaluation_config, open_test, print, print_json, set, set_compute, trained,
};
use crate::cli::{EmbeddingArgs, EvalArgs};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::eval::{EvalConfig, Results, Watch};
use crate::evaluation::{
    EMBEDDING_FILES, EmbeddingEvaluation, EmbeddingFiles, Evaluation, confusion_remark,
    draw_training, embedding_file, metrics_table, test_metrics_file,
};
use crate::files::{Output, OutputRules, ResultFolder, keeper_of};
use crate::report::chart::class_names;
use crate::run::{RunLock, Trained, evaluate, evaluate_test};
use crate::runtime::{Cores, Interrupt};
use crate::session::Session;
use crate::train::Progress;
use crate::words::things;

/// Evaluates a run on its validation images or on a file of test images; or embeddings of another
/// program.
///
/// # Errors
/// An unknown run, data other than the run's, faulty arrays, invalid settings.
pub fn eval(args: EvalArgs, progress: &Progress) -> Result<()> {
    match &args.embeddings {
        EmbeddingArgs { embeddings: Some(embeddings), labels, .. } => {
            eval_embeddings(&args, (embeddings.clone(), labels.clone()), progress)
        }
        _ => eval_run(&args, progress),
    }
}

fn eval_embeddings(
    args: &EvalArgs,
    references: (PathBuf, Option<PathBuf>),
    progress: &Progress,
) -> Result<()> {
    let EmbeddingArgs { queries, query_labels, normalise, out, .. } = &args.embeddings;
    let files = EmbeddingFiles {
        references,
        queries: queries.clone().map(|queries| (queries, query_labels.clone())),
        normalise: *normalise,
    };
    let out = out.as_deref().map(|folder| checked_out(folder, args)).transpose()?;
    let mut config = Config::default();
    set_metrics(&mut config.eval, args);
    set(&mut config.plots.style, &args.style);
    let config = embedding_config(config, &args.set)?;
    warnings(&config, args).iter().for_each(|warning| progress.say(warning));
    let cores = Cores::new(Cores::available());
    let _core = cores.take();
    let say = |line: &str| progress.say(line);
    let evaluation = watched(progress, |watch| {
        EmbeddingEvaluation::new(&files, &config.eval, &cores, (watch, &say))
    })?;
    evaluation.remarks.iter().for_each(|remark| progress.say(remark));
    if let Some(out) = &out {
        class_names::remarks(&evaluation.classes).iter().for_each(|remark| progress.say(remark));
        confusion_remark(&evaluation.figures.knn.confusion).iter().for_each(|it| progress.say(it));
        evaluation.write(out.path(), config.plots.style)?;
    }
    if args.json {
        return print_json(&evaluation);
    }
    print(&embeddings_text(&evaluation, args.embeddings.out.as_deref()))
}

/// The output folder, checked before anything is read.
fn checked_out(folder: &Path, args: &EvalArgs) -> Result<Output> {
    let keeper = |path: &Path| keeper_of(path, &args.runs);
    let EmbeddingArgs { embeddings, labels, queries, query_labels, force, .. } = &args.embeddings;
    let inputs = [
        ("the embeddings", embeddings),
        ("their labels", labels),
        ("the queries", queries),
        ("the labels of the queries", query_labels),
    ];
    let mut rules = OutputRules::new(*force, &keeper);
    for (what, path) in inputs {
        if let Some(path) = path {
            rules = rules.input(what, embedding_file(path));
        }
    }
    rules.folder("--out", folder, &EMBEDDING_FILES)
}

/// Runs a computation with a progress display, which Ctrl-C ends because nothing is written yet.
fn watched<T>(progress: &Progress, work: impl FnOnce(&Watch) -> Result<T>) -> Result<T> {
    let interrupt = Interrupt::default();
    let messages = progress.clone();
    interrupt.listen(move || messages.say("stopping; nothing is written"))?;
    let bar = progress.run("evaluation", 0);
    bar.stage("reading");
    work(&Watch::new(&interrupt, &|stage| bar.stage(stage)))
}

fn eval_run(args: &EvalArgs, progress: &Progress) -> Result<()> {
    let trained = trained(args.run.as_deref(), &args.runs)?;
    let Trained { folder, record, config } = trained;
    let _lock = RunLock::take(&folder)?;
    let config = configured(args, config)?;
    if args.data.is_none() {
        record.refuse_moved(&config.data.path)?;
    }
    warnings(&config, args).iter().for_each(|warning| progress.say(warning));
    progress.say(&format!("run: {}", folder.path().display()));
    let session = Session::open(&config, Cores::available(), progress.clone())?;
    session.listen()?;
    let other = "name that file with --data, or evaluate other images with --test";
    record.refuse_other_data(&session.dataset, &config.data.path, other)?;
    let bar = progress.run(&record.loss, 0);
    let _core = session.cores.take();
    let evaluation = match &args.test {
        Some(path) => {
            let test = open_test(&session, &config, path)?;
            let evaluation = evaluate_test(&session, &folder, &config, &test, &bar)?;
            let metrics = folder.file(&test_metrics_file(&test));
            progress.say(&format!("figures: {}", metrics.display()));
            evaluation
        }
        None => {
            // All pictures of a run have the same style.
            let history = folder.history()?;
            let train = session.parts(&config)?.train;
            draw_training(&session, &folder, (&config, &train), &history)?;
            evaluate(&session, &folder, &config, &bar)?
        }
    };
    drop(bar);
    if args.json { print_json(&evaluation) } else { print(&text(&folder, &evaluation)) }
}

fn configured(args: &EvalArgs, mut config: Config) -> Result<Config> {
    set(&mut config.data.path, &args.data);
    set_compute(&mut config, &args.compute);
    set_metrics(&mut config.eval, args);
    set(&mut config.eval.model, &args.model);
    set(&mut config.tsne.engine, &args.tsne);
    set(&mut config.tsne.of, &args.tsne_of);
    set(&mut config.tsne.perplexity, &args.perplexity);
    set(&mut config.plots.style, &args.style);
    let tsne = args.set.iter().find(|setting| setting.key.starts_with("tsne."));
    if let (Some(setting), Some(_)) = (tsne, &args.test) {
        let problem = "there is no t-SNE of test images: drop it, or --test";
        return Err(Error::setting(&setting.key, setting.shown(), problem));
    }
    let config = evaluation_config(config, &args.set)?;
    config.check()?;
    Ok(config)
}

/// Applies the flags about metrics.
fn set_metrics(config: &mut EvalConfig, args: &EvalArgs) {
    set(&mut config.knn, &args.knn);
    set(&mut config.recall_at, &args.recall_at.as_ref().map(|ks| ks.0.clone()));
    set(&mut config.vote_top, &args.recall_at.as_ref().map(|ks| ks.0.clone()));
    set(&mut config.recall_at, &args.hits_at.as_ref().map(|ks| ks.0.clone()));
    config.clusters &= !args.no_clusters;
}

/// Warnings about earlier names of settings and flags.
fn warnings(config: &Config, args: &EvalArgs) -> Vec<String> {
    let flag = args.hits_at.as_ref().map(|_| "--hits-at is now called --recall-at".to_owned());
    config.warnings.iter().cloned().chain(flag).collect()
}

fn text(folder: &ResultFolder, evaluation: &Evaluation) -> String {
    let table = metrics_table(&evaluation.results());
    let Evaluation { images, queries, references, .. } = evaluation;
    let folder = folder.path().display();
    let mut parts = vec![
        format!(
            "{images} of {folder}: {} against {}",
            queries_text(*queries),
            references_text(*references)
        ),
        table.terminal(),
    ];
    if evaluation.classes.len() <= MAX_CLASSES {
        parts.push(evaluation.confusion_table().terminal());
    }
    parts.push(format!("written to {folder}"));
    parts.join("\n\n")
}

fn queries_text(number: usize) -> String {
    format!("{number} {}", things(number, "query"))
}

fn references_text(number: usize) -> String {
    format!("{number} {}", things(number, "reference"))
}

/// A larger confusion matrix does not fit a terminal.
const MAX_CLASSES: usize = 20;

fn embeddings_text(evaluation: &EmbeddingEvaluation, out: Option<&Path>) -> String {
    let EmbeddingEvaluation { embeddings, query_embeddings, queries, references, .. } = evaluation;
    let what = match query_embeddings {
        Some(path) => {
            format!("{path}: {} against {references} of {embeddings}", queries_text(*queries))
        }
        None => format!("{embeddings}: each of {references} against all others"),
    };
    let length = if evaluation.normalised { ", divided by their length" } else { "" };
    let table = metrics_table(&Results::from(&evaluation.figures)).terminal();
    let mut parts = vec![format!("{what}{length}"), table];
    if evaluation.classes.len() <= MAX_CLASSES {
        parts.push(evaluation.confusion_table().terminal());
    }
    parts.extend(out.map(|folder| format!("written to {}", folder.display())));
    parts.join("\n\n")
}
