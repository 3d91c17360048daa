//! Arguments of `dml eval`.

use std::path::PathBuf;

use clap::Args;

use super::parse::{ks, model_choice, number, size, tsne_engine, tsne_sets};
use super::{ComputeArgs, EmbeddingArgs, Ks};
use crate::config::Setting;
use crate::eval::ModelChoice;
use crate::eval::tsne::{Engine, TsneSets};
use crate::report::Style;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml eval --knn 1                                      the newest run
  dml eval --run runs/contrastive-seed2022-1a2b3c4d5e6f --recall-at 1..5
  dml eval --test data/fashion-mnist_test.csv           on the official test set
  dml eval --tsne-of both                               draw the training embeddings too
  dml eval --json | jq .knn.accuracy
  dml eval --embeddings refs.npy --labels refs_labels.npy --queries q.npy --query-labels q_labels.npy
  dml eval --embeddings clip.parquet                    labels in a column of the same file
  dml eval --embeddings sets.npz:x_test --labels sets.npz:y_test
  dml eval --embeddings z.csv --labels z.csv:species")]
pub struct EvalArgs {
    /// Run, by its folder or name [default: the newest trained run]
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Number of neighbours that vote on the class of an image, at most the number of references
    /// [default: the run's setting, {eval.knn}]
    #[arg(long, value_name = "K", value_parser = size)]
    pub knn: Option<usize>,
    /// The k of Recall@k and of vote top-k accuracy (the tutorial's recall@k): 1..5 or 1,2,4
    /// [default: {eval.recall_at} and {eval.vote_top}]
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true)]
    pub recall_at: Option<Ks>,
    /// Earlier name of --recall-at, for Recall@k only
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true, hide = true,
        conflicts_with = "recall_at")]
    pub hits_at: Option<Ks>,
    /// Skip k-means, and with it NMI and AMI
    #[arg(long)]
    pub no_clusters: bool,
    /// Model of the run: last or best [default: {eval.model}]
    #[arg(long, value_name = "WHICH", value_parser = model_choice)]
    pub model: Option<ModelChoice>,
    /// Implementation of the t-SNE: fft or linfa [default: {tsne.engine}]
    #[arg(long, value_name = "ENGINE", value_parser = tsne_engine)]
    pub tsne: Option<Engine>,
    /// Embeddings that the t-SNE shows: validation, or both, with the training images in a separate
    /// picture [default: {tsne.of}]
    #[arg(long, value_name = "WHICH", value_parser = tsne_sets, conflicts_with = "test")]
    pub tsne_of: Option<TsneSets>,
    /// Perplexity of the t-SNE, at most (N − 1)/3 for N images [default: {tsne.perplexity}]
    #[arg(long, value_name = "N", conflicts_with = "test", value_parser = number)]
    pub perplexity: Option<f64>,
    /// Any setting of the evaluation, like eval.voters=5 or tsne.iterations=1000; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub set: Vec<Setting>,
    /// Evaluate on these test images, a file or a folder, instead of the validation images (no t-SNE)
    #[arg(long, value_name = "FILE", conflicts_with = "tsne")]
    pub test: Option<PathBuf>,
    /// Data file of the run, if it has moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Style of pictures: screen, or paper (no titles, small print) [default: {plots.style}]
    #[arg(long, value_name = "STYLE")]
    pub style: Option<Style>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Print the metrics as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub embeddings: EmbeddingArgs,
}
