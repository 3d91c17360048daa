//! `dml eval`: a trained run by nearest neighbours and t-SNE.

use std::path::Path;

use super::{print, print_json, set};
use crate::cli::EvalArgs;
use crate::config::Config;
use crate::data::{self, ClassNames, CsvOptions, Dataset};
use crate::error::{Error, Fault, Result};
use crate::experiment::{
    Evaluation, RunFolder, RunRecord, Session, Status, evaluate, evaluate_test,
};
use crate::report::table::Table;
use crate::runtime::Cores;
use crate::train::Progress;

/// Evaluates a run on its validation images, or on a file of test images.
///
/// # Errors
/// No such run, data that are not the run's, settings that cannot be.
pub fn eval(args: EvalArgs) -> Result<()> {
    let (folder, record) = match &args.run {
        Some(path) => RunFolder::open(path)?,
        None => RunFolder::newest(&args.runs)?,
    };
    refuse_unfinished(&folder, &record)?;
    let config = configured(&args, &folder)?;
    let progress = Progress::new();
    progress.say(&format!("run: {}", folder.path().display()));
    let session = Session::open(&config, Cores::available(), progress.clone())?;
    refuse_other_data(&session, &record, &config)?;
    let bar = progress.run(&record.loss, 0);
    let _core = session.cores.take();
    let evaluation = match &args.test {
        Some(path) => {
            // Names come from the run; a test file may lack some of the classes.
            let options =
                CsvOptions { names: ClassNames::Labels, ..config.data.csv_options(false) };
            let test = data::load(path, &options)?;
            refuse_training_images(&test, &record)?;
            evaluate_test(&session, &folder, &config, test, &bar)?
        }
        None => evaluate(&session, &folder, &config, &bar)?,
    };
    drop(bar);
    if args.json { print_json(&evaluation) } else { print(&told(&folder, &evaluation)) }
}

fn configured(args: &EvalArgs, folder: &RunFolder) -> Result<Config> {
    let mut config = folder.config()?;
    set(&mut config.data.path, &args.data);
    set(&mut config.train.device, &args.device);
    set(&mut config.train.engine, &args.engine);
    set(&mut config.eval.knn, &args.knn);
    set(&mut config.eval.recall_at, &args.recall_at.as_ref().map(|ks| ks.0.clone()));
    set(&mut config.eval.model, &args.model);
    set(&mut config.tsne.engine, &args.tsne);
    set(&mut config.tsne.of, &args.tsne_of);
    set(&mut config.tsne.perplexity, &args.perplexity);
    config.check()?;
    Ok(config)
}

fn refuse_unfinished(folder: &RunFolder, record: &RunRecord) -> Result<()> {
    if record.status == Status::Trained {
        return Ok(());
    }
    let shown = folder.path().display();
    let remedy = format!("go on with dml train --resume {shown}");
    Err(Fault::new(folder.path(), "is not trained to its end yet").remedy(remedy).into())
}

/// Figures on images that the network has seen would say nothing about others.
fn refuse_training_images(test: &Dataset, record: &RunRecord) -> Result<()> {
    if test.sha256 != record.data.sha256 {
        return Ok(());
    }
    let problem = "holds the very images that the run was trained on";
    Err(Fault::new(&test.file, problem).remedy("name a file of other images with --test").into())
}

/// A run is evaluated on the images it was split from, or the validation images would not be
/// those it has never seen.
fn refuse_other_data(session: &Session, record: &RunRecord, config: &Config) -> Result<()> {
    if session.dataset.sha256 == record.data.sha256 {
        return Ok(());
    }
    let problem = format!(
        "is not the file that the run was trained on, {} with SHA-256 {}",
        record.data.path, record.data.sha256
    );
    let remedy = "name that file with --data, or evaluate other images with --test";
    Err(Error::from(Fault::new(Path::new(&config.data.path), problem).remedy(remedy)))
}

fn told(folder: &RunFolder, evaluation: &Evaluation) -> String {
    let knn = &evaluation.knn;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut table = Table::new(["metric", "value"]);
    table.push([format!("{}-NN accuracy", knn.k), percent(knn.accuracy)]);
    table.push(["macro precision".to_owned(), percent(knn.macro_precision)]);
    table.push(["macro recall".to_owned(), percent(knn.macro_recall)]);
    table.push(["macro F1".to_owned(), percent(knn.macro_f1)]);
    for at in &evaluation.recall.at {
        table.push([format!("recall@{}", at.k), percent(at.recall)]);
    }
    let maps = [("t-SNE KL", &evaluation.tsne), ("t-SNE KL, training", &evaluation.tsne_train)];
    for (name, map) in maps {
        if let Some(map) = map {
            table.push([name.to_owned(), format!("{:.4}", map.kl)]);
        }
    }
    format!(
        "{} of {}: {} queries against {} references\n\n{}\n\n{}\n\nwritten to {}",
        evaluation.images,
        folder.path().display(),
        evaluation.queries,
        evaluation.references,
        table.terminal(None),
        evaluation.confusion_table().terminal(None),
        folder.path().display(),
    )
}
